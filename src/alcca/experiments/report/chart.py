"""The chart at the top of the page: every method against chance, as a table whose bars are drawn in its cells."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from alcca.experiments.report.comparison import Comparison, best_first, chance_text
from alcca.experiments.report.elements import measured, p_text, scrolling, signed
from alcca.experiments.report.prose import ASKS, listed
from alcca.experiments.results import AS_A_WHOLE, DIRECTIONS, Results
from alcca.experiments.significance import LEVEL

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["chart"]

CAPTION = "Instance MRR1 against chance, the best method first."
# Ends of the scale: the first that every value fits below is taken.
ENDS = (0.05, 0.1, 0.2, 0.5, 1.0)
NOT_MEASURED = "not measured"


def chart(results: Results, comparison: Comparison, words: Comparison | None = None) -> str:
    """Make the chart as HTML: a table with one row for each method, and a bar beside each MRR1.

    Every number stands in a cell as text, so the chart can be read without the bars. The p-values are those of the
    comparisons, corrected over the methods of each.

    Parameters
    ----------
    results : Results
        All of them.
    comparison : Comparison
        Of the methods of the paper's comparison, or of all methods.
    words : Comparison, optional
        Of the methods that read transcripts. A method that is in both is shown with the tests of ``comparison``.
    """
    rows, tests = _together(comparison, words)
    columns = [f"I-MRR1-{direction[0].upper()}" for direction in DIRECTIONS]
    with_control = bool(rows[[f"{column}_shuffled" for column in columns]].notna().to_numpy().any())
    end = _end_of_scale(rows, columns)
    names = ["MRR1", *(["shuffled"] if with_control else []), "difference", "d_z", "p"]
    lines, below = [], False
    for row in rows.to_dict("records"):
        cells = []
        for direction, column in zip(DIRECTIONS, columns, strict=True):
            value, interval, _ = comparison.cell({str(k): v for k, v in row.items()}, column)
            numbers = {kind: row[column + kind] for kind in ("", "_low", "_high", "_chance", "_shuffled")}
            test = tests[row["method"]].test(row["method"], "chance", direction, "instance")
            texts = [_bar(numbers, end, measured(value, interval))]
            if with_control:
                shuffled = numbers["_shuffled"]
                texts.append(NOT_MEASURED if math.isnan(shuffled) else f"{shuffled:.3f}")
            texts += [NOT_MEASURED] * 3 if test is None else _tested(test)
            below |= test is not None and test["difference"] < 0 and test["p_holm"] <= LEVEL
            cells.append(texts)
        lines.append(_line(measured(escape(row["method"]), _components(row)), cells, names))
    at_chance = [
        [
            _bar({"_chance": chances.mean()}, end, chance_text(chances)),
            *[""] * (len(names) - 1),
        ]
        for chances in (rows[f"{column}_chance"] for column in columns)
    ]
    lines.append(_line("chance", at_chance, names, "control"))
    asked = "".join(f'<th scope="colgroup" colspan="{len(names)}">{ASKS[direction]}</th>' for direction in DIRECTIONS)
    axis = f'<span class="axis" aria-hidden="true"><span>0</span><span>{end:g}</span></span>'
    first = f'<th scope="col"><div class="bar">{axis}<span class="value">{names[0]}</span></div></th>'
    heads = first + "".join(f'<th scope="col">{name}</th>' for name in names[1:])
    # CSS sets the table as blocks where it is narrow; the roles keep it a table for screen readers.
    table = (
        f'<table class="chart" role="table"><caption><span>{escape(CAPTION)}</span></caption>\n'
        f'<thead role="rowgroup"><tr role="row"><th scope="col" class="name" rowspan="2">method</th>{asked}</tr>'
        f'<tr role="row">{heads * len(DIRECTIONS)}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{"".join(lines)}</tbody></table>'
    )
    said = _legend(results, end, with_control, words is not None, below)
    return f'{scrolling(table, CAPTION)}<p class="soft">{escape(" ".join(said))}</p>'


def _tested(test: Mapping[str, Any]) -> list[str]:
    """The difference from chance with its interval, its effect size, and its p."""
    interval = f"[{signed(test['low'])}, {signed(test['high'])}]"
    effect = "" if math.isnan(test["d_z"]) else signed(test["d_z"], 2)
    return [measured(signed(test["difference"]), interval), effect, p_text(test["p_holm"])]


def _together(comparison: Comparison, words: Comparison | None) -> tuple["DataFrame", dict[str, Comparison]]:
    """The rows of all methods, the best first, and the comparison that has each method's tests."""
    import pandas as pd

    tests = dict.fromkeys(comparison.rows["method"], comparison)
    if words is None:
        return comparison.rows, tests
    others = words.rows[~words.rows["method"].isin(list(tests))]
    tests |= dict.fromkeys(others["method"], words)
    return best_first(pd.concat([comparison.rows, others], ignore_index=True)), tests


