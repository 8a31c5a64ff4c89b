"""Which songs hold a 5-gram: rows in a database, each of one gram and one block of songs.

Rows of a block lie together. New songs come to the last block, so that adding them rewrites the pages of one small
block and no others. Blocks that no new song comes to are joined into wide ones: a search then looks up an eighth of the
rows. Log-structured indexes merge for the same reason (O'Neil et al. 1996, doi:10.1007/s002360050048).
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.ngrams import GRAM_BITS, Integers, distinct

__all__ = ["LARGEST", "NARROW", "GramRows", "Postings"]

LARGEST = (1 << 32) - 1  # number of a song
# Bits of a song's number within a block, and within a wide one, which are 16-bit numbers in a row.
NARROW, WIDE = 13, 16
# Numbers of wide blocks come after all others.
FIRST_WIDE = 1 << 24
# Grams that are joined at a time: of any texts, in about 100 MB.
STEP = 1 << 18
# Rows in narrow blocks beside a wide one, from which on they are joined into it: about those of one full block.
MANY = 1 << 18


class Postings(NamedTuple):
    """Which songs of one block hold which of a query's grams: gram after gram, each with its songs."""

    first: int  # number of the block's first song
    size: int  # numbers in the block
    which: Integers  # places of the grams in the query's
    holders: Integers  # how many songs each has
    within: NDArray[Any]  # the songs' numbers less the first, of all grams one after the other


class GramRows:
    """The rows of one table; changes belong to the caller's transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of SQLite 3.24 or newer.
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
        """Which songs hold which of the ``wanted`` grams, (g,) in ascending order; block by block.

        Rows are read as they are asked for. When another process joins blocks meanwhile, its songs may come twice.
        """
        for block in self._blocks():
            begin = block << GRAM_BITS
            listed = ",".join(map(str, (begin + wanted).tolist()))
            keys, holders, within = self._read(f"key IN ({listed})")
            if keys.size:
                yield Postings(*_songs_of(block), np.searchsorted(wanted, keys - begin), holders, within)

    def add(self, gram: Integers, song: Integers, largest: int) -> None:
        """Add songs to the rows of their grams, two (n,) arrays; a pair may come twice.

        ``largest`` is the largest number of any song: what lies far enough before it is joined.
        """
        self._add(0, distinct(_key(gram, song) << NARROW | (song & ((1 << NARROW) - 1))), NARROW)
        self._join_first(largest >> WIDE)

    def take_out(self, grams: Integers, song: int) -> None:
        """Take a song out of the rows of its grams."""
        for key in _key(grams, np.int64(song)).tolist():
            self._take_out(key, song & ((1 << NARROW) - 1))
        wide = FIRST_WIDE + (song >> WIDE)
        if self._first_block(wide) == wide:
            for gram in grams.tolist():
                self._take_out(wide << GRAM_BITS | gram, song & ((1 << WIDE) - 1))

    def clear(self) -> None:
        """Forget all songs."""
        self._db.execute(f"DELETE FROM {self._table}")

    def _blocks(self) -> Iterator[int]:
        """The blocks that have rows, in ascending order."""
        block = self._first_block(0)
        while block is not None:
            yield block
            block = self._first_block(block + 1)

    def _first_block(self, least: int) -> int | None:
        """The first block from ``least`` on that has rows."""
        (key,) = self._db.execute(
            f"SELECT min(key) FROM {self._table} WHERE key >= ?", (least << GRAM_BITS,)
        ).fetchone()
        return None if key is None else key >> GRAM_BITS

    def _read(self, where: str) -> tuple[Integers, Integers, NDArray[Any]]:
        """Keys of rows, how many songs each has, and the songs' numbers in their blocks, one row after the other."""
        select = f"SELECT key, CAST(songs AS BLOB) FROM {self._table} WHERE {where}"
        rows = [row for row in self._db.execute(select).fetchall() if len(row[1]) % 2 == 0]  # others are damaged
        keys, songs = zip(*rows, strict=True) if rows else ((), ())
        holders = np.fromiter(map(len, songs), np.int64, len(songs)) // 2
        return np.array(keys, np.int64), holders, np.frombuffer(b"".join(songs), "<u2")

    def _add(self, begin: int, entries: Integers, bits: int) -> None:
        """Append to rows what was sorted: keys less ``begin``, and behind them so many bits of a song's number."""
        keys = entries >> bits
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        within = (entries & ((1 << bits) - 1)).astype("<u2").tobytes()
        ends = np.append(begins, keys.size)[1:]
        self._db.executemany(
            # Joined blobs are text to SQLite until they are cast back; no byte changes on the way.
            f"INSERT INTO {self._table} VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET songs = CAST(songs || excluded.songs AS BLOB)",
            (
                (key, within[2 * one : 2 * next_])
                for key, one, next_ in zip((begin + keys[begins]).tolist(), begins.tolist(), ends.tolist(), strict=True)
            ),
        )

    def _join_first(self, end: int) -> None:
        """Make or complete the first wide block before ``end``; one at a time, as that takes some seconds."""
        block = self._first_block(0)
        while block is not None and (wide := block >> (WIDE - NARROW)) < end:
            # Songs that were put again stay in narrow blocks beside a wide one while they are few.
            if self._first_block(FIRST_WIDE + wide) != FIRST_WIDE + wide or self._many(wide):
                self._join(wide)
                return
            block = self._first_block((wide + 1) << (WIDE - NARROW))

    def _many(self, wide: int) -> bool:
        """Whether the narrow blocks beside a wide one have many rows."""
        begin, end = (block << GRAM_BITS + WIDE - NARROW for block in (wide, wide + 1))
        rows = f"SELECT 1 FROM {self._table} WHERE key >= ? AND key < ? LIMIT ?"
        (found,) = self._db.execute(f"SELECT count(*) FROM ({rows})", (begin, end, MANY)).fetchone()
        return int(found) == MANY

    def _join(self, wide: int) -> None:
        """Move the rows of narrow blocks into the wide one that has their songs."""
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
        """Take one song out of one row."""
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
    """The number of the row in which a new song is among those of the gram."""
    return (song >> NARROW) << GRAM_BITS | gram


def _songs_of(block: int) -> tuple[int, int]:
    """The number of a block's first song, and how many numbers it has."""
    if block < FIRST_WIDE:
        return block << NARROW, 1 << NARROW
    return (block - FIRST_WIDE) << WIDE, 1 << WIDE
