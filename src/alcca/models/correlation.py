r"""The loss of deep canonical correlation analysis: minus the sum of a batch's canonical correlations."""

import torch
from torch import Tensor

from alcca.errors import DataError

__all__ = ["correlation_loss", "whitened_cross_covariance"]


def whitened_cross_covariance(H1: Tensor, H2: Tensor, ridge: tuple[float, float]) -> Tensor:
    r"""Compute T, whose singular values are the canonical correlations of a batch.

    .. math:: T = L_1^{-1} \hat\Sigma_{12} L_2^{-\top}, \qquad \hat\Sigma_{vv} + r_v I = L_v L_v^\top

    with covariances of ddof 1. Andrew et al. (2013) whiten with the inverse square roots; Cholesky factors differ from
    those by rotations, which do not change the singular values, and have a gradient where eigenvalues repeat.

    Parameters
    ----------
    H1, H2 : tensor, shapes (n, d1) and (n, d2)
        Outputs of the networks, n at least 2.
    ridge : (float, float)
        r_1, r_2, at least 0. If n is not above d, or columns are collinear, they must be above 0.

    Returns
    -------
    tensor of float64, shape (d1, d2)

    Raises
    ------
    DataError
        A covariance has no Cholesky factor: the outputs are not finite, or collinear with too small a ridge.

    Examples
    --------
    >>> H = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    >>> T = whitened_cross_covariance(H, 5 * H[:, :1], (0.0, 0.0))
    >>> print(T.numpy().round(6))
    [[1.]
     [0.]]
    """
    # Always float64: float32 covariances of outputs that nearly repeat each other are singular.
    H1, H2 = (H.double() - H.double().mean(dim=0) for H in (H1, H2))
    ddof1 = len(H1) - 1
    try:
        L1, L2 = (
            torch.linalg.cholesky(H.T @ H / ddof1 + r * torch.eye(H.shape[1], dtype=H.dtype, device=H.device))
            for H, r in zip((H1, H2), ridge, strict=True)
        )
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        raise DataError(
            f"the outputs of the networks have no invertible covariance with ridge={ridge}: training diverged, or "
            "outputs repeat each other; lower lr, or raise ridge"
        ) from error
    half = torch.linalg.solve_triangular(L1, H1.T @ H2 / ddof1, upper=False)  # (d1, d2)
    T: Tensor = torch.linalg.solve_triangular(L2, half.T, upper=False).T
    return T


def correlation_loss(H1: Tensor, H2: Tensor, ridge: tuple[float, float]) -> Tensor:
    r"""Minus the total canonical correlation of a batch: the trace norm of T, not the sum of squares.

    .. math:: L = -\|T\|_{tr} = -\sum_k \sigma_k(T)

    Without a ridge, any batch of at most d + 1 songs has the total correlation d: take batches that are large beside
    the output size.

    Parameters
    ----------
    H1, H2 : tensor, shapes (n, d1) and (n, d2)
        Outputs of the networks, n at least 2, of any float type.
    ridge : (float, float)
        As in `whitened_cross_covariance`.

    Returns
    -------
    tensor of float64
        -min(d1, d2) to 0. The gradient is finite wherever the loss is: that of the trace norm is U V', one of its
        subgradients where singular values are 0.

    Raises
    ------
    DataError
        As raised by `whitened_cross_covariance`.

    References
    ----------
    Andrew, G., Arora, R., Bilmes, J., Livescu, K. (2013). Deep canonical correlation analysis. ICML, 1247-1255.

    Examples
    --------
    >>> H = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    >>> print(correlation_loss(H, 1 - 2 * H, (0.0, 0.0)).numpy().round(6))
    -3.0
    """
    loss: Tensor = -torch.linalg.svdvals(whitened_cross_covariance(H1, H2, ridge)).sum()
    return loss
