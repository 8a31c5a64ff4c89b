import math

import numpy as np
import pytest
import torch
from sklearn.base import clone

from alcca.errors import DataError, NotFittedError, UsageError
from alcca.models.clip import CLIP, LOWEST_TEMPERATURE, info_nce

SMALL = {"hidden": (16, 4), "epochs": 3, "batch_size": 40, "device": "cpu"}


def songs(n=120, p=12, q=8, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(99)
    A, T = mix.normal(size=(4, p)), mix.normal(size=(4, q))
    shared = rng.normal(size=(n, 4))
    return shared @ A + noise * rng.normal(size=(n, p)) + 10, shared @ T + noise * rng.normal(size=(n, q)) - 10


def test_the_loss_is_that_of_its_formula():
    rng = np.random.default_rng(0)
    a, t = rng.normal(size=(2, 5, 3))
    s = (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (t / np.linalg.norm(t, axis=1, keepdims=True)).T / 0.3
    by_row = -np.log(np.exp(s.diagonal()) / np.exp(s).sum(axis=1)).mean()
    by_column = -np.log(np.exp(s.diagonal()) / np.exp(s).sum(axis=0)).mean()
    found = info_nce(torch.from_numpy(a), torch.from_numpy(t), torch.tensor(0.3))
    assert found.item() == pytest.approx((by_row + by_column) / 2, rel=1e-6)


def test_it_finds_new_songs_on_the_other_side():
    model = CLIP(**(SMALL | {"epochs": 40, "hidden": (32, 8)})).fit(songs(n=600))
    Za, Zt = model.transform(songs(n=100, seed=1))
    Za, Zt = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (Za, Zt))
    scores = Za @ Zt.T
    ranks = (scores >= scores.diagonal()[:, None]).sum(1)
    assert (1 / ranks).mean() > 4 * (1 / np.arange(1, 101)).mean()


def test_the_temperature_is_learned_unless_it_is_not():
    learned = CLIP(**(SMALL | {"epochs": 20}), temperature=0.5, lr=0.01).fit(songs())
    assert learned.temperature_ < 0.4  # as it comes to tell songs apart, it dares to be sharper
    fixed = CLIP(**SMALL, temperature=0.5, lr=0.01, learn_temperature=False).fit(songs())
    assert fixed.temperature_ == pytest.approx(0.5)
    lowest = CLIP(**SMALL, temperature=1e-6).fit(songs())
    assert lowest.temperature_ == pytest.approx(LOWEST_TEMPERATURE)


def test_history_is_the_loss_of_the_batches():
    views = songs()
    model = CLIP(**(SMALL | {"epochs": 1, "batch_size": 200}), lr=1e-12, validation=None).fit(views)
    a, t = (torch.from_numpy(encoder(view)) for encoder, view in zip(model.encoders_, views, strict=True))
    assert model.history_[0]["total"] == pytest.approx(info_nce(a, t, torch.tensor(0.07)).item(), rel=1e-5)
    norms = sum(torch.linalg.vector_norm(w).item() for e in model.encoders_ for w in e.network.parameters()
                if w.dim() > 1)  # fmt: skip
    assert model.history_[0]["regularization"] == pytest.approx(norms, rel=1e-5)


def test_songs_kept_out_stop_the_training():
    X, Y = songs()
    Y = np.random.default_rng(5).permutation(Y)  # nothing to learn but by heart
    model = CLIP(**(SMALL | {"epochs": 200}), lr=0.01, patience=3).fit((X, Y))
    validation = [epoch["validation"] for epoch in model.history_]
    assert len(validation) < 200
    assert int(np.argmin(validation)) == len(validation) - 1 - 3
    assert "validation" not in CLIP(**SMALL, validation=None).fit((X, Y)).history_[0]


def test_layers_have_the_widths_of_hidden_and_linear_outputs():
    model = CLIP(**(SMALL | {"hidden": ((7, 5), (6, 9, 5))})).fit(songs())
    layers = [[type(layer).__name__ for layer in encoder.network] for encoder in model.encoders_]
    assert layers == [["Linear", "ReLU", "Linear"], ["Linear", "ReLU", "Linear", "ReLU", "Linear"]]
    shapes = [tuple(w.shape) for e in model.encoders_ for w in e.network.parameters() if w.dim() > 1]
    assert shapes == [(12, 7), (7, 5), (8, 6), (6, 9), (9, 5)]
    assert [Z.shape for Z in model.transform(songs())] == [(120, 5)] * 2


def test_either_view_alone_and_the_same_seed_the_same_bits():
    views = songs()
    first, second = (CLIP(**SMALL).fit(views) for _ in range(2))
    other = CLIP(**SMALL, random_state=1).fit(views)
    both = first.transform(views)
    np.testing.assert_array_equal(both[0], second.transform(views)[0])
    assert not np.array_equal(both[0], other.transform(views)[0])
    np.testing.assert_array_equal(first.transform((None, views[1]))[1], both[1])
    assert first.transform((views[0], None))[1] is None


def test_save_and_load_give_the_same_bits(tmp_path):
    views = songs()
    model = CLIP(**(SMALL | {"hidden": ((7, 5), (6, 5))}), lr=0.01).fit(views)
    model.save(tmp_path / "clip")
    again = CLIP.load(tmp_path / "clip")
    assert again.get_params() == model.get_params()
    assert (again.temperature_, again.history_) == (model.temperature_, model.history_)
    for ours, theirs in zip(model.transform(views), again.transform(views), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": ((8, 4), (8, 5))}, "must end in the same width"),
        ({"hidden": ()}, "must end in the same width"),
        ({"temperature": 0.0}, "temperature=0.0: expected a number above 0"),
        ({"temperature": math.nan}, "temperature=nan"),
        ({"batch_size": 1}, "batch_size=1: expected 2 or more"),
        ({"epochs": 0}, "epochs=0"),
        ({"validation": 1.5}, "validation=1.5"),
        ({"regularization": -1.0}, "regularization=-1.0"),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(UsageError, match=message):
        CLIP(**(SMALL | settings)).fit(songs())


def test_too_few_songs_and_not_fitted():
    X, Y = songs(n=2)
    with pytest.raises(DataError, match="2 songs, of which 1 to learn from"):
        CLIP(**SMALL).fit((X, Y))
    with pytest.raises(NotFittedError, match="CLIP is not fitted"):
        CLIP().transform((X, Y))


def test_scikit_learn_conventions():
    model = CLIP(temperature=0.2)
    assert clone(model).get_params() == model.get_params()
