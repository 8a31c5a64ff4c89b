"""Speech with the times of its phonemes."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from alcca.datasets.espeak import SPEECH_RATE, Phoneme, speak
from alcca.errors import UsageError


def test_a_word_has_its_phonemes_in_order_and_as_many_vowels_as_syllables():
    speech = speak("Barmherzigkeit", pitch=150)
    assert sum(phoneme.is_vowel for phoneme in speech.phonemes) == 4
    ends = [0.0, *(phoneme.end for phoneme in speech.phonemes)]
    for before, phoneme in zip(ends, speech.phonemes, strict=False):
        assert before <= phoneme.start < phoneme.end
    assert ends[-1] <= len(speech.samples) / SPEECH_RATE
    assert 0.1 < np.abs(speech.samples).max() <= 1


def test_a_phoneme_is_where_its_sound_is():
    speech = speak("Sonne")
    loudness = [
        np.sqrt(np.mean(speech.samples[int(p.start * SPEECH_RATE) : int(p.end * SPEECH_RATE)] ** 2))
        for p in speech.phonemes
    ]
    vowels = [loud for loud, p in zip(loudness, speech.phonemes, strict=True) if p.is_vowel]
    consonants = [loud for loud, p in zip(loudness, speech.phonemes, strict=True) if not p.is_vowel]
    assert max(vowels) > max(consonants)


@pytest.mark.parametrize("pitch", [140, 180])
def test_the_voice_stays_on_its_tone(pitch):
    speech = speak("Ahnen", pitch=pitch)
    first = next(p for p in speech.phonemes if p.is_vowel)
    vowel = speech.samples[int((first.start + 0.04) * SPEECH_RATE) : int((first.end - 0.02) * SPEECH_RATE)]
    alike = np.correlate(vowel, vowel, "full")[len(vowel) - 1 :]
    low, high = int(SPEECH_RATE / 260), int(SPEECH_RATE / 100)
    assert SPEECH_RATE / (low + alike[low:high].argmax()) == pytest.approx(pitch, rel=0.03)


WORDS = ("Städte", "irren", "Herr", "Ehre", "Gnade", "Ahre")


def test_the_same_text_sounds_the_same_in_any_order_and_process():
    once = {word: speak(word).samples for word in WORDS}
    for between in ("x", "etwas anderes", "Rose", "irre", "Seele"):
        speak(between)
        for word in WORDS[::-1]:
            np.testing.assert_array_equal(speak(word).samples, once[word])
    code = (
        "import hashlib; from alcca.datasets.espeak import speak; speak('Bruder'); "
        f"print([hashlib.sha256(speak(word).samples.tobytes()).hexdigest() for word in {WORDS!r}])"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str([hashlib.sha256(once[word].tobytes()).hexdigest() for word in WORDS])


def test_pauses_and_helping_sounds_are_no_phonemes_of_a_syllable():
    assert [p.name for p in speak("Gnade").phonemes if p.is_vowel] == ["'A:", "@"]
    assert not any(p.name.startswith("_") for p in speak("Ach, wie kurz").phonemes)
    assert speak("").phonemes == ()


def test_languages_differ_and_unknown_ones_are_named():
    assert speak("Kind", "en").phonemes != speak("Kind", "de").phonemes
    with pytest.raises(UsageError, match="'xx-none'"):
        speak("Kind", "xx-none")


def test_stress_does_not_make_a_vowel_of_a_consonant():
    assert Phoneme("'OY", 0, 1).is_vowel
    assert not Phoneme("'r", 0, 1).is_vowel


STARTS_IN_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from alcca.datasets import espeak
starts, together = [], Barrier(4)
class Counted(espeak._Engine):
    def __init__(self):
        starts.append(self)
        super().__init__()
espeak._Engine = Counted
def speak(word):
    together.wait()
    return espeak.speak(word)
with ThreadPoolExecutor(4) as threads:
    for speech in threads.map(speak, ["Seele"] * 4):
        assert [phoneme.name for phoneme in speech.phonemes] == ["z", "'e:", "l", "@"]
print(len(starts))
"""


def test_threads_start_the_library_once():
    """A second start of eSpeak NG frees what its first one still reads."""
    run = subprocess.run([sys.executable, "-c", STARTS_IN_THREADS], capture_output=True, text=True, check=True)
    assert run.stdout == "1\n"
