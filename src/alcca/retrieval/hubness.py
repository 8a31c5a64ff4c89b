"""Hubness: gallery items that are among the nearest of very many queries, while others are among those of none.

In high dimensions a cosine makes hubs of some items; the skewness of their k-occurrences measures it (Radovanović,
Nanopoulos and Ivanović, Journal of Machine Learning Research 11, 2010). Ties are counted against the system: items with
equal scores stand in the same order, that of the gallery, in the lists of all queries. So a model that maps everything
to one point has the largest hubness, not the smallest.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError
from alcca.retrieval.ranking import BLOCK
from alcca.retrieval.relevant import Block, cosine_blocks
from alcca.retrieval.scores import checked_scores, score_ties

__all__ = ["chance_hubness", "hubness", "k_occurrences", "score_k_occurrences"]


def k_occurrences(queries: NDArray[np.floating], gallery: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """Count for each gallery item the queries that have it among their ``k`` nearest by cosine similarity.

    Parameters
    ----------
    queries : (m, d) array
    gallery : (n, d) array
    k : int
        1 <= k <= n; 5 and 10 are usual.

    Returns
    -------
    (n,) array of int64
        N_k, each from 0 to m; their sum is m k. Where cosines at the k-th place are equal (up to rounding, as in
        `alcca.retrieval.ranking`), the first of their rows count.

    Raises
    ------
    DataError
        The shapes do not fit, ``k`` is out of range, or values are NaN or infinite.

    Examples
    --------
    >>> k_occurrences(np.array([[1.0, 0.0], [1.0, 0.2]]), np.eye(2), k=1)
    array([2, 0])
    """
    return _counted(cosine_blocks(queries, gallery), k, len(gallery))


def score_k_occurrences(scores: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """Count for each gallery item the queries that have it among their ``k`` best by a matrix of scores.

    Parameters
    ----------
    scores : (m, n) array
        Row ``i`` has the scores of all gallery items for query ``i``, higher is better.
    k : int
        1 <= k <= n.

    Returns
    -------
    (n,) array of int64
        N_k, as from `k_occurrences`. Where scores at the k-th place are equal (up to rounding, as in
        `alcca.retrieval.scores`), the first of their columns count.

    Raises
    ------
    DataError
        The array is not two-dimensional, is empty, or has NaN or infinite scores; or ``k`` is out of range.

    Examples
    --------
    >>> score_k_occurrences(np.array([[1.0, 0.0, 2.0], [5.0, 5.0, 5.0]]), k=2)
    array([2, 1, 1])
    """
    scores = checked_scores(scores)
    ties = score_ties(scores)
    starts = range(0, len(scores), BLOCK)
    blocks = ((scores[rows], rows, ties[rows]) for rows in (slice(start, start + BLOCK) for start in starts))
    return _counted(blocks, k, scores.shape[1])


def hubness(occurrences: ArrayLike) -> float:
    """Skewness of the k-occurrences, the third standardised moment: 0 without hubs, above 1 with strong ones.

    Parameters
    ----------
    occurrences : (n,) array
        N_k, from `k_occurrences` or `score_k_occurrences`.

    Returns
    -------
    float
        ``mean((N_k - mean)^3) / std^3``; 0 if all items occur equally often. Compare it with `chance_hubness`.

    Raises
    ------
    DataError
        The array is not one-dimensional, is empty, or has negative, NaN or infinite values.

    Examples
    --------
    >>> hubness([4, 0, 0, 0])
    1.1547005383792515
    """
    counts = np.asarray(occurrences)
    if counts.dtype.kind not in "fiu" or counts.ndim != 1 or not len(counts):
        raise DataError(f"expected k-occurrences, one for each item, got {counts.dtype} of shape {counts.shape}")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise DataError("expected k-occurrences of 0 or more, got negative, NaN or infinite ones")
    if counts.min() == counts.max():
        return 0.0
    away = counts - counts.mean()
    return float(np.mean(away**3) / np.mean(away**2) ** 1.5)


def chance_hubness(queries: int, items: int, k: int) -> float:
    """Skewness of the k-occurrences if every query had ``k`` random items: that of a binomial distribution.

    Parameters
    ----------
    queries, items : int
        How many queries ask, and how many items the gallery has.
    k : int
        1 <= k <= items.

    Raises
    ------
    DataError
        A number is out of range.

    Examples
    --------
    >>> round(chance_hubness(queries=1000, items=1000, k=10), 3)
    0.311
    """
    if queries < 1 or not 1 <= k <= items:
        raise DataError(f"expected a query or more and 1 <= k <= items, got {queries} queries, {items} items, k={k}")
    share = k / items
    return 0.0 if k == items else float((1 - 2 * share) / np.sqrt(queries * share * (1 - share)))


def _counted(blocks: Iterable[Block], k: int, n: int) -> NDArray[np.int64]:
    """Count for each of n items the queries that have it among their ``k`` best."""
    if not 1 <= k <= n:
        raise DataError(f"expected k between 1 and the gallery's {n} items, got {k}")
    counts = np.zeros(n, dtype=np.int64)
    for scores, _, ties in blocks:
        last, tie = np.partition(scores, n - k, axis=1)[:, n - k, None], ties[:, None]
        among = scores >= last - tie
        many = np.flatnonzero(np.count_nonzero(among, axis=1) > k)
        if len(many):
            above = scores[many] > last[many] + tie[many]
            level = among[many] & ~above
            free = k - np.count_nonzero(above, axis=1, keepdims=True)
            among[many] = above | (level & (np.cumsum(level, axis=1) <= free))
        counts += np.count_nonzero(among, axis=0)
    return counts
