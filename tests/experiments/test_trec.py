"""Files for trec_eval: what it makes of them is what alcca measures, ties included."""

from urllib.parse import unquote

import ir_measures
import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.experiments.trec import Pool, qrels_lines, run_lines, trec_name, write_trec
from alcca.retrieval import (
    mean_average_precision,
    mrr1,
    recall_at,
    score_category_ranks,
    score_instance_ranks,
    score_ndcgs_at,
    score_relevant_ranks,
    shared_labels,
)


def tied_pool(n=30, others=(0, 0), seed=0, first=0, labels=("sad", "gay", None)):
    """A test fold with few different scores, in which a song is named by a number from ``first`` on."""
    rng = np.random.default_rng(seed)
    return Pool(
        rng.integers(0, 4, (n + others[0], n + others[1])).astype(float),
        [f"song {i}" for i in range(first, first + n)],
        None if labels is None else [labels[i] for i in rng.integers(len(labels), size=n)],
        [f"recording {i}" for i in range(others[0])],
        [f"text {i}" for i in range(others[1])],
    )


def trec_eval(folder, name, *measures):
    qrels = list(ir_measures.read_trec_qrels(str(folder / f"{name}.qrels")))
    run = list(ir_measures.read_trec_run(str(folder / f"{name}.run")))
    got = ir_measures.pytrec_eval.calc_aggregate(measures, qrels, run)
    return [got[measure] for measure in measures]


RR, AP, NDCG, S5 = ir_measures.RR, ir_measures.AP, ir_measures.nDCG, ir_measures.Success @ 5


@pytest.mark.parametrize("others", [(0, 0), (7, 20)])
@pytest.mark.parametrize("name", ["audio", "lyrics"])
def test_trec_eval_computes_our_instance_metrics(tmp_path, others, name):
    pool = tied_pool(others=others)
    write_trec(tmp_path, pool)
    n = len(pool.ids)
    scores = pool.scores[:n] if name == "audio" else pool.scores[:, :n].T
    ranks = score_instance_ranks(scores)
    expected = [mrr1(ranks), mrr1(ranks), recall_at(ranks, 5)]
    assert trec_eval(tmp_path, f"{name}.instance", RR, AP, S5) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("labels", [("sad", "gay", None), ({"a", "b"}, ("b", "c"), "d", [], ["a", "b", "c"])])
@pytest.mark.parametrize("others", [(0, 0), (7, 20)])
@pytest.mark.parametrize("name", ["audio", "lyrics"])
def test_trec_eval_computes_our_category_metrics(tmp_path, others, name, labels):
    pool = tied_pool(others=others, labels=labels)
    write_trec(tmp_path, pool)
    n = len(pool.ids)
    scores, items = (pool.scores[:n], others[1]) if name == "audio" else (pool.scores[:, :n].T, others[0])
    gains = shared_labels(pool.labels, [*pool.labels, *[None] * items])
    asking = gains.any(axis=1)
    assert 0 < asking.sum() < n
    ranks = score_relevant_ranks(scores[asking], gains[asking])
    first = [own[0] for own in ranks]
    expected = [mrr1(first), mean_average_precision(ranks), score_ndcgs_at(None, scores[asking], gains[asking]).mean()]
    assert trec_eval(tmp_path, f"{name}.category", RR, AP, NDCG) == pytest.approx(expected, rel=1e-12)
    if labels[0] == "sad":
        assert score_category_ranks(scores, pool.labels, [*pool.labels, *[None] * items])[0].tolist() == first


def test_the_folds_of_a_seed_are_one_run(tmp_path):
    pools = [tied_pool(20, others=(0, 5), seed=seed, first=100 * seed) for seed in range(3)]
    write_trec(tmp_path, iter(pools))
    ranks = np.concatenate([score_instance_ranks(pool.scores) for pool in pools])
    assert trec_eval(tmp_path, "audio.instance", RR) == pytest.approx([mrr1(ranks)], rel=1e-12)
    first = [score_category_ranks(pool.scores, pool.labels, [*pool.labels, *[None] * 5])[0] for pool in pools]
    assert trec_eval(tmp_path, "audio.category", RR) == pytest.approx([mrr1(np.concatenate(first))], rel=1e-12)


