"""The songs of a lyric database in the index's own SQLite file: names, lengths, texts, and which texts are alike."""

import codecs
import re
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alcca.lyric_databases.row import Row
from alcca.matching.folding import PLAIN, compose

__all__ = ["IndexedSong", "SongTable", "letters_of", "packed"]

# In KiB; the keys of a million texts take 100 MB.
CACHE = 128 * 1024
# A song that is in a database more often is looked at no more often: its versions are alike.
MOST_VERSIONS = 400
# Letters of a text that are compared: what is sung in some hours.
INDEXED = 30_000
# What stands between plain and timed lyrics.
BETWEEN = "\0"
# Of LRC and enhanced LRC, which no letter of a song is in.
_STAMPS = re.compile(r"[\[<]\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?[\]>]")

_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS song (
    id INTEGER PRIMARY KEY, text INTEGER, title TEXT NOT NULL, artist TEXT NOT NULL, album TEXT NOT NULL,
    duration REAL, words BLOB
);
CREATE TABLE IF NOT EXISTS text (number INTEGER PRIMARY KEY, song INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sketch (key INTEGER PRIMARY KEY, text INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS title (key INTEGER NOT NULL, song INTEGER NOT NULL, PRIMARY KEY (key, song)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segment (name TEXT PRIMARY KEY, block INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS batch (position INTEGER PRIMARY KEY, digest BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS song_of_text ON song (text);
"""

_FOLDING = "alcca-fold"
_ASCII = bytes(ord(PLAIN[code] or " ") for code in range(128)).ljust(256, b" ")
_NO_LETTERS = bytes(code for code in range(128) if not PLAIN[code])


def _folded(error: UnicodeError) -> tuple[str, int]:
    """The letters of characters that are not ASCII."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end].translate(PLAIN)
    return letters.encode("ascii", "ignore").decode("ascii"), error.end


codecs.register_error(_FOLDING, _folded)


class IndexedSong(NamedTuple):
    """A row of the database, in the index.

    Parameters
    ----------
    id : int
    text : int or None
        The number of its text, which versions share; None for an instrumental.
    row : Row
    """

    id: int
    text: int | None
    row: Row


class SongTable:
    """The SQLite file of an index.

    Parameters
    ----------
    path : Path
    writing : bool
        Create it if missing; else it is opened read-only.
    """

    def __init__(self, path: Path, *, writing: bool) -> None:
        address = f"{path.resolve().as_uri()}?mode={'rwc' if writing else 'ro'}"
        self.db = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=60)
        self.db.execute(f"PRAGMA cache_size = -{CACHE if writing else CACHE // 4}")
        if writing:
            self.db.execute("PRAGMA journal_mode = WAL")
            self.db.execute("PRAGMA synchronous = NORMAL")
            self.db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    # --- what the index is ---

    def about(self) -> dict[str, str]:
        """What was written about the index."""
        return dict(self.db.execute("SELECT name, value FROM about"))

    def say(self, **values: object) -> None:
        """Write about the index."""
        self.db.executemany(
            "INSERT OR REPLACE INTO about VALUES (?, ?)", [(name, str(value)) for name, value in values.items()]
        )

    def segments(self) -> list[tuple[str, int]]:
        """The files of the n-grams, and the block of each."""
        return self.db.execute("SELECT name, block FROM segment ORDER BY block, name").fetchall()

    def counts(self) -> tuple[int, int]:
        """How many songs there are, and how many different texts and instrumentals."""
        (songs,) = self.db.execute("SELECT coalesce(max(id) + 1, 0) FROM song").fetchone()
        (texts,) = self.db.execute("SELECT coalesce(max(number) + 1, 0) FROM text").fetchone()
        (silent,) = self.db.execute("SELECT count(*) FROM song WHERE text IS NULL").fetchone()
        return songs, texts + silent

    # --- writing ---

    def add_text(self, keys: Sequence[int], number: int, song: int) -> None:
        """Write the text of a song, and the keys by which texts like it are found."""
        self.db.execute("INSERT INTO text VALUES (?, ?)", (number, song))
        self.db.executemany("INSERT OR IGNORE INTO sketch VALUES (?, ?)", [(key, number) for key in keys])

    def alike(self, keys: Sequence[int]) -> dict[int, int]:
        """The texts that share keys, and one of the keys that each shares."""
        marks = ",".join("?" * len(keys))
        select = f"SELECT text, key FROM sketch WHERE key IN ({marks})"
        return dict(self.db.execute(select, keys).fetchall())

    def add_song(self, number: int, text: int | None, row: Row, words: bytes | None, key: int | None) -> None:
        """Write a song, its packed words (None where they are those of its text), and the key of its title."""
        values = (number, text, row.title, row.artist, row.album, row.duration, words)
        self.db.execute("INSERT INTO song VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        if key is not None:
            self.db.execute("INSERT INTO title VALUES (?, ?)", (key, number))

    def add_segment(self, name: str, block: int) -> None:
        """Write the name of a file of n-grams."""
        self.db.execute("INSERT INTO segment VALUES (?, ?)", (name, block))

    def replace_segments(self, names: Sequence[str], merged: str, block: int) -> None:
        """Write the name of a file that holds what several did."""
        self.db.executemany("DELETE FROM segment WHERE name = ?", [(name,) for name in names])
        self.add_segment(merged, block)

    # --- reading ---

    def first_of(self, text: int) -> IndexedSong:
        """The song whose words the text is."""
        (song,) = self.db.execute("SELECT song FROM text WHERE number = ?", (text,)).fetchone()
        return self.song(song)

    def song(self, number: int) -> IndexedSong:
        """A song with its words."""
        select = "SELECT id, text, title, artist, album, duration, words FROM song WHERE id = ?"
        number, text, title, artist, album, duration, words = self.db.execute(select, (number,)).fetchone()
        if text is None:
            return IndexedSong(number, None, Row(title, artist, album, duration, "", None, True))
        lyrics, synced = unpacked(words or self.words_of(text))
        return IndexedSong(number, text, Row(title, artist, album, duration, lyrics, synced, False))

    def words_of(self, text: int) -> bytes:
        """The packed words of a text."""
        select = "SELECT words FROM song JOIN text ON song.id = text.song WHERE number = ?"
        return bytes(self.db.execute(select, (text,)).fetchone()[0])

    def versions(self, text: int) -> list[IndexedSong]:
        """The songs with a text, without their words."""
        select = "SELECT id, text, title, artist, album, duration FROM song WHERE text = ? LIMIT ?"
        return [_bare(*found) for found in self.db.execute(select, (text, MOST_VERSIONS))]

    def version_count(self, text: int) -> int:
        """How many songs have a text."""
        (count,) = self.db.execute("SELECT count(*) FROM song WHERE text = ?", (text,)).fetchone()
        return int(count)

    def titled(self, key: int, most: int) -> list[IndexedSong]:
        """Songs of a title, without their words."""
        select = (
            "SELECT id, text, title, artist, album, duration FROM title JOIN song ON song.id = title.song "
            "WHERE key = ? LIMIT ?"
        )
        return [_bare(*found) for found in self.db.execute(select, (key, most))]

    def title_count(self, key: int, most: int) -> int:
        """How many songs have a title; counted up to ``most``."""
        select = "SELECT count(*) FROM (SELECT 1 FROM title WHERE key = ? LIMIT ?)"
        return int(self.db.execute(select, (key, most)).fetchone()[0])

    def batches(self) -> Iterator[tuple[int, bytes]]:
        """The position behind each batch of rows, and the digest of the rows."""
        yield from self.db.execute("SELECT position, digest FROM batch ORDER BY position")


def packed(row: Row) -> bytes:
    """The words of a row, compressed."""
    return zlib.compress(f"{row.lyrics}{BETWEEN}{row.synced or ''}".encode(), 1)


def unpacked(words: bytes) -> tuple[str, str | None]:
    """Plain and timed lyrics of compressed words."""
    lyrics, _, synced = zlib.decompress(words).decode("utf-8").partition(BETWEEN)
    return lyrics, synced or None


def letters_of(row: Row) -> bytes:
    """The folded letters of a row's words as they stand there, without the times; as of `fold_letters`, but faster.

    Examples
    --------
    >>> letters_of(Row("", "", "", None, "[00:01.00]Straße — Привет", None, False))
    b'strasseprivet'
    """
    text = _without_times((row.lyrics or row.synced or "")[: 2 * INDEXED])
    # Most characters are ASCII, which bytes translate a hundred times as fast as text.
    return compose(text).encode("ascii", _FOLDING).translate(_ASCII, _NO_LETTERS)[:INDEXED]


def _without_times(text: str) -> str:
    return _STAMPS.sub(" ", text) if "[" in text or "<" in text else text


def _bare(number: int, text: int | None, title: str, artist: str, album: str, duration: float | None) -> IndexedSong:
    return IndexedSong(number, text, Row(title, artist, album, duration, "", None, text is None))
