"""Intervals and paired tests from per-query values, with groups of songs as the unit of resampling.

Songs of one group are not independent, so whole groups are resampled and whole groups change sides. The intervals
measure how far the result depends on the choice of queries. They do not include the variation from training on other
songs, nor, at the category level, from other labels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError

__all__ = ["GroupBootstrap", "holm", "largest_p", "paired_randomisation", "standardised_differences"]

Floats = NDArray[np.float64]
LEVEL = (0.025, 0.975)
# Draws processed at a time, so that 100,000 groups need a few hundred megabytes.
CHUNK = 100
# Tables processed at a time.
TOGETHER = 64


class GroupBootstrap:
    """95% percentile intervals from resampling groups of queries with replacement.

    Parameters
    ----------
    groups : int
        Number of groups.
    draws : int
        Number of resamples; all calls use the same ones.
    random_state : int
        Seed of the draws.

    References
    ----------
    Field, C. A., Welsh, A. H. (2007). Bootstrapping clustered data. J. R. Statist. Soc. B 69, 369-390.

    Examples
    --------
    >>> import numpy as np
    >>> bootstrap = GroupBootstrap(groups=100)
    >>> low, high = bootstrap.mean(np.arange(100.0)[:, None], np.arange(100))
    >>> bool(low[0] < 49.5 < high[0])
    True
    """

    def __init__(self, groups: int, draws: int = 1000, random_state: int = 0) -> None:
        rng = np.random.default_rng(random_state)
        # How often each group is in each draw. float32 holds such small integers exactly, in half the memory.
        self._times = np.empty((draws, groups), dtype=np.float32)
        for start in range(0, draws, CHUNK):
            size = min(CHUNK, draws - start)
            chosen = rng.integers(groups, size=(size, groups)) + groups * np.arange(size)[:, None]
            counts = np.bincount(chosen.ravel(), minlength=size * groups)
            self._times[start : start + size] = counts.reshape(size, groups)

    def mean(self, values: Floats, group: NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Compute intervals of the means of the columns of ``values`` (n, m); ``group`` (n,) is each row's group."""
        return self.means([(values, group)])[0]

    def means(self, cells: Sequence[tuple[Floats, NDArray[np.integer]]]) -> list[tuple[Floats, Floats]]:
        """Compute `mean` of many tables at once: products of matrices are much faster than of single vectors."""
        intervals = []
        for start in range(0, len(cells), TOGETHER):
            block = cells[start : start + TOGETHER]
            sums = np.stack(
                [self._per_group(column, group) for values, group in block for column in (None, *values.T)], axis=1
            )
            drawn, first = self._times @ sums, 0
            for values, _ in block:
                own = drawn[:, first : first + values.shape[1] + 1]
                own = own[own[:, 0] > 0]
                low, high = np.quantile((own[:, 1:] / own[:, :1]).astype(np.float64), LEVEL, axis=0)
                intervals.append((low, high))
                first += values.shape[1] + 1
        return intervals

    def median(self, ranks: NDArray[np.integer], group: NDArray[np.integer]) -> tuple[float, float]:
        """Compute the interval of the (lower) median of ``ranks`` (n,).

        A drawn median is at most r exactly if half of the drawn ranks are, so the share of such draws is the
        distribution of the median at r. Both ends are found by bisection, without sorting any draw.
        """
        return self.medians([(ranks, group)])[0]

    def medians(self, cells: Sequence[tuple[NDArray[np.integer], NDArray[np.integer]]]) -> list[tuple[float, float]]:
        """Compute `median` of many lists of ranks at once; see `means`."""
        intervals: list[tuple[float, float]] = []
        for start in range(0, len(cells), TOGETHER):
            block = cells[start : start + TOGETHER]
            count = self._times @ np.stack([self._per_group(None, group) for _, group in block], axis=1)
            values = [np.unique(ranks) for ranks, _ in block]
            ends = [self._bisected(block, values, count, level) for level in LEVEL]
            intervals += [
                (float(own[low]), float(own[high])) for own, low, high in zip(values, *map(list, ends), strict=True)
            ]
        return intervals

    def _bisected(
        self,
        cells: Sequence[tuple[NDArray[np.integer], NDArray[np.integer]]],
        values: Sequence[NDArray[np.integer]],
        count: NDArray[np.float32],
        level: float,
    ) -> NDArray[np.int64]:
        """For each list, the index of its ``level``-quantile of the drawn medians among its sorted values."""
        low = np.zeros(len(cells), dtype=np.int64)
        high = np.array([len(own) - 1 for own in values])
        while open_ := np.flatnonzero(low < high).tolist():
            middle = (low + high) // 2
            within = self._times @ np.stack(
                [self._per_group(cells[i][0] <= values[i][middle[i]], cells[i][1]) for i in open_], axis=1
            )
            drawn = count[:, open_] > 0
            reached = np.count_nonzero(drawn & (within >= count[:, open_] / 2), axis=0)
            enough = reached >= level * np.count_nonzero(drawn, axis=0)
            at = np.array(open_)
            high[at[enough]] = middle[at[enough]]
            low[at[~enough]] = middle[at[~enough]] + 1
        return low

    def _per_group(self, values: NDArray[np.generic] | None, group: NDArray[np.integer]) -> NDArray[np.float32]:
        weights = None if values is None else values.astype(np.float64)
        return np.bincount(group, weights, minlength=self._times.shape[1]).astype(np.float32)


