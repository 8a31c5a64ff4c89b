"""What an engine of the search must do, and what is the same for all of them.

An engine holds vectors of songs, one `Index` for the audio and one for the lyrics, and finds those near to a query.
It may be approximate in which songs it looks at; their cosines are computed here, from the vectors, by one function,
so that all engines tell the same numbers. What an engine keeps is derived: the library's database is the truth, and
`synchronised` brings an index up to it by the vectors' checksums.
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from alcca.retrieval.ranking import cosines
from alcca.search.filters import Filter

__all__ = [
    "CHUNK",
    "Engine",
    "Index",
    "Letters",
    "Numbers",
    "Rows",
    "Space",
    "SparseIndex",
    "Vectors",
    "difference",
    "inside",
    "rows_of",
    "synchronised",
    "with_tags",
]

Numbers = NDArray[np.int64]
Vectors = NDArray[np.float32]

# Vectors that are read, sent or compared at a time: 20 MB of 80 dimensions.
CHUNK = 65_536
# An approximate engine is asked for so many songs more than are wanted, which the exact cosines then put in order.
SPARE = 30


class Space(NamedTuple):
    """Which vectors an index is of.

    Parameters
    ----------
    library : str
        What tells this library from all others.
    model : str
        The model that made the vectors; another training is another space.
    folder : path
        The model's, in which an engine may keep files.
    view : str
        "audio" or "lyrics".
    """

    library: str
    model: str
    folder: Path
    view: str


@dataclass(frozen=True)
class Rows:
    """Songs with their vectors, which are read when they are needed.

    Parameters
    ----------
    ids : (n,) array of int64
        Ascending.
    stamps : (n,) array of int64
        Another number whenever something of a song has changed.
    read : function
        From ids, ascending, to their vectors, shape (m, d), float32.
    tags : function
        From a song's id to its label and artist.
    asked : function
        Vectors, shape (a, d), like those that these will be searched by: of the other view, a sample.
    """

    ids: Numbers
    stamps: Numbers
    read: Callable[[Numbers], Vectors]
    tags: Callable[[int], Filter]
    asked: Callable[[], Vectors]

    def only(self, rows: NDArray[np.bool_]) -> Self:
        """Some of the songs."""
        return type(self)(self.ids[rows], self.stamps[rows], self.read, self.tags, self.asked)

    def chunks(self, size: int = CHUNK) -> Iterator[tuple[slice, Vectors]]:
        """Which songs, and their vectors, so many at a time."""
        for start in range(0, len(self.ids), size):
            rows = slice(start, min(start + size, len(self.ids)))
            yield rows, self.read(self.ids[rows])


class Index(ABC):
    """Vectors of songs, to be searched; any number of threads may ask it.

    It never changes: `changed` gives another. (A database that several servers share has one state; what they put
    into it is not named by an index that does not know it.)

    Attributes
    ----------
    ids, stamps : (n,) arrays of int64
        Of the songs in it, in ascending order of ids.
    dimension : int
        Of their vectors; 0 while there are none.
    """

    ids: Numbers
    stamps: Numbers
    dimension: int
    # From how few songs on all of those that are allowed are compared, and how many can be asked for at once.
    few: ClassVar[int] = 5_000
    most: ClassVar[int] = 1 << 20

    @abstractmethod
    def changed(self, put: Rows, gone: Numbers) -> "Index":
        """The index with songs added or replaced, and without those that are ``gone``."""

    @abstractmethod
    def read(self, ids: Numbers) -> tuple[Numbers, Vectors]:
        """Vectors, shape (m, d), of songs, given by ascending ids; and of which: those not there are left out."""

    @abstractmethod
    def near(self, query: NDArray[np.float64], count: int, among: frozenset[int] | None) -> tuple[Numbers, Vectors]:
        """About ``count`` songs that are likely the nearest to a query (d,), not zero, in any order; their vectors.

        Fewer than ``count`` mean that no more could be found; then all are compared.
        """

    def search(
        self, query: NDArray[np.floating], k: int, among: frozenset[int] | None = None
    ) -> list[tuple[int, float]]:
        """Ids and cosines of the ``k`` songs nearest to ``query`` (d,), best first; of equal ones the lower id first.

        ``among`` restricts the answer to these ids.
        """
        allowed = self.ids if among is None else self.ids[inside(self.ids, among)]
        asked: NDArray[np.float64] = np.asarray(query, dtype=np.float64)
        wanted = min(k, len(allowed))
        if wanted < 1 or not asked.any():  # everything is equally near to nothing
            return [(number, 0.0) for number in allowed[:wanted].tolist()]
        count = wanted + SPARE
        while count < min(len(allowed), self.most) and (among is None or len(allowed) > self.few):
            ids, vectors = self.near(asked, count, among)
            known = rows_of(allowed, ids)[1]
            found = _best(asked, ids[known], vectors[known], count)
            if len(found) < wanted:
                break
            if found[-1][1] < found[wanted - 1][1]:
                return found[:wanted]
            count *= 4  # as many are equally near: those with the lowest ids are yet to be found
        return self._compared(asked, allowed, wanted)

    def cosines(self, query: NDArray[np.floating], ids: Numbers) -> NDArray[np.float64]:
        """The cosine of a query (d,) with each of some songs, (m,); NaN with those that are not there."""
        order = np.argsort(ids, kind="stable")
        found, vectors = self.read(ids[order])
        told = np.full(len(ids), np.nan)
        if len(found):
            told[order[np.isin(ids[order], found)]] = cosines(np.asarray(query, dtype=np.float64), vectors)
        return told

    def _compared(self, query: NDArray[np.float64], ids: Numbers, k: int) -> list[tuple[int, float]]:
        best: list[tuple[int, float]] = []
        for start in range(0, len(ids), CHUNK):
            best += _best(query, *self.read(ids[start : start + CHUNK]), k)
            best = sorted(best, key=lambda one: (-one[1], one[0]))[:k]
        return best


@dataclass(frozen=True)
class Letters:
    """Songs with the letters by which they are found, which are read when they are needed.

    Parameters
    ----------
    ids, stamps, tags
        As of `Rows`.
    read : function
        From a song's id to its folded letters.
    """

    ids: Numbers
    stamps: Numbers
    read: Callable[[int], str]
    tags: Callable[[int], Filter]


class SparseIndex(Protocol):
    """What names the songs that may hold a passage: `alcca.store.ngram_index.NgramIndex`, or an engine's own."""

    def search(self, letters: str, k: int = 50, among: frozenset[int] | None = None) -> list[int]:
        """The songs that share most with a passage; see `NgramIndex.search`."""


