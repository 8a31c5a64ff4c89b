"""Ranks by a matrix of scores against a naive ranking and against the ranks of cosines."""

import numpy as np
import pytest

from alcca.errors import DataError
from alcca.models.contract import cosines
from alcca.retrieval import category_ranks, instance_ranks, score_category_ranks, score_instance_ranks

LABELS = ["sad", "gay", "calm", None, "", float("nan")]


def naive_rank(scores, right, wrong):
    best = max(scores[j] for j in right)
    return 1 + sum(scores[j] >= best for j in wrong)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 7), (300, 300), (20, 31)])
def test_instance_ranks_equal_a_naive_ranking(n, m):
    scores = np.random.default_rng(n).integers(-5, 5, (n, m)).astype(float)
    ranks = score_instance_ranks(scores)
    assert ranks.dtype == np.int64
    assert ranks.tolist() == [naive_rank(scores[i], [i], [j for j in range(m) if j != i]) for i in range(n)]


def test_category_ranks_equal_a_naive_ranking():
    rng = np.random.default_rng(1)
    scores = rng.integers(-5, 5, (50, 60)).astype(float)
    ql, gl = ([LABELS[i] for i in rng.integers(6, size=size)] for size in (50, 60))
    ranks, rows = score_category_ranks(scores, ql, gl)
    labelled = [i for i, label in enumerate(ql) if label in LABELS[:3]]
    assert rows.tolist() == labelled
    assert ranks.tolist() == [
        naive_rank(scores[i], *([j for j in range(60) if (gl[j] == ql[i]) == same] for same in (True, False)))
        for i in labelled
    ]


def test_scores_of_cosines_give_the_ranks_of_cosines():
    rng = np.random.default_rng(2)
    queries, gallery = rng.standard_normal((2, 80, 5))
    gallery[40:50] = gallery[0] * 3
    labels = rng.choice(LABELS[:3], 80).tolist()
    scores = cosines(queries, gallery)
    assert score_instance_ranks(scores).tolist() == instance_ranks(queries, gallery).tolist()
    for got, expected in zip(
        score_category_ranks(scores, labels, labels), category_ranks(queries, gallery, labels, labels), strict=True
    ):
        assert got.tolist() == expected.tolist()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_scores_equal_up_to_rounding_are_ties_at_any_scale(scale):
    rng = np.random.default_rng(3)
    terms = rng.standard_normal(1000) * scale
    scores = np.array([[rng.permutation(terms).sum() + 50 * scale for _ in range(40)] for _ in range(40)])
    assert len(set(scores[0])) > 1
    assert (score_instance_ranks(scores) == 40).all()
    labels = ["a", "b"] * 20
    assert set(score_category_ranks(scores, labels, labels)[0]) == {21}


def test_a_loud_query_makes_no_ties_of_a_quiet_one():
    scores = np.array([[1e9, 0.0], [1e-9, 2e-9]])
    assert score_instance_ranks(scores).tolist() == [1, 1]


def test_small_differences_are_not_ties():
    assert score_instance_ranks(np.array([[1000.0, 1000.0 + 1e-8]]))[0] == 2
    assert score_instance_ranks(np.array([[1000.0 + 1e-8, 1000.0]]))[0] == 1


def test_scores_that_do_not_fit_are_refused():
    for call in (score_instance_ranks, lambda s: score_category_ranks(s, "abc"[: len(s)], "abc"[: len(s)])):
        with pytest.raises(DataError, match="row 1 of the scores"):
            call(np.array([[1.0, 0.0], [0.0, np.nan]]))
        with pytest.raises(DataError, match="non-empty two-dimensional"):
            call(np.empty((0, 3)))
    with pytest.raises(DataError, match=r"m >= n .*got \(3, 2\)"):
        score_instance_ranks(np.ones((3, 2)))
    with pytest.raises(DataError, match=r"\(2, 2\), got 2 and 3"):
        score_category_ranks(np.ones((2, 2)), "ab", "abc")
    with pytest.raises(DataError, match="'c' of query 1"):
        score_category_ranks(np.ones((2, 2)), "ac", "ab")
