import numpy as np
import pytest
import soundfile
from tests.songs.encoding import tune

from alcca.errors import AudioError, UsageError
from alcca.songs import apart
from alcca.speech import samples as sound
from alcca.speech import transcribe_file
from alcca.speech.recogniser import RATE
from alcca.speech.transcribe_file import MAX_SLICE_SECONDS
from alcca.transcripts import Transcript

hear_words = transcribe_file.transcribe


class Ear:
    """Stands for a recogniser, and remembers what it was given."""

    def __init__(self):
        self.given = []

    def hear(self, samples, *, language=None, start=0.0):
        self.given.append((samples, language, start))
        return Transcript((), language, 0.0, "ear", start, len(samples) / RATE)


@pytest.fixture
def ear(monkeypatch):
    ear = Ear()
    monkeypatch.setattr(transcribe_file, "shared_recogniser", lambda model: setattr(ear, "model", model) or ear)
    return ear


def ramp(path, seconds, rate=16_000):
    """Sound whose values tell where they come from: they rise from -0.5 to 0.5."""
    soundfile.write(path, np.linspace(-0.5, 0.5, round(seconds * rate), dtype=np.float32), rate, subtype="FLOAT")
    return path


def test_the_middle_is_heard_unless_somebody_says_otherwise(tmp_path, ear):
    song = ramp(tmp_path / "song.wav", 50)
    assert hear_words(song) == Transcript((), None, 0.0, "ear", 10.0, 30.0)
    assert hear_words(str(song), offset=5, seconds=12, language="German") == Transcript(
        (), "German", 0.0, "ear", 5.0, 12.0
    )
    samples, _, _ = ear.given[0]
    assert samples.dtype == np.float32
    assert samples.shape == (30 * RATE,)
    assert samples[[0, -1]] == pytest.approx([-0.3, 0.3], abs=1e-3)


def test_a_short_recording_is_heard_without_padding(tmp_path, ear):
    assert hear_words(ramp(tmp_path / "song.wav", 4)).seconds == pytest.approx(4, abs=1e-3)


def test_all_of_it_or_all_that_follows(tmp_path, ear):
    song = ramp(tmp_path / "song.wav", 100)
    assert hear_words(song, seconds=None) == Transcript((), None, 0.0, "ear", 0.0, 100.0)
    assert hear_words(song, seconds=None, offset=75.5) == Transcript((), None, 0.0, "ear", 75.5, 24.5)
    assert ear.given[1][0][[0, -1]] == pytest.approx([0.255, 0.5], abs=1e-3)


def test_long_parts_are_those_that_were_asked_for(tmp_path, ear):
    song = ramp(tmp_path / "song.wav", 200)
    seconds = MAX_SLICE_SECONDS + 20
    assert hear_words(song, seconds=seconds) == Transcript((), None, 0.0, "ear", 30.0, seconds)
    assert hear_words(song, seconds=seconds, offset=10) == Transcript((), None, 0.0, "ear", 10.0, seconds)
    assert hear_words(song, seconds=seconds, offset=100) == Transcript((), None, 0.0, "ear", 100.0, 100.0)
    assert hear_words(song, seconds=10_000) == Transcript((), None, 0.0, "ear", 0.0, 200.0)
    assert [samples[0] for samples, _, _ in ear.given] == pytest.approx([-0.35, -0.45, 0.0, -0.5], abs=2e-3)


def test_long_parts_do_not_fill_the_memory(tmp_path, ear):
    hear_words(ramp(tmp_path / "song.wav", 130), seconds=MAX_SLICE_SECONDS + 1)
    hear_words(tmp_path / "song.wav", seconds=None)
    assert all(isinstance(samples, np.memmap) for samples, _, _ in ear.given)


def test_nothing_is_left_on_the_disk(tmp_path, ear, monkeypatch):
    monkeypatch.setattr(transcribe_file.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    hear_words(ramp(tmp_path / "song.wav", 3), seconds=None)
    with pytest.raises(AudioError):
        hear_words(ramp(tmp_path / "short.wav", 0.5), seconds=None)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_which_model_hears(tmp_path, ear):
    song = ramp(tmp_path / "song.wav", 2)
    for model in ("base", "tiny", tmp_path / "base"):
        hear_words(song, model=model)
        assert ear.model == model


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"offset": -1.0}, "invalid offset -1.0; give seconds"),
        ({"offset": float("nan"), "seconds": None}, "invalid offset nan; give seconds"),
        ({"offset": -1.0, "seconds": None}, "invalid offset -1.0; give seconds"),
        ({"seconds": 0.0}, "cannot transcribe 0.0 seconds"),
        ({"seconds": float("nan")}, "cannot transcribe nan seconds"),
        ({"language": "Klingon"}, "language 'Klingon' is unknown"),
    ],
)
def test_what_cannot_be_meant(tmp_path, ear, asked, reason):
    with pytest.raises(UsageError, match=reason):
        hear_words(ramp(tmp_path / "song.wav", 3), **asked)
    assert ear.given == []


