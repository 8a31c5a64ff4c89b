"""The postings of 5-grams: database rows, each with the songs of one block that contain one gram.

Rows of a block are stored together. New songs belong to the last block, so adding them rewrites the pages of one small
block only. Blocks that get no new songs are joined into wide ones: a search then looks up an eighth of the rows.
Log-structured indexes merge for the same reason (O'Neil et al. 1996, doi:10.1007/s002360050048).
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.ngrams import GRAM_BITS, Integers, distinct

__all__ = ["LARGEST", "NARROW", "GramRows", "Postings"]

LARGEST = (1 << 32) - 1  # number of a song
# Bits of a song's number within a narrow and within a wide block; a row holds such numbers as 16-bit integers.
NARROW, WIDE = 13, 16
# Wide blocks are numbered from here, after all narrow ones.
FIRST_WIDE = 1 << 24
# Grams that are joined at a time; takes about 100 MB for any texts.
STEP = 1 << 18
# Narrow blocks beside a wide one are joined into it once they have this many rows, about those of one full block.
MANY = 1 << 18


class Postings(NamedTuple):
    """Which songs of one block contain which of a query's grams: gram after gram, each with its songs."""

    first: int  # number of the block's first song
    size: int  # how many numbers the block covers
    which: Integers  # indices of the grams among the query's grams
    holders: Integers  # number of songs of each gram
    within: NDArray[Any]  # song numbers less ``first``, concatenated over the grams


