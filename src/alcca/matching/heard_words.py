"""Transcripts matched with lyrics, as a method of a comparison."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from alcca.matching.folding import fold
from alcca.matching.scoring import signed_bits
from alcca.matching.shared_ngrams import shared_sounds, shared_words
from alcca.transcripts import Transcript, text_of

__all__ = ["HeardWords"]

# How many bits texts are worth of which all words, or all sounds, are the same: between half and twice as many made no
# difference above the noise on the pools of benchmarks/matching.py.
WORDS, SOUNDS = 45.0, 30.0
# So many lyrics that fit a transcript next best say what it has in common with lyrics that are not its own.
OTHERS = 10


class HeardWords(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What was heard in recordings, matched with lyrics; it needs no training.

    Evidence for a pair is the bits of its local alignment (`alcca.matching.scoring`), plus what all shared words and
    phrases, and all shared sounds, are worth, rare ones more (`alcca.matching.shared_ngrams`). A transcript that fits
    everything, being long or full of common words, says little about each lyric: what it fits the next best lyrics of
    the same call by is taken off. So scores compare in both directions, and depend on which lyrics are asked for
    together; a recording's ranking of the lyrics does not change by it.

    Examples
    --------
    >>> found = HeardWords().similarity(["hello darkness my old fend"], ["Hello darkness, my old friend", "Tea"])
    >>> bool(found[0, 0] > 50), bool(found[0, 1] < 5)
    (True, True)
    """

    audio_view: ClassVar[str] = "transcripts"
    lyrics_view: ClassVar[str] = "texts"

    def fit(self, views: Sequence[Any], y: Any = None) -> Self:
        """Learn nothing: songs that were heard teach nothing about the words of others."""
        return self

    def similarity(
        self, transcripts: Sequence[Transcript | str | None], lyrics: Sequence[str | None]
    ) -> NDArray[np.float64]:
        """Evidence for each pair, in bits.

        Parameters
        ----------
        transcripts : sequence of n Transcript, str or None
        lyrics : sequence of m str or None

        Returns
        -------
        array of float64, shape (n, m)
            Above 0, near it for pairs that fit no better than others do; exactly 0 where either has no words.
        """
        heard, written = [text_of(one) for one in transcripts], [text_of(one) for one in lyrics]
        spoken = np.array([bool(fold(text).letters) for text in heard], dtype=bool)
        known = np.array([bool(fold(text).letters) for text in written], dtype=bool)
        scores = np.zeros((len(heard), len(written)))
        if spoken.any() and known.any():
            queries = [text for text, words in zip(heard, spoken, strict=True) if words]
            targets = [text for text, words in zip(written, known, strict=True) if words]
            worth = signed_bits(queries, targets)
            worth += WORDS * shared_words(queries, targets) + SOUNDS * shared_sounds(queries, targets)
            # A soft floor keeps the order of pairs that fit worse than chance, above those without words.
            scores[np.ix_(spoken, known)] = np.logaddexp2(0.0, worth - _common(worth))
        return scores


def _common(worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each transcript fits lyrics by that are not its own, shape (n, 1)."""
    others = np.sort(worth, axis=1)[:, -OTHERS - 1 : -1]
    return others.mean(axis=1, keepdims=True) if others.shape[1] else np.zeros((len(worth), 1))
