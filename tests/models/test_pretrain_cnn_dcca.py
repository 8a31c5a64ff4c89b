import numpy as np
import pytest
import torch
from sklearn.base import clone

from alcca.errors import DataError, NotFittedError, UsageError
from alcca.models.cnn import FrameNetwork, frame_statistics, pretrained_encoder
from alcca.models.dcca import DCCA
from alcca.models.pretrain_cnn_dcca import PretrainCNNDCCA

CNN = {"features": 12, "frame_shape": (4, 30), "pretrain_epochs": 2, "pretrain_batch_size": 20, "pretrain_lr": 1e-3}
HEAD = {"n_components": 2, "hidden": (8,), "epochs": 3, "batch_size": 30, "ridge": 0.1, "device": "cpu"}


def songs(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    X = y[:, None, None] * np.sin(np.arange(30)) + rng.normal(size=(n, 4, 30))
    return (X, y[:, None] + rng.normal(size=(n, 7))), y


def test_the_cnn_learns_from_labels_and_is_frozen_afterwards():
    (X, Y), y = songs()
    model = PretrainCNNDCCA(**CNN, **HEAD).fit((X, Y), y)
    cnn, _, history = pretrained_encoder(X.reshape(60, 120), y, (4, 30), (12,), 2, 20, 1e-3, 1e-2, 0, "cpu", False)
    start = FrameNetwork((4, 30), (12,), torch.Generator().manual_seed(0))
    for ours, pretrained, initial in zip(
        model.cnn_.network.parameters(), cnn.network.parameters(), start.parameters(), strict=True
    ):
        assert torch.equal(ours, pretrained)
        assert not torch.equal(ours, initial)
    assert model.pretrain_history_ == history


def test_it_is_dcca_of_the_features():
    (X, Y), y = songs()
    model = PretrainCNNDCCA(**CNN, **HEAD).fit((X, Y), y)
    features = model.cnn_(X.reshape(60, 120))
    dcca = DCCA(**HEAD).fit((features, Y))
    for ours, theirs in zip(model.transform((X, Y)), dcca.transform((features, Y)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.correlations_, dcca.correlations_)
    assert model.history_ == dcca.history_


def test_every_setting_reaches_its_part(monkeypatch):
    head = {
        "n_components": 2, "hidden": (9, 4), "epochs": 2, "batch_size": 33, "lr": 0.01, "ridge": 0.7,
        "regularization": 0.3, "validation": 0.1, "patience": 5, "random_state": 8, "device": "cpu",
        "precision": "bf16", "verbose": False,
    }  # fmt: skip
    assert set(head) == set(DCCA().get_params())
    seen = []

    def spy(*arguments):
        seen.extend(arguments[2:])
        return pretrained_encoder(*arguments)

    monkeypatch.setattr("alcca.models.pretrain_cnn_dcca.pretrained_encoder", spy)
    views, y = songs()
    model = PretrainCNNDCCA(**CNN, **head, pretrain_regularization=0.2).fit(views, y)
    assert model.dcca_.get_params() == head
    assert seen == [(4, 30), (12,), 2, 20, 1e-3, 0.2, 8, "cpu", False, "bf16"]
    assert model.cnn_.statistics.mean.tolist() == frame_statistics(views[0].reshape(60, 120), (4, 30)).mean.tolist()


def test_save_and_load_give_the_same_bits(tmp_path):
    (X, Y), y = songs()
    model = PretrainCNNDCCA(**CNN, **(HEAD | {"hidden": ((8, 6), ())})).fit((X, Y), y)
    model.save(tmp_path / "model")
    again = PretrainCNNDCCA.load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    assert (again.history_, again.pretrain_history_) == (model.history_, model.pretrain_history_)
    assert again.classes_ == model.classes_
    np.testing.assert_array_equal(again.correlations_, model.correlations_)
    for ours, theirs in zip(model.transform((X, Y)), again.transform((X, Y)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_same_seed_same_bits_and_global_generators_are_left_alone():
    (X, Y), y = songs()
    state = torch.get_rng_state()
    first, second = (PretrainCNNDCCA(**CNN, **HEAD).fit((X, Y), y).transform((X, Y)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"features": 0}, UsageError, "features=0"),
        ({"pretrain_epochs": 0}, UsageError, "pretrain_epochs=0"),
        ({"pretrain_batch_size": 0}, UsageError, "pretrain_batch_size=0"),
        ({"pretrain_lr": 0}, UsageError, "pretrain_lr=0"),
        ({"pretrain_regularization": -1}, UsageError, "pretrain_regularization=-1"),
        ({"epochs": 0}, UsageError, "epochs=0"),
        ({"hidden": 3}, UsageError, "hidden=3"),
        ({"n_components": 60}, DataError, "60 songs allow at most 59"),
        ({"ridge": -1}, UsageError, "ridge=-1"),
        ({"frame_shape": (4, 29)}, DataError, "got 120"),
    ],
)
def test_bad_settings_are_refused_before_the_training(settings, error, message, monkeypatch):
    monkeypatch.setattr("alcca.models.cnn.train", None)
    views, y = songs()
    with pytest.raises(error, match=message):
        PretrainCNNDCCA(**(CNN | HEAD | settings)).fit(views, y)


def test_labels_are_needed():
    (X, Y), _ = songs()
    for labels in (None, ["sad"] * 60):
        with pytest.raises(DataError, match="at least two categories"):
            PretrainCNNDCCA(**CNN, **HEAD).fit((X, Y), labels)
    for use in (lambda m: m.transform((X, Y)), lambda m: m.history_, lambda m: m.correlations_):
        with pytest.raises(NotFittedError, match="this PretrainCNNDCCA is not fitted"):
            use(PretrainCNNDCCA())


def test_scikit_learn_conventions():
    assert PretrainCNNDCCA.audio_view == "audio_frames"
    model = PretrainCNNDCCA(**CNN, **HEAD)
    assert clone(model).get_params() == model.get_params()
