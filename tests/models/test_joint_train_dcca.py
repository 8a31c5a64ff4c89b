import numpy as np
import pytest
import torch
from sklearn.base import clone

from alcca.errors import DataError, UsageError
from alcca.models.correlation import correlation_loss
from alcca.models.dcca import DCCA
from alcca.models.joint_train_dcca import JointTrainDCCA

SMALL = {
    "n_components": 2, "hidden": (12,), "features": 16, "frame_shape": (4, 30), "epochs": 3, "batch_size": 50,
    "lr": 3e-3, "ridge": 1e-3, "device": "cpu",
}  # fmt: skip


def songs(n=200, seed=0):
    """Two patterns at random times in the audio, as loud as the lyrics' two factors are large."""
    patterns = 3 * np.random.default_rng(99).normal(size=(2, 4, 6))
    mixing = np.random.default_rng(98).normal(size=(2, 7))
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 2))
    X = 0.3 * rng.normal(size=(n, 4, 30))
    for song, start in enumerate(rng.integers(24, size=n)):
        X[song, :, start : start + 6] += np.tensordot(factors[song], patterns, axes=1)
    return X, factors @ mixing + 0.1 * rng.normal(size=(n, 7))


def test_convolutions_learn_by_the_correlation():
    X, Y = songs()
    model = JointTrainDCCA(**SMALL, regularization=0.0).fit((X, Y))
    start = model._audio_network(120, torch.Generator().manual_seed(0))
    f_A = model.encoders_[0].network
    for trained, initial in zip(f_A.parameters(), start.parameters(), strict=True):
        assert not torch.equal(trained, initial)
    # The gradient of the loss itself reaches the first convolution.
    f_A, f_T = start, model._lyrics_network(7, torch.Generator().manual_seed(1))
    x, y = (torch.from_numpy(v.reshape(200, -1)).float() for v in (X, Y))
    correlation_loss(f_A(x), f_T(y), (1e-3, 1e-3)).backward()
    convolutions = [p for name, p in f_A.named_parameters() if "convolutions" in name and p.dim() == 3]
    assert len(convolutions) == 2
    for weight in convolutions:
        assert (weight.grad != 0).any()
        assert torch.isfinite(weight.grad).all()


def test_it_needs_fewer_songs_than_dcca_of_flat_frames():
    # The patterns come at random times: a filter finds them wherever they are, a dense layer learns each time anew.
    X, Y = songs(n=500)
    train, test = (X[:100], Y[:100]), (X[100:], Y[100:])

    def heldout(model):
        Za, Zt = model.fit(train).transform(test)
        return sum(np.corrcoef(a, t)[0, 1] for a, t in zip(Za.T, Zt.T, strict=True))

    settings = SMALL | {"epochs": 30, "batch_size": 100, "hidden": (32,), "regularization": 1e-3}
    joint = heldout(JointTrainDCCA(**settings))
    flat = heldout(DCCA(**{k: v for k, v in settings.items() if k not in ("features", "frame_shape")}))
    assert joint > 1.35  # of 2
    assert joint > flat + 0.15


def test_labels_are_ignored():
    views = songs(n=60)
    first, second = (JointTrainDCCA(**SMALL).fit(views, y) for y in (None, np.arange(60) % 3))
    np.testing.assert_array_equal(first.transform(views)[0], second.transform(views)[0])


def test_coefficients_are_standardised_and_not_columns():
    X, Y = songs(n=60)
    model = JointTrainDCCA(**SMALL).fit((X, Y))
    mean = model.encoders_[0].statistics.mean.reshape(4, 30)
    np.testing.assert_allclose(mean, np.repeat(X.mean(axis=(0, 2))[:, None], 30, axis=1))


def test_same_seed_same_bits_and_global_generators_are_left_alone():
    views = songs(n=60)
    state = torch.get_rng_state()
    first, second = (JointTrainDCCA(**SMALL).fit(views).transform(views) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_save_and_load_give_the_same_bits(tmp_path):
    views = songs(n=60)
    model = JointTrainDCCA(**(SMALL | {"hidden": ((8, 6), ())}), validation=0.2).fit(views)
    model.save(tmp_path / "model")
    again = JointTrainDCCA.load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    assert again.history_ == model.history_
    for ours, theirs in zip(model.transform(views), again.transform(views), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_settings_reach_dcca():
    settings = {
        "n_components": 2, "hidden": (9, 4), "epochs": 2, "batch_size": 33, "lr": 0.01, "ridge": 0.7,
        "regularization": 0.3, "validation": 0.1, "patience": 5, "random_state": 8, "device": "cpu",
        "precision": "bf16", "verbose": False,
        "features": 6, "frame_shape": (4, 30),
    }  # fmt: skip
    assert set(settings) == set(DCCA().get_params()) | {"features", "frame_shape"}
    assert JointTrainDCCA(**settings).get_params() == settings
    assert clone(JointTrainDCCA(**settings)).get_params() == settings
    assert JointTrainDCCA.audio_view == "audio_frames"


def test_bad_calls_are_refused():
    X, Y = songs(n=60)
    with pytest.raises(UsageError, match="features=0"):
        JointTrainDCCA(**(SMALL | {"features": 0})).fit((X, Y))
    with pytest.raises(UsageError, match="lr=0"):
        JointTrainDCCA(**(SMALL | {"lr": 0})).fit((X, Y))
    with pytest.raises(UsageError, match="frame_shape=7"):
        JointTrainDCCA(**(SMALL | {"frame_shape": 7})).fit((X, Y))
    with pytest.raises(DataError, match="expected 4 x 30 = 120 columns, coefficients by frames, got 90"):
        JointTrainDCCA(**SMALL).fit((X[:, :3], Y))
