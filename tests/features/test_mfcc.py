import subprocess
import sys

import numpy as np
import pytest

from alcca.errors import DataError
from alcca.features.mfcc import HOP, N_FFT, N_FRAMES, N_MFCC, mfcc
from alcca.songs.audio import read_slice

N = 661_500


def oracle(samples):
    import librosa

    return librosa.feature.mfcc(y=samples, sr=22_050, n_mfcc=20, n_fft=2048, hop_length=4096, center=False)


def naive(samples):
    """The definition, frame by frame in float64, with librosa's filters."""
    import librosa

    bands = librosa.filters.mel(sr=22_050, n_fft=N_FFT).astype(np.float64)
    window = np.sin(np.pi * np.arange(N_FFT) / N_FFT) ** 2
    power = np.stack(
        [bands @ np.abs(np.fft.rfft(window * samples[i * HOP : i * HOP + N_FFT])) ** 2 for i in range(N_FRAMES)], axis=1
    )
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80)
    k, n = np.arange(20)[:, None], np.arange(128)[None, :]
    basis = np.cos(np.pi * k * (2 * n + 1) / 256) * np.sqrt(2 / 128)
    basis[0] /= np.sqrt(2)
    return basis @ decibels


def sounds():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(N).astype(np.float32)
    click = np.zeros(N, np.float32)
    click[N // 2] = 1
    half = noise * 0.1
    half[N // 2 :] = 0
    tone = np.sin(2 * np.pi * 440 * np.arange(N) / 22_050).astype(np.float32)
    return {
        "noise": noise * 0.1,
        "loud noise": noise * 1e5,
        "almost silence": noise * 1e-5,
        "silence": np.zeros(N, np.float32),
        "click": click,
        "half padded": half,
        "tone": tone,
    }


@pytest.mark.parametrize("name", sounds())
def test_equal_to_librosa(name):
    samples = sounds()[name]
    found = mfcc(samples)
    assert found.shape == (N_MFCC, N_FRAMES) == (20, 161)
    assert found.dtype == np.float32
    expected = oracle(samples)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_equal_to_the_definition():
    samples = sounds()["noise"]
    np.testing.assert_allclose(mfcc(samples), naive(samples.astype(np.float64)), atol=1e-3)


def test_same_samples_same_bits():
    samples = sounds()["noise"]
    np.testing.assert_array_equal(mfcc(samples), mfcc(samples.copy()))
    np.testing.assert_array_equal(mfcc(np.repeat(samples, 2)[::2]), mfcc(samples))


@pytest.mark.parametrize("shape", [(N - 1,), (N + 1,), (0,), (1, N), ()])
def test_another_length_is_refused(shape):
    with pytest.raises(DataError, match=r"MFCC need 661500 samples .*got an array of shape"):
        mfcc(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_sound_are_refused(value):
    samples = np.zeros(N, np.float32)
    samples[1000] = value
    with pytest.raises(DataError, match="finite"):
        mfcc(samples)


def test_the_first_call_compiles_nothing():
    code = (
        "import sys, numpy as np; from alcca.features.mfcc import mfcc;"
        "assert 'librosa' not in sys.modules; mfcc(np.ones(661_500, np.float32));"
        "assert 'librosa.core.spectrum' not in sys.modules and 'librosa.feature' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.data
@pytest.mark.slow
def test_real_recordings_equal_librosa(data_folder):
    songs = sorted((data_folder / "cc_songs" / "audio").glob("*.ogg"))
    assert len(songs) == 20
    assert any(not song.name.isascii() for song in songs)
    for song in songs:
        audio = read_slice(song)
        assert audio.seconds > 29
        expected = oracle(audio.samples)
        np.testing.assert_allclose(
            mfcc(audio.samples), expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max(), err_msg=song.name
        )
