"""The library's SQLite file: its tables, transactions, settings and checksums.

The file is in write-ahead mode with ``synchronous=FULL``: committed data survives a killed process and a power cut.
Each row of data carries a checksum, because a disk can flip a bit without reporting it.
"""

import contextlib
import enum
import functools
import json
import os
import sqlite3
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alcca.errors import DiskError, LibraryError, NoLibraryError
from alcca.persistence import DISK_FULL
from alcca.store.seal import break_seal, is_sealed, seal_is_broken, write_seal
from alcca.store.sqlite_errors import (
    BEYOND_REPAIR,
    DATABASE,
    REMEDY,
    damage_named,
    header_is_damaged,
    hindrance_to_writing,
    is_full,
    named,
)

__all__ = ["Access", "Database", "checksum", "is_library", "path_from_key", "path_key", "storable"]

SCHEMA = 3
# The oldest format that can be read as it is, if the library cannot be written and upgraded.
READABLE = 2
# How long to wait for other processes: seconds, and for a seal, which can be left out, milliseconds.
PATIENCE, SEAL_PATIENCE = 60, 500

TABLES = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE songs (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, artist TEXT, album TEXT, label TEXT, language TEXT, song_group TEXT,
    lyrics TEXT, lyrics_source TEXT, lyrics_reason TEXT, words_from,
    audio TEXT, audio_reason TEXT,
    notes TEXT NOT NULL,
    checksum INTEGER NOT NULL
);

CREATE TABLE files (
    path PRIMARY KEY,
    size INTEGER NOT NULL, modified INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    song INTEGER REFERENCES songs(id) ON DELETE CASCADE,
    unreadable TEXT
) WITHOUT ROWID;
CREATE INDEX files_of_song ON files(song);

CREATE TABLE features (
    song INTEGER NOT NULL REFERENCES songs(id) ON DELETE CASCADE,
    kind TEXT NOT NULL, shape TEXT NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (kind, song)
);
"""

# What format 3 has no longer: an index of words with other letters than the matching's, and its triggers.
OUTDATED = """
DROP TRIGGER IF EXISTS words_added;
DROP TRIGGER IF EXISTS words_removed;
DROP TRIGGER IF EXISTS words_changed;
DROP TABLE IF EXISTS words;
"""


class Access(enum.Enum):
    """How a library's database is opened."""

    MADE = "created if missing"
    THERE = "must exist; opened read-only if it cannot be written"
    NOWHERE = "an empty database in memory, in place of a library that does not exist yet"


