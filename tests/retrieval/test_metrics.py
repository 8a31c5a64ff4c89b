"""Metrics against trec_eval's own code and a naive ranking; chance against simulation and closed forms."""

from math import comb

import ir_measures
import numpy as np
import pytest

from alcca.errors import DataError
from alcca.retrieval import (
    category_ranks,
    chance_median_rank,
    chance_mrr1,
    chance_recall_at,
    instance_ranks,
    median_rank,
    mrr1,
    recall_at,
)

MEASURES = {"RR": ir_measures.RR, "S@1": ir_measures.Success @ 1, "S@5": ir_measures.Success @ 5}


def trec_eval(queries, gallery, relevant):
    """Mean reciprocal rank and success at 1 and 5 as trec_eval computes them; relevant(i, j) says what is right."""
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, gallery)]
    similarity = unit[0] @ unit[1].T
    run = [ir_measures.ScoredDoc(str(i), str(j), s) for (i, j), s in np.ndenumerate(similarity)]
    judged = [ir_measures.Qrel(str(i), str(j), int(relevant(i, j))) for i, j in np.ndindex(similarity.shape)]
    got = ir_measures.pytrec_eval.calc_aggregate(MEASURES.values(), judged, run)
    return [got[measure] for measure in MEASURES.values()]


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
