"""The findings of a comparison in plain sentences, made from its numbers."""

import textwrap
from collections.abc import Sequence
from typing import Any

from alcca.experiments.by_transcript import by_words, paper_part, word_methods, words_part
from alcca.experiments.chosen import TUNING, settings_in_words
from alcca.experiments.rank_tables import Failure
from alcca.experiments.report.comparison import Comparison, compared
from alcca.experiments.report.more_measures import map_lines
from alcca.experiments.report.seeds import seed_lines
from alcca.experiments.report.tables import pool_text
from alcca.experiments.results import DIRECTIONS, Results

__all__ = [
    "ASKS",
    "comparison_text",
    "failures_in_words",
    "heard_in_words",
    "listed",
    "summary_in_words",
]

ASKS = {"audio": "audio asks for lyrics", "lyrics": "lyrics ask for audio"}
OUR_METHOD = "alcca"


def summary_in_words(results: Results, comparison: Comparison) -> list[tuple[str, list[str]]]:
    """Summarise the findings as headings with sentences, in plain text.

    Parameters
    ----------
    results : Results
    comparison : Comparison
        Of the same results.
    """
    methods = list(comparison.rows["method"])
    sections = [("What was asked", [_question(results, methods)])]
    for direction in DIRECTIONS:
        sections.append((f"When {ASKS[direction]}", _best(comparison, direction, "instance")))
    if comparison.rows["C-MRR1-A"].notna().any():
        sections.append(
            ("Any song of the same label", [s for d in DIRECTIONS for s in _best(comparison, d, "category")])
        )
    if OUR_METHOD in methods and len(methods) > 1:
        sections.append(("ALCCA against the others", [_against(comparison, OUR_METHOD, d) for d in DIRECTIONS]))
    caution = []
    if len(methods) > 1:
        caution.append(
            f"The best of {len(methods)} methods was picked by these very numbers, so its own figure flatters it a "
            "little. The tests are corrected for the number of pairs; not significant does not mean equal."
        )
    if TUNING not in results.settings:  # else the notes say what was chosen
        caution.append(settings_in_words(results.settings, methods))
    caution.append(
        "Intervals and tests say how far the result depends on which songs were asked, not what training on another "
        "collection would give."
    )
    if results.failures:
        lost = sorted({failure.method for failure in results.failures} - set(methods))
        caution.append(
            f"{_count(len(results.failures), 'fit')} failed; the reasons are listed below."
            + (f" Nothing is left of {listed(lost)}." if lost else "")
        )
    return [*sections, ("What to keep in mind", caution)]


def heard_in_words(results: Results, comparison: Comparison) -> list[tuple[str, list[str]]]:
    """Summarise the findings on methods that read transcripts as headings with sentences, in plain text.

    Parameters
    ----------
    results : Results
        Of these methods and the spaces that they are fused with (`alcca.experiments.by_transcript.words_part`).
    comparison : Comparison
        Of the same results.
    """
    reading = word_methods(results)
    sections = []
    for direction in DIRECTIONS:
        sentences = _best(comparison, direction, "instance")
        if len(comparison.rows) > 2:
            best = comparison.rows.nlargest(1, f"I-MRR1-{direction[0].upper()}")["method"].iloc[0]
            sentences += [f"{m}: {_beside(comparison, m, direction)}." for m in reading if m != best]
        sections.append((f"Words heard, when {ASKS[direction]}", sentences))
    if comparison.rows["C-MRR1-A"].notna().any():
        of_label = [sentence for direction in DIRECTIONS for sentence in _best(comparison, direction, "category")]
        sections.append(("Words heard, any song of the same label", of_label))
    if results.without_words is not None:
        sections.append(("With and without words", _with_and_without(results)))
    return sections