class GramRows:
    """The rows of one table; changes belong to the caller's transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        SQLite 3.24 or newer.
    table : str
        Has columns ``key``, an INTEGER PRIMARY KEY, and ``songs``.

    Examples
    --------
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("CREATE TABLE grams (key INTEGER PRIMARY KEY, songs BLOB NOT NULL)")
    >>> rows = GramRows(connection, "grams")
    >>> rows.add(np.array([7, 9, 7]), np.array([1, 1, 4]), 4)
    >>> rows.take_out(np.array([9]), 1)
    >>> [(part.which.tolist(), part.within.tolist()) for part in rows.postings(np.array([7, 9]))]
    [([0], [1, 4])]
    """

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._db, self._table = connection, table

    def postings(self, wanted: Integers) -> Iterator[Postings]:
        """Which songs contain which of the ``wanted`` grams, (g,) in ascending order; block by block.

        Rows are read lazily. If another process joins blocks meanwhile, their songs may occur twice.
        """
        for block in self._blocks():
            begin = block << GRAM_BITS
            listed = ",".join(map(str, (begin + wanted).tolist()))
            keys, holders, within = self._read(f"key IN ({listed})")
            if keys.size:
                yield Postings(*_songs_of(block), np.searchsorted(wanted, keys - begin), holders, within)

    def add(self, gram: Integers, song: Integers, largest: int) -> None:
        """Add songs to the rows of their grams, two (n,) arrays; a pair may occur twice.

        ``largest`` is the largest number of any song; blocks far enough before it are joined.
        """
        self._add(0, distinct(_key(gram, song) << NARROW | (song & ((1 << NARROW) - 1))), NARROW)
        self._join_first(largest >> WIDE)

    def take_out(self, grams: Integers, song: int) -> None:
        """Remove a song from the rows of its grams."""
        for key in _key(grams, np.int64(song)).tolist():
            self._take_out(key, song & ((1 << NARROW) - 1))
        wide = FIRST_WIDE + (song >> WIDE)
        if self._first_block(wide) == wide:
            for gram in grams.tolist():
                self._take_out(wide << GRAM_BITS | gram, song & ((1 << WIDE) - 1))

    def clear(self) -> None:
        """Remove all songs."""
        self._db.execute(f"DELETE FROM {self._table}")

    def pairs(self) -> Iterator[tuple[Integers, Integers]]:
        """Each gram and each song that contains it, as two arrays of equal length; in pieces."""
        for block in self._blocks():
            first, _ = _songs_of(block)
            for begin in range(block << GRAM_BITS, (block + 1) << GRAM_BITS, STEP):
                keys, holders, within = self._read(f"key >= {begin} AND key < {begin + STEP}")
                yield np.repeat(keys & ((1 << GRAM_BITS) - 1), holders), first + within.astype(np.int64)

    def _blocks(self) -> Iterator[int]:
        """The blocks that have rows, in ascending order."""
        block = self._first_block(0)
        while block is not None:
            yield block
            block = self._first_block(block + 1)

    def _first_block(self, least: int) -> int | None:
        """The first block that has rows, from block ``least`` on."""
        (key,) = self._db.execute(
            f"SELECT min(key) FROM {self._table} WHERE key >= ?", (least << GRAM_BITS,)
        ).fetchone()
        return None if key is None else key >> GRAM_BITS

    def _read(self, where: str) -> tuple[Integers, Integers, NDArray[Any]]:
        """Keys of rows, number of songs of each, and the songs' numbers in their blocks, concatenated over the rows."""
        select = f"SELECT key, CAST(songs AS BLOB) FROM {self._table} WHERE {where}"
        rows = [row for row in self._db.execute(select).fetchall() if len(row[1]) % 2 == 0]  # others are damaged
        keys, songs = zip(*rows, strict=True) if rows else ((), ())
        holders = np.fromiter(map(len, songs), np.int64, len(songs)) // 2
        return np.array(keys, np.int64), holders, np.frombuffer(b"".join(songs), "<u2")

    def _add(self, begin: int, entries: Integers, bits: int) -> None:
        """Append sorted entries to rows; an entry is a key less ``begin``, then ``bits`` bits of a song's number."""
        keys = entries >> bits
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        within = (entries & ((1 << bits) - 1)).astype("<u2").tobytes()
        ends = np.append(begins, keys.size)[1:]
        self._db.executemany(
            # SQLite concatenates blobs to text; the cast turns it back into a blob without changing a byte.
            f"INSERT INTO {self._table} VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET songs = CAST(songs || excluded.songs AS BLOB)",
            (
                (key, within[2 * first : 2 * end])
                for key, first, end in zip((begin + keys[begins]).tolist(), begins.tolist(), ends.tolist(), strict=True)
            ),
        )

    def _join_first(self, end: int) -> None:
        """Create or complete the first wide block before ``end``; only one, because that takes some seconds."""
        block = self._first_block(0)
        while block is not None and (wide := block >> (WIDE - NARROW)) < end:
            # Songs that were put again stay in narrow blocks beside a wide one while there are few of them.
            if self._first_block(FIRST_WIDE + wide) != FIRST_WIDE + wide or self._many(wide):
                self._join(wide)
                return
            block = self._first_block((wide + 1) << (WIDE - NARROW))

    def _many(self, wide: int) -> bool:
        """Whether the narrow blocks beside a wide one have many rows."""
        begin, end = (block << GRAM_BITS + WIDE - NARROW for block in (wide, wide + 1))
        rows = f"SELECT 1 FROM {self._table} WHERE key >= ? AND key < ? LIMIT ?"
        (count,) = self._db.execute(f"SELECT count(*) FROM ({rows})", (begin, end, MANY)).fetchone()
        return int(count) == MANY

    def _join(self, wide: int) -> None:
        """Move the rows of narrow blocks into the wide block that covers their songs."""
        narrow = range(wide << (WIDE - NARROW), (wide + 1) << (WIDE - NARROW))
        for gram in range(0, 1 << GRAM_BITS, STEP):
            entries = []
            for place, block in enumerate(narrow):
                begin = block << GRAM_BITS
                keys, holders, within = self._read(f"key >= {begin + gram} AND key < {begin + gram + STEP}")
                row = np.repeat(keys - begin, holders) << WIDE | place << NARROW
                entries.append((row + within)[within >> NARROW == 0])  # others are damaged
            self._add((FIRST_WIDE + wide) << GRAM_BITS, np.sort(np.concatenate(entries)), WIDE)
        begin, end = narrow.start << GRAM_BITS, narrow.stop << GRAM_BITS
        self._db.execute(f"DELETE FROM {self._table} WHERE key >= ? AND key < ?", (begin, end))

    def _take_out(self, key: int, within: int) -> None:
        """Remove one song from one row."""
        row = self._db.execute(f"SELECT CAST(songs AS BLOB) FROM {self._table} WHERE key = ?", (key,)).fetchone()
        if row is None:
            return
        songs = np.frombuffer(row[0][: len(row[0]) // 2 * 2], "<u2")
        others = songs[songs != within]
        if others.size:
            self._db.execute(f"UPDATE {self._table} SET songs = ? WHERE key = ?", (others.tobytes(), key))
        else:
            self._db.execute(f"DELETE FROM {self._table} WHERE key = ?", (key,))


def _key(gram: Integers, song: Integers | np.int64) -> Integers:
    """The key of the row, in a narrow block, that holds a song under a gram."""
    return (song >> NARROW) << GRAM_BITS | gram


def _songs_of(block: int) -> tuple[int, int]:
    """The number of a block's first song, and how many numbers the block covers."""
    if block < FIRST_WIDE:
        return block << NARROW, 1 << NARROW
    return (block - FIRST_WIDE) << WIDE, 1 << WIDE
