import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from alcca.models.networks import AdversarialNetwork, Linear, Projector, reverse_gradient


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def network(dtype=torch.float64):
    return AdversarialNetwork((6, 5), ((8, 4), (4,)), 3, generator()).to(dtype)


def test_reversal_is_the_identity_forwards():
    x = torch.randn(3, 2, generator=generator())
    torch.testing.assert_close(reverse_gradient(x, 0.7), x, rtol=0, atol=0)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_reversal_turns_the_gradient(strength):
    x = torch.randn(3, 2, dtype=torch.float64, generator=generator(), requires_grad=True)
    (x**3).sum().backward()
    plain, x.grad = x.grad, None
    (reverse_gradient(x, strength) ** 3).sum().backward()
    torch.testing.assert_close(x.grad, -strength * plain)


def test_reversing_twice_is_an_ordinary_function():
    x = torch.randn(3, 2, dtype=torch.float64, generator=generator(), requires_grad=True)
    assert gradcheck(lambda v: reverse_gradient(reverse_gradient(v.tanh(), 1.0), 1.0), (x,))


def test_linear_equals_torchs():
    ours = Linear(5, 3, generator())
    theirs = torch.nn.Linear(5, 3)
    with torch.no_grad():
        theirs.weight.copy_(ours.weight.T)
        theirs.bias.copy_(ours.bias.fill_(0.5))
    x = torch.randn(7, 5, generator=generator())
    torch.testing.assert_close(ours(x), theirs(x))


def test_initial_weights_come_from_the_generator_alone():
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first, second, other = (Linear(300, 200, generator(seed)).weight for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_allclose(first.detach().std(), np.sqrt(2 / 500), rtol=0.01)  # Glorot and Bengio, 2010


def test_projector_recomputed():
    f = Projector(6, (8, 4), generator()).double()
    x = torch.randn(3, 6, dtype=torch.float64, generator=generator())
    W1, b1, W2, b2 = (p.detach().numpy() for p in f.parameters())
    np.testing.assert_allclose(f(x).detach(), np.tanh(np.tanh(x.numpy() @ W1 + b1) @ W2 + b2))
    assert [p.shape for p in f.parameters()] == [(6, 8), (8,), (8, 4), (4,)]


def test_the_papers_shapes():
    net = AdversarialNetwork((3220, 300), ((1000, 200), (200, 200)), 20, generator())
    shapes = {name: tuple(p.shape) for name, p in net.named_parameters() if name.endswith("weight")}
    assert shapes == {
        "audio.0.weight": (3220, 1000),
        "audio.2.weight": (1000, 200),
        "lyrics.0.weight": (300, 200),
        "lyrics.2.weight": (200, 200),
        "semantic.weight": (200, 20),
        "modality.0.weight": (200, 50),
        "modality.2.weight": (50, 2),
    }
    assert len(net.learners()) + len(net.opponents()) == len(list(net.parameters()))
    assert [tuple(W.shape) for W in net.projector_weights()] == [shapes[n] for n in list(shapes)[:4]]


def test_one_pass_equals_each_part_alone():
    net = network()
    x = torch.randn(3, 6, dtype=torch.float64, generator=generator())
    z = torch.randn(3, 5, dtype=torch.float64, generator=generator(1))
    out = net(x, z, strength=1.0)
    a, t = net.audio(x), net.lyrics(z)
    for got, expected in zip(
        out, (a, t, net.semantic(a), net.semantic(t), net.modality(a), net.modality(t)), strict=True
    ):
        torch.testing.assert_close(got, expected)


def test_projectors_start_alike_whatever_the_categories():
    few, many = (AdversarialNetwork((6, 5), ((8, 4), (4,)), c, generator()) for c in (1, 50))
    for ours, theirs in zip(few.projector_weights(), many.projector_weights(), strict=True):
        assert torch.equal(ours, theirs)
