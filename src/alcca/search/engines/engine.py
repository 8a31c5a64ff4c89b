"""Interface of the search engines, and what all of them share.

An engine holds vectors of songs, one `Index` for the audio and one for the lyrics, and finds those near to a query.
It may choose candidates approximately; their cosines are computed here, from the vectors, by one function, so all
engines return the same numbers. An engine's data are derived from the library's database: `synchronised` compares the
vectors' checksums and brings an index up to date.
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
# Extra songs requested from an approximate engine; the exact cosines then rank them.
SPARE = 30


class Space(NamedTuple):
    """The vectors that an index holds: of one library, model and view.

    Parameters
    ----------
    library : str
        An identifier of this library.
    model : str
        The model that made the vectors; another training is another space.
    folder : path
        The model's folder, in which an engine may keep files.
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
        Checksums, which change whenever a song changes.
    read : function
        Maps ascending ids to their vectors, shape (m, d), float32.
    tags : function
        Maps a song's id to its label and artist.
    asked : function
        Returns sample queries: vectors of the other view, shape (a, d).
    """

    ids: Numbers
    stamps: Numbers
    read: Callable[[Numbers], Vectors]
    tags: Callable[[int], Filter]
    asked: Callable[[], Vectors]

    def only(self, rows: NDArray[np.bool_]) -> Self:
        """Select some of the songs by a mask, shape (n,)."""
        return type(self)(self.ids[rows], self.stamps[rows], self.read, self.tags, self.asked)

    def chunks(self, size: int = CHUNK) -> Iterator[tuple[slice, Vectors]]:
        """Iterate over the songs' rows and vectors, ``size`` songs at a time."""
        for start in range(0, len(self.ids), size):
            rows = slice(start, min(start + size, len(self.ids)))
            yield rows, self.read(self.ids[rows])


class Index(ABC):
    """Searchable vectors of songs. Immutable and thread-safe.

    `changed` returns another index. (A database that several servers share has one state; an index never returns
    songs that another server put into it.)

    Attributes
    ----------
    ids, stamps : (n,) arrays of int64
        The ids, ascending, and checksums of its songs.
    dimension : int
        Dimension of the vectors; 0 without songs.
    """

    ids: Numbers
    stamps: Numbers
    dimension: int
    # Up to ``few`` songs that pass a filter are all compared; at most ``most`` can be requested at once.
    few: ClassVar[int] = 5_000
    most: ClassVar[int] = 1 << 20

    @abstractmethod
    def changed(self, put: Rows, gone: Numbers) -> "Index":
        """The index with songs added or replaced, and without those that are ``gone``."""

    @abstractmethod
    def read(self, ids: Numbers) -> tuple[Numbers, Vectors]:
        """Read the vectors of songs, given by ascending ids.

        Returns
        -------
        (ids, vectors)
            Shapes (m,) and (m, d); songs that are not in the index are left out.
        """

    @abstractmethod
    def near(self, query: NDArray[np.float64], count: int, among: frozenset[int] | None) -> tuple[Numbers, Vectors]:
        """Find about ``count`` songs that are likely the nearest to a query (d,), not zero; in any order, with vectors.

        With fewer than ``count`` results, the search compares all songs.
        """

    def search(
        self, query: NDArray[np.floating], k: int, among: frozenset[int] | None = None
    ) -> list[tuple[int, float]]:
        """Find the ``k`` songs nearest to ``query`` (d,): ids and cosines, best first; ties are ordered by id.

        ``among`` restricts the search to these ids.
        """
        allowed = self.ids if among is None else self.ids[inside(self.ids, among)]
        vector: NDArray[np.float64] = np.asarray(query, dtype=np.float64)
        wanted = min(k, len(allowed))
        if wanted < 1 or not vector.any():  # all songs are equally near to the zero vector
            return [(number, 0.0) for number in allowed[:wanted].tolist()]
        count = wanted + SPARE
        while count < min(len(allowed), self.most) and (among is None or len(allowed) > self.few):
            ids, vectors = self.near(vector, count, among)
            known = rows_of(allowed, ids)[1]
            found = _best(vector, ids[known], vectors[known], count)
            if len(found) < wanted:
                break
            if found[-1][1] < found[wanted - 1][1]:
                return found[:wanted]
            count *= 4  # more songs are equally near, perhaps with lower ids
        return self._compared(vector, allowed, wanted)

    def cosines(self, query: NDArray[np.floating], ids: Numbers) -> NDArray[np.float64]:
        """The cosine of a query (d,) and each of some songs, (m,); NaN for songs that are not in the index."""
        order = np.argsort(ids, kind="stable")
        found, vectors = self.read(ids[order])
        scores = np.full(len(ids), np.nan)
        if len(found):
            scores[order[np.isin(ids[order], found)]] = cosines(np.asarray(query, dtype=np.float64), vectors)
        return scores

    def _compared(self, query: NDArray[np.float64], ids: Numbers, k: int) -> list[tuple[int, float]]:
        best: list[tuple[int, float]] = []
        for start in range(0, len(ids), CHUNK):
            best += _best(query, *self.read(ids[start : start + CHUNK]), k)
            best = sorted(best, key=lambda scored: (-scored[1], scored[0]))[:k]
        return best


