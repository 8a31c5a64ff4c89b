"""Formats of results: text for a terminal, Markdown for documents, plain values for JSON."""

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alcca.experiments.by_certainty import by_certainty
from alcca.experiments.by_transcript import by_words
from alcca.experiments.chosen import TUNING, settings_in_words
from alcca.experiments.results import AS_A_WHOLE, DIRECTIONS, LEVELS, MEASURES, Results
from alcca.experiments.seed_spread import ONE_SEED, spread_text
from alcca.experiments.significance import fixed_components

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = [
    "BOTH",
    "MAP_COLUMNS",
    "PAPER_COLUMNS",
    "figures_of",
    "pool_text",
    "span",
    "to_json",
    "to_markdown",
    "to_text",
    "verdicts",
]

# The columns of the paper's Table 1: name, measure, direction, level. A: audio is the query; L: lyrics are.
PAPER_COLUMNS = [
    *((f"{'I' if level == 'instance' else 'C'}-MRR1-{d[0].upper()}", "MRR1", d, level) for level in LEVELS
      for d in DIRECTIONS),
    *((f"R@{n}-{d[0].upper()}", f"R@{n}", d, "instance") for n in (1, 5) for d in DIRECTIONS),
]  # fmt: skip
# The direction of means over both.
BOTH = "both"
MAP_COLUMNS = [*((f"mAP-{d[0].upper()}", "mAP", d, "category") for d in DIRECTIONS), ("mAP", "mAP", BOTH, "category")]
COLUMNS = [
    *PAPER_COLUMNS,
    *((f"R@10-{d[0].upper()}", "R@10", d, "instance") for d in DIRECTIONS),
    *((f"median-{d[0].upper()}", "median", d, "instance") for d in DIRECTIONS),
    *MAP_COLUMNS,
]
COLUMNS_IN_A_BLOCK = 4
SPREAD = "_seed"


def to_text(results: Results) -> str:
    """Format the paper's Table 1 for each method, with intervals, chance, shuffled pairs and a plain sentence.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        Tables are at most 100 characters wide.
    """
    settings = results.settings
    lines = [
        f"{settings['dataset']}: {settings['songs']} songs, {settings['folds']} folds; each query searches "
        f"{pool_text(settings)}.",
        "I: the song itself. C: the first song with the same label. A: audio asks for lyrics. L: lyrics ask for audio.",
        "Mean [95% interval over songs]; ties count against the system.",
        *(
            ["mAP: all songs with the same label are right; without a letter, the mean of both directions."]
            if results.summary()["mAP"].notna().any()
            else []
        ),
    ]
    if _seeds(results) > 1:
        lines.append("Seeds: standard deviation over seeds [lowest, highest mean of a seed].")
    if TUNING not in settings:  # else the notes say what was chosen
        lines += textwrap.wrap(settings_in_words(settings), 100)
    for method, table in _tables(results).items():
        for start in range(0, len(COLUMNS), COLUMNS_IN_A_BLOCK):
            names = [name for name, *_ in COLUMNS[start : start + COLUMNS_IN_A_BLOCK]]
            present = [name for name in names if any(row[name] for row in table.values())]
            if present:
                lines += ["", f"{method:16s}" + "".join(f"{name:>21s}" for name in present)]
                lines += [
                    f"{head:16s}" + "".join(f"{row[name]:>21s}" for name in present) for head, row in table.items()
                ]
        lines += ["", *(sentence for sentence in verdicts(results)[method])]
    lines += [] if _seeds(results) > 1 else ["", *textwrap.wrap(ONE_SEED, 100)]
    lines += [f"Note: {note}" for note in results.notes]
    return "\n".join(lines)


