import hashlib
import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from tests.songs.encoding import FORMATS, RATE, encode, encode_as, tune

from alcca.errors import AudioError, UsageError
from alcca.songs import audio
from alcca.songs.audio import AudioSlice, content_hash, read_slice
from alcca.songs.decoders import decoders_for
from alcca.songs.downmix import Downmix
from alcca.songs.ffmpeg import FFMPEG_FORMATS, PyavDecoder
from alcca.songs.kinds import AUDIO_SUFFIXES
from alcca.songs.libsndfile import SoundfileDecoder
from alcca.songs.whole import read_whole

N = 661_500


@pytest.fixture(scope="module")
def song():
    return tune(50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, song):
    folder = tmp_path_factory.mktemp("formats")
    for suffix in (*FORMATS, "aac"):
        encode(song, folder / f"song.{suffix}")
    return folder


def mono(decoder, start, seconds=1e9):
    wanted = round(seconds * decoder.rate)
    parts, have = [], 0
    for block in decoder.blocks(start):
        parts.append(block)
        have += len(block)
        if have >= wanted:
            break
    return np.concatenate(parts)[:wanted]


def delay(found, expected):
    """How many samples later ``found`` has what ``expected`` has."""
    size = 1 << 16
    spectrum = np.fft.rfft(found[:size]) * np.conj(np.fft.rfft(expected[:size]))
    lag = int(np.argmax(np.fft.irfft(spectrum)))
    return lag - size if lag > size // 2 else lag


# What a slice is


@pytest.mark.parametrize("suffix", FORMATS)
def test_middle_of_the_song(folder, song, suffix):
    import soxr

    taken = read_slice(folder / f"song.{suffix}")
    assert isinstance(taken, AudioSlice)
    assert taken.samples.shape == (N,)
    assert taken.samples.dtype == np.float32
    assert taken.start == pytest.approx(10, abs=0.03)
    assert (taken.seconds, taken.padded, taken.notes) == (30, 0, ())
    assert taken.duration == pytest.approx(50, abs=0.06)
    assert taken.decoder == ("pyav" if suffix in ("m4a", "opus") else "soundfile")
    begin = round(taken.start * RATE)
    expected = soxr.resample(song[begin : begin + 30 * RATE], RATE, 22_050)
    # FFmpeg's own AAC files carry 1,024 samples before the music.
    assert delay(taken.samples, expected) == (512 if suffix == "m4a" else 0)


def test_samples_are_those_of_librosa(folder):
    import librosa

    expected, _ = librosa.load(folder / "song.wav", sr=22_050, mono=True, offset=7.5, duration=30.0)
    np.testing.assert_allclose(read_slice(folder / "song.wav", offset=7.5).samples, expected, atol=1e-5)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_decoders_agree_to_the_sample(folder, suffix):
    with SoundfileDecoder(folder / f"song.{suffix}") as one, PyavDecoder(folder / f"song.{suffix}") as other:
        assert one.rate == other.rate == RATE
        for start in (0.0, 12.3456, 49.9):
            np.testing.assert_array_equal(mono(one, start), mono(other, start))


@pytest.mark.parametrize("suffix", [*FORMATS, "aac"])
@pytest.mark.parametrize("decoder_type", [SoundfileDecoder, PyavDecoder])
def test_seeking_is_exact(folder, suffix, decoder_type):
    if decoder_type is SoundfileDecoder and suffix in ("m4a", "aac"):
        pytest.skip("libsndfile does not read it")
    with decoder_type(folder / f"song.{suffix}") as decoder:
        whole = mono(decoder, 0.0)
        for start in (0.1, 17.7, 33.33333):
            expected = whole[round(start * decoder.rate) :][: 2 * decoder.rate]
            np.testing.assert_allclose(mono(decoder, start, 2), expected, atol=1e-4)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_decoders_agree_on_channels(tmp_path, suffix):
    path = tmp_path / f"stereo.{suffix}"
    channels = np.stack([tune(3, seed=1), 0.1 * tune(3, seed=2)[::-1]])
    soundfile.write(path, channels.T, RATE)
    with SoundfileDecoder(path) as one, PyavDecoder(path) as other:
        np.testing.assert_allclose(mono(one, 1.0), mono(other, 1.0), atol=1e-7)
        np.testing.assert_allclose(mono(one, 0.0), channels.mean(axis=0), atol=1e-4)


