"""Given times against those that were heard."""

from dataclasses import replace

import numpy as np
import pytest

from alcca.texts.timed import TimedLine, TimedLyrics, TimedWord
from alcca.timing.given_times import check_times, retime

WORDS = ("copper", "lanterns", "swing", "along", "the", "quay", "you", "were", "always", "singing", "out", "of", "key")


def lyrics(starts, format_="lrc", confidence=None):
    lines = tuple(
        TimedLine(f"{WORDS[number % 13]} {number}", start, None, (TimedWord(start, "x"),), confidence)
        for number, start in enumerate(starts)
    )
    return TimedLyrics(format_, lines)


HEARD = np.arange(20) * 10.0 + 5
NOISE = np.random.default_rng(0).normal(0, 0.1, 20)


@pytest.mark.parametrize(("offset", "drift"), [(0.0, 0.0), (0.5, 0.0), (-1.2, 0.0), (0.3, 0.01), (0.0, -0.004)])
def test_offset_and_drift_are_found_and_corrected(offset, drift):
    given = lyrics((HEARD - offset) / (1 + drift) + NOISE)
    aligned = lyrics(HEARD, "aligned", 0.9)
    found = check_times(given, aligned)
    assert found.offset == pytest.approx(offset, abs=0.15)
    assert found.drift == pytest.approx(drift, abs=0.001)
    assert (found.drift == 0) == (drift == 0)
    assert found.lines_compared == 20
    moved = retime(given, aligned)
    assert [line.start for line in moved.lines] == pytest.approx(HEARD, abs=0.5)
    assert [line.words[0].start for line in moved.lines] == [line.start for line in moved.lines]
    assert (moved.format, [line.text for line in moved.lines]) == ("lrc", [line.text for line in given.lines])


def test_outliers_change_little():
    given = (HEARD - 0.5).tolist()
    given[3] += 40
    given[11] -= 25
    assert check_times(lyrics(given), lyrics(HEARD, "aligned", 0.9)).offset == pytest.approx(0.5, abs=0.05)


def test_times_of_another_recording_are_moved_apiece():
    # Two breaks of which the given times have less.
    given = np.where(np.arange(20) < 7, HEARD, np.where(np.arange(20) < 14, HEARD - 8, HEARD - 17))
    aligned = lyrics(HEARD, "aligned", 0.9)
    found = check_times(lyrics(given), aligned)
    assert not found.is_linear
    assert "another recording" in found.sentence
    aligned = replace(aligned, lines=(*aligned.lines[:9], replace(aligned.lines[9], start=None), *aligned.lines[10:]))
    assert [line.start for line in retime(lyrics(given), aligned).lines] == pytest.approx(HEARD)


def test_only_lines_that_were_heard_clearly_count():
    doubtful = lyrics(HEARD, "aligned", 0.2)
    assert check_times(lyrics(HEARD - 3), doubtful).lines_compared == 0
    assert retime(lyrics(HEARD - 3), doubtful) == lyrics(HEARD - 3)
    assert "no line" in check_times(lyrics(HEARD - 3), doubtful).sentence


def test_a_line_more_or_less_does_not_matter():
    aligned = lyrics(HEARD, "aligned", 0.9)
    given = lyrics(HEARD - 1)
    given = replace(given, lines=(TimedLine("made by somebody", 0.0), *given.lines[:5], *given.lines[6:]))
    found = check_times(given, aligned)
    assert (found.lines_compared, found.offset) == (19, 1.0)


@pytest.mark.parametrize(
    ("offset", "said"),
    [(0.5, "0.5 s later than"), (-2.0, "2.0 s earlier than"), (0.0, "times of the lyrics are right")],
)
def test_people_are_told(offset, said):
    assert said in check_times(lyrics(HEARD - offset), lyrics(HEARD, "aligned", 0.9)).sentence


def test_no_time_is_before_the_start():
    moved = retime(lyrics(HEARD), lyrics(np.maximum(HEARD - 8, 0.1), "aligned", 0.9))
    assert min(line.start for line in moved.lines) >= 0
