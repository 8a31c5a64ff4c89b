"""An index of letter 5-grams in the library's database, which selects the songs to align with a passage.

Aligning a passage with every song takes a second per hundred thousand songs. BLAST (Altschul et al. 1990,
doi:10.1016/S0022-2836(05)80360-2) first looks for short words in common, and aligns only where it finds some.
This index does the same: it maps each 5-gram of letters to the songs that contain it; a passage's 5-grams vote for
their songs, rare ones with more weight; the songs with the most votes are the candidates.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.matching.ngrams import Integers, distinct, grams_of, occurrences, wanted_grams
from alcca.store.ngram_digest import PairsDigest
from alcca.store.ngram_postings import LARGEST, NARROW, GramRows, Postings
from alcca.store.time_limit import time_limit

__all__ = ["HEARD", "KINDS", "LYRICS", "NgramIndex"]

LYRICS, HEARD = KINDS = ("lyrics", "heard")
FRESH = 256  # songs whose letters a search scans; sorting songs into the rows one by one costs ten times more
BULK = 1024  # songs sorted in memory at once, in about 150 MB


_TABLES = """
CREATE TABLE IF NOT EXISTS candidates_{kind}_letters (song INTEGER PRIMARY KEY, letters BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS candidates_{kind}_fresh (song INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS candidates_{kind}_grams (key INTEGER PRIMARY KEY, songs BLOB NOT NULL);
"""


class NgramIndex:
    """An index of songs by letter 5-grams, which finds the songs that may contain a passage.

    All state is in the database, so all processes see what one commits. Changes are part of the caller's transaction;
    without one, each call is a transaction of its own. A search inside a transaction sees one state throughout;
    outside, it may miss a song that is put meanwhile.

    A song that is put is *fresh* at first: its letters are stored, and a search scans them. Once more than 256 songs
    are fresh, their grams are sorted into the rows that a search looks up. A flipped bit in a row adds or removes one
    vote of a song; the alignment that follows decides.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a database that has `TABLES`; SQLite 3.24 or newer.
    kind : {"lyrics", "heard"}
        Whether the index holds the songs' lyrics or the transcripts of their recordings.

    Raises
    ------
    UsageError
        ``kind`` is unknown.

    Examples
    --------
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.executescript(NgramIndex.TABLES)
    >>> index = NgramIndex(connection, "lyrics")
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
            raise UsageError(f"kind={kind!r}: unknown index; expected {' or '.join(map(repr, KINDS))}")
        self._db = connection
        self._letters, self._fresh = (f"candidates_{kind}_{table}" for table in ("letters", "fresh"))
        self._rows = GramRows(connection, f"candidates_{kind}_grams")

    def put(self, song: int, letters: str) -> None:
        """Index a song by its folded letters, replacing its earlier ones.

        Parameters
        ----------
        song : int
            Its number, from 0 to 2³² − 1; small numbers without large gaps make the smallest index.
        letters : str
            a–z and 0–9; may be empty. A gram with any other character is ignored.

        Raises
        ------
        UsageError
            The number is out of range.
        """
        self.put_all([(song, letters)])

    def put_all(self, songs: Iterable[tuple[int, str]]) -> None:
        """Index many songs, about three times as fast as one by one; the last of several with one number is kept.

        Parameters
        ----------
        songs : iterable of (int, str)
            Numbers and folded letters, as in `put`.

        Raises
        ------
        UsageError
            A number is out of range; none of the songs is put.
        """
        with self._together():
            remaining = iter(songs)
            while bulk := dict(itertools.islice(remaining, BULK)):
                self._put(bulk)

    def remove(self, song: int) -> None:
        """Remove a song; does nothing if the song is not indexed."""
        with self._together():
            self._remove(song)

    def clear(self) -> None:
        """Remove all songs."""
        with self._together():
            for table in (self._letters, self._fresh):
                self._db.execute(f"DELETE FROM {table}")
            self._rows.clear()

    def songs(self) -> Iterator[int]:
        """The numbers of all indexed songs, in ascending order."""
        yield from (song for (song,) in self._db.execute(f"SELECT song FROM {self._letters} ORDER BY song").fetchall())

    def agrees_with(self, songs: Iterable[tuple[int, str]]) -> bool:
        """Whether the index holds exactly these songs, given as for `put_all`, and no row of it is damaged."""
        wanted, filed = PairsDigest(), PairsDigest()
        count = 0
        remaining = iter(songs)
        while bulk := dict(itertools.islice(remaining, BULK)):
            count += len(bulk)
            if any(self._letters_of(song) != letters.encode("ascii", "replace") for song, letters in bulk.items()):
                return False
            wanted.add_texts(bulk)
        fresh = self._fresh_rows()
        filed.add_texts({song: letters.decode("ascii", "replace") for song, letters in fresh})
        for gram, song in self._rows.pairs():
            filed.add(gram, song)
        (stored,) = self._db.execute(f"SELECT count(*) FROM {self._letters}").fetchone()
        (marked,) = self._db.execute(f"SELECT count(*) FROM {self._fresh}").fetchone()
        return wanted == filed and stored == count and marked == len(fresh)

    def letters(self, song: int) -> str | None:
        """The folded letters by which a song is indexed; None if it is not indexed."""
        row = self._letters_of(song)
        return None if row is None else row.decode("ascii", "replace")

    def search(self, letters: str, k: int = 50, among: frozenset[int] | None = None) -> list[int]:
        """Find the songs that share the most grams with a passage.

        Parameters
        ----------
        letters : str
            The folded passage, for example a transcript or a remembered line; three letters or more.
        k : int
            The maximum number of songs. If there are at most ``k`` to choose from, all are returned.
        among : frozenset of int, optional
            Search only these songs.

        Returns
        -------
        list of int
            The songs' numbers, most votes first, lower numbers first among equals; empty for a query of fewer than
            three letters.

        Raises
        ------
        UsageError
            The search takes too long; see `alcca.store.time_limit`.

        Notes
        -----
        Each distinct 5-gram of the query that occurs in ``d`` songs votes for them with weight log₂(1 + M/d), where M
        is the largest number of a song. A query of three or four letters votes with every gram that begins with it.
        """
        wanted = wanted_grams(letters)
        if k < 1 or not wanted.size:
            return []
        # Fresh songs first: if another process sorts them in meanwhile, they are seen twice and not missed.
        with time_limit(self._db):
            postings = [*self._fresh_postings(wanted), *self._rows.postings(wanted)]
        candidates = list(itertools.islice(self._ranked(postings, wanted.size, k, among), k))
        if len(candidates) < k:
            candidates += [few for few in self._few(k, among) if few not in candidates]
        return candidates

    def _fresh_postings(self, wanted: Integers) -> Iterator[Postings]:
        """Which fresh songs contain which of the wanted grams, in blocks like those of the rows."""
        rows = self._fresh_rows()
        gram, row = grams_of([letters for _, letters in rows])
        place, which = occurrences(gram, wanted)
        which, row = np.divmod(distinct(which * len(rows) + row[place]), max(len(rows), 1))
        song = np.array([song for song, _ in rows], np.int64)[row]
        block_of_song = song >> NARROW
        for block in distinct(block_of_song).tolist():
            inside, first = block_of_song == block, block << NARROW
            yield Postings(first, 1 << NARROW, which[inside], np.ones(inside.sum(), np.int64), song[inside] - first)

    def _ranked(self, postings: list[Postings], grams: int, k: int, among: frozenset[int] | None) -> Iterator[int]:
        """The indexed songs that have votes, best first; at least twice ``k`` if that many have votes."""
        holders = np.zeros(grams)
        for part in postings:
            holders += np.bincount(part.which, part.holders, grams)
        # Whole numbers, so that the sum of votes does not depend on their order.
        weights = np.rint(64 * np.log2(1 + (1 + self._largest()) / np.maximum(holders, 1)))
        # Block by block, so that the tally stays in the processor's cache.
        tallies = {(part.first, part.size): np.zeros(part.size) for part in postings}
        for part in postings:
            votes = np.bincount(part.within, np.repeat(weights[part.which], part.holders), part.size)
            tallies[part.first, part.size] += votes[: part.size]  # a damaged row may exceed the block
        chosen = None if among is None else np.sort(np.fromiter(among, np.int64, len(among)))
        best, least = [], 1.0
        for (first, _), tally in tallies.items():
            best.append(_most_votes(first, tally, 2 * k, least, chosen))
            if best[-1][1].size >= 2 * k:
                least = best[-1][1].min()
        if not best:
            return
        numbers, most = (np.concatenate(parts) for parts in zip(*best, strict=True))
        seen = set()
        for number in numbers[np.lexsort((numbers, -most))].tolist():
            if number not in seen and self._letters_of(number) is not None:
                seen.add(number)
                yield number

    def _largest(self) -> int:
        """The largest number of a song; 0 where there is none."""
        (largest,) = self._db.execute(f"SELECT max(song) FROM {self._letters}").fetchone()
        return largest or 0

    def _few(self, k: int, among: frozenset[int] | None) -> list[int]:
        """All songs that can be chosen if there are at most ``k`` of them; else none."""
        if among is None:
            few = [song for (song,) in self._db.execute(f"SELECT song FROM {self._letters} LIMIT ?", (k + 1,))]
        else:
            few = list(itertools.islice((song for song in sorted(among) if self._letters_of(song) is not None), k + 1))
        return few if len(few) <= k else []

    def _put(self, songs: dict[int, str]) -> None:
        """Store letters of songs, in the caller's transaction, and sort them in if many are fresh."""
        for song, letters in songs.items():
            if not 0 <= song <= LARGEST:
                raise UsageError(f"song {song}: expected a number from 0 to {LARGEST}; renumber the songs")
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
        self._rows.add(gram, np.array([song for song, _ in rows], np.int64)[row], self._largest())
        self._db.execute(f"DELETE FROM {self._fresh}")

    def _remove(self, song: int) -> None:
        """Remove a song, in the caller's transaction."""
        letters = self._letters_of(song)
        if letters is None:
            return
        if not self._db.execute(f"DELETE FROM {self._fresh} WHERE song = ?", (song,)).rowcount:
            self._rows.take_out(distinct(grams_of([letters])[0]), song)
        self._db.execute(f"DELETE FROM {self._letters} WHERE song = ?", (song,))

    def _letters_of(self, song: int) -> bytes | None:
        select = f"SELECT CAST(letters AS BLOB) FROM {self._letters} WHERE song = ?"
        row = self._db.execute(select, (song,)).fetchone()
        return None if row is None else bytes(row[0])

    def _fresh_rows(self) -> list[tuple[int, bytes]]:
        select = f"SELECT song, CAST(letters AS BLOB) FROM {self._fresh} JOIN {self._letters} USING (song)"
        return self._db.execute(select).fetchall()

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """Commit all changes made inside or none of them, with or without a transaction of the caller."""
        self._db.execute("SAVEPOINT candidates")
        try:
            yield
        except BaseException:
            # If the disk is full, SQLite has already rolled back everything, this savepoint included.
            with contextlib.suppress(sqlite3.OperationalError):
                self._db.execute("ROLLBACK TO candidates")
                self._db.execute("RELEASE candidates")
            raise
        self._db.execute("RELEASE candidates")


def _most_votes(
    first: int, votes: NDArray[np.float64], count: int, least: float, among: Integers | None
) -> tuple[Integers, NDArray[np.float64]]:
    """The ``count`` songs of a block with the most votes, or more if some tie; in ascending order, with their votes."""
    places = np.flatnonzero(votes >= least)
    if among is not None:
        begin, end = np.searchsorted(among, [first, first + votes.size])
        places = np.intersect1d(places, among[begin:end] - first, assume_unique=True)
    most = votes[places]
    if most.size > count:
        # Sorted in full: with many equal values, as here, `numpy.partition` takes twenty times as long.
        enough = most >= np.sort(most)[-count]
        places, most = places[enough], most[enough]
    return first + places, most
