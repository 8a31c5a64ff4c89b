"""Build an inverted file (IVF) of vectors, and measure how many of its lists a query must read.

The number depends on the vectors: a few lists are enough if the vectors form clusters, nearly all are needed if they
are noise. So it is measured, with queries of both views and their exact neighbours: the smallest number of lists that
finds the requested share of the ten nearest.
"""

import time
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import MissingExtraError

__all__ = ["CODES", "Settings", "build", "faiss"]

# The code of a vector in the lists, by faiss's names: d bytes, d/2 bytes, or the whole vector, 4·d bytes.
CODES = ("sq8", "pq", "flat")
# Vectors per list that its centre is learned from; faiss requires at least 39, and more gain nothing.
TRAINED_ON = 39
ROUNDS = 10
# Product quantisation: two dimensions become one of 256 codes, learned from this many vectors.
DIMENSIONS_A_CODE, TRAINED_A_CODE = 2, 10_240
CHUNK = 65_536
# The recall of the ten nearest is measured with this many queries of each view.
ASKED, NEAREST = 200, 10
# For coarse codes, exact cosines rank this many times as many songs as requested.
SPREADS = (1, 2, 4, 8, 16)
# The number of songs that `Index.search` requests from an engine for ten hits.
WANTED = 40

Vectors = NDArray[np.float32]


class Settings(NamedTuple):
    """Settings of an inverted file.

    Parameters
    ----------
    codes : str
        "sq8", "pq" or "flat".
    lists : int
        Number of lists; 0 for 4·√n.
    recall : float
        The share of the ten nearest that must be found, in (0, 1].
    least : int
        With fewer songs, all are compared.
    """

    codes: str = "sq8"
    lists: int = 0
    recall: float = 0.98
    least: int = 20_000


def faiss() -> ModuleType:
    """Import the package faiss.

    Raises
    ------
    MissingExtraError
        If the extra ``ann`` is not installed.
    """
    try:
        import faiss as package
    except ImportError as error:
        raise MissingExtraError("the index faiss needs faiss; install it with: pip install 'alcca[ann]'") from error
    return package


def build(vectors: Vectors, asked: Vectors, settings: Settings, file: Path) -> dict[str, Any]:
    """Write an inverted file of vectors, and measure how many lists a query must read.

    Parameters
    ----------
    vectors : (n, d) array of float32
        May be mapped: they are read in chunks.
    asked : (a, d) array
        Queries of the other view; may be empty.
    settings : Settings
    file : path
        The file to write.

    Returns
    -------
    dict
        Numbers of ``songs`` and ``lists``; ``probes``, the number of lists that a query reads; ``spread``, the factor
        by which more songs than usual are compared exactly; ``recall``, the share of the ten nearest that was found,
        the lower one of both views; ``queries``, the number of queries in this measurement; ``seconds`` it all took.
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
    # Each code stands for this many dimensions, or for fewer if the dimension is not divisible.
    codes_of_all = next(m for m in range(-(-dimension // DIMENSIONS_A_CODE), dimension + 1) if dimension % m == 0)
    name = {"sq8": "SQ8", "flat": "Flat", "pq": f"PQ{codes_of_all}"}[codes]
    index = faiss().index_factory(dimension, f"IVF{count},{name}", faiss().METRIC_INNER_PRODUCT)
    learning = [index.cp]
    if codes == "pq":
        learning.append(index.pq.cp)
        index.pq.cp.max_points_per_centroid = TRAINED_A_CODE // 256
        index.do_polysemous_training = False  # minutes of training, for a comparison of bits that is not used here
    for clustering in learning:
        clustering.niter, clustering.min_points_per_centroid = ROUNDS, 1  # no warnings for small libraries
    index.cp.max_points_per_centroid = TRAINED_ON
    index.train(_unit(_drawn(vectors, max(TRAINED_ON * count, 2 * TRAINED_A_CODE))))
    return index


def _enough(index: Any, vectors: Vectors, queries: list[Vectors], recall: float) -> tuple[int, int, float]:
    """The smallest number of lists and the smallest spread that reach the recall; and the recall measured."""
    nearest = [_nearest(vectors, some) for some in queries]
    best = (1, 1, -1.0)
    for spread in SPREADS:
        probes = 1
        while True:
            found = min(
                _found(index, some, right, probes, spread) for some, right in zip(queries, nearest, strict=True)
            )
            if found > best[2]:
                best = probes, spread, found
            if found >= recall or probes == index.nlist:
                break
            probes = min(probes + max(1, probes // 2), index.nlist)
        if found >= recall:
            break
    return best


def _found(index: Any, queries: Vectors, right: NDArray[np.int64], probes: int, spread: int) -> float:
    """The share of the right rows, (q, 10), that a search for ten hits compares exactly."""
    search = faiss().SearchParametersIVF(nprobe=probes)
    # The query may be one of the vectors; that row is requested in addition and not counted.
    _, rows = index.search(queries, min(spread * WANTED + 1, index.ntotal), params=search)
    return float(np.mean([np.isin(row[row >= 0], some).mean() for row, some in zip(right, rows, strict=True)]))


def _nearest(vectors: Vectors, queries: Vectors) -> NDArray[np.int64]:
    """Rows of the ten vectors nearest to each query, except the query itself; -1 if there are fewer."""
    score = np.full((len(queries), NEAREST), -np.inf, np.float32)
    row = np.full((len(queries), NEAREST), -1, np.int64)
    for start in range(0, len(vectors), CHUNK):
        cosines = queries @ _unit(vectors[start : start + CHUNK]).T
        cosines[cosines > 1 - 1e-6] = -np.inf
        few = min(NEAREST, cosines.shape[1])
        best = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
        scores = np.hstack([score, np.take_along_axis(cosines, best, axis=1)])
        rows = np.hstack([row, best + start])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :NEAREST]
        score, row = np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)
    return np.where(np.isfinite(score), row, -1)


def _drawn(vectors: Vectors, most: int) -> Vectors:
    """A fixed random sample of at most ``most`` vectors."""
    rows = np.sort(np.random.default_rng(0).permutation(len(vectors))[:most])
    return np.asarray(vectors[rows])


def _unit(vectors: Vectors) -> Vectors:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(length > 0, length, 1), dtype=np.float32)
