"""The library's SQLite file: its tables, transactions, settings and checksums.

In write-ahead mode with ``synchronous=FULL``: what a call has committed survives a killed process and a
power cut. Each row of data carries a checksum, because a disk can change a bit without telling.
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
from alcca.store.sqlite_errors import DATABASE, hindrance_to_writing, is_full, named

__all__ = ["Access", "Database", "checksum", "is_library", "path_from_key", "path_key"]

SCHEMA = 2

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

CREATE VIRTUAL TABLE words USING fts5(
    title, artist, lyrics, content='songs', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER words_added AFTER INSERT ON songs BEGIN
    INSERT INTO words(rowid, title, artist, lyrics) VALUES (new.id, new.title, new.artist, new.lyrics);
END;
CREATE TRIGGER words_removed AFTER DELETE ON songs BEGIN
    INSERT INTO words(words, rowid, title, artist, lyrics)
    VALUES ('delete', old.id, old.title, old.artist, old.lyrics);
END;
CREATE TRIGGER words_changed AFTER UPDATE OF title, artist, lyrics ON songs BEGIN
    INSERT INTO words(words, rowid, title, artist, lyrics)
    VALUES ('delete', old.id, old.title, old.artist, old.lyrics);
    INSERT INTO words(rowid, title, artist, lyrics) VALUES (new.id, new.title, new.artist, new.lyrics);
END;
"""


class Access(enum.Enum):
    """How a library's database is opened."""

    MADE = "made when missing"
    THERE = "there already; read alone where it cannot be written"
    NOWHERE = "an empty one in memory, that stands for a library which is yet to be made"


@dataclass
class Database:
    """The SQLite file of the library in ``folder``.

    Parameters
    ----------
    folder : Path
    access : Access
        Whether it is made when missing. One that is there already, and lies where nothing can be written, is opened for
        reading alone.

    Attributes
    ----------
    hindrance : str or None
        Why nothing can be written to it, and what to do.

    Raises
    ------
    NoLibraryError
        There is none in the folder, and it was not to be made.
    DiskError
        It cannot be made or upgraded, for its disk is full or read-only.
    LibraryError
        The file is no alcca library, is damaged, or was written by a newer alcca.
    """

    folder: Path
    access: Access = Access.MADE
    hindrance: str | None = field(init=False, default=None)
    _db: sqlite3.Connection = field(init=False, repr=False)
    # Which file was opened; of one that SQLite takes to be unchanging, also how it looked.
    _opened: tuple[int, ...] = field(init=False, repr=False, default=())
    _unchanging: bool = field(init=False, repr=False, default=False)

    def __post_init__(self) -> None:
        """Open the database, making its tables when it is new."""
        with self.named_errors():
            if self.access is Access.NOWHERE:
                self._db = _connected(":memory:")
                self._make_tables()
                return
            if self.access is Access.MADE:
                self.folder.mkdir(parents=True, exist_ok=True)
            elif not is_library(self.folder):
                raise self._nothing_here()
            if is_library(self.folder):
                self.hindrance = hindrance_to_writing(self.folder)
            if self.hindrance is None:
                self._open_to_write()
            # Not else: the disk may turn out to be full, and what is on it can be read nevertheless.
            if self.hindrance is not None:
                self._open_to_read()
        self._opened = self._looks()

    def _open_to_write(self) -> None:
        made = self.access is Access.MADE
        try:
            self._db = _connected(self._address("mode=rwc" if made else "mode=rw"))
            try:
                # Looked at first: the mode is kept in the file, and would be written into one that is empty.
                version = self._version(made)
                self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
                if version < SCHEMA or self.setting("id") is None or self._lacks_tables():
                    self._make_tables()
            except BaseException:
                self._db.close()
                raise
        except sqlite3.OperationalError as error:
            # Even to be read, a database in write-ahead mode takes a file beside it, of 32 kB.
            if made or not is_full(error, self.folder):
                raise
            self.hindrance = DISK_FULL

    def _open_to_read(self) -> None:
        log = self.folder / f"{DATABASE}-wal"
        unchanging = not log.exists() or log.stat().st_size == 0
        # Without writing, SQLite reads what another process writes only where that has left its files.
        self._db = _connected(self._address("mode=ro&immutable=1" if unchanging else "mode=ro"))
        try:
            version = self._version(False)
            if version < SCHEMA or self._lacks_tables(only_required=True):
                raise DiskError(
                    f"{self.folder}: written by an older alcca (format {version}) or without a part of the search, and "
                    f"cannot be upgraded here: {self.hindrance}"
                )
        except BaseException:
            self._db.close()
            raise
        self._unchanging = unchanging

    def _version(self, made: bool) -> int:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA:
            raise LibraryError(f"{self.folder}: written by a newer alcca (format {version}); update alcca")
        if version == 0 and not made:
            raise self._nothing_here()
        return version

    def _make_tables(self) -> None:
        with self.transaction():
            # Another process may have made them meanwhile.
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._run(TABLES)
            self._add_missing_tables()
            if version < SCHEMA:
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")
            # A database that several libraries share must tell them apart; those made earlier get theirs now.
            self._db.execute("INSERT OR IGNORE INTO settings VALUES ('id', ?)", (json.dumps(uuid.uuid4().hex),))

    def _lacks_tables(self, only_required: bool = False) -> bool:
        """Whether a part's table is missing, or an index that only makes it faster unless ``only_required``."""
        return False

    def _add_missing_tables(self) -> None:
        """Make the parts' tables and indexes that are missing, in the transaction that opens the database."""

    def _has(self, schema: str, only_tables: bool = False) -> bool:
        """Whether the database has the tables, and unless ``only_tables`` the indexes, that a schema makes."""
        there = {name for (name,) in self._db.execute("SELECT name FROM sqlite_schema")}
        return all(name in there for name, kind in _names_in(schema) if kind == "table" or not only_tables)

    def _run(self, script: str) -> None:
        for statement in _statements(script):
            self._db.execute(statement)

    def _address(self, how: str) -> str:
        return f"{(self.folder / DATABASE).absolute().as_uri()}?{how}"

    def _nothing_here(self) -> NoLibraryError:
        return NoLibraryError(
            f"{self.folder}: no library here; make one with: alcca add FOLDER --library {self.folder}"
        )

    @property
    def is_stale(self) -> bool:
        """Whether the file that was opened is gone, is another one now, or has changed unseen."""
        return self._looks() != self._opened

    def _looks(self) -> tuple[int, ...]:
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
        """Turn what SQLite says of a file into an error that names the library and says what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise named(error, self.folder, self.hindrance) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside, or nothing of it, whatever ends the process."""
        if self.hindrance is not None:
            raise DiskError(f"{self.folder}: {self.hindrance}")
        with self.named_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # When the disk is full, SQLite has done so already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the database throughout, whatever other processes write meanwhile."""
        with self.named_errors():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("COMMIT")

    @property
    def version(self) -> tuple[int, int]:
        """Changes whenever this process or another has changed something."""
        return self._db.execute("PRAGMA data_version").fetchone()[0], self._db.total_changes

    # Settings

    def setting(self, key: str, default: Any = None) -> Any:
        """The stored value of a setting, or ``default``; LibraryError when it is damaged."""
        with self.named_errors():
            row = self._db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        try:
            return default if row is None else json.loads(row[0])
        except ValueError as error:
            raise LibraryError(
                f"{self.folder / DATABASE}: the setting {key!r} is damaged ({error}); restore the library from a copy, "
                "or make a new one and add the music folder again"
            ) from error

    def set_setting(self, key: str, value: Any) -> None:
        """Store a setting; anything that JSON can hold."""
        self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))