@dataclass
class Database:
    """The SQLite file of the library in ``folder``.

    Parameters
    ----------
    folder : Path
    access : Access
        Whether the file is created if missing. An existing file that cannot be written is opened read-only.

    Attributes
    ----------
    hindrance : str or None
        Why the database cannot be written, and what to do.

    Raises
    ------
    NoLibraryError
        The folder holds no library, and ``access`` does not create one.
    DiskError
        The file cannot be created or upgraded because its disk is full or read-only.
    LibraryError
        The file is not an alcca library, is damaged, or was written by a newer alcca.
    """

    folder: Path
    access: Access = Access.MADE
    hindrance: str | None = field(init=False, default=None)
    _db: sqlite3.Connection = field(init=False, repr=False)
    # Identifies the opened file; for a file opened as immutable, also its size and modification time.
    _opened: tuple[int, ...] = field(init=False, repr=False, default=())
    _unchanging: bool = field(init=False, repr=False, default=False)

    def __post_init__(self) -> None:
        """Open the database, and create its tables if it is new."""
        with self.named_errors():
            if self.access is Access.NOWHERE:
                self._db = _connected(":memory:")
                self._make_tables()
                return
            if self.access is Access.MADE:
                self.folder.mkdir(parents=True, exist_ok=True)
            elif not is_library(self.folder):
                raise self._no_library()
            if is_library(self.folder):
                self.hindrance = hindrance_to_writing(self.folder)
            if self.hindrance is None:
                self._open_to_write()
            # Not else: opening may reveal that the disk is full, and a library on a full disk can still be read.
            if self.hindrance is not None:
                self._open_to_read()
        self._opened = self._file_state()

    def _open_to_write(self) -> None:
        create = self.access is Access.MADE
        try:
            self._db = _connected(self._address("mode=rwc" if create else "mode=rw"))
            try:
                # First the version: setting the mode would write to the file, even if it is empty.
                version = self._version(create)
                self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
                if version < SCHEMA or self.setting("id") is None or self._lacks_tables():
                    self._make_tables()
            except BaseException:
                self._db.close()
                raise
        except sqlite3.OperationalError as error:
            # Even for reading, a database in write-ahead mode needs a 32 kB file beside it.
            if create or not is_full(error, self.folder):
                raise
            self.hindrance = DISK_FULL

    def _open_to_read(self) -> None:
        log = self.folder / f"{DATABASE}-wal"
        unchanging = not log.exists() or log.stat().st_size == 0
        # A read-only connection sees another process's writes only if that process's log files are in the folder.
        self._db = _connected(self._address("mode=ro&immutable=1" if unchanging else "mode=ro"))
        try:
            version = self._version(False)
            if version < READABLE or self._lacks_tables(only_required=True):
                raise DiskError(
                    f"{self.folder}: written by an older alcca (format {version}), or lacks the tables of a part of "
                    f"the search, and cannot be upgraded: {self.hindrance}"
                )
        except BaseException:
            self._db.close()
            raise
        self._unchanging = unchanging

    def _version(self, create: bool) -> int:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise LibraryError(f"{self.folder}: written by a newer alcca (format {version}); update alcca")
        if version == 0 and is_sealed(self.folder):
            raise LibraryError(f"{self.folder / DATABASE}: is empty, although it was not; {BEYOND_REPAIR}")
        if version == 0 and not create:
            raise self._no_library()
        return version

    def _make_tables(self) -> None:
        with self.transaction():
            # Another process may have created them meanwhile.
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._run(TABLES)
            elif version < SCHEMA:
                self._run(OUTDATED)
            self._add_missing_tables()
            if version < SCHEMA:
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")
            # The id tells apart libraries that share a database of vectors; libraries without an id get one here.
            self._db.execute("INSERT OR IGNORE INTO settings VALUES ('id', ?)", (json.dumps(uuid.uuid4().hex),))

    def _lacks_tables(self, only_required: bool = False) -> bool:
        """Whether a part's table is missing, or, unless ``only_required``, an index that only speeds it up."""
        return False

    def _add_missing_tables(self) -> None:
        """Create the parts' missing tables and indexes, in the transaction that opens the database."""

    def _has(self, schema: str, only_tables: bool = False) -> bool:
        """Whether the database has the tables and, unless ``only_tables``, the indexes that a schema creates."""
        existing = {name for (name,) in self._db.execute("SELECT name FROM sqlite_schema")}
        return all(name in existing for name, kind in _names_in(schema) if kind == "table" or not only_tables)

    def _run(self, script: str) -> None:
        for statement in _statements(script):
            self._db.execute(statement)

    def _address(self, options: str) -> str:
        return f"{(self.folder / DATABASE).absolute().as_uri()}?{options}"

    def _no_library(self) -> NoLibraryError:
        return NoLibraryError(
            f"{self.folder}: no library here; create one with: alcca add FOLDER --library {self.folder}"
        )

    @property
    def is_stale(self) -> bool:
        """Whether the opened file is gone, was replaced, or has changed although it was opened as immutable."""
        return self._file_state() != self._opened

    def _file_state(self) -> tuple[int, ...]:
        if self.access is Access.NOWHERE:
            return ()
        try:
            file = (self.folder / DATABASE).stat()
            if not self._unchanging:
                return file.st_dev, file.st_ino
            log = self.folder / f"{DATABASE}-wal"
            written = log.stat().st_size if log.exists() else 0
        except OSError:
            return (-1,)
        return file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, written

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    @contextlib.contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn SQLite's errors, and others of a damaged library, into errors that name the library and the remedy."""
        try:
            with damage_named(self.folder, self.is_damaged):
                yield
        except sqlite3.DatabaseError as error:
            raise named(error, self.folder, self.hindrance) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes made inside, or none of them, even if the process is killed."""
        if self.hindrance is not None:
            raise DiskError(f"{self.folder}: {self.hindrance}")
        with self.named_errors():
            if self.access is not Access.NOWHERE:
                break_seal(self.folder)
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # If the disk is full, SQLite has already rolled back.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def seal(self) -> None:
        """Write the checksum of the whole file, once all that was written is in it; does nothing while others read.

        A file of more than `alcca.store.seal.MAX_SEALED` bytes is not sealed, nor on a full disk.
        """
        if self.access is Access.NOWHERE or self.hindrance is not None or self.is_stale:
            return
        with self.named_errors():
            self._db.execute(f"PRAGMA busy_timeout = {SEAL_PATIENCE}")
            try:
                (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {1000 * PATIENCE}")
        if not busy:
            write_seal(self.folder)

    @property
    def seal_is_broken(self) -> bool:
        """Whether something other than alcca has changed the file since it was sealed; see `alcca.store.seal`."""
        return self.access is not Access.NOWHERE and seal_is_broken(self.folder)

    @property
    def is_sealed(self) -> bool:
        """Whether the file has a seal."""
        return self.access is not Access.NOWHERE and is_sealed(self.folder)

    def structural_damage(self) -> list[str]:
        """What SQLite finds wrong with the file's structure, a few lines."""
        try:
            with self.named_errors():
                lines = [line for (line,) in self._db.execute("PRAGMA integrity_check(5)")]
        except LibraryError as error:
            return [str(error).removeprefix(f"{self.folder / DATABASE}: ")]
        header = ["the header of the file is damaged"] if header_is_damaged(self.folder) else []
        return header + [" ".join(line.split()) for line in lines if line != "ok"]

    def is_damaged(self) -> bool:
        """Whether something of the database is not as it was written, as far as checksums show."""
        return self.seal_is_broken

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read one state of the database throughout, even if other processes write meanwhile."""
        with self.named_errors():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("COMMIT")

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes whenever this process or another one changes the database."""
        return self._db.execute("PRAGMA data_version").fetchone()[0], self._db.total_changes

    # Settings

    def setting(self, key: str, default: Any = None) -> Any:
        """Return the stored value of a setting, or ``default``; LibraryError if it is damaged."""
        with self.named_errors():
            row = self._db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        try:
            return default if row is None else json.loads(row[0])
        except ValueError as error:
            raise LibraryError(
                f"{self.folder / DATABASE}: the setting {key!r} is damaged ({error}); {REMEDY}"
            ) from error

    def settings(self) -> list[str]:
        """The names of all settings."""
        with self.named_errors():
            return [key for (key,) in self._db.execute("SELECT key FROM settings ORDER BY key")]

    def set_setting(self, key: str, value: Any) -> None:
        """Store a setting: any value that JSON can represent."""
        self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))


