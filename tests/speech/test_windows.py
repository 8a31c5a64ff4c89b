"""How the recogniser goes through a recording, with a model that says what it was told to say."""

from pathlib import Path

import numpy as np
import pytest
from tests.speech.scripted import Whisper, said, script, sound

from alcca.errors import DataError, UsageError
from alcca.speech import recogniser as hearing
from alcca.speech.recogniser import RATE, Recogniser

faster_whisper = pytest.importorskip("faster_whisper")


@pytest.fixture
def recogniser(monkeypatch, tmp_path):
    monkeypatch.delenv("ALCCA_SPEECH_MODEL", raising=False)
    monkeypatch.setattr(hearing, "find_weights", lambda model, *, offline: tmp_path)
    monkeypatch.setattr(faster_whisper, "WhisperModel", Whisper)
    # What is read a second time stands in test_second_reading.py.
    monkeypatch.setattr(hearing, "is_doubtful", lambda *given: False)
    monkeypatch.setattr(hearing, "has_voice", lambda samples: True)
    return Recogniser()


def test_segments_and_their_times(recogniser):
    script(recogniser, [0.0, "hello darkness", 4.5, 5.0, "my old friend", 9.0])
    heard = recogniser.hear(sound(20), start=100.0)
    assert said(heard) == [(100.0, 104.5, "hello darkness"), (105.0, 109.0, "my old friend")]
    assert (heard.language, heard.language_probability, heard.model) == ("en", 0.9, "base")
    assert (heard.start, heard.seconds) == (100.0, 20.0)
    # A mean over nine tokens, and the decision to end after them.
    assert heard.segments[0].log_probability == pytest.approx(-0.3 * 9 / 10)
    assert heard.segments[0].no_speech == 0.2


def test_no_time_is_beyond_the_end(recogniser):
    script(recogniser, [0.0, "hello darkness my old friend", 12.0])
    assert said(recogniser.hear(sound(7))) == [(0.0, 7.0, "hello darkness my old friend")]
    script(recogniser, [0.0, "hello darkness", 4.0, 5.0, "my old friend"])
    assert said(recogniser.hear(sound(7)))[1] == (5.0, 7.0, "my old friend")


@pytest.mark.parametrize(("seconds", "windows"), [(0.05, 1), (0.3, 1), (30, 1), (30.4, 1), (31, 2), (60, 2), (95, 4)])
def test_half_a_minute_after_the_other(recogniser, seconds, windows):
    whisper = script(recogniser)
    recogniser.hear(sound(seconds))
    assert [place for place, _ in whisper.places] == [30.0 * number for number in range(windows)]
    assert whisper.places[0][1] == pytest.approx(min(seconds, 30), abs=1e-4)


def test_windows_without_a_voice_are_passed_over(recogniser, monkeypatch):
    asked, encoded = [], []
    # The second window of the three has none.
    monkeypatch.setattr(hearing, "has_voice", lambda samples: asked.append(len(samples) / RATE) or samples[0] != 30.0)
    whisper = script(recogniser, [0.0, "hello darkness my old friend", 29.0], [0.0, "with you again", 5.0])
    heard = recogniser.hear(sound(80), at_window=lambda start, _: encoded.append(start))
    assert [place for place, _ in whisper.places] == encoded == [0.0, 60.0]
    assert said(heard) == [(0.0, 29.0, "hello darkness my old friend"), (60.0, 65.0, "with you again")]
    assert (asked, heard.seconds) == ([30.0, 30.0, 20.0], 80.0)


def test_a_clip_of_half_a_minute_is_read_in_any_case(recogniser, monkeypatch):
    monkeypatch.setattr(hearing, "has_voice", lambda samples: False)
    script(recogniser, [0.0, "hello darkness my old friend", 12.0])
    assert recogniser.hear(sound(30)).has_words


def test_what_the_end_of_a_window_cuts_is_heard_again(recogniser):
    whisper = script(
        recogniser,
        [0.0, "and in the naked light I saw", 24.0, 26.0, "ten thousand"],
        [0.0, "ten thousand people maybe more", 5.0],
    )
    heard = recogniser.hear(sound(50))
    assert said(heard) == [(0.0, 24.0, "and in the naked light I saw"), (26.0, 31.0, "ten thousand people maybe more")]
    assert whisper.places[1] == pytest.approx((26.0, 24.0))


def test_the_end_of_the_recording_cuts_nothing(recogniser):
    whisper = script(recogniser, [0.0, "people talking", 24.0, 26.0, "without speaking"])
    assert said(recogniser.hear(sound(30)))[1] == (26.0, 30.0, "without speaking")
    assert len(whisper.places) == 1


@pytest.mark.parametrize("seconds", [30, 50])
def test_what_a_window_only_begins_is_heard_in_the_next(recogniser, seconds):
    """Two time stamps at the end: a segment begins there, and the window does not hold it whole."""
    whisper = script(recogniser, [0.0, "people talking", 23.0, 23.0], [0.0, "without speaking", 6.0])
    heard = recogniser.hear(sound(seconds))
    assert said(heard) == [(0.0, 23.0, "people talking"), (23.0, 29.0, "without speaking")]
    assert whisper.places[1] == pytest.approx((23.0, seconds - 23.0))


def test_one_time_stamp_at_the_end_begins_nothing(recogniser):
    whisper = script(recogniser, [0.0, "people talking", 23.0])
    recogniser.hear(sound(30))
    assert len(whisper.places) == 1


