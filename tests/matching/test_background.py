"""The evidence of words, beside texts of other songs."""

import random

import numpy as np
import pytest
from tests.matching.texts import SONGS, misheard

from alcca.matching.background import WORDS, Background, bundled_background
from alcca.matching.bits import bits

ALL = [text for texts in SONGS.values() for text in texts]


def test_a_search_adds_shared_words_to_songs_that_align():
    query = " ".join(ALL[13].split()[:20])
    evidence, aligned = bundled_background().matches(query, [*ALL, "", None])
    np.testing.assert_array_equal(aligned[aligned > 0], bits([query], [*ALL, "", None])[0][aligned > 0])
    assert evidence.argmax() == 13
    assert aligned[13] + 1 < evidence[13] <= aligned[13] + WORDS + 1e-9
    assert (evidence >= aligned).all()
    # Nothing is added to songs that do not align, however many words they share.
    assert not evidence[aligned == 0].any()
    assert (aligned == 0).any()
    assert evidence[-2:].tolist() == [0.0, 0.0]


def test_words_that_are_rare_decide_between_songs_that_align_alike():
    background = Background([f"{word} we sing all day" for word in "abcdefghij"])
    query = "zanzibar i saw it and then we sing all day"
    songs = ["we sing all day until we stop and rest", "we sing all day until we reach zanzibar"]
    (common, rare), aligned = background.matches(query, songs)
    assert abs(aligned[1] - aligned[0]) < 2
    assert rare - aligned[1] > common - aligned[0]


def test_what_a_transcript_has_in_common_leaves_out_its_own_lyrics():
    draw = random.Random(3)
    heard = misheard(ALL[4], 0.1, draw)
    others = [text for i, text in enumerate(ALL) if i != 4]
    assert Background(ALL).common([heard])[0] == pytest.approx(Background(others).common([heard])[0], abs=4)
    assert Background([ALL[4]]).common([heard]).tolist() == [0.0]
    assert Background([]).common([heard]).tolist() == [0.0]


def test_the_bundled_texts_are_songs_of_several_languages():
    background = bundled_background()
    assert bundled_background() is background
    assert len(background._compared) == 200
    text = " ".join(background._compared)
    assert all(word in text for word in (" the ", " und ", " les ", " che "))
    assert all(20 < len(song) < 3000 for song in background._compared)