@dataclass(frozen=True)
class Letters:
    """Songs with their folded letters, which are read when they are needed.

    Parameters
    ----------
    ids, stamps, tags
        As in `Rows`.
    read : function
        Maps a song's id to its folded letters.
    """

    ids: Numbers
    stamps: Numbers
    read: Callable[[int], str]
    tags: Callable[[int], Filter]


class SparseIndex(Protocol):
    """Finds songs that may contain a passage: `alcca.store.ngram_index.NgramIndex`, or an engine's own index."""

    def search(self, letters: str, k: int = 50, among: frozenset[int] | None = None) -> list[int]:
        """Find the songs that share most n-grams with a passage; see `NgramIndex.search`."""


class Engine(ABC):
    """Searches the vectors of songs.

    Attributes
    ----------
    tagged : bool
        Whether it stores labels and artists, so that a song is written again when they change.
    """

    tagged: ClassVar[bool] = False

    @abstractmethod
    def open(self, space: Space) -> Index:
        """Open its index of a space; empty if it has stored nothing."""

    def settled(self, space: Space) -> None:  # noqa: B027 - most have nothing to do
        """Delete what was stored for earlier models; called when the indexes of a space's model are up to date."""

    def words(
        self, library: str, kind: str, letters: Callable[[], Letters], before: SparseIndex | None
    ) -> SparseIndex | None:
        """Return an up-to-date index of a library's words, "lyrics" or "heard"; None to use the library's own index.

        ``letters`` returns its whole content; ``before`` is the result of an earlier call.
        """
        return None

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """Close files and connections."""


def synchronised(index: Index, rows: Rows, *, tagged: bool = False) -> Index:
    """Bring an index up to date with these songs; only new and changed songs are written.

    Parameters
    ----------
    index : Index
    rows : Rows
        All songs.
    tagged : bool
        Whether a changed label or artist counts as a change.
    """
    if tagged:
        rows = Rows(rows.ids, with_tags(rows.ids, rows.stamps, rows.tags), rows.read, rows.tags, rows.asked)
    fresh, gone = difference((index.ids, index.stamps), (rows.ids, rows.stamps))
    return index.changed(rows.only(fresh), gone) if fresh.any() or len(gone) else index


def with_tags(ids: Numbers, stamps: Numbers, tags: Callable[[int], Filter]) -> Numbers:
    """Extend stamps so that they also change with the songs' labels and artists."""
    tagged = (
        zlib.crc32(repr(tuple(tags(song))).encode("utf-8", "surrogatepass"), stamp)
        for song, stamp in zip(ids.tolist(), stamps.tolist(), strict=True)
    )
    return np.fromiter(tagged, np.int64, len(ids))


def difference(kept: tuple[Numbers, Numbers], wanted: tuple[Numbers, Numbers]) -> tuple[NDArray[np.bool_], Numbers]:
    """Compare kept and wanted ids and stamps: a mask of the wanted that are new or changed, and the ids to remove."""
    (ids, stamps), (other, new) = kept, wanted
    at, there = rows_of(ids, other)
    fresh = ~there
    fresh[there] = stamps[at] != new[there]
    return fresh, ids[~rows_of(other, ids)[1]]


def inside(ids: Numbers, among: frozenset[int]) -> NDArray[np.bool_]:
    """A mask of the ids that are in ``among``."""
    return np.isin(ids, np.fromiter(among, np.int64, len(among)))


def rows_of(ids: Numbers, wanted: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Positions of wanted ids in ascending ids, for those that are there; and a mask of these."""
    if not len(ids):
        return np.empty(0, np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    there: NDArray[np.bool_] = ids[at] == wanted
    return at[there], there


def _best(query: NDArray[np.float64], ids: Numbers, vectors: Vectors, k: int) -> list[tuple[int, float]]:
    """The nearest songs, with their cosines."""
    if not len(ids):
        return []
    scores = cosines(query, vectors)
    order = np.lexsort((ids, -scores))[:k]
    return list(zip(ids[order].tolist(), scores[order].tolist(), strict=True))
