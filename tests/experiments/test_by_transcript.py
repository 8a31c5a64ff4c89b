"""What results say of the words that were heard: the two parts of a comparison, and the split of its songs."""

from dataclasses import replace

import pandas as pd
import pytest
from tests.experiments.making import make_results

from alcca.experiments import Results
from alcca.experiments.by_transcript import by_words, paper_part, word_methods, word_notes, words_part
from alcca.experiments.rank_tables import Failure


@pytest.fixture(scope="module")
def results():
    strength = {"fused": 8, "heard": 6, "fused:cca": 7, "alcca": 1, "cca": 1, "rcca": 1}
    return make_results(strength, whole=("fused", "heard", "fused:cca"), silent=(1, 4, 7))


def test_the_papers_comparison_is_what_it_is_without_words(results):
    paper = paper_part(results)
    assert paper.methods == ["alcca", "cca", "rcca"]
    assert words_part(results).methods == ["fused", "heard", "fused:cca", "alcca", "cca"]
    assert word_methods(results) == ["fused", "heard", "fused:cca"]
    assert word_methods(paper) == []
    assert words_part(paper) is None
    assert paper_part(paper).methods == paper.methods
    assert paper_part(results.only(["heard"])) is None


def test_failures_and_times_go_with_their_methods(results):
    failures = (
        Failure("heard", False, 0, 0, "no"),
        Failure("lost", False, 0, 0, "no"),
        Failure("cca", True, 0, 1, "no"),
    )
    some = replace(results, failures=failures, seconds={"heard": 1.0, "cca": 2.0})
    assert [failure.method for failure in paper_part(some).failures] == ["lost", "cca"]
    assert [failure.method for failure in words_part(some).failures] == ["heard", "cca"]
    assert paper_part(some).seconds == {"cca": 2.0}
    assert set(some.only(["cca"]).ranks["method"]) == {"cca"}


def test_songs_with_words_stand_beside_those_without(results):
    table = by_words(results)
    assert len(table) == 6 * 2 * 2
    frame = results.to_frame()
    for row in table.to_dict("records"):
        cell = frame[
            (frame["method"] == row["method"]) & ~frame["control"] & (frame["components"] == row["components"])
            & (frame["direction"] == row["direction"]) & (frame["level"] == "instance")
            & (frame["query"].isin([1, 4, 7]) != row["words"])
        ]  # fmt: skip
        assert row["components"] == (0 if row["method"] in ("fused", "heard", "fused:cca") else 80)
        assert row["MRR1"] == pytest.approx((1 / cell["rank"]).mean())
        assert row["low"] <= row["MRR1"] <= row["high"]
        assert (row["songs"], row["queries"]) == ((57, 57) if row["words"] else (3, 3))
    nothing = by_words(replace(results, without_words=None))
    assert len(nothing) == 0
    assert list(nothing.columns) == list(table.columns)
    assert set(by_words(replace(results, without_words=()))["words"]) == {True}


def test_the_notes_say_what_shuffled_pairs_do_to_each_method(results):
    ranks = results.to_frame()
    same = ranks[(ranks["method"] == "heard") & ~ranks["control"]].assign(control=True)
    rest = ranks[(ranks["method"] != "heard") | ~ranks["control"]]
    notes = word_notes(replace(results, ranks=pd.concat([rest, same], ignore_index=True)))
    assert notes[0] == "Words were heard in 57 of 60 recordings."
    assert notes[1].startswith("MRR1, when audio asks and when lyrics ask: fused 0.")
    assert notes[2].startswith("heard ranks the same when trained on shuffled pairs")
    assert notes[3].startswith("fused and fused:cca also learn a space, or the weight of the words, from the pairs")
    plain = replace(results, ranks=ranks[~ranks["control"]])
    assert len(word_notes(plain)) == 2
    assert word_notes(replace(plain, without_words=())) == ["Words were heard in 60 of 60 recordings."]
    assert word_notes(replace(results, without_words=None)) == []


def test_what_was_heard_comes_back_from_disk(results, tmp_path):
    results.save(tmp_path)
    assert Results.load(tmp_path).without_words == (1, 4, 7)
    replace(results, without_words=None).save(tmp_path)
    assert Results.load(tmp_path).without_words is None
