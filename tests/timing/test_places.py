"""Rough places: what was heard is near its time, and all else between."""

import numpy as np

from alcca.timing.places import rough_places
from alcca.transcripts import Segment, Transcript

WORDS = ["copper", "lanterns", "swing", "along", "the", "quay", "you", "were", "always", "singing", "out", "of", "key"]


def test_words_are_between_those_that_were_heard():
    heard = Transcript((Segment(10, 12, "copper lanterns swing along"), Segment(40, 42, "always singing out of key")))
    places = rough_places(heard, WORDS, 60.0)
    assert places.heard.tolist() == [True] * 4 + [False] * 4 + [True] * 5
    for values in (places.likely, places.earliest, places.latest):
        assert (np.diff(values) >= 0).all()
    assert (places.earliest <= places.likely).all()
    assert (places.likely <= places.latest).all()
    assert 12 < places.likely[5] < 40
    # In the gap they may be further off than those that were heard.
    assert places.latest[5] - places.earliest[5] > places.latest[0] - places.earliest[0]


def test_words_without_room_lie_outside_of_the_recording():
    places = rough_places(Transcript((Segment(1, 2, "swing along the quay you were"),)), WORDS, 3.0)
    assert places.likely[0] < 1
    assert places.likely[-1] > 2
    long = [*WORDS, *(["Lalala"] * 200)]
    assert (
        rough_places(Transcript((Segment(1, 3, "copper lanterns swing along the quay"),)), long, 4.0).earliest[-1] > 4
    )


def test_nothing_heard_is_spread_over_the_recording():
    places = rough_places(Transcript(), WORDS, 60.0)
    assert not places.heard.any()
    assert places.likely[0] == 0
    assert 30 < places.likely[-1] < 60