def _with_and_without(results: Results) -> list[str]:
    songs, silent = results.settings["songs"], len(results.without_words or ())
    sentences = [f"Words were heard in {songs - silent:,} of {songs:,} recordings."]
    if silent:
        sentences[0] += f" So {1 - silent / songs:.1%} is the most that words alone can find."
    table = by_words(results)
    for method, rows in table.groupby("method", sort=False):
        cells = [
            f"{'with' if words else 'without'} words {listed([f'{mrr1:.3f} ({ASKS[d]})' for d, mrr1 in found])}"
            for words in (True, False)
            if (found := rows.loc[rows["words"] == words, ["direction", "MRR1"]].itertuples(index=False, name=None))
            and (rows["words"] == words).any()
        ]
        sentences.append(f"MRR1 of {method}: {'; '.join(cells)}.")
    return sentences


def comparison_text(results: Results) -> str:
    """Format a comparison of several methods for a terminal: one line each, then the findings in sentences.

    Methods that read transcripts have a block of their own.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        At most 110 characters wide if methods have short names.
    """
    paper, heard = paper_part(results), words_part(results)
    lines: list[str] = []
    # Methods in the block on transcripts are not repeated.
    if heard is None or (paper is not None and not set(paper.methods) <= set(heard.methods)):
        comparison = compared(paper or results)
        lines += [*_lines(comparison), *map_lines(paper or results, comparison)]
        lines += [*_paragraphs(summary_in_words(paper or results, comparison)), ""]
    if heard is not None:
        comparison = compared(heard)
        lines += ["Words heard in the recordings", *_lines(comparison), *map_lines(heard, comparison)]
        lines += [*_paragraphs(heard_in_words(heard, comparison)), ""]
    lines += [*seed_lines(results), ""]
    lines += [f"Failed: {failure}" for failure in failures_in_words(results.failures)]
    return "\n".join([*lines, *(f"Note: {note}" for note in results.notes)]).rstrip()


def failures_in_words(failures: Sequence[Failure]) -> list[str]:
    """Write a line for each method and each reason, with the folds in which it failed.

    Examples
    --------
    >>> failures_in_words([Failure("dcca", False, fold, seed, "NaN") for fold in (0, 2) for seed in (0, 1)])
    ['dcca failed in folds 0, 2: NaN']
    """
    alike: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        alike.setdefault((failure.method, failure.reason), []).append(failure)
    lines = []
    for (method, reason), fits in alike.items():
        folds = sorted({fit.fold for fit in fits})
        where = f"fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"
        shuffled = " on shuffled pairs" if all(fit.control for fit in fits) else ""
        lines.append(f"{method}{shuffled} failed in {where}: {reason}")
    return lines


def _lines(comparison: Comparison) -> list[str]:
    """Format a line for each method, and one for each reference."""
    columns = [column for column in comparison.columns if "MRR1" in column]
    references = [(name, dict(zip(comparison.columns, values, strict=True))) for name, values in comparison.references]
    wide = max(len(name) for name in [*comparison.rows["method"], *(name for name, _ in references)])
    lines = ["   " + "method".ljust(wide) + "".join(f"{column:>22s}" for column in columns)]
    for row in comparison.rows.to_dict("records"):
        cells = [" ".join(comparison.cell({str(k): v for k, v in row.items()}, column)[:2]) for column in columns]
        lines.append(f"{row['mark']:3s}{row['method'].ljust(wide)}" + "".join(f"{cell:>22s}" for cell in cells))
    return lines + ["   " + name.ljust(wide) + "".join(f"{values[column]:>22s}" for column in columns)
                    for name, values in references]  # fmt: skip


def _paragraphs(sections: Sequence[tuple[str, list[str]]]) -> list[str]:
    lines: list[str] = []
    for heading, sentences in sections:
        lines += ["", f"{heading}.", *(textwrap.fill(sentence, 108, initial_indent="  ", subsequent_indent="  ")
                                       for sentence in sentences)]  # fmt: skip
    return lines


