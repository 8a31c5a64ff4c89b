"""SQLite's errors as errors of a library with a remedy; only a damaged file has to be restored or replaced."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from alcca.errors import DiskError, LibraryError
from alcca.persistence import DISK_FULL

__all__ = ["DATABASE", "hindrance_to_writing", "is_full", "named"]

DATABASE = "songs.sqlite"
# SQLite's files beside the database grow by about this many bytes at a time.
MIN_ROOM = 1 << 16
READ_ONLY = "the library is on a read-only disk; make the disk writable, or copy the library to a writable one"
FORBIDDEN = "no permission to write to this library; change the permissions of its folder and files, or copy it"
READ_OR_WRITE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN)


def hindrance_to_writing(folder: Path) -> str | None:
    """Why the database in a folder cannot be written, and what to do; None if it can be written."""
    # SQLite creates files beside it.
    if os.access(folder, os.W_OK | os.X_OK) and os.access(folder / DATABASE, os.W_OK):
        return None
    return READ_ONLY if os.statvfs(folder).f_flag & os.ST_RDONLY else FORBIDDEN


def is_full(error: sqlite3.DatabaseError, folder: Path) -> bool:
    """Whether a full disk caused an error; SQLite sometimes reports only an I/O error."""
    if _kind(error) != sqlite3.SQLITE_IOERR:
        return _kind(error) == sqlite3.SQLITE_FULL
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < MIN_ROOM
    return False


def named(error: sqlite3.DatabaseError, folder: Path, hindrance: str | None = None) -> LibraryError:
    """The error of the library in ``folder`` for an error of SQLite; ``hindrance`` is why it cannot be written, if so.

    See https://sqlite.org/rescode.html for the kinds.

    Examples
    --------
    >>> error = sqlite3.OperationalError("database is locked")
    >>> error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_BUSY_SNAPSHOT, "SQLITE_BUSY_SNAPSHOT"
    >>> print(named(error, Path("my.alcca")))
    my.alcca: another process is using the library (database is locked, SQLITE_BUSY_SNAPSHOT); wait until it is done
    """
    kind, cause = _kind(error), f"{error}, {getattr(error, 'sqlite_errorname', type(error).__name__)}"
    if is_full(error, folder):
        return DiskError(f"{folder}: {DISK_FULL}")
    if kind in READ_OR_WRITE:
        hindrance = hindrance or (hindrance_to_writing(folder) if (folder / DATABASE).exists() else None)
        if hindrance or kind != sqlite3.SQLITE_CANTOPEN:
            return DiskError(f"{folder}: {hindrance or FORBIDDEN} ({cause})")
        return LibraryError(
            f"{folder / DATABASE}: cannot be opened ({cause}); check that the folder exists and is yours"
        )
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryError(f"{folder}: another process is using the library ({cause}); wait until it is done")
    if kind == sqlite3.SQLITE_IOERR:
        return LibraryError(f"{folder / DATABASE}: the disk fails ({cause}); check the disk, then run it again")
    if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        advice = "restore it from a copy, or create a new library and add the music folder again"
        return LibraryError(f"{folder / DATABASE}: the library's database cannot be used ({cause}); {advice}")
    return LibraryError(f"{folder / DATABASE}: the library's database cannot be used ({cause}); run it again")


def _kind(error: sqlite3.DatabaseError) -> int:
    """The kind of an error: the lowest byte of its code. Some errors that Python itself raises have no code."""
    return (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF
