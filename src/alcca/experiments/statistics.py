"""Intervals and paired tests from per-query values, with groups of songs as the unit that is drawn.

Songs of one group are no independent evidence, so whole groups are resampled and whole groups change sides.
The intervals tell how far the result depends on which songs were asked. They do not hold the variation from
training again on other songs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError

__all__ = ["GroupBootstrap", "holm", "paired_randomisation"]

Floats = NDArray[np.float64]
LEVEL = (0.025, 0.975)
# Draws handled at a time, so that 100,000 groups stay within some hundred megabytes.
CHUNK = 100
# Tables handled at a time.
TOGETHER = 64


class GroupBootstrap:
    """95% percentile intervals from resampling groups of queries with replacement.

    Parameters
    ----------
    groups : int
        How many groups there are.
    draws : int
        How many collections are drawn; all calls use the same ones.
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
        """Intervals of the means of the columns of ``values`` (n, m); ``group`` (n,) is each row's group."""
        return self.means([(values, group)])[0]

    def means(self, cells: Sequence[tuple[Floats, NDArray[np.integer]]]) -> list[tuple[Floats, Floats]]:
        """The same of many tables at once: products of matrices, which are much faster than as many of vectors."""
        found = []
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
                found.append((low, high))
                first += values.shape[1] + 1
        return found

    def median(self, ranks: NDArray[np.integer], group: NDArray[np.integer]) -> tuple[float, float]:
        """Interval of the (lower) median of ``ranks`` (n,).

        A drawn median is at most r exactly when half of the drawn ranks are, so the share of draws for which that
        holds is the distribution of the median at r, and both ends are found by bisection, without sorting any draw.
        """
        return self.medians([(ranks, group)])[0]

    def medians(self, cells: Sequence[tuple[NDArray[np.integer], NDArray[np.integer]]]) -> list[tuple[float, float]]:
        """The same of many lists of ranks at once; see `means`."""
        found: list[tuple[float, float]] = []
        for start in range(0, len(cells), TOGETHER):
            block = cells[start : start + TOGETHER]
            count = self._times @ np.stack([self._per_group(None, group) for _, group in block], axis=1)
            values = [np.unique(ranks) for ranks, _ in block]
            ends = [self._bisected(block, values, count, level) for level in LEVEL]
            found += [
                (float(one[low]), float(one[high])) for one, low, high in zip(values, *map(list, ends), strict=True)
            ]
        return found

    def _bisected(
        self,
        cells: Sequence[tuple[NDArray[np.integer], NDArray[np.integer]]],
        values: Sequence[NDArray[np.integer]],
        count: NDArray[np.float32],
        level: float,
    ) -> NDArray[np.int64]:
        """Which of its values each list's drawn medians are at most, in a share ``level`` of the draws."""
        low = np.zeros(len(cells), dtype=np.int64)
        high = np.array([len(one) - 1 for one in values])
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
    """Two-sided p-values of means of paired differences, by a randomisation test.

    Were both methods equal, the difference of a group of songs would be as likely with the other sign. The p-value
    is the share of random signs whose mean is at least as far from 0, the observed signs included, so it is never 0.

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
    # Sums of the same numbers in another order differ in their last bits and are as extreme all the same.
    observed = np.abs(sums.sum(axis=0)) - 1e-12 * np.abs(sums).sum(axis=0)
    rng = np.random.default_rng(random_state)
    extreme = np.zeros(sums.shape[1], dtype=np.int64)
    for start in range(0, draws, CHUNK):
        signs = 2.0 * rng.integers(2, size=(min(CHUNK, draws - start), len(sums)), dtype=np.int8) - 1
        extreme += np.count_nonzero(np.abs(signs @ sums) >= observed, axis=0)
    return (1 + extreme) / (1 + draws)


def holm(p: ArrayLike) -> Floats:
    """Adjust the p-values of one family of tests, so that all of them together err with at most the level's chance.

    The i-th smallest of m p-values is multiplied by m - i + 1. No adjusted value is smaller than one before it, and
    none is above 1. Nothing is assumed about how the tests depend on each other.

    Parameters
    ----------
    p : (m,) array
        In [0, 1], in any order.

    Returns
    -------
    (m,) array
        In the order given. At the level 0.05, those of at most 0.05 are significant.

    Raises
    ------
    DataError
        NaN, or values outside [0, 1].

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
