"""The language that tags name, against the one that the scripted model hears."""

import numpy as np
import pytest
from tests.speech.scripted import Whisper, script, sound

from alcca.speech import recogniser as hearing
from alcca.speech.recogniser import RATE, Recogniser
from alcca.transcripts import Transcript

faster_whisper = pytest.importorskip("faster_whisper")
VERSE = [0.0, "hello darkness my old friend I have come to talk with you again", 29.0]


@pytest.fixture
def recogniser(monkeypatch, tmp_path):
    monkeypatch.setattr(hearing, "find_weights", lambda model, *, offline: tmp_path)
    monkeypatch.setattr(faster_whisper, "WhisperModel", Whisper)
    monkeypatch.setattr(hearing, "is_doubtful", lambda *given: False)
    monkeypatch.setattr(hearing, "has_voice", lambda samples: True)
    return Recogniser()


def languages(whisper):
    """The languages in which windows were decoded."""
    names = {number: name.strip("<|>") for name, number in whisper.hf_tokenizer.special.items()}
    return [names[prompt[1]] for prompt, _ in whisper.asked]


def likely(whisper, *windows):
    """Of each window, the probabilities of languages."""
    windows = iter(windows)
    whisper.detect_language = lambda encoded: [[(f"<|{code}|>", p) for code, p in next(windows).items()]]


def hear(recogniser, windows, **options):
    whisper = script(recogniser, *[VERSE for _ in windows])
    whisper.asked.clear()
    likely(whisper, *windows)
    heard = recogniser.hear(sound(30 * len(windows)), **options)
    return languages(whisper), heard


def test_a_clear_sound_wins_over_the_tag(recogniser):
    decoded, heard = hear(recogniser, [{"de": 0.967, "en": 0.01}], hints=["en"])
    assert decoded == ["de"]
    assert (heard.language, heard.language_probability) == ("de", 0.967)
    assert heard.notes == ("the tags say en, the sound is de (97%)",)
    assert Transcript.from_dict(heard.to_dict()) == heard


@pytest.mark.parametrize(
    "probabilities",
    [{"en": 0.9, "de": 0.05}, {"br": 0.5, "en": 0.2}, {"de": 0.85, "en": 0.01}, {"de": 0.92, "en": 0.05}],
)
def test_the_tag_decides_where_the_sound_is_not_clear(recogniser, probabilities):
    decoded, heard = hear(recogniser, [probabilities], hints=["en"])
    assert decoded == ["en"]
    assert heard.language_probability == probabilities["en"]
    assert heard.notes == ()


def test_of_several_tags_the_likeliest_is_taken(recogniser):
    assert hear(recogniser, [{"br": 0.5, "de": 0.3, "en": 0.2}], hints=["en", "de"])[0] == ["de"]
    decoded, heard = hear(recogniser, [{"br": 0.96, "de": 0.01, "en": 0.01}], hints=["en", "de"])
    assert decoded == ["br"]
    assert heard.notes == ("the tags say en/de, the sound is br (96%)",)


def test_what_was_clear_is_the_hint_for_what_follows(recogniser):
    unclear, clear = {"br": 0.4, "de": 0.2, "en": 0.3}, {"de": 0.95, "en": 0.01}
    assert hear(recogniser, [unclear, clear, unclear], hints=["en"])[0] == ["en", "de", "de"]
    # A spoken beginning does not decide.
    other = {"en": 0.96, "de": 0.01}
    decoded, heard = hear(recogniser, [clear, other, other], hints=["en"])
    assert decoded == ["de", "en", "en"]
    assert heard.language == "en"
    assert heard.notes == ()


def test_a_language_that_was_asked_for_is_an_order(recogniser):
    decoded, heard = hear(recogniser, [{"de": 0.97, "en": 0.01}], language="en", hints=["br"])
    assert decoded == ["en"]
    assert heard.language_probability == 1.0
    assert heard.notes == ()


def test_a_hint_that_the_model_does_not_know_is_none(recogniser):
    assert hear(recogniser, [{"de": 0.6, "en": 0.01}], hints=["yue"])[0] == ["de"]


def test_without_words_there_is_no_note(recogniser):
    whisper = script(recogniser)
    likely(whisper, {"de": 0.97})
    assert recogniser.hear(sound(30), hints=["en"]).notes == ()
    assert recogniser.hear(np.zeros(RATE, np.float32), hints=["en"]).notes == ()
