"""The 5-grams of folded texts as numbers, and those that a query looks up."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRAM_BITS", "Integers", "distinct", "gram_letters", "grams_of", "occurrences", "wanted_grams"]

Integers = NDArray[np.int64]

N = 5  # letters in a gram: with 4 a query reads five times as much, with 6 fewer grams survive transcription errors
ALPHABET = b"abcdefghijklmnopqrstuvwxyz0123456789"
GRAM_BITS = 26  # bits of a gram's number: 36⁵ < 2²⁶
TAIL = len(ALPHABET) ** (N - 3)  # grams that begin with the same three letters
SHORTEST = 3  # minimum letters of a query; fewer occur in every song
MOST = 1000  # maximum grams of a query; more add time and no certainty

_DIGIT = np.full(256, -1, np.int64)
_DIGIT[np.frombuffer(ALPHABET, np.uint8)] = np.arange(len(ALPHABET))


def distinct(numbers: Integers) -> Integers:
    """The distinct values of non-negative numbers, in ascending order.

    For millions of numbers twenty times as fast as `numpy.unique`, which hashes them since NumPy 2.3.

    Examples
    --------
    >>> distinct(np.array([7, 0, 7, 3]))
    array([0, 3, 7])
    """
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def grams_of(texts: list[bytes]) -> tuple[Integers, Integers]:
    """All grams of all texts, as numbers of base 36 with five digits, and the text that each belongs to.

    Parameters
    ----------
    texts : list of bytes
        Folded: a–z and 0–9. A gram with any other character is skipped.

    Returns
    -------
    gram, text : (n,) arrays
        In the order of the texts; a gram that occurs twice is returned twice.

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
        whole &= digit >= 0  # excludes spaces between texts and other characters
    begins = np.flatnonzero(whole)
    return gram[begins], text[begins]


def gram_letters(grams: Integers) -> list[str]:
    """The letters of grams given as numbers.

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
    """The grams that a query looks up: its own, or, if it is shorter than a gram, all that begin with it.

    Parameters
    ----------
    letters : str
        The folded query. If it has more than 1,000 different grams, only every second, third, … is taken.

    Returns
    -------
    (g,) array
        In ascending order, without duplicates; empty for fewer than three letters.

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
    """Find the occurrences of wanted grams among many.

    Parameters
    ----------
    gram : (n,) array
    wanted : (g,) array
        In ascending order, without duplicates, not empty.

    Returns
    -------
    place, which : (m,) arrays
        ``gram[place[i]] == wanted[which[i]]``.

    Examples
    --------
    >>> occurrences(np.array([7, 5, 0, 7]), np.array([0, 7]))
    (array([0, 2, 3]), array([1, 0, 1]))
    """
    # Nearly all grams of a song begin with other letters than the query's; a table of beginnings excludes them fast.
    begins = np.zeros(len(ALPHABET) ** N // TAIL, bool)
    begins[wanted // TAIL] = True
    near = np.flatnonzero(begins[gram // TAIL])
    which = np.minimum(np.searchsorted(wanted, gram[near]), wanted.size - 1)
    same = wanted[which] == gram[near]
    return near[same], which[same]
