"""Metrics of ranks, and their values by chance.

Ranks are 1-based integers: one for each query, as computed by `alcca.retrieval.ranking`, or, for metrics of all
relevant items, several for each query, as computed by `alcca.retrieval.relevant`. Ties are already in them, counted
against the system. The chance values are exact expectations over all orders of a gallery, not simulations.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError

__all__ = [
    "Chance",
    "average_precisions",
    "average_precisions_at_r",
    "chance_median_rank",
    "chance_mrr1",
    "chance_recall_at",
    "mean_average_precision",
    "mean_average_precision_at_r",
    "median_rank",
    "mrr1",
    "recall_at",
]


def mrr1(ranks: ArrayLike) -> float:
    """Mean reciprocal rank of the first right item (Eq. 14), in (0, 1].

    Raises
    ------
    DataError
        There are no ranks, or a rank is below 1.

    Examples
    --------
    >>> mrr1([1, 2, 4])
    0.5833333333333334
    """
    return float((1.0 / _checked(ranks)).mean())


def recall_at(ranks: ArrayLike, n: int) -> float:
    """Share of the queries whose first right item is among the first ``n`` (Eq. 15 with |S_q| = 1), in [0, 1].

    Raises
    ------
    DataError
        There are no ranks, or a rank is below 1.

    Examples
    --------
    >>> recall_at([1, 2, 4], 2)
    0.6666666666666666
    """
    return float((_checked(ranks) <= n).mean())


def median_rank(ranks: ArrayLike) -> float:
    """Median of the ranks: half of the queries find their item at this rank or better.

    Raises
    ------
    DataError
        There are no ranks, or a rank is below 1.

    Examples
    --------
    >>> median_rank([1, 2, 40])
    2.0
    """
    return float(np.median(_checked(ranks)))


def average_precisions(ranks: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Average precision of each query: the mean, over its relevant items, of the precision at their ranks.

    Parameters
    ----------
    ranks : sequence of m arrays
        For each query the ranks of all of its relevant items, ascending, as from `alcca.retrieval.relevant_ranks`.

    Returns
    -------
    (m,) array of float64
        In (0, 1]; with one relevant item, its reciprocal rank. The same as trec_eval's ``map`` and scikit-learn's
        ``average_precision_score`` where no scores are equal.

    Raises
    ------
    DataError
        There are no queries, or ranks of a query are missing, below 1, or not ascending.

    Examples
    --------
    >>> average_precisions([[1, 2], [2, 4]])
    array([1. , 0.5])
    """
    flat, first, place = _checked_lists(ranks)
    sums: NDArray[np.float64] = np.add.reduceat(place / flat, first)
    return sums / np.diff(np.append(first, len(flat)))


