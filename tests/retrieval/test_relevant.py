"""Ranks of all relevant items against a naive ranking, and relevance from labels."""

import numpy as np
import pytest
from tests.retrieval.making import tied

from alcca.errors import DataError
from alcca.models.contract import cosines
from alcca.retrieval import (
    category_ranks,
    relevant_ranks,
    score_category_ranks,
    score_order,
    score_relevant_ranks,
    shared_labels,
)

LABELS = ["sad", "gay", "calm", None, "", float("nan")]


def naive_ranks(scores, gains):
    """Sort by score, among equal scores by ascending gain, and look up where the relevant ones are."""
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], gains[j]))
    return [rank for rank, j in enumerate(order, 1) if gains[j] > 0]


@pytest.mark.parametrize(("m", "n"), [(1, 1), (40, 30), (300, 7)])
def test_all_ranks_equal_a_naive_ranking(m, n):
    scores, gains = tied(m, n)
    ranks = score_relevant_ranks(scores, gains)
    assert {own.dtype for own in ranks} == {np.dtype(np.int64)}
    assert [own.tolist() for own in ranks] == [naive_ranks(*query) for query in zip(scores, gains, strict=True)]


@pytest.mark.parametrize("block", [1, 7, 256])
def test_cosines_give_the_ranks_of_their_matrix(block):
    rng = np.random.default_rng(1)
    queries, gallery = rng.standard_normal((40, 5)), rng.standard_normal((50, 5))
    gallery[20:30] = gallery[10:20] * 3
    _, gains = tied(40, 50)
    got = relevant_ranks(queries, gallery, gains > 0, block=block)
    expected = score_relevant_ranks(cosines(queries, gallery), gains)
    assert [own.tolist() for own in got] == [own.tolist() for own in expected]


def test_the_first_rank_is_that_of_category_ranks():
    rng = np.random.default_rng(2)
    queries, gallery = rng.standard_normal((40, 4)), rng.standard_normal((60, 4))
    gallery[10:20] = gallery[30:40]
    ql, gl = ([LABELS[i] for i in rng.integers(6, size=size)] for size in (40, 60))
    gains = shared_labels(ql, gl)
    for scores, (ranks, rows), got in (
        (None, category_ranks(queries, gallery, ql, gl), lambda r: relevant_ranks(queries[r], gallery, gains[r])),
        ("integers", score_category_ranks(np.round(queries @ gallery.T), ql, gl),
         lambda r: score_relevant_ranks(np.round(queries @ gallery.T)[r], gains[r])),
    ):  # fmt: skip
        assert np.flatnonzero(gains.any(axis=1)).tolist() == rows.tolist(), scores
        assert [own[0] for own in got(rows)] == ranks.tolist(), scores


def test_a_chain_of_ties_has_the_first_rank_of_category_ranks():
    # Each score ties with the next, but the first not with the last: 1e-12 of the largest is a tie.
    scores = 1 - 6e-13 * np.arange(40.0)[None]
    labels = ["a" if j in (20, 30) else "b" for j in range(40)]
    first, _ = score_category_ranks(scores, ["a"], labels)
    (ranks,) = score_relevant_ranks(scores, shared_labels(["a"], labels))
    assert ranks[0] == first[0] == 22
    assert ranks.tolist() == [22, 32]


def test_scores_equal_up_to_rounding_are_ties():
    terms = np.random.default_rng(3).standard_normal(1000)
    rng = np.random.default_rng(4)
    scores = np.array([[rng.permutation(terms).sum() + 50 for _ in range(40)]])
    assert len(set(scores[0])) > 1
    assert score_relevant_ranks(scores, np.arange(40)[None] < 3)[0].tolist() == [38, 39, 40]


def test_a_constant_scorer_gets_the_worst_ranks():
    for constant in (0.0, -3.0, 1e300):
        assert score_relevant_ranks(np.full((1, 9), constant), [[1, 1] + [0] * 7])[0].tolist() == [8, 9]
    assert relevant_ranks(np.zeros((1, 2)), np.eye(9)[:, :2], [[1, 1] + [0] * 7])[0].tolist() == [8, 9]


def test_the_order_has_the_relevant_items_at_their_ranks():
    scores, gains = tied(60, 25, seed=5)
    for own, wanted, order in zip(scores, gains, score_order(scores, gains), strict=True):
        assert sorted(order) == list(range(25))
        assert (np.diff(own[order]) <= 0).all()
        assert [rank for rank, j in enumerate(order, 1) if wanted[j] > 0] == naive_ranks(own, wanted)
        level = np.diff(own[order]) == 0
        assert (np.diff(wanted[order])[level] >= 0).all()


def test_several_labels_are_shared_one_by_one():
    queries = [{"a", "b"}, ("a", "c", "c"), "ab", np.array(["b"]), None, [], [""], float("nan"), {None, "a"}]
    gallery = [["a", "b", "c"], "a", frozenset({"ab"}), "", 7]
    assert shared_labels(queries, gallery).tolist() == [
        [2, 1, 0, 0, 0],
        [2, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [1, 0, 0, 0, 0],
        *[[0] * 5] * 4,
        [1, 1, 0, 0, 0],
    ]


def test_shared_labels_equal_those_of_sets_in_any_number_of_queries():
    rng = np.random.default_rng(6)
    ql, gl = ([set(rng.integers(0, 30, size).tolist()) for size in rng.integers(0, 6, n)] for n in (300, 40))
    shared = shared_labels(ql, gl)
    assert shared.dtype == np.int32
    assert shared.tolist() == [[len(one & other) for other in gl] for one in ql]
    assert shared_labels([None], [None, ""]).tolist() == [[0, 0]]


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match=r"gallery_labels\[1\]: expected a label, or several in a list, got \{'a': 1\}"):
        shared_labels(["a"], ["a", {"a": 1}])
    with pytest.raises(DataError, match=r"query_labels: expected one entry .* shape \(3, 3\); .* Q @ G.T"):
        shared_labels(np.eye(3), ["a"])
    scores = np.eye(3)
    for call in (lambda g: score_relevant_ranks(scores, g), lambda g: relevant_ranks(scores, scores, g),
                 lambda g: next(score_order(scores, g))):  # fmt: skip
        with pytest.raises(DataError, match=r"1 of 3 queries have no relevant item \(rows 1\); leave out"):
            call([[1, 0, 0], [0, 0, 0], [0, 0, 1]])
        for bad in (np.nan, -1, np.inf):
            with pytest.raises(DataError, match="row 2 of the relevance is negative, NaN or infinite"):
                call([[1, 0, 0], [0, 1, 0], [0, bad, 1]])
        with pytest.raises(DataError, match=r"numbers of shape \(3, 3\).*got int64 of shape \(2, 2\)"):
            call([[1, 0], [0, 1]])
        with pytest.raises(DataError, match=r"got <U1 of shape"):
            call(np.full((3, 3), "1"))
    with pytest.raises(DataError, match="same number of columns, got 3 and 2"):
        relevant_ranks(np.eye(3), np.eye(3)[:, :2], np.eye(3))
    with pytest.raises(DataError, match="row 1 of the scores"):
        score_relevant_ranks(np.array([[1.0], [np.nan]]), [[1], [1]])
