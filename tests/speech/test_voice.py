"""How much of a sound is a voice: with a detector that says what it was told, and with the real one."""

import numpy as np
import pytest

from alcca.speech import voice
from alcca.speech.voice import FAINTEST, PIECE, has_voice, voice_in, voices

pytest.importorskip("faster_whisper")
RATE = 16_000


@pytest.fixture
def detector(monkeypatch):
    """Finds as much voice in a piece as its second half is loud, and writes down what it was given."""
    given = []

    def answer(samples):
        given.append(samples)
        frames = samples.reshape(-1, 512)
        return np.abs(frames).max(axis=1)[:, None]

    monkeypatch.setattr(voice, "_detector", lambda: answer)
    return given


def test_each_second_is_new_to_the_detector_at_the_level_of_the_loudest(detector):
    pieces = np.array([0.01, 0.04, 0.0])[:, None] * np.ones((3, RATE), np.float32)
    assert voices(pieces) == pytest.approx([0.25, 1.0, 0.0])
    assert [len(one) for one in detector] == [PIECE] * 3


def test_the_first_frames_of_a_second_do_not_count(detector):
    piece = np.ones(RATE, np.float32)
    piece[4096:] = 0.5
    assert voices(piece[None]) == pytest.approx([0.5])


def test_of_a_sound_whole_seconds_are_told(detector):
    samples = np.repeat(np.array([0.2, 0.8, 0.4, 0.8], np.float32), RATE)[: 3 * RATE + 100]
    assert voice_in(samples) == pytest.approx([0.25, 1.0, 0.5])


def test_silence_is_no_voice_and_nothing_is_asked(detector):
    assert not has_voice(np.zeros(3 * RATE, np.float32))
    assert voices(np.full((2, RATE), 1e-6, np.float32)).tolist() == [0.0, 0.0]
    assert not has_voice(np.empty(0, np.float32))
    assert detector == []


def test_the_first_second_with_a_voice_is_enough(detector):
    assert has_voice(np.ones(30 * RATE, np.float32))
    assert len(detector) == 1


@pytest.mark.parametrize("seconds", [0.4, 1.0, 1.9, 30.0])
def test_a_voice_at_the_very_end_is_found(detector, monkeypatch, seconds):
    samples = np.zeros(round(seconds * RATE), np.float32)
    samples[-6000:] = 1.0
    assert has_voice(samples)
    monkeypatch.setattr(voice, "FAINTEST", 1.1)
    assert not has_voice(samples)


@pytest.mark.data
def test_singing_is_told_from_instruments_and_noise(data_folder):
    from alcca.songs.audio import read_slice

    for name in ("us_jonathan_coulton_code_monkey", "jam_fantasma___los_rombos"):
        sung = read_slice(data_folder / "cc_songs" / "audio" / f"{name}.ogg", rate=RATE).decoded
        assert voice_in(sung).max() > 5 * FAINTEST
        for quieter in (1.0, 1e-3):
            assert has_voice(sung * np.float32(quieter))
    noise = np.random.default_rng(0).standard_normal(30 * RATE).astype(np.float32)
    pink = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(np.arange(1, 15 * RATE + 2))).astype(np.float32)
    time = np.arange(30 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.2, 329.6)).astype(np.float32)
    assert not has_voice(pink)
    assert not has_voice(chord)


def test_a_missing_detector_is_named(monkeypatch):
    import sys

    from alcca.errors import MissingExtraError

    voice._detector.cache_clear()
    monkeypatch.setitem(sys.modules, "faster_whisper.vad", None)
    with pytest.raises(MissingExtraError, match="finding voices needs"):
        has_voice(np.ones(RATE, np.float32))
    voice._detector.cache_clear()