def test_a_fold_without_a_label_asks_no_query_of_the_category_level(tmp_path):
    silent = tied_pool(5, first=100, labels=(None, ""))
    write_trec(tmp_path, [tied_pool(20), silent])
    write_trec(tmp_path / "alone", tied_pool(20))
    for name in ("audio.category.run", "lyrics.category.qrels"):
        assert (tmp_path / name).read_text() == (tmp_path / "alone" / name).read_text()
    assert len(write_trec(tmp_path / "silent", silent)) == 4


def test_scores_that_single_precision_cannot_tell_apart_are_told_apart(tmp_path):
    scores = 1 + 1e-10 * np.random.default_rng(0).permuted(np.tile(np.arange(50.0), (50, 1)), axis=1)
    write_trec(tmp_path, Pool(scores, [f"{i:02}" for i in range(50)]))
    ranks = score_instance_ranks(scores)
    assert 1 < np.median(ranks) < 50
    assert trec_eval(tmp_path, "audio.instance", RR) == pytest.approx([mrr1(ranks)], rel=1e-12)


def test_files_hold_their_columns_and_the_category_level_only_with_labels(tmp_path):
    paths = write_trec(tmp_path / "new" / "folder", tied_pool(3, labels=None), tag="cca", depth=2)
    assert [path.name for path in paths] == [
        f"{side}.instance.{end}" for side in ("audio", "lyrics") for end in ("run", "qrels")
    ]
    assert sorted(paths) == sorted((tmp_path / "new" / "folder").iterdir())
    lines = [line.split(" ") for line in paths[0].read_text().splitlines()]
    assert [line[3] for line in lines] == ["1", "2"] * 3
    assert [line[4] for line in lines] == ["3", "2"] * 3
    assert {(line[1], line[5]) for line in lines} == {("Q0", "cca")}
    assert paths[1].read_text() == "".join(f"song%20{i} 0 song%20{i} 1\n" for i in range(3))
    assert len(write_trec(tmp_path, tied_pool(3))) == 8


@pytest.mark.parametrize(
    "name",
    [
        "Ärger & Co.mp3",
        "a b",
        "tab\tline\nreturn\r",
        "no\u00a0break\u2003wide\x85",
        "50%20",
        "\udcff.mp3",
        "\x00",
        "日本",
    ],
)
def test_any_name_is_one_word_that_can_be_read_back(tmp_path, name):
    written = trec_name(name)
    assert written.split() == [written]
    assert unquote(written, errors="surrogatepass") == name
    paths = write_trec(tmp_path, Pool(np.eye(2), [name, "other"]))
    assert {doc.query_id for doc in ir_measures.read_trec_run(str(paths[0]))} == {written, "other"}
    assert trec_eval(tmp_path, "audio.instance", RR) == [1.0]


def test_lines_can_be_made_from_any_relevance():
    scores, relevance = np.array([[1.0, 2.0, 2.0], [3.0, 1.0, 0.0]]), [[0, 2, 1], [0, 0, 1]]
    assert list(run_lines(scores, relevance, ["p", "q"], "abc", depth=2)) == [
        "p Q0 c 1 3 alcca\n", "p Q0 b 2 2 alcca\n", "q Q0 a 1 3 alcca\n", "q Q0 b 2 2 alcca\n",
    ]  # fmt: skip
    assert list(qrels_lines(relevance, ["p", "q"], "abc")) == ["p 0 b 2\n", "p 0 c 1\n", "q 0 c 1\n"]


@pytest.mark.parametrize("relevance", [[[0.5, 1.0]], [[-1, 1]], [["1", "0"]]])
def test_grades_that_are_no_whole_numbers_are_refused(relevance):
    with pytest.raises(DataError, match="relevance: expected whole numbers of 0 or more"):
        list(qrels_lines(relevance, "q", "ab"))


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(
        DataError, match=r"scores: expected one for each of 1 query_ids and 2 item_ids, got shape \(2, 2\)"
    ):
        next(run_lines(np.eye(2), np.eye(2), "q", "ab"))
    with pytest.raises(DataError, match=r"relevance: expected one for each of 2 query_ids and 3 item_ids, got"):
        next(qrels_lines(np.eye(2, dtype=int), "pq", "abc"))