def paired_randomisation(
    differences: Floats, group: NDArray[np.integer], draws: int = 10_000, random_state: int = 0
) -> Floats:
    """Compute two-sided p-values of means of paired differences, by a randomisation test.

    If both methods were equal, the difference of a group of songs would be as likely with the other sign. The p-value
    is the share of random signs whose mean is at least as far from 0. It counts the observed signs, so it is never 0.

    Parameters
    ----------
    differences : (n, m) array
        Method a minus method b for each query, in m measurements; one p-value for each column.
    group : (n,) array of int
        Queries of one group change signs together.

    References
    ----------
    Smucker, M. D., Allan, J., Carterette, B. (2007). A comparison of statistical significance tests for
    information retrieval evaluation. CIKM, 623-632.

    Examples
    --------
    >>> import numpy as np
    >>> same, better = paired_randomisation(np.array([[0.0, 1.0]] * 20), np.arange(20))
    >>> float(same), bool(better < 0.001)
    (1.0, True)
    """
    _, code = np.unique(group, return_inverse=True)
    sums = np.stack([np.bincount(code, column) for column in differences.T], axis=1)
    # Sums of the same numbers in another order differ in their last bits, but are equally extreme.
    observed = np.abs(sums.sum(axis=0)) - 1e-12 * np.abs(sums).sum(axis=0)
    rng = np.random.default_rng(random_state)
    extreme = np.zeros(sums.shape[1], dtype=np.int64)
    for start in range(0, draws, CHUNK):
        signs = 2.0 * rng.integers(2, size=(min(CHUNK, draws - start), len(sums)), dtype=np.int8) - 1
        extreme += np.count_nonzero(np.abs(signs @ sums) >= observed, axis=0)
    return (1 + extreme) / (1 + draws)


def largest_p(differences: Floats, units: Sequence[NDArray[np.integer]], draws: int = 10_000) -> Floats:
    """Compute the largest p-value of `paired_randomisation` over several ways to put queries into units.

    Queries can depend on each other in more than one way. At the category level those of one label share their right
    answers, so a method that places one label well by luck gains on all of its queries. Only a difference that is
    significant in each way counts.

    Parameters
    ----------
    differences : (n, m) array
        As for `paired_randomisation`.
    units : sequence of (n,) arrays of int
        In each, queries of one number change signs together.
    draws : int
        Of random signs.

    Returns
    -------
    (m,) array
        With u units, at least about 2 / 2 ** u: five units or fewer give no p-value of at most 0.05.

    Examples
    --------
    >>> ones = np.ones((20, 1))
    >>> by_song, by_label = np.arange(20), np.arange(20) % 3
    >>> bool(largest_p(ones, [by_song])[0] < 0.001), bool(largest_p(ones, [by_song, by_label])[0] > 0.2)
    (True, True)
    """
    found: Floats = np.max([paired_randomisation(differences, unit, draws=draws) for unit in units], axis=0)
    return found


def standardised_differences(differences: Floats) -> Floats:
    """Compute effect sizes of paired differences: their mean over their standard deviation (Cohen's d_z).

    A p-value also shrinks with the number of queries; this does not. It is the effect size that Sakai recommends beside
    the p-value of a paired test between two retrieval systems.

    Parameters
    ----------
    differences : (n, m) array
        Method a minus method b for each query, in m measurements.

    Returns
    -------
    (m,) array
        0 where all differences are 0; NaN where they are all equal otherwise, or where there is only one.

    References
    ----------
    Cohen, J. (1988). Statistical power analysis for the behavioral sciences, 2nd edition, section 2.3.5. Erlbaum.
    Sakai, T. (2014). Statistical reform in information retrieval? SIGIR Forum 48(1), 3-12.

    Examples
    --------
    >>> standardised_differences(np.array([[0.0, 1.0], [0.0, 3.0]])).round(3).tolist()
    [0.0, 1.414]
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2:
        return np.full(values.shape[1], np.nan)
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
    # The spread of equal numbers is some units in their last place.
    flat = spread <= 1e-12 * np.abs(values).max(axis=0)
    effects: Floats = np.where(flat, np.where(values.any(axis=0), np.nan, 0.0), mean / np.where(flat, 1.0, spread))
    return effects


def holm(p: ArrayLike) -> Floats:
    """Adjust the p-values of one family of tests, so that the probability of any false positive is at most the level.

    The i-th smallest of m p-values is multiplied by m - i + 1. No adjusted value is smaller than one before it, and
    none is above 1. The tests may depend on each other in any way.

    Parameters
    ----------
    p : (m,) array
        In [0, 1], in any order.

    Returns
    -------
    (m,) array
        In the order of ``p``. At the level 0.05, those of at most 0.05 are significant.

    Raises
    ------
    DataError
        A value is NaN or outside [0, 1].

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scand. J. Statist. 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise DataError(f"p-values: expected one list of numbers between 0 and 1, got {p!r}")
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted
