"""Windows that are read again: which, how, and what becomes of the readings; with a model that says what it is told."""

import pytest
from tests.speech.scripted import SPECIAL, TIMES, Whisper, said, script, sound

from alcca.matching.bits import bits
from alcca.speech import recogniser as hearing
from alcca.speech.doubt import can_be_heard_better, is_doubtful
from alcca.speech.hallucinations import clean_second_reading
from alcca.speech.recogniser import Recogniser
from alcca.transcripts import Segment, Transcript

faster_whisper = pytest.importorskip("faster_whisper")

VERSE = "hello darkness my old friend i have come to talk with you again because a vision softly creeping"
LOOP = [0.0, "oh " * 60, 18.0]


@pytest.fixture
def recogniser(monkeypatch, tmp_path):
    monkeypatch.delenv("ALCCA_SPEECH_MODEL", raising=False)
    monkeypatch.setattr(hearing, "find_weights", lambda model, *, offline: tmp_path)
    monkeypatch.setattr(faster_whisper, "WhisperModel", Whisper)
    return Recogniser()


def read_again(recogniser, first, *seconds, scores=()):
    whisper = script(recogniser, first)
    whisper.seconds, whisper.second_scores = list(seconds), list(scores)
    return whisper


def test_a_reading_that_is_clear_is_the_only_one(recogniser):
    whisper = read_again(recogniser, [0.0, VERSE, 18.0])
    heard = recogniser.hear(sound(20))
    assert (heard.text, heard.alternatives, heard.doubtful) == (VERSE, (), False)
    assert (len(whisper.asked), len(whisper.asked_again), len(whisper.places)) == (1, 0, 1)


def test_a_loop_is_read_again_without_time_stamps_and_without_repeating(recogniser):
    whisper = read_again(recogniser, LOOP, [VERSE])
    heard = recogniser.hear(sound(20), start=100.0)
    assert heard.text.replace("\n", " ") == VERSE
    assert heard.doubtful is False
    ((first, options),), ((again, options_again),) = whisper.asked, whisper.asked_again
    assert again == [*first, TIMES - 1]
    assert (options_again["no_repeat_ngram_size"], options_again["repetition_penalty"]) == (4, 1.1)
    assert "no_repeat_ngram_size" not in options
    # One encoding serves both.
    assert len(whisper.places) == 1
    # What the loop began with was sung as well, and both are matched.
    assert [one.text for one in heard.alternatives] == ["oh oh oh oh"]
    assert heard.all_text == f"{heard.text}\noh oh oh oh"


def test_a_word_that_no_other_reading_confirms_is_taken_out_unless_it_is_likely(recogniser):
    for score, language, expected in ((-0.9, 0.9, ""), (-0.3, 0.5, ""), (-0.3, 0.9, "hallelujah")):
        whisper = read_again(recogniser, [0.0, "hallelujah", 6.0])
        whisper.score, whisper.likely = score, [("en", language)]
        assert recogniser.hear(sound(8)).text == expected


def test_times_are_those_at_which_the_decoder_attended(recogniser):
    read_again(recogniser, LOOP, [VERSE])
    heard = recogniser.hear(sound(20), start=100.0)
    words = VERSE.split()
    assert heard.segments[0].start == 100.0
    for one in heard.segments:
        # A word a second; a line ends where the next one begins.
        assert words[round(one.start - 100)] == one.text.split()[0]
        assert words[round(one.end - 100) - 1] == one.text.split()[-1]
    assert max(len(one.text) for one in heard.segments) < 80


def test_no_time_of_a_second_reading_is_beyond_the_end(recogniser):
    read_again(recogniser, [0.0, "oh " * 60, 7.0], [VERSE])
    assert max(one.end for one in recogniser.hear(sound(7)).segments) == 7.0


def test_what_the_next_window_hears_is_left_to_it(recogniser):
    """The first reading begins a segment at 10 s, which the next window hears whole."""
    whisper = script(recogniser, [0.0, "oh " * 60, 10.0, 10.0], [0.0, VERSE, 18.0])
    whisper.seconds = [[VERSE]]
    heard = recogniser.hear(sound(30))
    assert whisper.places[1] == pytest.approx((10.0, 20.0))
    assert [one.start for one in heard.segments if "hello" in one.text] == [0.0, 10.0]
    again = [one for one in heard.segments if one.text != VERSE]
    assert again
    assert max(one.start for one in again) < 10.0


def test_two_readings_in_doubt_make_the_halves_be_read(recogniser):
    half = " ".join(VERSE.split()[:9]), " ".join(VERSE.split()[9:])
    whisper = read_again(recogniser, LOOP, ["and so"], [half[0]], [half[1]])
    heard = recogniser.hear(sound(20), start=100.0)
    assert whisper.places[1:] == [pytest.approx((0.0, 10.0)), pytest.approx((10.0, 10.0))]
    assert heard.text.replace("\n", " ") == VERSE
    assert heard.segments[0].start == 100.0
    assert any(one.start == 110.0 for one in heard.segments)


def test_a_few_seconds_have_no_halves(recogniser):
    whisper = read_again(recogniser, [0.0, "oh " * 60, 7.0])
    assert recogniser.hear(sound(7)).doubtful is True
    assert (len(whisper.asked_again), len(whisper.places)) == (1, 1)


def test_a_moment_is_read_once(recogniser):
    whisper = read_again(recogniser, [])
    assert recogniser.hear(sound(3)).doubtful is False
    assert whisper.asked_again == []


