"""The paper's Figures 2, 3 and 4, and a figure of the ablations: measures against the number of components."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import MissingExtraError
from alcca.experiments.report.styles import Style, is_ablation, styles
from alcca.experiments.report.table1 import own_space
from alcca.experiments.results import AS_A_WHOLE, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

__all__ = ["draw_figures", "file_of", "require_matplotlib"]

Panel = tuple[str, str, str, str]  # title, measure, direction, level

AUDIO, LYRICS = "audio asks for lyrics", "lyrics ask for audio"
FIGURES: dict[str, tuple[str, list[Panel]]] = {
    "figure2": (
        "MRR1 of the song itself (instance level)",
        [(AUDIO, "MRR1", "audio", "instance"), (LYRICS, "MRR1", "lyrics", "instance")],
    ),
    "figure3": (
        "MRR1 of the first song with the same label (category level)",
        [(AUDIO, "MRR1", "audio", "category"), (LYRICS, "MRR1", "lyrics", "category")],
    ),
    "figure4": (
        "Recall at 1 and at 5 of the song itself",
        [(f"R@{n}, {asks}", f"R@{n}", d, "instance") for n in (1, 5)
         for asks, d in ((AUDIO, "audio"), (LYRICS, "lyrics"))],
    ),
}  # fmt: skip
ABLATIONS = "ALCCA with parts left out: MRR1 of the song itself and of the first song with the same label", [
    (f"{level}, {asks}", "MRR1", d, level) for level in ("instance", "category")
    for asks, d in ((AUDIO, "audio"), (LYRICS, "lyrics"))
]  # fmt: skip
# Methods that the figure of the ablations also shows: the whole model, and the model without CCA.
WHOLE = ("alcca", "acmr")
INK, GRID, FAINT = "#222222", "#e3e3e3", "#8a8a8a"
SETTINGS: Any = {
    "font.family": "sans-serif", "font.size": 9, "axes.edgecolor": FAINT, "axes.labelcolor": INK, "text.color": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.8, "svg.fonttype": "none", "svg.hashsalt": "alcca", "text.parse_math": False,
}  # fmt: skip
HEIGHT_OF_A_LABEL = 0.145  # inches


def require_matplotlib() -> None:
    """Check that figures can be drawn; called before the fits, which can take hours.

    Raises
    ------
    MissingExtraError
        Matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError(
            "figures are drawn with matplotlib, which is not installed; run: pip install 'alcca[report]'"
        )


def draw_figures(results: Results) -> dict[str, "Figure"]:
    """Draw the figures for which the results have numbers.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict of str to Figure
        figure2, figure3 (with labels only), figure4, ablations (with methods called alcca-... only). Each line of a
        method has the id "line-" and its name; the line of chance is "line-chance".

    Raises
    ------
    MissingExtraError
        Matplotlib is not installed.
    """
    require_matplotlib()
    import matplotlib as mpl

    summary = results.summary()
    # Methods without components have no place on the axis.
    summary = summary[summary["components"] != AS_A_WHOLE].copy()
    summary["method"] = summary["method"].astype(str)
    methods = list(summary["method"].unique())
    look = styles(methods)
    own = own_space(results)
    ablations = [m for m in methods if is_ablation(m)]
    systems = [m for m in methods if m not in ablations] or methods
    figures = {}
    with mpl.rc_context(SETTINGS):
        for name, (title, panels) in FIGURES.items():
            figures[name] = _figure(summary, systems, look, own, title, panels)
        if ablations:
            shown = [m for m in methods if m in ablations or m in WHOLE]
            figures["ablations"] = _figure(summary, shown, look, own, *ABLATIONS)
    return {name: figure for name, figure in figures.items() if figure is not None}


def file_of(figure: "Figure", kind: str) -> bytes:
    """Return the figure as a file, ``kind`` "png" (200 dots an inch) or "svg"; equal figures give equal files."""
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS), io.BytesIO() as file:
        figure.savefig(file, format=kind, dpi=200, metadata={"Date": None} if kind == "svg" else {"Software": None})
        return file.getvalue()


