import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from alcca.errors import DataError, NotFittedError, UsageError
from alcca.models.base import Standardizer
from alcca.models.cca import CCA
from alcca.models.pretrain_cnn_cca import PretrainCNNCCA

SMALL = {
    "n_components": 2, "hidden": (12,), "frame_shape": (4, 30), "epochs": 8, "batch_size": 50, "lr": 3e-3,
    "regularization": 1e-3, "ridge": 0.1, "device": "cpu",
}  # fmt: skip


def songs(n=300, seed=0):
    """Audio with a pattern of its mood at a random time; lyrics with the mood's place and noise."""
    patterns = 3 * np.random.default_rng(99).normal(size=(3, 4, 6))
    places = 2 * np.random.default_rng(98).normal(size=(3, 7))
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    X = rng.normal(size=(n, 4, 30)) * [[100], [10], [1], [1]]
    for song, (mood, start) in enumerate(zip(y, rng.integers(24, size=n), strict=True)):
        X[song, :, start : start + 6] += patterns[mood] * [[100], [10], [1], [1]]
    return (X - 50, places[y] + rng.normal(size=(n, 7))), y


def test_it_is_cca_of_standardised_features_and_lyrics():
    (X, Y), y = songs()
    model = PretrainCNNCCA(**SMALL).fit((X, Y), y)
    features = model.cnn_(X.reshape(300, 120))
    assert features.shape == (300, 12)
    scaled = [Standardizer.of(view).apply(view) for view in (features, Y)]
    cca = CCA(2, ridge=0.1).fit(scaled)
    np.testing.assert_allclose(model.correlations_, cca.correlations_)
    for ours, theirs in zip(model.transform((X, Y)), cca.transform(scaled), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


def test_labels_carry_what_is_shared_to_songs_it_has_not_seen():
    # Without labels nothing points the network at the pattern, whose place in time is random.
    (X, Y), y = songs(n=500)

    def heldout(labels):
        model = PretrainCNNCCA(**(SMALL | {"epochs": 15})).fit((X[:300], Y[:300]), labels)
        Za, Zt = model.transform((X[300:], Y[300:]))
        return sum(np.corrcoef(a, t)[0, 1] for a, t in zip(Za.T, Zt.T, strict=True)), model

    true, model = heldout(y[:300])
    shuffled, _ = heldout(np.random.default_rng(0).permutation(y[:300]))
    assert true > 1.5
    assert shuffled < true - 0.3
    features = [model.cnn_(part.reshape(len(part), 120)) for part in (X[:300], X[300:])]
    probe = LogisticRegression().fit(features[0], y[:300])
    assert probe.score(features[1], y[300:]) > 0.85
    assert model.history_[-1]["accuracy"] > 0.9


def test_songs_without_a_label_take_part_in_the_cca_alone():
    (X, Y), y = songs()
    labels = [int(label) if song < 200 else None for song, label in enumerate(y)]
    model = PretrainCNNCCA(**SMALL).fit((X, Y), labels)
    assert model.classes_ == [0, 1, 2]
    for Z in model.transform((X, Y)):
        np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-6)


def test_frames_and_flat_rows_are_the_same():
    (X, Y), y = songs(n=60)
    settings = SMALL | {"epochs": 1}
    first = PretrainCNNCCA(**settings).fit((X, Y), y).transform((X, None))
    second = PretrainCNNCCA(**settings).fit((X.reshape(60, 120), Y), y).transform((X.reshape(60, 120), None))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] is None


def test_same_seed_same_bits_and_global_generators_are_left_alone():
    (X, Y), y = songs(n=60)
    settings = SMALL | {"epochs": 2}
    state = torch.get_rng_state()
    first, second = (PretrainCNNCCA(**settings).fit((X, Y), y).transform((X, Y)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    other = PretrainCNNCCA(**settings, random_state=1).fit((X, Y), y).transform((X, Y))
    assert not np.allclose(first[0], other[0])


def test_save_and_load_give_the_same_bits(tmp_path):
    (X, Y), y = songs(n=60)
    model = PretrainCNNCCA(**(SMALL | {"epochs": 2, "hidden": (9, 6)})).fit((X, Y), [("mood", int(c)) for c in y])
    model.save(tmp_path / "model")
    again = PretrainCNNCCA.load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    assert (again.history_, again.classes_) == (model.history_, [str(c) for c in model.classes_])
    np.testing.assert_array_equal(again.correlations_, model.correlations_)
    for ours, theirs in zip(model.transform((X, Y)), again.transform((X, Y)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_components": 0}, "n_components=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"lr": -1}, "lr=-1"),
        ({"regularization": np.inf}, "regularization=inf"),
        ({"hidden": ()}, "hidden="),
        ({"hidden": ((8,), (9,))}, "hidden="),
        ({"frame_shape": (4,)}, "frame_shape="),
    ],
)
def test_bad_settings_are_refused(settings, message):
    views, y = songs(n=20)
    with pytest.raises(UsageError, match=message):
        PretrainCNNCCA(**(SMALL | settings)).fit(views, y)


def test_bad_data_is_refused_before_the_training(monkeypatch):
    monkeypatch.setattr("alcca.models.cnn.train", None)
    (X, Y), y = songs(n=20)
    with pytest.raises(DataError, match="at least two categories"):
        PretrainCNNCCA(**SMALL).fit((X, Y))
    with pytest.raises(DataError, match="expected 4 x 30 = 120 columns, coefficients by frames, got 116"):
        PretrainCNNCCA(**SMALL).fit((X[:, :, 1:], Y), y)
    with pytest.raises(DataError, match="n_components=8: expected 1 to 7"):
        PretrainCNNCCA(**(SMALL | {"n_components": 8})).fit((X, Y), y)
    with pytest.raises(DataError, match="n_components=7: 7 songs allow at most 6"):
        PretrainCNNCCA(**(SMALL | {"n_components": 7})).fit((X[:7], Y[:7]), y[:7])
    with pytest.raises(NotFittedError):
        PretrainCNNCCA().transform((X, Y))


def test_scikit_learn_conventions():
    assert PretrainCNNCCA.audio_view == "audio_frames"
    model = PretrainCNNCCA(**SMALL)
    assert clone(model).get_params() == model.get_params()
