"""The evidence of a cosine: how much likelier it is between the two sides of one song than between two songs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError

__all__ = ["CosineEvidence", "cosine_evidence"]

# The 95% point of the chi-squared distribution with one degree of freedom.
SIGNIFICANT = 3.841


class CosineEvidence(NamedTuple):
    """Bits of evidence of a cosine: ``slope * cosine + offset``."""

    slope: float
    offset: float


def cosine_evidence(cosines: NDArray[np.floating]) -> CosineEvidence:
    """Estimate the evidence of cosines from pairs that the model has not learned from.

    A logistic regression of "belongs to the same song" on the cosine gives log-odds; minus the prior log-odds of the
    sample, they are the log-likelihood ratio of Bayes' rule. If the regression is no better than a constant
    (likelihood-ratio test at 0.05), or its slope is negative, the evidence is 0.

    Parameters
    ----------
    cosines : array of shape (n, n)
        Row i and column i are the two sides of song i; n is at least 2.

    Returns
    -------
    CosineEvidence
        In bits; its slope is at least 0.

    Raises
    ------
    DataError
        The array is not square, has fewer than two songs, or is not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.standard_normal((200, 200))
    >>> cosine_evidence(noise)
    CosineEvidence(slope=0.0, offset=0.0)
    >>> evidence = cosine_evidence(noise + 2 * np.eye(200))   # the right ones are two standard deviations higher
    >>> print(f"{evidence.slope * np.log(2):.1f} {evidence.offset * np.log(2):.1f}")
    2.0 -2.0
    """
    cosines = np.asarray(cosines, dtype=np.float64)
    n = len(cosines)
    if cosines.shape != (n, n) or n < 2 or not np.isfinite(cosines).all():
        raise DataError(f"expected finite cosines of shape (n, n) of two songs or more, got {cosines.shape}")
    from scipy.optimize import minimize

    values, own = cosines.ravel(), np.eye(n, dtype=bool).ravel()
    spread = values.std() or 1.0
    scaled = (values - values.mean()) / spread
    sign = np.where(own, 1.0, -1.0)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (weights[0] * scaled + weights[1])
        pull = -sign / (1 + np.exp(np.clip(margin, -700, 700)))
        return float(np.logaddexp(0, -margin).sum()), np.array([(pull * scaled).sum(), pull.sum()])

    odds = np.log(1 / (n - 1))
    fit = minimize(loss, np.array([0.0, odds]), jac=True, method="L-BFGS-B")
    gain = 2 * (loss(np.array([0.0, odds]))[0] - fit.fun)
    if fit.x[0] <= 0 or gain < SIGNIFICANT:
        return CosineEvidence(0.0, 0.0)
    slope = fit.x[0] / spread
    offset = fit.x[1] - odds - slope * values.mean()
    return CosineEvidence(float(slope / np.log(2)), float(offset / np.log(2)))
