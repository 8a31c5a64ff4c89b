"""The settings that methods chose, as tables of the page."""

from html import escape

from alcca.experiments.choosing import settings_text
from alcca.experiments.chosen import TUNING
from alcca.experiments.report.elements import html_table
from alcca.experiments.results import Results

__all__ = ["chosen_tables"]

CAPTION = (
    "The candidates of each method, and in how many fits each was chosen; the fits on shuffled pairs, which choose for "
    "themselves, are not counted."
)


def chosen_tables(results: Results) -> str:
    """Make HTML of the candidates of each method with how often each was chosen, and of the choice in each fold.

    Parameters
    ----------
    results : Results

    Returns
    -------
    str
        Empty if no settings were tuned.
    """
    tuning = results.settings.get(TUNING)
    frame = results.chosen
    frame = frame[~frame["control"].astype(bool)]
    if tuning is None or frame.empty:
        return ""
    rows, folds = [], []
    for method, chosen in frame.groupby("method", sort=False):
        counts = chosen["settings"].value_counts()
        for settings in tuning["candidates"][method]:
            text = settings_text(settings)
            rows.append((escape(str(method)), [f"<code>{escape(text)}</code>", str(counts.get(text, 0))], ""))
    for row in frame.to_dict("records"):
        score = "" if row["score"] != row["score"] else f"{row['score']:.3f}"
        cells = [
            str(row["seed"]),
            str(row["fold"]),
            f"<code>{escape(row['settings'])}</code>",
            score,
            str(row["songs"]),
        ]
        folds.append((escape(row["method"]), cells, ""))
    each = html_table(
        f"{tuning['measure']} is that of the chosen settings on the held-out songs, both directions; as the best of "
        "several it flatters them.",
        ["method", "seed", "fold", "chosen", tuning["measure"], "songs held out"],
        folds,
    )
    return html_table(CAPTION, ["method", "settings", "fits"], rows) + (
        f"<details><summary>The choice in each fold</summary>{each}</details>"
    )
