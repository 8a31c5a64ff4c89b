"""Lines that are written once and sung again."""

import pytest

from alcca.texts.timed import TimedLine, TimedWord
from alcca.timing.lyric_words import lyric_lines
from alcca.timing.repeats import MOST_TIMES, Turn, asked_turns, heard_turns
from alcca.transcripts import Segment, Transcript

TEXT = """One morning in the harbour town
The ropes were wet with rain
Copper lanterns swing along the quay
You were always singing out of key
Every summer afternoon belonged to us
Gather up the baskets now"""


def asked(text):
    lines = lyric_lines(text)
    return ["+" * again + lines[line].text for line, again in asked_turns(lines)]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("[Chorus]\nhey\nho\n\n[Verse]\nla\n\n[Chorus]", "[Chorus] hey ho [Verse] la [Chorus] +hey +ho"),
        ("Chorus:\nhey\n\nla\n\n(Chorus)\n\nlo", "Chorus: hey la (Chorus) +hey lo"),
        ("Refrain:\n\nhey\n\nla\n\n(Refrain)", "Refrain: hey la (Refrain) +hey"),
        ("Chorus\nhey\n\nla\n\nChorus", "Chorus hey la Chorus +hey"),
        ("Chorus:\nhey\n\nla\n\nChorus:\n\nlo", "Chorus: hey la Chorus: +hey lo"),
        ("[Hook 1]\nhey\n[Hook 2]\nho\n[Hook 2]\n[Hook]", "[Hook 1] hey [Hook 2] ho [Hook 2] +ho [Hook] +hey"),
        ("[Chorus]\nhey\n[Chorus 2]", "[Chorus] hey [Chorus 2] +hey"),
        ("[Verse]\nla\n[Repeat Verse]", "[Verse] la [Repeat Verse] +la"),
        ("[Chorus x2]\nhey\nho\n\nla", "[Chorus x2] hey ho +hey +ho la"),
        ("[Chorus: 3x]\nhey", "[Chorus: 3x] hey +hey +hey"),
        ("[Chorus]\nhey\n[Chorus ×2]", "[Chorus] hey [Chorus ×2] +hey +hey"),
        ("la\n\nhey\nho\n(x2)\n\nlo", "la hey ho (x2) +hey +ho lo"),
        ("hey (x3)\nlo", "hey (x3) +hey (x3) +hey (x3) lo"),
        ("hey bis\nho (bis)", "hey bis +hey bis ho (bis) +ho (bis)"),
        ("[Chorus] hey\nho\n\nla\n[Chorus]", "[Chorus] hey ho la [Chorus] +[Chorus] hey +ho"),
        # Nothing to refer to; words of a song.
        ("(Chorus)\n\nla", "(Chorus) la"),
        ("(x2)", "(x2)"),
        ("bistro\n10 times\ntax 2 you", "bistro 10 times tax 2 you"),
    ],
)  # fmt: skip
def test_marks_ask_for_lines_again(text, order):
    assert " ".join(asked(text)) == order


def test_a_text_cannot_ask_for_any_number_of_times():
    assert len(asked("hey (x99)")) == MOST_TIMES


def heard(segments, timed, text=TEXT, turns=None):
    """The numbers of the turns' lines, with a sign before those that are sung again; what has a time was heard too."""
    lines = lyric_lines(text)
    turns = turns or [Turn(number) for number in range(len(lines))]
    found = [
        TimedLine(lines[turn.line].text, *(times or (None, None))) for turn, times in zip(turns, timed, strict=True)
    ]
    said = [Segment(line.start, line.end, line.text) for line in found if line.start is not None]
    segments = sorted([*said, *(Segment(*one) for one in segments)], key=lambda one: one.start)
    transcript = Transcript(tuple(segments), seconds=100.0)
    return [("+" if again else "") + str(line) for line, again in heard_turns(turns, found, lines, transcript)]


TIMED = [(0.0, 3.0), (3.0, 6.0), (6.0, 9.0), (9.0, 12.0), (40.0, 43.0), (43.0, 46.0)]
CHORUS = [(20.0, 23.0, "Cooper lanterns swinging on the key"), (23.0, 26.0, "you where always singing out of key")]


