"""Text as bare letters, comparable in every language, with a way back to the places in the text."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALPHABET", "Folded", "fold"]

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class Folded:
    """The letters of a text, without spaces, accents, case and scripts.

    Parameters
    ----------
    letters : str
        Of ``a`` to ``z`` and ``0`` to ``9``.
    places : array of int64, shape (len(letters),)
        Which character of the text each letter comes from; ascending.
    words : array of bool, shape (len(letters),)
        Whether a word begins with the letter.
    """

    letters: str
    places: NDArray[np.int64] = field(repr=False)
    words: NDArray[np.bool_] = field(repr=False)


@lru_cache(maxsize=4096)
def fold(text: str) -> Folded:
    """Fold a text.

    Latin letters lose case and accents; other scripts are transliterated letter by letter (`anyascii`).

    Examples
    --------
    >>> folded = fold("Früh, ça!")
    >>> folded.letters, folded.places.tolist()
    ('fruhca', [0, 1, 2, 3, 6, 7])
    >>> fold("Straße — Привет").letters
    'strasseprivet'
    """
    letters: list[str] = []
    places: list[int] = []
    words: list[bool] = []
    inside = False
    for place, character in enumerate(text):
        plain = _plain(character)
        if not plain:
            # An apostrophe stands inside a word: lovin', don't.
            inside = inside and character in "'’ʼ`´"
            continue
        letters.append(plain)
        places += [place] * len(plain)
        words += [not inside] + [False] * (len(plain) - 1)
        inside = True
    return Folded("".join(letters), np.array(places, dtype=np.int64), np.array(words, dtype=np.bool_))


@lru_cache(maxsize=8192)
def _plain(character: str) -> str:
    from anyascii import anyascii

    return "".join(letter for letter in anyascii(character).lower() if letter in ALPHABET)
