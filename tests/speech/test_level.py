import numpy as np
import pytest
from tests.speech.scripted import RATE

from alcca.speech.level import at_speech_level
from alcca.speech.recogniser import Recogniser


def noise(peak):
    samples = np.random.default_rng(0).uniform(-1, 1, RATE).astype(np.float32)
    return samples / np.abs(samples).max() * np.float32(peak)


@pytest.mark.parametrize("peak", [0.011, 0.1, 1.0, 1.5, 99.0])
def test_what_is_heard_anyway_stays_as_it_is(peak):
    assert at_speech_level(noise(peak)) is not None
    np.testing.assert_array_equal(at_speech_level(noise(peak)), noise(peak))


@pytest.mark.parametrize("peak", [1e-5, 5e-4, 5e-3, 200.0, 32_768.0, 8e6])
@pytest.mark.parametrize("constant", [0.0, 0.5])
def test_the_rest_comes_to_one_level(peak, constant):
    leveled = at_speech_level(noise(peak) + np.float32(constant * peak))
    assert np.abs(leveled).max() == pytest.approx(0.5, rel=0.01)
    np.testing.assert_allclose(leveled, at_speech_level(noise(5e-3)), atol=0.01)
    assert leveled.dtype == np.float32


def test_silence_stays_silence():
    assert not at_speech_level(np.zeros(9, np.float32)).any()
    assert len(at_speech_level(np.empty(0, np.float32))) == 0


def test_transcripts_and_listening_have_the_same_level(monkeypatch):
    given = []
    pytest.importorskip("faster_whisper")
    recogniser = Recogniser("base")
    real = recogniser._whisper.feature_extractor
    monkeypatch.setattr(
        recogniser._whisper, "feature_extractor", lambda samples: given.append(samples) or real(samples)
    )
    recogniser.listen(noise(1e-3), [["hello"]])
    recogniser.hear(noise(2e4))
    assert all(np.abs(samples).max() == pytest.approx(0.5, rel=0.01) for samples in given if samples.any())
