"""Comparison of all methods at a number of components fixed in advance, with marks of significance."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from alcca.experiments.by_transcript import word_methods
from alcca.experiments.chosen import settings_in_words
from alcca.experiments.report.formats import components_text, latex_table, latex_text, markdown_table, markdown_text
from alcca.experiments.report.table1 import PREAMBLE, table1
from alcca.experiments.report.tables import PAPER_COLUMNS
from alcca.experiments.results import Results
from alcca.experiments.significance import against_controls, fixed_components, pairwise

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["CEILING", "LEGEND", "Comparison", "best_first", "chance_text", "compared"]

LEGEND = (
    "Methods stand in the order of their mean instance MRR1. Letters after an MRR1: the methods that it is "
    "significantly better than. *: significantly above chance. †: significantly above itself trained on shuffled "
    "pairs. Paired randomisation tests over groups of songs (C: and over labels), two-sided, at 0.05 after Holm's "
    "correction over all pairs (or all methods) of one column. Mean [95% interval over songs]. "
    "Components: the first ones of one fit with the largest number that was asked for; a network trained for fewer can "
    "rank better or worse."
)
CEILING = "words at best"
CEILING_LEGEND = (
    f"{CEILING[:1].upper()}{CEILING[1:]}: the share of recordings in which any words were heard; words alone cannot "
    "find the others."
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """The methods of a comparison, and the tests between them.

    Parameters
    ----------
    rows : DataFrame
        One row for each method, the best mean instance MRR1 first: mark (a letter), seeds, seconds (median of one
        fit, NaN when unknown), the columns of `table1`, and for each MRR1 column C C_better_than (marks),
        C_above_chance, C_above_shuffled (None without the control).
    pairs : DataFrame
        The result of `pairwise`.
    controls : DataFrame
        The result of `against_controls`.
    signs : dict
        (a, b, direction, level) -> 1 if a is significantly better than b, -1 if it is worse.
    with_words : float, optional
        The share of recordings whose transcripts have words, if a method reads them and not all have.
    settings : str
        Whose settings are tuned (`alcca.experiments.chosen.settings_in_words`).
    """

    rows: "DataFrame"
    pairs: "DataFrame"
    controls: "DataFrame"
    signs: dict[tuple[str, str, str, str], int]
    with_words: float | None = None
    settings: str = ""

    @property
    def columns(self) -> list[str]:
        """The columns of the paper's Table 1 that were measured."""
        return [name for name, *_ in PAPER_COLUMNS if self.rows[name].notna().any()]

    @property
    def legend(self) -> str:
        """The explanation of the marks, of the methods' settings, and of the rows below the methods."""
        return " ".join(filter(None, [LEGEND, self.settings, "" if self.with_words is None else CEILING_LEGEND]))

    @property
    def references(self) -> list[tuple[str, list[str]]]:
        """The rows below the methods, with their values in the columns: chance, and the upper bound of words."""
        rows = [("chance", [self.chance(column) for column in self.columns])]
        if self.with_words is not None:
            rows.append((CEILING, ["" if column[0] == "C" else f"{self.with_words:.3f}" for column in self.columns]))
        return rows

    def better_than(self, method: str, direction: str, level: str) -> list[str]:
        """Methods that ``method`` is significantly better than, in the order of the rows."""
        return [m for m in self.rows["method"] if self.signs.get((method, m, direction, level)) == 1]

    def worse_than(self, method: str, direction: str, level: str) -> list[str]:
        """Methods that ``method`` is significantly worse than."""
        return [m for m in self.rows["method"] if self.signs.get((method, m, direction, level)) == -1]

    def above(self, method: str, control: str, direction: str, level: str) -> bool | None:
        """Whether ``method`` is significantly above "chance" or "shuffled pairs"; None if that was not measured."""
        test = self.test(method, control, direction, level)
        return None if test is None else bool(test["significant"] and test["difference"] > 0)

    def test(self, method: str, control: str, direction: str, level: str) -> dict[str, Any] | None:
        """The row of `against_controls` on "chance" or "shuffled pairs"; None if that was not measured."""
        table = self.controls
        tests = table[(table["a"] == method) & (table["b"] == control)
                      & (table["direction"] == direction) & (table["level"] == level)]  # fmt: skip
        return None if tests.empty else {str(k): v for k, v in tests.to_dict("records")[0].items()}

    def to_markdown(self) -> str:
        """Format the rows as a Markdown table, with the marks and their explanation."""
        body = [
            [row["mark"], markdown_text(row["method"]), *self._cells(row, "<sup>{}</sup>", "\\*")]
            for row in self._records()
        ]
        header = ["", "method", *self._header()]
        lines = markdown_table(header, [*body, *self._references()])
        return f"{lines}\n\n{markdown_text(self.legend)}\n"

    def to_latex(self, dataset: str, label: str = "tab:comparison") -> str:
        """Format the rows as a LaTeX table with that label, with the marks and their explanation in the caption."""
        body = [
            [row["mark"], latex_text(row["method"]), *self._cells(row, "\\textsuperscript{{{}}}", "*")]
            for row in self._records()
        ]
        legend = latex_text(self.legend).replace("†", r"\dag{}")
        lines = [*body, [], *self._references()]
        text = latex_table(["", "method", *self._header()], lines, f"{latex_text(dataset)}. {legend}", label)
        return PREAMBLE + text.replace("†", r"\dag{}").replace("{tabular}{lr", "{tabular}{ll") + "\n"

    def cell(self, row: dict[str, Any], column: str) -> tuple[str, str, str]:
        """Format value, interval and marks of one cell; empty if nothing was measured."""
        if math.isnan(row[column]):
            return "", "", ""
        marks = ""
        if f"{column}_better_than" in row:
            marks = "*" * (row[f"{column}_above_chance"] is True) + "†" * (row[f"{column}_above_shuffled"] is True)
            marks += row[f"{column}_better_than"]
        return f"{row[column]:.3f}", f"[{row[f'{column}_low']:.3f}, {row[f'{column}_high']:.3f}]", marks

    def _header(self) -> list[str]:
        return [*self.columns, "components", "seeds", "s/fit"]

    def _records(self) -> list[dict[str, Any]]:
        return [{str(k): v for k, v in row.items()} for row in self.rows.to_dict("records")]

    def _cells(self, row: dict[str, Any], superscript: str, star: str) -> list[str]:
        cells = []
        for column in self.columns:
            value, interval, marks = self.cell(row, column)
            raised = superscript.format(marks.replace("*", star)) if marks else ""
            cells.append(f"{value} {interval}{raised}".strip())
        cells += [components_text(row["components"], row["own_space"]), str(row["seeds"])]
        return [*cells, "" if math.isnan(row["seconds"]) else f"{row['seconds']:.1f}"]

    def _references(self) -> list[list[str]]:
        return [["", name, *values, "", "", ""] for name, values in self.references]

    def chance(self, column: str) -> str:
        """Format chance in one column, as a range if methods had different queries."""
        return chance_text(self.rows[f"{column}_chance"].dropna())


