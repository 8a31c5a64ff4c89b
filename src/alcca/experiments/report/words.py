"""What a comparison says, in plain sentences that are made from its numbers."""

import textwrap
from collections.abc import Sequence
from typing import Any

from alcca.experiments.report.comparison import Comparison, compared
from alcca.experiments.report.tables import span
from alcca.experiments.results import DIRECTIONS, Results

__all__ = ["ASKS", "comparison_text", "how_to_read", "summary_in_words"]

ASKS = {"audio": "audio asks for lyrics", "lyrics": "lyrics ask for audio"}
OUR_METHOD = "alcca"


def summary_in_words(results: Results, comparison: Comparison) -> list[tuple[str, list[str]]]:
    """The findings as headings with their sentences; plain text.

    Parameters
    ----------
    results : Results
    comparison : Comparison
        Of the same results.
    """
    methods = list(comparison.rows["method"])
    said = [("What was asked", [_question(results, methods)])]
    for direction in DIRECTIONS:
        said.append((f"When {ASKS[direction]}", _best(comparison, direction, "instance")))
    if comparison.rows["C-MRR1-A"].notna().any():
        said.append(("Any song of the same label", [s for d in DIRECTIONS for s in _best(comparison, d, "category")]))
    if OUR_METHOD in methods and len(methods) > 1:
        said.append(("ALCCA against the others", [_against(comparison, OUR_METHOD, d) for d in DIRECTIONS]))
    caution = []
    if len(methods) > 1:
        caution.append(
            f"The best of {len(methods)} methods was picked by these very numbers, so its own figure flatters it a "
            "little. The tests are corrected for the number of pairs; not significant does not mean equal."
        )
    caution.append(
        "Intervals and tests say how far the result depends on which songs were asked, not what training on another "
        "collection would give."
    )
    if results.failures:
        lost = sorted({failure.method for failure in results.failures} - set(methods))
        caution.append(
            f"{_count(len(results.failures), 'fit')} failed; the reasons are listed below."
            + (f" Nothing is left of {_listed(lost)}." if lost else "")
        )
    return [*said, ("What to keep in mind", caution)]


def comparison_text(results: Results) -> str:
    """Several methods beside each other for a terminal: one line each, then what that says.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        At most 110 characters wide where methods have short names.
    """
    comparison = compared(results)
    columns = [column for column in comparison.columns if "MRR1" in column]
    wide = max(len(method) for method in comparison.rows["method"])
    lines = ["   " + "method".ljust(wide) + "".join(f"{column:>22s}" for column in columns)]
    for row in comparison.rows.to_dict("records"):
        cells = [" ".join(comparison.cell({str(k): v for k, v in row.items()}, column)[:2]) for column in columns]
        lines.append(f"{row['mark']:3s}{row['method'].ljust(wide)}" + "".join(f"{cell:>22s}" for cell in cells))
    lines.append("   " + "chance".ljust(wide) + "".join(f"{comparison.chance(column):>22s}" for column in columns))
    for heading, sentences in summary_in_words(results, comparison):
        lines += ["", f"{heading}.", *(textwrap.fill(sentence, 108, initial_indent="  ", subsequent_indent="  ")
                                       for sentence in sentences)]  # fmt: skip
    lines += ["", *(f"Failed: {failure}" for failure in dict.fromkeys(map(str, results.failures)))]
    return "\n".join([*lines, *(f"Note: {note}" for note in results.notes)]).rstrip()


def how_to_read(results: Results) -> list[tuple[str, str]]:
    """The measures and controls in words, with what chance gives here."""
    first = results.summary().query("level == 'instance'").iloc[0]
    said = [
        ("MRR1", "For each query, 1 divided by the place of the right song in the ranked list; then the mean over "
         "queries. 1 would be always first, 0.5 always second. By chance alone it would be "
         f"{first['MRR1_chance']:.3f} in a pool of {first['pool']:.0f} songs."),
        ("R@1, R@5", "The share of queries whose right song is the first, or among the first five. By chance: "
         f"{first['R@1_chance']:.3f} and {first['R@5_chance']:.3f}."),
        ("Instance and category", "Instance (I): only the song itself is right. Category (C): every song with the "
         "same label is right, and the first of them counts; so chance is higher."),
        ("A and L", "A: audio is the query and lyrics are searched. L: lyrics are the query and audio is searched."),
        ("Chance", "What a list in random order gives on average; computed exactly, not simulated."),
    ]  # fmt: skip
    if results.ranks["control"].any():
        said.append(("Shuffled pairs", "The same method trained on pairs whose lyrics were shuffled, and tested on the "
                     "true pairs: what is left without any pairing to learn from."))  # fmt: skip
    said.append(("Intervals", "[low, high] holds the mean in 95% of collections drawn anew from these songs. Ties "
                 "count against the system."))  # fmt: skip
    return said


