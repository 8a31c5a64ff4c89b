"""The measures of cells of a comparison: of all queries of one method at one number of components, direction and level.

Every measure is a mean over the queries, except the median, with its value by chance: the exact mean over all orders of
a gallery. Hubness is a property of a whole fold, the same for each of its queries. Its mean has no interval, because
other songs would make other hubs; by chance it is the skewness of a binomial distribution.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alcca.experiments.rank_tables import HUB_NEIGHBOURS
from alcca.experiments.statistics import GroupBootstrap
from alcca.retrieval import Chance, chance_hubness, median_rank

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["CATEGORY_MEASURES", "HUBNESS", "MEASURES", "measured_table", "values_by_query"]

MEASURES = ("MRR1", "R@1", "R@5", "R@10", "median")
CUTS = (1, 5, 10)
# Measures of all songs of a label, which only the category level has, and their columns in the table of ranks.
CATEGORY_MEASURES = {"mAP": "average_precision", "mAP@R": "average_precision_at_r", "nDCG": "ndcg"}
HUBNESS = "hubness"

Interval = tuple[NDArray[np.float64], NDArray[np.float64]]


def measured_table(ranks: "DataFrame", by: Sequence[str], measures: Sequence[str]) -> "DataFrame":
    """Measure the cells of a table of ranks, beside chance and the shuffled pairs.

    Parameters
    ----------
    ranks : DataFrame
        `alcca.experiments.Results.ranks`.
    by : sequence of str
        The columns that are equal in a cell: method and control first, and level.
    measures : sequence of str
        Some of `MEASURES`.

    Returns
    -------
    DataFrame
        One row for each cell that is no control: the columns ``by`` without control, queries, pool (mean size), and for
        each M of ``measures`` and `CATEGORY_MEASURES`: M, M_low, M_high (95%, bootstrap over groups), M_chance,
        M_shuffled, M_shuffled_low, M_shuffled_high; and hubness, hubness_chance, hubness_shuffled. NaN where a cell has
        not been measured so.
    """
    import pandas as pd

    cells = dict(iter(ranks.groupby(list(by), observed=True, sort=False)))
    found = _measured_cells(list(cells.values()), GroupBootstrap(int(ranks["group"].max()) + 1), "median" in measures)
    measured = dict(zip(cells, found, strict=True))
    rows = []
    for (method, control, *rest), values in measured.items():
        if control:
            continue
        shuffled = measured.get((method, True, *rest), {})
        row = dict(zip(["method", *by[2:]], (method, *rest), strict=True))
        row |= {name: values[name] for name in ("queries", "pool")}
        for measure in (*measures, *CATEGORY_MEASURES, HUBNESS):
            ends = ("",) if measure == HUBNESS else ("", "_low", "_high")
            row |= {measure + end: values.get(measure + end, np.nan) for end in (*ends, "_chance")}
            row |= {f"{measure}_shuffled{end}": shuffled.get(measure + end, np.nan) for end in ends}
        rows.append(row)
    return pd.DataFrame(rows)


def _measured_cells(cells: "Sequence[DataFrame]", bootstrap: GroupBootstrap, medians: bool) -> list[dict[str, float]]:
    """The measures of each cell with their intervals and chance."""
    groups = [cell["group"].to_numpy() for cell in cells]
    ranks = [cell["rank"].to_numpy() for cell in cells]
    values = [values_by_query(cell) for cell in cells]
    tables = [np.stack([*of.values()], axis=1) for of in values]
    means = bootstrap.means(list(zip(tables, groups, strict=True)))
    rows = [_means(*cell) for cell in zip(cells, values, means, strict=True)]
    if medians:
        intervals = bootstrap.medians(list(zip(ranks, groups, strict=True)))
        for row, own, (low, high), cell in zip(rows, ranks, intervals, cells, strict=True):
            middle = median_rank(own)
            # The interval is of the lower median; an even number of ranks has their median half a rank higher.
            row |= {"median": middle, "median_low": low, "median_high": max(high, middle),
                    "median_chance": Chance(cell["pool"], cell["relevant"]).median_rank()}  # fmt: skip
    return rows


def values_by_query(cell: "DataFrame") -> dict[str, NDArray[np.float64]]:
    """The values of each query of a cell, by measure: those whose mean is the measure, so without the median."""
    ranks = cell["rank"].to_numpy()
    values = {"MRR1": 1.0 / ranks, **{f"R@{cut}": (ranks <= cut).astype(np.float64) for cut in CUTS}}
    for measure, column in CATEGORY_MEASURES.items():
        if column in cell and cell[column].notna().all():
            values[measure] = cell[column].to_numpy(dtype=np.float64)
    return values


def _means(cell: "DataFrame", values: dict[str, NDArray[np.float64]], interval: Interval) -> dict[str, float]:
    chance = Chance(cell["pool"], cell["relevant"])
    row = {"queries": len(cell), "pool": float(cell["pool"].mean())}
    for (measure, own), low, high in zip(values.items(), *interval, strict=True):
        numbers = (own.mean(), low, high, _by_chance(chance, measure))
        row |= dict(zip((measure, f"{measure}_low", f"{measure}_high", f"{measure}_chance"), numbers, strict=True))
    if HUBNESS in cell and cell[HUBNESS].notna().all():
        row |= {
            HUBNESS: float(cell[HUBNESS].to_numpy(dtype=np.float64).mean()),
            f"{HUBNESS}_chance": _hubness_by_chance(cell),
        }
    return row


def _by_chance(chance: Chance, measure: str) -> float:
    if measure.startswith("R@"):
        return chance.recall_at(int(measure[2:]))
    of = {"MRR1": chance.mrr1, "mAP": chance.mean_average_precision, "mAP@R": chance.mean_average_precision_at_r}
    return of.get(measure, chance.ndcg)()


def _hubness_by_chance(cell: "DataFrame") -> float:
    """The mean over the queries of what `chance_hubness` gives for their fold."""
    sizes = cell.groupby(["seed", "fold", "direction"], observed=True)["pool"].agg(["size", "first"])
    folds = [(int(queries), int(pool)) for queries, pool in sizes.itertuples(index=False)]
    by_fold = [chance_hubness(queries, pool, min(HUB_NEIGHBOURS, pool)) for queries, pool in folds]
    return float(np.average(by_fold, weights=[queries for queries, _ in folds]))
