"""Listening to recordings of songs: once for each excerpt, and with a reason where that is not possible."""

import numpy as np
import pytest

from alcca.errors import AudioError, SpeechModelError, TranscriptionError
from alcca.songs.recording_slice import RecordingSlice
from alcca.speech import recording_listener
from alcca.speech.recording_listener import RecordingListener
from alcca.transcripts import Listened

SLICE = RecordingSlice("a song", None, ("/music/song.mp3",))


class Ears:
    def __init__(self):
        self.asked = []

    def listen(self, samples, texts):
        self.asked += [excerpt for text in texts for excerpt in text]
        return [Listened(float(len(excerpts[0])), excerpts[0]) for excerpts in texts]


@pytest.fixture
def ears(monkeypatch):
    ears = Ears()
    monkeypatch.setattr(recording_listener, "_found", {})
    monkeypatch.setattr(recording_listener, "shared_recogniser", lambda model: ears)
    monkeypatch.setattr(RecordingSlice, "samples", lambda self: np.ones(9, np.float32))
    return ears


def test_the_best_excerpt_of_each_text_counts(ears):
    found = RecordingListener("base", SLICE)([["la", "la la"], [], ["do"]])
    assert found == [Listened(5.0, "la la"), Listened(0.0, ""), Listened(2.0, "do")]


def test_nothing_is_asked_twice_of_one_recording_and_model(ears):
    RecordingListener("base", SLICE)([["la", "do"], ["la"]])
    RecordingListener("base", SLICE)([["do"], ["re"]])
    assert ears.asked == ["la", "do", "re"]
    RecordingListener("base", RecordingSlice("another", None))([["la"]])
    RecordingListener("small", SLICE)([["la"]])
    assert ears.asked == ["la", "do", "re", "la", "la"]


def test_the_latest_are_kept(ears, monkeypatch):
    monkeypatch.setattr(recording_listener, "REMEMBERED", 2)
    listener = RecordingListener("base", SLICE)
    assert listener([["la", "do", "re"]]) == [Listened(2.0, "la")]
    listener([["re", "do"]])
    assert ears.asked == ["la", "do", "re"]
    listener([["la"]])
    assert ears.asked == ["la", "do", "re", "la"]


def test_what_cannot_be_listened_to_gives_the_reason(ears, monkeypatch):
    def unreadable(self):
        raise AudioError("it is damaged")

    def missing(model):
        raise SpeechModelError("there are no weights")

    with pytest.raises(TranscriptionError, match="no recording of it is known"):
        RecordingListener("base", None)([["la"]])
    with monkeypatch.context() as patch:
        patch.setattr(RecordingSlice, "samples", unreadable)
        with pytest.raises(TranscriptionError, match="it is damaged"):
            RecordingListener("base", SLICE)([["la"]])
    monkeypatch.setattr(recording_listener, "shared_recogniser", missing)
    with pytest.raises(TranscriptionError, match="there are no weights"):
        RecordingListener("base", SLICE)([["la"]])
