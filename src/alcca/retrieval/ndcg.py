"""Normalised discounted cumulative gain, for relevance in grades.

The gain of an item counts as it is, over ``log2(1 + rank)``, as in trec_eval and scikit-learn; for exponential gains
(Burges et al. 2005), give ``2.0 ** gains - 1``. Ties are counted against the system: among equal scores, items with the
smaller gain are ranked first. Which scores are equal is said in `alcca.retrieval.ranking` for cosines, and in
`alcca.retrieval.scores` for other scores.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError
from alcca.retrieval.ranking import BLOCK
from alcca.retrieval.relevant import Block, checked_gains, cosine_blocks, score_blocks
from alcca.retrieval.scores import checked_scores

__all__ = ["chance_ndcg_at", "ndcgs_at", "score_ndcgs_at"]


def ndcgs_at(
    k: int | None,
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    gains: ArrayLike,
    *,
    block: int = BLOCK,
) -> NDArray[np.float64]:
    """nDCG@k of each query by cosine similarity (Järvelin and Kekäläinen 2002); their mean is that of the system.

    Parameters
    ----------
    k : int or None
        The number of ranks that count, at least 1; None counts all.
    queries : (m, d) array
    gallery : (n, d) array
    gains : (m, n) array
        The gain of each gallery item for each query, 0 for irrelevant ones, as from
        `alcca.retrieval.shared_labels`.
    block : int
        Queries compared at a time. The result does not depend on it.

    Returns
    -------
    (m,) array of float64
        In [0, 1]: the sum of ``gain / log2(1 + rank)`` of the items at the ranks 1 to k, over its largest value in
        any order.

    Raises
    ------
    DataError
        The shapes do not fit, values are NaN, infinite or (gains) negative, a query has no gain, or k is below 1.

    Examples
    --------
    >>> ndcgs_at(1, np.eye(2), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), [[1, 0, 2], [0, 2, 1]])
    array([0.5, 1. ])
    """
    values = checked_gains(gains, (len(queries), len(gallery)))
    return _ndcgs(cosine_blocks(queries, gallery, block), values, k)


def score_ndcgs_at(k: int | None, scores: NDArray[np.floating], gains: ArrayLike) -> NDArray[np.float64]:
    """nDCG@k of each query by a matrix of scores; their mean is that of the system.

    Parameters
    ----------
    k : int or None
        The number of ranks that count, at least 1; None counts all.
    scores : (m, n) array
        Row ``i`` has the scores of all gallery items for query ``i``, higher is better.
    gains : (m, n) array
        As for `ndcgs_at`.

    Returns
    -------
    (m,) array of float64
        As from `ndcgs_at`.

    Raises
    ------
    DataError
        As from `ndcgs_at`.

    Examples
    --------
    >>> score_ndcgs_at(None, np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 1.0]]), [[2, 1, 0], [1, 0, 0]])
    array([1. , 0.5])
    """
    scores = checked_scores(scores)
    return _ndcgs(score_blocks(scores), checked_gains(gains, scores.shape), k)


def chance_ndcg_at(k: int | None, gains: ArrayLike) -> float:
    """Expected mean nDCG@k of queries whose galleries are in random order; exact.

    Parameters
    ----------
    k, gains
        As for `ndcgs_at`.

    Examples
    --------
    >>> chance_ndcg_at(1, [[1, 0, 0, 0]])
    0.25
    """
    values = checked_gains(gains, np.shape(gains)).astype(np.float64)
    discounts = _discounts(values.shape[1], k)
    return float((values.mean(axis=1) * discounts.sum() / _ideal(values, discounts)).mean())


def _ndcgs(blocks: Iterable[Block], gains: NDArray[np.number], k: int | None) -> NDArray[np.float64]:
    discounts = _discounts(gains.shape[1], k)
    values = []
    for scores, rows, ties in blocks:
        own = gains[rows].astype(np.float64)
        got = [_dcg(*query, discounts) for query in zip(scores, own, ties.tolist(), strict=True)]
        values.append(np.array(got) / _ideal(own, discounts))
    return np.concatenate(values)


def _discounts(n: int, k: int | None) -> NDArray[np.float64]:
    """What a gain at each of n ranks is multiplied by; 0 beyond rank k."""
    if k is not None and (isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1):
        raise DataError(f"k: expected how many ranks count, a whole number of at least 1, or None, got {k!r}")
    ranks = np.arange(1, n + 1)
    return np.where(ranks <= (n if k is None else k), 1 / np.log2(1 + ranks), 0.0)


def _ideal(gains: NDArray[np.float64], discounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest DCG of each query."""
    return np.asarray(np.sort(gains, axis=1)[:, ::-1] @ discounts)


def _dcg(scores: NDArray[np.float64], gains: NDArray[np.float64], tie: float, discounts: NDArray[np.float64]) -> float:
    order = np.argsort(-scores, kind="stable")
    scores, gains = scores[order], gains[order]
    run = np.cumsum(np.append(0, scores[1:] < scores[:-1] - tie))
    first = scores[np.searchsorted(run, run)]
    if (scores >= first - tie).all():
        return float(gains[np.lexsort((gains, run))] @ discounts)
    # A chain of scores, each tied with the next, the last not with the first: equality is then not transitive, and no
    # order has all ties against the system. Summed over the steps of the gains, each item has its own rank.
    reach = np.searchsorted(-scores, tie - scores, side="right")
    total, below = 0.0, 0.0
    for step in np.unique(gains[gains > 0]).tolist():
        right = gains >= step
        wrong = np.append(0, np.cumsum(~right))[reach[right]]
        total += (step - below) * float(discounts[wrong + np.arange(len(wrong))].sum())
        below = step
    return total
