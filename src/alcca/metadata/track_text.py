"""The words and tags of the tracks of one recording, out of its cue sheet and the texts that are named after tracks."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from alcca.metadata.cue_sheets import SongSheet
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import SongText, read_song_text
from alcca.metadata.tables import Table
from alcca.metadata.tags import Tags
from alcca.songs.cut import track_path, track_texts
from alcca.texts.cue import CueTrack

__all__ = ["rows_about_tracks", "tags_with_sheet", "track_text"]

# What no system, or not every one, has in the name of a file.
FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
# Shorter than the longest name of a file, in any script.
MAX_NAME = 60


def track_text(path: Path, root: Path, tables: SongTables, tags: Tags, sheet: SongSheet, track: CueTrack) -> SongText:
    """Words and tags of a track.

    Its lyric files are named after it, ``02 - Title.lrc``, ``Title.txt``, or ``ALBUM.02.lrc``. Its row of a table has
    such a name too, or names the recording, and has the track's title. Lyrics in the recording's tags are not the
    track's.

    Parameters
    ----------
    path : Path
        The recording; it need not be readable.
    root, tables
        As of `alcca.metadata.song_text.read_song_text`.
    tags : Tags
        Of the recording.
    sheet : SongSheet
    track : CueTrack
        One of the sheet's.
    """
    # So that a text which fits two tracks is not taken for both.
    tables.add_songs([_named(path, one) for one in sheet.tracks])
    own = replace(
        tags,
        title=track.title or f"{sheet.album or path.stem}, {track.number}",
        artist=track.performer or sheet.performer or tags.artist,
        album=sheet.album or tags.album,
        genre=track.genre or sheet.genre or tags.genre,
        group=None,
        lyrics=(),
    )
    rows = [(table.path.name, table.rows[row]) for table, row in _rows(path, tables, track)]
    also = track_texts(track_path(str(path), track.number))
    return read_song_text(_named(path, track), root, tables, tags=own, rows=rows, also=also)


def tags_with_sheet(tags: Tags, sheet: SongSheet) -> Tags:
    """The tags of a recording with one track, with what its sheet knows in the place of what they lack."""
    track = sheet.tracks[0]
    return replace(
        tags,
        title=tags.title or track.title,
        artist=tags.artist or track.performer or sheet.performer,
        album=tags.album or sheet.album,
        genre=tags.genre or track.genre or sheet.genre,
    )


def rows_about_tracks(path: Path, tables: SongTables, sheet: SongSheet) -> Iterator[tuple[Path, int]]:
    """The tables with rows about tracks of a recording, and the numbers of the rows."""
    for track in sheet.tracks if sheet.divides else ():
        yield from ((table.path, row) for table, row in _rows(path, tables, track))


def _rows(path: Path, tables: SongTables, track: CueTrack) -> Iterator[tuple[Table, int]]:
    named = [_named(path, track), track_texts(track_path(str(path), track.number))]
    if track.title and not (bare := path.with_name(f"{_safe(track.title)}{path.suffix}")).exists():
        named.append(bare)
    for table in tables.tables_for(path):
        found = [row for name in named if (row := table.find(name)) is not None]
        if not found and track.title and (row := table.titled(path, track.title)) is not None:
            found = [row]
        yield from ((table, row) for row in found[:1])


def _named(path: Path, track: CueTrack) -> Path:
    """A recording of the track alone, beside which its texts would be found."""
    if not track.title:
        return track_texts(track_path(str(path), track.number))
    return path.with_name(f"{track.number:02} - {_safe(track.title)}{path.suffix}")


def _safe(title: str) -> str:
    return FORBIDDEN.sub("_", title)[:MAX_NAME].rstrip(". ")