def test_pools_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"scores of shape \(2, 3\), .* 2 ids, 0 other_audio and 1 other_lyrics, got \(2, 2\)"
    ):
        Pool(np.eye(2), ["a", "b"], other_lyrics=["c"])
    with pytest.raises(DataError, match=r"shape \(0, 0\)"):
        Pool(np.empty((0, 0)), [])
    with pytest.raises(DataError, match="labels: expected one entry for each of the 2 songs, got 1"):
        Pool(np.eye(2), ["a", "b"], ["sad"])
    with pytest.raises(DataError, match="'a' is there twice"):
        Pool(np.eye(2), ["a", "a"])
    for side in ("other_audio", "other_lyrics"):
        with pytest.raises(DataError, match="'a' is there twice"):
            Pool(np.ones((3, 2) if side == "other_audio" else (2, 3)), ["a", "b"], **{side: ["a"]})
    with pytest.raises(DataError, match="an empty one"):
        Pool(np.eye(2), ["a", ""])
    with pytest.raises(DataError, match=r"'song 0' is there twice.* different songs"):
        write_trec(tmp_path, [tied_pool(3), tied_pool(3)])
    with pytest.raises(DataError, match="for all 2 pools or for none; pool 1 has none"):
        write_trec(tmp_path, [tied_pool(3), tied_pool(3, first=9, labels=None)])
    with pytest.raises(DataError, match="row 1 of the scores"):
        write_trec(tmp_path, Pool(np.array([[1.0, 2.0], [np.nan, 0.0]]), ["a", "b"]))
    assert list(tmp_path.iterdir()) == []


def test_calls_that_cannot_be_are_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file"):
        write_trec(tmp_path / "file", tied_pool(3))
    for tag in ("", "a b", None, "a\n"):
        with pytest.raises(UsageError, match="tag: expected a text without spaces"):
            write_trec(tmp_path, tied_pool(3), tag=tag)
    for depth in (0, 1.5):
        with pytest.raises(UsageError, match="depth"):
            write_trec(tmp_path, tied_pool(3), depth=depth)
    for pools, got in (([], "none"), ([np.eye(2)], "ndarray")):
        with pytest.raises(UsageError, match=f"pools: expected a Pool .* got {got}"):
            write_trec(tmp_path, pools)


def test_names_and_labels_may_be_arrays(tmp_path):
    scores, ids, labels = np.array([[0.9, 0.1], [0.3, 0.8]]), ["a", "b"], ["sad", "sad"]
    for name, pool in (("lists", Pool(scores, ids, labels)), ("arrays", Pool(scores, np.array(ids), np.array(labels)))):
        write_trec(tmp_path / name, pool)
    written = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("lists", "arrays")]
    assert written[0] == written[1]
    assert len(written[0]) == 8


def test_a_method_with_scores_of_its_own_in_each_direction(tmp_path):
    both = tied_pool(20, others=(3, 6)), tied_pool(20, others=(6, 3), seed=5)
    by_audio, by_lyrics = (pool.scores[:20] for pool in both)
    other_audio = [f"recording {i}" for i in range(3)]
    pool = Pool(by_audio, both[0].ids, both[0].labels, other_audio, both[0].other_lyrics, by_lyrics=by_lyrics)
    write_trec(tmp_path, pool)
    for name, scores in (("audio", by_audio), ("lyrics", by_lyrics)):
        ranks = score_instance_ranks(scores)
        assert trec_eval(tmp_path, f"{name}.instance", RR) == pytest.approx([mrr1(ranks)], rel=1e-12)
    with pytest.raises(DataError, match=r"by_lyrics of shape \(20, 23\), lyrics by recordings, .* got \(20, 26\)"):
        Pool(by_audio, both[0].ids, None, other_audio, both[0].other_lyrics, by_lyrics=by_audio)


def test_a_pool_may_say_which_scores_are_equal(tmp_path):
    scores = np.array([[1.0 + 1e-13, 1.0], [0.0, 1.0]])
    for tie, expected in ((None, 0.75), (1e-12, 0.75), (1e-14, 1.0)):
        write_trec(tmp_path, Pool(scores, ["a", "b"], tie=tie))
        assert trec_eval(tmp_path, "audio.instance", RR) == [expected]