def test_channels_are_averaged(tmp_path, song):
    channels = np.stack([song, -song, song])
    soundfile.write(tmp_path / "three.wav", channels.T, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "one.wav", song / 3, RATE, subtype="FLOAT")
    one, three = (read_slice(tmp_path / name).samples for name in ("one.wav", "three.wav"))
    np.testing.assert_allclose(three, one, atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
def test_every_sample_format_has_full_scale_one(tmp_path, song, subtype):
    soundfile.write(tmp_path / "x.wav", song[: 5 * RATE], RATE, subtype=subtype)
    with SoundfileDecoder(tmp_path / "x.wav") as one, PyavDecoder(tmp_path / "x.wav") as other:
        np.testing.assert_allclose(mono(one, 0), mono(other, 0), atol=1e-6)
        np.testing.assert_allclose(mono(one, 0), song[: 5 * RATE], atol=0.01)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 48_000, 96_000])
def test_every_rate_gives_the_same_length(tmp_path, rate):
    soundfile.write(tmp_path / "x.wav", np.resize(tune(31), 31 * rate), rate)
    taken = read_slice(tmp_path / "x.wav")
    assert taken.samples.shape == (N,)
    assert taken.padded == 0


def test_offset_is_where_the_slice_begins(folder):
    with SoundfileDecoder(folder / "song.flac") as decoder:
        whole = mono(decoder, 0.0)
    taken = read_slice(folder / "song.flac", offset=3.25)
    assert taken.start == 3.25
    assert delay(taken.samples, whole[round(3.25 * RATE) :: 2]) == 0


def test_short_songs_are_padded_at_the_end(tmp_path):
    taken = read_slice(encode(tune(12), tmp_path / "short.flac"))
    assert (taken.start, taken.seconds, taken.padded, taken.duration) == (0, 12, 18, 12)
    assert not taken.samples[12 * 22_050 :].any()
    assert taken.samples[12 * 22_050 - 100 : 12 * 22_050].any()
    assert taken.notes == ("the recording is 12 s long; the rest of the half minute was filled with silence",)


def test_offset_near_the_end_is_padded_and_beyond_it_refused(folder):
    taken = read_slice(folder / "song.mp3", offset=45)
    assert taken.padded == pytest.approx(25, abs=0.01)
    assert taken.notes == ("only 5 s are left after 45 s; the rest of the half minute was filled with silence",)
    for suffix in FORMATS:
        with pytest.raises(AudioError, match=r"song\..*: offset 60 s is beyond its end at 50\.0 s"):
            read_slice(folder / f"song.{suffix}", offset=60)


@pytest.mark.parametrize("offset", [-1, float("nan"), float("inf")])
def test_impossible_offsets(folder, offset):
    with pytest.raises(UsageError, match="offset"):
        read_slice(folder / "song.wav", offset=offset)


@pytest.mark.parametrize("seconds", [0, -3, float("nan")])
def test_impossible_lengths(folder, seconds):
    with pytest.raises(UsageError, match="slice"):
        read_slice(folder / "song.wav", seconds=seconds)


# Files that lie


@pytest.mark.parametrize("suffix", ["mp3", "wav", "flac", "ogg", "opus", "aac"])
def test_a_truncated_file_gives_the_middle_of_what_is_there(folder, tmp_path, song, suffix):
    data = (folder / f"song.{suffix}").read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(data[: int(len(data) * 0.7)])
    taken = read_slice(tmp_path / f"cut.{suffix}")
    # A tenth of the bytes is not a tenth of the time.
    assert taken.duration == pytest.approx(35, abs=4)
    assert taken.start == pytest.approx((taken.duration - 30) / 2, abs=0.01)
    assert taken.padded < 0.1
    if suffix in ("mp3", "flac"):
        assert "the file declares a length of 50.0 s, but only " in taken.notes[0]


