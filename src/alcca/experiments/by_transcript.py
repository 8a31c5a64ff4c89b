"""The effect of transcripts on a comparison: MRR1 of songs with recognised words, and of songs without."""

from typing import TYPE_CHECKING

import numpy as np

from alcca.experiments.results import DIRECTIONS, Results
from alcca.experiments.significance import fixed_components
from alcca.experiments.statistics import GroupBootstrap

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["by_words", "paper_part", "word_methods", "word_notes", "words_part"]

# The prefix of methods that are fused with transcripts; without a method behind it, ALCCA is fused.
FUSED = "fused:"
OUR_SPACE = "alcca"
# Notes on methods whose ranks shuffled pairs do not change, and on those whose ranks they change; for one, for several.
CONTROLS = (
    (
        "ranks the same when trained on shuffled pairs: it learns nothing from pairs that counts, so that control does "
        "not apply.",
        "rank the same when trained on shuffled pairs: they learn nothing from pairs that counts, so that control does "
        "not apply.",
    ),
    (
        "also learns a space, or the weight of the words, from the pairs; on shuffled pairs it loses that alone.",
        "also learn a space, or the weight of the words, from the pairs; on shuffled pairs they lose that alone.",
    ),
)


def word_methods(results: Results) -> list[str]:
    """The methods that learn from transcripts, in the order of the results."""
    reading = results.settings.get("word_methods", ())
    return [method for method in results.methods if method in reading]


def paper_part(results: Results) -> Results | None:
    """The results of the methods that learn a common space, the paper's comparison; None if there are none."""
    reading = results.settings.get("word_methods", ())
    rest = {*results.methods, *(failure.method for failure in results.failures)} - set(reading)
    return results.only(rest) if rest & set(results.methods) else None


def words_part(results: Results) -> Results | None:
    """The results of the methods that learn from transcripts and of the spaces they are fused with; None without any.

    They are compared among themselves, so that the tests of the paper's comparison are corrected only for its methods.
    """
    reading = results.settings.get("word_methods", ())
    if not set(reading) & set(results.methods):
        return None
    spaces = {OUR_SPACE, *(method.removeprefix(FUSED) for method in reading if method.startswith(FUSED))}
    return results.only({*reading, *spaces})


def by_words(results: Results) -> "DataFrame":
    """MRR1 of songs whose transcripts have words, and of the others.

    Parameters
    ----------
    results : Results

    Returns
    -------
    DataFrame
        One row for each method, direction and kind of songs, at the number of components that was fixed in advance:
        method, components, direction, words (whether the song's transcript has words), songs, queries (of all seeds),
        MRR1, low, high (95%, bootstrap over groups). Empty if no song has been transcribed.
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
    """Notes: the number of recordings with words, MRR1 with and without words, and what the control shows."""
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
    for methods, (for_one, for_several) in zip(_by_control(results), CONTROLS, strict=True):
        if methods:
            notes.append(f"{_listed(methods)} {for_several if len(methods) > 1 else for_one}")
    return notes


def _by_control(results: Results) -> tuple[list[str], list[str]]:
    """Methods that read transcripts: those whose ranks are the same with shuffled pairs, and the others."""
    unchanged: list[str] = []
    changed: list[str] = []
    key = ["seed", "fold", "direction", "level", "query"]
    for method in word_methods(results):
        own = results.ranks[results.ranks["method"] == method].sort_values(key)
        true, shuffled = (own.loc[own["control"] == control, "rank"].to_numpy() for control in (False, True))
        if len(shuffled):
            (unchanged if np.array_equal(true, shuffled) else changed).append(method)
    return unchanged, changed


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
