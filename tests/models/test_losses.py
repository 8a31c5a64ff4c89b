import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from alcca.models.losses import (
    adversarial_loss,
    pair_invariance,
    semantic_loss,
    triplet_invariance,
    weight_norm,
    weight_norm_decay,
)

DTYPES = [torch.float32, torch.float64]
CODES = [0, 1, 0, 2, -1, -1, 1]


def draw(*shape, dtype=torch.float64, seed=0):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def log_softmax(row):
    return row - np.log(np.exp(row).sum())


def same(loss, expected):
    tolerance = 1e-12 if loss.dtype == torch.float64 else 1e-5
    np.testing.assert_allclose(loss.item(), expected, rtol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
def test_semantic_loss(dtype):
    A, T = draw(7, 3, dtype=dtype), draw(7, 3, dtype=dtype, seed=1)
    total = n = 0
    for i, y in enumerate(CODES):
        if y >= 0:
            total -= log_softmax(A.detach().numpy()[i])[y] + log_softmax(T.detach().numpy()[i])[y]
            n += 1
    same(semantic_loss(A, T, torch.tensor(CODES)), total / n)


def test_songs_without_a_label_do_not_count_in_the_semantic_loss():
    A, T, codes = draw(7, 3), draw(7, 3, seed=1), torch.tensor(CODES)
    loss = semantic_loss(A, T, codes)
    loss.backward()
    assert (A.grad[codes == -1] == 0).all()
    assert (A.grad[codes >= 0] != 0).any(dim=1).all()
    labelled = codes >= 0
    torch.testing.assert_close(loss, semantic_loss(A[labelled], T[labelled], codes[labelled]))
    nobody = semantic_loss(A, T, torch.full((7,), -1))
    nobody.backward()
    assert nobody == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_pair_invariance(dtype):
    A, T = draw(7, 5, dtype=dtype), draw(7, 5, dtype=dtype, seed=1)
    a, t = A.detach().numpy(), T.detach().numpy()
    total = 0.0
    for i in range(7):
        total += np.sqrt(((a[i] - t[i]) ** 2).sum()) + np.sqrt(((t[i] - a[i]) ** 2).sum())
    same(pair_invariance(A, T), total / 7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("codes", [CODES, [-1] * 7, [0] * 7, list(range(7))])
def test_triplet_invariance(dtype, codes):
    A, T = draw(7, 5, dtype=dtype), draw(7, 5, dtype=dtype, seed=1)
    a, t = A.detach().numpy(), T.detach().numpy()
    margin, weight = 3.0, 0.7  # near the mean distance, so that some hinges are open and some closed
    close = spread = negatives = 0.0
    for i in range(7):
        close += 2 * np.linalg.norm(a[i] - t[i])
        for k in range(7):
            if k != i and (codes[i] != codes[k] or codes[i] == -1):
                spread += max(0, margin - np.linalg.norm(a[i] - t[k])) + max(0, margin - np.linalg.norm(t[i] - a[k]))
                negatives += 1
    loss = triplet_invariance(A, T, torch.tensor(codes), margin, weight)
    same(loss, close / 7 + weight * spread / max(negatives, 1))


def test_one_song_has_no_negatives():
    A, T = draw(1, 5), draw(1, 5, seed=1)
    torch.testing.assert_close(triplet_invariance(A, T, torch.tensor([0]), 9.0), pair_invariance(A, T))


def test_songs_that_coincide_have_finite_gradients():
    A = draw(4, 5)
    T = A.detach().clone().requires_grad_()
    triplet_invariance(A, T, torch.arange(4), 3.0).backward()
    assert torch.isfinite(A.grad).all()
    same_place = torch.ones(4, 5, requires_grad=True)
    triplet_invariance(same_place, same_place * 1, torch.arange(4), 3.0).backward()
    assert torch.isfinite(same_place.grad).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_weight_norm_and_its_gradient(dtype):
    weights = [draw(4, 3, dtype=dtype), draw(2, 4, dtype=dtype, seed=1)]
    expected = sum(np.sqrt(sum(w**2 for w in W.detach().numpy().ravel())) for W in weights)
    same(weight_norm(weights), expected)
    (0.3 * weight_norm(weights)).backward()
    by_autograd = [W.grad.clone() for W in weights]
    norm, decays = weight_norm_decay(weights, 0.3)
    torch.testing.assert_close(norm, weight_norm(weights).detach())
    for W, decay, gradient in zip(weights, decays, by_autograd, strict=True):
        torch.testing.assert_close(decay * W.detach(), gradient)


def test_weights_of_zero_have_no_norm_gradient():
    W = torch.zeros(2, 2)
    (decay,) = weight_norm_decay([W], 1.0)[1]
    assert (decay * W == 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_adversarial_loss(dtype):
    A, T = draw(7, 2, dtype=dtype), draw(7, 2, dtype=dtype, seed=1)
    total = 0.0
    for i in range(7):
        D_a = np.exp(log_softmax(A.detach().numpy()[i]))[0]  # the probability of audio
        D_t = np.exp(log_softmax(T.detach().numpy()[i]))[0]
        total -= np.log(D_a) + np.log(1 - D_t)
    same(adversarial_loss(A, T), total / 7)


def test_gradients():
    codes = torch.tensor(CODES)
    assert gradcheck(lambda a, t: semantic_loss(a, t, codes), (draw(7, 3), draw(7, 3, seed=1)))
    assert gradcheck(pair_invariance, (draw(7, 5), draw(7, 5, seed=1)))
    assert gradcheck(lambda a, t: triplet_invariance(a, t, codes, 3.0, 0.7), (draw(7, 5), draw(7, 5, seed=1)))
    assert gradcheck(lambda v, w: weight_norm([v, w]), (draw(4, 3), draw(2, 4)))
    assert gradcheck(adversarial_loss, (draw(7, 2), draw(7, 2, seed=1)))


def test_weights_mean_the_same_for_every_batch_size():
    A, T, codes = draw(7, 5), draw(7, 5, seed=1), torch.arange(7)
    for loss in (pair_invariance, lambda a, t: semantic_loss(a, t, torch.cat([codes] * (len(a) // 7)) % 5)):
        torch.testing.assert_close(loss(torch.cat([A, A]), torch.cat([T, T])), loss(A, T))
