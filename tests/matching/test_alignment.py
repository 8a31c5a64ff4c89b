"""Alignment of letters against a naive one, and which letters stand opposite each other."""

import random

import pytest

from alcca.matching.alignment import GAP_EXTEND, GAP_OPEN, KIN, MATCH, MISMATCH, align, local_scores


def similarity(one, other):
    """What two letters that stand opposite each other are worth."""
    kin = [score for letters, score in KIN.items() if one in letters and other in letters]
    return MATCH if one == other else kin[0] if kin else MISMATCH


def naive(one, other):
    """Smith and Waterman's recursion with Gotoh's affine gaps, cell by cell."""
    best, low = 0, -(10**6)
    above = [0] * (len(other) + 1)
    gap_above = [low] * (len(other) + 1)
    for letter in one:
        row, gap_left = [0], low
        for j, opposite in enumerate(other, start=1):
            gap_left = max(row[j - 1] - GAP_OPEN, gap_left - GAP_EXTEND)
            gap_above[j] = max(above[j] - GAP_OPEN, gap_above[j] - GAP_EXTEND)
            row.append(max(0, above[j - 1] + similarity(letter, opposite), gap_left, gap_above[j]))
        above, best = row, max(best, *row)
    return best


@pytest.mark.parametrize("seed", range(20))
def test_scores_are_smith_and_waterman_s(seed):
    draw = random.Random(seed)
    letters = "aeioustnr0kcgvw"[: draw.randint(2, 15)]
    query = "".join(draw.choices(letters, k=draw.randint(1, 40)))
    targets = ["".join(draw.choices(letters, k=draw.randint(1, 60))) for _ in range(5)]
    assert local_scores(query, targets).tolist() == [naive(query, target) for target in targets]


@pytest.mark.parametrize(("query", "target"), [("", "abc"), ("abc", ""), ("", "")])
def test_nothing_aligns_with_an_empty_text(query, target):
    assert local_scores(query, [target]).tolist() == [0]
    assert align(query, target) is None


def test_texts_too_long_for_sixteen_bits_keep_their_score():
    long = "abcdefghij" * 2000
    assert local_scores(long, [long]).tolist() == [MATCH * 20_000]


def test_letters_that_sound_alike_score_between_equal_and_different_ones():
    equal, kin, other = (int(local_scores("star" + letter + "night", ["startnight"])[0]) for letter in "tdk")
    assert equal > kin > other


def test_opposite_letters_are_equal_and_in_order():
    found = align("xxhelodarknezzmy", "yhellodarknessmyoldfriend")
    assert found is not None
    here, there = found.pairs.T
    assert (here[1:] > here[:-1]).all()
    assert (there[1:] > there[:-1]).all()
    assert all("xxhelodarknezzmy"[i] == "yhellodarknessmyoldfriend"[j] for i, j in found.pairs)
    assert (found.query, found.target) == ((2, 16), (1, 16))
    assert found.score == local_scores("xxhelodarknezzmy", ["yhellodarknessmyoldfriend"])[0]