@pytest.mark.parametrize(
    ("reading", "score"),
    [("thank you very much", -0.5), ("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", -0.5), ("na ne na ne na ne na ne", -0.5),
     (VERSE, -1.6)],
)  # fmt: skip
def test_over_music_a_second_reading_invents_nothing(recogniser, reading, score):
    """A phrase, figures, two letters, or what is said without believing it."""
    read_again(recogniser, [0.0, "...", 20.0], [reading], [reading], [reading], scores=[score] * 3)
    heard = recogniser.hear(sound(20))
    assert (heard.has_words, heard.alternatives, heard.language, heard.doubtful) == (False, (), None, True)


def test_the_reading_that_is_not_in_doubt_goes_before_the_likelier_one(recogniser):
    read_again(recogniser, LOOP, [VERSE], scores=[-0.9])
    heard = recogniser.hear(sound(20))
    assert heard.text.startswith("hello")
    assert heard.alternatives[0].log_probability > heard.segments[0].log_probability


def test_who_waits_is_told_what_a_first_reading_says(recogniser):
    told = []
    read_again(recogniser, LOOP, [VERSE])
    heard = recogniser.hear(sound(20), at_first=told.append)
    assert [one.text for one in told] == ["oh oh oh oh"]
    assert told[0].doubtful is True
    read_again(recogniser, LOOP, [VERSE])
    assert recogniser.hear(sound(20)) == heard
    # Not where there is nothing more to come.
    told.clear()
    read_again(recogniser, [0.0, VERSE, 18.0])
    recogniser.hear(sound(20), at_first=told.append)
    assert told == []


def test_languages_are_those_of_the_reading(recogniser):
    """The language that was detected, or given; halves are asked anew where none was."""
    for language, expected in ((None, "de"), ("en", "en")):
        whisper = read_again(recogniser, LOOP, ["and so"], [VERSE], [VERSE])
        whisper.likely = [("br", 0.3), ("de", 0.8), ("de", 0.7)]
        heard = recogniser.hear(sound(20), language=language)
        assert heard.language == expected
        token = whisper.hf_tokenizer.token_to_id(f"<|{expected}|>")
        assert [token in prompt for prompt, _ in whisper.asked_again][-2:] == [True, True]
    assert SPECIAL < token < TIMES


# Doubt


def verse(log_probability=-0.3, text=VERSE):
    return [Segment(0.0, 20.0, text, log_probability)]


@pytest.mark.parametrize(
    ("read", "kept", "seconds", "expected"),
    [
        (verse(), verse(), 20.0, False),
        (verse(), [], 20.0, True),
        ([], [], 20.0, True),
        ([], [], 3.9, False),
        (verse(), verse(), 60.0, True),
        (verse(-0.75), verse(-0.75), 20.0, True),
        (verse(), verse(text=VERSE[:70]), 20.0, True),
    ],
    ids=["clear", "taken out", "nothing", "a moment", "few letters", "unlikely", "collapsed"],
)
def test_doubt(read, kept, seconds, expected):
    assert is_doubtful(read, kept, seconds) is expected


def test_what_can_be_heard_better():
    segments = tuple(verse())
    assert not can_be_heard_better(Transcript(segments, seconds=20.0))
    assert can_be_heard_better(Transcript((), seconds=20.0))
    assert can_be_heard_better(Transcript(tuple(verse(-0.75)), seconds=20.0))
    assert can_be_heard_better(Transcript(tuple(verse(text="oh baby " * 40)), seconds=20.0))
    # By an alcca that reads twice: not by the same model, where it is in doubt by another.
    twice = Transcript((), model="base", seconds=20.0, doubtful=True)
    assert not can_be_heard_better(twice)
    assert not can_be_heard_better(twice, "base")
    assert can_be_heard_better(twice, "small")
    assert not can_be_heard_better(Transcript(segments, model="base", seconds=20.0, doubtful=False), "small")


def test_all_readings_take_part_in_matching():
    one, other = Segment(0, 9, "hello darkness my old friend", -0.9), Segment(0, 9, "people talking without speaking")
    heard = Transcript((one,), "en", alternatives=(other,))
    lyrics = ["Hello darkness, my old friend", "People talking without speaking"]
    assert (bits([heard], lyrics)[0] > 20).all()
    assert Transcript.from_dict(heard.to_dict()) == heard
    assert said(heard) == [(0, 9, "hello darkness my old friend")]


def test_repeated_lines_of_a_second_reading_are_collapsed():
    lines = [Segment(i, i + 1, "come as you are", -0.4) for i in range(9)]
    assert len(clean_second_reading(lines)) == 4


@pytest.mark.parametrize(
    "text",
    [
        "U.S., U.S.A.R., U.L., U.C., U.D., U.N., U.M., U.I, U.D. and so on",
        "M-M-M-A-N-R-E-R-N-A-R-R-U-M-R-I-R-A-L-R-L-U-R-T-R-D-R-Y-R-F-R-S-R-G-R-C-R-K-R-P-R-J-R-B-R-H",
    ],
)
def test_letters_that_are_spelled_are_no_words(text):
    """As the second reading of two of forty songs of instruments had them."""
    assert clean_second_reading([Segment(0, 15, text, -1.1, 0.2)]) == ()
    sung = Segment(0, 15, "I. I and you, a. We are the world, we are the children", -1.1, 0.2)
    assert clean_second_reading([sung]) == (sung,)


def test_an_unlikely_second_reading_of_silence_is_no_words():
    """As it was of noise at -80 dB: Welsh."""
    text = "Yn gweithio'r llawer. Yn gwaithio'n llawer yn llawer yng Nghymru."
    assert clean_second_reading([Segment(0, 30, text, -1.29, 0.95)]) == ()
    for likely in (Segment(0, 30, text, -0.9, 0.95), Segment(0, 30, text, -1.29, 0.8)):
        assert clean_second_reading([likely]) == (likely,)
