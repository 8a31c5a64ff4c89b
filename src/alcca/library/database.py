"""The library's SQLite file: its tables, transactions, settings and checksums.

In write-ahead mode with ``synchronous=FULL``: what a call has committed survives a killed process and a
power cut. Each row of data carries a checksum, because a disk can change a bit without telling.
"""

import contextlib
import json
import os
import sqlite3
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alcca.errors import LibraryError

__all__ = ["Database", "checksum", "is_library", "path_from_key", "path_key"]

SCHEMA = 2
DATABASE = "songs.sqlite"

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


@dataclass
class Database:
    """The SQLite file of the library in ``folder``; made when missing.

    Raises
    ------
    LibraryError
        The file is no alcca library, is damaged, or was written by a newer alcca.
    """

    folder: Path
    _db: sqlite3.Connection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the database, making its tables when it is new."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.named_errors():
            # Autocommit mode: transactions are opened by `transaction` alone, so what is atomic is visible.
            self._db = sqlite3.connect(
                self.folder / DATABASE, timeout=60, isolation_level=None, check_same_thread=False
            )
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
            with self.transaction():
                version = self._db.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    self._run(TABLES)
                if version < SCHEMA:
                    self._upgrade()
                    self._db.execute(f"PRAGMA user_version = {SCHEMA}")
                if version <= SCHEMA:
                    # A database that several libraries share must tell them apart; those made earlier get theirs now.
                    self._db.execute("INSERT OR IGNORE INTO settings VALUES ('id', ?)", (json.dumps(uuid.uuid4().hex),))
        if version > SCHEMA:
            raise LibraryError(f"{self.folder}: written by a newer alcca (format {version}); update alcca")

    def _upgrade(self) -> None:
        """Make the tables that came after the first format, in the transaction that opens the database."""

    def _run(self, script: str) -> None:
        for statement in _statements(script):
            self._db.execute(statement)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    @contextlib.contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn what SQLite says of a bad file into an error that names the library and says what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise LibraryError(
                f"{self.folder / DATABASE}: the library's database cannot be used ({error}); restore it from a "
                "copy, or make a new library and add the music folder again"
            ) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside, or nothing of it, whatever ends the process."""
        with self.named_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the database throughout, whatever other processes write meanwhile."""
        with self.named_errors():
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    @property
    def version(self) -> tuple[int, int]:
        """Changes whenever this process or another has changed something."""
        return self._db.execute("PRAGMA data_version").fetchone()[0], self._db.total_changes

    # Settings

    def setting(self, key: str, default: Any = None) -> Any:
        """The stored value of a setting, or ``default``."""
        row = self._db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_setting(self, key: str, value: Any) -> None:
        """Store a setting; anything that JSON can hold."""
        self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))


def is_library(folder: Path) -> bool:
    """Whether a folder holds a library."""
    return (folder / DATABASE).is_file()


def _statements(script: str) -> Iterator[str]:
    # executescript commits first, which would break the surrounding transaction.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


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
