"""What a reader of tags found: lyrics with their language, and other fields by alcca's names for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["TagFields", "TagLyrics"]

# FFmpeg calls a frame of lyrics "lyrics-DESCRIPTION-eng"; other programs add the language to the name too.
LYRICS_FIELD = re.compile(
    r"(?:(?:un)?sync(?:ed|hroni[sz]ed)?[ _]?lyrics|lyrics?|uslt|sylt)"
    r"(?:[-_ :](?!by$)(?P<language>[a-z]{2,3})|-(?!by$)(?:.*-(?P<last>[a-z]{3})|.*))?",
    re.IGNORECASE,
)
FIELDS = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "genre": "genre",
    "mood": "mood",
    "language": "language",
    "group": "group",
    "album artist": "album artist",
    "albumartist": "album artist",
    "album_artist": "album artist",
}
CUE_SHEET = "cuesheet"
# "XXX" and "und" stand for an unknown language.
UNKNOWN_LANGUAGES = ("", "xxx", "und", "zxx", "mul", "mis")


@dataclass(frozen=True)
class TagLyrics:
    """One text of a lyrics field.

    Parameters
    ----------
    text : str
        Unchanged; with stamps as in LRC if the tag has times.
    language : str or None
        As the tag names it, for example ``"eng"``.
    """

    text: str
    language: str | None = None


@dataclass
class TagFields:
    """The fields of one tag.

    Parameters
    ----------
    values : dict of str to str
        The first value of each of title, artist, album, genre, mood, group, album artist; all values of language,
        with "/" between them.
    lyrics : list of TagLyrics
    cue_sheet : str or None
        As it is, with its lines.
    notes : list of str
        What was passed over.
    """

    values: dict[str, str] = field(default_factory=dict)
    lyrics: list[TagLyrics] = field(default_factory=list)
    cue_sheet: str | None = None
    notes: list[str] = field(default_factory=list)

    def put(self, name: str, values: Iterable[str]) -> None:
        """Keep the values of a field under the name that the format gives it, if it is one that alcca uses."""
        values = [value for value in values if value.strip("\0 \t\r\n")]
        if values and name.lower() == CUE_SHEET:
            self.cue_sheet = self.cue_sheet or "\n".join(values)
        elif values and (match := LYRICS_FIELD.fullmatch(name)):
            self.put_lyrics(values, match["language"] or match["last"])
        elif values and (known := FIELDS.get(name.lower())):
            # A song may be in several languages.
            value = " ".join(("/".join(values) if known == "language" else values[0]).replace("\0", " ").split())
            if known != "language" or value.lower() not in UNKNOWN_LANGUAGES:
                self.values.setdefault(known, value)

    def put_lyrics(self, values: Iterable[str], language: str | None = None) -> None:
        """Keep the texts of a lyrics field; lines as values of their own, as Quod Libet writes them, are one text."""
        values = [value.strip("\0") for value in values]
        language = (language or "").strip("\0 ").lower()
        known = None if language in UNKNOWN_LANGUAGES or not language.isalpha() else language
        whole = len(values) > 1 and any("\n" in value.strip() or "\r" in value.strip() for value in values)
        for text in values if whole else ["\n".join(values)]:
            if text.strip():
                self.lyrics.append(TagLyrics(text.replace("\0", "\n"), known))
