"""A part of a recording is decoded as if it were a file of its own."""

import numpy as np
import pytest
from tests.songs.encoding import RATE, encode, tune

from alcca.errors import AudioError
from alcca.songs.apart import read_slices_apart
from alcca.songs.audio import content_hash, read_slice
from alcca.songs.cut import Cut, cut_content, file_of, split_content, track_number, track_path, track_texts
from alcca.songs.recording_slice import RecordingSlice
from alcca.songs.whole import read_whole

SAMPLES = tune(12)


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    return encode(SAMPLES, tmp_path_factory.mktemp("album") / "album.flac")


def of(begin, end):
    return SAMPLES[round(begin * RATE) : round(end * RATE)]


@pytest.mark.parametrize(("cut", "begin", "end"), [(Cut(2.0, 7.5), 2.0, 7.5), (Cut(7.5), 7.5, 12.0)])
def test_it_is_the_part_and_no_more(album, cut, begin, end):
    audio = read_slice(album, rate=RATE, cut=cut)
    np.testing.assert_allclose(audio.decoded, of(begin, end), atol=1e-4)
    assert (audio.start, audio.duration) == (0.0, end - begin)


def test_the_middle_and_the_offset_count_from_its_beginning(album):
    middle = read_slice(album, rate=RATE, seconds=2, cut=Cut(2.0, 8.0))
    assert middle.start == 2.0
    np.testing.assert_allclose(middle.samples, of(4.0, 6.0), atol=1e-4)
    offset = read_slice(album, rate=RATE, seconds=2, offset=1.0, cut=Cut(2.0, 8.0))
    np.testing.assert_allclose(offset.samples, of(3.0, 5.0), atol=1e-4)
    with pytest.raises(AudioError, match="offset 7 s is beyond its end at 6"):
        read_slice(album, offset=7.0, cut=Cut(2.0, 8.0))


def test_what_is_beyond_the_end_of_the_recording_is_told(album):
    with pytest.raises(AudioError, match=r"it begins at 20\.0 s, and the recording ends at 12\.0 s"):
        read_slice(album, cut=Cut(20.0, 25.0))
    assert read_slice(album, cut=Cut(10.0, 25.0)).seconds == pytest.approx(2.0)


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ogg", "wav"])
def test_it_is_the_same_in_every_format(tmp_path, suffix):
    path = encode(SAMPLES, tmp_path / f"album.{suffix}")
    audio = read_slice(path, rate=RATE, cut=Cut(3.0, 9.0))
    assert audio.seconds == pytest.approx(6.0, abs=0.01)
    # Encoders put up to 50 ms of silence before the sound.
    shifts = range(-round(0.05 * RATE), 1)
    assert (
        max(np.corrcoef(audio.decoded[: 4 * RATE : 7], of(3 + s / RATE, 7 + s / RATE)[::7])[0, 1] for s in shifts)
        > 0.95
    )


def test_it_may_lie_in_two_recordings_of_one_file(tmp_path):
    path = encode(of(0, 6), tmp_path / "first.ogg")
    path.write_bytes(path.read_bytes() + encode(of(6, 12), tmp_path / "second.ogg").read_bytes())
    audio = read_slice(path, rate=RATE, cut=Cut(4.0, 9.0))
    assert (audio.seconds, audio.duration) == (5.0, 5.0)
    assert np.corrcoef(audio.decoded, of(4.0, 9.0))[0, 1] > 0.9


def test_the_whole_of_it(album):
    pieces = np.concatenate(list(read_whole(album, RATE, Cut(2.0, 7.5))))
    np.testing.assert_allclose(pieces, of(2.0, 7.5), atol=1e-4)


def test_apart_and_by_its_identity(album):
    (apart,) = read_slices_apart(album, rates=(16_000,), cut=Cut(2.0, 7.5))
    expected = read_slice(album, rate=16_000, cut=Cut(2.0, 7.5))
    np.testing.assert_array_equal(apart.samples, expected.samples)
    content = cut_content(content_hash(album), Cut(2.0, 7.5))
    found = RecordingSlice(content, None, (f"{album}#02",)).samples()
    np.testing.assert_array_equal(found, expected.decoded)


def test_names():
    for cut in (Cut(0.0, 1.5), Cut(7200.987)):
        assert split_content(cut_content("ab", cut)) == ("ab", cut)
    assert split_content("empty:/a#t=b.mp3") == ("empty:/a#t=b.mp3", None)
    path = track_path("s3://music/A #1/album.flac", 3)
    assert (file_of(path), track_number(path)) == ("s3://music/A #1/album.flac", 3)
    assert str(track_texts("/music/album.flac#03")) == "/music/album.03.flac"
    assert [file_of(path) for path in ("/a/Song #02.mp3", "/a/C#10", "/a/b.txt#02")] == [
        "/a/Song #02.mp3", "/a/C#10", "/a/b.txt#02"
    ]  # fmt: skip
