"""Which songs are worth aligning with a passage: an index of letter 5-grams that lives in the library's database.

Aligning a passage with every song takes a second per hundred thousand songs. BLAST (Altschul et al. 1990,
doi:10.1016/S0022-2836(05)80360-2) looks for short words in common first, and aligns only where it finds some.
So does this index: each 5-gram of letters keeps the songs that hold it; a passage's 5-grams vote for their songs,
rare ones with more weight; the songs with the most votes are the candidates.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np

from alcca.errors import UsageError
from alcca.matching.grams import GRAM_BITS, Integers, distinct, grams_of, occurrences, wanted_grams

__all__ = ["KINDS", "Candidates"]

KINDS = ("lyrics", "heard")
# A row holds the songs of one gram within one block of numbers, and rows of a block lie together, so that adding
# songs rewrites one block's pages only. Smaller blocks take a search more look-ups.
LOW, LARGEST = 13, (1 << 32) - 1  # bits of a song's number within its block; the largest number
WITHIN = (1 << LOW) - 1
FRESH = 256  # songs that a search reads letter by letter; sorting them into the rows one by one costs ten times more
BULK = 1024  # songs sorted in memory at once, in about 150 MB


_TABLES = """
CREATE TABLE IF NOT EXISTS candidates_{kind}_letters (song INTEGER PRIMARY KEY, letters BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS candidates_{kind}_fresh (song INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS candidates_{kind}_grams (key INTEGER PRIMARY KEY, songs BLOB NOT NULL);
"""


class Candidates:
    """The songs that may hold a passage, found by the letters that they share with it.

    All state is in the database: what one process commits, all others find. Changes are part of the caller's
    transaction and come and go with it; without one, each call is a transaction of its own. A search inside a
    transaction sees one state throughout; outside, it may or may not find a song that is put meanwhile.

    A song that is put is *fresh* at first: its letters are kept, and a search reads them. When more than 256 are
    fresh, their grams are sorted into the rows that a search looks up. A flipped bit in a row costs a song a vote,
    or gives it one; the alignment that follows decides.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a database that has `TABLES`, of SQLite 3.24 or newer.
    kind : {"lyrics", "heard"}
        What is indexed: the songs' lyrics, or what was heard in their recordings.

    Raises
    ------
    UsageError
        ``kind`` is neither.

    Examples
    --------
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.executescript(Candidates.TABLES)
    >>> index = Candidates(connection, "lyrics")
    >>> index.put_all([(1, "hellodarknessmyoldfriend"), (2, "yesterdayallmytroubles"), (3, "darkisthenight")])
    >>> index.search("hellodagnesmyoldfrend", k=2)
    [1]
    >>> index.remove(1)
    >>> list(index.songs()), index.letters(3)
    ([2, 3], 'darkisthenight')
    """

    TABLES: ClassVar[str] = "".join(_TABLES.format(kind=kind) for kind in KINDS)

    def __init__(self, connection: sqlite3.Connection, kind: str) -> None:
        if kind not in KINDS:
            raise UsageError(f"kind={kind!r}: there is an index of {' and one of '.join(KINDS)}; name one of them")
        self._db = connection
        self._letters, self._fresh, self._grams = (
            f"candidates_{kind}_{table}" for table in ("letters", "fresh", "grams")
        )

    def put(self, song: int, letters: str) -> None:
        """Index a song by its folded letters, instead of those that it had.

        Parameters
        ----------
        song : int
            Its number, from 0 to 2³² − 1; small numbers without large gaps make the smallest index.
        letters : str
            a–z and 0–9; may be empty. Any other character belongs to no gram.

        Raises
        ------
        UsageError
            The number is out of range.
        """
        self.put_all([(song, letters)])

    def put_all(self, songs: Iterable[tuple[int, str]]) -> None:
        """Index many songs, about three times as fast as one by one; of two with one number the last is kept.

        Parameters
        ----------
        songs : iterable of (int, str)
            Numbers and folded letters, as in `put`.

        Raises
        ------
        UsageError
            A number is out of range; then none of these songs is put.
        """
        with self._together():
            remaining = iter(songs)
            while bulk := dict(itertools.islice(remaining, BULK)):
                self._put(bulk)

    def remove(self, song: int) -> None:
        """Forget a song; one that is not there is no error."""
        with self._together():
            self._remove(song)

    def clear(self) -> None:
        """Forget all songs."""
        with self._together():
            for table in (self._letters, self._fresh, self._grams):
                self._db.execute(f"DELETE FROM {table}")

    def songs(self) -> Iterator[int]:
        """The numbers of all songs that are indexed, in ascending order."""
        yield from (song for (song,) in self._db.execute(f"SELECT song FROM {self._letters} ORDER BY song").fetchall())

    def letters(self, song: int) -> str | None:
        """The folded letters by which a song is indexed; None where it is not."""
        row = self._letters_of(song)
        return None if row is None else row.decode("ascii", "replace")

    def search(self, letters: str, k: int = 50, among: frozenset[int] | None = None) -> list[int]:
        """The songs that share most with a passage.

        Parameters
        ----------
        letters : str
            The folded passage: what was heard, or a remembered line. From three letters on.
        k : int
            How many songs at most. Where there are no more than ``k`` to choose from, all are returned.
        among : frozenset of int, optional
            Look at these songs only.

        Returns
        -------
        list of int
            The songs' numbers, that with the most votes first, lower numbers first among equals; empty for a
            query of fewer than three letters.

        Notes
        -----
        Each distinct 5-gram of the query that ``d`` songs hold votes for them with weight log₂(1 + M/d), M the
        largest number of a song. A query of three or four letters votes for every gram that begins with it.
        """
        wanted = wanted_grams(letters)
        if k < 1 or not wanted.size:
            return []
        # Fresh songs first: those that another process sorts in meanwhile are then seen twice, not missed.
        (fresh_gram, fresh_song), (sorted_gram, sorted_song) = self._fresh_votes(wanted), self._votes(wanted)
        gram, song = np.concatenate([fresh_gram, sorted_gram]), np.concatenate([fresh_song, sorted_song])
        candidates = list(itertools.islice(self._ranked(gram, song, k, among), k))
        if len(candidates) < k:
            candidates += [few for few in self._few(k, among) if few not in candidates]
        return candidates

    def _fresh_votes(self, wanted: Integers) -> tuple[Integers, Integers]:
        """Which of the wanted grams occur in which fresh songs, once each: two arrays of one length."""
        rows = self._fresh_rows()
        gram, row = grams_of([letters for _, letters in rows])
        place, which = occurrences(gram, wanted)
        pairs = distinct(which * len(rows) + row[place])
        numbers = np.array([song for song, _ in rows], np.int64)
        return pairs // max(len(rows), 1), numbers[pairs % max(len(rows), 1)]

    def _votes(self, wanted: Integers) -> tuple[Integers, Integers]:
        """The same for the songs whose grams are sorted in."""
        keys, rows = [], []
        for block in self._blocks():
            listed = ",".join(map(str, (block << GRAM_BITS | wanted).tolist()))
            select = f"SELECT key, CAST(songs AS BLOB) FROM {self._grams} WHERE key IN ({listed})"
            for key, row in self._db.execute(select):
                if len(row) % 2 == 0:  # else it is damaged
                    keys.append(key)
                    rows.append(row)
        sizes = np.array([len(row) // 2 for row in rows], np.int64)
        within = np.frombuffer(b"".join(rows), "<u2").astype(np.int64)
        key = np.array(keys, np.int64)
        which = np.searchsorted(wanted, key & ((1 << GRAM_BITS) - 1))
        return np.repeat(which, sizes), np.repeat(key >> GRAM_BITS << LOW, sizes) | within

    def _blocks(self) -> Iterator[int]:
        """The blocks that have rows."""
        select, block = f"SELECT min(key) FROM {self._grams} WHERE key >= ?", -1
        while (key := self._db.execute(select, ((block + 1) << GRAM_BITS,)).fetchone()[0]) is not None:
            block = key >> GRAM_BITS
            yield block

    def _ranked(self, gram: Integers, song: Integers, k: int, among: frozenset[int] | None) -> Iterator[int]:
        """The songs that have votes and are still there, best first; about twice ``k`` of them."""
        if not song.size:
            return
        (largest,) = self._db.execute(f"SELECT max(song) FROM {self._letters}").fetchone()
        # Whole numbers, so that equal votes stay equal in whatever order they are added.
        weights = np.rint(64 * np.log2(1 + (1 + (largest or 0)) / np.maximum(np.bincount(gram), 1)))
        numbers, place = _numbered(song)
        votes = np.bincount(place, weights[gram], minlength=numbers.size)
        chosen = votes > 0
        if among is not None:
            chosen &= np.isin(numbers, np.fromiter(among, np.int64, len(among)))
        numbers, votes = numbers[chosen], votes[chosen]
        enough = 2 * k  # a damaged row may name songs that are not there
        if numbers.size > enough:
            best = votes >= np.partition(votes, -enough)[-enough]
            numbers, votes = numbers[best], votes[best]
        for number in numbers[np.argsort(-votes, kind="stable")].tolist():
            if self._letters_of(number) is not None:
                yield number

    def _few(self, k: int, among: frozenset[int] | None) -> list[int]:
        """All songs that can be chosen, when they are at most ``k``; else none."""
        if among is None:
            few = [song for (song,) in self._db.execute(f"SELECT song FROM {self._letters} LIMIT ?", (k + 1,))]
        else:
            few = list(itertools.islice((song for song in sorted(among) if self._letters_of(song) is not None), k + 1))
        return few if len(few) <= k else []

    def _put(self, songs: dict[int, str]) -> None:
        """Keep letters of songs, in the caller's transaction, and sort them in when many are fresh."""
        for song, letters in songs.items():
            if not 0 <= song <= LARGEST:
                raise UsageError(f"song {song}: expected a number from 0 to {LARGEST}; number the songs anew")
            new, old = letters.encode("ascii", "replace"), self._letters_of(song)
            if new == old:
                continue
            if old is not None:
                self._remove(song)
            self._db.execute(f"INSERT INTO {self._letters} VALUES (?, ?)", (song, new))
            self._db.execute(f"INSERT INTO {self._fresh} VALUES (?)", (song,))
        (fresh,) = self._db.execute(f"SELECT count(*) FROM {self._fresh}").fetchone()
        if fresh > FRESH:
            self._sort_in()

    def _sort_in(self) -> None:
        """Add the fresh songs to the rows of their grams."""
        rows = self._fresh_rows()
        gram, row = grams_of([letters for _, letters in rows])
        song = np.array([song for song, _ in rows], np.int64)[row]
        entries = distinct(_key(gram, song) << LOW | (song & WITHIN))
        keys = entries >> LOW
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        within = (entries & WITHIN).astype("<u2").tobytes()
        ends = np.append(begins, keys.size)[1:]
        self._db.executemany(
            # Joined blobs are text to SQLite until they are cast back; no byte changes on the way.
            f"INSERT INTO {self._grams} VALUES (?, ?) "
            "ON CONFLICT (key) DO UPDATE SET songs = CAST(songs || excluded.songs AS BLOB)",
            (
                (key, within[2 * begin : 2 * end])
                for key, begin, end in zip(keys[begins].tolist(), begins.tolist(), ends.tolist(), strict=True)
            ),
        )
        self._db.execute(f"DELETE FROM {self._fresh}")

    def _remove(self, song: int) -> None:
        """Forget a song, in the caller's transaction."""
        letters = self._letters_of(song)
        if letters is None:
            return
        if not self._db.execute(f"DELETE FROM {self._fresh} WHERE song = ?", (song,)).rowcount:
            for key in _key(distinct(grams_of([letters])[0]), np.int64(song)).tolist():
                self._take_out(key, song & WITHIN)
        self._db.execute(f"DELETE FROM {self._letters} WHERE song = ?", (song,))

    def _take_out(self, key: int, within: int) -> None:
        """Take one song out of one row."""
        row = self._db.execute(f"SELECT CAST(songs AS BLOB) FROM {self._grams} WHERE key = ?", (key,)).fetchone()
        songs = np.frombuffer(row[0][: len(row[0]) // 2 * 2], "<u2") if row else np.zeros(0, "<u2")
        others = songs[songs != within]
        if others.size:
            self._db.execute(f"UPDATE {self._grams} SET songs = ? WHERE key = ?", (others.tobytes(), key))
        else:
            self._db.execute(f"DELETE FROM {self._grams} WHERE key = ?", (key,))

    def _letters_of(self, song: int) -> bytes | None:
        select = f"SELECT CAST(letters AS BLOB) FROM {self._letters} WHERE song = ?"
        row = self._db.execute(select, (song,)).fetchone()
        return None if row is None else bytes(row[0])

    def _fresh_rows(self) -> list[tuple[int, bytes]]:
        select = f"SELECT song, CAST(letters AS BLOB) FROM {self._fresh} JOIN {self._letters} USING (song)"
        return self._db.execute(select).fetchall()

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """Do everything inside, or nothing of it, also where the caller has no transaction."""
        self._db.execute("SAVEPOINT candidates")
        try:
            yield
        except BaseException:
            # When the disk is full, SQLite has already rolled back everything, this point too.
            with contextlib.suppress(sqlite3.OperationalError):
                self._db.execute("ROLLBACK TO candidates")
                self._db.execute("RELEASE candidates")
            raise
        self._db.execute("RELEASE candidates")


def _key(gram: Integers, song: Integers | np.int64) -> Integers:
    """The number of the row in which the song is among those of the gram."""
    return (song >> LOW) << GRAM_BITS | gram


def _numbered(song: Integers) -> tuple[Integers, Integers]:
    """The numbers of all songs in the blocks that occur, in ascending order, and the place of each song there."""
    block = song >> LOW
    occurs = np.zeros(int(block.max()) + 1, bool)
    occurs[block] = True
    numbers = (np.flatnonzero(occurs)[:, np.newaxis] << LOW) + np.arange(1 << LOW)
    return numbers.ravel(), ((np.cumsum(occurs) - 1)[block] << LOW) | (song & WITHIN)
