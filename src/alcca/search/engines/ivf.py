"""An inverted file (IVF) of vectors: how it is made, and how many of its lists a query must read.

How many lists are enough depends on the vectors: where they stand in crowds a few are, where they are noise nearly all.
So it is measured: with queries of both views, of which the exact neighbours are computed, the fewest lists are taken
with which so many of the ten nearest are found.
"""

import time
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import MissingExtraError

__all__ = ["CODES", "Settings", "build", "faiss"]

# What is kept of a vector in the lists, by faiss's names: d bytes, d/2 bytes, or the whole vector, 4·d bytes.
CODES = ("sq8", "pq", "flat")
# Vectors of each list that its centre is learned from; faiss asks for 39 at least, and more gain nothing.
TRAINED_ON = 39
ROUNDS = 10
# Codes of product quantisation: two dimensions become one of 256; each learned from so many vectors.
DIMENSIONS_A_CODE, TRAINED_A_CODE = 2, 10_240
CHUNK = 65_536
# How well is measured with so many queries of each view, by the ten nearest.
ASKED, NEAREST = 200, 10
# The songs that are put in order by exact cosines: so many times as many as are asked for, when codes are coarse.
SPREADS = (1, 2, 4, 8, 16)
# Of a search of ten: what `Index.search` asks an engine for.
WANTED = 40

Vectors = NDArray[np.float32]


class Settings(NamedTuple):
    """What may be chosen of an inverted file.

    Parameters
    ----------
    codes : str
        "sq8", "pq" or "flat".
    lists : int
        How many; 0 for 4·√n.
    recall : float
        The share of the ten nearest that is to be found, in (0, 1].
    least : int
        With fewer songs all are compared.
    """

    codes: str = "sq8"
    lists: int = 0
    recall: float = 0.98
    least: int = 20_000


def faiss() -> ModuleType:
    """The package.

    Raises
    ------
    MissingExtraError
        The extra ``ann`` is not installed.
    """
    try:
        import faiss as package
    except ImportError as error:
        raise MissingExtraError("the index faiss needs faiss; install it with: pip install 'alcca[ann]'") from error
    return package


def build(vectors: Vectors, asked: Vectors, settings: Settings, file: Path) -> dict[str, Any]:
    """Make an inverted file of vectors and find out how many lists a query must read.

    Parameters
    ----------
    vectors : (n, d) array of float32
        May be mapped: some are read at a time.
    asked : (a, d) array
        Queries of the other view; may be empty.
    settings : Settings
    file : path
        Written.

    Returns
    -------
    dict
        ``songs``; ``lists``, how many there are; ``probes``, how many a query reads; ``spread``, how many times as many
        songs as usual are to be compared exactly; ``recall``, the share of the ten nearest that was found so, the worse
        of both views; ``queries`` with which this was measured; ``seconds`` it all took.
    """
    started = time.monotonic()
    number = len(vectors)
    count = min(settings.lists or int(4 * np.sqrt(number)), number)
    index = _trained(vectors, count, settings.codes)
    for start in range(0, number, CHUNK):
        index.add(_unit(vectors[start : start + CHUNK]))
    faiss().write_index(index, str(file))
    queries = [_unit(some) for some in (_drawn(vectors, ASKED), np.asarray(asked, np.float32)[:ASKED]) if len(some)]
    probes, spread, recall = _enough(index, vectors, queries, settings.recall)
    return {
        "songs": number,
        "lists": count,
        "probes": probes,
        "spread": spread,
        "recall": round(recall, 4),
        "queries": sum(map(len, queries)),
        "seconds": round(time.monotonic() - started, 1),
    }


def _trained(vectors: Vectors, count: int, codes: str) -> Any:
    """An empty inverted file whose centres and codes are learned from a sample."""
    dimension = vectors.shape[1]
    # Each code stands for as many dimensions; where they cannot be shared out evenly, for fewer.
    codes_of_all = next(m for m in range(-(-dimension // DIMENSIONS_A_CODE), dimension + 1) if dimension % m == 0)
    name = {"sq8": "SQ8", "flat": "Flat", "pq": f"PQ{codes_of_all}"}[codes]
    index = faiss().index_factory(dimension, f"IVF{count},{name}", faiss().METRIC_INNER_PRODUCT)
    learning = [index.cp]
    if codes == "pq":
        learning.append(index.pq.cp)
        index.pq.cp.max_points_per_centroid = TRAINED_A_CODE // 256
        index.do_polysemous_training = False  # codes that are compared bit by bit, which nobody does here, for minutes
    for one in learning:
        one.niter, one.min_points_per_centroid = ROUNDS, 1  # a small library is no reason to warn
    index.cp.max_points_per_centroid = TRAINED_ON
    index.train(_unit(_drawn(vectors, max(TRAINED_ON * count, 2 * TRAINED_A_CODE))))
    return index


def _enough(index: Any, vectors: Vectors, queries: list[Vectors], recall: float) -> tuple[int, int, float]:
    """The fewest lists, and the least spread, with which so much is found; and how much that is."""
    nearest = [_nearest(vectors, some) for some in queries]
    told = (1, 1, -1.0)
    for spread in SPREADS:
        probes = 1
        while True:
            found = min(
                _found(index, some, right, probes, spread) for some, right in zip(queries, nearest, strict=True)
            )
            if found > told[2]:
                told = probes, spread, found
            if found >= recall or probes == index.nlist:
                break
            probes = min(probes + max(1, probes // 2), index.nlist)
        if found >= recall:
            break
    return told


def _found(index: Any, queries: Vectors, right: NDArray[np.int64], probes: int, spread: int) -> float:
    """The share of the right rows, (q, 10), that are among those which a search of ten compares exactly."""
    search = faiss().SearchParametersIVF(nprobe=probes)
    # The query may be one of the vectors, which is found by itself and counts neither way.
    _, rows = index.search(queries, min(spread * WANTED + 1, index.ntotal), params=search)
    return float(np.mean([np.isin(row[row >= 0], some).mean() for row, some in zip(right, rows, strict=True)]))


def _nearest(vectors: Vectors, queries: Vectors) -> NDArray[np.int64]:
    """Rows of the ten vectors nearest to each query, but for one that is the query itself; -1 where there are fewer."""
    score = np.full((len(queries), NEAREST), -np.inf, np.float32)
    row = np.full((len(queries), NEAREST), -1, np.int64)
    for start in range(0, len(vectors), CHUNK):
        told = queries @ _unit(vectors[start : start + CHUNK]).T
        told[told > 1 - 1e-6] = -np.inf
        few = min(NEAREST, told.shape[1])
        best = np.argpartition(-told, few - 1, axis=1)[:, :few]
        scores = np.hstack([score, np.take_along_axis(told, best, axis=1)])
        rows = np.hstack([row, best + start])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :NEAREST]
        score, row = np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)
    return np.where(np.isfinite(score), row, -1)


def _drawn(vectors: Vectors, most: int) -> Vectors:
    """Some of the vectors, always the same ones."""
    rows = np.sort(np.random.default_rng(0).permutation(len(vectors))[:most])
    return np.asarray(vectors[rows])


def _unit(vectors: Vectors) -> Vectors:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(length > 0, length, 1), dtype=np.float32)
