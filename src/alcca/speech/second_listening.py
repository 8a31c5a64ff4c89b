"""The second listening: given words are forced through the decoder, over a recording and over silence.

Reading asks the model what is sung, and it may answer nothing where music covers the voice. Given words it can still
recognise: where they are sung they are far likelier over the recording than over silence.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.speech.decoder import Decoder, Encoded
from alcca.transcripts import Listened

__all__ = ["SecondListening", "best_stretch"]

# What silence says of an excerpt is asked for again with the next recording; an excerpt takes some 500 bytes.
REMEMBERED = 20_000


class SecondListening:
    """Listens for given words with a loaded model. Threads may share it.

    Parameters
    ----------
    decoder : Decoder
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._silence: Encoded | None = None
        self._over_silence: OrderedDict[tuple[str, str], NDArray[np.float64]] = OrderedDict()
        self._lock = threading.Lock()

    def listen(self, encoded: Encoded, language: str, texts: Sequence[Sequence[str]]) -> list[Listened]:
        """Listen for texts in one window of sound; each is a sequence of excerpts, of which the best one counts.

        References
        ----------
        Church, Hanks: Word association norms, mutual information, and lexicography. Computational Linguistics 16(1),
        1990. The difference of two log-probabilities of words, with and without the sound, is the pointwise mutual
        information of both.
        """
        return [
            max(
                (self._listen(encoded, language, excerpt) for excerpt in excerpts),
                key=lambda one: one.bits,
                default=Listened(0.0, ""),
            )
            for excerpts in texts
        ]

    def _listen(self, encoded: Encoded, language: str, excerpt: str) -> Listened:
        tokens = self._decoder.tokens(excerpt, language)
        bits = self._decoder.force(encoded, language, tokens) - self._without_sound(language, excerpt, tokens)
        start, end = best_stretch(bits)
        return Listened(float(bits[start:end].sum()), self._decoder.text(tokens[start:end], language))

    def _without_sound(self, language: str, excerpt: str, tokens: list[int]) -> NDArray[np.float64]:
        """The bits of each token over silence."""
        with self._lock:
            if (language, excerpt) in self._over_silence:
                self._over_silence.move_to_end((language, excerpt))
                return self._over_silence[language, excerpt]
        # Two threads may both encode silence; the second result replaces an equal one.
        self._silence = self._silence or self._decoder.silence()
        found = self._decoder.force(self._silence, language, tokens)
        with self._lock:
            self._over_silence[language, excerpt] = found
            if len(self._over_silence) > REMEMBERED:
                self._over_silence.popitem(last=False)
        return found


def best_stretch(bits: NDArray[np.float64]) -> tuple[int, int]:
    """Start and end of the successive numbers with the largest sum; (0, 0) if all are negative.

    Examples
    --------
    >>> best_stretch(np.array([-3.0, 2.0, -1.0, 4.0, -9.0, 3.0]))
    (1, 4)
    """
    sums = np.concatenate([[0.0], np.cumsum(bits)])
    gains = sums - np.minimum.accumulate(sums)
    end = int(np.argmax(gains))
    return int(np.argmin(sums[: end + 1])), end