def is_library(folder: Path) -> bool:
    """Whether a folder holds a library; LibraryError when that cannot be seen."""
    try:
        return (folder / DATABASE).is_file()
    except OSError as error:
        raise LibraryError(f"{folder}: cannot be looked into ({error.strerror}); check its permissions") from error


def _connected(address: str) -> sqlite3.Connection:
    # Autocommit mode: transactions are opened by `transaction` alone, so what is atomic is visible.
    db = sqlite3.connect(address, uri=True, timeout=60, isolation_level=None, check_same_thread=False)
    # A text that a disk has damaged may be no UTF-8 any more. It is read nevertheless: its checksum tells.
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
    """Name and kind of all that a schema makes; SQLite reads it, so that nothing here has to."""
    with contextlib.closing(sqlite3.connect(":memory:")) as scratch:
        scratch.executescript(TABLES)
        before = set(scratch.execute("SELECT name, type FROM sqlite_schema"))
        scratch.executescript(schema)
        return frozenset(set(scratch.execute("SELECT name, type FROM sqlite_schema")) - before)


def checksum(*values: object) -> int:
    """CRC-32 of values of a row."""
    total = 0
    for value in values:
        data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        total = zlib.crc32(data, zlib.crc32(b"%d," % len(data), total))
    return total


# A file name on Linux may hold bytes that are no UTF-8; SQLite's TEXT cannot, so such a path is kept as bytes.


def path_key(path: str) -> str | bytes:
    """The form in which a path is stored."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def path_from_key(key: str | bytes) -> str:
    """The path that `path_key` stored."""
    return os.fsdecode(key) if isinstance(key, bytes) else key
