"""How sure it is that words are sung where they were placed."""

import numpy as np
from numpy.typing import NDArray

from alcca.timing.placed_words import PlacedWords

__all__ = ["FOUND", "without_doubtful", "word_confidences"]

# A word is found if its confidence is at least this.
FOUND = 0.5
# The share of attention at which a word is as likely right as wrong, and how fast confidence grows with it. Lyrics of
# other songs have shares up to .17, a tenth of the lines of their own song less than .3.
HALF_SHARE, STEEPNESS = 0.15, 30.0
# A line that the transcript has is surer than its share says, and one that it does not have less sure.
HEARD_SHARE = 0.1
# Lines with less confidence keep no time: they are not sung, or nowhere near.
LEAST_CONFIDENCE = 0.15
# Words of lines that were found, which themselves were not.
WEAK_SHARE = 0.1


def word_confidences(placed: PlacedWords) -> NDArray[np.float64]:
    """The confidence of each word, in [0, 1]; 0 of those without a time."""
    lines = placed.line_of
    # The words of a line are found together; by half a word is told by its own share.
    shares = 0.5 * (placed.line_shares[lines] + np.where(placed.line_shares[lines] > 0, placed.times.shares, 0.0))
    evidence = shares + HEARD_SHARE * (placed.line_heard[lines] - 0.5)
    confidence: NDArray[np.float64] = 1 / (1 + np.exp(-STEEPNESS * (evidence - HALF_SHARE)))
    confidence[~np.isfinite(placed.times.starts)] = 0.0
    return confidence


def without_doubtful(placed: PlacedWords, confidences: NDArray[np.float64]) -> NDArray[np.float64]:
    """The starts of words, without those of lines that are not sung, and of words that were not found in their line."""
    number = len(placed.line_shares)
    mean = np.bincount(placed.line_of, confidences, number) / np.bincount(placed.line_of, minlength=number)
    starts = placed.times.starts.copy()
    starts[mean[placed.line_of] < LEAST_CONFIDENCE] = np.nan
    found = placed.line_shares[placed.line_of] >= 2 * WEAK_SHARE
    starts[found & (placed.times.shares < WEAK_SHARE)] = np.nan
    return starts