def test_a_file_cut_in_half_and_a_start_beyond_the_cut(folder, tmp_path):
    data = (folder / "song.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(data[: len(data) // 10])
    taken = read_slice(tmp_path / "cut.mp3")
    assert taken.start == 0
    assert 4 < taken.seconds < 6
    with pytest.raises(AudioError, match=r"offset 40 s is beyond its end at [45]\.\d s"):
        read_slice(tmp_path / "cut.mp3", offset=40)


@pytest.mark.parametrize("factor", [0, 0.1, 3, 1000])
def test_flac_that_lies_about_its_duration(folder, tmp_path, song, factor):
    data = bytearray((folder / "song.flac").read_bytes())
    # STREAMINFO: the number of samples in 36 bits from the middle of byte 21.
    head = int.from_bytes(data[21:26])
    samples = head & (1 << 36) - 1
    assert samples == len(song)
    data[21:26] = ((head >> 36 << 36) | int(samples * factor)).to_bytes(5)
    (tmp_path / "liar.flac").write_bytes(data)
    taken = read_slice(tmp_path / "liar.flac")
    assert taken.start == pytest.approx(10, abs=0.2)
    assert taken.duration == pytest.approx(50, abs=0.2)
    if factor:
        assert any(f"the file declares a length of {50 * factor:.1f} s, but " in note for note in taken.notes)


def test_damaged_flac_frames_do_not_pass_as_noise(folder, tmp_path):
    with PyavDecoder(folder / "song.flac") as decoder:
        whole = {block.tobytes() for block in decoder.blocks(0.0)}
    data = bytearray((folder / "song.flac").read_bytes())
    rng = np.random.default_rng(0)
    for place in rng.integers(len(data) // 4, len(data), 200):
        data[place] ^= 1 << rng.integers(8)
    (tmp_path / "damaged.flac").write_bytes(data)
    with PyavDecoder(tmp_path / "damaged.flac") as decoder:
        blocks = [block for block in decoder.blocks(0.0) if len(block)]
        assert decoder.damaged > 0
    assert len(whole) > len(blocks) > len(whole) / 2
    assert all(block.tobytes() in whole for block in blocks)


def test_damage_in_the_middle_asks_the_other_decoder(folder, tmp_path):
    data = bytearray((folder / "song.flac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 500] = bytes(500)
    (tmp_path / "hole.flac").write_bytes(data)
    # libsndfile stops at the hole; FFmpeg goes on after it.
    taken = read_slice(tmp_path / "hole.flac")
    assert taken.decoder == "pyav"
    assert taken.padded < 0.5


# What is no audio


def test_digital_silence(tmp_path):
    for value in (0.0, 0.5):
        soundfile.write(tmp_path / "s.wav", np.full(40 * RATE, value), RATE)
        with pytest.raises(AudioError, match=r"s\.wav: digital silence in the 30 s from 5\.0 s; choose another offset"):
            read_slice(tmp_path / "s.wav")


def test_a_silent_middle_is_not_the_song(tmp_path):
    samples = np.concatenate([tune(60), np.zeros(80 * RATE, np.float32), tune(20)])
    soundfile.write(tmp_path / "hidden track.wav", samples, RATE)
    taken = read_slice(tmp_path / "hidden track.wav")
    assert taken.start == 25
    assert taken.notes == ("the middle is silent; the part from 25.0 s was taken instead",)
    with pytest.raises(AudioError, match="digital silence"):
        read_slice(tmp_path / "hidden track.wav", offset=65)


def test_quiet_music_is_not_silence(tmp_path):
    soundfile.write(tmp_path / "q.wav", tune(31, amplitude=0.001), RATE)
    assert read_slice(tmp_path / "q.wav").samples.any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_numbers_that_sound_cannot_have(tmp_path, value):
    samples = tune(31)
    samples[15 * RATE] = value
    soundfile.write(tmp_path / "n.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"n\.wav: its samples are invalid"):
        read_slice(tmp_path / "n.wav")


@pytest.mark.parametrize("seconds", [0, 0.01, 0.9])
def test_less_than_a_second_is_no_song(tmp_path, seconds):
    soundfile.write(tmp_path / "x.wav", tune(2)[: int(seconds * RATE)], RATE)
    with pytest.raises(AudioError, match=r"x\.wav: (only|no sound).* can be decoded; at least 1 s are needed"):
        read_slice(tmp_path / "x.wav")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html><html>", "is a web page"),
        (b"<html>" + b"x" * 100_000, "is a web page"),
        ("Text, täxt\r\n".encode() * 99, "is a text file"),
        (b"a", "is a text file"),
        (bytes(100_000), "begins with zeros"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 99, "cannot be decoded|no sound|only"),
    ],
)
@pytest.mark.parametrize("suffix", ["mp3", "m4a", "flac"])
def test_other_files(tmp_path, content, reason, suffix):
    path = tmp_path / f"song.{suffix}"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=rf"^song\.{suffix}: .*({reason})") as error:
        read_slice(path)
    assert "\n" not in str(error.value)


def test_places_without_a_file(tmp_path):
    (tmp_path / "folder.mp3").mkdir()
    os.mkfifo(tmp_path / "pipe.mp3")
    for name, reason in (("folder.mp3", "folder"), ("pipe.mp3", "device"), ("none.mp3", "no such file")):
        with pytest.raises(AudioError, match=reason):
            read_slice(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder, tmp_path):
    path = shutil.copy(folder / "song.wav", tmp_path / "secret.wav")
    path.chmod(0)
    with pytest.raises(AudioError, match=r"secret\.wav: cannot be read .*permissions"):
        read_slice(path)


def test_a_playlist_opens_nothing_else(folder, tmp_path):
    # FFmpeg follows such lists unless told not to; here the text is refused before.
    (tmp_path / "list.m4a").write_text(f"ffconcat version 1.0\nfile {folder / 'song.wav'}\n")
    with pytest.raises(AudioError, match="text file"):
        read_slice(tmp_path / "list.m4a")


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\n#\1\nfile song.ogg\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#\1\n#EXTINF:5,\nsong.ogg\n#EXT-X-ENDLIST\n",
        "[playlist]\n\1\nFile1=song.ogg\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=\1\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5000 RTP/AVP 0\n",
        "# VobSub index file, v7\n\1\n",
        "\1<MPD><Period><AdaptationSet><BaseURL>song.ogg</BaseURL></AdaptationSet></Period></MPD>",
    ],
    ids=["concat", "hls", "pls", "sdp", "vobsub", "dash"],
)
@pytest.mark.parametrize("name", ["list.mp3", "list.m4a", "list.ogg", "list.m3u8", "list.sdp", "list.ffconcat"])
def test_a_playlist_that_is_no_text_opens_nothing_else(folder, tmp_path, playlist, name):
    shutil.copy(folder / "song.ogg", tmp_path / "song.ogg")
    (tmp_path / name).write_text(playlist)
    with pytest.raises(AudioError, match=r"^list\.\w+: cannot be decoded"):
        read_slice(tmp_path / name)
    with pytest.raises(AudioError, match=r"^list\.\w+: cannot be decoded"):
        next(read_whole(tmp_path / name, 16_000))


