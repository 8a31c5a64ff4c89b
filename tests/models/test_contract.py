"""What is asked of every two-view estimator, also of those that know nothing of this package."""

import cca_zoo.linear
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics.pairwise import cosine_similarity

from alcca.errors import DataError, NotFittedError
from alcca.experiments.methods import make_method, paper_methods
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
    similarity_of,
    song_count,
    take,
    view_names,
)
from alcca.models.standardised_cca import StandardisedCCA


class Own(BaseEstimator):
    audio_view = ("transcripts", "audio")
    lyrics_view = "texts"

    def fit(self, views, y=None, groups=None):
        self.seen = views, y, groups
        return self

    def similarity(self, audio, lyrics):
        return [[1, 2]]


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
    own = fit_estimator(Own(), *pair, "y", np.arange(30))
    assert own.seen[1] == "y"
    assert own.seen[2].tolist() == list(range(30))
    assert fit_estimator(Own(), *pair, None, None).seen[2] is None
    fit_estimator(CCA(2), *pair, None, np.arange(30))

    class Other(Own):
        def fit(self, views, y=None, **settings):
            self.seen = settings
            return self

    # Other packages take settings of their own so, and would not know these.
    assert fit_estimator(Other(), *pair, None, np.arange(30)).seen == {}


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
