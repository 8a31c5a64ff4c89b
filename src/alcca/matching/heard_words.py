"""Matching of transcripts with lyrics, as a method for comparisons."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from alcca.matching.background import Background, bundled_background
from alcca.matching.folding import fold_letters
from alcca.transcripts import Transcript, text_of

__all__ = ["HeardWords"]


class HeardWords(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Matching of transcripts of recordings with lyrics, by the words that both have.

    The evidence for a pair is that of `alcca.matching.background.Background`: the bits of its local alignment, and bits
    for shared words and sounds. A long transcript, or one of common words, fits all lyrics and is little evidence for
    any of them: its mean evidence for the best lyrics of a fixed background is subtracted. So scores are comparable in
    both directions, and the score of a pair does not depend on what else is compared in the same call.

    The background are the lyrics that `fit` is given, or without `fit` those that come with alcca
    (`alcca.matching.background.bundled_background`).

    Attributes
    ----------
    background_ : Background
        After `fit`.

    Examples
    --------
    >>> scores = HeardWords().similarity(["hello darkness my old fend"], ["Hello darkness, my old friend", "Tea"])
    >>> bool(scores[0, 0] > 50), bool(scores[0, 1] < 5)
    (True, True)
    """

    audio_view: ClassVar[str] = "transcripts"
    lyrics_view: ClassVar[str] = "texts"

    def fit(self, views: Sequence[Any], y: Any = None) -> Self:
        """Take lyrics as the background; the transcripts, and which lyrics are theirs, are not used.

        Parameters
        ----------
        views : (transcripts, lyrics)
            Of n songs; lyrics without words are left out.
        """
        texts = [text_of(text) for text in views[1]]
        self.background_ = Background([text for text in texts if fold_letters(text)])
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
            Above 1 for pairs that fit better than the transcript fits others: these are bits. Between 0 and 1 for other
            pairs, in the order of their evidence. Exactly 0 if either has no words.
        """
        heard, written = [text_of(transcript) for transcript in transcripts], [text_of(text) for text in lyrics]
        spoken = np.array([bool(fold_letters(text)) for text in heard], dtype=bool)
        known = np.array([bool(fold_letters(text)) for text in written], dtype=bool)
        scores = np.zeros((len(heard), len(written)))
        if spoken.any() and known.any():
            background = self.background_ if hasattr(self, "background_") else bundled_background()
            queries = [text for text, words in zip(heard, spoken, strict=True) if words]
            targets = [text for text, words in zip(written, known, strict=True) if words]
            bits = background.bits(queries, targets) - background.common(queries)[:, None]
            scores[np.ix_(spoken, known)] = _above_0(bits)
        return scores


def _above_0(bits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map bits to numbers above 0 in the same order: those above 1 to themselves, all others to 1 / (2 - bits).

    An exponential would make hundreds of bits below 0 indistinguishable from each other.
    """
    return np.where(bits > 1, bits, 1 / (2 - np.minimum(bits, 1)))
