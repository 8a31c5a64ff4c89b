"""Predefined splits: which songs a comparison learns from and which it ranks, as a data set or a splitter says.

They are checked before anything is computed. A song that is learned from and ranked, a song that a split forgets, or
songs of one group on both sides would make results that are too good or not comparable.
"""

import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.experiments.folds import MIN_SONGS_IN_A_FOLD

__all__ = ["Split", "predefined_splits", "rows_by_place", "splits_fingerprint"]

PARTS = ("train", "validation", "test")
# Other names of the parts, as data sets have them.
NAMES = {**{part: part for part in PARTS}, "training": "train", "val": "validation", "valid": "validation",
         "dev": "validation", "testing": "test"}  # fmt: skip
# How many songs a message names.
NAMED = 5


class Split(NamedTuple):
    """The songs of one fold, as ascending row numbers.

    Parameters
    ----------
    train, test : arrays of int64
        The songs that methods are fitted on, and those that are ranked.
    validation : array of int64
        Songs that are kept out of both, for choices; often none.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    validation: NDArray[np.int64]


def predefined_splits(
    cv: Any, groups: NDArray[np.integer], *, y: Sequence[Any] | None = None, ids: Sequence[str] | None = None
) -> list[Split]:
    """Return the splits that are given as scikit-learn's ``cv``, or as a column of names, after their check.

    Parameters
    ----------
    cv : iterable of (train, test), splitter, or sequence of n str
        Row numbers, or n truth values each, of one or more folds; an object with ``split(X, y, groups)``, such as
        scikit-learn's `GroupKFold`; or the part of each song: "train", "validation" ("val", "valid", "dev") or "test".
    groups : (n,) array of int
        The group of each song, from `alcca.experiments.folds.song_groups`. A splitter gets them.
    y : sequence of n, optional
        The label of each song, which a splitter gets as numbers; songs without a label share one of their own.
    ids : sequence of n str, optional
        Names of the songs in errors.

    Returns
    -------
    list of Split
        One for each fold, one in all for names. The test songs of several folds may overlap, as in repeated
        cross-validation.

    Raises
    ------
    UsageError
        ``cv`` is none of these, names an unknown part, or a row that does not exist; a splitter refuses the songs.
    DataError
        A song is in two parts of a split, or in none; songs of one group are in different parts of it; or a test or
        training part has fewer than two songs.

    Examples
    --------
    >>> predefined_splits(["train", "train", "val", "test", "test"], np.arange(5))
    [Split(train=array([0, 1]), test=array([3, 4]), validation=array([2]))]
    >>> from sklearn.model_selection import KFold
    >>> [split.test.tolist() for split in predefined_splits(KFold(2), np.array([0, 0, 1, 2]))]
    [[0, 1], [2, 3]]
    >>> predefined_splits([([0, 1], [2, 3])], np.array([0, 1, 1, 2]))
    Traceback (most recent call last):
    alcca.errors.DataError: split 0: songs of one group are in train and in test: 1 and 2; keep groups whole
    """
    groups = np.asarray(groups)
    n = len(groups)
    names = [str(row) for row in range(n)] if ids is None else [f"{row} ({name})" for row, name in enumerate(ids)]
    splits = _given(cv, groups, y)
    if not splits:
        raise UsageError("cv: expected one or more pairs (train, test), got none")
    for number, split in enumerate(splits):
        _check(split, groups, names, f"split {number}")
    return splits


def rows_by_place(
    splits: Sequence[Split], seeds: Iterable[int]
) -> dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The training and the test songs of each seed and fold, as `alcca.experiments.protocol` has them.

    Splits that are given are the same for every seed.

    Examples
    --------
    >>> splits = predefined_splits(["train", "train", "test", "test"], np.arange(4))
    >>> rows_by_place(splits, [0, 7])[7, 0]
    (array([0, 1]), array([2, 3]))
    """
    return {(seed, fold): (split.train, split.test) for seed in seeds for fold, split in enumerate(splits)}


def splits_fingerprint(splits: Sequence[Split]) -> str:
    """A digest of all splits, for the keys of fits that are kept.

    Examples
    --------
    >>> one, other = (predefined_splits([pair], np.arange(4)) for pair in (([0, 1], [2, 3]), ([2, 3], [0, 1])))
    >>> splits_fingerprint(one) == splits_fingerprint(other)
    False
    """
    parts = [part.tolist() for split in splits for part in split]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _given(cv: Any, groups: NDArray[np.integer], y: Sequence[Any] | None) -> list[Split]:
    n = len(groups)
    iterable = isinstance(cv, Iterable) and getattr(cv, "ndim", 1) > 0  # an array may have no dimension
    if isinstance(cv, str | bytes | Mapping) or not (hasattr(cv, "split") or iterable):
        raise UsageError(
            f"cv: expected pairs (train, test) of row numbers, a splitter with split(X, y, groups), or one of "
            f"{', '.join(PARTS)} for each song, got {type(cv).__name__} {cv!r:.60}; for a number of folds, give folds"
        )
    if hasattr(cv, "split"):
        try:
            with warnings.catch_warnings():
                # A splitter that ignores groups is told from its splits: if one breaks a group, that is an error.
                warnings.filterwarnings("ignore", "The groups parameter is ignored")
                pairs = list(cv.split(np.zeros((n, 1)), None if y is None else _numbers(y), groups))
        except (ValueError, TypeError) as error:
            raise UsageError(f"cv: {type(cv).__name__} cannot split these {n} songs: {error}") from error
    else:
        pairs = list(cv)
        if any(isinstance(entry, str) for entry in pairs):
            return [_named(pairs, n)]
    return [_pair(pair, n, f"split {number}") for number, pair in enumerate(pairs)]