def compared(results: Results) -> Comparison:
    """Compare the methods at fixed numbers of components, and test every pair of them.

    Parameters
    ----------
    results : Results
    """
    pairs, controls = pairwise(results), against_controls(results)
    signs = {}
    significant = pairs[pairs["significant"]]
    for a, b, direction, level, difference in zip(
        *(significant[name].tolist() for name in ("a", "b", "direction", "level", "difference")), strict=True
    ):
        sign = 1 if difference > 0 else -1
        signs[a, b, direction, level] = sign
        signs[b, a, direction, level] = -sign
    table = table1(results)
    fixed = table.groupby("method", sort=False)["components"].transform(fixed_components)
    rows = best_first(table[table["components"] == fixed])
    asked = results.ranks[~results.ranks["control"].astype(bool)].groupby("method", observed=True)
    rows.insert(0, "mark", marks(len(rows)))
    rows.insert(1, "seeds", rows["method"].map(asked["seed"].nunique()).astype(int))
    rows.insert(2, "seconds", [results.seconds.get(method, math.nan) for method in rows["method"]])
    silent = results.without_words if word_methods(results) else None
    with_words = 1 - len(silent) / results.settings["songs"] if silent else None
    said = settings_in_words(results.settings, results.methods)
    comparison = Comparison(rows, pairs, controls, signs, with_words, said)
    mark = dict(zip(rows["method"], rows["mark"], strict=True))
    for name, measure, direction, level in PAPER_COLUMNS:
        if measure == "MRR1" and rows[name].notna().any():
            rows[f"{name}_better_than"] = [
                _joined([mark[m] for m in comparison.better_than(method, direction, level)])
                for method in rows["method"]
            ]
            for control, ending in (("chance", "above_chance"), ("shuffled pairs", "above_shuffled")):
                rows[f"{name}_{ending}"] = [
                    comparison.above(method, control, direction, level) for method in rows["method"]
                ]
    return comparison


def best_first(rows: "DataFrame") -> "DataFrame":
    """Sort the rows of methods by their instance MRR1, the mean of both directions; equal ones stay in their order."""
    order = rows[["I-MRR1-A", "I-MRR1-L"]].mean(axis=1).sort_values(ascending=False, kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def chance_text(values: Iterable[float]) -> str:
    """Format the chance of several methods: one number, or a range if they had different queries.

    Examples
    --------
    >>> chance_text([0.0711, 0.0714]), chance_text([0.08, 0.07])
    ('0.071', '0.070 to 0.080')
    """
    texts = sorted({f"{value:.3f}" for value in values})
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"


def marks(n: int) -> list[str]:
    """Return letters for ``n`` methods: a to z, then aa, ab and so on.

    Examples
    --------
    >>> marks(3), marks(28)[-1]
    (['a', 'b', 'c'], 'ab')
    """
    return ["".join(letters) for size in (1, 2) for letters in product(ascii_lowercase, repeat=size)][:n]


def _joined(letters: list[str]) -> str:
    """Join marks, with commas if a mark has two letters."""
    return ("" if all(len(letter) == 1 for letter in letters) else ",").join(letters)