def _question(results: Results, methods: Sequence[str]) -> str:
    settings = results.settings
    seeds = results.ranks["seed"].nunique()
    return (
        f"Can the lyrics of a song be found by its sound, and its sound by its lyrics? "
        f"{_count(len(methods), 'method')} on {settings['dataset']}, {_count(settings['songs'], 'song')}, "
        f"{_count(settings['folds'], 'fold')}, {_count(seeds, 'seed')}. Each query searches one test fold of "
        f"{span(settings['fold_sizes'])} songs that the method has not seen in training."
    )


def _best(comparison: Comparison, direction: str, level: str) -> list[str]:
    """The method with the highest MRR1, what that means, whom it beats, and whether it beats the controls."""
    end = direction[0].upper()
    column = f"{level[0].upper()}-MRR1-{end}"
    rows = comparison.rows
    row: dict[str, Any] = {str(k): v for k, v in rows.nlargest(1, column).to_dict("records")[0].items()}
    method = row["method"]
    value, interval, _ = comparison.cell(row, column)
    where = f"when {ASKS[direction]}, " if level == "category" else ""
    if len(rows) == 1:
        said = [f"{where}{method} has an MRR1 of {value} {interval}; chance is {row[column + '_chance']:.3f}."]
    else:
        said = [f"{where}{method} has the highest MRR1: {value} {interval}; chance is {row[column + '_chance']:.3f}."]
    if level == "instance":
        said.append(
            f"The right song is first in {row[f'R@1-{end}']:.1%} of the queries and among the first five in "
            f"{row[f'R@5-{end}']:.1%}; by chance {row[f'R@1-{end}_chance']:.1%} and {row[f'R@5-{end}_chance']:.1%}."
        )
    said[0] = said[0][:1].upper() + said[0][1:] if said[0][: len(method)] != method else said[0]
    said.append(_controls(comparison, method, direction, level))
    others = [m for m in rows["method"] if m != method and rows.set_index("method")[column].notna()[m]]
    if others:
        beaten = set(comparison.better_than(method, direction, level))
        open_ = [m for m in others if m not in beaten]
        if not open_:
            said.append(f"It is significantly better than {others[0] if len(others) == 1 else 'every other method'}.")
        elif len(open_) == len(others):
            said.append(f"It is not significantly better than {others[0] if len(others) == 1 else 'any other method'}.")
        else:
            said.append(
                f"It is significantly better than {len(beaten)} of the other {len(others)}; not significantly better "
                f"than {_listed(open_)}."
            )
        low = [m for m in others if comparison.above(m, "chance", direction, level) is False]
        if low:
            said.append(f"Not significantly above chance: {_listed(low)}.")
    return said


def _controls(comparison: Comparison, method: str, direction: str, level: str) -> str:
    chance = comparison.above(method, "chance", direction, level)
    shuffled = comparison.above(method, "shuffled pairs", direction, level)
    said = f"It is {'' if chance else 'not '}significantly above chance"
    if shuffled is None:
        return said + "; it was not trained on shuffled pairs, so that control is missing."
    joint = "and" if chance == shuffled else "but"
    return said + f", {joint} {'' if shuffled else 'not '}significantly above itself trained on shuffled pairs."


def _against(comparison: Comparison, method: str, direction: str) -> str:
    better = comparison.better_than(method, direction, "instance")
    worse = comparison.worse_than(method, direction, "instance")
    same = [m for m in comparison.rows["method"] if m not in (*better, *worse, method)]
    parts = [
        f"{words} {_listed(names)}"
        for words, names in (
            ("significantly better than", better),
            ("significantly worse than", worse),
            ("no significant difference from", same),
        )
        if names
    ]
    return f"When {ASKS[direction]}: {'; '.join(parts)}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _count(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
