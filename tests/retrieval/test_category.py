"""Measures of all items of a label, against the measures of each query on its own and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from alcca.errors import DataError
from alcca.retrieval import (
    average_precisions,
    average_precisions_at_r,
    category_measures,
    category_ranks,
    ndcgs_at,
    relevant_ranks,
    score_category_measures,
    score_category_ranks,
    score_ndcgs_at,
    score_relevant_ranks,
    shared_labels,
)

LABELS = ["sad", "gay", "odd", None, ""]


def made(m=80, n=130, d=3, seed=0):
    """Queries, a gallery with equal rows, and labels of both; not all queries are labelled."""
    rng = np.random.default_rng(seed)
    queries, gallery = rng.integers(-1, 2, (m, d)).astype(float), rng.integers(-1, 2, (n, d)).astype(float)
    return queries, gallery, *([LABELS[i] for i in rng.integers(len(LABELS), size=size)] for size in (m, n))


@pytest.mark.parametrize("block", [1, 7, 256])
def test_cosines_with_ties_give_the_measures_of_each_query_alone(block):
    queries, gallery, ql, gl = made()
    found = category_measures(queries, gallery, ql, gl, block=block)
    ranks, rows = category_ranks(queries, gallery, ql, gl)
    gains = shared_labels(ql, gl)
    assert found.rows.tolist() == rows.tolist() == np.flatnonzero(gains.any(axis=1)).tolist()
    assert found.ranks.tolist() == ranks.tolist()
    every = relevant_ranks(queries[rows], gallery, gains[rows])
    np.testing.assert_allclose(found.average_precision, average_precisions(every), rtol=1e-12)
    np.testing.assert_allclose(found.average_precision_at_r, average_precisions_at_r(every), rtol=1e-12)
    np.testing.assert_allclose(found.ndcg, ndcgs_at(None, queries[rows], gallery, gains[rows]), rtol=1e-12)


def test_scores_with_ties_give_the_measures_of_each_query_alone():
    queries, gallery, ql, gl = made()
    scores = np.round(queries @ gallery.T) + 1e-15 * np.arange(len(gallery))
    found = score_category_measures(scores, ql, gl)
    ranks, rows = score_category_ranks(scores, ql, gl)
    every = score_relevant_ranks(scores[rows], shared_labels(ql, gl)[rows])
    assert (found.rows.tolist(), found.ranks.tolist()) == (rows.tolist(), ranks.tolist())
    np.testing.assert_allclose(found.average_precision, average_precisions(every), rtol=1e-12)
    np.testing.assert_allclose(found.average_precision_at_r, average_precisions_at_r(every), rtol=1e-12)
    np.testing.assert_allclose(found.ndcg, score_ndcgs_at(None, scores[rows], shared_labels(ql, gl)[rows]), rtol=1e-12)


def test_without_ties_it_is_scikit_learns_average_precision():
    rng = np.random.default_rng(1)
    scores, labels = rng.random((50, 50)), rng.integers(4, size=50).tolist()
    expected = [average_precision_score([other == own for other in labels], row)
                for own, row in zip(labels, scores, strict=True)]  # fmt: skip
    np.testing.assert_allclose(score_category_measures(scores, labels, labels).average_precision, expected, rtol=1e-12)


def test_a_constant_scorer_has_every_wrong_item_first():
    labels = ["a"] * 3 + ["b"] * 7
    found = category_measures(np.ones((10, 2)), np.ones((10, 2)), labels, labels)
    assert found.ranks.tolist() == [8] * 3 + [4] * 7
    assert found.average_precision[0] == pytest.approx((1 / 8 + 2 / 9 + 3 / 10) / 3)
    assert found.average_precision_at_r[:3].tolist() == [0.0] * 3


def test_without_labelled_queries_there_are_no_measures():
    for found in (
        category_measures(np.eye(2), np.eye(2), [None, ""], ["a", "b"]),
        score_category_measures(np.eye(2), [None, ""], ["a", "b"]),
    ):
        assert [len(values) for values in found] == [0] * 5


def test_input_that_does_not_fit_is_refused():
    for call in (category_measures, score_category_measures):
        with pytest.raises(DataError, match="no gallery item has the label 'c' of query 1"):
            call(np.eye(2), np.eye(2), "ac", "ab") if call is category_measures else call(np.eye(2), "ac", "ab")
    with pytest.raises(DataError, match=r"one label for each row and column of the scores, \(2, 2\), got 2 and 3"):
        score_category_measures(np.eye(2), "ab", "abc")
    with pytest.raises(DataError, match="one label for each of the 2 queries, got 1"):
        category_measures(np.eye(2), np.eye(2), "a", "ab")
    with pytest.raises(DataError, match="NaN"):
        score_category_measures(np.full((2, 2), np.nan), "ab", "ab")
