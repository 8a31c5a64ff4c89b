"""Every pair of methods on the page: which one is better, by how much, and how certain that is."""

import math
from html import escape
from typing import Any

from alcca.experiments.report.comparison import Comparison
from alcca.experiments.report.elements import html_table, measured, p_text, signed
from alcca.experiments.report.prose import ASKS
from alcca.experiments.results import DIRECTIONS, LEVELS

__all__ = ["pair_tables"]

SYMBOLS = {
    1: '<span class="better" aria-label="better">▲</span>',
    -1: '<span class="worse" aria-label="worse">▽</span>',
    0: '<span class="soft" aria-label="no significant difference">·</span>',
}
MATRIX = (
    "▲: the method of the row is significantly better in MRR1 than that of the column; ▽: worse; ·: no significant "
    "difference."
)
EFFECTS = (
    "Difference: mean MRR1 of the first method less that of the second [95% interval over songs]. d_z: this difference "
    "over the standard deviation of the queries' differences, an effect size that does not depend on the number of "
    "queries. p: paired randomisation test, two-sided, after Holm's correction."
)


def pair_tables(comparison: Comparison) -> str:
    """Make a matrix of significant differences, and a table of effect sizes, for each direction and level."""
    if len(comparison.rows) < 2:
        return ""
    parts = []
    for level in LEVELS:
        for direction in DIRECTIONS:
            if not (comparison.pairs["level"] == level).any():
                continue
            tables = _matrix(comparison, direction, level) + _effects(comparison, direction, level)
            parts.append(f"<details><summary>Every pair: {level} level, {ASKS[direction]}</summary>{tables}</details>")
    return "".join(parts)


def _matrix(comparison: Comparison, direction: str, level: str) -> str:
    names = dict(zip(comparison.rows["method"], comparison.rows["mark"], strict=True))
    rows = [
        (
            f'<span class="soft">{mark}</span> {escape(a)}',
            ["" if a == b else SYMBOLS[comparison.signs.get((a, b, direction, level), 0)] for b in names],
            "",
        )
        for a, mark in names.items()
    ]
    return html_table(MATRIX, ["method", *names.values()], rows, "matrix")


def _effects(comparison: Comparison, direction: str, level: str) -> str:
    """A row for each pair, the method first that stands higher in the comparison."""
    place = {method: i for i, method in enumerate(comparison.rows["method"])}
    pairs = comparison.pairs
    found = pairs[(pairs["level"] == level) & (pairs["direction"] == direction)].to_dict("records")
    ordered = [_turned(row) if place[row["a"]] > place[row["b"]] else row for row in found]
    rows = [
        (
            f"{escape(row['a'])} − {escape(row['b'])}",
            [
                measured(signed(row["difference"]), f"[{signed(row['low'])}, {signed(row['high'])}]"),
                "" if math.isnan(row["d_z"]) else signed(row["d_z"], 2),
                p_text(row["p_holm"]),
                f"{row['queries']:,}",
            ],
            "",
        )
        for row in sorted(ordered, key=lambda row: (place[row["a"]], place[row["b"]]))
    ]
    return html_table(EFFECTS, ["pair", "difference", "d_z", "p", "queries"], rows)


def _turned(row: dict[Any, Any]) -> dict[Any, Any]:
    """The row of a pair with its methods exchanged."""
    changed = {"a": row["b"], "b": row["a"], "low": -row["high"], "high": -row["low"]}
    return {**row, **changed, "difference": -row["difference"], "d_z": -row["d_z"]}
