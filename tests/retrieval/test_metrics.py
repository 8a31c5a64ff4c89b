"""Metrics against trec_eval's own code and a naive ranking; chance against simulation and closed forms."""

from math import comb

import ir_measures
import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from alcca.errors import DataError
from alcca.retrieval import (
    Chance,
    average_precisions,
    average_precisions_at_r,
    category_ranks,
    chance_median_rank,
    chance_mrr1,
    chance_recall_at,
    instance_ranks,
    mean_average_precision,
    mean_average_precision_at_r,
    median_rank,
    mrr1,
    recall_at,
    relevant_ranks,
    score_relevant_ranks,
    shared_labels,
)

MEASURES = {"RR": ir_measures.RR, "S@1": ir_measures.Success @ 1, "S@5": ir_measures.Success @ 5}
MAP = {"AP": ir_measures.AP}


def trec_eval(queries, gallery, relevant, measures=MEASURES):
    """Measures, such as the mean reciprocal rank, as trec_eval computes them; relevant(i, j) says what is right."""
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, gallery)]
    similarity = unit[0] @ unit[1].T
    run = [ir_measures.ScoredDoc(str(i), str(j), s) for (i, j), s in np.ndenumerate(similarity)]
    judged = [ir_measures.Qrel(str(i), str(j), int(relevant(i, j))) for i, j in np.ndindex(similarity.shape)]
    got = ir_measures.pytrec_eval.calc_aggregate(measures.values(), judged, run)
    return [got[measure] for measure in measures.values()]


def test_instance_metrics_equal_those_of_trec_eval():
    rng = np.random.default_rng(0)
    queries = rng.standard_normal((60, 8))
    gallery = queries + 1.5 * rng.standard_normal((60, 8))
    ranks = instance_ranks(queries, gallery)
    expected = trec_eval(queries, gallery, lambda i, j: i == j)
    np.testing.assert_allclose([mrr1(ranks), recall_at(ranks, 1), recall_at(ranks, 5)], expected, rtol=1e-12)
    assert 0.1 < mrr1(ranks) < 0.9


def test_category_metrics_equal_those_of_trec_eval():
    rng = np.random.default_rng(1)
    queries, gallery = rng.standard_normal((60, 8)), rng.standard_normal((60, 8))
    labels = [f"mood {i}" for i in rng.integers(12, size=60)]
    ranks, _ = category_ranks(queries, gallery, labels, labels)
    expected = trec_eval(queries, gallery, lambda i, j: labels[i] == labels[j])
    np.testing.assert_allclose([mrr1(ranks), recall_at(ranks, 1), recall_at(ranks, 5)], expected, rtol=1e-12)
    assert 0.1 < mrr1(ranks) < 0.9


def test_average_precision_equals_that_of_trec_eval_and_scikit_learn():
    rng = np.random.default_rng(3)
    queries, gallery = rng.standard_normal((60, 8)), rng.standard_normal((50, 8))
    ql, gl = ([set(rng.integers(0, 9, 2).tolist()) for _ in range(n)] for n in (60, 50))
    gains = shared_labels(ql, gl)
    got = average_precisions(relevant_ranks(queries, gallery, gains))
    (expected,) = trec_eval(queries, gallery, lambda i, j: gains[i, j] > 0, MAP)
    assert mean_average_precision(relevant_ranks(queries, gallery, gains)) == pytest.approx(expected, rel=1e-12)
    cosine = queries @ gallery.T / np.linalg.norm(gallery, axis=1)
    by_query = [average_precision_score(gain > 0, own) for gain, own in zip(gains, cosine, strict=True)]
    np.testing.assert_allclose(got, by_query, rtol=1e-12)
    assert 0.1 < got.mean() < 0.9


def test_average_precision_of_one_right_item_is_its_reciprocal_rank():
    scores = np.random.default_rng(4).integers(0, 5, (20, 20)).astype(float)
    ranks = score_relevant_ranks(scores, np.eye(20))
    assert mean_average_precision(ranks) == mrr1(np.concatenate(ranks))
    assert mean_average_precision_at_r(ranks) == recall_at(np.concatenate(ranks), 1)


def test_ties_lower_average_precision_to_the_worst_order():
    labels = ["a", "b", "b", "b"]
    worst = [1 / 4, *[(1 / 2 + 2 / 3 + 3 / 4) / 3] * 3]
    np.testing.assert_allclose(
        average_precisions(relevant_ranks(np.ones((4, 2)), np.ones((4, 2)), shared_labels(labels, labels))), worst
    )


def test_average_precision_at_r_equals_its_definition():
    rng = np.random.default_rng(5)
    for n in (1, 6, 30):
        right = rng.permutation(np.arange(n) < rng.integers(1, n + 1))
        r = right.sum()
        precision = np.cumsum(right) / np.arange(1, n + 1)
        expected = sum(precision[i] for i in range(r) if right[i]) / r
        assert average_precisions_at_r([np.flatnonzero(right) + 1])[0] == pytest.approx(expected)


def test_queries_with_different_numbers_of_right_items_do_not_mix():
    ranks = [[1, 3, 4], [2], [5, 6]]
    alone = [average_precisions([own])[0] for own in ranks]
    assert average_precisions(ranks).tolist() == pytest.approx(alone)
    alone = [average_precisions_at_r([own])[0] for own in ranks]
    assert average_precisions_at_r(ranks).tolist() == pytest.approx(alone)
    assert alone == pytest.approx([(1 + 2 / 3) / 3, 0, 0])


