"""One decode for several rates: what hears and what measures timbre want different ones."""

import numpy as np
import pytest
import soundfile
from tests.songs.encoding import FORMATS, encode, tune

from alcca.errors import AudioError, UsageError
from alcca.songs import audio
from alcca.songs.audio import SAMPLE_RATE, SPEECH_RATE, read_slice, read_slices
from alcca.songs.decoders import decoders_for


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    song = tune(40)
    for suffix in FORMATS:
        encode(song, folder / f"song.{suffix}")
    encode(song[: 44_100 * 7], folder / "short.flac")
    return folder


@pytest.mark.parametrize("offset", [None, 2.5])
@pytest.mark.parametrize("name", [*(f"song.{suffix}" for suffix in FORMATS), "short.flac"])
def test_each_is_the_slice_at_its_rate(folder, name, offset):
    slices = read_slices(folder / name, rates=(SAMPLE_RATE, SPEECH_RATE, 44_100), offset=offset)
    for one, rate in zip(slices, (SAMPLE_RATE, SPEECH_RATE, 44_100), strict=True):
        alone = read_slice(folder / name, rate=rate, offset=offset)
        assert np.array_equal(one.samples, alone.samples)
        assert one.samples.shape == (30 * rate,)
        assert (one.rate, one.start, one.duration, one.notes) == (rate, alone.start, alone.duration, alone.notes)
        assert len(one.decoded) == pytest.approx(one.seconds * rate, abs=1)


def test_the_file_is_decoded_once(folder, monkeypatch):
    begun = []

    def watched(path):
        kinds = decoders_for(path)

        class Watched(kinds[0]):
            def blocks(self, start, most=None):
                begun.append(start)
                return super().blocks(start, most)

        return (Watched, kinds[1])

    monkeypatch.setattr(audio, "decoders_for", watched)
    read_slices(folder / "song.mp3", rates=(SAMPLE_RATE, SPEECH_RATE))
    assert len(begun) == 1


def test_what_was_decoded_ends_before_the_padding(folder):
    for one in read_slices(folder / "short.flac", rates=(SAMPLE_RATE, SPEECH_RATE)):
        assert len(one.decoded) == 7 * one.rate
        assert not one.samples[len(one.decoded) :].any()
        assert one.padded == pytest.approx(23)
        assert one.notes == ("the recording is 7 s long; the rest of the half minute was filled with silence",)


def test_one_reason_for_all_of_them(tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(44_100 * 5), 44_100)
    with pytest.raises(AudioError, match=r"silent.wav: digital silence in the 5 s from 0.0 s"):
        read_slices(tmp_path / "silent.wav", rates=(SAMPLE_RATE, SPEECH_RATE))


@pytest.mark.parametrize("rates", [(), (0,), (16_000, -1)])
def test_rates_that_cannot_be_meant(folder, rates):
    with pytest.raises(UsageError, match="expected one or more numbers of samples per second, above 0"):
        read_slices(folder / "song.wav", rates=rates)
