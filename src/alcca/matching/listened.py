"""Evidence of a second listening: how far a song's score is above those of songs that are not sung."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError
from alcca.matching.posterior import SCALE

__all__ = ["listened_bits"]

# Location and scale of the scores of songs that are not sung, in bits, and how many scores these count as: somewhat
# above the medians of `python -m benchmarks listening --fit`, 14 and 5.
LOCATION, GUMBEL_SCALE, COUNTED_AS = 16.0, 7.0, 10
# The weight of the evidence, and what is subtracted from it: fitted there too, and chosen below the best ones, because
# songs of one genre are more alike than those of that fit.
WEIGHT, LOST = 0.75, 2.0
# Less is none: one of 80 songs that are not sung has as much, and the parts of a search order them better.
MIN_BITS = 5.0
# A Gumbel distribution with the scale 1 has this distance between its quartiles, and its median this far above its
# location.
QUARTILES, MEDIAN = 1.5725, 0.3665
# Beyond it, the exponential function overflows.
MAX_EXPONENT = 700.0


def listened_bits(scores: ArrayLike) -> NDArray[np.float64]:
    """Convert the scores of songs in a second listening to evidence.

    The scores of songs that are not sung depend on the recording: a clear voice makes all words of its language
    likelier. So their distribution, a Gumbel distribution as of all best stretches, is estimated from these scores
    themselves, without the best one.

    Parameters
    ----------
    scores : array-like, shape (n,)
        Of each song: `alcca.transcripts.Listened.bits`.

    Returns
    -------
    array of float64, shape (n,)
        In bits, as `alcca.matching.posterior.posterior` takes them; 0 for songs that fit hardly better than others.

    Raises
    ------
    DataError
        Scores are not finite.

    References
    ----------
    Pearson: Empirical statistical estimates for sequence similarity searches. Journal of Molecular Biology 276(1),
    1998.

    Examples
    --------
    >>> listened_bits([130.0, 22.0, 18.0, 15.0]).round().tolist()
    [34.0, 0.0, 0.0, 0.0]
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise DataError(f"expected finite scores of shape (n,), got an array of shape {scores.shape}")
    if not len(scores):
        return scores
    location, scale = _distribution(np.delete(scores, np.argmax(scores)))
    # Of a song that is not sung, the probability of at least such a score.
    chance = -np.expm1(-np.exp(np.minimum((location - scores) / scale, MAX_EXPONENT)))
    bits: NDArray[np.float64] = (WEIGHT * -np.log2(np.maximum(chance, np.finfo(float).tiny)) - LOST) / SCALE
    bits[bits < MIN_BITS] = 0.0
    return bits


def _distribution(others: NDArray[np.float64]) -> tuple[float, float]:
    """Location and scale; from the quartiles, which a few versions of the song that is sung do not move."""
    n = len(others)
    if not n:
        return LOCATION, GUMBEL_SCALE
    lower, middle, upper = np.quantile(others, [0.25, 0.5, 0.75])
    total = n + COUNTED_AS
    scale = (n * (upper - lower) / QUARTILES + COUNTED_AS * GUMBEL_SCALE) / total
    location = (n * (middle - MEDIAN * scale) + COUNTED_AS * LOCATION) / total
    return float(location), float(scale)
