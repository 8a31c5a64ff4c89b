"""SQLite's errors, and those that follow from damaged values, as errors of a library with a remedy."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from alcca.errors import AlccaError, DiskError, LibraryError
from alcca.persistence import DISK_FULL
from alcca.store.file_bytes import head_apart

__all__ = [
    "BEYOND_REPAIR",
    "DATABASE",
    "HEADER",
    "REMEDY",
    "damage_named",
    "header_is_damaged",
    "hindrance_to_writing",
    "is_full",
    "named",
]

DATABASE = "songs.sqlite"
# SQLite's files beside the database grow by about this many bytes at a time.
MIN_ROOM = 1 << 16
READ_ONLY = "the library is on a read-only disk; make the disk writable, or copy the library to a writable one"
FORBIDDEN = "no permission to write to this library; change the permissions of its folder and files, or copy it"
REMEDY = "see what with alcca check, and repair it with alcca check --repair"
BEYOND_REPAIR = f"restore it from a copy, or move all {DATABASE}* away and run alcca add on the music again"
# What all these databases have at the same places of their header: the mark of the format, pages of 4,096 bytes and the
# write-ahead mode; the format of the schema; the encoding. See https://sqlite.org/fileformat.html
HEADER = {0: b"SQLite format 3\0\x10\0\x02\x02\0\x40\x20\x20", 44: b"\0\0\0\x04", 56: b"\0\0\0\x01"}
READ_OR_WRITE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN)


def hindrance_to_writing(folder: Path) -> str | None:
    """Why the database in a folder cannot be written, and what to do; None if it can be written."""
    # SQLite creates files beside it.
    if os.access(folder, os.W_OK | os.X_OK) and os.access(folder / DATABASE, os.W_OK):
        return None
    return READ_ONLY if os.statvfs(folder).f_flag & os.ST_RDONLY else FORBIDDEN


def header_is_damaged(folder: Path) -> bool:
    """Whether the first bytes of a database that was written are not those of all libraries."""
    head = head_apart(folder / DATABASE)
    return len(head) == 100 and any(head[at : at + len(data)] != data for at, data in HEADER.items())


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
    if kind == sqlite3.SQLITE_CANTOPEN and (folder / DATABASE).exists() and not os.access(folder / DATABASE, os.R_OK):
        return LibraryError(f"{folder / DATABASE}: cannot be read (permission denied); change its permissions")
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
        return LibraryError(f"{folder / DATABASE}: the library's database is damaged ({cause}); {REMEDY}")
    return LibraryError(f"{folder / DATABASE}: the library's database cannot be used ({cause}); run it again")


@contextlib.contextmanager
def damage_named(folder: Path, is_damaged: Callable[[], bool]) -> Iterator[None]:
    """Turn an unexpected error into a LibraryError if the library's database is damaged.

    An unexpected error of an undamaged library is a mistake of alcca's, and stays as it is.
    """
    try:
        yield
    except (AlccaError, OSError, sqlite3.Error):
        raise
    except Exception as error:
        # Damaged values can cause any error: a key that is missing, a number that is a text, an array of another shape.
        if not is_damaged():
            raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise LibraryError(f"{folder / DATABASE}: the library's database is damaged ({reason}); {REMEDY}") from error


def _kind(error: sqlite3.DatabaseError) -> int:
    """The kind of an error: the lowest byte of its code. Some errors that Python itself raises have no code."""
    return (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF
