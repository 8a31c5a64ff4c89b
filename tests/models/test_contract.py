"""What is asked of every two-view estimator, also of those that know nothing of this package."""

from typing import ClassVar

import cca_zoo.linear
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.metrics.pairwise import cosine_similarity

from alcca.errors import DataError, NotFittedError
from alcca.experiments.methods import make_method, paper_methods
from alcca.models.alcca import ALCCA
from alcca.models.cca import CCA
from alcca.models.contract import (
    CosineSimilarity,
    cosines,
    dimension_parameter,
    embedded,
    first_stage,
    fit_estimator,
    gather,
    has_own_similarity,
    label_array,
    similarity_of,
    song_count,
    take,
    view_names,
)
from alcca.models.fused import Fused
from alcca.models.scoring import CSLS, CorrelationWeighted
from alcca.models.standardised_cca import StandardisedCCA


class Own(BaseEstimator):
    audio_view = ("transcripts", "audio")
    lyrics_view = "texts"

    def fit(self, views, y=None, groups=None):
        self.seen = views, y, groups
        return self

    def similarity(self, audio, lyrics):
        return [[1, 2]]


class Learner(CCA):
    """Keeps the labels that it is given."""

    seen: ClassVar[list] = []

    def fit(self, views, y=None):
        self.seen.append(y)
        return super().fit(views)


@pytest.fixture
def pair():
    audio, lyrics = np.random.default_rng(0).standard_normal((2, 30, 4))
    return audio, lyrics + audio


def test_similarity_is_the_cosine_of_the_transform(pair):
    for model in (CCA(3).fit(pair), StandardisedCCA(3).fit(pair)):
        audio, lyrics = model.transform(pair)
        found = model.similarity(pair[0][:7], pair[1])
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, cosine_similarity(audio[:7], lyrics), atol=1e-14)
    with pytest.raises(NotFittedError):
        CCA(2).similarity(*pair)
    with pytest.raises(DataError, match="lyrics: expected 4 columns"):
        CCA(2).fit(pair).similarity(pair[0], pair[1][:, :3])


@pytest.mark.parametrize("name", paper_methods())
def test_every_estimator_has_it_from_one_place(name):
    assert type(make_method(name)).similarity is CosineSimilarity.similarity
    assert not has_own_similarity(make_method(name))


def test_an_estimator_of_another_package_gets_it_from_its_transform(pair):
    model = cca_zoo.linear.CCA(n_components=3).fit(pair)
    assert not hasattr(model, "similarity")
    assert not has_own_similarity(model)
    audio, lyrics = model.transform(pair)
    for n, m in ((30, 30), (3, 20), (20, 3)):
        found = similarity_of(model, pair[0][:n], pair[1][:m])
        np.testing.assert_allclose(found, cosine_similarity(audio[:n], lyrics[:m]), atol=1e-12)
        assert [len(places) for places in embedded(model, pair[0][:n], pair[1][:m])] == [n, m]
    assert similarity_of(Own(), None, None).tolist() == [[1.0, 2.0]]
    assert has_own_similarity(Own())


def test_nothing_has_a_cosine_of_0_with_everything():
    assert cosines(np.zeros((1, 3)), np.eye(3)).tolist() == [[0, 0, 0]]


def test_what_an_estimator_names_is_what_it_gets():
    assert [view_names(CCA(), side) for side in ("audio", "lyrics")] == [("audio",), ("features",)]
    assert view_names(make_method("spotify-dcca"), "audio") == ("audio_descriptors",)
    assert view_names(Own(), "audio") == ("transcripts", "audio")
    given = {"audio": np.arange(6).reshape(3, 2), "transcripts": ("a", None, "c"), "features": np.eye(3)}
    assert gather(CCA(), "audio", given.__getitem__) is given["audio"]
    assert gather(CCA(), "lyrics", given.__getitem__) is given["features"]
    both = gather(Own(), "audio", given.__getitem__)
    assert list(both) == ["transcripts", "audio"]
    some = take(both, np.array([2, 1]))
    assert some["transcripts"] == ["c", None]
    assert some["audio"].tolist() == [[4, 5], [2, 3]]
    assert (song_count(both), song_count(some["audio"])) == (3, 2)


