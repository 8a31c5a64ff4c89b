import numpy as np
import pytest
import torch
from cca_zoo.deep.objectives import CCALoss

from alcca.errors import DataError
from alcca.models.cca import CCA
from alcca.models.correlation import correlation_loss, whitened_cross_covariance


def outputs(n=40, d1=4, d2=3, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 2))
    H1 = shared @ rng.normal(size=(2, d1)) + rng.normal(size=(n, d1)) + 3
    H2 = shared @ rng.normal(size=(2, d2)) + rng.normal(size=(n, d2)) - 5
    return torch.from_numpy(H1), torch.from_numpy(H2)


def inverse_root(S):
    values, vectors = np.linalg.eigh(S)
    return vectors @ np.diag(values**-0.5) @ vectors.T


def naive(H1, H2, r1, r2):
    """The loss as Andrew et al. write it, with symmetric inverse square roots."""
    S = np.cov(H1.numpy(), H2.numpy(), rowvar=False)  # ddof 1
    d = H1.shape[1]
    S11, S22 = S[:d, :d] + r1 * np.eye(d), S[d:, d:] + r2 * np.eye(H2.shape[1])
    return -np.linalg.svd(inverse_root(S11) @ S[:d, d:] @ inverse_root(S22))[1].sum()


@pytest.mark.parametrize("ridge", [(0.0, 0.0), (0.5, 0.0), (0.1, 2.0)])
def test_it_is_the_trace_norm_of_the_paper(ridge):
    H1, H2 = outputs()
    assert correlation_loss(H1, H2, ridge).item() == pytest.approx(naive(H1, H2, *ridge), rel=1e-10)


@pytest.mark.parametrize("ridge", [(0.0, 0.0), (0.1, 2.0)])
def test_it_is_minus_the_correlations_of_cca(ridge):
    H1, H2 = outputs()
    cca = CCA(3, ridge=ridge).fit((H1.numpy(), H2.numpy()))
    assert correlation_loss(H1, H2, ridge).item() == pytest.approx(-cca.correlations_.sum(), rel=1e-10)


def test_cca_zoo_sums_the_squares_of_the_same_singular_values():
    # Its CCALoss is the squared Frobenius norm of T, which is not the paper's loss but has the same T.
    H1, H2 = outputs()
    T = whitened_cross_covariance(H1, H2, (0.1, 0.1))
    assert (T**2).sum().item() == pytest.approx(-CCALoss(reg_covar=0.1)([H1, H2]).item(), rel=1e-10)


@pytest.mark.parametrize("ridge", [(0.0, 0.0), (0.5, 0.01)])
def test_gradcheck(ridge):
    H1, H2 = outputs(n=12)
    H1.requires_grad_(), H2.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: correlation_loss(a, b, ridge), (H1, H2))


def test_gradcheck_with_fewer_songs_than_outputs():
    H1, H2 = outputs(n=3, d2=4)
    assert torch.autograd.gradcheck(
        lambda a: correlation_loss(a, H2, (0.1, 0.1)), (H1.requires_grad_(),), eps=1e-7, atol=1e-4
    )


def test_gradcheck_where_correlations_and_variances_repeat():
    # Columns of a Hadamard matrix: white covariances, and every correlation 1 but for the ridge. The trace norm is
    # smooth there, where a derivative of single eigenvectors is not.
    H = torch.tensor([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=torch.float64)
    H1, H2 = H.clone().requires_grad_(), (2 * H).requires_grad_()
    loss = correlation_loss(H1, H2, (0.1, 0.1))
    assert loss.item() == pytest.approx(naive(H, 2 * H, 0.1, 0.1), rel=1e-10)
    assert torch.autograd.gradcheck(lambda a, b: correlation_loss(a, b, (0.1, 0.1)), (H1, H2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [2, 3, 4, 5, 40])
@pytest.mark.parametrize("flaw", ["none", "duplicate", "constant", "all constant", "same views", "zero"])
def test_loss_and_gradient_are_finite(flaw, n, dtype):
    H1, H2 = (H.to(dtype) for H in outputs(n=n, d2=4))
    if flaw == "duplicate":
        H1[:, 1], H2[:, 2] = H1[:, 0], H2[:, 0]
    elif flaw == "constant":
        H1[:, 0], H2[:, 1] = 7, -1e6
    elif flaw == "all constant":
        H1[:] = 7
    elif flaw == "same views":
        H2 = H1.clone()
    elif flaw == "zero":
        H1[:], H2[:] = 0, 0
    H1.requires_grad_(), H2.requires_grad_()
    loss = correlation_loss(H1, H2, (1e-4, 1e-4))
    loss.backward()
    assert -4 <= loss.item() <= 1e-12
    for H in (H1, H2):
        assert torch.isfinite(H.grad).all()
        assert H.grad.dtype == dtype


def test_the_head_is_float64():
    # Two columns that differ by 1e-4 of their size: with float32 covariances this comes out wrong in the first digit.
    H1, H2 = outputs(n=200)
    H1[:, 1] = H1[:, 0] + 1e-4 * H2[:, 0]
    H1, H2 = H1.float(), H2.float()
    loss = correlation_loss(H1, H2, (0.0, 0.0))
    assert loss.dtype == torch.float64
    assert loss.item() == pytest.approx(naive(H1.double(), H2.double(), 0, 0), rel=1e-6)


def test_scale_and_place_of_the_outputs_do_not_matter_without_ridge():
    H1, H2 = outputs()
    ours = correlation_loss(1e3 * H1 - 50, 1e-3 * H2 + 7, (0.0, 0.0))
    assert ours.item() == pytest.approx(correlation_loss(H1, H2, (0.0, 0.0)).item(), rel=1e-9)


@pytest.mark.parametrize("flaw", [np.nan, np.inf])
def test_outputs_that_are_not_finite_are_an_error(flaw):
    H1, H2 = outputs()
    H1[0, 0] = flaw
    with pytest.raises(DataError, match="lower lr"):
        correlation_loss(H1, H2, (1e-4, 1e-4))


def test_collinear_outputs_without_ridge_are_an_error():
    H1, H2 = outputs()
    with pytest.raises(DataError, match=r"ridge=\(0.0, 1.0\).*raise ridge"):
        correlation_loss(torch.zeros_like(H1), H2, (0.0, 1.0))