def _question(results: Results, methods: Sequence[str]) -> str:
    settings = results.settings
    seeds = results.ranks["seed"].nunique()
    return (
        f"Can the lyrics of a song be found by its sound, and its sound by its lyrics? "
        f"{_count(len(methods), 'method')} on {settings['dataset']}, {_count(settings['songs'], 'song')}, "
        f"{_count(settings['folds'], 'fold')}, {_count(seeds, 'seed')}. Each query searches {pool_text(settings)}; the "
        "method has seen none of them in training."
    )


def _best(comparison: Comparison, direction: str, level: str) -> list[str]:
    """Describe the method with the highest MRR1: its recall, the methods that it beats, and its controls."""
    end = direction[0].upper()
    column = f"{level[0].upper()}-MRR1-{end}"
    rows = comparison.rows
    row: dict[str, Any] = {str(k): v for k, v in rows.nlargest(1, column).to_dict("records")[0].items()}
    method = row["method"]
    value, interval, _ = comparison.cell(row, column)
    where = f"when {ASKS[direction]}, " if level == "category" else ""
    if len(rows) == 1:
        sentences = [f"{where}{method} has an MRR1 of {value} {interval}; chance is {row[column + '_chance']:.3f}."]
    else:
        sentences = [
            f"{where}{method} has the highest MRR1: {value} {interval}; chance is {row[column + '_chance']:.3f}."
        ]
    if level == "instance":
        sentences.append(
            f"The right song is first in {row[f'R@1-{end}']:.1%} of the queries and among the first five in "
            f"{row[f'R@5-{end}']:.1%}; by chance {row[f'R@1-{end}_chance']:.1%} and {row[f'R@5-{end}_chance']:.1%}."
        )
    sentences[0] = (
        sentences[0][:1].upper() + sentences[0][1:] if sentences[0][: len(method)] != method else sentences[0]
    )
    sentences.append(_controls(comparison, method, direction, level))
    others = [m for m in rows["method"] if m != method and rows.set_index("method")[column].notna()[m]]
    if others:
        beaten = set(comparison.better_than(method, direction, level))
        open_ = [m for m in others if m not in beaten]
        if not open_:
            sentences.append(
                f"It is significantly better than {others[0] if len(others) == 1 else 'every other method'}."
            )
        elif len(open_) == len(others):
            sentences.append(
                f"It is not significantly better than {others[0] if len(others) == 1 else 'any other method'}."
            )
        else:
            sentences.append(
                f"It is significantly better than {len(beaten)} of the other {len(others)}; not significantly better "
                f"than {listed(open_)}."
            )
        low = [m for m in others if comparison.above(m, "chance", direction, level) is False]
        if low:
            sentences.append(f"Not significantly above chance: {listed(low)}.")
    return sentences


def _controls(comparison: Comparison, method: str, direction: str, level: str) -> str:
    chance = comparison.above(method, "chance", direction, level)
    shuffled = comparison.above(method, "shuffled pairs", direction, level)
    sentence = f"It is {'' if chance else 'not '}significantly above chance"
    if shuffled is None:
        return sentence + "; it was not trained on shuffled pairs, so that control is missing."
    joint = "and" if chance == shuffled else "but"
    return sentence + f", {joint} {'' if shuffled else 'not '}significantly above itself trained on shuffled pairs."


def _against(comparison: Comparison, method: str, direction: str) -> str:
    return f"When {ASKS[direction]}: {_beside(comparison, method, direction)}."


def _beside(comparison: Comparison, method: str, direction: str) -> str:
    """List the methods that a method is better than, worse than, and not significantly different from."""
    better = comparison.better_than(method, direction, "instance")
    worse = comparison.worse_than(method, direction, "instance")
    same = [m for m in comparison.rows["method"] if m not in (*better, *worse, method)]
    parts = [
        f"{words} {listed(names)}"
        for words, names in (
            ("significantly better than", better),
            ("significantly worse than", worse),
            ("no significant difference from", same),
        )
        if names
    ]
    return "; ".join(parts)


def listed(names: Sequence[str]) -> str:
    """Join names for a sentence.

    Examples
    --------
    >>> listed(["cca", "rcca", "dcca"])
    'cca, rcca and dcca'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _count(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
