"""Words, short phrases and similar sounds that two texts share, regardless of position.

Local alignment compares one stretch, and weights all letters equally. These two measures compare the whole texts and
give more weight to rare n-grams; their errors differ, so that they complement each other.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold

__all__ = ["shared_sounds", "shared_words", "sounds"]

# One letter for each group of sounds that are easily confused when sung; vowels form two groups, bright and dark.
_SPELLINGS = (("ph", "f"), ("gh", "g"), ("ck", "k"), ("qu", "k"))
_SOUNDS = str.maketrans("cqgxzjdbvnryiueo", "kkkssstpfmliioio")


def shared_words(queries: Sequence[str], targets: Sequence[str]) -> NDArray[np.float64]:
    """Cosines of TF-IDF vectors of words and phrases of up to three words.

    Parameters
    ----------
    queries, targets : sequences of n and m str
        Inverse document frequencies are computed from the targets.

    Returns
    -------
    array of float64, shape (n, m)
        In [0, 1].

    References
    ----------
    Salton, Buckley: Term-weighting approaches in automatic text retrieval. Information Processing & Management 24(5),
    1988.

    Examples
    --------
    >>> shared_words(["the lord of the flies"], ["The Flies", "the bees"]).round(2).tolist()
    [[0.97, 0.29]]
    """
    return _cosines(queries, targets, _phrases)


def shared_sounds(queries: Sequence[str], targets: Sequence[str]) -> NDArray[np.float64]:
    """Cosines of TF-IDF vectors of three to five successive sounds, across words; see `sounds`.

    Examples
    --------
    >>> shared_sounds(["know wear two go"], ["nowhere to go", "anything else"]).round(2).tolist()
    [[0.29, 0.0]]
    """
    return _cosines(queries, targets, _stretches)


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


def _cosines(queries: Sequence[str], targets: Sequence[str], grams: Callable[[str], list[str]]) -> NDArray[np.float64]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(grams(target) for target in targets):
        return np.zeros((len(queries), len(targets)))
    vectors = TfidfVectorizer(analyzer=grams, sublinear_tf=True)
    written = vectors.fit_transform(targets)
    cosines: NDArray[np.float64] = (vectors.transform(queries) @ written.T).toarray()
    return cosines


def _phrases(text: str) -> list[str]:
    folded = fold(text)
    words = [
        folded.letters[begin:end]
        for begin, end in pairwise([*np.flatnonzero(folded.words).tolist(), len(folded.letters)])
    ]
    return [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]


def _stretches(text: str) -> list[str]:
    spoken = sounds(fold(text).letters)
    return [spoken[i : i + n] for n in (3, 4, 5) for i in range(len(spoken) - n + 1)]
