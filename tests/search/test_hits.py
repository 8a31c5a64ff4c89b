"""The hits of a search: which of the matching lines come first."""

from types import SimpleNamespace

from alcca.matching.passages import Passage
from alcca.search.fusion import Ranked
from alcca.search.hits import hit
from alcca.search.part import Evidence

SONG = SimpleNamespace(title="Shenandoah", artist=None, label=None, lyrics="away", paths=(), id=1)


def line(text, number, start=None):
    return Passage(text, number, tuple(text.split()), start, start and start + 1, 9.0)


def found(*evidence):
    made = [Evidence(part, bits, bits, passages) for part, bits, passages in evidence]
    return hit(1, Ranked(SONG, 80.0, 1.0, "sure", made))


def test_lines_of_the_strongest_evidence_come_first():
    read, recognised = [line("you rolling river", 3, 2.0)], [line("away", 1)]
    made = found(("words", 5.0, read), ("space", 1.0, []), ("listening", 75.0, recognised))
    assert made.passages == recognised + read
    assert made.line == "away"
    assert found(("words", 75.0, read), ("listening", 5.0, recognised)).passages == read + recognised


def test_a_line_that_is_found_twice_stands_there_once_and_keeps_its_time():
    timed, other = line("away", 1, 7.0), line("away", 4)
    for weights in ((5.0, 75.0), (75.0, 5.0)):
        made = found(("words", weights[0], [timed]), ("listening", weights[1], [line("away", 1)]))
        assert made.passages == [timed]
    # A refrain, and a line that is sung twice, are different passages.
    again = line("away", 1, 20.0)
    assert found(("words", 5.0, [timed, again]), ("listening", 1.0, [other])).passages == [timed, again, other]
