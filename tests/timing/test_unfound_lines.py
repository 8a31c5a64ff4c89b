"""Lines between two that were found."""

import numpy as np
import pytest

from alcca.timing.unfound_lines import fill_lines
from alcca.transcripts import Segment, Transcript

LINE_OF = np.repeat(np.arange(3), 2)
LETTERS = np.full(6, 6)


def filled(starts, heard=None):
    starts = np.array([np.nan if one is None else one for one in starts])
    return fill_lines(starts, starts, LINE_OF, LETTERS, heard or Transcript())


def test_a_line_without_room_is_not_sung():
    assert np.isnan(filled([1, 2, None, None, 3, 4])[2:4]).all()
    # A pause is enough only if a voice is in it.
    assert np.isnan(filled([1, 2, None, None, 5, 6])[2:4]).all()
    assert np.isfinite(filled([1, 2, None, None, 5, 6], Transcript((Segment(2.5, 4, "la la lah"),)))[2:4]).all()


def test_a_line_with_room_is_sung_there():
    found = filled([1, 2, None, None, 8, 9])
    assert found[2] == pytest.approx(2.3)
    assert 2.3 < found[3] < 8


def test_a_break_is_not_filled_unless_a_voice_is_in_it():
    starts = [1, 2, None, None, 13, 14]
    assert np.isnan(filled(starts)[2])
    assert np.isfinite(filled([1, 2, None, None, 12.2, 14], Transcript((Segment(4, 8, "la la lah"),)))[2])
    assert np.isnan(filled([1, 2, None, None, 40, 41], Transcript((Segment(4, 8, "la la lah"),)))[2])


def test_nothing_is_filled_before_the_first_and_behind_the_last():
    assert np.isnan(filled([None, None, 5, 6, None, None])[[0, 1, 4, 5]]).all()
