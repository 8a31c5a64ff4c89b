"""Tags inside audio files, lyrics included, from the different fields that formats and taggers use."""

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Tags", "read_tags"]

# FFmpeg writes MP3 lyrics into a text frame called USLT; others add the language to the name.
LYRICS_FIELD = re.compile(r"(?:uns|s)?ync(?:hroni[sz])?ed ?lyrics|unsynced ?lyrics|lyrics\b.*|uslt|sylt", re.IGNORECASE)
LRC_LINE = re.compile(r"\s*\[\d{1,3}:\d{1,2}")


@dataclass(frozen=True)
class Tags:
    """The tags of a file; None for each missing one.

    Parameters
    ----------
    title, artist, album, genre, mood, language, group : str or None
        One line each.
    lyrics : tuple of str
        Every text of a lyrics field, unchanged, plain ones before those with time stamps.
    note : str or None
        Why the tags could not be read.
    """

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    mood: str | None = None
    language: str | None = None
    group: str | None = None
    lyrics: tuple[str, ...] = ()
    note: str | None = None


def read_tags(path: Path) -> Tags:
    """Read a file's tags; if they are damaged, all are empty and the note has the reason."""
    import tinytag

    try:
        tag = tinytag.TinyTag.get(path, duration=False, image=False)
    except tinytag.UnsupportedFormatError:
        return Tags()
    except OSError as error:
        return Tags(note=f"its tags cannot be read ({error.strerror})")
    except Exception as error:  # noqa: BLE001 - a parser of damaged files raises anything
        return Tags(note=f"its tags are damaged ({' '.join(str(error).split())[:120] or type(error).__name__})")
    other = {name.lower(): [str(value) for value in values] for name, values in tag.other.items()}
    lyrics = [value for name, values in other.items() if LYRICS_FIELD.fullmatch(name) for value in values]
    return Tags(
        title=_line(tag.title),
        artist=_line(tag.artist) or _line(tag.albumartist),
        album=_line(tag.album),
        genre=_line(tag.genre),
        mood=_first(other, "mood"),
        language=_first(other, "language"),
        group=_first(other, "group"),
        # tinytag puts synced lyrics first; plain lyrics come first here, because cleaning removes nothing from them.
        lyrics=tuple(sorted(lyrics, key=lambda text: LRC_LINE.match(text) is not None)),
    )


def _first(other: dict[str, list[str]], name: str) -> str | None:
    return next((line for value in other.get(name, []) if (line := _line(value))), None)


def _line(value: str | None) -> str | None:
    return " ".join(value.replace("\0", " ").split()) or None if value else None
