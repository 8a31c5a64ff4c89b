"""Lines that a synthesiser speaks, and when each word of them begins."""

import numpy as np
import pytest

from alcca.speech.recogniser import RATE


def spoken(lines, seconds, language="en"):
    """Sound of this length at 16 kHz with each line at its time, and the starts of all words, by its phonemes."""
    pytest.importorskip("espeakng_loader")
    from scipy.signal import resample_poly

    from alcca.datasets.espeak import SPEECH_RATE, speak

    sound = np.random.default_rng(0).normal(0, 1e-3, round(seconds * RATE)).astype(np.float32)
    starts = []
    for at, line in lines:
        # Each word's own beginning is that of the words before it, spoken alone: close, and independent of a model.
        said = speak(line, language)
        samples = resample_poly(said.samples, RATE, SPEECH_RATE).astype(np.float32)
        first = round(at * RATE)
        sound[first : first + len(samples)] += samples[: len(sound) - first]
        starts += [at + start for start in _word_starts(line, said, language, speak)]
    return 0.5 * sound / np.abs(sound).max(), np.array(starts)


def _word_starts(line, said, language, speak):
    words = line.split()
    counts = [len(speak(word, language).phonemes) for word in words]
    total = len(said.phonemes)
    places = np.round(np.cumsum([0, *counts[:-1]]) * total / sum(counts)).astype(int)
    return [said.phonemes[min(place, total - 1)].start for place in places]
