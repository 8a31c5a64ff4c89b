"""The spread of results over seeds: how far a figure depends on the seed of folds and models.

Intervals (`alcca.experiments.statistics`) say how far a figure depends on the songs that are asked for; each of their
draws has the same fits. Another seed puts songs into other folds and begins each training elsewhere. Both stand beside
each other, since neither contains the other.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from alcca.experiments.cell_measures import HUBNESS, values_by_query
from alcca.retrieval import median_rank

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["ENDINGS", "ONE_SEED", "seed_spread", "spread_text", "with_seed_spread"]

# What a row of a summary is about.
CELL = ("method", "components", "direction", "level")
# After the name of a measure: standard deviation, smallest and largest value over seeds.
ENDINGS = ("_seed_sd", "_seed_min", "_seed_max")
ONE_SEED = (
    "One seed: there is no spread over seeds. To see how far a figure depends on the seed of folds and models, give "
    "several (--seeds 0,1,2)."
)


def seed_spread(cell: "DataFrame") -> dict[str, float]:
    """Compute the spread over seeds of each measure of one method at one number of components, direction and level.

    Parameters
    ----------
    cell : DataFrame
        Rows of `alcca.experiments.Results.ranks`.

    Returns
    -------
    dict of str to float
        ``seeds``, their number, and for each measure M over the seeds' means of it: M_seed_sd (standard deviation of a
        sample, with n - 1), M_seed_min, M_seed_max. With one seed there is only ``seeds``.

    Examples
    --------
    >>> import pandas as pd
    >>> cell = pd.DataFrame({"seed": [0, 0, 1, 1], "rank": [1, 2, 2, 2]})
    >>> spread = seed_spread(cell)
    >>> spread["seeds"], [round(spread["MRR1" + ending], 3) for ending in ENDINGS]
    (2, [0.177, 0.5, 0.75])
    """
    by_seed = [own for _, own in cell.groupby("seed", observed=True, sort=True)]
    if len(by_seed) < 2:
        return {"seeds": len(by_seed)}
    means = [_means(own) for own in by_seed]
    spread: dict[str, float] = {"seeds": len(by_seed)}
    for measure in means[0]:
        values = np.array([own[measure] for own in means if measure in own])
        numbers = (values.std(ddof=1), values.min(), values.max()) if len(values) == len(means) else [np.nan] * 3
        spread |= {measure + ending: float(number) for ending, number in zip(ENDINGS, numbers, strict=True)}
    return spread


def _means(cell: "DataFrame") -> dict[str, float]:
    """The measures of the queries of one seed."""
    means = {measure: float(values.mean()) for measure, values in values_by_query(cell).items()}
    means["median"] = median_rank(cell["rank"].to_numpy())
    if HUBNESS in cell and cell[HUBNESS].notna().all():
        means[HUBNESS] = float(cell[HUBNESS].to_numpy(dtype=np.float64).mean())
    return means


def with_seed_spread(table: "DataFrame", ranks: "DataFrame", measures: Iterable[str]) -> "DataFrame":
    """Add columns to a table of measures: ``seeds``, and those of `seed_spread`, NaN for what there is not.

    Parameters
    ----------
    table : DataFrame
        One row for each cell, such as `alcca.experiments.Results.summary`: a method, and what else of components,
        direction and level it distinguishes.
    ranks : DataFrame
        As `alcca.experiments.Results.ranks`; the controls do not count.
    measures : iterable of str
    """
    by = [name for name in CELL if name in table]
    cells = ranks[~ranks["control"].astype(bool)].groupby(by, observed=True, sort=False)
    spreads = {key: seed_spread(cell) for key, cell in cells}
    found = [spreads[key] for key in table[by].itertuples(index=False, name=None)]
    columns = [measure + ending for measure in measures for ending in ENDINGS]
    return table.assign(
        seeds=[spread["seeds"] for spread in found],
        **{column: [spread.get(column, np.nan) for spread in found] for column in columns},
    )


def spread_text(row: Mapping[Any, Any], measure: str, digits: int = 3) -> tuple[str, str]:
    """Format the spread over seeds of one measure: the standard deviation, and the range; both empty with one seed.

    Examples
    --------
    >>> spread_text({"MRR1_seed_sd": 0.0123, "MRR1_seed_min": 0.5, "MRR1_seed_max": 0.525}, "MRR1")
    ('0.012', '[0.500, 0.525]')
    """
    sd, low, high = (row.get(measure + ending, np.nan) for ending in ENDINGS)
    return ("", "") if np.isnan(sd) else (f"{sd:.{digits}f}", f"[{low:.{digits}f}, {high:.{digits}f}]")
