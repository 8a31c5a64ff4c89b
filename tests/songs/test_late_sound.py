"""Sound that starts later than what players show, or pauses: its times stay those of players."""

import numpy as np
import pytest
from tests.songs.encoding import RATE, encode_as, tune

from alcca.songs.audio import read_slice
from alcca.songs.ffmpeg import PyavDecoder
from alcca.songs.whole import read_whole

ABSOLUTE = {"mka": ("matroska", "flac"), "m4a": ("mp4", "alac"), "mov": ("mov", "alac"), "webm": ("webm", "libopus")}
ANYWHERE = {"ts": ("mpegts", "mp2"), "mpg": ("mpeg", "mp2")}


def onset(samples, rate):
    return np.flatnonzero(np.abs(samples) > 0.05)[0] / rate


@pytest.mark.parametrize("suffix", ABSOLUTE)
def test_sound_that_starts_late_keeps_its_times(tmp_path, suffix):
    path = encode_as(tune(40), tmp_path / f"late.{suffix}", *ABSOLUTE[suffix], late=5.0)
    samples = np.concatenate(list(read_whole(path, RATE)))
    assert onset(samples, RATE) == pytest.approx(5, abs=0.05)
    assert len(samples) / RATE == pytest.approx(45, abs=0.1)
    middle = read_slice(path)
    assert middle.start == pytest.approx(7.5, abs=0.05)
    assert middle.notes == ()
    assert onset(read_slice(path, offset=3.0, seconds=4.0, rate=RATE).samples, RATE) == pytest.approx(2, abs=0.05)
    # Matroska's times are milliseconds, half of which is a cycle and a half of the highest tone.
    part = read_slice(path, offset=20.0, seconds=2.0, rate=RATE).samples
    assert np.corrcoef(part, samples[20 * RATE : 22 * RATE])[0, 1] > 0.9


@pytest.mark.parametrize("suffix", ANYWHERE)
def test_time_stamps_that_begin_anywhere_are_no_silence(tmp_path, suffix):
    path = encode_as(tune(12), tmp_path / f"late.{suffix}", *ANYWHERE[suffix], late=5.0)
    samples = np.concatenate(list(read_whole(path, RATE)))
    assert onset(samples, RATE) < 0.1
    assert len(samples) / RATE == pytest.approx(12, abs=0.2)


@pytest.mark.parametrize("late", [0.02, 0.09])
def test_delays_of_encoders_are_no_silence(tmp_path, late):
    path = encode_as(tune(12), tmp_path / "song.mka", "matroska", "flac", late=late)
    with PyavDecoder(path) as decoder:
        assert onset(np.concatenate(list(decoder.blocks(0.0))), RATE) < 0.01


def test_a_pause_without_packets_is_silence(tmp_path):
    import av

    whole = encode_as(tune(40), tmp_path / "whole.mka", "matroska", "flac")
    path = tmp_path / "paused.mka"
    with av.open(str(whole)) as source, av.open(str(path), "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.pts is not None and not 10 < packet.pts * packet.time_base < 18:
                packet.stream = stream
                target.mux(packet)
    with PyavDecoder(whole) as before, PyavDecoder(path) as after:
        expected, found = (np.concatenate(list(decoder.blocks(0.0))) for decoder in (before, after))
        assert len(found) == pytest.approx(len(expected), abs=RATE // 100)
        assert not found[11 * RATE : 17 * RATE].any()
        # Matroska's times are milliseconds.
        shift = np.argmax(np.correlate(found[20 * RATE - 99 : 21 * RATE + 99], expected[20 * RATE : 21 * RATE])) - 99
        assert abs(shift) < 60
        np.testing.assert_array_equal(found[20 * RATE + shift : 30 * RATE + shift], expected[20 * RATE : 30 * RATE])