def _numbers(y: Sequence[Any]) -> NDArray[np.int64]:
    """Labels as numbers; -1 for songs without one."""
    import pandas as pd

    return np.asarray(pd.factorize(np.fromiter(y, dtype=object))[0], dtype=np.int64)


def _named(names: Sequence[Any], n: int) -> Split:
    if len(names) != n:
        raise UsageError(f"cv: expected one of {', '.join(PARTS)} for each of the {n} songs, got {len(names)}")
    parts = [NAMES.get(name.strip().lower()) if isinstance(name, str) else None for name in names]
    unknown = [row for row, part in enumerate(parts) if part is None]
    if unknown:
        raise UsageError(
            f"cv: expected {', '.join(PARTS)} for each song, got {names[unknown[0]]!r} in row {unknown[0]}"
            + (f" and no known name in {len(unknown) - 1} others" if len(unknown) > 1 else "")
        )
    train, validation, test = (
        np.array([row for row, own in enumerate(parts) if own == part], np.int64) for part in PARTS
    )
    return Split(train, test, validation)


def _pair(pair: Any, n: int, which: str) -> Split:
    try:
        train, test = pair
    except (TypeError, ValueError) as error:
        raise UsageError(f"cv: {which}: expected a pair (train, test) of row numbers, got {pair!r:.60}") from error
    return Split(_rows(train, n, f"cv: {which}: train"), _rows(test, n, f"cv: {which}: test"), np.empty(0, np.int64))


def _rows(given: Any, n: int, name: str) -> NDArray[np.int64]:
    try:
        rows = np.asarray(given)
    except ValueError as error:
        raise UsageError(f"{name}: expected row numbers, got {given!r:.60} ({error})") from error
    if rows.dtype == bool and rows.shape == (n,):
        return np.flatnonzero(rows).astype(np.int64)
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise UsageError(f"{name}: expected row numbers, or {n} truth values, got {rows.dtype} of shape {rows.shape}")
    outside = rows[(rows < 0) | (rows >= n)]
    if len(outside):
        raise UsageError(f"{name}: expected rows from 0 to {n - 1}, got {outside[0]}")
    return np.sort(rows).astype(np.int64)


def _check(split: Split, groups: NDArray[np.integer], names: Sequence[str], which: str) -> None:
    counts = {part: np.bincount(getattr(split, part), minlength=len(groups)) for part in PARTS}
    for part, count in counts.items():
        if (count > 1).any():
            raise DataError(f"{which}: {part} has songs twice: {_listed(np.flatnonzero(count > 1), names)}")
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        both = np.flatnonzero((counts[one] > 0) & (counts[other] > 0))
        if len(both):
            raise DataError(f"{which}: songs are in {one} and in {other}: {_listed(both, names)}")
    missing = np.flatnonzero(sum(counts.values()) == 0)
    if len(missing):
        raise DataError(
            f"{which}: songs are in no part: {_listed(missing, names)}; leave them out of the data set, or "
            "give the part of each song by name, and theirs as validation"
        )
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        _check_groups(
            getattr(split, one),
            getattr(split, other),
            groups,
            names,
            f"{which}: songs of one group are in {one} and in {other}",
        )
    for part in ("train", "test"):
        if len(getattr(split, part)) < MIN_SONGS_IN_A_FOLD:
            raise DataError(
                f"{which}: expected at least {MIN_SONGS_IN_A_FOLD} songs in {part}, got {len(getattr(split, part))}"
            )


def _check_groups(
    one: NDArray[np.int64], other: NDArray[np.int64], groups: NDArray[np.integer], names: Sequence[str], what: str
) -> None:
    leaking = np.intersect1d(groups[one], groups[other])
    if len(leaking):
        pairs = [[rows[groups[rows] == group][0] for rows in (one, other)] for group in leaking[:NAMED]]
        named = ", ".join(f"{names[first]} and {names[second]}" for first, second in pairs)
        more = f", and {len(leaking) - NAMED} more groups" if len(leaking) > NAMED else ""
        raise DataError(f"{what}: {named}{more}; keep groups whole")


def _listed(rows: NDArray[np.integer], names: Sequence[str]) -> str:
    more = f", and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return ", ".join(names[row] for row in rows[:NAMED].tolist()) + more
