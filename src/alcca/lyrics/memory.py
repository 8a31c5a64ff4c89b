"""What earlier runs have heard, so that nothing is listened to twice: transcripts, times, and lyrics that were found.

A small SQLite database, in a library's folder or in the user's cache. Losing it costs time, nothing else.
"""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Self

from alcca.errors import LibraryError
from alcca.lyrics.heard import Heard
from alcca.models.sources import alcca_source
from alcca.persistence import disk_error
from alcca.speech.packaged import cache_folder
from alcca.transcripts import Transcript

__all__ = ["FILE", "Memory", "key_of"]

FILE = "lyrics.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS transcripts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS written (path TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
"""
SECONDS_TO_WAIT = 30.0


def key_of(*values: object) -> str:
    """A short key of plain values: the same values give the same key.

    Examples
    --------
    >>> key_of("song.mp3", 10) == key_of("song.mp3", 10), key_of("song.mp3", 1)[:2] == key_of("song.mp31")[:2]
    (True, False)
    """
    return hashlib.blake2b(json.dumps(values, default=str).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Memory:
    """What was heard in recordings, kept in a file.

    Parameters
    ----------
    folder : Path, optional
        Where the file is; it is made if there is none. Default: the user's cache. Without a place that can be written,
        everything is forgotten at the end.

    Raises
    ------
    DiskError
        The disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with Memory(Path(tempfile.mkdtemp())) as memory:
    ...     memory.keep_transcript("a", Transcript(model="base"))
    ...     memory.transcript("a").model, memory.transcript("b")
    ('base', None)
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder() / "lyrics"
        self.forgetful: str | None = None
        try:
            self._db = self._open()
        except (OSError, sqlite3.Error) as error:
            # A cache is no condition.
            self.forgetful = f"{self.folder / FILE}: cannot be used ({error}); what is heard now is not kept"
            self._db = _connect(":memory:")

    def _open(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / FILE
        try:
            return _connect(str(path))
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            # Damaged: what is in it can be heard again.
            path.unlink()
            return _connect(str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def transcript(self, key: str) -> Transcript | None:
        """What was heard in a recording."""
        value = self._get("transcripts", key)
        return None if value is None else Transcript.from_dict(value)

    def keep_transcript(self, key: str, transcript: Transcript) -> None:
        """Keep what was heard in a recording."""
        self._put("transcripts", "value", key, json.dumps(transcript.to_dict(), ensure_ascii=False))

    def heard(self, key: str) -> Heard | None:
        """What listening for lyrics has given, but for the transcript."""
        value = self._get("heard", key)
        return None if value is None else Heard.from_dict(value)

    def keep_heard(self, key: str, heard: Heard) -> None:
        """Keep what listening for lyrics has given, but for the transcript."""
        self._put("heard", "value", key, json.dumps(heard.to_dict(), ensure_ascii=False))

    def wrote(self, path: Path, data: bytes) -> None:
        """Remember the content of a file that was written."""
        self._put("written", "digest", _storable(path), _digest(data))

    def has_written(self, path: Path, data: bytes) -> bool:
        """Whether a file of this content was written here by alcca, and not changed since."""
        with self._errors():
            rows = self._db.execute("SELECT digest FROM written WHERE path = ?", (_storable(path),)).fetchall()
        return bool(rows) and rows[0][0] == _digest(data)

    def _get(self, table: str, key: str) -> dict[str, Any] | None:
        with self._errors():
            row = self._db.execute(f"SELECT value FROM {table} WHERE key = ?", (_versioned(key),)).fetchone()
        with contextlib.suppress(ValueError, TypeError, KeyError):
            return None if row is None else dict(json.loads(row[0]))
        return None

    def _put(self, table: str, column: str, key: str, value: str) -> None:
        name = "path" if table == "written" else "key"
        with self._errors(), self._db:
            self._db.execute(
                f"INSERT OR REPLACE INTO {table} ({name}, {column}) VALUES (?, ?)",
                (key if table == "written" else _versioned(key), value.encode("utf-8", "replace").decode()),
            )

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if "full" in str(error) and (full := disk_error(OSError(28, str(error)), self.folder / FILE)):
                raise full from error
            raise LibraryError(
                f"{self.folder / FILE}: cannot be used ({error}); remove it, what is in it can be heard again"
            ) from error


def _versioned(key: str) -> str:
    # Other code may hear otherwise.
    return f"{_code()} {key}"


@cache
def _code() -> str:
    return alcca_source()


def _connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=SECONDS_TO_WAIT)
    try:
        db.executescript(SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _storable(path: Path) -> str:
    # A name in an old encoding holds bytes that are no text.
    return str(path).encode("utf-8", "backslashreplace").decode()


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