def average_precisions_at_r(ranks: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """Average precision at R of each query, where R is the number of its relevant items.

    Only the first R ranks count: the sum of the precision at the ranks of relevant items among them, over R (Musgrave,
    Belongie and Lim, A Metric Learning Reality Check, ECCV 2020).

    Parameters
    ----------
    ranks : sequence of m arrays
        As for `average_precisions`.

    Returns
    -------
    (m,) array of float64
        In [0, 1]; with one relevant item, 1 if it is the first and else 0.

    Raises
    ------
    DataError
        As from `average_precisions`.

    Examples
    --------
    >>> average_precisions_at_r([[1, 2], [2, 4]])
    array([1.  , 0.25])
    """
    flat, first, place = _checked_lists(ranks)
    counts = np.diff(np.append(first, len(flat)))
    counted = np.where(flat <= np.repeat(counts, counts), place / flat, 0.0)
    sums: NDArray[np.float64] = np.add.reduceat(counted, first)
    return sums / counts


def mean_average_precision(ranks: Sequence[ArrayLike]) -> float:
    """Mean average precision (mAP), in (0, 1]; ``ranks`` and errors as for `average_precisions`.

    Examples
    --------
    >>> mean_average_precision([[1, 2], [2, 4]])
    0.75
    """
    return float(average_precisions(ranks).mean())


def mean_average_precision_at_r(ranks: Sequence[ArrayLike]) -> float:
    """Mean average precision at R (mAP@R), in [0, 1]; ``ranks`` and errors as for `average_precisions_at_r`.

    Examples
    --------
    >>> mean_average_precision_at_r([[1, 2], [2, 4]])
    0.625
    """
    return float(average_precisions_at_r(ranks).mean())


class Chance:
    """Exact values of the metrics for galleries in random order; the cases are counted once for all metrics.

    Parameters
    ----------
    pool : int or (q,) array
        Size of each query's gallery.
    relevant : int or (q,) array
        Number of right items in it, 1 <= relevant <= pool.

    Raises
    ------
    DataError
        There are no queries, or ``relevant`` is out of range.

    Examples
    --------
    >>> Chance([20, 20]).recall_at(5)
    0.25
    """

    def __init__(self, pool: ArrayLike, relevant: ArrayLike = 1) -> None:
        self._sizes, self._weights = _cases(pool, relevant)

    def mrr1(self) -> float:
        """Expected MRR1; see `chance_mrr1`."""
        values = [_first_rank(n, r) @ (1.0 / np.arange(1, n - r + 2)) for n, r in self._sizes]
        return float(np.dot(values, self._weights))

    def recall_at(self, n: int) -> float:
        """Expected recall@n; see `chance_recall_at`."""
        values = [_first_rank(size, r)[:n].sum() for size, r in self._sizes]
        return float(np.dot(values, self._weights))

    def median_rank(self) -> float:
        """Median of the first right item's rank; see `chance_median_rank`."""
        probability = np.zeros(max(n for n, _ in self._sizes))
        for (n, r), weight in zip(self._sizes, self._weights, strict=True):
            first = _first_rank(n, r)
            probability[: len(first)] += weight * first
        reached = np.cumsum(probability)
        # If half of the mass ends exactly at a rank, the median is between it and the next rank, as in np.median.
        low, high = np.searchsorted(reached, 0.5 - 1e-12), np.searchsorted(reached, 0.5 + 1e-12)
        return float(low + high + 2) / 2

    def mean_average_precision(self) -> float:
        """Expected mAP: for R right items among n, ``(H(n) + (R - 1) / (n - 1) (n - H(n))) / n``.

        Examples
        --------
        >>> Chance(4, relevant=1).mean_average_precision() == chance_mrr1(4)
        True
        """
        values = [_expected_precisions(n, r, n) / r for n, r in self._sizes]
        return float(np.dot(values, self._weights))

    def mean_average_precision_at_r(self) -> float:
        """Expected mAP@R; for one right item among n, 1 / n.

        Examples
        --------
        >>> Chance(4, relevant=1).mean_average_precision_at_r()
        0.25
        """
        values = [_expected_precisions(n, r, r) / r for n, r in self._sizes]
        return float(np.dot(values, self._weights))

    def ndcg(self) -> float:
        """Expected nDCG of the whole list, every right item with the gain 1; see `alcca.retrieval.chance_ndcg_at`.

        Examples
        --------
        >>> round(Chance(2, relevant=1).ndcg(), 3)     # first or second: (1 + 1 / log2(3)) / 2
        0.815
        """
        gains = np.cumsum(1 / np.log2(1 + np.arange(1, max(n for n, _ in self._sizes) + 1)))
        return float(np.dot([r / n * gains[n - 1] / gains[r - 1] for n, r in self._sizes], self._weights))


def chance_mrr1(pool: ArrayLike, relevant: ArrayLike = 1) -> float:
    """Expected MRR1 if every gallery is in random order; H(n) / n for one right item among n.

    ``pool`` and ``relevant`` are those of `Chance`.

    Examples
    --------
    >>> chance_mrr1(4)                # (1 + 1/2 + 1/3 + 1/4) / 4
    0.5208333333333333
    >>> chance_mrr1(4, relevant=4)
    1.0
    """
    return Chance(pool, relevant).mrr1()


def chance_recall_at(n: int, pool: ArrayLike, relevant: ArrayLike = 1) -> float:
    """Expected recall@n if every gallery is in random order; n / pool for one right item.

    Examples
    --------
    >>> chance_recall_at(5, pool=20)
    0.25
    """
    return Chance(pool, relevant).recall_at(n)


def chance_median_rank(pool: ArrayLike, relevant: ArrayLike = 1) -> float:
    """Median of the first right item's rank if every gallery is in random order; (n + 1) / 2 for one right item.

    Examples
    --------
    >>> chance_median_rank(20), chance_median_rank(20, relevant=10)
    (10.5, 1.5)
    """
    return Chance(pool, relevant).median_rank()


@lru_cache(maxsize=4096)
def _first_rank(n: int, relevant: int) -> NDArray[np.float64]:
    """Probability that the first of ``relevant`` items among ``n`` in random order has rank 1, 2, …, n-relevant+1."""
    rank = np.arange(1, n - relevant + 1)
    # P(r + 1) / P(r) = (n - r - R + 1) / (n - r), from P(r) = C(n - r, R - 1) / C(n, R)
    return np.cumprod(np.concatenate([[relevant / n], (n - rank - relevant + 1) / (n - rank)]))


def _expected_precisions(n: int, relevant: int, ranks: int) -> float:
    """Expected sum of the precision at those of the first ``ranks`` that have a right item, in random order."""
    # With a right item at a rank, each rank before it has one of the other R - 1 among the other n - 1 items.
    at = np.arange(1, ranks + 1)
    before = (at - 1) * ((relevant - 1) / max(n - 1, 1))
    return float(relevant / n * ((1 + before) / at).sum())


def _cases(pool: ArrayLike, relevant: ArrayLike) -> tuple[list[tuple[int, int]], NDArray[np.float64]]:
    """The distinct pairs (pool, relevant), and the share of the queries with each."""
    size, right = (a.ravel() for a in np.broadcast_arrays(np.asarray(pool), np.asarray(relevant)))
    if not len(size) or (right < 1).any() or (right > size).any():
        raise DataError("expected one or more pools, each with 1 to all of its items relevant")
    # Encoded as one number: sorting pairs is thirty times slower.
    base = int(right.max()) + 1
    cases, counts = np.unique(size.astype(np.int64) * base + right.astype(np.int64), return_counts=True)
    return [divmod(case, base) for case in cases.tolist()], counts / counts.sum()


def _checked(ranks: ArrayLike) -> NDArray[np.int64]:
    values = np.asarray(ranks)
    if values.ndim != 1 or not len(values) or not (values >= 1).all():
        raise DataError(f"expected at least one rank, each 1 or more, got shape {values.shape}")
    return values


def _checked_lists(
    ranks: Sequence[ArrayLike],
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.int64]]:
    """All ranks in one array, where each query's begin, and the place of each rank among its query's (1, 2, …)."""
    lists = [np.asarray(own) for own in ranks]
    for query, own in enumerate(lists):
        if own.ndim != 1 or not len(own) or own.dtype.kind not in "iuf":
            raise DataError(
                f"query {query}: expected the ranks of its relevant items, one or more, got {own.dtype} of shape "
                f"{own.shape}"
            )
    if not lists:
        raise DataError("expected the ranks of at least one query, got none")
    flat = np.concatenate(lists)
    counts = np.array([len(own) for own in lists])
    first = np.append(0, np.cumsum(counts)[:-1])
    place = np.arange(len(flat)) - np.repeat(first, counts) + 1
    # Ascending ranks of different items: each is at least as large as its place, and larger than the one before.
    rising = np.append(True, flat[1:] > flat[:-1])
    rising[first] = flat[first] >= 1
    if not rising.all():
        query = int(np.searchsorted(first, np.argmin(rising), side="right")) - 1
        raise DataError(f"query {query}: expected different ranks, ascending, each 1 or more, got {lists[query]}")
    return flat, first, place
