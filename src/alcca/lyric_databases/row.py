"""One row of a lyric database, whatever file it comes from, with values that are safe to use."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from alcca.errors import LyricsError
from alcca.texts.encodings import decode_text

__all__ = ["FIELDS", "MAX_LETTERS", "Row", "row_of"]

# The order of the values of `row_of`.
FIELDS = ("title", "artist", "album", "duration", "lyrics", "synced", "instrumental")
# Longer than any song: an opera's libretto has 150,000. What is longer is cut there.
MAX_LETTERS = 200_000
# Titles are shown in a line.
MAX_NAME = 500
# In seconds. No song has 20,000, but many databases have milliseconds; the longest recordings have a day.
MILLISECONDS, MAX_DURATION = 20_000.0, 86_400.0
# Numbers beyond are no titles.
MAX_NUMBER = 10**15


class Row(NamedTuple):
    """A song as a database has it.

    Parameters
    ----------
    title, artist, album : str
        "" where the database has none.
    duration : float or None
        In seconds.
    lyrics : str
        "" where there are none.
    synced : str or None
        The lyrics with times.
    instrumental : bool
        The database says that there are no words.
    """

    title: str
    artist: str
    album: str
    duration: float | None
    lyrics: str
    synced: str | None
    instrumental: bool


def row_of(values: Sequence[object]) -> Row | None:
    """A row from values of any kind, in the order of `FIELDS`; None without words that is no titled instrumental.

    Examples
    --------
    >>> row_of(["Song", None, 7, "3:20", b"words", "", 0])
    Row(title='Song', artist='', album='7', duration=200.0, lyrics='words', synced=None, instrumental=False)
    >>> row_of(["Song", "Band", "", 1, None, None, 0]) is None
    True
    """
    title, artist, album, duration, lyrics, synced, instrumental = values
    words, timed = _text(lyrics, MAX_LETTERS), _text(synced, 2 * MAX_LETTERS)
    silent = _is_true(instrumental) and not words and not timed
    names = [" ".join(_text(name, MAX_NAME).split()) for name in (title, artist, album)]
    if not (words or timed or (silent and names[0])):
        return None
    return Row(names[0], names[1], names[2], _seconds(duration), words, timed or None, silent)


def _text(value: object, most: int) -> str:
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        value = "\n".join(value)
    elif isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    elif isinstance(value, int | float):
        value = str(value) if abs(value) < MAX_NUMBER else ""
    if isinstance(value, bytes):
        value = _decoded(value[: 4 * most])
    if not isinstance(value, str):
        return ""
    value = value[:most]
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            # Bytes that were no UTF-8, or half a pair of surrogates, which no file can hold.
            value = _decoded(value.encode("utf-8", "surrogateescape" if _is_escaped(value) else "replace"))
    if "\0" in value or "\r" in value:
        value = value.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return value.strip()


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return decode_text(data)
        except LyricsError:
            return data.decode("utf-8", "replace")


def _is_escaped(value: str) -> bool:
    return not any("\ud800" <= letter < "\udc80" or "\udcff" < letter <= "\udfff" for letter in value)


def _seconds(value: object) -> float | None:
    """Seconds of a number, of "3:20", or of milliseconds."""
    try:
        if isinstance(value, bytes):
            value = value[:20].decode("ascii")
        if isinstance(value, str) and ":" in value[:12]:
            found = 0.0
            for part in value[:12].split(":"):
                found = 60 * found + float(part)
        elif isinstance(value, int | float | str) and not isinstance(value, bool):
            found = float(value[:20] if isinstance(value, str) else value)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    if found > MILLISECONDS:
        found /= 1000
    return found if 0 < found <= MAX_DURATION else None


def _is_true(value: object) -> bool:
    if isinstance(value, bytes):
        value = value[:10].decode("ascii", "replace")
    if isinstance(value, str):
        return value.strip().lower() in ("1", "1.0", "true", "t", "yes", "y")
    return isinstance(value, int | float) and value == 1
