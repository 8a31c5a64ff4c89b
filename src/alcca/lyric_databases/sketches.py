"""Texts that are nearly the same, found without comparing all with all.

Each text has a few keys: one of all its letters, and four that two texts share with a probability that rises steeply
with the share of grams that they have in common (MinHash in bands: Broder 1997, doi:10.1109/SEQUEN.1997.666900; one
permutation: Li, Owen, Zhang 2012). What shares a key is compared in full.
"""

import hashlib

import numpy as np

from alcca.matching.ngrams import Integers, distinct, grams_of

__all__ = ["SAME", "keys_of", "share_in_common"]

# Smallest hashes of a key, and keys. Texts that have 90% of their grams in common share a key in 97 of 100 cases, those
# that have 20% in 1 of 1,000.
ROWS, BANDS = 5, 4
# Fewer grams leave some of the classes empty, of which each has a smallest hash.
FEWEST = 150
# Texts are versions of one if the smaller one has this share of its grams in common with the other.
SAME = 0.7
_ODD = np.uint64(0x9E3779B97F4A7C15)
_NOTHING = np.uint64(0xFFFFFFFF)


def keys_of(letters: list[bytes], gram: Integers, text: Integers) -> list[list[int]]:
    """The keys of each of n folded texts, with their grams as of `alcca.matching.ngrams.grams_of`.

    Keys are 64-bit integers; short texts have only the one of all their letters.

    Examples
    --------
    >>> texts = [b"hellodarknessmyoldfriend", b"hellodarknessmyoldfriend", b"yesterday"]
    >>> one, other, third = keys_of(texts, *grams_of(texts))
    >>> one == other, one == third
    (True, False)
    """
    count = len(letters)
    hashes = (gram.astype(np.uint64) * _ODD) >> np.uint64(16)
    classes = ROWS * BANDS
    place = text * classes + (hashes % np.uint64(classes)).astype(np.int64)
    least = np.full(count * classes, _NOTHING, np.uint64)
    np.minimum.at(least, place, (hashes // np.uint64(classes)) & np.uint64(0xFFFFFFFF))
    bands = least.reshape(count, BANDS, ROWS)
    mixed = np.arange(1, BANDS + 1, dtype=np.uint64)[np.newaxis].repeat(count, 0)
    with np.errstate(over="ignore"):
        for row in range(ROWS):
            mixed = (mixed ^ bands[:, :, row]) * _ODD
            mixed ^= mixed >> np.uint64(29)
    # SQLite's integers have a sign.
    signed = mixed.view(np.int64)
    usable = (bands != _NOTHING).all(axis=2) & (np.bincount(text, minlength=count) >= FEWEST)[:, np.newaxis]
    exact = (int.from_bytes(hashlib.blake2b(one, digest_size=8).digest(), "little", signed=True) for one in letters)
    return [[whole, *row[good].tolist()] for whole, row, good in zip(exact, signed, usable, strict=True)]


def share_in_common(one: bytes, other: bytes) -> float:
    """The share of the grams of two folded texts that both have, of those of the shorter one; in [0, 1].

    Examples
    --------
    >>> share_in_common(b"hellodarkness", b"hellodarknessmyoldfriend"), share_in_common(b"hello", b"yesterday")
    (1.0, 0.0)
    """
    mine, yours = (distinct(grams_of([text])[0]) for text in (one, other))
    if not mine.size or not yours.size:
        return float(one == other)
    return np.intersect1d(mine, yours, assume_unique=True).size / min(mine.size, yours.size)
