"""From tokens to words and lines."""

import numpy as np
import pytest

from alcca.timing.lyric_words import lyric_lines
from alcca.timing.timed_words import WordTimes, timed_lines


def times(starts):
    starts = np.array([np.nan if one is None else one for one in starts], dtype=float)
    return WordTimes(starts, starts + 0.1, np.full(len(starts), 0.5))


def lines(text, starts, seconds=100.0):
    return timed_lines(lyric_lines(text), times(starts), np.full(len(starts), 0.9), seconds)


def test_lines_begin_with_their_first_word_and_end_with_their_last():
    first, second = lines("Oh my\nlove", [1.0, 2.0, 10.0])
    assert (first.start, second.start) == (1.0, 10.0)
    assert [(word.start, word.end) for word in first.words] == [(1.0, pytest.approx(1.4)), (2.0, pytest.approx(2.4))]
    assert first.end == first.words[-1].end
    assert first.confidence == 0.9


def test_no_word_ends_behind_the_next_one_or_the_recording():
    found = lines("Oh my\nlove", [1.0, 1.2, 1.3], seconds=1.4)
    assert [word.end for line in found for word in line.words] == [1.2, 1.3, 1.4]


def test_words_between_close_neighbours_get_times_and_others_none():
    assert [word.start for word in lines("one two six", [1.0, None, 3.0])[0].words] == [1.0, 2.0, 3.0]
    assert [word.start for word in lines("one two six", [1.0, None, 30.0])[0].words] == [1.0, None, 30.0]


def test_words_at_the_ends_of_a_line_follow_its_pace_within_their_neighbours():
    found = lines("ab\nab ab ab ab\nab", [4.9, None, 5.0, 5.2, None, 5.3])
    assert [word.start for word in found[1].words] == pytest.approx([4.9, 5.0, 5.2, 5.3])


def test_a_line_that_was_not_found_keeps_no_time():
    (line,) = lines("Oh my", [None, None])
    assert (line.start, line.end) == (None, None)
    assert [(word.start, word.end, word.confidence) for word in line.words] == [(None, None, 0.0)] * 2


def test_a_mark_alone_has_neither_time_nor_confidence():
    mark, line = lines("[Chorus]\nOh my", [1.0, 2.0])
    assert (mark.start, mark.confidence, mark.words[0].start) == (None, None, None)
    assert line.start == 1.0


def test_what_is_not_sung_inside_of_a_line_has_the_time_of_the_word_beside_it():
    (line,) = lines("♪ Oh (x2) my - ♪", [1.0, 2.0])
    oh, my = line.words[1], line.words[3]
    assert [word.start for word in line.words] == [1.0, 1.0, 2.0, 2.0, my.end, my.end]
    assert [word.end for word in line.words] == [1.0, oh.end, 2.0, my.end, my.end, my.end]
    assert {word.confidence for word in line.words} == {0.9}
    assert line.end == my.end
    (line,) = lines("Oh - my", [1.0, None])
    assert line.words[1].start == line.words[0].end
    (line,) = lines("Oh - my", [None, None])
    assert line.words[1].start is None
