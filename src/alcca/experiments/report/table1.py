"""The paper's Table 1 of every method: each of its measures at each number of components."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alcca.experiments.report.formats import components_text, latex_table, latex_text, markdown_table, markdown_text
from alcca.experiments.report.tables import PAPER_COLUMNS, figures_of
from alcca.experiments.results import AS_A_WHOLE, Results
from alcca.experiments.significance import fixed_components

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["own_space", "table1", "table1_latex", "table1_markdown", "wide_table"]

# The endings of each measure's columns in `Results.summary`.
KINDS = ("", "_low", "_high", "_chance", "_shuffled")
PREAMBLE = "% needs \\usepackage{booktabs}, \\usepackage{adjustbox} and \\usepackage[T1]{fontenc}\n"


def table1(results: Results) -> "DataFrame":
    """Compute the measures of the paper's Table 1 with intervals, chance and shuffled pairs.

    Parameters
    ----------
    results : Results

    Returns
    -------
    DataFrame
        One row for each method and number of components: method, components, own_space, and for each column C of the
        paper C, C_low, C_high, C_chance, C_shuffled; NaN if nothing was measured. The numbers are those of
        `Results.summary`.
    """
    return wide_table(results, PAPER_COLUMNS)


def wide_table(results: Results, columns: Sequence[tuple[str, str, str, str]]) -> "DataFrame":
    """Compute measures with one row for each method and number of components.

    Parameters
    ----------
    results : Results
    columns : sequence of (str, str, str, str)
        Name, measure, direction and level, as `alcca.experiments.report.tables.PAPER_COLUMNS`.

    Returns
    -------
    DataFrame
        As of `table1`.
    """
    import pandas as pd

    summary = figures_of(results)
    own = own_space(results)
    rows = []
    for _, found in summary.groupby(["method", "components"], sort=False, observed=True):
        method, components = str(found["method"].iloc[0]), int(found["components"].iloc[0])
        row = {"method": method, "components": components, "own_space": method in own}
        for name, measure, direction, level in columns:
            cell = found[(found["direction"] == direction) & (found["level"] == level)]
            # Hubness has no interval.
            row |= {name + kind: math.nan if cell.empty or measure + kind not in cell else cell[measure + kind].iloc[0]
                    for kind in KINDS}  # fmt: skip
        rows.append(row)
    order = {method: i for i, method in enumerate(summary["method"].astype(str).unique())}
    return pd.DataFrame(rows).sort_values(
        ["method", "components"], key=lambda column: column.map(order) if column.name == "method" else column,
        kind="stable", ignore_index=True,
    )  # fmt: skip


def own_space(results: Results) -> set[str]:
    """Methods without canonical components, which were measured in the whole of their own space."""
    wanted = results.settings.get("components")
    if wanted is None:
        return set()
    measured = results.ranks[["method", "components"]].drop_duplicates()
    return {str(method) for method, rows in measured.groupby("method", observed=True)
            if len(rows) == 1 and rows["components"].iloc[0] not in (*wanted, AS_A_WHOLE)}  # fmt: skip


def table1_markdown(table: "DataFrame") -> str:
    """Format the result of `table1` as one Markdown table for each method, with intervals."""
    parts = ["I: the song itself. C: the first song with the same label. A: audio asks for lyrics. L: lyrics ask for "
             "audio. Mean [95% interval over songs]."]  # fmt: skip
    for method, rows in table.groupby("method", sort=False):
        columns = [name for name, *_ in PAPER_COLUMNS if rows[name].notna().any()]
        body = [
            [_head(row), *(f"{row[c]:.3f} [{row[c + '_low']:.3f}, {row[c + '_high']:.3f}]" for c in columns)]
            for row in rows.to_dict("records")
        ]
        body += _controls(rows, columns)
        parts += [f"## {markdown_text(str(method))}", markdown_table(["components", *columns], body)]
    return "\n\n".join(parts) + "\n"


def table1_latex(table: "DataFrame", dataset: str) -> str:
    """Format the result of `table1` as one LaTeX table for each method, without intervals, as narrow as the paper's."""
    parts = []
    for number, (method, rows) in enumerate(table.groupby("method", sort=False), start=1):
        columns = [name for name, *_ in PAPER_COLUMNS if rows[name].notna().any()]
        body = [[_head(row), *(f"{row[c]:.3f}" for c in columns)] for row in rows.to_dict("records")]
        caption = f"Cross-modal retrieval by {latex_text(str(method))} on {latex_text(dataset)}."
        lines = [*body, [], *_controls(rows, columns)]
        parts.append(latex_table([r"\#CCA", *columns], lines, caption, f"tab:table1-{number}"))
    return PREAMBLE + "\n\n".join(parts) + "\n"


def _head(row: Mapping[Any, Any]) -> str:
    return components_text(row["components"], row["own_space"])


def _controls(rows: "DataFrame", columns: list[str]) -> list[list[str]]:
    """Rows of shuffled pairs, if there are any, and chance, at the number of components fixed in advance."""
    at = fixed_components(rows["components"])
    fixed = rows[rows["components"] == at].iloc[0]
    lines = [["chance", *(f"{fixed[c + '_chance']:.3f}" for c in columns)]]
    if all(not math.isnan(fixed[c + "_shuffled"]) for c in columns):
        head = "shuffled" if at == AS_A_WHOLE else f"shuffled, {at}"
        lines.insert(0, [head, *(f"{fixed[c + '_shuffled']:.3f}" for c in columns)])
    return lines
