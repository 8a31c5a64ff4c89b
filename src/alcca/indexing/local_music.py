"""A music folder on a disk that may no longer respond: looked through, and asked about files, in processes apart."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.spawn import get_executable
from pathlib import Path
from typing import Any

from alcca.errors import DataError, UsageError
from alcca.indexing.tracks import texts_beside
from alcca.metadata.cue_sheets import SongSheet, find_sheets
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import fingerprint
from alcca.metadata.track_text import rows_about_tracks
from alcca.songs.cut import file_of
from alcca.songs.remote import exists, is_address
from alcca.songs.scan import walk
from alcca.store.records import FileStamp
from alcca.workers import local
from alcca.workers.local import LocalWorkers
from alcca.workers.patience import ends_when_stuck
from alcca.workers.readers import KilledError

__all__ = ["Disk", "LocalMusic", "check_place", "look_through"]

# A disk that sleeps needs seconds, one behind a slow network some more.
PATIENCE_SECONDS = 60.0
# After as many files of one folder that do not respond, the others are not tried.
MOST_STUCK_IN_A_FOLDER = 2
CHECK = "import os, sys\ntry: os.stat(sys.argv[1])\nexcept OSError as error: sys.exit(error.errno or 5)"


@dataclass(frozen=True)
class LocalMusic:
    """The recordings below a folder.

    Parameters
    ----------
    stamps : list of FileStamp
        Of each recording, in the order of their paths, which are absolute.
    root : Path
        The folder that may hold tables for all of them.
    places : list of str
        The folder, and those elsewhere to which links in it lead; without links of their own.
    passed_over : dict of str to int
        See `alcca.songs.scan.Found`.
    problems : list of str
        What could not be read.
    sheets : dict of str to SongSheet
        The cue sheets of recordings, by their paths.
    beside : dict of str to str
        `alcca.indexing.tracks.texts_beside` of the recordings.
    """

    stamps: list[FileStamp]
    root: Path
    places: list[str]
    passed_over: dict[str, int]
    problems: list[str]
    sheets: dict[str, SongSheet]
    beside: dict[str, str]


def check_place(folder: Path) -> None:
    """Raise UsageError if there is nothing at a path, or its disk does not respond."""
    try:
        # Not in this process, which would wait for a dead disk; without any imports, this takes 20 ms.
        # Without our standard output, for the end of which others would wait with it.
        asked = subprocess.Popen(
            [get_executable(), "-I", "-S", "-c", CHECK, os.fspath(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except ValueError as error:
        raise UsageError(f"{folder}: no such folder; give the folder that holds the music") from error
    try:
        number = asked.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired as error:
        asked.kill()
        raise _silent(folder) from error
    if number in (2, 20):  # ENOENT, ENOTDIR
        raise UsageError(f"{folder}: no such folder; give the folder that holds the music")
    if number > 0:
        raise UsageError(f"{folder}: cannot be read ({os.strerror(number)}); give the folder of the music")


def look_through(folder: Path, encoding: str | None = None) -> LocalMusic:
    """Find the recordings below a folder, or a single file, and read the tables beside them; errors as `walk`.

    ``encoding`` is that of the tables, as of `alcca.texts.encodings.decode_text`.
    """
    problems: list[str] = []
    without: frozenset[Path] = frozenset()
    while True:
        task = (folder, without, PATIENCE_SECONDS, encoding)
        (found,) = LocalWorkers(1).each(_look_through, [task], lambda _: None)
        if isinstance(found, LocalMusic):
            return replace(found, problems=[*problems, *found.problems])
        if found is None:
            raise DataError(
                f"{folder}: the process that looked through it was ended, as happens when no memory is left; "
                "add smaller folders one after the other"
            )
        stuck: Path = found
        if stuck == folder:
            raise _silent(folder)
        siblings = [path for path in without if path.parent == stuck.parent]
        if len(siblings) + 1 >= MOST_STUCK_IN_A_FOLDER and stuck.parent != folder:
            stuck = stuck.parent
        without |= {stuck}
        problems.append(f"{stuck}: does not respond and was skipped; check whether its disk is there")


def _silent(folder: Path) -> UsageError:
    return UsageError(f"{folder}: does not respond; check whether its disk is there, and mount it again")


@dataclass
class Disk:
    """Says whether files are still there, from a process that a dead disk may hold up.

    Parameters
    ----------
    known : set of str
        Files that were found to be there.
    root : str
        Below it, there are no others.
    """

    known: frozenset[str]
    root: str
    _pool: Any = field(init=False, default=None)
    _silent: set[str] = field(init=False, default_factory=set)

    def has(self, path: str) -> bool:
        """Whether there is such a file; also if its disk does not respond."""
        path = file_of(path)
        folder = os.path.dirname(path)  # noqa: PTH120 - a name as it is
        if path in self.known or folder in self._silent:
            return True
        if is_address(path):
            return exists(path)
        if path.startswith(os.path.join(self.root, "")):  # noqa: PTH118 - a text
            return False
        if self._pool is None:
            self._pool = local.process_pool(1)
        try:
            return bool(self._pool.submit(_exists, path).result())
        except KilledError:
            self._silent.add(folder)
            return True

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


# In the processes


def _exists(path: str) -> bool:
    with ends_when_stuck(PATIENCE_SECONDS):
        return exists(path)


def _look_through(folder: Path, without: frozenset[Path], patience: float, encoding: str | None) -> LocalMusic | Path:
    """Look through a folder; the path at which nothing has come for too long, if there is one."""
    at = [(folder, time.monotonic())]
    done: list[LocalMusic | Exception] = []

    def reached(path: Path) -> None:
        at[0] = (path, time.monotonic())

    def look() -> None:
        try:
            done.append(_music(folder, without, reached, encoding))
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            done.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(min(1.0, patience))
        path, since = at[0]
        if thread.is_alive() and time.monotonic() - since > patience:
            return path
    (result,) = done
    if isinstance(result, Exception):
        raise result
    return result


def _music(
    folder: Path, without: frozenset[Path], reached: Callable[[Path], object], encoding: str | None
) -> LocalMusic:
    found = walk(folder, reached=reached, without=without)
    place = folder.parent if found.files == [folder] else folder
    # resolve() would follow links.
    root = Path(os.path.abspath(place))  # noqa: PTH100 - also without ".."
    tables = SongTables(root, encoding=encoding)
    files = [Path(os.path.abspath(path)) for path in found.files]  # noqa: PTH100 - the same
    sheets = find_sheets([Path(os.path.abspath(path)) for path in found.sheets], files, encoding)  # noqa: PTH100
    stamps: list[FileStamp] = []
    for file, path in zip(files, found.files, strict=True):
        reached(path)
        stamps.append(_stamp(file, root, tables))
    used = [row for file, sheet in sheets.of.items() for row in rows_about_tracks(file, tables, sheet)]
    return LocalMusic(
        stamps,
        root,
        [str(place) for place in found.places],
        dict(found.passed_over),
        # A table or a cue sheet beside a single file may be about other songs.
        [
            *found.problems,
            *tables.problems,
            *((*sheets.problems, *tables.unused_rows(files, used)) if place == folder else ()),
        ],
        {str(file): sheet for file, sheet in sheets.of.items()},
        texts_beside(files, tables),
    )


def _stamp(file: Path, root: Path, tables: SongTables) -> FileStamp:
    """A stamp that changes if the recording, or a text or table beside it, changes."""
    try:
        stat = file.stat()
    except OSError:
        return FileStamp(str(file), -1, -1, "")
    return FileStamp(str(file), stat.st_size, stat.st_mtime_ns, fingerprint(file, root, tables))
