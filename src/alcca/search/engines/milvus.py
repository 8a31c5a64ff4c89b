"""Search in Milvus, a database of vectors: on a cluster of machines, or embedded in this process (Milvus Lite).

Each library and model has two collections, one per view, so vectors of different trainings are never mixed. Their names
begin with the collection name in ``--index`` and the library's id, so libraries may share a database. A row is a song:
its id (the primary key), its vector, its label and artist, by which Milvus filters, and a checksum, which shows whether
the song has changed.
"""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.search.engines.engine import Engine, Index, Letters, Numbers, Rows, Space, SparseIndex, Vectors, rows_of
from alcca.search.engines.milvus_server import MOST, PIECE, Collection, Server
from alcca.search.engines.milvus_words import MilvusWords

__all__ = ["MilvusEngine", "MilvusIndex"]

VIEWS = "audio|lyrics"


class MilvusIndex(Index):
    """Vectors in one collection of a database.

    Parameters
    ----------
    collection : Collection
    ids, stamps : (n,) arrays of int64
        Ids and checksums of its rows.
    dimension : int
    """

    few: ClassVar[int] = 1_000
    most: ClassVar[int] = MOST

    def __init__(self, collection: Collection, ids: Numbers, stamps: Numbers, dimension: int) -> None:
        self._collection, self.ids, self.stamps, self.dimension = collection, ids, stamps, dimension

    def changed(self, put: Rows, gone: Numbers) -> "MilvusIndex":
        """The index with songs added or replaced, and without those that are ``gone``."""
        ids, stamps = self._collection.merged((self.ids, self.stamps), (put.ids, put.stamps), gone)
        dimension = self.dimension
        for rows, vectors in put.chunks(PIECE):
            dimension = int(vectors.shape[1])
            self._collection.make(dimension)
            self._collection.put(put.ids[rows], put.stamps[rows], put.tags, "vector", list(vectors))
        self._collection.delete(gone)
        return MilvusIndex(self._collection, ids, stamps, dimension)

    def read(self, ids: Numbers) -> tuple[Numbers, Vectors]:
        """Read the vectors of songs; see `Index.read`."""
        known = ids[rows_of(self.ids, ids)[1]]
        found: list[tuple[int, Any]] = []
        for start in range(0, len(known), PIECE):
            piece = known[start : start + PIECE].tolist()
            rows = self._collection.ask("get", ids=piece, output_fields=["vector"])
            found += [(int(row["song"]), row["vector"]) for row in rows]
        return _in_order(found, self.dimension)

    def near(self, query: NDArray[np.float64], count: int, among: frozenset[int] | None) -> tuple[Numbers, Vectors]:
        """Find songs that are likely the nearest, by Milvus's own index."""
        hits = self._collection.search("vector", query.astype(np.float32), count, among, ["vector"], "COSINE")
        return _in_order([(int(hit["song"]), hit["entity"]["vector"]) for hit in hits], self.dimension)


class MilvusEngine(Engine):
    """A Milvus database.

    Parameters
    ----------
    text : str
        "milvus://host:port/collection", "milvus+https://host:port/collection", or "milvus:file.db".

    Raises
    ------
    UsageError
        If the text names no address.
    MissingExtraError
        If the extra ``milvus`` is not installed.
    """

    tagged: ClassVar[bool] = True

    def __init__(self, text: str) -> None:
        self._server = Server(text)

    def open(self, space: Space) -> MilvusIndex:
        """Open the collection of a space, and list its songs."""
        collection = Collection(self._server, f"{space.library}_{space.model}_{space.view}", _vector_fields)
        ids, stamps = collection.stamps()
        dimension = 0
        if len(ids):
            dimension = len(collection.ask("get", ids=ids[:1].tolist(), output_fields=["vector"])[0]["vector"])
        return MilvusIndex(collection, ids, stamps, dimension)

    def settled(self, space: Space) -> None:
        """Drop the collections of this library's earlier models."""
        earlier = re.compile(f"{re.escape(self._server.prefix)}_{space.library}_(?!{space.model}_)[0-9a-f]+_({VIEWS})")
        for name in self._server.ask("list_collections"):
            if earlier.fullmatch(name):
                self._server.ask("drop_collection", name)

    def words(self, library: str, kind: str, letters: Callable[[], Letters], before: SparseIndex | None) -> SparseIndex:
        """Return an up-to-date index of the words of a library's songs."""
        index = before if isinstance(before, MilvusWords) else MilvusWords.open(self._server, library, kind)
        return index.synchronised(letters())

    def close(self) -> None:
        """Close the connection; an embedded database is shut down."""
        self._server.close()


def _vector_fields(schema: Any, indexes: Any, dimension: int) -> None:
    from pymilvus import DataType

    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
    indexes.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")


def _in_order(found: list[tuple[int, Any]], dimension: int) -> tuple[Numbers, Vectors]:
    found.sort(key=lambda row: row[0])
    ids = np.array([song for song, _ in found], dtype=np.int64)
    return ids, np.array([vector for _, vector in found], dtype=np.float32).reshape(len(ids), dimension)
