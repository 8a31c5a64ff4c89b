"""The spread of each figure over seeds beside its interval over songs, as a table, as text, and on the page."""

import math
import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from alcca.experiments.report.elements import html_table, measured
from alcca.experiments.report.more_measures import MORE_COLUMNS
from alcca.experiments.report.tables import MAP_COLUMNS, PAPER_COLUMNS, figures_of
from alcca.experiments.results import Results
from alcca.experiments.seed_spread import ENDINGS, ONE_SEED, spread_text
from alcca.experiments.significance import fixed_components

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["seed_lines", "seed_section", "seed_table"]

COLUMNS = [*PAPER_COLUMNS, *MORE_COLUMNS]
# Those of a terminal, in blocks.
SHOWN = [[name for name, measure, *_ in PAPER_COLUMNS if measure == "MRR1"], [name for name, *_ in MAP_COLUMNS]]
KINDS = ("", "_low", "_high", *ENDINGS)
WHAT_VARIES = "Each seed has folds of its own, unless they are predefined, and begins each training elsewhere."
CAPTION = (
    "Mean [95% interval over songs], and below it the standard deviation over seeds ± with the lowest and the highest "
    f"mean of a seed. {WHAT_VARIES} Neither contains the other."
)


def seed_table(results: Results) -> "DataFrame":
    """Collect the figures of each method at the number of components fixed in advance, with both spreads.

    Parameters
    ----------
    results : Results

    Returns
    -------
    DataFrame
        One row for each method: method, components, seeds, and for each column C of the paper's Table 1 and of
        `MORE_COLUMNS` C, C_low and C_high (over songs; NaN for hubness), C_seed_sd, C_seed_min and C_seed_max (NaN with
        one seed, or if nothing was measured).
    """
    import pandas as pd

    rows = []
    for method, own in figures_of(results).groupby("method", sort=False, observed=True):
        fixed = own[own["components"] == fixed_components(own["components"])]
        row = {"method": str(method), "components": fixed["components"].iloc[0], "seeds": fixed["seeds"].max()}
        for name, measure, direction, level in COLUMNS:
            cell = fixed[(fixed["direction"] == direction) & (fixed["level"] == level)]
            for kind in KINDS:
                known = measure + kind in cell and not cell.empty
                row[name + kind] = cell[measure + kind].iloc[0] if known else math.nan
        rows.append(row)
    return pd.DataFrame(rows)


def seed_lines(results: Results) -> list[str]:
    """Format the spread over seeds of MRR1 and mAP for a terminal; one sentence if no method has several."""
    table = seed_table(results)
    if (table["seeds"] < 2).all():
        return textwrap.wrap(ONE_SEED, 108)
    wide = max(map(len, table["method"]))
    lines = ["", f"Spread over {_count(table)} seeds. Standard deviation [lowest, highest mean of a seed]."]
    for block in SHOWN:
        columns = [name for name in block if name in _columns(table)]
        if not columns:
            continue
        lines.append("   " + "method".ljust(wide) + "".join(f"{name:>22s}" for name in columns))
        for row in table.to_dict("records"):
            cells = ["one seed" if row["seeds"] < 2 else " ".join(spread_text(row, name)) for name in columns]
            lines.append(f"   {row['method'].ljust(wide)}" + "".join(f"{cell:>22s}" for cell in cells))
    return lines


def seed_section(results: Results) -> str:
    """Make the section of the page: a table, or a sentence if no method has several seeds."""
    table = seed_table(results)
    if (table["seeds"] < 2).all():
        return f"<p>{escape(ONE_SEED)}</p>"
    columns = _columns(table)
    rows = [
        (
            escape(row["method"]),
            [*(_cell(row, name) for name in columns), str(row["components"]), str(row["seeds"])],
            "",
        )
        for row in table.to_dict("records")
    ]
    return html_table(CAPTION, ["method", *columns, "components", "seeds"], rows)


def _columns(table: "DataFrame") -> list[str]:
    return [name for name, *_ in COLUMNS if table[name].notna().any()]


def _count(table: "DataFrame") -> str:
    counts: Sequence[int] = sorted(set(table["seeds"]) - {1})
    return " or ".join(map(str, counts))


def _cell(row: dict[Any, Any], name: str) -> str:
    if math.isnan(row[name]):
        return ""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    over_songs = measured(f"{row[name]:.3f}", "" if math.isnan(low) else f"[{low:.3f}, {high:.3f}]")
    sd, span = spread_text(row, name)
    return measured(over_songs, f"± {sd} {span}" if sd else "one seed")
