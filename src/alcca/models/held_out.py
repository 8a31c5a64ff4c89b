"""Songs that a training keeps out, to choose settings or to stop on, in whole groups.

With two versions of a song on both sides, memorising would pay: ridges that overfit would be chosen, and training of a
network would not stop. This module deals the inner folds and validation sets of all estimators, and the folds of a
comparison.
"""

from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError
from alcca.models.base import is_missing

__all__ = ["deal", "group_codes", "held_out_fifth", "held_out_rows", "inner_folds"]

Codes = NDArray[np.int64]

# Held-out songs are ranked among each other; a single song would always be right.
MIN_SONGS_IN_A_FOLD = 2
# The share of songs that are held out once, to choose settings on.
FIFTH = 0.2
# Of fewer songs, a fifth is one song.
MIN_SONGS_TO_CHOOSE_ON = 10


def group_codes(groups: Any, n: int) -> Codes:
    """Number the groups of songs, in the order in which they first appear.

    Parameters
    ----------
    groups : sequence of hashable, length n, or None
        Songs of one group belong together. None, NaN or "" is a song without a group; None for ``groups`` means that no
        song has one.
    n : int
        The number of songs.

    Returns
    -------
    array of int64, shape (n,)
        0 to the number of groups - 1.

    Raises
    ------
    DataError
        There are not n groups, or a group cannot be hashed.

    Examples
    --------
    >>> group_codes(["yesterday", None, "yesterday", None], 4)
    array([0, 1, 0, 2])
    """
    if groups is None:
        return np.arange(n, dtype=np.int64)
    numbers: dict[Hashable, int] = {}
    try:
        # Members of tensors are hashed by identity, not by value.
        members = list(groups.tolist() if hasattr(groups, "tolist") else groups)
        codes = [numbers.setdefault(object() if is_missing(one) else one, len(numbers)) for one in members]
    except TypeError as error:
        raise DataError(f"groups: expected one hashable a song, such as its title; {error}") from error
    if len(codes) != n:
        raise DataError(f"groups: expected one for each of {n} songs, got {len(codes)}")
    return np.array(codes, dtype=np.int64)


def deal(sizes: NDArray[np.integer], folds: int, order: ArrayLike) -> Codes:
    """Deal groups into folds of nearly equal numbers of songs: the largest first, each to the smallest fold so far.

    Parameters
    ----------
    sizes : array of int, shape (g,)
        Songs of each group.
    folds : int
    order : array of int, shape (g,)
        A permutation of the groups: the order in which groups of equal size are dealt.

    Returns
    -------
    array of int64, shape (g,)
        The fold of each group.

    Examples
    --------
    >>> deal(np.array([1, 3, 1, 1]), folds=2, order=np.arange(4))
    array([1, 0, 1, 1])
    """
    order = np.asarray(order)
    filled, fold_of = np.zeros(folds, dtype=np.int64), np.empty(len(sizes), dtype=np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[group] = np.argmin(filled)
        filled[fold_of[group]] += sizes[group]
    return fold_of


def inner_folds(codes: Codes, folds: int, random_state: int) -> list[Codes]:
    """Deal songs at random to folds that are held out in turn, each group to one fold.

    There are fewer folds if the groups do not fill as many with two songs each: a group of half of the songs fills a
    fold alone.

    Parameters
    ----------
    codes : array of int, shape (n,)
        From `group_codes`.
    folds : int
        At least 2, and at most n / 2.
    random_state : int

    Returns
    -------
    list of arrays of int64
        The rows of each fold, in random order; every row is in one fold.

    Raises
    ------
    DataError
        The groups do not fill two folds.

    Examples
    --------
    >>> [sorted(fold.tolist()) for fold in inner_folds(np.array([0, 0, 0, 1, 2, 2]), folds=3, random_state=0)]
    [[0, 1, 2], [3, 4, 5]]
    """
    rng = np.random.default_rng(random_state)
    rows, sizes = rng.permutation(len(codes)), np.bincount(codes)
    if len(sizes) == len(codes):
        return np.array_split(rows, folds)
    order = rng.permutation(len(sizes))
    for count in range(folds, 1, -1):
        fold_of = deal(sizes, count, order)[codes]
        if np.bincount(fold_of, minlength=count).min() >= MIN_SONGS_IN_A_FOLD:
            return [rows[fold_of[rows] == fold] for fold in range(count)]
    raise DataError(
        f"{len(codes)} songs in {len(sizes)} groups do not fill two inner folds with {MIN_SONGS_IN_A_FOLD} songs "
        "each, as songs of one group are held out together; add songs of other groups"
    )


def held_out_rows(codes: Codes, most: float, order: ArrayLike) -> Codes:
    """Choose whole groups to hold out, at most ``most`` songs if there are groups so small.

    Groups are taken in the given order, until one does not fit; while less than half of ``most`` is held out, it is
    skipped instead. If none fits, the smallest is held out.

    Parameters
    ----------
    codes : array of int, shape (n,)
        From `group_codes`.
    most : float
    order : array of int, shape (g,)
        A random permutation of the groups.

    Returns
    -------
    array of int64
        The rows, in the order of their groups; empty if all songs are of one group.

    Examples
    --------
    >>> held_out_rows(np.array([0, 0, 0, 1, 2, 2]), 2, order=[0, 2, 1])
    array([4, 5])
    """
    sizes = np.bincount(codes)
    if len(sizes) < 2:
        return np.empty(0, dtype=np.int64)
    order = np.asarray(order)
    held_out, count = [], 0
    for group, size in zip(order.tolist(), sizes[order].tolist(), strict=True):
        if count + size <= most:
            held_out.append(group)
            count += size
        elif 2 * count >= most:
            break
    held_out = held_out or [order[np.argmin(sizes[order])]]
    position = np.full(len(sizes), -1)
    position[held_out] = np.arange(len(held_out))
    rows = np.flatnonzero(position[codes] >= 0)
    return rows[np.argsort(position[codes[rows]], kind="stable")]


def held_out_fifth(codes: Codes, random_state: int, *, what: str) -> tuple[Codes, Codes]:
    """Draw the songs to learn from, and those to choose settings on: about a fifth, whole groups at random.

    Parameters
    ----------
    codes : array of int, shape (n,)
        From `group_codes`.
    random_state : int
    what : str
        What is chosen and what to do instead, for the error.

    Returns
    -------
    (array of int64, array of int64)
        The rows to learn from and those to choose on, each ascending.

    Raises
    ------
    DataError
        There are fewer than ten songs, or the groups leave fewer than two to choose on.

    Examples
    --------
    >>> train, held_out = held_out_fifth(np.arange(20) // 2, 0, what="choose a ridge")
    >>> len(train), held_out
    (16, array([ 8,  9, 12, 13]))
    """
    n, count = len(codes), int(codes.max()) + 1
    order = np.random.default_rng(random_state).permutation(count)
    held_out = np.sort(held_out_rows(codes, FIFTH * n, order))
    if len(held_out) < MIN_SONGS_IN_A_FOLD or n < MIN_SONGS_TO_CHOOSE_ON:
        raise DataError(f"{n} songs in {count} groups are too few to {what}, or add songs")
    return np.setdiff1d(np.arange(n), held_out), held_out
