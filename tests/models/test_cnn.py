import numpy as np
import pytest
import torch

from alcca.errors import DataError, UsageError
from alcca.models.cnn import FrameNetwork, check_frames, frame_statistics, pretrain, pretrained_encoder

SETTINGS = {"regularization": 1e-3, "epochs": 12, "batch_size": 50, "lr": 2e-3}


def frames_with_a_label(n=400, seed=0):
    """Frames (n, 5, 48) of noise, with one of three short patterns somewhere in time: no single column tells which."""
    patterns = 3 * np.random.default_rng(99).normal(size=(3, 5, 6))
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=n)
    X = rng.normal(size=(n, 5, 48))
    for song, (label, start) in enumerate(zip(labels, rng.integers(42, size=n), strict=True)):
        X[song, :, start : start + 6] += patterns[label]
    return X.reshape(n, -1), labels


def heldout_accuracy(codes, seed=0):
    """Accuracy on songs that the pre-training has not seen, of a network trained on the first 400 with these codes."""
    X, labels = frames_with_a_label(n=600, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    network = FrameNetwork((5, 48), (24,), generator)
    x = torch.from_numpy(frame_statistics(X[:400], (5, 48)).apply(X))
    codes = torch.from_numpy(codes(labels[:400]))
    classifier, history = pretrain(network, 24, x[:400], codes, **SETTINGS, generator=generator)
    with torch.no_grad():
        predicted = classifier(network(x[400:])).argmax(dim=1).numpy()
    return (predicted == labels[400:]).mean(), history


def test_pre_training_learns_the_labels():
    accuracy, history = heldout_accuracy(lambda labels: labels)
    assert accuracy > 0.85  # chance: 0.33
    assert history[-1]["accuracy"] > 0.9
    assert history[-1]["total"] < 0.5 * history[0]["total"]


def test_shuffled_labels_teach_nothing():
    accuracy, _ = heldout_accuracy(np.random.default_rng(0).permutation)
    assert accuracy < 0.33 + 4 * np.sqrt(0.33 * 0.67 / 200)


def test_songs_without_a_label_take_no_part():
    def half(labels):
        return np.where(np.arange(400) < 200, labels, -1)

    X, labels = frames_with_a_label()
    x = torch.from_numpy(X.astype(np.float32))
    weights = []
    for rows in (400, 200):
        generator = torch.Generator().manual_seed(0)
        network = FrameNetwork((5, 48), (8,), generator)
        codes = torch.from_numpy(half(labels)[:rows])
        pretrain(network, 8, x[:rows], codes, **(SETTINGS | {"epochs": 1}), generator=generator)
        weights.append([w.detach() for w in network.parameters()])
    for with_unlabelled, without in zip(*weights, strict=True):
        assert torch.equal(with_unlabelled, without)


@pytest.mark.parametrize("y", [None, [None] * 30, ["sad"] * 30, ["sad"] * 15 + [None] * 15])
def test_fewer_than_two_categories_are_refused(y):
    X, _ = frames_with_a_label(n=30)
    with pytest.raises(DataError, match=r"labels of at least two categories to pre-train the CNN on, got [01];"):
        pretrained_encoder(X, y, (5, 48), (8,), 1, 10, 1e-3, 0.0, 0, "cpu", False)


def test_the_network_convolves_over_time():
    # The first layer, recomputed: 32 filters over all 20 coefficients and 5 frames, padded by 2.
    network = FrameNetwork((20, 161), (256,), torch.Generator().manual_seed(0))
    x = torch.randn(2, 3220, generator=torch.Generator().manual_seed(1))
    W, b = network.convolutions[0].weight, network.convolutions[0].bias
    padded = torch.nn.functional.pad(x.reshape(2, 20, 161), (2, 2))
    expected = torch.einsum("ncft,ocf->not", padded.unfold(2, 5, 1).transpose(2, 3), W) + b[:, None]
    torch.testing.assert_close(network.convolutions[0](x.reshape(2, 20, 161)), expected, rtol=1e-4, atol=1e-5)
    assert W.shape == (32, 20, 5)
    assert network.convolutions(x.reshape(2, 20, 161)).shape == (2, 64, 11)
    assert network(x).shape == (2, 256)


@pytest.mark.parametrize("frame_shape", [(1, 1), (3, 2), (2, 7), (20, 161)])
def test_any_shape_of_frames(frame_shape):
    network = FrameNetwork(frame_shape, (8,), torch.Generator().manual_seed(0))
    out = network(torch.zeros(2, int(np.prod(frame_shape))))
    assert out.shape == (2, 8)


def test_same_generator_same_weights_and_the_global_one_is_left_alone():
    state = torch.get_rng_state()
    first, second = (FrameNetwork((3, 20), (8,), torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    # Kaiming's bound for 3 coefficients and 5 frames; every weight was drawn.
    W = first.convolutions[0].weight
    assert 0.9 * np.sqrt(6 / 15) < W.abs().max() <= np.sqrt(6 / 15)
    assert (W != 0).all()


def test_statistics_are_those_of_each_coefficient():
    X = np.random.default_rng(0).normal(size=(50, 3, 7)) * np.array([1, 10, 100])[:, None] + 5
    X[:, 1] = 4.0
    statistics = frame_statistics(X.reshape(50, 21), (3, 7))
    np.testing.assert_allclose(statistics.mean, np.repeat(X.mean(axis=(0, 2)), 7))
    np.testing.assert_allclose(statistics.scale, np.repeat([X[:, 0].std(), 1.0, X[:, 2].std()], 7))


def test_frames_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="expected 20 x 161 = 3220 columns, coefficients by frames, got 65"):
        check_frames(np.zeros((2, 65)), (20, 161))
    for wrong in ((20,), (20, 0), (20.5, 2), 20, None, "ab"):
        with pytest.raises(UsageError, match="frame_shape="):
            check_frames(np.zeros((2, 65)), wrong)
