"""Lyrics fall into excerpts that overlap, and no letter of them is lost."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alcca.matching.excerpts import EXCERPT_LETTERS, STEP_LETTERS, excerpts
from alcca.matching.folding import fold

WORD = st.text("abcxyzéßжд中文", min_size=1, max_size=70)
GAP = st.sampled_from([" ", "\n", ", ", "'", "\n\n♪ ", "… "])
LYRICS = st.lists(st.tuples(GAP, WORD), max_size=120).map(lambda pairs: "".join(gap + word for gap, word in pairs))


@given(LYRICS | st.text(max_size=800))
@example("la " * 300)
@example("x" * 251)
@example("x" * 250)
def test_excerpts_follow_each_other_without_a_gap(lyrics):
    letters, reached = fold(lyrics).letters, 0
    for excerpt in excerpts(lyrics):
        part = fold(excerpt).letters
        assert 0 < len(part) <= EXCERPT_LETTERS
        # It begins before the one before it ends, and goes farther.
        starts = [start for start in range(reached + 1) if letters.startswith(part, start)]
        assert starts
        assert starts[-1] + len(part) > reached
        reached = starts[-1] + len(part)
        assert excerpt in lyrics
    assert reached == len(letters)


def test_words_stay_whole_and_each_is_in_an_excerpt():
    words = [f"word{number}" for number in range(400)]
    found = excerpts(", ".join(words))
    assert {word for excerpt in found for word in excerpt.replace(",", "").split()} == set(words)
    for one, other in pairwise(found):
        # The last quarter of one is the beginning of the next.
        shared = set(one.replace(",", "").split()) & set(other.replace(",", "").split())
        assert 0 < len("".join(shared)) <= EXCERPT_LETTERS - STEP_LETTERS + len(words[-1])
    assert min(len(fold(excerpt).letters) for excerpt in found[:-1]) > EXCERPT_LETTERS - len(words[-1])


@pytest.mark.parametrize("gap", ["", "\n"], ids=["one line", "long lines"])
def test_a_script_without_spaces_is_divided_between_characters(gap):
    characters = [chr(0x4E00 + number) for number in range(600)]
    text = gap.join("".join(characters[first : first + 100]) for first in range(0, 600, 100))
    found = excerpts(text)
    assert len(found) > 5
    assert set("".join(found)) - {"\n"} == set(characters)
    assert all(len(fold(excerpt).letters) <= EXCERPT_LETTERS for excerpt in found)


def test_short_lyrics_are_one_excerpt_with_their_marks():
    assert excerpts(" «Ah!» — my love…\n") == ["«Ah!» — my love…"]
    assert len(excerpts("a" * EXCERPT_LETTERS)) == 1
    assert len(excerpts("a" * (EXCERPT_LETTERS + 1))) == 2


@pytest.mark.parametrize("nothing", ["", " \n", "… !? ♪"])
def test_without_letters_there_is_no_excerpt(nothing):
    assert excerpts(nothing) == []
