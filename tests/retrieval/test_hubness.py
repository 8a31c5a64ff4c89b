"""Hubness against naive counts, scipy's skewness and simulation."""

import numpy as np
import pytest
from scipy.stats import skew

from alcca.errors import DataError
from alcca.models.contract import cosines
from alcca.retrieval import chance_hubness, hubness, k_occurrences, score_k_occurrences, top_k


def naive_occurrences(scores, k):
    counts = [0] * scores.shape[1]
    for own in scores:
        for j in sorted(range(len(own)), key=lambda j: (-own[j], j))[:k]:
            counts[j] += 1
    return counts


@pytest.mark.parametrize("k", [1, 4, 13])
def test_occurrences_equal_naive_counts_with_ties(k):
    scores = np.random.default_rng(k).integers(0, 5, (300, 13)).astype(float)
    counts = score_k_occurrences(scores, k)
    assert counts.dtype == np.int64
    assert counts.tolist() == naive_occurrences(scores, k)
    assert counts.sum() == 300 * k


def test_scores_equal_up_to_rounding_are_ties():
    assert score_k_occurrences(np.array([[1.0, 1.0 + 1e-14, 0.5, 1.0 - 1e-14]]), 2).tolist() == [1, 1, 0, 0]
    assert score_k_occurrences(np.array([[1.0, 1.0 + 1e-14, 0.5]]), 1).tolist() == [1, 0, 0]
    assert score_k_occurrences(np.array([[1.0, 1.0, 1.0 + 1e-14]]), 2).tolist() == [1, 1, 0]
    assert score_k_occurrences(np.array([[1.0, 1.0 + 1e-9, 0.5, 1.0 - 1e-9]]), 1).tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("k", [1, 5])
def test_cosines_give_the_counts_of_their_matrix(k):
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((60, 4)), rng.standard_normal((40, 4))
    gallery[20:30] = gallery[10:20]
    counts = k_occurrences(queries, gallery, k)
    assert counts.tolist() == score_k_occurrences(cosines(queries, gallery), k).tolist()
    assert counts.tolist() == np.bincount(top_k(queries, gallery, k)[1].ravel(), minlength=40).tolist()


def test_hubness_is_the_skewness():
    counts = np.random.default_rng(1).poisson(2, 500) ** 2
    assert hubness(counts) == pytest.approx(skew(counts), rel=1e-12)
    assert hubness([3, 3, 3]) == 0
    assert hubness([0, 1, 2]) == 0


def test_a_constant_scorer_has_the_largest_hubness():
    n, k = 50, 5
    constant = hubness(score_k_occurrences(np.ones((n, n)), k))
    assert constant > hubness(score_k_occurrences(np.random.default_rng(2).random((n, n)), k)) + 1
    # No counts of the same sum, each at most n, are more skewed.
    assert constant == hubness([n] * k + [0] * (n - k))
    assert hubness(k_occurrences(np.ones((n, 3)), np.ones((n, 3)), k)) == constant


def test_many_dimensions_make_hubs():
    rng = np.random.default_rng(3)
    few, many = (hubness(k_occurrences(x, x, 5)) for x in (rng.random((300, 2)), rng.standard_normal((300, 50)) + 1))
    assert many > few + 1


def test_chance_equals_simulation():
    rng = np.random.default_rng(4)
    for k in (3, 10, 20):
        drawn = np.concatenate([score_k_occurrences(rng.random((10, 30)), k) for _ in range(400)])
        assert chance_hubness(10, 30, k) == pytest.approx(skew(drawn), abs=0.08)
    assert chance_hubness(40, 30, 30) == 0


def test_what_does_not_fit_is_refused():
    for k in (0, 4):
        with pytest.raises(DataError, match=f"got {k}"):
            score_k_occurrences(np.eye(3), k)
        with pytest.raises(DataError, match=f"got {k}"):
            k_occurrences(np.eye(3), np.eye(3), k)
        with pytest.raises(DataError, match=f"k={k}"):
            chance_hubness(3, 3, k)
    with pytest.raises(DataError, match="0 queries"):
        chance_hubness(0, 3, 1)
    for counts in ([], [[1, 2]], ["a"]):
        with pytest.raises(DataError, match="one for each item"):
            hubness(counts)
    for counts in ([1, -1], [1, np.nan], [1, np.inf]):
        with pytest.raises(DataError, match="of 0 or more"):
            hubness(counts)
