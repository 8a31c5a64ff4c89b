"""Names of files that stand for the same song, although systems and programs have written them differently."""

import re
import unicodedata
from typing import NamedTuple

from alcca.languages import language_code
from alcca.songs.kinds import AUDIO_SUFFIXES
from alcca.songs.word_files import TEXT_SUFFIXES

__all__ = ["Bare", "bare_name", "loose_name", "parted", "same_name", "without_language", "without_suffix"]

# What Windows forbids in names, the characters that downloaders put in their place, and the underscore that stands for
# any of them and for a space.
_REPLACED = {
    **dict.fromkeys(map(ord, '<>:"/\\|?*_\u2236\u2044\u2215\ua789\u29f8\u29f9'), " "),
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u02bc\u2032`\u00b4"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
}
# "CD2 - ", "1-01 ", "(03) ", "12. ", "07-", "A1 ": a disc, and a track with its number. "7 seconds" has none.
PREFIX = re.compile(
    r"(?:(?:cd|disc|disk)\s*(?P<disc>\d{1,2})\b[\s.-]*)?[\[(]?(?:(?P<part>\d{1,2})\s*[-.]\s*|[a-h])?"
    r"(?P<track>0\d{1,2}[\])]?(?:\s*[-.)]\s*|\s+)|[1-9]\d[\])]?(?:\s*[-.)]\s*|\s+)|\d{1,3}[\])]?\s*[-.)]\s*)(?=\S)"
)
LANGUAGE = re.compile(r"[a-z]{2,12}(?:[-_][a-z]{2,8}){0,2}")
# Codes of countries, and older ones of scripts, that files bear in place of a language.
COUNTRIES = {
    "jp": "ja", "cn": "zh", "chs": "zh", "cht": "zh", "tw": "zh", "hk": "zh", "kr": "ko", "ua": "uk", "cz": "cs",
    "gr": "el", "dk": "da",
}  # fmt: skip
SUFFIXES = AUDIO_SUFFIXES.union(TEXT_SUFFIXES)


def same_name(name: str) -> str:
    """The form for comparing two names: macOS writes accents decomposed, other systems composed."""
    return unicodedata.normalize("NFC", name)


def loose_name(name: str) -> str:
    """A name without what a copy to another system may change: case, accents' form, spaces, forbidden characters.

    Examples
    --------
    >>> loose_name("What’s Up?"), loose_name("WHAT'S UP_"), loose_name("Why： A—B… ")
    ("what's up", "what's up", 'why a-b')
    """
    if not name.isascii():
        # Before the normal form too, which takes ´ for a space and an accent.
        name = unicodedata.normalize("NFKC", name.translate(_REPLACED)).casefold()
    return " ".join(name.lower().translate(_REPLACED).split()).rstrip(". ")


class Bare(NamedTuple):
    """A loose name without the numbers of disc and track before it, which are 0 where there are none."""

    name: str
    disc: int = 0
    track: int = 0

    def agrees(self, other: "Bare") -> bool:
        """Whether both may stand for one song: the names are the same, and no number contradicts the other's."""
        pairs = ((self.disc, other.disc), (self.track, other.track))
        return self.name == other.name and all(one == two or not one or not two for one, two in pairs)


def bare_name(loose: str) -> Bare:
    """Split the numbers of disc and track from a loose name.

    Examples
    --------
    >>> bare_name("1-01 song"), bare_name("cd2 - 03. song"), bare_name("7 seconds")
    (Bare(name='song', disc=1, track=1), Bare(name='song', disc=2, track=3), Bare(name='7 seconds', disc=0, track=0))
    """
    match = PREFIX.match(loose)
    if match is None:
        return Bare(loose)
    track = re.match(r"\d+", match["track"])
    return Bare(loose[match.end() :], int(match["disc"] or match["part"] or 0), int(track[0]) if track else 0)


def parted(name: str) -> tuple[str, str]:
    """Artist and title of a loose name; the artist is empty where there is none.

    Examples
    --------
    >>> parted("nobody - harbour"), parted("harbour")
    (('nobody', 'harbour'), ('', 'harbour'))
    """
    before, dash, behind = name.partition(" - ")
    return (before, behind) if dash else ("", name)


def without_suffix(name: str) -> str:
    """A name without the suffix of an audio or lyric file: ``two.wav`` of ``two.wav.lrc`` is ``two``."""
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and f"{dot}{suffix}".lower() in SUFFIXES else name


def without_language(stem: str) -> tuple[str, str | None]:
    """Split a language from the end of a stem.

    Examples
    --------
    >>> without_language("song.en"), without_language("song.zh-Hans"), without_language("Mr. No")
    (('song', 'en'), ('song', 'zh'), ('Mr. No', None))
    """
    name, _, mark = stem.rpartition(".")
    code = language_code(COUNTRIES.get(mark.lower(), mark)) if name and LANGUAGE.fullmatch(mark.lower()) else None
    return (name, code) if code else (stem, None)
