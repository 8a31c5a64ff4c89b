"""Training a library's space: by any method, on songs that the choice never saw, kept without pickle."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from tests.making import change

from alcca import Library
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import LibraryError, UsageError
from alcca.features.doc2vec import Doc2VecFeatures
from alcca.models import ridges
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.fused import Fused
from alcca.models.held_out import inner_folds
from alcca.models.rcca import RCCA
from alcca.retrieval import cosine_evidence
from alcca.space.embedder import Embedder
from alcca.training import selection
from alcca.training.candidates import COMPARED
from alcca.training.training_set import TrainingSet


@pytest.mark.parametrize(
    ("method", "components"),
    [
        *((name, 5) for name in ("cca", "rcca", "kernel-cca", "alcca", "alcca-tuned", "joint-train-dcca")),
        ("acmr:hidden=((20, 4), (4,))", 4),
        ("cca_zoo.linear.CCA", 5),
    ],
)
def test_a_library_can_be_searched_in_the_space_of_any_method(library, method, components):
    report = library.train(method=method, components=5, epochs=2)
    assert (report.method, report.components, report.songs) == (method, components, 30)
    with Library(library.path, progress=False) as opened:
        model = opened.status()["model"]
        assert (model["method"], model["components"]) == (method, components)
        song = opened.songs()[3]
        by_sound = opened.search(audio=song.paths[0], by="space", k=30)
        by_words = opened.search(lyrics=song.lyrics, by="space", k=30)
        assert len(by_sound) == len(by_words) == 30
        assert np.isfinite([hit.score for hit in (*by_sound, *by_words)]).all()
        # A song that comes later is put into the same space.
        embedder = opened._snapshot.space.embedder
        features = opened._store.features("mfcc", [song.id])
        np.testing.assert_array_equal(
            embedder.embed_audio(features), library._snapshot.space.embedder.embed_audio(features)
        )


def test_songs_of_one_group_or_of_the_same_words_stay_together_where_a_method_keeps_songs_out(library, monkeypatch):
    usable = [song for song in library._store.songs() if song.usable]
    songs = [replace(song, group=f"hit {i // 3}") for i, song in enumerate(usable)]
    songs[0] = replace(songs[0], lyrics=songs[29].lyrics.upper())
    seen = []

    def watched(codes, *more):
        seen.append(codes.tolist())
        return inner_folds(codes, *more)

    monkeypatch.setattr(ridges, "inner_folds", watched)
    rng = np.random.default_rng(0)
    training_set = TrainingSet(songs, rng.normal(size=(30, 5)), TfidfEncoder(), None)
    for model in (RCCA(), Fused({"space": RCCA()})):
        training_set.fit(model, rng.normal(size=(30, 4)), 2, {}, random_state=0, verbose=False)
    expected = [i // 3 if i < 27 else 0 for i in range(30)]
    assert [seen[0], seen[-1]] == [expected] * 2


@pytest.mark.parametrize(
    ("asked", "learned"),
    [
        ({}, ("cca", "mfcc-stats", "tfidf")),
        ({"audio_encoder": "mfcc"}, ("cca", "mfcc", "tfidf")),
        # Who names a method gets it with the features of the paper.
        ({"method": "cca"}, ("cca", "mfcc", "doc2vec")),
        ({"method": "rcca", "lyrics_encoder": "tfidf"}, ("rcca", "mfcc", "tfidf")),
    ],
)
def test_what_is_learned_where_it_is_not_said(library, asked, learned):
    report = library.train(**asked)
    assert (report.method, report.audio_encoder, report.lyrics_encoder) == learned


def test_epochs_are_told_of_a_method_that_has_them(library):
    assert library.train(method="cca", components=5, epochs=2).epochs is None
    assert library.train(method="alcca", components=5, epochs=2).epochs == 2
    assert library.status()["model"]["epochs"] == 2


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("heard", "has no common space to put songs into"),
        ("fused", "has no common space to put songs into"),
        ("cca,rcca", "expected one method"),
        ("", "expected one method"),
        ("nonsense", "method 'nonsense' is unknown"),
        ("cca:n_epochs=3", "cca has no setting n_epochs"),
    ],
)
def test_methods_that_cannot_learn_a_space_are_refused(library, method, message):
    before = library.status()["model"]
    with pytest.raises(UsageError, match=message):
        library.train(method=method)
    assert library.status()["model"] == before


def test_the_best_of_several_is_taken(library, monkeypatch):
    with pytest.raises(LibraryError, match="30 songs are too few to find the best method on"):
        library.train(method="best")
    monkeypatch.setattr(selection, "MIN_TO_CHOOSE", 30)
    trained, fit = [], ACMR.fit
    monkeypatch.setattr(ACMR, "fit", lambda self, views, y=None: trained.append(len(views[0])) or fit(self, views, y))
    report = library.train(method="best", components=5, epochs=2)
    # The projectors of acmr and alcca-tuned once, and once more for the latter's ridge.
    assert trained.count(24) == 1
    assert set(report.compared) == set(COMPARED)
    assert report.compared[report.method] == max(report.compared.values()) == report.held_out_mrr1
    assert report.chosen_on == 6
    assert (report.audio_encoder, report.lyrics_encoder) == ("mfcc-stats", "tfidf")
    assert library.status()["model"]["compared"] == report.compared


def test_what_a_cosine_is_worth_comes_from_songs_kept_out(library, monkeypatch):
    monkeypatch.setattr(selection, "MIN_TO_CHOOSE", 30)
    seen = []
    monkeypatch.setattr(selection, "cosine_evidence", lambda cosines: seen.append(cosines) or cosine_evidence(cosines))
    library.train(method="cca")
    assert [cosines.shape for cosines in seen] == [(6, 6)]
    library.train(method="cca", components=5)
    assert library.status()["model"]["evidence"] is None


def test_a_library_of_an_earlier_version_is_searched(library):
    library.train(method="alcca", components=5, epochs=2)
    song = library.songs()[3]
    expected = [(hit.id, hit.score) for hit in library.search(lyrics=song.lyrics, by="space", k=5)]
    (model,) = (library.path / "models").iterdir()
    ALCCA.load(model / "model" / "fitted").save(model / "alcca")
    (model / "lyrics" / "state").rename(model / "doc2vec")
    for part in ("model", "audio", "lyrics"):
        shutil.rmtree(model / part)
    told = library._store.setting("model")
    with library._store.transaction():
        library._store.set_setting("model", {name: told[name] for name in told if not name.endswith("_encoder")})
    with Library(library.path, progress=False) as opened:
        model = opened.status()["model"]
        assert (model["audio_encoder"], model["lyrics_encoder"]) == ("mfcc", "doc2vec")
        found = opened.search(lyrics=song.lyrics, by="space", k=5)
        assert [(hit.id, hit.score) for hit in found] == expected


def test_a_model_without_its_class_is_told(library):
    library.train(method="cca", components=5)
    (model,) = (library.path / "models").iterdir()
    change(model / "model" / "class.json", name="Gone")
    with pytest.raises(LibraryError, match="the class of the model cannot be imported"):
        Embedder.load(model)


def test_components_are_chosen_on_songs_that_the_first_training_never_saw(library, monkeypatch):
    fitted, read = [], []
    fit, learn = TrainingSet.fit, Doc2VecFeatures.fit

    def spy(training_set, model, features, components, *more, **settings):
        fitted.append({song.title for song in training_set.songs})
        return fit(training_set, model, features, components, *more, **settings)

    monkeypatch.setattr(TrainingSet, "fit", spy)
    monkeypatch.setattr(Doc2VecFeatures, "fit", lambda self, texts: read.append(len(texts)) or learn(self, texts))
    assert library.train(method="kernel-cca").chosen_on == 0, "thirty songs are too few to choose"
    assert library.train(method="kernel-cca", components=7).components == 7
    monkeypatch.setattr(selection, "MIN_TO_CHOOSE", 30)
    fitted.clear()
    read.clear()
    report = library.train(method="kernel-cca")
    assert [len(titles) for titles in fitted] == [24, 30]
    assert read == [24, 30]
    assert report.chosen_on == 6
    assert report.components in (10, 20)
    assert report.held_out_chance == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 6) / 6)
    assert 1 / 6 <= report.held_out_mrr1 <= 1
    assert library.status()["model"]["chosen_on"] == 6


def test_the_best_components_are_taken(library, monkeypatch):
    monkeypatch.setattr(selection, "MIN_TO_CHOOSE", 30)
    # Pretend that the tenth dimension tells nothing and the twentieth everything.
    monkeypatch.setattr(selection, "instance_ranks", lambda a, t: np.full(len(a), 1 if a.shape[1] == 20 else 4))
    report = library.train(epochs=1)
    assert (report.components, report.held_out_mrr1) == (20, 1.0)
