"""Mel-frequency cepstral coefficients of a 30 s slice, the paper's audio feature.

The numbers are those of `librosa.feature.mfcc`; the mel filters come from librosa too. The transforms between are
implemented here because librosa compiles code at its first call, which delays the first song of a process by two
seconds.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["HOP", "N_FFT", "N_FRAMES", "N_MFCC", "mfcc"]

N_MFCC = 20
N_FFT = 2_048
# 30 s in 161 frames, without centring: 1 + (661500 - 2048) // 4096 = 161.
HOP = 4_096
N_FRAMES = 161
N_SAMPLES = 661_500
SAMPLE_RATE = 22_050
# Power is limited from below to the first value, and decibels to this range below the loudest band.
FLOOR_POWER = 1e-10
RANGE_DECIBELS = 80.0
# The power of larger samples overflows float32.
LOUDEST = 1e15


def mfcc(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """20 MFCC in 161 frames of a 30 s slice, equal to librosa's.

    Parameters
    ----------
    samples : array of shape (661500,), float32
        Mono samples at 22,050 Hz; the samples of `alcca.songs.audio.read_slice`.

    Returns
    -------
    array of shape (20, 161), float32
        Type-II orthonormal cosine transform of 128 mel bands in decibels; frames of 2,048 samples (Hann), one
        every 4,096, not centred: ``librosa.feature.mfcc(y=samples, sr=22050, n_mfcc=20, n_fft=2048,
        hop_length=4096, center=False)``.

    Raises
    ------
    DataError
        The number of samples is wrong, or a sample is NaN, infinite or beyond 1e15.

    References
    ----------
    Davis, Mermelstein: Comparison of parametric representations for monosyllabic word recognition in
    continuously spoken sentences. IEEE Transactions on Acoustics, Speech and Signal Processing 28(4), 1980.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(661_500) / 22_050).astype(np.float32)
    >>> mfcc(tone).shape
    (20, 161)
    """
    from scipy.fft import dct, rfft

    samples = np.asarray(samples, dtype=np.float32)
    if samples.shape != (N_SAMPLES,):
        raise DataError(
            f"MFCC need {N_SAMPLES} samples (30 s at 22,050 Hz), got an array of shape {samples.shape}; "
            "read the file with alcca.songs.audio.read_slice"
        )
    if not max(samples.max(), -samples.min()) < LOUDEST:
        raise DataError("MFCC need finite samples, got NaN, infinite or enormous ones; use read_slice, which checks it")
    window, filters = _window(), _mel_filters()
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    spectrum = rfft(frames * window, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    decibels = 10 * np.log10(np.maximum(filters @ power.T, np.float32(FLOOR_POWER)))
    decibels = np.maximum(decibels, decibels.max() - np.float32(RANGE_DECIBELS))
    coefficients: NDArray[np.float32] = dct(decibels, axis=0, type=2, norm="ortho")[:N_MFCC]
    return np.ascontiguousarray(coefficients, dtype=np.float32)


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    # The periodic window, as usual for spectral analysis; np.hanning is symmetric.
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


@lru_cache(maxsize=1)
def _mel_filters() -> "csr_array[Any]":
    from librosa.filters import mel
    from scipy.sparse import csr_array

    # 128 filters of 16 bins each out of 1,025. A dense product starts the threads of the linear algebra library, which
    # takes fifty times as long if other workers decode on the same cores.
    return csr_array(mel(sr=SAMPLE_RATE, n_fft=N_FFT))
