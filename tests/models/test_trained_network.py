import numpy as np
import torch

from alcca.models.base import ROWS_PER_BLOCK, Standardizer
from alcca.models.networks import Linear
from alcca.models.trained_network import TrainedNetwork


def encoder(p=4, d=3):
    statistics = Standardizer(np.arange(p) + 1.0, np.full(p, 2.0))
    return TrainedNetwork(statistics, Linear(p, d, torch.Generator().manual_seed(0)))


def test_it_is_the_network_of_standardised_rows_whatever_the_blocks():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2 * ROWS_PER_BLOCK + 5, 4))
    ours = encoder()
    W, b = (p.detach().numpy().astype(float) for p in (ours.network.weight, ours.network.bias))
    out = ours(X)
    assert out.dtype == np.float64
    np.testing.assert_allclose(out, (X - [1, 2, 3, 4]) / 2 @ W + b, atol=1e-5)


def test_its_arrays_make_it_again():
    ours = encoder()
    again = TrainedNetwork.of(
        ours.arrays(), lambda p: Linear(p, 3, torch.Generator().manual_seed(9)), torch.device("cpu")
    )
    X = np.random.default_rng(0).normal(size=(5, 4))
    assert again.columns == 4
    np.testing.assert_array_equal(again(X), ours(X))
