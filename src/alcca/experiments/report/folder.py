"""The report of a comparison: one folder with tables, figures and a page."""

from functools import partial
from pathlib import Path

from alcca.errors import UsageError
from alcca.experiments.by_certainty import by_certainty
from alcca.experiments.by_transcript import by_words, paper_part, words_part
from alcca.experiments.chosen import TUNING
from alcca.experiments.comparison_file import NAME as COMPARISON
from alcca.experiments.report.comparison import compared
from alcca.experiments.report.figures import draw_figures, file_of
from alcca.experiments.report.more_measures import more_measures, more_measures_markdown
from alcca.experiments.report.page import page
from alcca.experiments.report.seeds import seed_table
from alcca.experiments.report.table1 import table1, table1_latex, table1_markdown
from alcca.experiments.results import Results
from alcca.persistence import replace_file

__all__ = ["write_report"]


def write_report(results: Results, folder: Path | str, description: str = "") -> list[Path]:
    """Write tables, figures and a page of ``results`` to ``folder``.

    The folder is made if it is missing. Its other files are not touched; files of an earlier report are replaced, each
    in one step. Equal results give equal files.

    Parameters
    ----------
    results : Results
    folder : path
    description : str
        The comparison as a file (`alcca.experiments.comparison_file.write_comparison`), which is written too.

    Returns
    -------
    list of Path
        The files written: report.html, seeds.csv, comparison.toml if there is a description, table1, comparison (.csv,
        .md and .tex), measures (.csv and .md), pairwise.csv, controls.csv, and figure2, figure3, figure4 and ablations
        (.png and .svg), if there are numbers for them. If methods read transcripts, these files are of the other
        methods, and for the transcript methods there are words (.csv, .md and .tex), words_measures (.csv and .md),
        words_pairwise.csv, words_controls.csv and by_words.csv; if a method says how certain it is, by_certainty.csv;
        if settings were tuned, chosen.csv.

    Raises
    ------
    UsageError
        ``folder`` is a file.
    MissingExtraError
        Matplotlib is not installed.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; choose a folder for the report")
    # Without methods of the paper's comparison, all are reported together.
    paper, heard = paper_part(results) or results, words_part(results)
    words = None if heard is None or paper is results else compared(heard)
    figures = draw_figures(paper)
    comparison = compared(paper)
    table = table1(paper)
    dataset = str(results.settings["dataset"])
    files: dict[str, bytes | str] = {}
    for name, figure in figures.items():
        files |= {f"{name}.{kind}": file_of(figure, kind) for kind in ("png", "svg")}
    files |= {
        "table1.csv": table.to_csv(index=False),
        "table1.md": table1_markdown(table),
        "table1.tex": table1_latex(table, dataset),
        "comparison.csv": comparison.rows.to_csv(index=False),
        "comparison.md": comparison.to_markdown(),
        "comparison.tex": comparison.to_latex(dataset),
        "measures.csv": more_measures(paper).to_csv(index=False),
        "measures.md": more_measures_markdown(paper, comparison),
        "pairwise.csv": comparison.pairs.to_csv(index=False),
        "controls.csv": comparison.controls.to_csv(index=False),
        "seeds.csv": seed_table(results).to_csv(index=False),
    }
    if description:
        files[COMPARISON] = description
    if words is not None and heard is not None:
        files |= {
            "words.csv": words.rows.to_csv(index=False),
            "words.md": words.to_markdown(),
            "words.tex": words.to_latex(dataset, "tab:words"),
            "words_measures.csv": more_measures(heard).to_csv(index=False),
            "words_measures.md": more_measures_markdown(heard, words),
            "words_pairwise.csv": words.pairs.to_csv(index=False),
            "words_controls.csv": words.controls.to_csv(index=False),
        }
    if results.without_words is not None:
        files["by_words.csv"] = by_words(results).to_csv(index=False)
    certain = by_certainty(results)
    if len(certain):
        files["by_certainty.csv"] = certain.to_csv(index=False)
    if TUNING in results.settings:
        files["chosen.csv"] = results.chosen.to_csv(index=False)
    vectors = {name: files[f"{name}.svg"] for name in figures}
    drawn = {name: svg for name, svg in vectors.items() if isinstance(svg, bytes)}
    files["report.html"] = page(results, comparison, drawn, words, description)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        replace_file(folder / name, partial(_put, data))
    return [folder / name for name in sorted(files)]


def _put(data: bytes, path: Path) -> None:
    path.write_bytes(data)