def test_lines_that_were_heard_where_none_is_are_sung_again():
    assert heard(CHORUS, TIMED) == ["0", "1", "2", "3", "+2", "+3", "4", "5"]
    behind = [(start + 40, end + 40, text) for start, end, text in CHORUS]
    assert heard([*CHORUS, *behind], TIMED) == ["0", "1", "2", "3", "+2", "+3", "4", "5", "+2", "+3"]
    assert heard(CHORUS, [(start + 40, end + 40) for start, end in TIMED])[:2] == ["+2", "+3"]


def test_all_that_was_heard_in_one_gap_is_taken_in_its_order():
    rain = [(26.0, 29.0, "the rope swear wet with rain")]
    assert heard([*CHORUS, *rain], TIMED) == ["0", "1", "2", "3", "+2", "+3", "+1", "4", "5"]
    twice = [(start + 9, end + 9, text) for start, end, text in CHORUS]
    assert heard([*CHORUS, *rain, *twice], TIMED) == ["0", "1", "2", "3", "+2", "+3", "+1", "+2", "+3", "4", "5"]


def test_other_words_and_few_letters_are_no_lines():
    other = [(20.0, 26.0, "Seven trains are leaving but there is not one for me, paper tickets in my hand")]
    assert heard(other, TIMED) == list("012345")
    assert heard([(20.0, 22.0, "out of key")], TIMED) == list("012345")
    short = TEXT.replace("Gather up the baskets now", "Out of key")
    assert heard([(20.0, 22.0, "out of key")], TIMED, short) == list("012345")


def test_what_a_line_is_sung_to_is_not_taken_again():
    # One long segment, whose middle lies between its lines.
    lines = lyric_lines(TEXT)
    turns = [Turn(2), Turn(3)]
    found = [TimedLine(lines[2].text, 1.0, 3.0), TimedLine(lines[3].text, 30.0, 33.0)]
    whole = Transcript((Segment(0.0, 33.0, f"{CHORUS[0][2]} {CHORUS[1][2]}"),), seconds=33.0)
    assert heard_turns(turns, found, lines, whole) == turns
    # A gap without room.
    assert heard(CHORUS, [*TIMED[:3], (9.0, 22.0), (24.9, 43.0), TIMED[5]]) == list("012345")


def test_a_gap_inside_of_a_line_is_one_before_most_of_its_words():
    lines = lyric_lines("Copper lanterns swing along the quay\nEvery summer afternoon")
    words = [TimedWord(start, "x", start + 1) for start in (4.0, 40.0, 41.0)]
    found = [TimedLine(lines[0].text, 0.0, 3.0), TimedLine(lines[1].text, 4.0, 42.0, tuple(words))]
    transcript = Transcript((Segment(20.0, 24.0, "copper lanterns swing along the key"),), seconds=42.0)
    assert heard_turns([Turn(0), Turn(1)], found, lines, transcript) == [Turn(0), Turn(0, True), Turn(1)]


def test_a_line_that_was_not_found_is_not_sung_again():
    assert heard(CHORUS, [*TIMED[:2], None, None, *TIMED[4:]]) == list("012345")


def test_lines_come_before_the_heading_of_the_next_ones():
    text = TEXT.replace("Every", "[Bridge]\nEvery")
    assert heard(CHORUS, [*TIMED[:4], None, *TIMED[4:]], text) == ["0", "1", "2", "3", "+2", "+3", "4", "5", "6"]


def test_what_was_asked_for_and_found_is_not_added_once_more():
    turns = [*map(Turn, range(4)), Turn(2, True), Turn(3, True), Turn(4), Turn(5)]
    found = heard(CHORUS, [*TIMED[:4], (20.0, 23.0), (23.0, 26.0), *TIMED[4:]], turns=turns)
    assert found == ["0", "1", "2", "3", "+2", "+3", "4", "5"]


def test_no_line_was_found():
    assert heard(CHORUS, [None] * 6) == list("012345")