@pytest.mark.parametrize(("n", "relevant"), [(1, 1), (7, 1), (7, 7), (9, 3), (12, 6)])
def test_chance_of_average_precision_equals_simulation(n, relevant):
    rng = np.random.default_rng(n)
    ranks = [np.sort(rng.permutation(n)[:relevant]) + 1 for _ in range(4000)]
    chance = Chance(n, relevant)
    assert chance.mean_average_precision() == pytest.approx(mean_average_precision(ranks), abs=0.015)
    assert chance.mean_average_precision_at_r() == pytest.approx(mean_average_precision_at_r(ranks), abs=0.015)
    harmonic = sum(1 / r for r in range(1, n + 1))
    closed = (harmonic + (relevant - 1) / max(n - 1, 1) * (n - harmonic)) / n
    assert chance.mean_average_precision() == pytest.approx(closed)


def test_chance_of_average_precision_weights_the_queries():
    chance = Chance([4, 4, 2], [4, 4, 1])
    assert chance.mean_average_precision() == pytest.approx((1 + 1 + 0.75) / 3)
    assert chance.mean_average_precision_at_r() == pytest.approx((1 + 1 + 0.5) / 3)


@pytest.mark.parametrize(
    "ranks", [[], [[]], [[1], []], [[0, 1]], [[1, 1]], [[2, 1]], [[1], [1, np.nan]], [1, 2], [["a"]], [[1, 2], [3, 3]]]
)
def test_what_cannot_be_ranks_of_relevant_items_is_refused(ranks):
    named = f"query {len(ranks) - 1 if ranks != [1, 2] else 0}" if ranks else "at least one query"
    for call in (average_precisions, average_precisions_at_r, mean_average_precision, mean_average_precision_at_r):
        with pytest.raises(DataError, match=named):
            call(ranks)


def test_recall_at_equals_eq_15_written_out():
    rng = np.random.default_rng(2)
    queries, gallery = rng.standard_normal((30, 4)), rng.standard_normal((30, 4))
    cosine = (queries / np.linalg.norm(queries, axis=1)[:, None]) @ (
        gallery / np.linalg.norm(gallery, axis=1)[:, None]
    ).T
    for n in (1, 5, 10):
        relevant_found = [len({i} & set(np.argsort(-cosine[i])[:n].tolist())) / 1 for i in range(30)]
        assert recall_at(instance_ranks(queries, gallery), n) == pytest.approx(np.mean(relevant_found))


def test_median_rank_of_an_even_number_lies_between():
    assert median_rank([1, 2, 4, 9]) == 3.0


@pytest.mark.parametrize("n", [1, 2, 7, 250])
def test_chance_of_one_right_item_has_its_closed_form(n):
    assert chance_mrr1(n) == pytest.approx(sum(1 / r for r in range(1, n + 1)) / n)
    assert chance_recall_at(5, n) == pytest.approx(min(5, n) / n)
    assert chance_median_rank(n) == (n + 1) / 2


@pytest.mark.parametrize(("n", "relevant"), [(9, 3), (40, 1), (40, 17), (6, 6), (2000, 100)])
def test_chance_of_several_right_items_equals_the_hypergeometric_sum(n, relevant):
    first = [comb(n - r, relevant - 1) / comb(n, relevant) for r in range(1, n - relevant + 2)]
    assert sum(first) == pytest.approx(1)
    assert chance_mrr1(n, relevant) == pytest.approx(sum(p / r for r, p in enumerate(first, 1)))
    for cut in (1, 5, n):
        missed = comb(n - cut, relevant) / comb(n, relevant) if cut <= n else 0
        assert chance_recall_at(cut, n, relevant) == pytest.approx(1 - missed)


def test_chance_equals_simulation_for_queries_of_different_labels():
    rng = np.random.default_rng(0)
    labels = np.array(["a"] * 3 + ["b"] * 10 + ["c"] * 27)
    relevant = [(labels == label).sum() for label in labels]
    ranks = []
    for _ in range(4000):
        shuffled = rng.permutation(labels)
        ranks += [1 + int(np.argmax(shuffled == label)) for label in labels]
    assert chance_mrr1(40, relevant) == pytest.approx(mrr1(ranks), abs=0.005)
    assert chance_recall_at(5, 40, relevant) == pytest.approx(recall_at(ranks, 5), abs=0.005)
    assert chance_median_rank(40, relevant) == median_rank(ranks)


def test_pools_of_different_sizes_are_weighted_by_their_queries():
    assert chance_mrr1([1, 1, 2]) == pytest.approx((1 + 1 + 0.75) / 3)
    assert chance_recall_at(1, [4, 2]) == pytest.approx((0.25 + 0.5) / 2)


def test_what_cannot_be_a_rank_or_a_pool_is_refused():
    for call in (
        lambda: mrr1([]),
        lambda: mrr1([0, 1]),
        lambda: recall_at([[1]], 1),
        lambda: median_rank([np.nan]),
        lambda: chance_mrr1(3, 4),
        lambda: chance_mrr1(3, 0),
        lambda: chance_mrr1([]),
    ):
        with pytest.raises(DataError):
            call()


@pytest.mark.parametrize(("pool", "relevant"), [([5, 5, 9], [1, 5, 3]), (30, 4)])
def test_chance_of_ndcg_is_that_of_gains_of_one(pool, relevant):
    from alcca.retrieval import chance_ndcg_at

    pools, right = (np.broadcast_to(values, 3) for values in (pool, relevant))
    each = [chance_ndcg_at(None, [[1] * r + [0] * (n - r)]) for n, r in zip(pools, right, strict=True)]
    assert Chance(pool, relevant).ndcg() == pytest.approx(np.mean(each), rel=1e-12)
