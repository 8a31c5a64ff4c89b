"""A recogniser that knows what is sung by how long a recording is, and lyrics that are timed by what it says."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from alcca.datasets.espeak import SPEECH_RATE, speak
from alcca.lyrics import listening, run
from alcca.matching.folding import fold_letters
from alcca.speech.packaged import cache_folder
from alcca.texts.lines import TimedLine
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.timing.align_lyrics import Alignment
from alcca.transcripts import Segment, Transcript

RATE = 16_000
HARBOUR = (
    "Copper lanterns swing along the quay\nYou were always singing out of key\nSalt upon the window rope upon the pier"
)
ORCHARD = (
    "Underneath the apple tree we built a wooden throne\nEvery summer afternoon belonged to us alone\n"
    "Grandmother is calling us but no one wants to go"
)


def heard(words: str, *, first: float = 1.0, step: float = 2.0) -> Transcript:
    """A transcript, a line every so many seconds."""
    lines = [line for line in words.splitlines() if line]
    segments = tuple(Segment(first + step * i, first + step * (i + 1), line) for i, line in enumerate(lines))
    return Transcript(segments, "en" if lines else None, 0.9 if lines else 0.0, "base", 0.0, 30.0)


@dataclass
class Ear:
    """What is sung in recordings, by their length in tenths of a second; it counts how often it listens."""

    sung: dict[int, Transcript] = field(default_factory=dict)
    times: int = 0
    decoded: int = 0

    def record(self, path: Path, transcript: Transcript) -> Path:
        """Write a recording in which this is sung."""
        tenths = 20 + len(self.sung)
        self.sung[tenths] = transcript
        path.parent.mkdir(parents=True, exist_ok=True)
        at = np.arange(RATE * tenths // 10) / RATE
        soundfile.write(path, 0.2 * np.sin(2 * np.pi * 220 * at), RATE)
        return path

    def hear(self, samples, *, language=None, hints=(), at_window=None):
        """Recogniser.hear."""
        self.times += 1
        return self.sung[round(10 * len(samples) / RATE)]

    def align_samples(self, samples, lyrics, *, recogniser, transcript, language=None, hints=(), windows=None):
        """Lines that are in the transcript have the times of their segments there."""
        starts = {fold_letters(one.text): one.start for one in transcript.segments}
        lines = tuple(TimedLine(line, starts.get(fold_letters(line))) for line in lyrics.splitlines() if line.strip())
        share = sum(line.start is not None for line in lines) / max(len(lines), 1)
        reason = (
            None if share >= 0.3 else f"these lyrics do not fit this recording: {share:.0%} of the words were found"
        )
        return Alignment(TimedLyrics("aligned", lines, None, "en"), transcript, share, share >= 0.3, reason)


@pytest.fixture
def ear(monkeypatch, tmp_path, inline):
    """The recogniser of all runs, and a cache of the test's own."""
    one = Ear()
    write = listening.write_whole_apart

    def decode(*arguments):
        one.decoded += 1
        write(*arguments)

    monkeypatch.setattr(listening, "write_whole_apart", decode)
    monkeypatch.setattr(listening, "align_samples", one.align_samples)
    monkeypatch.setattr(run.LoadRecogniser, "__call__", lambda *_: one)
    monkeypatch.setattr(run, "find_weights", lambda *_, **__: None)
    monkeypatch.setenv("ALCCA_CACHE", str(tmp_path / "cache"))
    return one


def own_memory(monkeypatch, place: Path) -> None:
    """Let runs remember what they hear in a folder of the test's; the speech model stays where it is."""
    (place / "cache").mkdir()
    (place / "cache" / "speech").symlink_to(cache_folder() / "speech")
    monkeypatch.setenv("ALCCA_CACHE", str(place / "cache"))


def speak_song(path: Path, words: str, *, first: float, pause: float) -> list[float]:
    """Write a recording in which a voice says lines after some seconds, and return when each begins."""
    pieces, starts = [np.zeros(int(first * SPEECH_RATE))], []
    for line in words.splitlines():
        starts.append(sum(map(len, pieces)) / SPEECH_RATE)
        pieces += [speak(line, "en").samples, np.zeros(int(pause * SPEECH_RATE))]
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.concatenate(pieces) + np.random.default_rng(0).normal(0, 1e-3, sum(map(len, pieces)))
    soundfile.write(path, sound, SPEECH_RATE)
    return starts
