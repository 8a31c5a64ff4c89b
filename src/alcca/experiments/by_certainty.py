"""How often a method was how certain of its first song, and how often that song was right."""

from typing import TYPE_CHECKING

import numpy as np

from alcca.experiments.results import DIRECTIONS, Results
from alcca.matching.posterior import LIKELY, SURE, certainty

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["ALL", "CERTAINTIES", "by_certainty", "certainty_notes"]

ALL, WITH, WITHOUT = "all", "with", "without"
CERTAINTIES = (certainty(SURE), certainty(LIKELY), certainty(0.0))
COLUMNS = ["method", "direction", "words", "certainty", "queries", "share", "right", "share_right", "probability"]


def by_certainty(results: Results) -> "DataFrame":
    """Count the queries for which a method was how certain of its first song.

    Parameters
    ----------
    results : Results

    Returns
    -------
    DataFrame
        One row for each method that says how certain it is, direction, kind of songs and certainty (`CERTAINTIES`):
        method, direction, words ("all" songs, those "with" words in their transcript, and "without"), certainty,
        queries (of all seeds), share (of the queries of this kind), right (queries whose own song is the first), and
        share_right and probability, both NaN without queries: the share of right ones, and the mean probability that
        the method gave. A song that shares the first place with others is not right. Empty if no method says it.
    """
    import pandas as pd

    ranks, rows = results.ranks, []
    if "probability" in ranks and len(ranks):
        said = ranks[~ranks["control"].astype(bool) & (ranks["level"] == "instance") & ranks["probability"].notna()]
        silent = results.without_words
        for method in dict.fromkeys(said["method"]):
            for direction in DIRECTIONS:
                own = said[(said["method"] == method) & (said["direction"] == direction)]
                kinds = {ALL: own}
                if silent is not None:
                    wordless = own["query"].isin(silent)
                    kinds |= {WITH: own[~wordless], WITHOUT: own[wordless]}
                for words, queries in kinds.items():
                    about = {"method": method, "direction": direction, "words": words}
                    rows += [{**about, **counted} for counted in _counts(queries)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _counts(queries: "DataFrame") -> list[dict[str, object]]:
    called = np.array([certainty(value) for value in queries["probability"]], dtype=object)
    rows: list[dict[str, object]] = []
    for word in CERTAINTIES:
        chosen = queries[called == word]
        right, given = (chosen["rank"] == 1).to_numpy(), chosen["probability"].to_numpy(dtype=np.float64)
        rows.append(
            {
                "certainty": word,
                "queries": len(chosen),
                "share": len(chosen) / len(queries) if len(queries) else np.nan,
                "right": int(right.sum()),
                "share_right": right.mean() if len(chosen) else np.nan,
                "probability": given.mean() if len(chosen) else np.nan,
            }
        )
    return rows


def certainty_notes(results: Results) -> list[str]:
    """Write a sentence for each method that says how certain it is, and each kind of songs.

    Returns
    -------
    list of str
        Such as "search: of 200 searches, 150 were called sure, 148 of them right; 20 likely, 15 right; 30 a guess,
        9 right." Empty if no method says it.
    """
    table = by_certainty(results)
    notes = []
    for method in dict.fromkeys(table["method"]):
        of_method = table[table["method"] == method]
        counted = of_method.groupby("words")["queries"].sum()
        # Songs of one kind are not counted twice.
        split = counted.get(WITH, 0) and counted.get(WITHOUT, 0)
        for words in (ALL, WITH, WITHOUT) if split else (ALL,):
            rows = of_method[of_method["words"] == words]
            total = int(rows["queries"].sum())
            if not total:
                continue
            counts = [rows.loc[rows["certainty"] == word, ["queries", "right"]].sum() for word in CERTAINTIES]
            called = "; ".join(
                f"{int(count['queries']):,} {'were called ' if word == CERTAINTIES[0] else ''}{word}, "
                f"{int(count['right']):,} of them right"
                for word, count in zip(CERTAINTIES, counts, strict=True)
            )
            of_songs = "" if words == ALL else f" for songs {words} words"
            notes.append(f"{method}: of {total:,} searches{of_songs}, {called}.")
    return notes
