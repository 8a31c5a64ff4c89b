"""nDCG against trec_eval's own code, scikit-learn, a naive ranking with ties, and simulation."""

import ir_measures
import numpy as np
import pytest
from sklearn.metrics import ndcg_score
from tests.retrieval.making import tied

from alcca.errors import DataError
from alcca.models.contract import cosines
from alcca.retrieval import average_precisions, chance_ndcg_at, ndcgs_at, score_ndcgs_at, score_relevant_ranks

CUTS = [1, 3, 10, None]


def naive_ndcg(scores, gains, k):
    """Sort by score, among equal scores by ascending gain."""
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], gains[j]))
    got, best = (
        sum(gain / np.log2(1 + rank) for rank, gain in enumerate(list(sorted_gains)[:k], 1))
        for sorted_gains in ((gains[j] for j in order), sorted(gains, reverse=True))
    )
    return got / best


@pytest.mark.parametrize("k", CUTS)
def test_it_is_that_of_trec_eval_and_of_scikit_learn(k):
    _, gains = tied(30, 25)
    scores = np.random.default_rng(0).standard_normal((30, 25))
    got = score_ndcgs_at(k, scores, gains)
    measure = ir_measures.nDCG @ k if k else ir_measures.nDCG
    run = [ir_measures.ScoredDoc(str(i), str(j), s) for (i, j), s in np.ndenumerate(scores)]
    judged = [ir_measures.Qrel(str(i), str(j), int(gain)) for (i, j), gain in np.ndenumerate(gains)]
    assert got.mean() == pytest.approx(ir_measures.pytrec_eval.calc_aggregate([measure], judged, run)[measure])
    assert got.mean() == pytest.approx(ndcg_score(gains, scores, k=k))
    assert 0.1 < got.mean() < 0.9


@pytest.mark.parametrize("k", CUTS)
def test_ties_are_counted_against_the_system(k):
    scores, gains = tied(60, 25, seed=1)
    expected = [naive_ndcg(*query, k) for query in zip(scores, gains.tolist(), strict=True)]
    np.testing.assert_allclose(score_ndcgs_at(k, scores, gains), expected, rtol=1e-12)
    real = gains * np.random.default_rng(2).random(gains.shape)
    expected = [naive_ndcg(*query, k) for query in zip(scores, real.tolist(), strict=True)]
    np.testing.assert_allclose(score_ndcgs_at(k, scores, real), expected, rtol=1e-12)


@pytest.mark.parametrize("k", CUTS)
def test_a_chain_of_ties_has_the_ranks_of_the_relevant_items(k):
    scores = 1 - 6e-13 * np.random.default_rng(3).permutation(np.arange(40.0))[None]
    relevant = np.random.default_rng(4).random((1, 40)) < 0.3
    (ranks,) = score_relevant_ranks(scores, relevant)
    discounts = 1 / np.log2(1 + np.arange(1, 41))[:k]
    expected = discounts[ranks[ranks <= len(discounts)] - 1].sum() / discounts[: relevant.sum()].sum()
    assert score_ndcgs_at(k, scores, relevant)[0] == pytest.approx(expected, rel=1e-12)
    assert score_ndcgs_at(k, scores, 3 * relevant)[0] == pytest.approx(expected, rel=1e-12)


def test_a_chain_of_ties_with_several_gains_adds_up_the_steps_of_the_gains():
    rng = np.random.default_rng(7)
    scores = 1 - 6e-13 * rng.permutation(np.arange(40.0))[None]
    gains = rng.integers(0, 4, (1, 40)) * 2.0
    discounts = 1 / np.log2(1 + np.arange(1, 41))
    got = sum(2 * discounts[score_relevant_ranks(scores, gains >= step)[0] - 1].sum() for step in (2, 4, 6))
    best = np.sort(gains[0])[::-1] @ discounts
    assert score_ndcgs_at(None, scores, gains)[0] == pytest.approx(got / best, rel=1e-12)


def test_a_constant_scorer_gets_the_worst_value():
    _, gains = tied(20, 9)
    worst = score_ndcgs_at(None, np.sort(gains, axis=1)[:, ::-1] * -1.0, np.sort(gains, axis=1)[:, ::-1])
    np.testing.assert_allclose(score_ndcgs_at(None, np.ones((20, 9)), gains), worst)


@pytest.mark.parametrize("block", [1, 7, 256])
def test_cosines_give_the_values_of_their_matrix(block):
    rng = np.random.default_rng(5)
    queries, gallery = rng.standard_normal((40, 5)), rng.standard_normal((50, 5))
    gallery[20:30] = gallery[10:20] * 3
    _, gains = tied(40, 50)
    expected = score_ndcgs_at(10, cosines(queries, gallery), gains)
    np.testing.assert_allclose(ndcgs_at(10, queries, gallery, gains, block=block), expected, rtol=1e-12)


@pytest.mark.parametrize("k", [1, 3, None])
def test_chance_equals_simulation(k):
    rng = np.random.default_rng(6)
    _, gains = tied(6, 9)
    drawn = [score_ndcgs_at(k, rng.random((6, 9)), gains).mean() for _ in range(1500)]
    assert chance_ndcg_at(k, gains) == pytest.approx(np.mean(drawn), abs=0.01)


def test_one_right_item_at_rank_1_is_worth_what_its_average_precision_is():
    scores, right = tied(30, 12)[0], np.eye(30, 12)
    scores, right = scores[:12], right[:12]
    first = average_precisions(score_relevant_ranks(scores, right)) == 1
    assert score_ndcgs_at(1, scores, right).tolist() == first.astype(float).tolist()


@pytest.mark.parametrize("k", [0, -1, 1.0, True, "3"])
def test_what_is_no_number_of_ranks_is_refused(k):
    with pytest.raises(DataError, match="k: expected how many ranks count"):
        score_ndcgs_at(k, np.eye(2), np.eye(2))


def test_gains_that_do_not_fit_are_refused():
    for call in (lambda g: score_ndcgs_at(1, np.eye(2), g), lambda g: ndcgs_at(1, np.eye(2), np.eye(2), g),
                 lambda g: chance_ndcg_at(1, g)):  # fmt: skip
        with pytest.raises(DataError, match=r"\(rows 0\)"):
            call([[0, 0], [0, 1]])
        with pytest.raises(DataError, match="row 1 of the relevance"):
            call([[1, 0], [-1, 1]])
    with pytest.raises(DataError, match=r"shape \(2, 2\)"):
        score_ndcgs_at(1, np.eye(2), np.eye(3))
    with pytest.raises(DataError, match=r"shape \(2, 2\)"):
        ndcgs_at(1, np.eye(2), np.eye(2), np.eye(3))
