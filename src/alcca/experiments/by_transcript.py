"""What the words that were heard in the recordings make of a comparison: MRR1 where there are some, and where not."""

from typing import TYPE_CHECKING

import numpy as np

from alcca.experiments.results import DIRECTIONS, Results
from alcca.experiments.significance import fixed_components
from alcca.experiments.statistics import GroupBootstrap

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["by_words", "paper_part", "word_methods", "word_notes", "words_part"]

# Methods that are fused with what is heard stand behind this prefix; without one it is ALCCA.
FUSED = "fused:"
OUR_SPACE = "alcca"
# What shuffled pairs say of methods that they leave as they are, and of those that they change; of one, and of several.
CONTROLS = (
    (
        "learns nothing from pairs: trained on shuffled ones it ranks as before, so that control says nothing of it.",
        "learn nothing from pairs: trained on shuffled ones they rank as before, so that control says nothing of them.",
    ),
    (
        "learns from the pairs also how far to trust the words; what it loses on shuffled ones is mostly that trust.",
        "learn from the pairs also how far to trust the words; what they lose on shuffled ones is mostly that trust.",
    ),
)


def word_methods(results: Results) -> list[str]:
    """The methods that learn from transcripts, in the order in which the results name them."""
    reading = results.settings.get("word_methods", ())
    return [method for method in results.methods if method in reading]


def paper_part(results: Results) -> Results | None:
    """The results of the methods that learn a common space: the paper's comparison. None where there are none."""
    reading = results.settings.get("word_methods", ())
    rest = {*results.methods, *(failure.method for failure in results.failures)} - set(reading)
    return results.only(rest) if rest & set(results.methods) else None


def words_part(results: Results) -> Results | None:
    """The results of the methods that learn from transcripts, and of the spaces that they are fused with; None without.

    They are compared among themselves, so that the tests of the paper's comparison are corrected for its own methods.
    """
    reading = results.settings.get("word_methods", ())
    if not set(reading) & set(results.methods):
        return None
    spaces = {OUR_SPACE, *(method.removeprefix(FUSED) for method in reading if method.startswith(FUSED))}
    return results.only({*reading, *spaces})


def by_words(results: Results) -> "DataFrame":
    """MRR1 of the songs in whose recordings words were heard, and of the others.

    Parameters
    ----------
    results : Results

    Returns
    -------
    DataFrame
        One row for each method, direction and kind of songs, at the number of components that was fixed before looking:
        method, components, direction, words (whether any were heard in the song's recording), songs, queries (of all
        seeds), MRR1, low, high (95%, bootstrap over groups). Empty where nobody listened.
    """
    import pandas as pd

    rows = []
    silent = results.without_words
    if silent is not None:
        ranks = results.ranks[~results.ranks["control"].astype(bool) & (results.ranks["level"] == "instance")]
        bootstrap = GroupBootstrap(int(results.ranks["group"].max()) + 1)
        for method in results.methods:
            own = ranks[ranks["method"] == method]
            own = own[own["components"] == fixed_components(own["components"])]
            for direction in DIRECTIONS:
                for words in (True, False):
                    cell = own[(own["direction"] == direction) & (own["query"].isin(silent) != words)]
                    if cell.empty:
                        continue
                    values = 1 / cell["rank"].to_numpy(dtype=np.float64)
                    low, high = bootstrap.mean(values[:, None], cell["group"].to_numpy())
                    rows.append(
                        {
                            "method": method, "components": int(cell["components"].iloc[0]), "direction": direction,
                            "words": words, "songs": cell["query"].nunique(), "queries": len(cell),
                            "MRR1": values.mean(), "low": low[0], "high": high[0],
                        }
                    )  # fmt: skip
    columns = ["method", "components", "direction", "words", "songs", "queries", "MRR1", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def word_notes(results: Results) -> list[str]:
    """How many recordings gave words, what MRR1 is with and without them, and what the control says of such methods."""
    silent, songs = results.without_words, results.settings["songs"]
    if silent is None:
        return []
    notes = [f"Words were heard in {songs - len(silent):,} of {songs:,} recordings."]
    if silent and len(silent) < songs:
        table = by_words(results)
        parts = []
        for method, rows in table.groupby("method", sort=False):
            cells = [
                " and ".join(f"{mrr1:.3f}" for mrr1 in rows.loc[rows["words"] == words, "MRR1"])
                for words in (True, False)
            ]
            parts.append(f"{method} {cells[0]} with words, {cells[1]} without")
        notes.append(f"MRR1, when audio asks and when lyrics ask: {'; '.join(parts)}.")
    for methods, said in zip(_by_control(results), CONTROLS, strict=True):
        if methods:
            notes.append(f"{_listed(methods)} {said[len(methods) > 1]}")
    return notes


def _by_control(results: Results) -> tuple[list[str], list[str]]:
    """Methods that read transcripts: those that shuffled pairs leave as they are, and those that they change."""
    unmoved: list[str] = []
    moved: list[str] = []
    key = ["seed", "fold", "direction", "level", "query"]
    for method in word_methods(results):
        own = results.ranks[results.ranks["method"] == method].sort_values(key)
        true, shuffled = (own.loc[own["control"] == control, "rank"].to_numpy() for control in (False, True))
        if len(shuffled):
            (unmoved if np.array_equal(true, shuffled) else moved).append(method)
    return unmoved, moved


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
