"""The slice of a song's recording, read from wherever its file is."""

import numpy as np
import pytest
from tests.making import write_song

from alcca.errors import AudioError
from alcca.songs.audio import SPEECH_RATE, content_hash, read_slice
from alcca.songs.recording_slice import RecordingSlice


@pytest.fixture
def path(tmp_path):
    return write_song(tmp_path / "song.wav", 1, seconds=3)


def test_it_reads_what_was_transcribed(path):
    samples = RecordingSlice(content_hash(path), 1.0, (str(path.with_name("gone.wav")), str(path))).samples()
    np.testing.assert_array_equal(samples, read_slice(path, offset=1.0, rate=SPEECH_RATE).decoded)


def test_another_content_is_another_recording(path):
    changed = RecordingSlice("other", None, (str(path),))
    with pytest.raises(AudioError, match=r"song\.wav: has changed since it was added; run alcca add"):
        changed.samples()
    with pytest.raises(AudioError, match=r"gone\.wav: cannot be read"):
        RecordingSlice("other", None, (str(path.with_name("gone.wav")),)).samples()
    with pytest.raises(AudioError, match="no file of it is known"):
        RecordingSlice("other", None).samples()


def test_it_is_the_same_wherever_its_file_is():
    here, there = RecordingSlice("a", 1.0, ("/here",)), RecordingSlice("a", 1.0, ("/there",))
    assert (here, repr(here)) == (there, repr(there))
    assert here != RecordingSlice("a", 2.0, ("/here",)) != RecordingSlice("b", 2.0, ("/here",))