@pytest.mark.parametrize("name", ["concat:song.wav|song.wav", "subfile,,start,0,end,9,,:song.wav", "song%03d.wav"])
@pytest.mark.parametrize("relative", [True, False])
def test_a_name_is_a_name_and_no_address(folder, tmp_path, monkeypatch, name, relative):
    monkeypatch.chdir(tmp_path)
    path = shutil.copy(folder / "song.opus", tmp_path / f"{name}.opus")
    assert read_slice(path.name if relative else path).decoder == "pyav"


CONTAINERS = {
    "aac": ("adts", "aac"), "mp4": ("mp4", "aac"), "mov": ("mov", "alac"), "mka": ("matroska", "flac"),
    "webm": ("webm", "libopus"), "ac3": ("ac3", "ac3"), "wv": ("wv", "wavpack"), "tta": ("tta", "tta"),
    "aiff": ("aiff", "pcm_s16be"), "au": ("au", "pcm_s16be"), "caf": ("caf", "pcm_s16be"), "w64": ("w64", "pcm_s16le"),
    "mp2": ("mp2", "mp2"), "avi": ("avi", "mp2"), "flv": ("flv", "aac"), "mpg": ("mpeg", "mp2"),
    "ogg": ("ogg", "flac"), "wav": ("wav", "pcm_s24le"), "mp3": ("mp3", "libmp3lame"), "latm": ("latm", "aac"),
    "ts": ("mpegts", "mp2"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_ffmpeg_may_open_whatever_music_is_kept_in(tmp_path, suffix):
    container, codec = CONTAINERS[suffix]
    path = encode_as(tune(3), tmp_path / f"song.{suffix}", container, codec)
    with PyavDecoder(path) as decoder:
        assert sum(map(len, decoder.blocks(0.0))) / decoder.rate == pytest.approx(3, abs=0.2)


def test_every_format_that_ffmpeg_may_open_is_one():
    known = {name for name in av.formats_available if name in FFMPEG_FORMATS}
    assert FFMPEG_FORMATS - known <= {"apac", "iamf", "lc3", "osq", "rka", "wavarc"}, "newer than the oldest FFmpeg"
    assert not FFMPEG_FORMATS & {"concat", "hls", "dash", "imf", "sdp", "rtsp", "rtp", "lavfi", "image2", "vobsub"}


@pytest.mark.parametrize("suffix", ["au", "snd"])
def test_bytes_without_a_header_are_no_sound(tmp_path, suffix):
    (tmp_path / f"cover.{suffix}").write_bytes(np.random.default_rng(0).bytes(100_000))
    with pytest.raises(AudioError, match=rf"cover\.{suffix}: cannot be decoded \(soundfile: no header"):
        read_slice(tmp_path / f"cover.{suffix}")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a system without such files")
def test_a_file_that_says_that_it_is_empty_is_not_opened(tmp_path, monkeypatch):
    path = tmp_path / "song.mp3"
    path.symlink_to("/proc/self/status")
    assert content_hash(path) == hashlib.blake2b(digest_size=16).hexdigest()
    with pytest.raises(AudioError, match="the file is empty"):
        read_slice(path)


# Decoders that fail


@pytest.mark.parametrize(("real", "named"), [("m4a", "mp3"), ("mp3", "m4a"), ("opus", "wav"), ("flac", "mp3")])
def test_a_wrong_suffix_does_not_matter(folder, tmp_path, real, named):
    shutil.copy(folder / f"song.{real}", tmp_path / f"song.{named}")
    assert read_slice(tmp_path / f"song.{named}").notes == ()


class Strange:
    """A decoder that behaves as told."""

    name = "strange"
    rate, channels, declared, damaged = 22_050, 1, 100.0, 0
    downmix = Downmix()

    def __init__(self, path):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def blocks(self, start, most=None):
        raise ZeroDivisionError("float division\nby zero")


def test_whatever_a_decoder_raises_the_next_one_is_asked(folder, monkeypatch):
    monkeypatch.setattr(audio, "decoders_for", lambda path: (Strange, PyavDecoder))
    assert read_slice(folder / "song.mp3").decoder == "pyav"


def test_whatever_all_decoders_raise_is_one_line(folder, monkeypatch):
    class Refusing(Strange):
        def __init__(self, path):
            raise KeyError("odd\nkey")

    monkeypatch.setattr(audio, "decoders_for", lambda path: (Refusing, Refusing))
    # What follows on the file's tag would be tried too.
    monkeypatch.setattr(audio, "decoders_after_junk", lambda path: ())
    with pytest.raises(AudioError, match=r"song\.mp3: cannot be decoded \(strange: 'odd"):
        read_slice(folder / "song.mp3")
    monkeypatch.setattr(audio, "decoders_for", lambda path: (Strange, Strange))
    with pytest.raises(AudioError, match=r"song\.mp3: no sound at all can be decoded \(float division by zero\)"):
        read_slice(folder / "song.mp3")


def test_a_decoder_that_never_ends_runs_out_of_time(folder, monkeypatch):
    class Endless(Strange):
        def blocks(self, start, most=None):
            while True:
                yield np.empty(0, np.float32)

    monkeypatch.setattr(audio, "decoders_for", lambda path: (Endless, Endless))
    with pytest.raises(AudioError, match=r"song\.mp3: still decoding after 0\.1 s"):
        read_slice(folder / "song.mp3", budget=0.1)


def test_no_time_at_all(folder):
    with pytest.raises(AudioError, match="still decoding after 0 s"):
        read_slice(folder / "song.mp3", budget=0)


# The rest


def test_content_hash_follows_the_content(folder, tmp_path):
    copied = shutil.copy(folder / "song.mp3", tmp_path / "other name.mp3")
    data = copied.read_bytes()
    assert (
        content_hash(copied) == content_hash(folder / "song.mp3") == hashlib.blake2b(data, digest_size=16).hexdigest()
    )
    copied.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert content_hash(copied) != content_hash(folder / "song.mp3")
    with pytest.raises(OSError, match="No such file"):
        content_hash(tmp_path / "nothing")


def test_suffixes_are_lower_case_and_cover_the_common_formats():
    assert {f".{suffix}" for suffix in (*FORMATS, "aac", "oga")} <= AUDIO_SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in AUDIO_SUFFIXES)


def test_the_faster_decoder_comes_first(tmp_path):
    assert decoders_for(tmp_path / "a.MP3")[0] is SoundfileDecoder
    assert decoders_for(tmp_path / "a.opus")[0] is PyavDecoder


def test_what_stands_before_the_damage_is_read(tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "whole.flac", 0.1 * rng.standard_normal((44_100 * 40, 2)), 44_100)
    data = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(data[: int(len(data) * 0.7)])
    read = 0
    with SoundfileDecoder(tmp_path / "cut.flac") as decoder, pytest.raises(soundfile.LibsndfileError):
        for block in decoder.blocks(0.0):
            read += len(block)
    # All but a small piece of the 28 s; a large one is 12 s.
    assert read > 44_100 * 26


def test_no_more_is_decoded_than_is_wanted(folder):
    with SoundfileDecoder(folder / "song.mp3") as decoder:
        assert sum(len(block) for block in decoder.blocks(1.0, 12_345)) == 12_345
