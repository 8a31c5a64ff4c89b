import numpy as np
import pytest
import soundfile
import soxr
from tests.songs.encoding import RATE, encode, tune

from alcca.errors import AudioError
from alcca.songs.audio import read_slice
from alcca.songs.downmix import channel_instead_of_mean
from alcca.songs.whole import read_whole

SECONDS = 8


def voice(seconds=SECONDS, seed=7):
    """Harmonics of a gliding note, as a voice has them."""
    time = np.arange(int(seconds * RATE)) / RATE
    rng = np.random.default_rng(seed)
    glide = np.interp(time, np.arange(0, seconds + 1, 0.25), rng.uniform(120, 300, 4 * (seconds + 1)))
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    return (sum(np.sin(n * phase) / n for n in range(1, 20)) / 4).astype(np.float32)


def music(seconds=SECONDS, width=0.3):
    """Stereo whose sides differ a little, like most."""
    rng = np.random.default_rng(1)
    middle, side = rng.standard_normal((2, int(seconds * RATE))).cumsum(axis=1)
    middle, side = (part - np.convolve(part, np.ones(400) / 400, "same") for part in (middle, side))
    return np.stack([middle + width * side, middle - width * side]).astype(np.float32) / np.abs(middle).max() / 2


def write(path, channels, **options):
    soundfile.write(path, channels.T, RATE, **options)
    return path


def whole(path, rate=RATE):
    return np.concatenate(list(read_whole(path, rate)))


def alike(one, other):
    return np.corrcoef(one[: len(other)], other[: len(one)])[0, 1]


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a"])
@pytest.mark.parametrize("louder", [0.7, 1.0, 1.3])
def test_an_inverted_channel_is_not_silence(tmp_path, suffix, louder):
    path = encode(np.stack([voice(), -louder * voice()]), tmp_path / f"inverted.{suffix}")
    taken = read_slice(path, rate=RATE)
    # FFmpeg's own AAC files carry 1,024 samples before the music.
    assert abs(alike(taken.decoded[1_024 if suffix == "m4a" else 0 :], voice())) > 0.98
    assert np.abs(taken.samples).max() > 0.4
    assert abs(alike(whole(path), taken.decoded)) > 0.99


@pytest.mark.parametrize("below", [3, 0, -3])
def test_an_inverted_voice_over_music_is_kept(tmp_path, below):
    over = music(width=0.1)
    sung = voice() * over.std() / voice().std() * 10 ** (below / 20)
    path = write(tmp_path / "song.wav", over + np.stack([sung, -sung]), subtype="FLOAT")
    channel = channel_instead_of_mean(over + np.stack([sung, -sung]), RATE)
    assert channel is not None
    assert np.array_equal(whole(path), (over + np.stack([sung, -sung])).astype(np.float32)[channel])


HEALTHY = {
    "mono twice": np.stack([voice(), voice()]),
    "panned": np.stack([voice(), 0.1 * voice()]),
    "one side": np.stack([voice(), 0 * voice()]),
    "music": music(),
    "wide": music(width=0.9),
    "voice in the middle": music() + voice() / 8,
    "two takes": np.stack([voice(seed=1), voice(seed=2)]),
    "noise": np.random.default_rng(0).uniform(-0.5, 0.5, (2, SECONDS * RATE)),
    "a late side": np.stack([voice(), np.roll(voice(), 900)]),
    "three": np.stack([voice(), -voice(), voice()]),
    "5.1": np.stack([*music(), voice() / 4, 0.1 * voice(), *music(width=0.6)]),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_other_files_give_the_bits_of_the_mean(tmp_path, name):
    channels = HEALTHY[name].astype(np.float32)
    path = write(tmp_path / "song.wav", channels, subtype="FLOAT")
    total = channels[0] + channels[1]
    for channel in channels[2:]:
        total = total + channel
    mean = total * np.float32(1 / len(channels))
    assert np.array_equal(read_slice(path).decoded, soxr.resample(mean, RATE, 22_050))
    assert np.array_equal(whole(path), mean)


def test_more_channels_that_cancel_give_the_loudest(tmp_path):
    channels = np.stack([voice(), -voice(), 0.5 * voice(), -0.5 * voice()])
    path = write(tmp_path / "quad.wav", channels, subtype="FLOAT")
    assert np.array_equal(whole(path), voice())


@pytest.mark.parametrize("suffix", ["flac", "m4a"])
def test_the_choice_is_one_for_the_whole_file(tmp_path, suffix):
    # Inverted in its middle, where songs are judged, and not in its first minute.
    length = 100
    song = tune(length)
    other = song.copy()
    other[30 * RATE :] *= -1
    path = encode(np.stack([song, other]), tmp_path / f"song.{suffix}")
    everything = whole(path)
    for offset in (None, 3.0, 60.0):
        part = read_slice(path, offset=offset, seconds=5.0, rate=RATE)
        assert np.abs(part.samples).max() > 0.3
        begin = round(part.start * RATE)
        assert alike(part.samples, everything[begin : begin + 5 * RATE]) > 0.99


def test_a_silent_middle_leaves_the_choice_to_other_places(tmp_path):
    song = np.concatenate([tune(30), np.zeros(60 * RATE, np.float32), tune(10)])
    path = write(tmp_path / "song.flac", np.stack([song, -song]))
    taken = read_slice(path)
    assert taken.start == 10
    assert np.abs(taken.samples).max() > 0.3
    assert np.abs(whole(path)).max() > 0.3


def test_silence_of_all_channels_stays_silence(tmp_path):
    path = write(tmp_path / "silent.wav", np.zeros((2, 5 * RATE)))
    with pytest.raises(AudioError, match="digital silence"):
        read_slice(path)