@pytest.mark.parametrize("seconds", [30.0, None, 300.0])
def test_an_offset_beyond_the_end(tmp_path, ear, seconds):
    with pytest.raises(AudioError, match=r"song.wav: offset 9 s is beyond its end at 3.0 s; choose a smaller offset"):
        hear_words(ramp(tmp_path / "song.wav", 3), offset=9, seconds=seconds)


def broken_files(folder):
    silence = np.zeros(16_000 * 40, dtype=np.float32)
    soundfile.write(folder / "silent.wav", silence, 16_000)
    soundfile.write(folder / "short.wav", tune(1)[: 44_100 // 4], 44_100)
    soundfile.write(folder / "nan.wav", np.full(16_000 * 4, np.nan, dtype=np.float32), 16_000, subtype="FLOAT")
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "page.mp3").write_text("<!DOCTYPE html><title>404</title>" * 50)
    (folder / "noise.mp3").write_bytes(np.random.default_rng(0).bytes(20_000))
    (folder / "folder.mp3").mkdir()


@pytest.mark.parametrize("seconds", [30.0, None], ids=["slice", "whole"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("silent.wav", "silent.wav: digital silence"),
        ("short.wav", r"short.wav: .*only 0.25 s.*at least 1 s are needed"),
        ("nan.wav", "nan.wav: its samples are invalid"),
        ("empty.mp3", r"empty.mp3: the file is empty \(0 bytes\)"),
        ("page.mp3", "page.mp3: is a web page, not audio; download the file again"),
        ("noise.mp3", "noise.mp3: "),
        ("folder.mp3", "folder.mp3: is a folder or a device"),
        ("gone.mp3", "gone.mp3: no such file"),
    ],
)
def test_files_without_usable_sound_say_why(tmp_path, ear, name, reason, seconds):
    broken_files(tmp_path)
    with pytest.raises(AudioError, match=reason) as error:
        hear_words(tmp_path / name, seconds=seconds)
    assert "\n" not in str(error.value)
    assert ear.given == []


@pytest.mark.parametrize("seconds", [30.0, None], ids=["slice", "whole"])
def test_a_file_that_kills_its_decoder_says_so(tmp_path, ear, monkeypatch, seconds):
    apart._end_all()
    program = "from alcca.workers.process import Pipe; pipe = Pipe(); pipe.send(b'{}\\n'); pipe.receive()"
    monkeypatch.setattr(apart, "PROGRAM", program)
    with pytest.raises(AudioError, match=r"song.wav: the decoder crashed on it"):
        hear_words(ramp(tmp_path / "song.wav", 3), seconds=seconds)
    apart._end_all()
    monkeypatch.undo()
    assert ear.given == []


# Samples on the disk


def test_a_slice_on_the_disk_is_the_slice(tmp_path):
    target, written = tmp_path / "slice.f32", np.arange(9, dtype=np.float32)
    sound.write_samples(written, target)
    samples = sound.read_samples(target)
    assert np.array_equal(samples, written)
    assert isinstance(samples, np.memmap)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["slice.f32"]


def test_a_song_on_the_disk_is_all_of_it(tmp_path):
    song = ramp(tmp_path / "song.wav", 40)
    sound.write_song(song, tmp_path / "song.f32")
    assert np.array_equal(sound.read_samples(tmp_path / "song.f32"), soundfile.read(song, dtype="float32")[0])


def test_a_song_that_cannot_be_read_leaves_nothing(tmp_path):
    broken_files(tmp_path)
    before = sorted(tmp_path.iterdir())
    for name in ("silent.wav", "short.wav", "page.mp3"):
        with pytest.raises(AudioError):
            sound.write_song(tmp_path / name, tmp_path / "song.f32")
    assert sorted(tmp_path.iterdir()) == before
