"""Matching of transcripts with lyrics, as a method for comparisons."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from alcca.matching.bits import signed_bits
from alcca.matching.folding import fold
from alcca.matching.shared_ngrams import shared_sounds, shared_words
from alcca.transcripts import Transcript, text_of

__all__ = ["HeardWords"]

# Bits for texts with all words, or all sounds, in common: between half and twice as many made no difference above the
# noise on the pools of benchmarks/matching.py.
WORDS, SOUNDS = 45.0, 30.0
# The number of next best lyrics that estimate how well a transcript fits lyrics of other songs.
OTHERS = 10


class HeardWords(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Matching of transcripts of recordings with lyrics; it needs no training.

    The evidence for a pair is the bits of its local alignment (`alcca.matching.bits`), plus bits for all shared
    words and phrases and all shared sounds, with more weight on rare ones (`alcca.matching.shared_ngrams`). A long
    transcript, or one of common words, fits all lyrics and is little evidence for any of them: its mean score with the
    next best lyrics of the same call is subtracted. So scores are comparable in both directions, and depend on the
    other lyrics of the call; a recording's ranking of the lyrics does not.

    Examples
    --------
    >>> scores = HeardWords().similarity(["hello darkness my old fend"], ["Hello darkness, my old friend", "Tea"])
    >>> bool(scores[0, 0] > 50), bool(scores[0, 1] < 5)
    (True, True)
    """

    audio_view: ClassVar[str] = "transcripts"
    lyrics_view: ClassVar[str] = "texts"

    def fit(self, views: Sequence[Any], y: Any = None) -> Self:
        """Do nothing: the transcripts of some songs tell nothing about the words of others."""
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
            Above 0, and near 0 for pairs that fit no better than others; exactly 0 if either has no words.
        """
        heard, written = [text_of(transcript) for transcript in transcripts], [text_of(text) for text in lyrics]
        spoken = np.array([bool(fold(text).letters) for text in heard], dtype=bool)
        known = np.array([bool(fold(text).letters) for text in written], dtype=bool)
        scores = np.zeros((len(heard), len(written)))
        if spoken.any() and known.any():
            queries = [text for text, words in zip(heard, spoken, strict=True) if words]
            targets = [text for text, words in zip(written, known, strict=True) if words]
            worth = signed_bits(queries, targets)
            worth += WORDS * shared_words(queries, targets) + SOUNDS * shared_sounds(queries, targets)
            # A soft floor keeps the order of pairs that fit worse than chance, above those without words (0).
            scores[np.ix_(spoken, known)] = np.logaddexp2(0.0, worth - _common(worth))
        return scores


def _common(worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean score of each transcript with lyrics other than its own, shape (n, 1)."""
    others = np.sort(worth, axis=1)[:, -OTHERS - 1 : -1]
    return others.mean(axis=1, keepdims=True) if others.shape[1] else np.zeros((len(worth), 1))