def test_windows_that_end_at_once_come_to_an_end(recogniser):
    whisper = script(recogniser, *[[0.0, "la", 0.5, 0.5]] * 200)
    recogniser.hear(sound(90))
    assert [place for place, _ in whisper.places] == [0.0, 30.0, 60.0]
    whisper = script(recogniser, *[[0.0, 30.0]] * 200)
    whisper.places.clear()
    # Another sound: encodings are kept.
    recogniser.hear(sound(90) + 1)
    assert len(whisper.places) == 3


def test_a_segment_as_long_as_the_window_does_not_stop_it(recogniser):
    whisper = script(recogniser, [0.0, "people hearing without listening"], [0.0, "people writing songs", 9.0])
    assert said(recogniser.hear(sound(40)))[0] == (0.0, 30.0, "people hearing without listening")
    assert [place for place, _ in whisper.places] == [0.0, 30.0]


def test_windows_come_one_by_one(recogniser):
    whisper = script(recogniser, [0.0, "hello", 4.0], [0.0, "darkness", 4.0])
    windows = recogniser.windows(sound(60))
    assert next(windows).segments[0].text == "hello"
    assert len(whisper.places) == 1


def test_a_file_on_the_disk_is_read_window_by_window(recogniser, tmp_path):
    sound(70).tofile(tmp_path / "samples.f32")
    samples = np.memmap(tmp_path / "samples.f32", dtype="<f4", mode="r")
    whisper = script(recogniser)
    recogniser.hear(samples)
    assert [length for _, length in whisper.places] == [30.0, 30.0, 10.0]


# Languages


def test_the_language_that_was_given_is_taken(recogniser):
    whisper = script(recogniser, [0.0, "hallo du", 4.0])
    heard = recogniser.hear(sound(8), language="German")
    assert (heard.language, heard.language_probability) == ("de", 1.0)
    assert whisper.hf_tokenizer.token_to_id("<|de|>") in whisper.asked[0][0]


def test_a_language_that_is_sure_holds_for_what_follows(recogniser):
    whisper = script(recogniser, [0.0, "hallo du", 4.0], [0.0, "nur du", 4.0])
    whisper.likely = [("de", 0.9), ("en", 0.8)]
    assert recogniser.hear(sound(60)).language == "de"
    assert whisper.asked[1][0] == whisper.asked[0][0]


def test_where_no_language_is_sung_guesses_are_taken_out(recogniser):
    """Also in a language that was given: the detected one tells whether anybody sings."""
    for language in (None, "de"):
        whisper = script(recogniser, [0.0, "hello darkness my old friend", 9.0])
        whisper.score, whisper.likely = -1.4, [("br", 0.2)]
        assert not recogniser.hear(sound(10), language=language).has_words
        whisper = script(recogniser, [0.0, "hello darkness my old friend", 9.0])
        whisper.likely = [("en", 0.9)]
        assert recogniser.hear(sound(10), language=language).has_words


def test_without_words_there_is_no_language(recogniser):
    script(recogniser, [0.0, "...", 9.0])
    heard = recogniser.hear(sound(10))
    assert (heard.segments, heard.language, heard.language_probability) == ((), None, 0.0)


def test_a_model_for_english_alone_hears_english(recogniser, monkeypatch):
    monkeypatch.setattr(Whisper, "multilingual", False)
    monkeypatch.setattr(Whisper, "detect_language", None)
    english = Recogniser("base.en")
    script(english, [0.0, "hello darkness", 4.0])
    assert english.hear(sound(8), language="de").language == "en"
    assert english.name == "base.en"


# What it is made with


def test_processors_are_shared_by_the_workers(recogniser, monkeypatch):
    monkeypatch.setattr(hearing, "_processors", lambda: 8)
    for workers, threads, expected in ((1, None, 8), (4, None, 2), (16, None, 1), (2, 3, 3)):
        given = Recogniser(workers=workers, threads=threads)._whisper.given
        assert (given["num_workers"], given["cpu_threads"]) == (workers, expected)
        assert given["local_files_only"]


@pytest.mark.parametrize(("cards", "expected"), [(0, ("cpu", "int8")), (2, ("cuda", "float16"))])
def test_a_graphics_card_is_used_where_there_is_one(recogniser, monkeypatch, cards, expected):
    import ctranslate2

    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: cards)
    given = Recogniser()._whisper.given
    assert (given["device"], given["compute_type"]) == expected


def test_a_folder_gives_its_name(recogniser, tmp_path):
    assert Recogniser(tmp_path / "my model").name == "my model"
    assert Recogniser(str(Path("models") / "mine")).name == "mine"


# What it refuses


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros((2, 9), np.float32), np.float32(1)])
def test_samples_of_another_shape(recogniser, samples):
    with pytest.raises(DataError, match=r"expected samples of shape \(n,\), at least one, got an array of shape"):
        recogniser.hear(samples)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_sound_cannot_have(recogniser, bad):
    samples = sound(61)
    samples[45 * RATE] = bad
    with pytest.raises(DataError, match=r"samples from 30.0 s hold NaN or infinite values"):
        recogniser.hear(samples)


def test_an_unknown_language(recogniser):
    with pytest.raises(UsageError, match="'Klingon' is unknown"):
        recogniser.hear(sound(1), language="Klingon")
    assert recogniser._whisper.places == []


@pytest.mark.parametrize(("seconds", "most"), [(2, 60), (10, 180), (30, 448)])
def test_a_loop_in_a_short_piece_ends_soon(recogniser, seconds, most):
    """The model itself stops at 448 tokens, which is what half a minute may need."""
    recogniser.hear(sound(seconds))
    (_, options), *_ = recogniser._whisper.asked
    assert most - 10 <= options["max_length"] <= most
