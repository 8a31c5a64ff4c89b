"""Several estimators as one: what they are given, what is kept out, and what their sum says."""

from collections import defaultdict

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from alcca.datasets import make_songs
from alcca.errors import DataError, NotFittedError, UsageError
from alcca.models.acmr import ACMR
from alcca.models.cca import CCA
from alcca.models.fused import Fused
from alcca.models.rcca import RCCA

SEEN = defaultdict(list)


class SharedWords(BaseEstimator):
    """Counts the words that a transcript and a text share: a stand-in for what is heard."""

    audio_view = "transcripts"
    lyrics_view = "texts"

    def fit(self, views, y=None):
        SEEN["heard"].append([list(view) for view in views])
        return self

    def similarity(self, transcripts, lyrics):
        return np.array([[float(len(set((a or "").split()) & set(b.split()))) for b in lyrics] for a in transcripts])


class Space(CCA):
    """CCA that writes down what it is given."""

    def fit(self, views, y=None, groups=None):
        SEEN["space"].append((views, y, groups, self.n_components))
        return super().fit(views, y)


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


def songs(n=150, silent=0.2, noise=0.3, seed=0):
    """Views of songs of which a part was heard, and a space that is good or bad as ``noise`` says."""
    rng = np.random.default_rng(seed)
    made = make_songs(n, shared=4, audio_shape=(8,), lyrics_size=6, noise=noise, random_state=seed)
    words = [[f"w{i}" for i in rng.integers(400, size=20)] for _ in range(n)]
    heard = [None if rng.random() < silent else " ".join(rng.permutation(text)[: rng.integers(1, 7)]) for text in words]
    audio = {"transcripts": heard, "audio": made.audio.astype(float)}
    return audio, {"texts": [" ".join(text) for text in words], "features": made.lyrics.astype(float)}


def fused(**options):
    return Fused({"heard": SharedWords(), "space": Space(4, ridge=0.1)}, **options)


def rows(side, chosen):
    return {name: [view[i] for i in chosen] if isinstance(view, list) else view[chosen] for name, view in side.items()}


def mean_reciprocal_rank(scores):
    return np.mean([1 / (scores >= scores.diagonal()[:, None]).sum(axis=1), 1 / (scores >= scores.diagonal()).sum(0)])


def test_every_part_is_given_the_views_that_it_names():
    model = fused()
    assert model.audio_view == ("transcripts", "audio")
    assert model.lyrics_view == ("texts", "features")
    audio, lyrics = songs()
    moods = [f"mood {i}" for i in range(150)]
    audio["audio"][:, 0] = np.arange(150)
    model.fit((audio, lyrics), moods)
    assert len(SEEN["heard"]) == len(SEEN["space"]) == 4
    assert SEEN["heard"][-1] == [audio["transcripts"], lyrics["texts"]]
    (X, Y), labels, _, _ = SEEN["space"][-1]
    np.testing.assert_array_equal(X, audio["audio"])
    np.testing.assert_array_equal(Y, lyrics["features"])
    assert labels.tolist() == moods
    assert all(labels.tolist() == [moods[int(i)] for i in views[0][:, 0]] for views, labels, *_ in SEEN["space"])


