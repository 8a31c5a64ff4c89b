"""Ranks against a naive ranking, ties, degenerate rows, and nearest items against a full sort."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from alcca.errors import DataError
from alcca.retrieval import category_ranks, cosines, instance_ranks, mrr1, ranking, row_norms, top_k


def naive_cosine(q, g):
    length = np.sqrt(sum(x * x for x in q)) * np.sqrt(sum(x * x for x in g))
    return sum(x * y for x, y in zip(q, g, strict=True)) / length if length else 0.0


def naive_instance_rank(queries, gallery, i):
    scores = [naive_cosine(queries[i], g) for g in gallery]
    return 1 + sum(s >= scores[i] - 1e-12 for j, s in enumerate(scores) if j != i)


def naive_category_rank(queries, gallery, ql, gl, i):
    scores = [naive_cosine(queries[i], g) for g in gallery]
    best = max(s for s, label in zip(scores, gl, strict=True) if label == ql[i])
    return 1 + sum(s >= best - 1e-12 for s, label in zip(scores, gl, strict=True) if label != ql[i])


@pytest.mark.parametrize("block", [1, 7, 256])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (2, 3), (23, 1), (40, 5)])
def test_instance_ranks_equal_a_naive_ranking(n, d, block):
    rng = np.random.default_rng(n * d)
    queries, gallery = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    gallery[n // 2] = gallery[0]
    gallery[n // 3] = 0
    queries[n // 4] = 0
    ranks = instance_ranks(queries, gallery, block=block)
    assert ranks.dtype == np.int64
    assert ranks.tolist() == [naive_instance_rank(queries, gallery, i) for i in range(n)]


@pytest.mark.parametrize("block", [1, 7, 256])
def test_distractors_are_wrong_items_of_the_gallery(block):
    rng = np.random.default_rng(4)
    queries, gallery, others = (rng.standard_normal((size, 3)) for size in (40, 40, 25))
    others[:5] = gallery[:5] * 2
    ranks = instance_ranks(queries, gallery, distractors=others, block=block)
    whole = np.vstack([gallery, others])
    assert ranks.tolist() == [naive_instance_rank(queries, whole, i) for i in range(40)]


@pytest.mark.parametrize("block", [1, 7, 256])
def test_category_ranks_equal_a_naive_ranking(block):
    rng = np.random.default_rng(1)
    queries, gallery = rng.standard_normal((50, 4)), rng.standard_normal((60, 4))
    gallery[10:20] = gallery[30:40]
    ql = [["sad", "gay", "calm", None, "", float("nan")][i] for i in rng.integers(6, size=50)]
    gl = [["sad", "gay", "calm", None, "", float("nan")][i] for i in rng.integers(6, size=60)]
    ranks, rows = category_ranks(queries, gallery, ql, gl, block=block)
    labelled = [i for i, label in enumerate(ql) if label in ("sad", "gay", "calm")]
    assert rows.tolist() == labelled
    assert ranks.tolist() == [naive_category_rank(queries, gallery, ql, gl, i) for i in labelled]


@pytest.mark.parametrize("missing", [None, "", " ", float("nan"), np.float32("nan"), pd.NA, pd.NaT])
def test_a_missing_label_is_no_label(missing):
    assert not ranking.is_labelled(missing)
    ranks, rows = category_ranks(np.eye(3), np.eye(3), ["a", missing, 0], [missing, "a", 0])
    assert (ranks.tolist(), rows.tolist()) == ([3, 1], [0, 2])


def test_the_paired_item_counts_as_relevant():
    ranks, _ = category_ranks(np.eye(3), np.eye(3), ["a", "b", "c"], ["a", "b", "c"])
    assert ranks.tolist() == instance_ranks(np.eye(3), np.eye(3)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [3, 17, 80])
def test_a_constant_scorer_gets_the_worst_rank(d, dtype):
    rng = np.random.default_rng(d)
    queries = rng.standard_normal((301, d)).astype(dtype)
    constant = np.repeat(rng.standard_normal((1, d)).astype(dtype), 301, axis=0)
    assert (instance_ranks(queries, constant, block=64) == 301).all()
    assert (instance_ranks(constant, constant, block=64) == 301).all()
    assert (instance_ranks(np.zeros_like(queries), queries) == 301).all()
    labels = ["a", "b", "c"] * 100 + ["a"]
    ranks, _ = category_ranks(queries, constant, labels, labels)
    assert ranks.tolist() == [1 + sum(other != label for other in labels) for label in labels]


def test_proportional_rows_are_ties_although_rounding_differs():
    rng = np.random.default_rng(0)
    row = rng.standard_normal(80)
    gallery = row * np.exp(rng.standard_normal((200, 1)))
    assert (instance_ranks(rng.standard_normal((200, 80)), gallery) == 200).all()


def test_columns_in_another_order_are_ties_although_rounding_differs():
    # cos(q, g) = cos(Pq, Pg) exactly; a constant query makes every permuted row of the gallery a tie.
    rng = np.random.default_rng(3)
    row = rng.standard_normal(80)
    gallery = np.stack([rng.permutation(row) for _ in range(300)])
    assert (instance_ranks(np.ones((300, 80)), gallery) == 300).all()


def test_every_duplicate_in_the_gallery_costs_one_rank():
    rng = np.random.default_rng(2)
    queries = rng.standard_normal((90, 20))
    gallery = queries.copy()
    gallery[1::3] = gallery[0::3]
    gallery[2::3] = gallery[0::3]
    assert (instance_ranks(queries, gallery, block=11)[0::3] == 3).all()


def test_small_differences_are_not_ties():
    angle = np.array([0.0, 1e-5, 2e-5])
    gallery = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert instance_ranks(np.repeat([[1.0, 0.0]], 3, axis=0), gallery).tolist() == [1, 2, 3]


def test_very_large_and_very_small_rows_keep_their_direction():
    rng = np.random.default_rng(5)
    queries, gallery = rng.standard_normal((30, 6)), rng.standard_normal((30, 6))
    scale = 10.0 ** np.linspace(-300, 300, 30)[:, None]
    assert instance_ranks(queries * scale[::-1], gallery * scale).tolist() == instance_ranks(queries, gallery).tolist()


def test_no_matrix_of_all_pairs_is_kept():
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((3000, 10)), rng.standard_normal((3000, 10))
    tracemalloc.start()
    instance_ranks(queries, gallery, block=50)
    category_ranks(queries, gallery, ["a", "b"] * 1500, ["a", "b"] * 1500, block=50)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3000 * 3000  # bytes: an eighth of the similarities, the size of one boolean mask of all pairs


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_numbers_are_refused(bad):
    broken = np.eye(3)
    broken[1, 2] = bad
    for call in (
        lambda: instance_ranks(broken, np.eye(3)),
        lambda: instance_ranks(np.eye(3), broken),
        lambda: category_ranks(np.eye(3), broken, "abc", "abc"),
        lambda: top_k(broken, np.eye(3), 1),
        lambda: top_k(np.eye(3), broken, 1),
        lambda: row_norms(broken),
    ):
        with pytest.raises(DataError, match="row 1"):
            call()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match=r"\(3, 3\) and \(3, 2\)"):
        instance_ranks(np.eye(3), np.eye(3)[:, :2])
    with pytest.raises(DataError, match="distractors with the gallery's 3 columns, got 2"):
        instance_ranks(np.eye(3), np.eye(3), distractors=np.eye(2))
    with pytest.raises(DataError, match="non-empty"):
        instance_ranks(np.empty((0, 3)), np.empty((0, 3)))
    with pytest.raises(DataError, match="two-dimensional"):
        instance_ranks(np.ones(3), np.ones(3))
    with pytest.raises(DataError, match="3 queries, got 2"):
        category_ranks(np.eye(3), np.eye(3), "ab", "abc")
    with pytest.raises(DataError, match="same number of columns"):
        category_ranks(np.eye(3), np.eye(2), "abc", "ab")
    with pytest.raises(DataError, match="'c' of query 2"):
        category_ranks(np.eye(3), np.eye(3), "abc", "aab")
    for k in (0, 4):
        with pytest.raises(DataError, match=f"got {k}"):
            top_k(np.eye(3), np.eye(3), k)
    with pytest.raises(DataError, match="norms"):
        top_k(np.eye(3), np.eye(3), 1, norms=np.ones(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 7, 100])
def test_top_k_equals_a_full_stable_sort(k, dtype):
    rng = np.random.default_rng(k)
    queries = rng.standard_normal((9, 12)).astype(dtype)
    gallery = rng.standard_normal((100, 12)).astype(dtype)
    gallery[50:80] = gallery[10:40]
    gallery[3] = 0
    scores, indices = top_k(queries, gallery, k, block=4)
    for q, found, values in zip(queries, indices, scores, strict=True):
        cosines = np.array([naive_cosine(q.astype(float), g.astype(float)) for g in gallery])
        expected = np.lexsort((np.arange(100), -cosines.round(12)))[:k]
        assert found.tolist() == expected.tolist()
        np.testing.assert_allclose(values, cosines[expected], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 7, 25, 26, 107])
def test_a_gallery_that_is_read_in_strips_and_groups_is_read_whole(k, dtype, monkeypatch):
    monkeypatch.setattr(ranking, "STRIP", 10)
    monkeypatch.setattr(ranking, "GROUP", 4)
    rng = np.random.default_rng(k)
    queries = rng.standard_normal((9, 12)).astype(dtype)
    gallery = rng.standard_normal((107, 12)).astype(dtype) * rng.uniform(0.1, 1e4, (107, 1)).astype(dtype)
    gallery[50:80] = gallery[10:40]
    gallery[3] = 0
    norms = row_norms(gallery).astype(dtype)
    told = np.array([[naive_cosine(q.astype(float), g.astype(float)) for g in gallery] for q in queries])
    for block in (1, 9):
        scores, indices = top_k(queries, gallery, k, norms=norms, block=block)
        for found, values, exact in zip(indices, scores, told, strict=True):
            expected = np.lexsort((np.arange(107), -exact.round(12)))[:k]
            assert found.tolist() == expected.tolist()
            np.testing.assert_allclose(values, exact[expected], atol=1e-12)


def test_top_k_of_equal_rows_takes_the_lowest_indices():
    row = np.random.default_rng(0).standard_normal((1, 33))
    gallery = np.repeat(row, 500, axis=0)
    for dtype in (np.float32, np.float64):
        _, indices = top_k(row, gallery.astype(dtype), 5)
        assert indices.tolist() == [[0, 1, 2, 3, 4]]
    assert top_k(np.zeros((1, 33)), gallery, 3)[1].tolist() == [[0, 1, 2]]


def test_a_cosine_is_to_the_bit_that_of_top_k():
    rng = np.random.default_rng(0)
    query, gallery = rng.standard_normal(33), rng.standard_normal((60, 33)).astype(np.float32)
    gallery[7] = 0
    scores, rows = top_k(query[None], gallery, 60)
    assert cosines(query, gallery[rows[0]]).tolist() == scores[0].tolist()


def test_top_k_accepts_the_norms_it_would_compute():
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((3, 8)), rng.standard_normal((50, 8)) * 9
    for got, expected in zip(
        top_k(queries, gallery, 4, norms=row_norms(gallery)), top_k(queries, gallery, 4), strict=True
    ):
        assert got.tolist() == expected.tolist()


def test_embeddings_of_chance_give_the_reciprocal_rank_of_chance():
    rng = np.random.default_rng(0)
    n = 400
    got = np.mean([mrr1(instance_ranks(*rng.standard_normal((2, n, 5)))) for _ in range(20)])
    assert got == pytest.approx(sum(1 / r for r in range(1, n + 1)) / n, rel=0.15)


def test_a_float32_gallery_is_ranked_as_in_float64():
    rng = np.random.default_rng(0)
    query = rng.standard_normal((1, 40))
    gallery = (query + 1e-4 * rng.standard_normal((2000, 40))).astype(np.float32)
    scores, indices = top_k(query, gallery, 10)
    exact = gallery.astype(np.float64)
    cosines = exact @ query[0] / np.linalg.norm(exact, axis=1) / np.linalg.norm(query)
    assert indices[0].tolist() == np.argsort(-cosines)[:10].tolist()
    assert np.ptp(scores) < 1e-7  # far below what float32 can tell apart
