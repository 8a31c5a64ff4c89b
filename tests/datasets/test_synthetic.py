"""Made-up songs have the canonical correlations they say."""

import numpy as np
import pytest

from alcca.datasets import make_songs
from alcca.errors import UsageError
from alcca.experiments import Dataset, cross_validate, make_method
from alcca.models.cca import CCA


def test_shapes_types_and_labels_are_the_papers():
    songs = make_songs(50, moods=20, shared=30)
    assert (songs.audio.shape, songs.audio.dtype) == ((50, 20, 161), np.float32)
    assert (songs.lyrics.shape, songs.lyrics.dtype) == ((50, 300), np.float32)
    assert songs.factors.shape == (50, 30)
    assert len(set(make_songs(2000, moods=7).label)) == 7
    assert songs.audio[:, 0].mean() < -100
    assert songs.audio[:, 0].std() > 5 * songs.audio[:, 10].std()


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_linear_cca_recovers_the_known_correlations(noise):
    songs = make_songs(40_000, moods=6, shared=4, noise=noise, audio_shape=(5, 3), lyrics_size=7)
    found = CCA(n_components=7).fit((songs.audio, songs.lyrics)).correlations_
    np.testing.assert_allclose(found[:4], songs.correlations, atol=0.012)
    assert (found[4:] < 0.03).all()
    # With moods, factors differ in spread: without them all would be 1 / (1 + noise²).
    assert songs.correlations[0] > 1 / (1 + noise**2) + 0.01
    assert (np.diff(songs.correlations) <= 0).all()


def test_without_moods_every_correlation_has_its_closed_form():
    np.testing.assert_allclose(make_songs(10, moods=1, shared=3, noise=2.0).correlations, 1 / (1 + 4))


@pytest.mark.parametrize("noise", [0.3, 0.7])
def test_waves_have_the_known_correlation_and_linear_maps_see_little_of_it(noise):
    songs = make_songs(40_000, moods=1, shared=3, noise=noise, nonlinear=True, audio_shape=(5, 3), lyrics_size=7)
    z = songs.factors - songs.factors.mean(axis=0)
    waves = np.sin(2 * z)

    def best_linear(view, target):
        X = np.column_stack([view.reshape(len(view), -1).astype(float), np.ones(len(view))])
        return X @ np.linalg.lstsq(X, target, rcond=None)[0]

    # The mean of sin(2 z) given what audio tells of z is a multiple of sin(2 E[z | audio]).
    heard, read = np.sin(2 * best_linear(songs.audio, z)), best_linear(songs.lyrics, waves)
    found = [np.corrcoef(heard[:, k], read[:, k])[0, 1] for k in range(3)]
    np.testing.assert_allclose(found, songs.correlations, atol=0.02)
    linear = CCA(n_components=3).fit((songs.audio, songs.lyrics)).correlations_
    np.testing.assert_allclose(linear, 2 * np.exp(-2) * np.sqrt(2) / (1 + noise**2), atol=0.02)
    assert (linear < 0.65 * songs.correlations).all()


def test_without_shared_factors_retrieval_is_chance():
    songs = make_songs(300, shared=0, audio_shape=(20, 6), lyrics_size=20)
    assert songs.correlations.shape == (0,)
    results = cross_validate(make_method("cca"), Dataset(songs.audio, songs.lyrics, songs.label), components=[10])
    for row in results.summary().to_dict("records"):
        assert row["MRR1_low"] <= row["MRR1_chance"] <= row["MRR1_high"]


def test_shared_factors_make_songs_findable_and_labels_meaningful():
    songs = make_songs(500, moods=5, shared=10, noise=0.3, audio_shape=(20, 2), lyrics_size=20)
    results = cross_validate(
        make_method("cca", ridge=0.1), Dataset(songs.audio, songs.lyrics, songs.label), components=[10]
    )
    assert (results.summary()["MRR1_low"] > results.summary()["MRR1_chance"]).all()


def test_retrieval_is_best_near_the_number_of_shared_factors():
    """The shape of the paper's Table 1: rising with the components, then falling."""
    songs = make_songs(600, shared=15, noise=0.7, audio_shape=(20, 4), lyrics_size=60)
    results = cross_validate(
        make_method("cca", ridge=1.0),
        Dataset(songs.audio, songs.lyrics),
        components=[5, 15, 60],
        shuffled_control=False,
    )
    for _, rows in results.summary().groupby("direction"):
        few, right, many = rows.sort_values("components")["MRR1"]
        assert right > 1.2 * few
        assert right > 1.1 * many


def test_the_same_seed_makes_the_same_songs():
    one, same, other = (make_songs(20, random_state=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.audio, same.audio)
    np.testing.assert_array_equal(one.lyrics, same.lyrics)
    assert one.label == same.label
    assert (one.audio != other.audio).any()


@pytest.mark.parametrize("wrong", [{"n": 0}, {"moods": 0}, {"noise": 0.0}, {"shared": -1}, {"shared": 301}])
def test_numbers_that_make_no_songs_are_refused(wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        make_songs(**{"n": 5, **wrong})
