"""The second table of a report: mean average precision, nDCG and hubness of every method."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from alcca.experiments.report.comparison import Comparison, chance_text
from alcca.experiments.report.elements import html_table, measured
from alcca.experiments.report.formats import components_text, markdown_table, markdown_text
from alcca.experiments.report.table1 import wide_table
from alcca.experiments.report.tables import MAP_COLUMNS
from alcca.experiments.results import DIRECTIONS, Results
from alcca.experiments.significance import fixed_components

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["MORE_COLUMNS", "map_lines", "more_measures", "more_measures_html", "more_measures_markdown"]

# Name, measure, direction, level.
MORE_COLUMNS = [
    *MAP_COLUMNS,
    *((f"{measure}-{d[0].upper()}", measure, d, "category") for measure in ("mAP@R", "nDCG") for d in DIRECTIONS),
    *((f"hubness-{d[0].upper()}", "hubness", d, "instance") for d in DIRECTIONS),
]
OF_LABELS = (
    "mAP, mAP@R and nDCG: all songs of the query's label are right (category level); mAP without a letter is the mean "
    "of both directions. "
)
CAPTION = (
    "Hubness: the skewness of how often a song is among the 10 nearest of a query; high if a few songs are found by "
    "nearly all queries. [95% interval over songs], where the measure is a mean over queries. ○: the same method "
    "trained on shuffled pairs. Chance: exact means over lists in random order; for hubness the skewness of a binomial "
    "distribution."
)


def more_measures(results: Results) -> "DataFrame":
    """Compute the measures of the second table; columns as of `alcca.experiments.report.table1.wide_table`."""
    return wide_table(results, MORE_COLUMNS)


def more_measures_html(results: Results, comparison: Comparison) -> str:
    """Make the table as HTML, in the order of the comparison; empty for results of older versions."""
    rows, columns = _rows(results, comparison)
    if not columns:
        return ""
    body = []
    for row in rows.to_dict("records"):
        cells = [measured(_number(row[c]), _interval(row, c), _shuffled(row[f"{c}_shuffled"])) for c in columns]
        body.append((escape(row["method"]), [*cells, components_text(row["components"], row["own_space"])], ""))
    body.append(("chance", [*_chance(rows, columns), ""], "control"))
    return html_table(_caption(columns), ["method", *columns, "components"], body)


def more_measures_markdown(results: Results, comparison: Comparison) -> str:
    """Make the table as Markdown, in the order of the comparison; empty for results of older versions."""
    rows, columns = _rows(results, comparison)
    if not columns:
        return ""
    body = []
    for row in rows.to_dict("records"):
        cells = [" ".join(filter(None, (_number(row[c]), _interval(row, c), _shuffled(row[f"{c}_shuffled"]))))
                 for c in columns]  # fmt: skip
        body.append([markdown_text(row["method"]), *cells, components_text(row["components"], row["own_space"])])
    body.append(["chance", *_chance(rows, columns), ""])
    return f"{markdown_table(['method', *columns, 'components'], body)}\n\n{markdown_text(_caption(columns))}\n"


def map_lines(results: Results, comparison: Comparison) -> list[str]:
    """Format the mAP of every method for a terminal; no lines without labels."""
    rows, columns = _rows(results, comparison)
    columns = [column for column in columns if column in [name for name, *_ in MAP_COLUMNS]]
    if not columns:
        return []
    wide = max(len(name) for name in [*rows["method"], "chance"])
    lines = ["   " + "method".ljust(wide) + "".join(f"{column:>22s}" for column in columns)]
    for mark, row in zip(comparison.rows["mark"], rows.to_dict("records"), strict=True):
        cells = [f"{_number(row[column])} {_interval(row, column)}" for column in columns]
        lines.append(f"{mark:3s}{row['method'].ljust(wide)}" + "".join(f"{cell:>22s}" for cell in cells))
    return ["", *lines, "   " + "chance".ljust(wide) + "".join(f"{value:>22s}" for value in _chance(rows, columns))]


def _rows(results: Results, comparison: Comparison) -> tuple["DataFrame", list[str]]:
    """The rows of the compared methods, at their fixed numbers of components, and the columns that were measured."""
    table = more_measures(results)
    fixed = table.groupby("method", sort=False)["components"].transform(fixed_components)
    rows = table[table["components"] == fixed].set_index("method", drop=False).loc[list(comparison.rows["method"])]
    return rows, [name for name, *_ in MORE_COLUMNS if rows[name].notna().any()]


def _caption(columns: Sequence[str]) -> str:
    return (OF_LABELS if any(column.startswith("mAP") for column in columns) else "") + CAPTION


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _interval(row: Mapping[Any, Any], column: str) -> str:
    low, high = row[f"{column}_low"], row[f"{column}_high"]
    return "" if math.isnan(low) else f"[{low:.3f}, {high:.3f}]"


def _shuffled(value: float) -> str:
    return "" if math.isnan(value) else f"○ {value:.3f}"


def _chance(rows: "DataFrame", columns: Sequence[str]) -> list[str]:
    return [chance_text(rows[f"{column}_chance"].dropna()) for column in columns]
