"""The comparison as one self-contained page, without scripts and other hosts."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from alcca.experiments.by_certainty import ALL, CERTAINTIES, by_certainty
from alcca.experiments.by_transcript import by_words, paper_part, words_part
from alcca.experiments.chosen import TUNING, settings_in_words
from alcca.experiments.comparison_file import NAME as COMPARISON
from alcca.experiments.report.chart import chart
from alcca.experiments.report.chosen_settings import chosen_tables
from alcca.experiments.report.comparison import Comparison
from alcca.experiments.report.elements import html_table, measured, scrolling
from alcca.experiments.report.formats import components_text
from alcca.experiments.report.more_measures import more_measures_html
from alcca.experiments.report.pairs import pair_tables
from alcca.experiments.report.paper import CITATION, TABLE_1, TABLE_1_COLUMNS, WHY_NOT_COMPARABLE
from alcca.experiments.report.prose import ASKS, OUR_METHOD, heard_in_words, summary_in_words
from alcca.experiments.report.reading import how_to_read
from alcca.experiments.report.seeds import seed_section
from alcca.experiments.report.table1 import own_space, table1
from alcca.experiments.report.tables import span
from alcca.experiments.results import AS_A_WHOLE, DIRECTIONS, Results
from alcca.experiments.significance import FIXED_COMPONENTS, fixed_components

__all__ = ["page"]

FIGURES = {
    "figure2": "Figure 2. MRR1 of the song itself (instance level) against the number of components.",
    "figure3": "Figure 3. MRR1 of the first song with the same label (category level), likewise.",
    "figure4": "Figure 4. Recall at 1 and at 5 of the song itself, likewise.",
    "ablations": "Ablations. ALCCA with one part left out; acmr is ALCCA without CCA.",
}
BANDS = (
    "Bands are 95% intervals over songs; the fine dashed line is chance. Names stand in the order of the last values."
)


def page(
    results: Results,
    comparison: Comparison,
    figures: Mapping[str, bytes],
    words: Comparison | None = None,
    description: str = "",
) -> str:
    """Make the page as HTML.

    Parameters
    ----------
    results : Results
    comparison : Comparison
        Of the same results; with ``words``, of their `paper_part`.
    figures : mapping of str to bytes
        SVG files by name, as from `draw_figures`. They are shown as images, so that no script in them runs.
    words : Comparison, optional
        Of the `words_part` of the results; it gets a section of its own.
    description : str
        The comparison as a file (`alcca.experiments.comparison_file`).
    """
    paper = results if words is None else paper_part(results) or results
    title = f"Audio and lyrics: {results.settings['dataset']}"
    heard = []
    if words is not None:
        heard = [("words-heard", "Words heard", _words_heard(words_part(results) or results, words))]
    sections = [
        ("chart", "Every method against chance", chart(results, comparison, words)),
        ("in-short", "In short", _findings(paper, comparison)),
        *heard,
        *([("certainty", "How certain it was", certain)] if (certain := _certainty(results)) else []),
        ("how-to-read", "How to read the numbers", _definitions(how_to_read(results))),
        (
            "figures",
            "Figures",
            "".join(_figure(name, figures[name], comparison) for name in FIGURES if name in figures),
        ),
        ("comparison", "The methods beside each other", _comparison(comparison) + pair_tables(comparison)),
        ("measures", "mAP, nDCG and hubness", more_measures_html(paper, comparison)),
        ("table-1", "Table 1, and the paper's", _beside_paper(paper)),
        ("all", "Table 1 of every method", _every_table(paper)),
        ("settings-chosen", "Settings chosen in each fold", chosen_tables(results)),
        ("seeds", "Spread over seeds", seed_section(results)),
        ("notes", "Failures and notes", _failures(results)),
        ("file", "The comparison as a file", _file(description)),
        ("protocol", "Protocol, settings and versions", _protocol(results)),
    ]
    sections = [section for section in sections if section[2]]
    css = resources.files("alcca.experiments.report").joinpath("page.css").read_text(encoding="utf-8")
    links = "".join(f'<li><a href="#{anchor}">{heading}</a></li>' for anchor, heading, _ in sections)
    body = "".join(
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{heading}</h2>{content}</section>\n'
        for anchor, heading, content in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # The browser fetches and runs nothing, even if a name in the data contains HTML.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n'
        f"<title>{escape(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n<header>\n<h1>{escape(title)}</h1>\n"
        f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n</header>\n<main>\n{body}</main>\n</body>\n</html>\n'
    )


def _cards(headed: Iterable[tuple[str, Sequence[str]]]) -> str:
    cards = "".join(
        f"<section><h3>{escape(heading)}</h3>{''.join(f'<p>{escape(s)}</p>' for s in sentences)}</section>"
        for heading, sentences in headed
    )
    return f'<div class="findings">{cards}</div>'


def _findings(results: Results, comparison: Comparison) -> str:
    judged = sorted(set(comparison.rows.loc[~comparison.rows["own_space"], "components"]) - {AS_A_WHOLE})
    at = " or ".join(map(str, judged)) if judged else "their own number of"
    return (
        f'{_cards(summary_in_words(results, comparison))}<p class="soft">All of this is at {at} components: '
        f"{FIXED_COMPONENTS}, the paper's best, or the next below, fixed before looking; methods without components in "
        "their own space. Significant: at 0.05, after Holm's correction.</p>"
    )


def _words_heard(results: Results, comparison: Comparison) -> str:
    """The section on methods that read transcripts, tested together with the spaces that they are fused with."""
    parts = [_cards(heard_in_words(results, comparison)), _comparison(comparison), pair_tables(comparison)]
    parts.append(more_measures_html(results, comparison))
    split = by_words(results)
    if split["words"].nunique() == 2:
        rows = [
            (
                f"{escape(str(method))}, {'with' if words else 'without'} words",
                [f"{found['songs'].max():,}", *(measured(f"{row.MRR1:.3f}", f"[{row.low:.3f}, {row.high:.3f}]")
                                               for row in found.itertuples())],
                "",
            )
            for (method, words), found in split.groupby(["method", "words"], sort=False)
        ]  # fmt: skip
        caption = "MRR1 of the songs in whose recordings words were heard, and of the others."
        parts.append(html_table(caption, ["method", "songs", *(ASKS[d] for d in DIRECTIONS)], rows))
    return "".join(parts)


def _certainty(results: Results) -> str:
    """How often a method was how certain, and how often it was right; empty if no method says it."""
    table = by_certainty(results)
    rows = []
    for keys, found in table.groupby(["method", "direction", "words"], sort=False):
        method, direction, words = map(str, keys)
        if not found["queries"].sum():
            continue
        cells = [
            measured(f"{row.right:,} of {row.queries:,}", "" if not row.queries else f"{row.share_right:.0%} right")
            for row in found.itertuples()
        ]
        head = f"{escape(method)}, {ASKS[direction]}, {'all songs' if words == ALL else f'songs {words} words'}"
        rows.append((head, cells, ""))
    if not rows:
        return ""
    caption = (
        "Searches whose first song is right, of all that the method called sure, likely or a guess. Another song with "
        "the same words counts as wrong."
    )
    return html_table(caption, ["method", *CERTAINTIES], rows)


def _definitions(pairs: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in pairs) + "</dl>"


def _figure(name: str, svg: bytes, comparison: Comparison) -> str:
    column = {"figure3": "C-MRR1", "figure4": "R@5"}.get(name, "I-MRR1")
    best = "; ".join(
        f"{ASKS[d]}: " + ", ".join(f"{row['method']} {row[f'{column}-{d[0].upper()}']:.3f}" for row in rows)
        for d in DIRECTIONS
        for rows in [comparison.rows.nlargest(3, f"{column}-{d[0].upper()}").to_dict("records")]
    )
    alt = f"{FIGURES[name]} Highest {column} at the fixed number of components, {best}. All values are in the tables."
    data = base64.b64encode(svg).decode("ascii")
    return (
        f'<figure><div class="wide" tabindex="0" role="group" aria-label="{escape(FIGURES[name])}">'
        f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}"></div>'
        f"<figcaption>{escape(FIGURES[name])} {BANDS}</figcaption></figure>\n"
    )


def _comparison(comparison: Comparison) -> str:
    columns = comparison.columns
    rows = []
    for row in comparison.rows.to_dict("records"):
        cells = [measured(*comparison.cell({str(k): v for k, v in row.items()}, column)) for column in columns]
        cells += [_place(row["components"], row["own_space"]), str(row["seeds"])]
        cells += ["" if math.isnan(row["seconds"]) else f"{row['seconds']:.1f}"]
        rows.append((f'<span class="soft">{row["mark"]}</span> {escape(row["method"])}', cells, ""))
    rows += [(escape(name), [*values, "", "", ""], "control") for name, values in comparison.references]
    header = ["method", *columns, "components", "seeds", "seconds a fit"]
    return html_table(comparison.legend, header, rows)


def _beside_paper(results: Results) -> str:
    theirs = html_table(
        f"The paper's: ALCCA-CMR on 10,000 songs. {CITATION}.",
        ["components", *TABLE_1_COLUMNS],
        [(str(c), list(values), "fixed" if c == FIXED_COMPONENTS else "") for c, values in TABLE_1.items()],
    )
    table = table1(results)
    rows = table[table["method"] == OUR_METHOD]
    if rows.empty:
        ours = "<p>ALCCA was not among the methods, so the paper's numbers stand alone.</p>"
    else:
        ours = _method_table(rows.to_dict("records"), f"Ours: {OUR_METHOD} on {results.settings['dataset']}.", False)
    return (
        f'<p class="plain">{escape(WHY_NOT_COMPARABLE)}</p><div class="beside"><div>{ours}</div><div>{theirs}</div>'
        "</div>"
    )


def _every_table(results: Results) -> str:
    return "".join(
        f"<details><summary>{escape(str(method))}</summary>"
        f"{_method_table(rows.to_dict('records'), f'{method}: mean and 95% interval over songs.', True)}</details>"
        for method, rows in table1(results).groupby("method", sort=False)
    )


def _method_table(records: Sequence[Mapping[Any, Any]], caption: str, intervals: bool) -> str:
    """Make Table 1 of one method, with its controls at the fixed number of components."""
    columns = [name for name in TABLE_1_COLUMNS if not all(math.isnan(row[name]) for row in records)]
    at = fixed_components(row["components"] for row in records)
    rows = []
    for row in records:
        cells = [
            measured(f"{row[c]:.3f}", f"[{row[c + '_low']:.3f}, {row[c + '_high']:.3f}]" if intervals else "")
            for c in columns
        ]
        rows.append((_place(row["components"], row["own_space"]), cells, "fixed" if row["components"] == at else ""))
    fixed = next(row for row in records if row["components"] == at)
    for kind, head in (("_shuffled", "shuffled" if at == AS_A_WHOLE else f"shuffled, {at}"), ("_chance", "chance")):
        values = [fixed[c + kind] for c in columns]
        if not any(math.isnan(value) for value in values):
            rows.append((head, [f"{value:.3f}" for value in values], "control"))
    return html_table(caption, ["components", *columns], rows)


def _failures(results: Results) -> str:
    parts = []
    if results.failures:
        rows = [
            (
                escape(failure.method),
                [
                    "shuffled" if failure.control else "true", str(failure.seed), str(failure.fold),
                    f'<code>{escape(failure.reason)}</code>',
                ],
                "",
            )
            for failure in results.failures
        ]  # fmt: skip
        parts.append(html_table("Fits that failed.", ["method", "pairs", "seed", "fold", "reason"], rows, "failures"))
    else:
        parts.append("<p>No fit failed.</p>")
    if results.notes:
        parts.append("<ul>" + "".join(f"<li>{escape(note)}</li>" for note in results.notes) + "</ul>")
    return "".join(parts)


def _file(description: str) -> str:
    if not description:
        return ""
    label = f"{COMPARISON}, which repeats this comparison."
    return f"<p>{label}</p>{scrolling(f'<pre>{escape(description)}</pre>', label)}"


def _of_one_fit(components: Sequence[int]) -> str:
    """Say what a smaller number of components means."""
    if not components:
        return "A method is fitted once in a fold."
    most = max(components)
    sentence = f"A method is fitted once in a fold, with {most} components."
    if len(components) == 1:
        return sentence
    return (
        f"{sentence} Smaller numbers are the first columns of this fit: {min(components)} components of a network that "
        f"was trained for {most}, not a network trained for {min(components)}, which can rank better or worse. To "
        "measure that, ask for this number alone (--components)."
    )


def _protocol(results: Results) -> str:
    settings = results.settings
    seeds = sorted(set(results.ranks["seed"].tolist()))
    own = sorted(own_space(results))
    nested = results.ranks[~results.ranks["method"].isin(own)]
    sentences = [
        f"Predefined splits with {span(settings['fold_sizes'])} test songs, the same for all methods and seeds."
        if settings.get("predefined_splits")
        else f"{settings['folds']} folds of {span(settings['fold_sizes'])} songs; songs that share a group or the same "
        "words stay in one fold, and all methods have the same folds. Each seed has folds of its own.",
        "Everything that learns sees the training fold alone.",
        "No setting is tuned on test songs. Each method has the settings that are listed below under Methods, and the "
        "defaults of its class for all others, the same in every fold but for those that are chosen in each; what a "
        "method chooses by itself, such as a ridge or when to stop, it chooses inside the training fold. Whether the "
        "listed settings or the defaults were chosen on these songs at an earlier time, this report cannot know.",
        settings_in_words(settings),
        _of_one_fit(sorted(set(nested["components"]) - {AS_A_WHOLE})),
        "The pool of a query is its test fold. Ties count against the system.",
        "Intervals: bootstrap over groups of songs. Tests: paired randomisation over groups of songs, at the category "
        "level also over labels, two-sided, with Holm's correction over all pairs of methods in one direction and "
        "level.",
    ]
    if settings.get("distractors"):
        others = settings["distractors"]
        sentences.append(
            f"Distractors from {others['name']}, which match no song, were added to every pool: {others['lyrics']:,} "
            f"lyrics if audio is the query, {others['recordings']:,} recordings if lyrics are."
        )
    if own:
        sentences.append(f"Measured in the whole of their own space, without components: {', '.join(own)}.")
    whole = [m for m in results.methods if (results.ranks.loc[results.ranks["method"] == m, "components"] == 0).all()]
    if whole:
        sentences.append(f"Ranked by a similarity of their own, without components: {', '.join(whole)}.")
    listed = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    shown = [("seeds", ", ".join(map(str, seeds)))]
    apart = ("seed", "seeds", "methods", "versions", "word_methods", "distractors", TUNING)
    shown += [(str(name), _shown(value)) for name, value in settings.items() if name not in apart]
    parts = [f"<ul>{listed}</ul><h3>Settings</h3>{_definitions(shown)}"]
    for name in ("methods", "versions"):
        if settings.get(name):
            terms = "".join(
                f"<dt>{escape(str(key))}</dt><dd><code>{escape(str(value))}</code></dd>"
                for key, value in settings[name].items()
            )
            parts.append(f"<h3>{name.capitalize()}</h3><dl>{terms}</dl>")
    return "".join(parts)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _place(components: Any, own: Any) -> str:
    if not own:
        return components_text(components, False)
    return f'{components} <span class="interval">own space</span>'
