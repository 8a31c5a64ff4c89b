"""Which column of a table holds which field of a song."""

import re
from collections.abc import Mapping, Sequence

from alcca.errors import UsageError
from alcca.lyric_databases.row import FIELDS
from alcca.metadata.columns import column_name

__all__ = ["EXPECTED", "find_columns", "in_order", "known_as"]

EXPECTED = "title, artist and lyrics, and at will album, duration, synced and instrumental"
# The best name first. Before comparing them, `trackName` becomes `track_name`.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "name", "song", "track", "sname", "song_title"),
    "artist": ("artist", "artist_name", "band", "singer", "author", "artist_s", "album_artist", "albumartist"),
    "album": ("album", "album_name", "collection", "release"),
    "duration": (
        "duration", "length", "seconds", "duration_seconds", "duration_s", "length_seconds", "duration_ms",
        "duration_sec", "track_length", "time",
    ),
    "lyrics": (
        "lyrics", "plain_lyrics", "plain", "plainlyrics", "text", "words", "full_lyrics", "lyrics_text", "songtext",
    ),
    "synced": ("synced", "synced_lyrics", "syncedlyrics", "lrc", "timed_lyrics", "synchronized_lyrics", "syncedlyric"),
    "instrumental": ("instrumental", "is_instrumental"),
}  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def known_as(head: str) -> tuple[str, int] | None:
    """The field that a column is for, and how good a name of it that is, 0 for the best; None for any other column.

    Examples
    --------
    >>> known_as("Track_Name"), known_as("plainLyrics"), known_as("Paroles"), known_as("Year")
    (('title', 0), ('lyrics', 1), ('lyrics', 0), None)
    """
    plain = {column_name(spelling) for spelling in (head, _HUMP.sub("_", head))}
    written = plain | {re.sub(r"\W+", "_", name).strip("_") for name in plain}
    for field, names in _NAMES.items():
        if places := [names.index(name) for name in written if name in names]:
            return field, min(places)
    return None


def find_columns(heads: Sequence[str], place: str) -> dict[str, int]:
    """The number of the column of each field, out of the names of all columns.

    Raises
    ------
    UsageError
        There is no column of lyrics, or none of titles.

    Examples
    --------
    >>> find_columns(["Artist", "song", "link", "text"], "songs.csv")
    {'artist': 0, 'title': 1, 'lyrics': 3}
    """
    found: dict[str, tuple[int, int]] = {}
    for number, head in enumerate(heads):
        known = known_as(head)
        if known is not None and (known[0] not in found or known[1] < found[known[0]][0]):
            found[known[0]] = known[1], number
    if not {"lyrics", "synced"} & found.keys() or "title" not in found:
        shown = ", ".join(repr(head[:30]) for head in heads[:12]) or "none"
        raise UsageError(f"{place}: no table of lyrics; expected columns named {EXPECTED}, found {shown}")
    return {field: number for field, (_, number) in sorted(found.items(), key=lambda one: one[1][1])}


def in_order(cells: Sequence[object], columns: Mapping[str, int]) -> list[object]:
    """The values of `alcca.lyric_databases.row.FIELDS` out of the cells of a row."""
    return [cells[columns[field]] if field in columns and columns[field] < len(cells) else None for field in FIELDS]
