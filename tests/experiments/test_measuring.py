"""What is measured in a test fold: each column against its function, in both kinds of rankings, with distractors."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from alcca.experiments.measuring import FoldSongs, measured
from alcca.models.contract import cosines
from alcca.retrieval import (
    hubness,
    k_occurrences,
    score_instance_ranks,
    score_k_occurrences,
    score_ndcgs_at,
    score_relevant_ranks,
    shared_labels,
)
from alcca.retrieval.metrics import average_precisions, average_precisions_at_r

N, EXTRA = 40, (3, 8)


class Space:
    """The views as they are."""

    def transform(self, views):
        return views


class Similar:
    """Their rounded cosines, many of which are equal, as a similarity of its own."""

    def similarity(self, audio, lyrics):
        return np.round(cosines(audio, lyrics), 1)


@pytest.fixture
def fold():
    rng = np.random.default_rng(0)
    songs = rng.normal(size=(N, 6))
    audio, lyrics = (
        np.concatenate([songs + rng.normal(size=songs.shape), rng.normal(size=(extra, 6))]) for extra in EXTRA
    )
    labels = [None if i % 7 == 0 else f"mood {i % 3}" for i in range(N)]
    return FoldSongs(audio, lyrics, 100 + np.arange(N), labels)


@pytest.mark.parametrize(("model", "counts"), [(Space(), [2, 5]), (Space(), None), (Similar(), None)])
def test_every_column_is_that_of_its_function(model, counts, fold):
    frame, _ = measured(model, fold, counts)
    own = isinstance(model, Similar)
    for c in [0] if own else counts or [6]:
        for direction, extra in (("audio", EXTRA[1]), ("lyrics", EXTRA[0])):
            queries, gallery = (fold.audio, fold.lyrics) if direction == "audio" else (fold.lyrics, fold.audio)
            scores = model.similarity(queries, gallery)[:N] if own else cosines(queries[:N, :c], gallery[:, :c])
            rows = frame[(frame["components"] == c) & (frame["direction"] == direction)]
            instance, category = (rows[rows["level"] == level] for level in ("instance", "category"))
            assert instance["rank"].tolist() == score_instance_ranks(scores).tolist()
            assert set(rows["pool"]) == {N + extra}
            found = score_k_occurrences(scores, 10) if own else k_occurrences(queries[:N, :c], gallery[:, :c], 10)
            np.testing.assert_allclose(instance["hubness"], hubness(found), rtol=1e-6)
            gains = shared_labels(fold.labels, [*fold.labels, *[None] * extra])
            asking = np.flatnonzero(gains.any(axis=1))
            assert category["query"].tolist() == (100 + asking).tolist()
            ranks = score_relevant_ranks(scores[asking], gains[asking])
            assert category["rank"].tolist() == [each[0] for each in ranks]
            assert category["relevant"].tolist() == [len(each) for each in ranks]
            for column, expected in (
                ("average_precision", average_precisions(ranks)),
                ("average_precision_at_r", average_precisions_at_r(ranks)),
                ("ndcg", score_ndcgs_at(None, scores[asking], gains[asking])),
            ):
                np.testing.assert_allclose(category[column], expected, rtol=1e-6)
                assert instance[column].isna().all()
            assert category["hubness"].isna().all()
    if not own:
        first = average_precision_score(gains[asking[0]] > 0, scores[asking[0]])
        assert category["average_precision"].iloc[0] == pytest.approx(first, rel=1e-6)


def test_a_small_pool_has_the_hubness_of_fewer_neighbours():
    few = FoldSongs(np.eye(4), np.eye(4), np.arange(4), None)
    frame, _ = measured(Space(), few, None)
    assert set(frame["hubness"]) == {0.0}
    assert set(frame["level"]) == {"instance"}


@pytest.mark.parametrize(("counts", "at", "saved"), [([2, 4, 5], 4, 4), ([2, 5], 4, 2), ([5], 4, 5), (None, 4, 6)])
def test_scores_are_those_of_the_fixed_number_of_components(counts, at, saved, fold):
    _, scores = measured(Space(), fold, counts, at)
    assert scores.components == saved
    np.testing.assert_allclose(scores.by_audio, cosines(fold.audio[:N, :saved], fold.lyrics[:, :saved]), atol=1e-12)
    np.testing.assert_allclose(scores.by_lyrics, cosines(fold.lyrics[:N, :saved], fold.audio[:, :saved]), atol=1e-12)
    assert (scores.audio.shape, scores.lyrics.shape) == ((N + 3, saved), (N + 8, saved))
    assert measured(Space(), fold, counts)[1] is None


def test_scores_of_a_similarity_have_no_embeddings(fold):
    _, scores = measured(Similar(), fold, None, 80)
    assert (scores.components, scores.audio, scores.lyrics, scores.tie) == (0, None, None, None)
    assert scores.by_lyrics.tolist() == Similar().similarity(fold.audio, fold.lyrics).T[:N].tolist()
