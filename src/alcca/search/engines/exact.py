"""Exact search: a query is compared with every song.

A search is one matrix product, 13 ms for a million songs; the vectors are in memory.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.retrieval.ranking import row_norms, top_k
from alcca.search.engines.engine import Engine, Index, Numbers, Rows, Space, inside, rows_of

__all__ = ["ExactEngine", "ExactIndex"]


class ExactIndex(Index):
    """Exact cosine search over vectors (n, d) of songs with the given ids, which ascend.

    Examples
    --------
    >>> import numpy as np
    >>> index = ExactIndex([7, 8], np.eye(2, dtype=np.float32))
    >>> index.search(np.array([0.0, 2.0]), k=1)
    [(8, 1.0)]
    """

    def __init__(self, ids: Any, vectors: NDArray[np.floating], stamps: Any = None) -> None:
        self.ids = np.asarray(ids, dtype=np.int64)
        self.stamps = np.zeros(len(self.ids), np.int64) if stamps is None else np.asarray(stamps, dtype=np.int64)
        self._vectors: NDArray[Any] = vectors
        self._norms = row_norms(vectors).astype(vectors.dtype) if len(vectors) else np.empty(0)
        self.dimension = int(vectors.shape[1])

    @classmethod
    def empty(cls) -> "ExactIndex":
        """An index without songs."""
        return cls([], np.empty((0, 0), np.float32))

    def changed(self, put: Rows, gone: Numbers) -> "ExactIndex":
        """The index with songs added or replaced, and without those that are ``gone``."""
        stays = ~(rows_of(gone, self.ids)[1] | rows_of(put.ids, self.ids)[1])
        ids = np.concatenate([self.ids[stays], put.ids])
        order = np.argsort(ids, kind="stable")
        place = np.empty(len(ids), np.int64)
        place[order] = np.arange(len(ids))
        kept = int(stays.sum())
        vectors = np.empty((len(ids), self.dimension), np.float32)
        for rows, chunk in put.chunks():
            if vectors.shape[1] != chunk.shape[1]:  # the index was empty
                vectors = np.empty((len(ids), chunk.shape[1]), np.float32)
            vectors[place[kept + rows.start : kept + rows.stop]] = chunk
        if kept:
            vectors[place[:kept]] = self._vectors[stays]
        return ExactIndex(ids[order], vectors, np.concatenate([self.stamps[stays], put.stamps])[order])

    def read(self, ids: Numbers) -> tuple[Numbers, NDArray[Any]]:
        """Read the vectors of songs; see `Index.read`."""
        rows, there = rows_of(self.ids, ids)
        return ids[there], self._vectors[rows]

    def near(self, query: NDArray[np.float64], count: int, among: frozenset[int] | None) -> tuple[Numbers, Any]:
        """Find the nearest songs."""
        found = np.array(sorted(number for number, _ in self.search(query, count, among)), dtype=np.int64)
        return self.read(found)

    def search(
        self, query: NDArray[np.floating], k: int, among: frozenset[int] | None = None
    ) -> list[tuple[int, float]]:
        """Find the ``k`` nearest songs; see `Index.search`."""
        ids, vectors, norms = self.ids, self._vectors, self._norms
        if among is not None:
            chosen = inside(ids, among)
            ids, vectors, norms = ids[chosen], vectors[chosen], norms[chosen]
        if not len(ids) or k < 1:
            return []
        scores, rows = top_k(np.asarray(query)[None, :], vectors, min(k, len(ids)), norms=norms)
        return [(int(ids[row]), float(score)) for score, row in zip(scores[0], rows[0], strict=True)]


class ExactEngine(Engine):
    """Vectors in memory, read from the library's database whenever a library is opened."""

    def open(self, space: Space) -> ExactIndex:
        """Return an empty index: nothing is stored."""
        return ExactIndex.empty()
