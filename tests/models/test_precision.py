import numpy as np
import pytest
import torch

from alcca.errors import UsageError
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.base import Standardizer
from alcca.models.clip import CLIP
from alcca.models.dcca import DCCA, SpotifyDCCA
from alcca.models.joint_train_dcca import JointTrainDCCA
from alcca.models.networks import Linear, in_precision
from alcca.models.pretrain_cnn_cca import PretrainCNNCCA
from alcca.models.pretrain_cnn_dcca import PretrainCNNDCCA

SMALL = {"epochs": 3, "batch_size": 40, "device": "cpu", "regularization": 1e-3}
FRAMES = {"frame_shape": (4, 20)}
KINDS = {
    ACMR: {"hidden": ((16, 6), (6,))},
    ALCCA: {"hidden": ((16, 6), (6,)), "n_components": 3},
    CLIP: {"hidden": (16, 6)},
    DCCA: {"hidden": (16,), "n_components": 3},
    SpotifyDCCA: {"hidden": (16,), "n_components": 3},
    JointTrainDCCA: {"hidden": (16,), "n_components": 3, "features": 8, **FRAMES},
    PretrainCNNCCA: {"hidden": (8,), "n_components": 3, **FRAMES},
    PretrainCNNDCCA: {"hidden": (16,), "n_components": 3, "features": 8, "pretrain_epochs": 2, **FRAMES},
}


def songs():
    rng = np.random.default_rng(0)
    moods = rng.integers(3, size=80)
    shared = np.eye(3)[moods] + 0.3 * rng.normal(size=(80, 3))
    views = tuple(shared @ rng.normal(size=(3, p)) + 0.5 * rng.normal(size=(80, p)) for p in (80, 8))
    return views, moods.tolist()


@pytest.fixture
def multiplied(monkeypatch):
    """The types of what the layers of all networks multiply while they learn."""
    seen = set()
    multiply = Linear.forward

    def watched(layer, x):
        out = multiply(layer, x)
        if torch.is_grad_enabled():
            seen.add(out.dtype)
        return out

    monkeypatch.setattr(Linear, "forward", watched)
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_bf16_multiplies_in_bfloat16_and_learns_what_float32_learns(kind, multiplied, tmp_path):
    views, moods = songs()
    exact, lower = (kind(**SMALL, **KINDS[kind], **more) for more in ({}, {"precision": "bf16"}))
    exact.fit(views, moods)
    assert multiplied == {torch.float32}
    multiplied.clear()
    lower.fit(views, moods)
    assert multiplied == {torch.bfloat16}
    ours, theirs = (np.array([epoch["total"] for epoch in model.history_]) for model in (lower, exact))
    assert 0 < abs(ours - theirs).max() < 0.03 * abs(theirs).max()
    lower.save(tmp_path / "model")
    again = kind.load(tmp_path / "model")
    assert again.precision == "bf16"
    for one, other in zip(again.transform(views), lower.transform(views), strict=True):
        np.testing.assert_array_equal(one, other)


def test_transform_and_weights_are_float32_after_bf16():
    views, moods = songs()
    model = ACMR(**SMALL, **KINDS[ACMR], precision="bf16").fit(views, moods)
    assert {weight.dtype for weight in model.network_.parameters()} == {torch.float32}
    x = Standardizer.of(views[0]).apply(views[0])
    for layer in (layer for layer in model.network_.audio if isinstance(layer, Linear)):
        x = np.tanh(x.astype(np.float64) @ layer.weight.detach().numpy() + layer.bias.detach().numpy())
    np.testing.assert_allclose(model.transform(views)[0], x, atol=1e-5)  # bfloat16 would be off by 1e-3


def test_what_the_losses_get_is_float32():
    layer = Linear(5, 3, torch.Generator().manual_seed(0))
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
    (out,) = in_precision(lambda x: (layer(x),), "bf16")(x)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, layer(x).bfloat16().float(), atol=0.05, rtol=0.02)
    assert not torch.equal(out, layer(x))


def test_float32_is_the_network_itself():
    network = torch.nn.Identity()
    assert in_precision(network, "float32") is network


@pytest.mark.parametrize("kind", KINDS)
def test_other_precisions_are_refused(kind):
    views, moods = songs()
    with pytest.raises(UsageError, match=r"precision='float16': expected 'float32' or 'bf16'"):
        kind(**SMALL, **KINDS[kind], precision="float16").fit(views, moods)
