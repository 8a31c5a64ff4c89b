"""Windows cover a recording, and overlap."""

import numpy as np
import pytest

from alcca.speech.decoder import Encoded
from alcca.timing.places import Places
from alcca.timing.windows import Window, Windows, spans, words_in


@pytest.mark.parametrize("seconds", [0.5, 12.0, 30.0, 31.0, 95.5, 600.0])
def test_windows_cover_everything(seconds):
    windows = spans(seconds)
    covered = np.zeros(round(10 * seconds), dtype=int)
    for window in windows:
        assert 0 <= window.start < window.end <= seconds
        assert window.end - window.start <= 30
        covered[round(10 * window.start) : round(10 * window.end)] += 1
    # What is shorter than a second at the end has no words of its own.
    assert covered[: max(1, len(covered) - 10)].all()


def test_what_was_not_transcribed_gets_windows_of_its_own():
    windows = spans(100.0, [Window(0.0, 30.0), Window(60.0, 90.0)])
    assert Window(0.0, 30.0) in windows
    assert any(window.start < 30 < 55 < window.end or window.start <= 30 < window.end for window in windows[1:])
    assert windows[-1].end == 100.0


def test_windows_that_hardly_overlap_get_one_between():
    assert spans(60.0, [Window(0.0, 30.0), Window(30.0, 60.0)])[1] == Window(25.0, 35.0)
    assert len(spans(54.0, [Window(0.0, 30.0), Window(24.0, 54.0)])) == 2


def test_words_of_a_window_go_through():
    places = Places(*np.array([[1, 5, 40, 6.0], [0, 4, 39, 5], [2, 6, 41, 7]]), np.ones(4, bool))
    assert words_in(Window(4.5, 5.5), places).tolist() == [1, 2, 3]
    assert words_in(Window(50, 60), places).tolist() == []


class Ear:
    """Stands for a recogniser, and remembers what it was asked to encode."""

    def __init__(self):
        self.encoded = []

    def encode(self, samples, *, is_short):
        self.encoded.append((len(samples) / 16_000, is_short))
        return Encoded(None, len(samples) / 16_000)

    def attend(self, encoded, words, *, language):
        from alcca.speech.decoder import Attended

        return Attended(np.full((2 * len(words), 1500), 1 / 1500, np.float32), np.repeat(np.arange(len(words)), 2))


def test_a_window_is_encoded_once_and_those_of_the_transcription_never():
    ear = Ear()
    windows = Windows(ear, np.zeros(40 * 16_000, np.float32))
    windows.keep(0.0, Encoded(None, 30.0))
    assert windows.transcribed == [Window(0.0, 30.0)]
    for window in (Window(0.0, 30.0), Window(25.0, 35.0), Window(25.0, 35.0)):
        found = windows.look_for(window, ["a", "b"], np.array([7, 8]), "en")
        assert found.words.tolist() == [7, 7, 8, 8]
        assert found.first == 50 * window.start
        assert found.attention.shape == (4, 50 * (window.end - window.start))
    assert ear.encoded == [(10.0, True)]
