"""What a cosine is worth: how much likelier it is between a song's own two sides than between two songs."""

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
    """Measure what cosines are worth on pairs that the model has not learned from.

    A logistic regression of "is the song's own" on the cosine gives log-odds; without the odds of the sample what is
    left is the likelihood ratio of Bayes' rule. Where the regression is no better than a constant (likelihood-ratio
    test at 0.05), or puts the right songs lower, a cosine is worth nothing.

    Parameters
    ----------
    cosines : array of shape (n, n)
        Row i and column i are the two sides of song i; n at least 2.

    Returns
    -------
    CosineEvidence
        In bits; its slope is at least 0.

    Raises
    ------
    DataError
        Not square, fewer than two songs, or not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.standard_normal((200, 200))
    >>> cosine_evidence(noise)
    CosineEvidence(slope=0.0, offset=0.0)
    >>> worth = cosine_evidence(noise + 2 * np.eye(200))   # the right ones are two standard deviations higher
    >>> print(f"{worth.slope * np.log(2):.1f} {worth.offset * np.log(2):.1f}")
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
    found = minimize(loss, np.array([0.0, odds]), jac=True, method="L-BFGS-B")
    gain = 2 * (loss(np.array([0.0, odds]))[0] - found.fun)
    if found.x[0] <= 0 or gain < SIGNIFICANT:
        return CosineEvidence(0.0, 0.0)
    slope = found.x[0] / spread
    offset = found.x[1] - odds - slope * values.mean()
    return CosineEvidence(float(slope / np.log(2)), float(offset / np.log(2)))
