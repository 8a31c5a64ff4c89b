"""Letters to numbers: the 5-grams of folded texts, and those that a query asks for."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRAM_BITS", "Integers", "distinct", "gram_letters", "grams_of", "occurrences", "wanted_grams"]

Integers = NDArray[np.int64]

N = 5  # letters in a gram: with 4 a query reads five times as much, with 6 fewer grams survive mishearing
ALPHABET = b"abcdefghijklmnopqrstuvwxyz0123456789"
GRAM_BITS = 26  # that a gram's number takes: 36⁵ < 2²⁶
TAIL = len(ALPHABET) ** (N - 3)  # grams that begin with the same three letters
SHORTEST = 3  # letters of a query; fewer are in every song
MOST = 1000  # grams of a query; more add time and no certainty

_DIGIT = np.full(256, -1, np.int64)
_DIGIT[np.frombuffer(ALPHABET, np.uint8)] = np.arange(len(ALPHABET))


def distinct(numbers: Integers) -> Integers:
    """The different numbers, which are not negative, in ascending order.

    For millions of numbers twenty times as fast as `numpy.unique`, which hashes them since NumPy 2.3.

    Examples
    --------
    >>> distinct(np.array([7, 0, 7, 3]))
    array([0, 3, 7])
    """
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=-1) > 0]


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
    text = np.repeat(np.arange(len(texts)), np.array([len(text) + 1 for text in texts], np.int64))
    count = max(digits.size - N + 1, 0)
    gram, whole = np.zeros(count, np.int64), np.ones(count, bool)
    for place in range(N):
        digit = digits[place : place + count]
        gram = gram * len(ALPHABET) + digit
        whole &= digit >= 0  # a space between texts, or no letter
    begins = np.flatnonzero(whole)
    return gram[begins], text[begins]


def gram_letters(grams: Integers) -> list[str]:
    """The letters of grams that are given as numbers.

    Examples
    --------
    >>> gram_letters(grams_of([b"aaaab", b"zero1"])[0])
    ['aaaab', 'zero1']
    """
    powers = len(ALPHABET) ** np.arange(N - 1, -1, -1)
    letters = np.frombuffer(ALPHABET, np.uint8)[grams[:, np.newaxis] // powers % len(ALPHABET)]
    text = letters.tobytes().decode("ascii")
    return [text[begin : begin + N] for begin in range(0, len(text), N)]


def wanted_grams(letters: str) -> Integers:
    """The grams that a query asks for: its own, or where it is shorter than a gram, all that begin with it.

    Parameters
    ----------
    letters : str
        The folded query. Of one with more than 1,000 different grams, every second is taken, or every third, ….

    Returns
    -------
    (g,) array
        In ascending order, each once; empty for fewer than three letters.

    Examples
    --------
    >>> wanted_grams("aaaaab")
    array([0, 1])
    >>> wanted_grams("aab").size
    1296
    """
    text = letters.encode("ascii", "replace")
    if SHORTEST <= len(text) < N:
        begin = grams_of([text.ljust(N, ALPHABET[:1])])[0]
        return (begin[:, np.newaxis] + np.arange(len(ALPHABET) ** (N - len(text)))).ravel()
    grams = distinct(grams_of([text])[0])
    return grams[:: -(-grams.size // MOST) or 1]


def occurrences(gram: Integers, wanted: Integers) -> tuple[Integers, Integers]:
    """Where wanted grams occur among many.

    Parameters
    ----------
    gram : (n,) array
    wanted : (g,) array
        In ascending order, each once; at least one.

    Returns
    -------
    place, which : (m,) arrays
        ``gram[place[i]] == wanted[which[i]]``.

    Examples
    --------
    >>> occurrences(np.array([7, 5, 0, 7]), np.array([0, 7]))
    (array([0, 2, 3]), array([1, 0, 1]))
    """
    # Nearly all grams of a song begin with other letters than the query's; looking those up takes no search tree.
    begins = np.zeros(len(ALPHABET) ** N // TAIL, bool)
    begins[wanted // TAIL] = True
    near = np.flatnonzero(begins[gram // TAIL])
    which = np.minimum(np.searchsorted(wanted, gram[near]), wanted.size - 1)
    same = wanted[which] == gram[near]
    return near[same], which[same]
