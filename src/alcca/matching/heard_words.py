"""Transcripts matched with lyrics, as a method of a comparison."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from alcca.matching.scoring import bits
from alcca.transcripts import Transcript

__all__ = ["HeardWords"]


class HeardWords(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What was heard in recordings, aligned with lyrics; it needs no training.

    Examples
    --------
    >>> found = HeardWords().similarity(["hello darkness my old fend"], ["Tea for two", "Hello darkness, my old friend"])
    >>> int(found[0].argmax())
    1
    """

    audio_view: ClassVar[str] = "transcripts"
    lyrics_view: ClassVar[str] = "texts"

    def fit(self, views: Sequence[Any], y: Any = None) -> Self:
        """Learn nothing: songs that were heard teach nothing about the words of others."""
        return self

    def similarity(
        self, transcripts: Sequence[Transcript | str | None], lyrics: Sequence[str | None]
    ) -> NDArray[np.float64]:
        """Bit scores, shape (n, m); see `alcca.matching.scoring.bits`."""
        return bits(list(transcripts), list(lyrics))