class Engine(ABC):
    """Where the songs' vectors are searched.

    Attributes
    ----------
    tagged : bool
        It keeps labels and artists, so a song of which they change is put again.
    """

    tagged: ClassVar[bool] = False

    @abstractmethod
    def open(self, space: Space) -> Index:
        """What it keeps of a space; empty where that is nothing."""

    def settled(self, space: Space) -> None:  # noqa: B027 - most have nothing to do
        """The indexes of a space's model are up to date: what was kept for earlier models may go."""

    def words(
        self, library: str, kind: str, letters: Callable[[], Letters], before: SparseIndex | None
    ) -> SparseIndex | None:
        """An index of a library's words, "lyrics" or "heard", up to date; None where the library's own is to be used.

        ``letters`` are all that shall be in it; ``before`` is what an earlier call gave.
        """
        return None

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """Let go of what it holds open."""


def synchronised(index: Index, rows: Rows, *, tagged: bool = False) -> Index:
    """An index that holds just these songs; it is given those alone that are new or have changed.

    Parameters
    ----------
    index : Index
    rows : Rows
        All songs.
    tagged : bool
        A changed label or artist is a change as well.
    """
    if tagged:
        rows = Rows(rows.ids, with_tags(rows.ids, rows.stamps, rows.tags), rows.read, rows.tags, rows.asked)
    fresh, gone = difference((index.ids, index.stamps), (rows.ids, rows.stamps))
    return index.changed(rows.only(fresh), gone) if fresh.any() or len(gone) else index


def with_tags(ids: Numbers, stamps: Numbers, tags: Callable[[int], Filter]) -> Numbers:
    """Stamps that change with the songs' labels and artists too."""
    told = (
        zlib.crc32(repr(tuple(tags(song))).encode("utf-8", "surrogatepass"), stamp)
        for song, stamp in zip(ids.tolist(), stamps.tolist(), strict=True)
    )
    return np.fromiter(told, np.int64, len(ids))


def difference(kept: tuple[Numbers, Numbers], wanted: tuple[Numbers, Numbers]) -> tuple[NDArray[np.bool_], Numbers]:
    """Of ids and stamps that are kept and wanted: which of the wanted are new or other, and which ids are to go."""
    (ids, stamps), (other, new) = kept, wanted
    at, there = rows_of(ids, other)
    fresh = ~there
    fresh[there] = stamps[at] != new[there]
    return fresh, ids[~rows_of(other, ids)[1]]


def inside(ids: Numbers, among: frozenset[int]) -> NDArray[np.bool_]:
    """Which of the ids are among others."""
    return np.isin(ids, np.fromiter(among, np.int64, len(among)))


def rows_of(ids: Numbers, wanted: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Where wanted ids are among ids, which ascend; and which of them are there at all."""
    if not len(ids):
        return np.empty(0, np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    there: NDArray[np.bool_] = ids[at] == wanted
    return at[there], there


def _best(query: NDArray[np.float64], ids: Numbers, vectors: Vectors, k: int) -> list[tuple[int, float]]:
    """The nearest of some songs, and their cosines."""
    if not len(ids):
        return []
    told = cosines(query, vectors)
    order = np.lexsort((ids, -told))[:k]
    return list(zip(ids[order].tolist(), told[order].tolist(), strict=True))
