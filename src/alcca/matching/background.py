"""Texts of other songs: which words and sounds are rare, and how well a transcript fits lyrics that are not its own."""

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from alcca.matching.bits import signed_bits
from alcca.matching.shared_ngrams import NgramCosines, sound_ngrams, word_ngrams
from alcca.transcripts import Transcript, text_of

__all__ = ["Background", "bundled_background"]

# Any pair of texts shares a letter or two, which gives fewer bits than this.
MIN_BITS = 3.0
# Bits for texts with all words, or all sounds, in common: between half and twice as many made no difference above the
# noise on the pools of benchmarks/matching.py.
WORDS, SOUNDS = 45.0, 30.0
# The number of best other lyrics that estimate how well a transcript fits lyrics of other songs, and of those that are
# compared: more cost time and change little.
BEST, COMPARED = 10, 200


class Background:
    """Texts of other songs, with which the words of two texts are compared.

    Because they are fixed, a transcript and lyrics have the same evidence whatever else is compared in the same call.

    Parameters
    ----------
    texts : sequence of str
        At best lyrics of the same kind as those that are compared. Those of the compared songs may be among them.

    Examples
    --------
    >>> background = Background(["Hello darkness, my old friend", "Three blind mice", "Tea for two and two for tea"])
    >>> background.bits(["hello darkness my old fend"], ["Hello darkness, my old friend", "Tea"]).round().tolist()
    [[77.0, 1.0]]
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._words, self._sounds = NgramCosines(texts, word_ngrams), NgramCosines(texts, sound_ngrams)
        # In the order of their letters, so that the order of the songs makes no difference.
        texts = sorted(set(texts))
        self._compared = (
            [texts[i] for i in np.unique(np.linspace(0, len(texts) - 1, COMPARED).astype(int))] if texts else []
        )

    def bits(
        self, queries: Sequence[Transcript | str | None], targets: Sequence[Transcript | str | None]
    ) -> NDArray[np.float64]:
        """Compute the evidence that two texts are of one song.

        It is the sum of the bits of their local alignment (`alcca.matching.bits`) and of bits for shared words and
        phrases and for shared sounds, with more for rare ones (`alcca.matching.shared_ngrams`).

        Parameters
        ----------
        queries, targets : sequences of n and m transcripts or texts

        Returns
        -------
        array of float64, shape (n, m)
            Negative if two texts fit worse than expected by chance; 0 if either has no letters.
        """
        asked, written = [text_of(text) for text in queries], [text_of(text) for text in targets]
        return signed_bits(asked, written) + self.shared(asked, written)

    def shared(self, queries: Sequence[str], targets: Sequence[str]) -> NDArray[np.float64]:
        """Compute the bits for shared words and phrases and for shared sounds alone, shape (n, m); at least 0."""
        return WORDS * self._words(queries, targets) + SOUNDS * self._sounds(queries, targets)

    def matches(
        self, query: Transcript | str, targets: Sequence[Transcript | str | None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Compute the evidence of a search for m texts, shape (m,), and how much of it the alignment gives, shape (m,).

        Both are 0 for texts that do not align with the query better than unrelated texts do. To the bits of alignment
        it adds those for shared words and phrases. Shared sounds raise the scores of long transcripts, which only what
        a transcript has in `common` with others makes up for; a search would have to compute that for each candidate.
        """
        aligned = signed_bits([query], targets)[0]
        aligned[aligned < MIN_BITS] = 0.0
        evidence = aligned.copy()
        found = np.flatnonzero(aligned).tolist()
        evidence[found] += WORDS * self._words([text_of(query)], [text_of(targets[i]) for i in found])[0]
        return evidence, aligned

    def common(self, queries: Sequence[Transcript | str | None]) -> NDArray[np.float64]:
        """Compute the evidence of n texts for lyrics of other songs, shape (n,): the mean of the best ones.

        The very best is left out, as it may be the song's own.
        """
        others = np.sort(self.bits(queries, self._compared), axis=1)[:, -BEST - 1 : -1]
        return others.mean(axis=1) if others.shape[1] else np.zeros(len(queries))


@lru_cache(maxsize=1)
def bundled_background() -> Background:
    """Return the background of 200 songs and hymns, in English, German, French and Italian.

    The texts are the first lines of songs of OpenScore Lieder (CC0) and hymns of the Open Hymnal (public domain).
    """
    text = files("alcca.matching").joinpath("background.txt").read_text(encoding="utf-8")
    return Background(text.strip().split("\n\n"))
