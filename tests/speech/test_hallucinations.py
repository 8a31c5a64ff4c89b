import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcca.speech.hallucinations import REPEATS, clean_segments, collapse_loops, compression_ratio
from alcca.transcripts import Segment

SUNG = "Hello darkness, my old friend"


def window(*texts, log_probability=-0.4, no_speech=0.3, seconds=30.0):
    """Segments of one window, one after the other."""
    each = seconds / len(texts)
    return [Segment(n * each, (n + 1) * each, text, log_probability, no_speech) for n, text in enumerate(texts)]


def said(segments, language_probability=1.0):
    return [one.text for one in clean_segments(segments, language_probability)]


# Nobody sings


@pytest.mark.parametrize("texts", [(), ("",), ("...", " ♪ ♪ "), ("― " * 40,), ("\u200e" + "\u200d" * 200,)])
def test_without_letters_there_are_no_words(texts):
    assert said(window(*texts) if texts else []) == []


def test_segments_without_letters_are_left_out_of_words():
    assert said(window("♪", SUNG, "...")) == [SUNG]


@pytest.mark.parametrize(
    ("log_probability", "no_speech", "language", "kept"),
    [
        # As measured in real singing: no_speech goes up to .88, and says little alone.
        (-0.21, 0.88, 0.91, True),
        (-0.56, 0.72, 0.87, True),
        # Few seconds of singing are heard less surely.
        (-1.2, 0.3, 0.8, True),
        (-0.64, 0.45, 0.43, True),
        # Whisper's own rule needs both.
        (-1.1, 0.7, 0.9, False),
        (-0.9, 0.7, 0.9, True),
        # Guessed, and in no language.
        (-1.24, 0.21, 0.14, False),
        # A little of each: "Thank you very much." over 6 s of a piano; and singing with two of the three.
        (-0.87, 0.67, 0.26, False),
        (-0.88, 0.47, 0.36, True),
        (-0.75, 0.65, 0.4, True),
        # Guessed altogether.
        (-1.7, 0.1, 0.95, False),
    ],
)
def test_who_sings_is_heard_by_how_sure_the_recogniser_is(log_probability, no_speech, language, kept):
    heard = window(SUNG, "I've come to talk with you again", log_probability=log_probability, no_speech=no_speech)
    assert bool(clean_segments(heard, language)) is kept


def test_a_single_sentence_over_half_a_minute_of_music():
    assert said(window("Thank you for watching!", log_probability=-0.8)) == []
    assert said(window("Thank you for watching!"), 0.4) == []
    # The same words as part of more, for a shorter time, or heard surely in a language.
    assert said(window("Thank you for watching!", SUNG, log_probability=-0.8)) != []
    assert said(window("Thank you for watching!", log_probability=-0.8, seconds=6)) != []
    assert said(window("Thank you for watching!"), 0.9) != []


def test_faster_than_anybody_sings():
    assert said([Segment(0.0, 1.0, SUNG * 2, -0.4)]) == []
    assert said([Segment(0.0, 2.0, SUNG * 2, -0.4)]) == [SUNG * 2]
    # Time stamps may stand still; a second at least is granted.
    assert said([Segment(3.0, 3.0, SUNG, -0.4)]) == [SUNG]


# Loops


def test_the_words_that_a_loop_begins_with_stay():
    """A refrain of seventeen words, repeated far faster than anybody sings."""
    refrain = "you can put that in your pipe and you can smoke it, this one is not about"
    heard = said([Segment(0.0, 10.0, f"Without you, {', '.join([refrain] * 9)}", -0.26)])
    assert heard == [f"Without you, {', '.join([refrain] * REPEATS)},"]


def test_loops_in_no_language_are_taken_out():
    loop = window("I love you, " * 60, log_probability=-0.15, no_speech=0.5)
    assert said(loop, 0.53) == []
    assert said(loop, 0.9) == [" ".join(["I love you,"] * REPEATS)]


def test_loops_that_were_guessed_are_taken_out():
    loop = window("I love you, " * 60, log_probability=-1.1)
    assert said(loop, 0.9) == []


def test_loops_over_many_segments():
    assert said(window(*["I love you."] * 20), 0.5) == []
    assert said(window(*["I love you."] * 20), 0.9) == ["I love you."] * REPEATS


def test_a_refrain_stays():
    refrain = ["Let it be, let it be", "Let it be, let it be", "Whisper words of wisdom", "Let it be"]
    assert said(window(*refrain), 0.8) == refrain
    # Also one that comes again after other words.
    song = [*refrain, "And when the night is cloudy", "there is still a light that shines on me", *refrain]
    assert said(window(*song), 0.8) == song


def test_a_stutter_inside_of_a_word():
    assert said(window("Dis-t" + "-t" * 200), 0.97) == ["Dis" + "-t" * REPEATS]
    assert said(window("らら" * 40 + "夜空"), 0.97) == ["ら" * REPEATS + "夜空"]


def test_words_as_people_write_them_are_no_stutter():
    for text in ("Mississippi banana", "nananana", "1000 miles", "Hahaha, so-so-so"):
        assert said(window(text, SUNG))[0] == text


def test_what_follows_a_loop_stays():
    text = "oh " * 9 + "baby come home " * 7 + "tonight"
    assert said(window(text, SUNG), 0.9)[0] == " ".join(["oh"] * REPEATS + ["baby come home"] * REPEATS + ["tonight"])


@pytest.mark.parametrize("length", range(1, 13))
def test_phrases_of_up_to_twelve_words(length):
    phrase = [f"word{chr(97 + n)}" for n in range(length)]
    assert collapse_loops(" ".join(phrase * 7), 2) == " ".join(phrase * 2)


def test_case_and_punctuation_make_no_difference():
    assert collapse_loops("La, la. LA la! la", 2) == "La, la."


@settings(deadline=None)
@given(st.lists(st.sampled_from(["la", "oh", "my", "love"]), max_size=60), st.integers(1, 5))
def test_collapsing_takes_nothing_but_repeats(words, repeats):
    collapsed = collapse_loops(" ".join(words), repeats).split()
    left = iter(words)
    assert all(word in left for word in collapsed)
    assert set(collapsed) == set(words)
    runs = [collapsed[at : at + repeats + 1] for at in range(len(collapsed) - repeats)]
    assert all(len(set(run)) > 1 for run in runs)


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=6), st.floats(0, 1), st.floats(-3, 0), st.floats(0, 1))
def test_any_text_is_cleaned_without_complaint(texts, language, log_probability, no_speech):
    heard = window(*texts, log_probability=log_probability, no_speech=no_speech) if texts else []
    kept = clean_segments(heard, language)
    times = {(one.start, one.end) for one in heard}
    assert all((one.start, one.end) in times and any(map(str.isalnum, one.text)) for one in kept)


def test_compression():
    assert compression_ratio("") == 0
    assert compression_ratio(SUNG) < 1.5
    assert compression_ratio("I love you, " * 60) > 10
