"""Groups of songs and the folds that keep them together."""

import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.experiments import grouped_folds, song_groups


def naive_groups(group, lyrics):
    """Merge until nothing changes."""
    code = list(range(len(group)))
    changed = True
    while changed:
        changed = False
        for i in range(len(code)):
            for j in range(len(code)):
                linked = (group[i] and group[i] == group[j]) or (lyrics[i] and lyrics[i] == lyrics[j])
                if linked and code[i] != code[j]:
                    code[i] = code[j] = min(code[i], code[j])
                    changed = True
    return code


def test_groups_are_the_connected_parts():
    rng = np.random.default_rng(0)
    for _ in range(20):
        group = [["", None, "a", "b", "c", "d", "e"][i] for i in rng.integers(7, size=15)]
        lyrics = [["", "one", "two", "three", "four", "five"][i] for i in rng.integers(6, size=15)]
        expected = naive_groups(group, lyrics)
        got = song_groups(group, lyrics)
        np.testing.assert_array_equal(got[:, None] == got, np.equal.outer(expected, expected))
        # Numbered in order of first appearance.
        assert list(dict.fromkeys(got.tolist())) == list(range(got.max() + 1))


def test_the_same_words_in_another_spelling_are_one_song():
    assert song_groups(None, ["Hello, DARKNESS!", "hello\n\ndarkness", "hello", "…", "!!"]).tolist() == [0, 0, 1, 2, 3]


def test_a_group_and_words_of_the_same_spelling_are_different_links():
    assert song_groups(["la", None], ["so", "la"]).tolist() == [0, 1]


def test_without_groups_and_words_every_song_is_alone():
    assert song_groups(None, None, n=3).tolist() == [0, 1, 2]
    assert song_groups(None, ["", ""]).tolist() == [0, 1]
    with pytest.raises(UsageError, match="agree"):
        song_groups(None, None)
    with pytest.raises(UsageError, match="agree"):
        song_groups(["a"], ["b", "c"])


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_in_two_folds_and_folds_are_balanced(seed):
    groups = np.random.default_rng(seed).integers(60, size=203)
    fold = grouped_folds(groups, 5, seed)
    assert all(len(set(fold[groups == g])) == 1 for g in set(groups))
    sizes = np.bincount(fold)
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() <= 1 + np.bincount(groups).max()
    assert sizes.max() <= 42


def test_the_seed_decides_the_folds():
    groups = np.arange(50)
    assert grouped_folds(groups, 5, 1).tolist() == grouped_folds(groups, 5, 1).tolist()
    assert grouped_folds(groups, 5, 1).tolist() != grouped_folds(groups, 5, 2).tolist()


def test_group_numbers_may_have_gaps():
    assert np.bincount(grouped_folds(np.array([3, 900, 7, 7]), 2)).tolist() == [2, 2]


def test_too_few_songs_or_groups_are_refused():
    with pytest.raises(DataError, match="10 songs in 3 groups do not fill 5 folds"):
        grouped_folds(np.repeat([0, 1, 2], [4, 3, 3]), 5)
    with pytest.raises(DataError, match="9 songs in 9 groups"):
        grouped_folds(np.arange(9), 5)
    for folds in (1, 2.5, "3", None):
        with pytest.raises(UsageError, match=f"folds={folds!r}: expected a whole number of at least 2"):
            grouped_folds(np.arange(9), folds)
