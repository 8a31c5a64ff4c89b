"""A digest of which grams occur in which songs, to compare an index with the songs without holding both in memory."""

from collections.abc import Mapping

import numpy as np

from alcca.matching.ngrams import GRAM_BITS, Integers, distinct, grams_of

__all__ = ["PairsDigest"]


class PairsDigest:
    """The number of pairs of a gram and a song, and the sum of their hashes, in any order.

    Examples
    --------
    >>> one, other = PairsDigest(), PairsDigest()
    >>> one.add_texts({1: "hello", 2: "sunshine"})
    >>> other.add_texts({2: "sunshine"})
    >>> other.add(*grams_of([b"hello"])[:1], np.array([1]))
    >>> one == other
    True
    """

    def __init__(self) -> None:
        self._count, self._sum = 0, 0

    def add(self, gram: Integers, song: Integers) -> None:
        """Add pairs, each once, as two arrays of equal length."""
        with np.errstate(over="ignore"):
            # The finaliser of splitmix64 (Steele et al. 2014, doi:10.1145/2660193.2660195).
            mixed = (song.astype(np.uint64) << np.uint64(GRAM_BITS)) | gram.astype(np.uint64)
            for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
                mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
            mixed ^= mixed >> np.uint64(31)
        self._count += len(mixed)
        self._sum = (self._sum + int(mixed.sum(dtype=np.uint64))) & ((1 << 64) - 1)

    def add_texts(self, songs: Mapping[int, str]) -> None:
        """Add the pairs of songs, given by their folded letters."""
        gram, row = grams_of([letters.encode("ascii", "replace") for letters in songs.values()])
        pairs = distinct((row << GRAM_BITS) | gram)
        self.add(pairs & ((1 << GRAM_BITS) - 1), np.array([*songs], np.int64)[pairs >> GRAM_BITS])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PairsDigest) and (self._count, self._sum) == (other._count, other._sum)

    __hash__ = None  # type: ignore[assignment]  # it changes