def test_songs_are_kept_out_once_each_and_groups_together():
    audio, lyrics = songs(60)
    audio["audio"][:, 0] = np.arange(60)
    groups = np.arange(60) // 4
    fused(folds=4, random_state=3).fit((audio, lyrics), groups=groups)
    kept_out = [set(range(60)) - set(views[0][:, 0].astype(int)) for views, *_ in SEEN["space"][:-1]]
    assert sorted(i for some in kept_out for i in some) == list(range(60))
    for some, (views, _, told, _) in zip(kept_out, SEEN["space"], strict=False):
        assert {i // 4 for i in some}.isdisjoint({i // 4 for i in set(range(60)) - some})
        assert told.tolist() == [int(i) // 4 for i in views[0][:, 0]]
        np.testing.assert_array_equal(views[0][:, 0].astype(int), sorted(views[0][:, 0].astype(int)))


def test_without_groups_songs_of_the_same_words_are_kept_out_together():
    audio, lyrics = songs(60)
    audio["audio"][:, 0] = np.arange(60)
    lyrics["texts"] = [" ".join(lyrics["texts"][i // 2].split()).upper() + "  " * (i % 2) for i in range(60)]
    fused().fit((audio, lyrics))
    for views, *_ in SEEN["space"][:-1]:
        numbers = set(views[0][:, 0].astype(int) // 2)
        assert all({2 * i, 2 * i + 1} <= set(views[0][:, 0].astype(int)) for i in numbers)
    one = Fused({"a": Space(2), "b": Space(1)})
    one.fit((audio["audio"], np.repeat(lyrics["features"][:30], 2, axis=0)))
    assert all(len(views[0]) % 2 == 0 for views, *_ in SEEN["space"])


def test_the_similarity_is_the_weighted_sum_of_the_parts():
    audio, lyrics = songs()
    model = fused().fit((audio, lyrics))
    few, other = rows(audio, range(9)), rows(lyrics, range(20, 40))
    heard = SharedWords().similarity(few["transcripts"], other["texts"])
    space = model.parts_["space"].similarity(few["audio"], other["features"])
    silent = (heard == 0).all(axis=1, keepdims=True)
    assert 0 < silent.sum() < 9
    expected = model.weights_["heard"] * heard + model.weights_["space"] * space + model.silence_["heard"] * silent
    found = model.similarity(few, other)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("noise", [0.3, 50.0])
def test_fused_is_better_than_what_is_heard(noise):
    audio, lyrics = songs(400, noise=noise)
    model = fused().fit((rows(audio, range(300)), rows(lyrics, range(300))))
    test = rows(audio, range(300, 400)), rows(lyrics, range(300, 400))
    scores = model.similarity(*test)
    heard = SharedWords().similarity(test[0]["transcripts"], test[1]["texts"])
    gain = mean_reciprocal_rank(scores) - mean_reciprocal_rank(heard)
    assert gain > (0.15 if noise < 1 else 0.0)
    silent = np.array([text is None for text in test[0]["transcripts"]])
    space = model.parts_["space"].similarity(test[0]["audio"], test[1]["features"])
    np.testing.assert_array_equal(np.argsort(scores[silent], axis=1), np.argsort(space[silent], axis=1))


def test_a_recording_without_words_comes_before_those_with_others():
    rng = np.random.default_rng(0)
    words = [[f"w{i}" for i in rng.integers(60, size=8)] for _ in range(300)]
    # Chance shares a word now and then, so a wrong recording often says more than one without words.
    heard = [None if rng.random() < 0.2 else " ".join(text[:5]) for text in words]
    noise = np.random.default_rng(1).standard_normal((2, 300, 5))
    audio = {"transcripts": heard, "audio": noise[0]}
    lyrics = {"texts": [" ".join(text) for text in words], "features": noise[1]}
    model = fused().fit((rows(audio, range(200)), rows(lyrics, range(200))))
    assert model.silence_["heard"] > model.weights_["heard"]
    assert model.silence_["space"] == 0
    test = rows(audio, range(200, 300)), rows(lyrics, range(200, 300))
    silent = np.array([text is None for text in test[0]["transcripts"]])
    said = SharedWords().similarity(test[0]["transcripts"], test[1]["texts"])
    ranks = [(scores >= scores.diagonal()).sum(axis=0)[silent] for scores in (said, model.similarity(*test))]
    assert ranks[1].mean() < ranks[0].mean() / 2


def test_shuffled_pairs_teach_no_trust():
    audio, lyrics = songs(300, silent=0)
    order = np.random.default_rng(0).permutation(300)
    trusting, wary = fused().fit((audio, lyrics)), fused().fit((audio, rows(lyrics, order)))
    spread = SharedWords().similarity(audio["transcripts"][:50], lyrics["texts"][:50]).std()
    assert trusting.weights_["heard"] * spread > 10 * wary.weights_["heard"] * spread


def test_the_same_seed_gives_the_same_numbers():
    audio, lyrics = songs(60)
    first = fused(random_state=5).fit((audio, lyrics))
    again = fused(random_state=5).fit((audio, lyrics))
    assert first.weights_ == again.weights_
    np.testing.assert_array_equal(first.similarity(audio, lyrics), again.similarity(audio, lyrics))
    assert fused(random_state=6).fit((audio, lyrics)).weights_ != first.weights_


def test_the_seed_reaches_the_parts_and_their_estimators_are_never_changed():
    parts = {
        "heard": SharedWords(),
        "space": RCCA(ridges=1.0),
        "net": ACMR(hidden=((4,), (4,)), epochs=1, device="cpu"),
    }
    before = {name: part.get_params() for name, part in parts.items()}
    model = Fused(parts, random_state=9).fit(songs(40), ["a", "b"] * 20)
    assert [model.parts_[name].random_state for name in ("space", "net")] == [9, 9]
    assert {name: part.get_params() for name, part in parts.items()} == before
    assert parts["space"] is model.parts["space"]
    assert Fused({"space": RCCA(2, random_state=4)}).fit(songs(40)).parts_["space"].random_state == 4


def test_a_space_gets_no_more_dimensions_than_the_folds_can_give():
    audio, lyrics = songs(12)
    fused().fit((audio, lyrics))
    assert [k for *_, k in SEEN["space"]] == [4, 4, 4, 4]
    SEEN.clear()
    Fused({"space": Space(80, ridge=1.0)}).fit((audio["audio"][:9], lyrics["features"][:9]))
    assert [k for *_, k in SEEN["space"]] == [5] * 4  # six songs inside
    SEEN.clear()
    Fused({"space": Space(80, ridge=1.0)}).fit((audio["audio"], lyrics["features"]))
    assert [k for *_, k in SEEN["space"]] == [6] * 4  # six columns of lyrics


def test_settings_of_parts_are_reached_by_their_names():
    model = fused(folds=4)
    assert model.get_params(deep=False).keys() == {"parts", "folds", "random_state"}
    assert model.get_params()["space__n_components"] == 4
    copy = clone(model).set_params(space__n_components=7, folds=2)
    assert (copy.parts["space"].n_components, copy.folds) == (7, 2)
    assert (model.parts["space"].n_components, model.folds) == (4, 4)
    for name in ("depth", "spase__n_components"):
        with pytest.raises(
            UsageError, match=f"Fused has no setting {name}; it has folds, heard__|Fused has no setting"
        ):
            model.set_params(**{name: 1})


def test_fused_may_be_a_part():
    audio, lyrics = songs()
    inner = Fused({"space": Space(4), "stiff": Space(1, ridge=1e6)})
    assert inner.audio_view == ("audio",)
    model = Fused({"heard": SharedWords(), "spaces": inner})
    assert model.audio_view == ("transcripts", "audio")
    assert mean_reciprocal_rank(model.fit((audio, lyrics)).similarity(audio, lyrics)) > 0.8


def test_what_cannot_be_fused_is_refused():
    audio, lyrics = songs(30)
    for parts in ({}, [SharedWords()], None):
        with pytest.raises(UsageError, match=r"parts=.*: expected a mapping of names to estimators"):
            Fused(parts).fit((audio, lyrics))
    for folds in (1, 2.5):
        with pytest.raises(UsageError, match=r"folds=.*at least 2"):
            fused(folds=folds).fit((audio, lyrics))
    with pytest.raises(NotFittedError, match="this Fused is not fitted"):
        fused().similarity(audio, lyrics)
    with pytest.raises(DataError, match="expected the pair"):
        fused().fit(audio["audio"])
    with pytest.raises(DataError, match="audio: the parts learn from transcripts, audio; expected a mapping"):
        fused().fit((audio["audio"], lyrics))
    with pytest.raises(DataError, match="lyrics: expected texts, features, got texts"):
        fused().fit((audio, {"texts": lyrics["texts"]}))
    with pytest.raises(DataError, match=r"the same songs in every view, got .*'texts': 29"):
        fused().fit((audio, {**lyrics, "texts": lyrics["texts"][1:]}))
    with pytest.raises(DataError, match="30 songs in 2 groups are too few to learn on 3 folds"):
        fused().fit((audio, lyrics), groups=np.arange(30) % 2)
