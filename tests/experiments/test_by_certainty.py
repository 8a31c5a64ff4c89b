"""How often "sure", "likely" and "a guess" came, and how often each was right."""

import numpy as np
import pandas as pd
import pytest

from alcca.experiments.by_certainty import by_certainty, certainty_notes
from alcca.experiments.rank_tables import Fit, fit_frame, ranks_frame
from alcca.experiments.results import Results

# Of eight songs, by sound and by lyrics; the last two are without words.
PROBABILITIES = [0.99, 0.98, 0.97, 0.6, 0.9, 0.2, 0.1, 0.0]
RANKS = {"audio": [1, 1, 2, 1, 3, 1, 4, 8], "lyrics": [1, 1, 1, 1, 1, 2, 2, 8]}


def results(silent=(6, 7)):
    records = [
        {
            "components": 0,
            "direction": direction,
            "level": level,
            "query": np.arange(8),
            "rank": np.array(ranks),
            "pool": 8,
            "relevant": np.ones(8, dtype=int),
            **({"probability": np.array(PROBABILITIES)} if level == "instance" else {}),
        }
        for direction, ranks in RANKS.items()
        for level in ("instance", "category")
    ]
    plain = [{name: value for name, value in record.items() if name != "probability"} for record in records]
    parts = [(Fit("search", False, 0, 0), fit_frame(records)), (Fit("search", True, 0, 0), fit_frame(records))]
    parts.append((Fit("cca", False, 0, 0), fit_frame(plain)))
    ranks = ranks_frame(parts, np.arange(8), None, [f"song {i}" for i in range(8)])
    return Results(ranks, {"songs": 8}, without_words=silent)


def test_every_query_is_counted_once_for_each_kind_of_songs():
    table = by_certainty(results()).set_index(["method", "direction", "words", "certainty"])
    assert set(table.index.get_level_values("method")) == {"search"}
    audio = table.loc[("search", "audio")]
    assert audio["queries"].to_dict() == {
        ("all", "sure"): 3, ("all", "likely"): 2, ("all", "a guess"): 3,
        ("with", "sure"): 3, ("with", "likely"): 2, ("with", "a guess"): 1,
        ("without", "sure"): 0, ("without", "likely"): 0, ("without", "a guess"): 2,
    }  # fmt: skip
    assert audio.loc["all", "right"].tolist() == [2, 1, 1]
    assert audio.loc["all", "share_right"].tolist() == pytest.approx([2 / 3, 1 / 2, 1 / 3])
    assert audio.loc["all", "probability"].tolist() == pytest.approx([0.98, 0.75, 0.1], abs=1e-6)
    assert audio.loc["all", "share"].tolist() == pytest.approx([3 / 8, 2 / 8, 3 / 8])
    assert audio.loc[("without", "sure"), ["share_right", "probability"]].isna().all()
    assert table.loc[("search", "lyrics", "all"), "right"].tolist() == [3, 2, 0]


def test_it_is_said_in_words():
    assert certainty_notes(results()) == [
        "search: of 16 searches, 6 were called sure, 5 of them right; 4 likely, 3 of them right; "
        "6 a guess, 1 of them right.",
        "search: of 12 searches for songs with words, 6 were called sure, 5 of them right; 4 likely, 3 of them right; "
        "2 a guess, 1 of them right.",
        "search: of 4 searches for songs without words, 0 were called sure, 0 of them right; 0 likely, "
        "0 of them right; 4 a guess, 0 of them right.",
    ]


def test_without_transcripts_songs_are_of_one_kind_and_other_methods_say_nothing(tmp_path):
    known = results(silent=None)
    assert set(by_certainty(known)["words"]) == {"all"}
    assert len(certainty_notes(known)) == 1
    assert by_certainty(known.only(["cca"])).empty
    # Results of before are without the column.
    before = Results(known.ranks.drop(columns="probability"), {"songs": 8})
    assert by_certainty(before).empty
    assert certainty_notes(before) == []
    # They are kept with the ranks.
    known.save(tmp_path)
    pd.testing.assert_frame_equal(by_certainty(Results.load(tmp_path)), by_certainty(known))
