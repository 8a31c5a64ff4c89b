"""Lines that were heard: which, which of their words, and when."""

import pytest

from alcca.matching.passages import find_passages
from alcca.transcripts import Segment, Transcript

SONG = (
    "[Verse 1]\nOh Shenandoah, I long to hear you\nAway, you rolling river\nOh Shenandoah, I long to hear you\n\n"
    "'Cross the wide Missouri\nThe white man loved an Indian maiden\nWith notions his canoe was laden"
)


def test_lines_come_with_their_words_and_the_time_of_the_segment():
    heard = Transcript((Segment(4, 8, "a way you roll in river"), Segment(20, 26, "with notions his cannon was laden")))
    found = {passage.line_number: passage for passage in find_passages(heard, SONG)}
    river, canoe = found[2], found[7]
    assert river.line == "Away, you rolling river"
    assert river.words == ("Away", "you", "rolling", "river")
    assert (river.start, river.end) == pytest.approx((4, 8), abs=0.5)
    assert {"With", "notions", "his", "was", "laden"} <= set(canoe.words)
    assert (canoe.start, canoe.end) == pytest.approx((20, 26), abs=0.5)


def test_one_segment_over_two_lines_is_divided():
    heard = Transcript((Segment(10, 20, "the white man loved an indian maiden with notions his canoe was laden"),))
    first, second = sorted(find_passages(heard, SONG), key=lambda one: one.line_number)
    assert (first.line_number, second.line_number) == (6, 7)
    assert 10 == first.start < first.end <= second.start < second.end == 20


def test_lines_between_that_were_not_sung_are_left_out():
    heard = "away you rolling river with notions his canoe was laden"
    assert {one.line_number for one in find_passages(heard, SONG)} == {2, 7}


def test_the_best_lines_come_first_and_no_more_than_asked_for():
    heard = SONG.replace("Away, you rolling river", "a weird ruling rivet")
    found = find_passages(heard, SONG, most=2)
    assert len(found) == 2
    assert found[0].bits >= found[1].bits > 0


def test_a_typed_text_has_no_times():
    found = find_passages("the wide missouri", SONG)
    assert [(one.line_number, one.start, one.end) for one in found] == [(5, None, None)]
    assert found[0].words == ("the", "wide", "Missouri")


@pytest.mark.parametrize(("heard", "lyrics"), [("", SONG), ("river", ""), (Transcript(), SONG), ("...", "!")])
def test_nothing_matches_nothing(heard, lyrics):
    assert find_passages(heard, lyrics) == []


def test_lines_of_other_scripts_and_line_ends_are_given_as_written():
    found = find_passages("vchera vse moi bedy", "Песня\r\nВчера все мои беды\r\nдалеко")
    assert [(one.line, one.words) for one in found] == [("Вчера все мои беды", ("Вчера", "все", "мои", "беды"))]