def to_markdown(results: Results) -> str:
    """Format the tables of `to_text` for a Markdown document."""
    lines: list[str] = []
    for method, table in _tables(results).items():
        names = [name for name, *_ in COLUMNS if any(row[name] for row in table.values())]
        lines += [f"| {method} | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        lines += [f"| {head} | " + " | ".join(row[name] for name in names) + " |" for head, row in table.items()]
        lines += ["", *(sentence + "  " for sentence in verdicts(results)[method]), ""]
    lines += [f"Note: {note}  " for note in results.notes]
    return "\n".join(lines).rstrip() + "\n"


def to_json(results: Results) -> dict[str, Any]:
    """Return settings, notes, sentences and every row of the tables as values for JSON (NaN becomes None)."""
    return {
        "settings": dict(results.settings),
        "notes": list(results.notes),
        "verdicts": verdicts(results),
        "summary": _records(results.summary()),
        "both_directions": _records(results.both_directions()),
        "by_words": _records(by_words(results)),
        "by_certainty": _records(by_certainty(results)),
    }  # fmt: skip


def verdicts(results: Results) -> dict[str, list[str]]:
    """State for each method and direction, in a sentence, whether it beats chance and the shuffled pairs.

    The sentence is on instance MRR1 at a number of components that was fixed in advance: 80, or the next lower.
    """
    summary = results.summary()
    return {
        str(method): [
            _verdict(rows[(rows["direction"] == direction) & (rows["level"] == "instance")].iloc[0])
            for direction in DIRECTIONS
        ]
        for method, rows in (
            (method, _at_fixed(summary[summary["method"] == method])) for method in summary["method"].unique()
        )
    }


def _verdict(row: "Series[Any]") -> str:
    asks = "audio asks for lyrics" if row["direction"] == "audio" else "lyrics ask for audio"
    where = "When" if row["components"] == AS_A_WHOLE else f"With {row['components']} components, when"
    sentence = (
        f"{where} {asks}, MRR1 is {_cell(row, 'MRR1')} in {row['pool']:.0f} songs; chance is {row['MRR1_chance']:.3f}"
    )
    controlled = not math.isnan(row["MRR1_shuffled"])
    if controlled:
        sentence += f", shuffled pairs give {_cell(row, 'MRR1', '_shuffled')}"
    if row["MRR1_high"] < row["MRR1_chance"]:
        return sentence + ": worse than chance."
    if row["MRR1_low"] <= row["MRR1_chance"]:
        return sentence + ": statistically indistinguishable from chance."
    if controlled and row["MRR1_low"] <= row["MRR1_shuffled_high"]:
        return sentence + ": above chance, but not clearly above shuffled pairs."
    return sentence + (": above both." if controlled else ": above chance.")


def _at_fixed(rows: "DataFrame") -> "DataFrame":
    chosen: DataFrame = rows[rows["components"] == fixed_components(rows["components"])]
    return chosen


def figures_of(results: Results) -> "DataFrame":
    """The rows of `Results.summary`, and those of `Results.both_directions` with the direction `BOTH`."""
    import pandas as pd

    return pd.concat([results.summary(), results.both_directions().assign(direction=BOTH)], ignore_index=True)


def _tables(results: Results) -> dict[str, dict[str, dict[str, str]]]:
    """Method -> row heading -> column -> cell; the cell is empty if nothing was measured."""
    summary = figures_of(results)
    tables: dict[str, dict[str, dict[str, str]]] = {}
    for method in summary["method"].unique():
        rows = summary[summary["method"] == method]
        table = {
            _head(components): _line(rows[rows["components"] == components])
            for components in sorted(set(rows["components"]))
        }
        fixed = _at_fixed(rows)
        if fixed["seeds"].max() > 1:
            where = "" if fixed["components"].iloc[0] == AS_A_WHOLE else f", {fixed['components'].iloc[0]}"
            table[f"{fixed['seeds'].max()} seeds{where}"] = _line(fixed, SPREAD)
        if fixed["MRR1_shuffled"].notna().all():
            at = fixed["components"].iloc[0]
            table["shuffled" if at == AS_A_WHOLE else f"shuffled, {at}"] = _line(fixed, "_shuffled")
        table["chance"] = _line(fixed, "_chance")
        tables[str(method)] = table
    return tables


def _head(components: int) -> str:
    return "as a whole" if components == AS_A_WHOLE else f"{components} components"


def _line(rows: "DataFrame", kind: str = "") -> dict[str, str]:
    cells = {}
    for name, measure, direction, level in COLUMNS:
        row = rows[(rows["direction"] == direction) & (rows["level"] == level)]
        cells[name] = "" if row.empty else _cell(row.iloc[0], measure, kind)
    return cells


def _cell(row: "Series[Any]", measure: str, kind: str = "") -> str:
    if math.isnan(row[measure]):
        return ""
    digits = 1 if measure == MEASURES[-1] else 3
    if kind == SPREAD:
        return " ".join(spread_text(row.to_dict(), measure, digits))
    value = f"{row[measure + kind]:.{digits}f}"
    if kind == "_chance":
        return value
    return f"{value} [{row[f'{measure}{kind}_low']:.{digits}f}, {row[f'{measure}{kind}_high']:.{digits}f}]"


def _seeds(results: Results) -> int:
    return int(results.summary()["seeds"].max())


def span(sizes: list[int]) -> str:
    """Format the sizes of the test folds: one number, or the smallest and the largest."""
    return str(min(sizes)) if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"


def pool_text(settings: Mapping[str, Any]) -> str:
    """Describe the pool of a query: a test fold, and the distractors.

    Examples
    --------
    >>> pool_text({"fold_sizes": [4, 5], "distractors": {"lyrics": 1733, "recordings": 0, "name": "songbook"}})
    'one test fold of 4 to 5 songs, plus 1,733 lyrics (songbook) that match no song'
    """
    fold, others = f"one test fold of {span(settings['fold_sizes'])} songs", settings.get("distractors")
    if others is None:
        return fold
    counts = " or ".join(f"{others[kind]:,} {kind}" for kind in ("lyrics", "recordings") if others[kind])
    return f"{fold}, plus {counts} ({others['name']}) that match no song"


def _records(table: "DataFrame") -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value
