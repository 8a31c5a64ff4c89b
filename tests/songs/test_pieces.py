"""Pieces of a recording are what slices at their places are, and what cannot be decoded is silent."""

import numpy as np
import pytest
import soundfile
from tests.songs.encoding import FORMATS, RATE, encode, tune

from alcca.errors import AudioError
from alcca.songs import apart, pieces
from alcca.songs.apart import write_pieces_apart
from alcca.songs.audio import read_slice
from alcca.songs.cut import Cut
from alcca.songs.pieces import read_pieces

STARTS = [0.0, 7.25, 18.5]


def read(path, starts=STARTS, **more):
    return read_pieces(path, starts=starts, seconds=1.0, rate=16_000, **more)


def slices(path, starts=STARTS, **more):
    return np.stack([read_slice(path, offset=start, seconds=1.0, rate=16_000, **more).samples for start in starts])


@pytest.mark.parametrize("suffix", FORMATS)
def test_they_are_the_slices_at_their_places(tmp_path, suffix):
    path = encode(tune(20), tmp_path / f"song.{suffix}")
    found = read(path)
    assert (found.shape, found.dtype) == ((3, 16_000), np.float32)
    np.testing.assert_allclose(found, slices(path), atol=1e-6)


def test_of_a_cut_they_count_from_its_beginning(tmp_path):
    path = encode(tune(20), tmp_path / "album.flac")
    cut = Cut(4.0, 12.0)
    np.testing.assert_allclose(read(path, [1.0, 6.5], cut=cut), slices(path, [5.0, 10.5]), atol=1e-6)
    assert not read(path, [1.0, 9.0], cut=cut)[1].any()


def test_opposite_channels_do_not_cancel_out(tmp_path):
    path = encode(np.stack([tune(40), -tune(40)]), tmp_path / "song.wav")
    assert np.abs(read(path)).max(axis=1).min() > 0.1


def test_what_is_lost_is_silent_and_the_rest_is_not(tmp_path):
    path = encode(tune(20), tmp_path / "song.mp3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert read(path).any(axis=1).tolist() == [True, True, False]


def test_invalid_samples_are_silent(tmp_path):
    samples = tune(20)
    samples[RATE // 2] = np.nan
    soundfile.write(tmp_path / "song.wav", samples, RATE, subtype="FLOAT")
    assert read(tmp_path / "song.wav").any(axis=1).tolist() == [False, True, True]


def test_without_any_sound_there_is_a_reason(tmp_path, monkeypatch):
    silent = encode(np.zeros(20 * RATE, np.float32), tmp_path / "silent.wav")
    with pytest.raises(AudioError, match=r"silent\.wav: no piece of it can be decoded"):
        read(silent)
    page = tmp_path / "page.mp3"
    page.write_text("<html><body>not found</body></html>")
    with pytest.raises(AudioError, match=r"page\.mp3: "):
        read(page)
    song = encode(tune(20), tmp_path / "song.wav")
    monkeypatch.setattr(pieces, "BUDGET_SECONDS", -1.0)
    with pytest.raises(AudioError, match=r"song\.wav: still reading pieces"):
        read(song)


def test_it_tells_that_it_gets_on(tmp_path):
    told = []
    read(encode(tune(20), tmp_path / "song.wav"), reached=lambda: told.append(1))
    assert len(told) >= len(STARTS)


def test_apart_they_are_the_same(tmp_path):
    path, target = encode(tune(20), tmp_path / "söng.flac"), tmp_path / "pieces"
    cut = Cut(4.0, 12.0)
    write_pieces_apart(path, target, starts=[np.float64(1.0), 6], seconds=1, rate=16_000, cut=cut)
    np.testing.assert_array_equal(np.fromfile(target, "<f4").reshape(2, -1), read(path, [1.0, 6.0], cut=cut))


def test_a_file_that_kills_its_decoder_says_so(tmp_path, monkeypatch):
    apart._end_all()
    program = "from alcca.workers.process import Pipe; pipe = Pipe(); pipe.send(b'{}\\n'); pipe.receive()"
    monkeypatch.setattr(apart, "PROGRAM", program)
    path = encode(tune(20), tmp_path / "song.flac")
    with pytest.raises(AudioError, match=r"song\.flac: the decoder crashed on it"):
        write_pieces_apart(path, tmp_path / "pieces", starts=[0.0], seconds=1.0, rate=16_000)
    apart._end_all()
    assert not (tmp_path / "pieces").exists()
