"""The sentences say what the tests say, whichever way they fall."""

import pytest

from alcca.experiments.rank_tables import Failure
from alcca.experiments.report.comparison import compared
from alcca.experiments.report.prose import failures_in_words, summary_in_words
from alcca.experiments.report.reading import how_to_read
from alcca.retrieval import chance_mrr1


def said(results):
    return {heading: " ".join(sentences) for heading, sentences in summary_in_words(results, compared(results))}


def test_the_best_is_named_with_its_numbers(results):
    rows = results.summary().query("direction == 'audio' and level == 'instance' and components in (80, 200)")
    best = rows.nlargest(1, "MRR1").iloc[0]
    text = said(results)["When audio asks for lyrics"]
    assert text.startswith(
        f"{best['method']} has the highest MRR1: {best['MRR1']:.3f} [{best['MRR1_low']:.3f}, {best['MRR1_high']:.3f}]; "
        f"chance is {best['MRR1_chance']:.3f}. The right song is first in {best['R@1']:.1%} of the queries"
    )
    assert "It is significantly above chance, and significantly above itself trained on shuffled pairs." in text
    assert "of the other 6; not significantly better than " in text


def test_no_best_is_claimed_where_no_difference_is_significant(making):
    text = said(making({"cca": 2, "rcca": 2, "dcca": 2}))["When audio asks for lyrics"]
    assert "It is not significantly better than any other method." in text
    assert "significantly better than every" not in text


def test_a_clear_winner_is_said(making):
    text = said(making({"cca": 8, "alcca": 0}, n=200))
    assert "It is significantly better than alcca." in text["When audio asks for lyrics"]
    assert "Not significantly above chance: alcca." in text["When audio asks for lyrics"]
    assert text["ALCCA against the others"] == (
        "When audio asks for lyrics: significantly worse than cca. When lyrics ask for audio: significantly worse "
        "than cca."
    )
    three = said(making({"cca": 8, "alcca": 0, "dcca": 0}, n=200))["When audio asks for lyrics"]
    assert "It is significantly better than every other method." in three
    other = said(making({"alcca": 8, "cca": 0}, n=200))["ALCCA against the others"]
    assert other.startswith("When audio asks for lyrics: significantly better than cca.")


@pytest.mark.parametrize("strength", [0, -0.8])
def test_nothing_above_chance_is_said(making, strength):
    text = said(making({"bad": strength}, n=200))["When lyrics ask for audio"]
    assert text.startswith("bad has an MRR1 of ")
    assert "It is not significantly above chance" in text


def test_a_missing_control_is_said(making):
    text = said(making({"cca": 3}, control=False))["When audio asks for lyrics"]
    assert "that control is missing" in text
    assert not any(term == "Shuffled pairs" for term, _ in how_to_read(making({"cca": 3}, control=False)))


def test_what_was_asked_and_what_failed(making):
    failures = (Failure("cca", False, 0, 0, "no"), Failure("dcca", True, 1, 0, "no"))
    text = said(making({"alcca": 1, "cca": 2}, seeds=(0, 1, 2), failures=failures))
    assert "2 methods on made up, 60 songs, 2 folds, 3 seeds" in text["What was asked"]
    assert "test fold of 30 songs" in text["What was asked"]
    assert "2 fits failed; the reasons are listed below. Nothing is left of dcca." in text["What to keep in mind"]
    assert "The best of 2 methods was picked by these very numbers" in text["What to keep in mind"]
    alone = said(making({"cca": 2}, labels=False))
    assert "1 method on made up, 60 songs, 2 folds, 1 seed." in alone["What was asked"]
    assert not {"Any song of the same label", "ALCCA against the others"} & set(alone)
    assert "best of" not in alone["What to keep in mind"]


def test_the_measures_are_explained_with_chance(making):
    text = dict(how_to_read(making({"cca": 3})))
    assert f"it would be {chance_mrr1(30):.3f} in a pool of 30 songs" in text["MRR1"]
    assert f"{1 / 30:.3f} and {5 / 30:.3f}" in text["R@1, R@5"]


def test_a_method_that_fails_has_one_line_for_each_reason():
    failures = [
        *(
            Failure("dcca", control, fold, seed, "NaN")
            for control in (False, True)
            for fold in (0, 3)
            for seed in (0, 1)
        ),
        Failure("dcca", True, 1, 0, "killed"),
        Failure("cca", False, 2, 0, "NaN"),
    ]
    assert failures_in_words(failures) == [
        "dcca failed in folds 0, 3: NaN",
        "dcca on shuffled pairs failed in fold 1: killed",
        "cca failed in fold 2: NaN",
    ]
