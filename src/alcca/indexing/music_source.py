"""Sources of songs: a folder on this machine, or an address."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alcca.indexing.local_music import look_through
from alcca.indexing.tracks import stamp_with_sheet, texts_beside
from alcca.metadata.cue_sheets import SongSheet, find_sheets
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import SongText, fingerprint, read_song_text
from alcca.metadata.tables import MAX_BYTES
from alcca.metadata.tags import Tags
from alcca.metadata.track_text import rows_about_tracks, track_text
from alcca.songs.remote import RemoteFile, find_remote, is_address
from alcca.store.records import FileStamp
from alcca.texts.cue import CueTrack

__all__ = ["Source", "music_at"]


@dataclass(frozen=True)
class Source:
    """The recordings below a folder or an address, and the texts and tables beside them.

    Parameters
    ----------
    name : str
        The folder, or the address.
    stamps : mapping of str to FileStamp
        Of each recording, by its absolute path or address, in the order of the paths. A stamp changes if the
        recording, or a text or table beside it, changes.
    root : Path
        The folder with the tables; for an address, a copy of its texts and tables.
    problems : list of str
        What could not be read.
    sheets, beside
        As of `alcca.indexing.local_music.LocalMusic`, by path or address.
    places, passed_over
        Of a folder, as of `alcca.indexing.local_music.LocalMusic`.
    remote : mapping of str to RemoteFile
        The recordings at an address.
    tables : SongTables or None
        Of the root, for an address.
    """

    name: str
    stamps: Mapping[str, FileStamp]
    root: Path
    problems: Sequence[str]
    sheets: Mapping[str, SongSheet] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    places: Sequence[str] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)
    remote: Mapping[str, RemoteFile] = field(default_factory=dict)
    tables: SongTables | None = None

    def stamp(self, file: str, *, divided: bool) -> FileStamp:
        """The stamp of a recording; of one that is ``divided`` into songs, also by a sheet in its tags."""
        stamp, sheet = self.stamps[file], self.sheets.get(file)
        return stamp_with_sheet(stamp, sheet, self.beside.get(file, "")) if divided or sheet is not None else stamp

    def text(self, file: str, tags: Tags, sheet: SongSheet | None = None, track: CueTrack | None = None) -> SongText:
        """Words and tags of a recording at an address, or of a track of its sheet.

        ``tags`` are those that were read from the file itself.
        """
        assert self.tables is not None
        path = _beside(self.remote[file], self.root)
        if sheet is not None and track is not None:
            return track_text(path, self.root, self.tables, tags, sheet, track)
        return read_song_text(path, self.root, self.tables, tags=tags)


@contextlib.contextmanager
def music_at(folder: str | os.PathLike[str], encoding: str | None = None) -> Iterator[Source]:
    """Find the recordings below a folder or an address, or a single file; errors as `walk`, `find_remote`.

    ``encoding`` is that of the tables and, at an address, of the lyric files.
    """
    if not is_address(folder):
        found = look_through(Path(folder), encoding)
        stamps = {stamp.path: stamp for stamp in found.stamps}
        yield Source(
            os.fspath(folder),
            stamps,
            found.root,
            found.problems,
            found.sheets,
            found.beside,
            found.places,
            found.passed_over,
        )
        return
    address = os.fspath(folder)
    problems: list[str] = []
    everything = find_remote(address, onerror=problems.append)
    recordings = {file.address: file for file in everything if file.is_audio}
    with tempfile.TemporaryDirectory(prefix="alcca-") as copy:
        for file in everything:
            if file.is_text and file.size > MAX_BYTES:
                problems.append(f"{file.address}: larger than {MAX_BYTES:,} bytes, so it was not fetched; split it")
            elif file.is_text:
                try:
                    file.fetch_into(Path(copy))
                except OSError as error:
                    problems.append(f"{file.address}: cannot be read ({error.strerror})")
        root = Path(copy)
        beside = [_beside(file, root) for file in recordings.values()]
        tables = SongTables(root, songs=beside, encoding=encoding)
        stamps = {
            file.address: FileStamp(file.address, file.size, file.version, fingerprint(path, root, tables))
            for file, path in zip(recordings.values(), beside, strict=True)
        }
        local = {_beside(file, root): file.address for file in recordings.values()}
        sheets = find_sheets([_beside(file, root) for file in everything if file.is_sheet], beside, encoding)
        used = [row for path, sheet in sheets.of.items() for row in rows_about_tracks(path, tables, sheet)]
        problems += [problem.replace(f"{root}/", "") for problem in sheets.problems]
        problems += [*tables.problems, *tables.unused_rows(beside, used)]
        yield Source(
            address,
            stamps,
            root,
            problems,
            {local[path]: sheet for path, sheet in sheets.of.items()},
            {local[Path(path)]: stamp for path, stamp in texts_beside(beside, tables).items()},
            remote=recordings,
            tables=tables,
        )


def _beside(file: RemoteFile, root: Path) -> Path:
    return root / file.relative
