"""Words, short phrases and similar sounds that two texts share, regardless of position.

Local alignment compares one stretch, and weights all letters equally. Shared n-grams compare the whole texts and give
more weight to rare ones; their errors differ, so that they complement each other.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alcca.matching.folding import fold, fold_letters

__all__ = ["NgramCosines", "sound_ngrams", "sounds", "word_ngrams"]

# One letter for each group of sounds that are easily confused when sung; vowels form two groups, bright and dark.
_SPELLINGS = (("ph", "f"), ("gh", "g"), ("ck", "k"), ("qu", "k"))
_SOUNDS = str.maketrans("cqgxzjdbvnryiueo", "kkkssstpfmliioio")

# Each n-gram as a number.
Codes: TypeAlias = NDArray[np.uint64]
# Multiplies a hash before the next word is added: 2^64 divided by the golden ratio, as in Fibonacci hashing.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_BITS_OF_A_LETTER = np.uint64(8)


def word_ngrams(text: str) -> Codes:
    """Hash the words and the phrases of two and three words of a text, in order; the same in every process.

    Examples
    --------
    >>> len(word_ngrams("the lord of the flies")), len(set(word_ngrams("The lord of the flies!").tolist()))
    (12, 11)
    """
    folded = fold(text)
    bounds = [*np.flatnonzero(folded.words).tolist(), len(folded.letters)]
    words = np.array([zlib.crc32(folded.letters[i:j].encode()) for i, j in pairwise(bounds)], dtype=np.uint64)
    phrases = [words]
    for n in (2, 3):
        # An array's arithmetic wraps around. The sum with n tells "a b" from a word with this hash.
        longer = phrases[-1][: max(0, len(words) - n + 1)]
        phrases.append(longer * _SPREAD + words[n - 1 :] + np.uint64(n))
    return np.concatenate(phrases)


def sound_ngrams(text: str) -> Codes:
    """Number three to five successive sounds of a text, across words; see `sounds`.

    Examples
    --------
    >>> len(sound_ngrams("nowhere")), np.array_equal(sound_ngrams("know wear"), sound_ngrams("nowear"))
    (12, False)
    """
    heard = np.frombuffer(sounds(fold_letters(text)).encode(), np.uint8).astype(np.uint64)
    stretches = [heard[:0]]
    for n in (3, 4, 5):
        count = max(0, len(heard) - n + 1)
        codes = np.full(count, n, np.uint64)
        for i in range(n):
            codes = (codes << _BITS_OF_A_LETTER) | heard[i : i + count]
        stretches.append(codes)
    return np.concatenate(stretches)


def sounds(letters: str) -> str:
    """Folded letters as approximate sounds, for any language written in Latin letters.

    Examples
    --------
    >>> sounds("photograph"), sounds("fotograf"), sounds("better"), sounds("peder")
    ('fotoklaf', 'fotoklaf', 'pitil', 'pitil')
    """
    for spelling, sound in _SPELLINGS:
        letters = letters.replace(spelling, sound)
    return re.sub(r"(.)\1+", r"\1", letters.translate(_SOUNDS))


class NgramCosines:
    """Cosines of TF-IDF vectors of n-grams, whose document frequencies are those of fixed texts.

    So the cosine of two texts does not depend on the other texts of a call. An n-gram that none of the fixed texts has
    is as rare as possible.

    Parameters
    ----------
    texts : sequence of str
        They tell how common each n-gram is.
    ngrams : function
        The n-grams of a text: `word_ngrams` or `sound_ngrams`.

    References
    ----------
    Salton, Buckley: Term-weighting approaches in automatic text retrieval. Information Processing & Management 24(5),
    1988.

    Examples
    --------
    >>> cosines = NgramCosines(["The Flies", "the bees"], word_ngrams)
    >>> cosines(["the lord of the flies"], ["The Flies", "the bees"]).round(2).tolist()
    [[0.39, 0.12]]
    """

    def __init__(self, texts: Sequence[str], ngrams: Callable[[str], Codes]) -> None:
        self._ngrams = ngrams
        each = [np.unique(ngrams(text)) for text in texts]
        self._known, found = np.unique(np.concatenate([np.empty(0, np.uint64), *each]), return_counts=True)
        # As scikit-learn's TfidfVectorizer: smooth, and above 0 for an n-gram of all texts.
        self._rarity = np.log((1 + len(texts)) / (1 + found)) + 1
        self._unseen = np.log(1 + len(texts)) + 1

    def __call__(self, queries: Sequence[str], targets: Sequence[str]) -> NDArray[np.float64]:
        """Compute the cosines of n queries and m targets, shape (n, m), in [0, 1]; 0 for texts without n-grams."""
        asked = [self._weights(query) for query in queries]
        columns = np.unique(np.concatenate([np.empty(0, np.uint64), *(codes for codes, _ in asked)]))
        if not len(columns):
            return np.zeros((len(queries), len(targets)))
        rows = (_rows(side, columns) for side in (asked, [self._weights(target) for target in targets]))
        queries_by_column, targets_by_column = rows
        cosines: NDArray[np.float64] = (queries_by_column @ targets_by_column.T).toarray()
        return cosines

    def _weights(self, text: str) -> tuple[Codes, NDArray[np.float64]]:
        """The different n-grams of a text, ascending, and their weights, of which the squares sum to 1."""
        codes, counts = np.unique(self._ngrams(text), return_counts=True)
        weights = (1 + np.log(counts)) * self._unseen
        places, known = _places(self._known, codes)
        weights[known] *= self._rarity[places[known]] / self._unseen
        return codes, weights / np.linalg.norm(weights) if len(weights) else weights


def _places(ascending: Codes, codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The place of each code, and whether it is there."""
    places = np.searchsorted(ascending, codes)
    known = places < len(ascending)
    known[known] = ascending[places[known]] == codes[known]
    return places, known


def _rows(vectors: Sequence[tuple[Codes, NDArray[np.float64]]], columns: Codes) -> csr_array:
    """The weights of those n-grams that have a column, one row for each vector."""
    placed = [_places(columns, codes) for codes, _ in vectors]
    values = [weights[known] for (_, weights), (_, known) in zip(vectors, placed, strict=True)]
    ends = np.cumsum([0, *(len(row) for row in values)])
    indices = [places[known] for places, known in placed]
    empty: list[NDArray[np.float64]] = [np.empty(0)]
    data = np.concatenate(empty + values), np.concatenate([np.empty(0, np.int64), *indices]), ends
    return csr_array(data, shape=(len(vectors), len(columns)))
