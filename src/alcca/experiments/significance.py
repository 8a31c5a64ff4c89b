"""Tests of differences between the methods of a comparison.

Every method is tested at one number of components that was fixed in advance. Taking each at its best number on the
test folds would be selection on the test folds.

At the category level, queries of one label share their right answers. A difference counts as significant there only if
it is so with groups of songs as units, and with labels as units (`alcca.experiments.statistics.largest_p`). With groups
alone, two methods that are equally good differ significantly in 14% of comparisons of 60 songs with three labels, and
12% of 120 songs with six; with both, in about 5% at most (simulated in ``tests/experiments/test_significance.py``). The
price: with fewer than six labels nothing can be significant.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.experiments.results import DIRECTIONS, LEVELS, QUERY, Results, units_of
from alcca.experiments.statistics import GroupBootstrap, holm, largest_p, standardised_differences
from alcca.models.settings import whole_number
from alcca.retrieval import chance_mrr1

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["FIXED_COMPONENTS", "LEVEL", "against_controls", "fixed_components", "pairwise"]

# The paper's best number of components.
FIXED_COMPONENTS = 80
# Probability of at least one false positive in a family of tests.
LEVEL = 0.05
DRAWS = 10_000
# A p-value is at least 1 / draws. With this many draws for each test, it can be significant after the correction.
DRAWS_A_TEST = 100


def pairwise(results: Results, components: int = FIXED_COMPONENTS) -> "DataFrame":
    """Test every pair of methods for a difference in MRR1 on their common queries.

    Parameters
    ----------
    results : Results
    components : int
        Each method is tested at this number of components, or at the next lower one that it was measured at; at its
        smallest if all are above, also if that is its whole space.

    Returns
    -------
    DataFrame
        One row for each direction, level and pair: direction, level, a, b, components_a, components_b, MRR1_a,
        MRR1_b, difference (a - b), low, high (95%, bootstrap over groups, of this difference alone and for these
        labels), d_z (the difference over the standard deviation of the queries' differences, an effect size:
        `alcca.experiments.statistics.standardised_differences`), p (two-sided paired randomisation test; songs of one
        group change sides together, at the category level also those of one label), p_holm (corrected over all pairs of
        this direction and level), significant (p_holm at most 0.05), queries (common to both). Pairs without a common
        query are left out.

    Raises
    ------
    UsageError
        ``components`` is not a whole number of at least 1.

    See Also
    --------
    Results.compare : two methods at every number of components, without correction.

    Examples
    --------
    >>> from alcca.datasets.synthetic import make_songs
    >>> from alcca.experiments import Dataset, cross_validate
    >>> from alcca.models.cca import CCA
    >>> songs = make_songs(200, shared=4, audio_shape=(8,), lyrics_size=6, noise=0.3, random_state=0)
    >>> data = Dataset(songs.audio, songs.lyrics)
    >>> results = cross_validate({"cca": CCA(), "stiff": CCA(ridge=1e6)}, data, components=[4])
    >>> pairwise(results)[["a", "b", "direction", "significant"]].values.tolist()
    [['cca', 'stiff', 'audio', True], ['cca', 'stiff', 'lyrics', True]]
    """
    import pandas as pd

    at, ranks = _at_fixed(results, components)
    bootstrap = _bootstrap(results)
    methods = list(at)
    first, second = np.triu_indices(len(methods), k=1)
    rows: list[DataFrame] = []
    for level in LEVELS:
        for direction in DIRECTIONS:
            cell = ranks[(ranks["level"] == level) & (ranks["direction"] == direction) & ~ranks["control"]]
            reciprocal = _by_query(cell, "reciprocal").reindex(columns=methods)
            values, units = reciprocal.to_numpy(), units_of(reciprocal.index, level)
            table = pd.DataFrame(
                {
                    "direction": direction, "level": level,
                    "a": [methods[i] for i in first], "b": [methods[i] for i in second],
                    "components_a": [at[methods[i]] for i in first], "components_b": [at[methods[i]] for i in second],
                }
            )  # fmt: skip
            rows.append(_tested(table, values[:, first], values[:, second], units, bootstrap))
    return pd.concat(rows, ignore_index=True)


def against_controls(results: Results, components: int = FIXED_COMPONENTS) -> "DataFrame":
    """Test every method for a difference in MRR1 from chance, and from itself trained on shuffled pairs.

    Against chance, each query's reciprocal rank is compared with its mean for a gallery in random order. Reciprocal
    ranks are skewed, which the random signs of the test ignore: a method that guesses is significantly above chance in
    less than 2.5% of cases, but significantly below it too often (8% with 150 songs, 5% with 1,733).

    Parameters
    ----------
    results : Results
    components : int
        As in `pairwise`.

    Returns
    -------
    DataFrame
        The columns of `pairwise`; b is "chance" or "shuffled pairs", and p_holm is corrected over all methods of one
        direction, level and b. Methods without the control have no row for it.

    Raises
    ------
    UsageError
        ``components`` is not a whole number of at least 1.
    """
    import pandas as pd

    at, ranks = _at_fixed(results, components)
    bootstrap = _bootstrap(results)
    cases = ranks[["pool", "relevant"]].drop_duplicates()
    cases["chance"] = [chance_mrr1(pool, relevant) for pool, relevant in cases.itertuples(index=False)]
    ranks = ranks.merge(cases, on=["pool", "relevant"])
    rows: list[DataFrame] = []
    for level in LEVELS:
        for direction in DIRECTIONS:
            cell = ranks[(ranks["level"] == level) & (ranks["direction"] == direction)]
            own = _by_query(cell[~cell["control"]], "reciprocal")
            columns = [method for method in at if method in own.columns]
            counts = [at[method] for method in columns]
            for name, other in (
                ("chance", _by_query(cell[~cell["control"]], "chance")),
                ("shuffled pairs", _by_query(cell[cell["control"]], "reciprocal")),
            ):
                table = pd.DataFrame(
                    {
                        "direction": direction, "level": level, "a": columns, "b": name,
                        "components_a": counts, "components_b": counts,
                    }
                )  # fmt: skip
                beside = other.reindex(index=own.index, columns=columns).to_numpy()
                units = units_of(own.index, level)
                rows.append(_tested(table, own[columns].to_numpy(), beside, units, bootstrap))
    return pd.concat(rows, ignore_index=True)


def fixed_components(counts: Iterable[int], wanted: int = FIXED_COMPONENTS) -> int:
    """The number of components at which a method is tested: ``wanted``, or the next lower; the smallest if none is.

    Examples
    --------
    >>> fixed_components([10, 70, 90]), fixed_components([200])
    (70, 200)
    """
    counts = sorted(set(counts))
    return int(max((c for c in counts if c <= wanted), default=counts[0]))


def _at_fixed(results: Results, components: int) -> tuple[dict[str, int], "DataFrame"]:
    """The number of components of each method, in the order of the results, and the ranks at these numbers."""
    whole_number("components", components)
    ranks = results.ranks.assign(control=results.ranks["control"].astype(bool))
    measured = ranks.loc[~ranks["control"], ["method", "components"]].drop_duplicates()
    at = {
        str(method): fixed_components(measured.loc[measured["method"] == method, "components"], components)
        for method in measured["method"].unique()
    }
    chosen = ranks[ranks["components"].to_numpy() == ranks["method"].map(at).astype(float).to_numpy()]
    return at, chosen.assign(method=chosen["method"].astype(str), reciprocal=1 / chosen["rank"])


def _bootstrap(results: Results) -> GroupBootstrap:
    return GroupBootstrap(int(results.ranks["group"].max()) + 1)


def _by_query(cell: "DataFrame", values: str) -> "DataFrame":
    """One row for each query and one column for each method; NaN if a method was not measured on the query."""
    return cell.pivot(index=QUERY, columns="method", values=values)


def _tested(
    table: "DataFrame", a: NDArray[Any], b: NDArray[Any], units: list[NDArray[np.int64]], bootstrap: GroupBootstrap
) -> "DataFrame":
    """Add to each row of ``table`` the test of one column of ``a`` against the same column of ``b``, both (n, m).

    The first of the ``units`` are the groups.
    """
    common = np.isfinite(a) & np.isfinite(b)
    testable = common.any(axis=0)
    table, common, a, b = table[testable].reset_index(drop=True), common[:, testable], a[:, testable], b[:, testable]
    queries = common.sum(axis=0)
    # A query that only one of the two has adds 0 to its group's sum, with either sign.
    differences = np.where(common, a - b, 0.0)
    low, high, effects = (np.empty(len(table)) for _ in range(3))
    # The bootstrap divides by the number of drawn queries, so columns that lack the same queries go together.
    patterns, of = np.unique(common, axis=1, return_inverse=True) if len(table) else (common, np.empty(0, int))
    for i, pattern in enumerate(patterns.T):
        columns = np.flatnonzero(of == i)
        own = differences[np.ix_(pattern, columns)]
        low[columns], high[columns] = bootstrap.mean(own, units[0][pattern])
        effects[columns] = standardised_differences(own)
    draws = max(DRAWS, DRAWS_A_TEST * len(table))
    p = largest_p(differences, units, draws) if len(table) else np.empty(0)
    corrected = holm(p)
    return table.assign(
        MRR1_a=np.where(common, a, 0.0).sum(axis=0) / queries, MRR1_b=np.where(common, b, 0.0).sum(axis=0) / queries,
        difference=differences.sum(axis=0) / queries, low=low, high=high, d_z=effects,
        p=p, p_holm=corrected, significant=corrected <= LEVEL, queries=queries,
    )  # fmt: skip
