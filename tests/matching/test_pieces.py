"""Several places where texts match: how a transcript is cut, and that all of it counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.matching.texts import SONGS

from alcca import HeardWords
from alcca.matching.alignment import local_scores
from alcca.matching.folding import fold
from alcca.matching.pieces import HALF, LETTERS, pieces, piecewise_bits
from alcca.matching.scoring import in_bits

ALL = [text for texts in SONGS.values() for text in texts]
FITS = np.ones((1, len(ALL)), dtype=bool)


@given(st.lists(st.text("abcdefghij", min_size=1, max_size=12), max_size=60))
def test_pieces_are_whole_words_in_order(words):
    found = pieces(" ".join(words))
    assert all(len(piece) < 2 * (LETTERS + 12) for piece in found)
    if len(set(found)) == len(found) and "".join(found) == "".join(words):
        ends = set(np.cumsum([len(word) for word in words]).tolist())
        assert set(np.cumsum([len(piece) for piece in found]).tolist()) <= ends


def test_nothing_is_lost_and_a_short_rest_stays_with_the_last_piece():
    text = " ".join(f"{first}{second}quiet" for first in "abcde" for second in "klmno")
    found = pieces(text)
    assert "".join(found) == fold(text).letters
    assert all(LETTERS <= len(piece) < LETTERS * 1.5 + 7 for piece in found)


def test_what_is_heard_again_in_the_same_letters_counts_once():
    line = "the water is wide i cannot get over and neither have"  # ends with a piece
    assert pieces(f"{line} {line} {line}") == pieces(line)
    assert pieces("la " * 30) == pieces("la " * 60) == ["lala"]


def test_bits_of_pieces_add_up():
    heard = "my love you do me wrong to cast me off discourteously " + "was soll das bedeuten dass ich so traurig bin"
    expected = np.zeros(len(ALL))
    letters = [fold(text).letters for text in ALL]
    lengths = np.array([len(text) for text in letters], dtype=float)
    assert len(pieces(heard)) > 1
    for piece in pieces(heard):
        expected += np.log2(1 + 2 ** (in_bits(local_scores(piece, letters), len(piece), lengths) - HALF))
    assert np.allclose(piecewise_bits([heard], ALL, FITS)[0], expected)


def test_only_pairs_that_are_asked_for_and_have_words_count():
    heard, lyrics = ["no wings to fly", "", "no wings to fly"], ["and neither have i wings to fly", "", "..."]
    asked = np.ones((3, 3), dtype=bool)
    asked[2] = False
    worth = piecewise_bits(heard, lyrics, asked)
    assert worth[0, 0] > 5
    assert np.count_nonzero(worth) == 1


@pytest.mark.parametrize("language", SONGS)
def test_lines_in_another_order_among_others_are_evidence_together(language):
    """Two lines from two ends of a song, with something else between, say more than either of them."""
    text = SONGS[language][0]
    lines = [line for line in text.split("\n") if len(fold(line).letters) > 15]
    first, last = lines[0], lines[-1]
    both = f"{last} xylophones quietly jump over zebras in boxes and vex wizards. {first}"
    row = ALL.index(text)
    alone = max(HeardWords().similarity([first, last], ALL)[:, row])
    assert HeardWords().similarity([both], ALL)[0, row] > alone
