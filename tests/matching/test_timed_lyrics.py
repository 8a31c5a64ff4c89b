"""Times of lines: in order, and interpolated."""

import pytest

from alcca.matching.timed_lyrics import time_lines
from alcca.transcripts import Segment, Transcript

LYRICS = "Oh Shenandoah, I long to hear you\nAway, you rolling river\nAcross the wide Missouri\nAway, I'm bound away"


def segments(*heard):
    return Transcript(tuple(Segment(start, end, text) for start, end, text in heard))


def test_lines_get_the_time_at_which_their_first_letter_is_sung():
    heard = segments((5, 9, "o shenandoah i long to hear you"), (12, 16, "across the wide missouri"))
    times = [time for time, _ in time_lines(heard, LYRICS)]
    assert times[0] == pytest.approx(5, abs=0.3)
    assert times[2] == pytest.approx(12, abs=0.3)


def test_a_line_between_two_that_were_heard_gets_a_time_between():
    heard = segments((5, 9, "o shenandoah i long to hear you"), (13, 16, "across the wide missouri"))
    times = [time for time, _ in time_lines(heard, LYRICS)]
    assert times[1] == pytest.approx((times[0] + times[2]) / 2)
    assert times[3] is None


def test_one_segment_over_two_lines_is_divided_by_its_letters():
    heard = segments((0, 10, "oh shenandoah i long to hear you away you rolling river"))
    times = [time for time, _ in time_lines(heard, LYRICS)]
    assert times[0] == 0
    assert times[1] == pytest.approx(10 * 26 / 45, abs=0.5)


def test_times_never_decrease_though_segments_overlap():
    heard = segments((9, 12, "o shenandoah i long to hear you"), (7, 9, "away you rolling river"), (12, 14, "missouri"))
    times = [time for time, _ in time_lines(heard, LYRICS) if time is not None]
    assert len(times) >= 2
    assert times == sorted(times)


def test_line_ends_of_windows_and_empty_lines_are_no_lines():
    heard = segments((5, 9, "o shenandoah i long to hear you"))
    lines = time_lines(heard, LYRICS.replace("\n", "\r\n\r\n"))
    assert [line for _, line in lines] == LYRICS.split("\n")


@pytest.mark.parametrize("heard", [Transcript(), segments((0, 1, "…"))])
def test_nothing_heard_times_nothing(heard):
    assert time_lines(heard, LYRICS) == [(None, line) for line in LYRICS.split("\n")]
    assert time_lines(segments((0, 1, "river")), "") == []
