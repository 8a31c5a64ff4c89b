"""Other ways to compare places than by their cosine, around any estimator that has a common space."""

import cca_zoo.linear
import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from alcca.errors import LibraryError, NotFittedError, UsageError
from alcca.models.cca import CCA
from alcca.models.contract import cosines, dimension_parameter, has_own_similarity, view_names
from alcca.models.dcca import SpotifyDCCA
from alcca.models.saving import load_model, save_model
from alcca.models.scoring import CSLS, CorrelationWeighted
from alcca.persistence.trusted import trust


def songs(n=80, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 6))
    return shared + rng.normal(size=(n, 6)), shared + [0.1, 0.5, 1, 2, 4, 8] * rng.normal(size=(n, 6))


class Given(BaseEstimator):
    """The views as they come are the places."""

    def fit(self, views, y=None, groups=None):
        self.seen_ = len(views[0]), y, groups
        return self

    def transform(self, views):
        return views


class Scores(BaseEstimator):
    def fit(self, views, y=None):
        return self

    def similarity(self, audio, lyrics):
        return np.zeros((len(audio), len(lyrics)))


def test_dimensions_count_by_their_correlation():
    audio, lyrics = songs()
    lyrics[:, 5] = -audio[:, 5]  # correlates by -1, and says nothing for a pair
    lyrics[:, 4] = 3.0  # does not vary
    model = CorrelationWeighted(Given(), power=2).fit((audio, lyrics))
    expected = [np.corrcoef(audio[:, k], lyrics[:, k])[0, 1] for k in range(4)]
    np.testing.assert_allclose(model.correlations_, [*expected, 0.0, -1.0], atol=1e-12)
    new = songs(seed=1)
    weights = [*np.square(expected), 0.0, 0.0]
    for found, given in zip(model.transform(new), new, strict=True):
        np.testing.assert_allclose(found, given * weights)
    np.testing.assert_allclose(model.similarity(*new), cosines(new[0] * weights, new[1] * weights))
    assert not has_own_similarity(model)
    assert CorrelationWeighted(CCA(2)).fit(new).transform((None, new[1]))[0] is None
    plain = CorrelationWeighted(Given(), power=0).fit((audio[:, :4], lyrics[:, :4]))
    np.testing.assert_array_equal(plain.transform((audio[:, :4], None))[0], audio[:, :4])


def test_components_stay_nested():
    views, new = songs(), songs(seed=1)
    few, many = (CorrelationWeighted(CCA(k, ridge=0.1)).fit(views).transform(new)[0] for k in (2, 5))
    np.testing.assert_allclose(few, many[:, :2])
    assert dimension_parameter(CorrelationWeighted(CCA())) == "estimator__n_components"
    assert CorrelationWeighted(CCA()).set_params(estimator__n_components=3).estimator.n_components == 3


def test_who_is_near_to_everybody_is_less_near_to_each():
    rng = np.random.default_rng(0)
    audio, lyrics = rng.normal(size=(2, 30, 4))
    model = CSLS(Given(), k=3).fit((audio, lyrics))
    a, t = rng.normal(size=(5, 4)), rng.normal(size=(7, 4))
    found = model.similarity(a, t)
    for i in range(5):
        for j in range(7):
            r_a = np.sort(cosines(a[i : i + 1], lyrics)[0])[-3:].mean()
            r_t = np.sort(cosines(t[j : j + 1], audio)[0])[-3:].mean()
            assert found[i, j] == pytest.approx(2 * cosines(a[i : i + 1], t[j : j + 1])[0, 0] - r_a - r_t)
    # Other songs in the pool change nothing.
    np.testing.assert_allclose(model.similarity(a[:1], t[2:4]), found[:1, 2:4])
    # With fewer songs than neighbours, all are neighbours.
    all_of_them = CSLS(Given(), k=30).fit((audio, lyrics)).similarity(a, t)
    np.testing.assert_allclose(CSLS(Given(), k=99).fit((audio, lyrics)).similarity(a, t), all_of_them)
    assert has_own_similarity(model)


@pytest.mark.parametrize("around", [CSLS, CorrelationWeighted])
def test_what_stands_around_hands_everything_on(around):
    views = songs()
    groups = np.arange(80)
    labels = ["y"] * 80
    model = around(Given()).fit(views, labels, groups)
    n, y, told = model.estimator_.seen_
    assert (n, y.tolist(), told is groups) == (80, labels, True)
    assert not hasattr(model.estimator, "seen_")  # a clone is fitted
    assert view_names(around(SpotifyDCCA()), "audio") == ("audio_descriptors",)
    assert view_names(around(CCA()), "lyrics") == ("features",)
    assert clone(around(CCA(3))).estimator.n_components == 3
    foreign = around(cca_zoo.linear.CCA(n_components=2)).fit(views)
    assert foreign.similarity(views[0][:5], views[1][:3]).shape == (5, 3)
    with pytest.raises(NotFittedError, match=f"{around.__name__} is not fitted"):
        around(CCA(2)).similarity(*views)
    with pytest.raises(UsageError, match="no common space"):
        around(Scores()).fit(views)


def test_settings_that_cannot_be():
    with pytest.raises(UsageError, match="k=0"):
        CSLS(CCA(2), k=0).fit(songs())
    with pytest.raises(UsageError, match="power=-1"):
        CorrelationWeighted(CCA(2), power=-1).fit(songs())


@pytest.mark.parametrize("inner", [CCA(3, ridge=0.1), cca_zoo.linear.CCA(n_components=2)])
def test_a_weighted_space_is_kept(inner, tmp_path):
    trust("cca_zoo")
    views, new = songs(), songs(seed=1)
    model = CorrelationWeighted(inner, power=2.0).fit(views)
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert (type(again), again.power, type(again.estimator)) == (CorrelationWeighted, 2.0, type(inner))
    for ours, theirs in zip(model.transform(new), again.transform(new), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    again.fit(views)
    with pytest.raises(LibraryError):
        CorrelationWeighted.load(tmp_path / "nothing")