def is_library(folder: Path) -> bool:
    """Whether a folder holds a library; LibraryError if the folder cannot be read."""
    try:
        return (folder / DATABASE).is_file()
    except OSError as error:
        raise LibraryError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error


def _connected(address: str) -> sqlite3.Connection:
    # Autocommit mode: only `transaction` opens a transaction, so the code shows what is atomic.
    db = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA cell_size_check=ON")  # damaged pages are found when they are read, not later
    # A damaged text may be invalid UTF-8. It is decoded anyway; its checksum shows the damage.
    db.text_factory = functools.partial(str, encoding="utf-8", errors="replace")
    return db


def _statements(script: str) -> Iterator[str]:
    # executescript commits first, which would break the surrounding transaction.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@functools.cache
def _names_in(schema: str) -> frozenset[tuple[str, str]]:
    """Names and kinds of the objects that a schema creates, as SQLite itself parses it."""
    with contextlib.closing(sqlite3.connect(":memory:")) as scratch:
        scratch.executescript(TABLES)
        before = set(scratch.execute("SELECT name, type FROM sqlite_schema"))
        scratch.executescript(schema)
        return frozenset(set(scratch.execute("SELECT name, type FROM sqlite_schema")) - before)


def checksum(*values: object) -> int:
    """CRC-32 of the values of a row."""
    total = 0
    for value in values:
        data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        total = zlib.crc32(data, zlib.crc32(b"%d," % len(data), total))
    return total


# A file name on Linux may be invalid UTF-8, which SQLite's TEXT cannot hold, so such a path is stored as bytes.


def path_key(path: str) -> str | bytes:
    """The form in which a path is stored."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def storable(text: str | None) -> str | None:
    """A text as SQLite stores it: bytes of a file's name that are not UTF-8, in a sentence, become U+FFFD."""
    return None if text is None else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def path_from_key(key: str | bytes) -> str:
    """The path that `path_key` stored."""
    return os.fsdecode(key) if isinstance(key, bytes) else key
