"""Letters to numbers: the 5-grams of folded texts, and those that a query asks for."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Integers", "grams_of", "held_by", "spans_of"]

Integers = NDArray[np.int64]

N = 5  # letters in a gram: with 4 a query reads five times as much, with 6 fewer grams survive mishearing
ALPHABET = b"abcdefghijklmnopqrstuvwxyz0123456789"
TAIL = len(ALPHABET) ** (N - 3)  # grams that begin with the same three letters
SHORTEST = 3  # letters of a query; fewer are in every song
MOST = 1000  # grams of a query; more add time and no certainty

_DIGIT = np.full(256, -1, np.int64)
_DIGIT[np.frombuffer(ALPHABET, np.uint8)] = np.arange(len(ALPHABET))


def grams_of(texts: list[bytes]) -> tuple[Integers, Integers]:
    """All grams of all texts, as numbers of base 36 with five digits, and which text each is of.

    Parameters
    ----------
    texts : list of bytes
        Folded: a–z and 0–9. A gram with any other character is left out.

    Returns
    -------
    gram, text : (n,) arrays
        In the order of the texts; a gram that occurs twice is there twice.

    Examples
    --------
    >>> gram, text = grams_of([b"aaaaab", b"", b"aaaab"])
    >>> gram.tolist(), text.tolist()
    ([0, 1, 1], [0, 0, 2])
    """
    digits = _DIGIT[np.frombuffer(b" ".join(texts), np.uint8)]
    ends = np.cumsum([len(text) + 1 for text in texts]) if texts else np.zeros(0, np.int64)
    count = max(digits.size - N + 1, 0)
    gram, whole = np.zeros(count, np.int64), np.ones(count, bool)
    for place in range(N):
        digit = digits[place : place + count]
        gram = gram * len(ALPHABET) + digit
        whole &= digit >= 0  # a space between texts, or no letter
    begins = np.flatnonzero(whole)
    return gram[begins], np.searchsorted(ends, begins, side="right")


def spans_of(letters: str) -> tuple[Integers, Integers]:
    """The spans of grams that a query asks for: its own, or where it is shorter than a gram, all that begin with it.

    Parameters
    ----------
    letters : str
        The folded query. Of one with more than 1,000 different grams, every second is taken, or every third, ….

    Returns
    -------
    first, last : (s,) arrays
        The first and the last gram of each span, in ascending order; empty for fewer than three letters.

    Examples
    --------
    >>> spans_of("aaaaab")
    (array([0, 1]), array([0, 1]))
    >>> first, last = spans_of("aaa")
    >>> int(first[0]), int(last[0])
    (0, 1295)
    """
    text = letters.encode("ascii", "replace")
    if SHORTEST <= len(text) < N:
        first, last = grams_of([text.ljust(N, ALPHABET[:1])])[0], grams_of([text.ljust(N, ALPHABET[-1:])])[0]
        return first, last
    grams = np.unique(grams_of([text])[0])
    grams = grams[:: -(-grams.size // MOST) or 1]
    return grams, grams


def held_by(gram: Integers, first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Which of many grams lie in a span, and in which.

    Parameters
    ----------
    gram : (n,) array
    first, last : (s,) arrays
        Spans that do not overlap, in ascending order; at least one.

    Returns
    -------
    place, span : (m,) arrays
        ``gram[place[i]]`` lies in span ``span[i]``.

    Examples
    --------
    >>> held_by(np.array([7, 5, 0, 9]), np.array([0, 6]), np.array([0, 8]))
    (array([0, 2]), array([1, 0]))
    """
    # Nearly all grams of a song begin with other letters than the query's; looking those up takes no search tree.
    begins = np.zeros(len(ALPHABET) ** N // TAIL, bool)
    for low, high in zip((first // TAIL).tolist(), (last // TAIL).tolist(), strict=True):
        begins[low : high + 1] = True
    near = np.flatnonzero(begins[gram // TAIL])
    span = np.searchsorted(first, gram[near], side="right") - 1
    inside = (span >= 0) & (gram[near] <= last[span])
    return near[inside], span[inside]
