"""Predefined splits: taken as they are given, and refused if they would leak or forget songs."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
)

from alcca.errors import DataError, UsageError
from alcca.experiments.folds import song_groups
from alcca.experiments.splits import Split, predefined_splits, rows_by_place, splits_fingerprint

ALONE = np.arange(6)
NAMES = ["train", "test", "train", "validation", "test", "train"]


def as_lists(splits):
    return [tuple(part.tolist() for part in split) for split in splits]


@pytest.mark.parametrize(
    "column", [list, tuple, np.array, lambda x: np.array(x, object), pd.Series, pd.Categorical, iter]
)
def test_names_are_one_split(column):
    splits = predefined_splits(column(NAMES), ALONE)
    assert as_lists(splits) == [([0, 2, 5], [1, 4], [3])]
    assert isinstance(splits[0], Split)
    assert {part.dtype for part in splits[0]} == {np.dtype(np.int64)}


def test_names_may_be_those_of_data_sets():
    names = ["Training", " TRAIN ", "val", "valid", "dev", "testing", "test"]
    assert as_lists(predefined_splits(names, np.arange(7))) == [([0, 1], [5, 6], [2, 3, 4])]


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Index, lambda rows: np.isin(ALONE, rows), np.uint8])
def test_pairs_are_splits_in_ascending_order(kind):
    pairs = [([5, 0, 1], [4, 3, 2]), ([2, 3, 4], [0, 1, 5])]
    given = iter([(kind(train), kind(test)) for train, test in pairs])
    assert as_lists(predefined_splits(given, ALONE)) == [([0, 1, 5], [2, 3, 4], []), ([2, 3, 4], [0, 1, 5], [])]


def test_a_splitter_gets_groups_and_labels():
    rng = np.random.default_rng(0)
    groups = song_groups(rng.integers(12, size=60).tolist(), None)
    labels = [["sad", "gay", None][i] for i in rng.integers(3, size=60)]
    for splitter in (GroupKFold(4), StratifiedGroupKFold(4)):
        splits = predefined_splits(splitter, groups, y=labels)
        expected = splitter.split(np.zeros(60), pd.factorize(np.array(labels, dtype=object))[0], groups)
        assert as_lists(splits) == [(train.tolist(), test.tolist(), []) for train, test in expected]
    for split in predefined_splits(StratifiedKFold(3), np.arange(60), y=labels):
        for label in ("sad", "gay", None):
            shares = [np.mean([labels[row] == label for row in rows]) for rows in (split.train, split.test)]
            assert abs(shares[0] - shares[1]) < 0.05
    assert len(predefined_splits(KFold(5), np.arange(60))) == 5
    assert as_lists(predefined_splits(PredefinedSplit([0, 0, -1, -1, 1, 1]), ALONE)) == [
        ([2, 3, 4, 5], [0, 1], []), ([0, 1, 2, 3], [4, 5], []),
    ]  # fmt: skip


def test_a_splitter_that_ignores_groups_is_heard_only_if_it_breaks_one(recwarn):
    assert len(predefined_splits(KFold(2), np.array([0, 0, 1, 2]))) == 2
    with pytest.raises(
        DataError, match="split 0: songs of one group are in train and in test: 2 and 1; keep groups whole"
    ):
        predefined_splits(KFold(2), np.array([0, 1, 1, 2]))
    assert len(recwarn) == 0


def test_rows_are_the_same_for_every_seed():
    splits = predefined_splits(KFold(2), ALONE)
    rows = rows_by_place(splits, (3, 4))
    assert list(rows) == [(3, 0), (3, 1), (4, 0), (4, 1)]
    assert [part.tolist() for part in rows[4, 1]] == [[0, 1, 2], [3, 4, 5]]


def test_other_splits_have_another_fingerprint():
    given = [
        NAMES,
        [name.replace("validation", "test") for name in NAMES],
        [([0, 1, 2], [3, 4, 5])],
        KFold(2),
        KFold(3),
    ]
    prints = [splits_fingerprint(predefined_splits(cv, ALONE)) for cv in given]
    assert len(set(prints)) == 5
    assert splits_fingerprint(predefined_splits(iter(NAMES), ALONE)) == prints[0]


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([([0, 1, 2, 3], [3, 2, 4, 5])], "split 0: songs are in train and in test: 2, 3"),
        ([([0, 1, 2], [3, 4, 5]), ([0, 1], [4, 5])], "split 1: songs are in no part: 2, 3; leave them out"),
        (ShuffleSplit(1, test_size=2, train_size=2, random_state=0), "split 0: songs are in no part: "),
        ([([0, 1, 2, 2], [3, 4, 5])], "split 0: train has songs twice: 2"),
        ([([0, 1, 2], [3, 4, 5, 5])], "split 0: test has songs twice: 5"),
        ([([0, 1, 2, 3, 4], [5])], "split 0: expected at least 2 songs in test, got 1"),
        ([([], [0, 1, 2, 3, 4, 5])], "split 0: expected at least 2 songs in train, got 0"),
        (["train"] * 5 + ["val"], "split 0: expected at least 2 songs in test, got 0"),
    ],
)
def test_splits_that_forget_or_repeat_songs_are_refused(cv, message):
    with pytest.raises(DataError, match=message):
        predefined_splits(cv, ALONE)


def test_groups_on_both_sides_are_refused_and_named():
    groups = song_groups(["x", "x", None, None, "y", "y"], ["a", "b", "c", "C!", "e", "f"])
    ids = ["one", "two", "three", "four", "five", "six"]
    match = r"songs of one group are in train and in test: 0 \(one\) and 1 \(two\), 2 \(three\) and 3 \(four\); keep"
    with pytest.raises(DataError, match=match):
        predefined_splits([([0, 2, 4, 5], [1, 3])], groups, ids=ids)
    names = ["train", "train", "test", "test", "train", "val"]
    with pytest.raises(DataError, match="in train and in validation: 4 and 5; keep groups whole"):
        predefined_splits(names, groups)
    names = ["train", "train", "test", "test", "val", "test"]
    with pytest.raises(DataError, match="in validation and in test: 4 and 5; keep groups whole"):
        predefined_splits(names, groups)
    with pytest.raises(
        DataError, match=r"split 0: .*: 0 and 10, 1 and 11, 2 and 12, 3 and 13, 4 and 14, and 5 more groups"
    ):
        predefined_splits([(range(10), range(10, 20))], np.tile(np.arange(10), 2))


def test_many_songs_are_not_all_named():
    with pytest.raises(DataError, match="in no part: 2, 3, 4, 5, 6, and 89 more;"):
        predefined_splits([([0, 1], [96, 97, 98, 99])], np.arange(100))
    with pytest.raises(DataError, match=r"twice: 1 \(b\)$"):
        predefined_splits([([0, 1, 1], [2, 3])], np.arange(4), ids="abcd")


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (5, "cv: expected pairs .* got int 5; for a number of folds, give folds"),
        (None, "cv: expected pairs .* got NoneType None"),
        ("train", "cv: expected pairs .* got str 'train'"),
        ({"train": [0], "test": [1]}, "cv: expected pairs .* got dict"),
        ([], "cv: expected one or more pairs"),
        (NAMES[:5], "cv: expected one of train, validation, test for each of the 6 songs, got 5"),
        ([*NAMES[:5], None], "got None in row 5$"),
        ([*NAMES[:4], "held out", "x"], "got 'held out' in row 4 and no known name in 1 others"),
        ([[0, 1, 2]], r"cv: split 0: expected a pair \(train, test\) of row numbers, got \[0, 1, 2\]"),
        ([([0, 1, 2], [3, 4, 5]), 7], r"cv: split 1: expected a pair .* got 7"),
        ([([0, 1, 2], [3, 4, 6])], "cv: split 0: test: expected rows from 0 to 5, got 6"),
        ([([0, 1, -1], [3, 4, 5])], "cv: split 0: train: expected rows from 0 to 5, got -1"),
        ([([0.0, 1.0], [3, 4, 5])], r"cv: split 0: train: expected row numbers, or 6 truth values, got float64"),
        ([([0, 1], [[3, 4], [5, 2]])], r"cv: split 0: test: .*got int64 of shape \(2, 2\)"),
        ([([0, 1], [[3, 4], [5]])], r"cv: split 0: test: expected row numbers, got \[\[3, 4\], \[5\]\]"),
        ([([True, False], [2, 3])], r"cv: split 0: train: .*got bool of shape \(2,\)"),
        (KFold(7), "cv: KFold cannot split these 6 songs: "),
        (StratifiedKFold(2), "cv: StratifiedKFold cannot split these 6 songs: "),
    ],
)
def test_what_is_no_cv_is_refused(cv, message):
    with pytest.raises(UsageError, match=message):
        predefined_splits(cv, ALONE)