def _figure(
    summary: "DataFrame", methods: Sequence[str], look: dict[str, Style], own: set[str], title: str,
    panels: Sequence[Panel],
) -> "Figure | None":  # fmt: skip
    """Draw panels in rows of two; both of a row have the same scale, to be compared. None without numbers."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    cells = {
        panel: summary[(summary["direction"] == panel[2]) & (summary["level"] == panel[3])
                       & summary["method"].isin(methods)]
        for panel in panels
    }  # fmt: skip
    panels = [panel for panel in panels if len(cells[panel])]
    if not panels:
        return None
    rows = len(panels) // 2
    height = max(3.3, HEIGHT_OF_A_LABEL * (len(methods) + 2) / 0.8)
    figure = Figure(figsize=(11, height * rows + 0.5), facecolor="white", layout=ConstrainedLayoutEngine(wspace=0.04))
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    axes = figure.subplots(rows, 2, sharey="row", squeeze=False)
    for ax, panel in zip(axes.ravel(), panels, strict=True):
        _draw(ax, cells[panel], panel, look, own)
    for ax in axes.ravel():
        ax.set_ylim(bottom=0)
        ax.yaxis.set_tick_params(labelleft=True)
    for ax, panel in zip(axes.ravel(), panels, strict=True):
        _label(ax, cells[panel], panel[1], look, own, height)
    # Each drawing would adjust the last layout; fixed after the first, it is the same in every file of the figure.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def _draw(ax: "Axes", cell: "DataFrame", panel: Panel, look: dict[str, Style], own: set[str]) -> None:
    """Draw all lines of one panel, with their bands."""
    title, measure, *_ = panel
    counts = _counts(cell, own)
    ax.set_title(title[:1].upper() + title[1:], loc="left", fontsize=10)
    ax.set_xlabel("components")
    if ax.get_subplotspec().is_first_col():  # type: ignore[union-attr]
        ax.set_ylabel(measure)
    ax.grid(color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    ax.set_xlim(0, counts[-1] * 1.02)
    ax.set_xticks(counts if len(counts) <= 12 else counts[:: len(counts) // 10])
    chance = cell.groupby("components", observed=True)[measure + "_chance"].mean().mean()
    (line,) = ax.plot([0, counts[-1]], [chance, chance], color=INK, linewidth=1, linestyle=(0, (2, 2)), zorder=1.5)
    line.set_gid("line-chance")
    for method, rows in cell.groupby("method", sort=False):
        style, rows = look[str(method)], rows.sort_values("components")
        x, y, low, high = (
            rows[c].to_numpy(float) for c in ("components", measure, f"{measure}_low", f"{measure}_high")
        )
        if method in own:
            x, y, low, high = (np.array(v) for v in ([0, counts[-1]], [*y, *y], [*low, *low], [*high, *high]))
        main: dict[str, Any] = {"color": style.color, "zorder": 2 + style.width}
        if len(x) > 1:
            ax.fill_between(x, low, high, alpha=0.1, linewidth=0, **main)
        else:
            ax.vlines(x, low, high, linewidth=1, **main)
        (line,) = ax.plot(
            x, y, linestyle=style.line, linewidth=style.width, marker=style.marker, markersize=3 + style.width,
            markeredgecolor="white", markeredgewidth=0.6, markevery=[-1] if method in own else None, **main,
        )  # fmt: skip
        line.set_gid(f"line-{method}")


def _label(ax: "Axes", cell: "DataFrame", measure: str, look: dict[str, Style], own: set[str], height: float) -> None:
    """Label each line at its end, in the order of the final values, moved apart to avoid overlaps."""
    top = ax.get_ylim()[1]
    last = cell.sort_values("components").groupby("method", sort=False).tail(1).set_index("method")
    counts = _counts(cell, own)
    ends = {str(method): (min(float(row["components"]), counts[-1]), row[measure]) for method, row in last.iterrows()}
    chance = cell[measure + "_chance"].mean()
    names = [*ends, None]
    heights = np.array([*(y for _, y in ends.values()), chance]) / top
    places = _apart(heights, HEIGHT_OF_A_LABEL / (height * 0.72))
    for name, y, place in zip(names, heights, places, strict=True):
        x = counts[-1] if name is None else ends[name][0]
        style = None if name is None else look[name]
        color = INK if style is None else style.color
        # From the end of the line to its name; the axes end at x = 1.
        start = x / (counts[-1] * 1.02)
        ax.plot([start, 1.02, 1.05], [y, place, place], color=FAINT, linewidth=0.6, transform=ax.transAxes,
                clip_on=False, zorder=1)  # fmt: skip
        ax.plot([1.05, 1.085, 1.12], [place] * 3, transform=ax.transAxes, clip_on=False, color=color,
                linestyle=(0, (2, 2)) if style is None else style.line, linewidth=1 if style is None else style.width,
                marker=None if style is None else style.marker, markevery=[1], markersize=5,
                markeredgecolor="white", markeredgewidth=0.5)  # fmt: skip
        label = "chance" if name is None else name + (" (own space)" if name in own else "")
        ax.text(1.135, place, label, transform=ax.transAxes, va="center", ha="left", fontsize=8,
                fontweight="bold" if name == "alcca" else "normal")  # fmt: skip


def _counts(cell: "DataFrame", own: set[str]) -> list[int]:
    """Numbers of components on the axis; those of methods in their own space only if there are no others."""
    nested = cell[~cell["method"].isin(list(own))]
    return sorted({int(c) for c in (nested if len(nested) else cell)["components"]})


def _apart(heights: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Places in [0, 1] at least ``gap`` apart, in the order of ``heights`` and as near to them as possible.

    After subtracting the gaps, this is an isotonic regression.
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(heights))
    fitted = isotonic_regression(heights[order] - steps).x
    places = np.empty_like(heights)
    places[order] = np.clip(fitted, 0.0, max(0.0, 1.0 - steps[-1])) + steps
    return places