def test_groups_are_told_to_those_that_take_them(pair):
    own = fit_estimator(Own(), *pair, ["y"] * 30, np.arange(30))
    assert own.seen[1].tolist() == ["y"] * 30
    assert own.seen[2].tolist() == list(range(30))
    assert fit_estimator(Own(), *pair, None, None).seen[2] is None
    fit_estimator(CCA(2), *pair, None, np.arange(30))

    class Other(Own):
        def fit(self, views, y=None, **settings):
            self.seen = settings
            return self

    # Other packages take settings of their own so, and would not know these.
    assert fit_estimator(Other(), *pair, None, np.arange(30)).seen == {}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([2, 0, 1], "i"),
        ((2, 0, 1), "i"),
        (np.array([2, 0, 1]), "i"),
        (np.array([2, 0, 1], dtype=np.uint8), "u"),
        (np.array([2, 0, 1], dtype=object), "i"),
        ([np.int32(2), 0, np.int64(1)], "i"),
        (pd.Series([2, 0, 1], dtype=object), "i"),
        (torch.tensor([2, 0, 1]), "i"),
        ([2.0, 0.5, 1.0], "f"),
        ([True, False, True], "b"),
        (["sad", "fun", "sad"], "U"),
        (np.array(["sad", "fun", ""], dtype=object), "U"),
        (pd.Categorical(["sad", "fun", "sad"]), "U"),
        ([2, None, 1], "O"),
        ([2, float("nan"), 1], "O"),
        (["sad", None, "fun"], "O"),
        ([2, "2", 1], "O"),
        ([True, 0, 1], "O"),
        ([("a", 1), ("b", 2), ("a", 1)], "O"),
        ([[1, 0], [0, 1], [1, 1]], "O"),
        ([2**70, 0, 1], "O"),
        (["sad\0", "fun", "sad"], "O"),
    ],
)
def test_labels_arrive_in_their_own_type(pair, given, kind):
    expected = given.tolist() if hasattr(given, "tolist") else list(given)
    labels = label_array(given)
    assert labels.dtype.kind == kind
    assert labels.shape == (3,)
    np.testing.assert_equal(labels.tolist(), expected)
    received = fit_estimator(Own(), *pair, given, None).seen[1]
    assert received.dtype == labels.dtype
    # Inside other estimators too, also of folds, and where the experiments pass objects.
    objects = np.fromiter((label for label in expected for _ in range(10)), dtype=object)
    Learner.seen.clear()
    for around in (Fused({"own": Learner(2)}), CSLS(Learner(2)), CorrelationWeighted(Learner(2))):
        around.fit(pair, objects)
    assert [len(y) for y in Learner.seen] == [20, 20, 20, 30, 30, 30]
    if kind != "O":
        assert {y.dtype.kind for y in Learner.seen} == {kind.replace("u", "i")}


@pytest.mark.parametrize("y", [3, np.array(3), object()])
def test_labels_that_are_no_sequence_are_refused(pair, y):
    with pytest.raises(DataError, match="y: expected labels, one a song"):
        fit_estimator(CCA(2), *pair, y, None)


@pytest.mark.parametrize("model", [Fused({"cca": CCA(2)}), ALCCA(2, hidden=((4,), (4,)), ridge="auto", epochs=1)])
def test_labels_of_other_songs_are_refused(pair, model):
    with pytest.raises(DataError, match="y: expected 30 labels, one a song, got 29"):
        model.fit(pair, [1] * 29)


def test_a_beginning_that_was_fitted_is_gone_on_from(pair):
    class Goes(Own):
        def first_stage(self):
            return CCA(2)

        def fit(self, views, y=None, first_stage=None):
            self.began = first_stage
            return self

    assert type(first_stage(Goes())) is CCA
    cca = first_stage(CCA(2))
    begun = fit_estimator(cca, *pair, None, None)
    assert fit_estimator(Goes(), *pair, None, np.arange(30), begun).began is begun
    assert fit_estimator(Goes(), *pair, None, None).began is None
    # What is nothing but its beginning is fitted already.
    assert fit_estimator(CCA(2), *pair, None, None, begun) is begun is cca


def test_the_dimension_is_found_under_either_name():
    class Older(Own):
        def __init__(self, latent_dimensions=2):
            self.latent_dimensions = latent_dimensions

    assert dimension_parameter(CCA()) == "n_components"
    assert dimension_parameter(Older()) == "latent_dimensions"
    assert dimension_parameter(Own()) is None