def _legend(results: Results, end: float, with_control: bool, apart: bool, below: bool) -> list[str]:
    said = [f"Bar: MRR1, from 0 to {end:g}, with its 95% interval over songs as a thin line. Dashed line: chance."]
    if with_control:
        said.append(
            "○: the same method trained on shuffled pairs; a method that learns nothing from pairs ranks the same with "
            "them."
        )
    families = "the methods of one direction"
    if apart:
        families += "; those that read transcripts are corrected apart, with the spaces that they are fused with"
    said.append(
        "Difference: MRR1 less chance [95% interval over songs]. d_z: this difference over the standard deviation of "
        "the queries' differences, an effect size that does not depend on the number of queries. p: paired "
        "randomisation test of this difference, two-sided, after Holm's "
        f"correction over {families}."
    )
    if below:
        said.append(
            "A method that only guesses is significantly below chance too often (8% of cases with 150 songs, where "
            "2.5% are expected), so a small p below chance says little."
        )
    lost = sorted({failure.method for failure in results.failures} - set(results.methods))
    if lost:
        said.append(f"Not in the chart, because all its fits failed: {listed(lost)}.")
    return said


def _line(head: str, cells: Sequence[Sequence[str]], names: Sequence[str], which: str = "") -> str:
    """Make a row; ``cells`` has one list for each direction."""
    tds = ""
    for direction, texts in zip(DIRECTIONS, cells, strict=True):
        for name, text in zip(names, texts, strict=True):
            label, kind = (ASKS[direction], ' class="mrr1"') if name == "MRR1" else (name, "")
            tds += f'<td role="cell"{kind} data-label="{label}">{text}</td>'
    which = f' class="{which}"' if which else ""
    return f'<tr role="row"{which}><th scope="row" role="rowheader" class="name">{head}</th>{tds}</tr>\n'


def _bar(numbers: Mapping[str, float], end: float, text: str) -> str:
    """Draw what is in ``numbers``, MRR1 ("") with _low and _high, _chance, and _shuffled, beside its text as HTML."""
    at = {kind: f"{100 * value / end:.2f}%" for kind, value in numbers.items() if not math.isnan(value)}
    parts = '<line class="zero" x1="0" x2="0" y1="0" y2="100%"/>'
    if "" in at:
        parts += f'<rect x="0" y="28%" width="{at[""]}" height="44%"/>'
    parts += f'<line class="chance" x1="{at["_chance"]}" x2="{at["_chance"]}" y1="0" y2="100%"/>'
    if "_low" in at:
        parts += f'<line class="interval" x1="{at["_low"]}" x2="{at["_high"]}" y1="50%" y2="50%"/>'
        parts += "".join(
            f'<line class="interval" x1="{at[kind]}" x2="{at[kind]}" y1="38%" y2="62%"/>' for kind in ("_low", "_high")
        )
    if "_shuffled" in at:
        parts += f'<circle cx="{at["_shuffled"]}" cy="80%" r="4"/>'
    drawn = f'<svg aria-hidden="true" focusable="false">{parts}</svg>'
    return f'<div class="bar">{drawn}<span class="value">{text}</span></div>'


def _end_of_scale(rows: "DataFrame", columns: Sequence[str]) -> float:
    """The end of the scale that both directions share.

    Examples
    --------
    >>> import pandas as pd
    >>> _end_of_scale(pd.DataFrame({"M_high": [0.08], "M_chance": [0.01], "M_shuffled": [0.13]}), ["M"])
    0.2
    """
    kinds = ("_high", "_chance", "_shuffled")
    largest = rows[[column + kind for column in columns for kind in kinds]].max().max()
    return next((end for end in ENDS if largest <= end), ENDS[-1])


def _components(row: Mapping[Any, Any]) -> str:
    if row["components"] == AS_A_WHOLE:
        return "own similarity"
    return f"{row['components']} {'dimensions, own space' if row['own_space'] else 'components'}"
