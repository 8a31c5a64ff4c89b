"""The probability that a hit is the right song, and a word for it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError

__all__ = ["LIKELY", "SURE", "certainty", "posterior"]

# The least probabilities of a sure and of a likely hit.
SURE, LIKELY = 0.97, 0.5
# The weight of the evidence, below 1 because the letters of a text are not independent: benchmarks/certainty.py fits
# 0.56 to 0.60 on different songs, and songs of one genre share more phrases than the songs of that fit, hence less. And
# the prior probability that a query is about a song of the library.
SCALE, PRIOR = 0.55, 0.5


def posterior(bits: ArrayLike, songs: int) -> NDArray[np.float64]:
    """The probability that each hit is the right song, by Bayes' rule over all songs and the case that none is right.

    Parameters
    ----------
    bits : array-like, shape (k,)
        Evidence for each hit.
    songs : int
        The number of songs that were compared, at least k; songs that are no hits have no evidence.

    Returns
    -------
    array of float64, shape (k,)

    Raises
    ------
    DataError
        There are fewer songs than hits, or bits are not finite.

    Examples
    --------
    >>> posterior([60.0, 3.0], 1000).round(3).tolist()
    [1.0, 0.0]
    >>> posterior([60.0, 60.0], 1000).round(3).tolist()   # two versions of one song
    [0.5, 0.5]
    """
    worth = SCALE * np.asarray(bits, dtype=np.float64)
    if songs < len(worth) or not np.isfinite(worth).all():
        raise DataError(f"expected finite bits of at most {songs} songs, got an array of shape {worth.shape}")
    if not len(worth):
        return worth
    each = np.log2(PRIOR / songs)
    others = np.log2(1 - PRIOR + PRIOR * (songs - len(worth)) / songs)
    total = np.logaddexp2(np.logaddexp2.reduce(each + worth), others)
    likely: NDArray[np.float64] = np.exp2(each + worth - total)
    return likely


def certainty(probability: float) -> str:
    """A word for a probability: "sure", "likely" or "a guess".

    Examples
    --------
    >>> certainty(0.99), certainty(0.7), certainty(0.1)
    ('sure', 'likely', 'a guess')
    """
    return "sure" if probability >= SURE else "likely" if probability >= LIKELY else "a guess"
