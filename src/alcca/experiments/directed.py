"""Scores of methods that rank by other scores when lyrics search recordings than when recordings search lyrics."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.models.contract import similarity_of

__all__ = ["Directed", "directed_similarities"]


class Directed(NamedTuple):
    """Scores of a gallery for queries.

    Parameters
    ----------
    scores : array of float64, shape (n, m)
        Of n queries and m songs; higher is better.
    probabilities : array of float64, shape (n,), optional
        The probability that the best song of each query is the right one, of methods that say it.
    """

    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None = None


def directed_similarities(estimator: Any, audio: Any, lyrics: Any) -> tuple[Directed, Directed]:
    """Compute the scores of lyrics for n recordings, shape (n, m), and of recordings for m lyrics, shape (m, n).

    Both are of the estimator's ``directed_similarities(audio, lyrics)`` if it has that method, else of one matrix
    (`alcca.models.contract.similarity_of`).

    Examples
    --------
    >>> from alcca.matching.heard_words import HeardWords
    >>> by_audio, by_lyrics = directed_similarities(HeardWords(), ["tea for two"], ["Tea for two", "Three blind mice"])
    >>> by_audio.scores.shape, by_lyrics.scores.shape, by_audio.probabilities is None
    ((1, 2), (2, 1), True)
    """
    if hasattr(estimator, "directed_similarities"):
        by_audio, by_lyrics = estimator.directed_similarities(audio, lyrics)
        return by_audio, by_lyrics
    scores = similarity_of(estimator, audio, lyrics)
    return Directed(scores), Directed(scores.T)
