"""65 numbers that describe a recording: rhythm, loudness, spectral shape, timbre and key.

Yu et al. described a song by 65 numbers of Spotify's audio-feature service, which is closed to new users. These 65
cover the same properties and are computed from the audio only. All share one Fourier transform, from which librosa
computes nearly everything.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError

__all__ = ["DESCRIPTOR_NAMES", "N_DESCRIPTORS", "track_descriptors"]

N_TIMBRE = 12
PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SHAPES = ("centroid", "bandwidth", "rolloff", "flatness", "contrast", "zero_crossings")

RHYTHM_NAMES = ("tempo", "tempo_clarity", "onset_rate", "onset_strength_mean", "onset_strength_std")
LOUDNESS_NAMES = ("loudness_mean", "loudness_std", "loudness_range", "loudness_max", "crest_factor", "silence")
SPECTRAL_NAMES = tuple(f"{shape}_{statistic}" for shape in SHAPES for statistic in ("mean", "std"))
TIMBRE_NAMES = tuple(f"timbre_{i}_{statistic}" for i in range(1, N_TIMBRE + 1) for statistic in ("mean", "std"))
TONAL_NAMES = (
    *(f"chroma_{name}" for name in PITCH_CLASSES),
    *("chroma_std", "chroma_entropy", "key_fifths_cos", "key_fifths_sin", "key_strength", "mode"),
)
DESCRIPTOR_NAMES = (*RHYTHM_NAMES, *LOUDNESS_NAMES, *SPECTRAL_NAMES, *TIMBRE_NAMES, *TONAL_NAMES)
N_DESCRIPTORS = len(DESCRIPTOR_NAMES)

N_FFT = 2_048
HOP = 512
# Onsets need every frame. The spectral shape, which takes most of the time, does not.
SHAPE_STEP = 2
TUNING_STEP = 8
LOWEST_RATE = 16_000
# Relative to full scale: a peak below the first is silence, and above the second, squares overflow float32.
SILENT, LOUDEST = 1e-5, 1e15
FLOOR_POWER = 1e-10
# A frame that is further below the loudest one is a pause; its spectrum is that of dither or of the codec.
PAUSE_DECIBELS = 60.0
# The mean rise of the mel bands that counts as an onset.
ONSET_DECIBELS = 1.0
# The longest period that is considered.
PERIOD_SECONDS = 8.0
# How well each pitch class fits a key, from the tonic upwards: a revision of the profiles of Krumhansl and Kessler,
# which assign a C major triad to E minor.
MAJOR = (5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0)
MINOR = (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)


def track_descriptors(samples: NDArray[np.float32], sample_rate: int = 22_050) -> NDArray[np.float32]:
    """Describe a recording by 65 numbers, in the order of ``DESCRIPTOR_NAMES``.

    ========================  ====  =================================================================================
    names                     n     what they are
    ========================  ====  =================================================================================
    tempo                     1     beats per minute, 19 to 320; a step of a frame, so 2.5 % at 120 (Ellis 2007)
    tempo_clarity             1     autocorrelation of the onset strength at that tempo, -1 to 1
    onset_rate                1     onsets per second
    onset_strength_mean, std  2     rise of the mel bands from frame to frame, dB
    loudness_mean, std, max   3     A-weighted level, dB of full scale; a full sine at 1 kHz has -3 dB
    loudness_range            1     10th to 95th percentile of the level, dB (EBU Tech 3342)
    crest_factor              1     peak above the root mean square, dB
    silence                   1     part of the frames more than 60 dB below the loudest, 0 to 1
    centroid_*, bandwidth_*   4     first and second moment of the magnitude spectrum, Hz
    rolloff_*                 2     frequency below which 85 % of the magnitude lies, Hz
    flatness_*                2     geometric over arithmetic mean of the power, 0 (tone) to 1 (noise)
    contrast_*                2     peaks above valleys, mean of seven octave bands, dB (Jiang et al. 2002)
    zero_crossings_*          2     per second
    timbre_1 … timbre_12      24    mel-frequency cepstral coefficients 1 to 12; the level, number 0, is left out
    chroma_C … chroma_B       12    strength of each pitch class, 0 to 1, tuned to the recording (Fujishima 1999)
    chroma_std                1     how much they vary over time, mean over pitch classes
    chroma_entropy            1     0 when one pitch class sounds, 1 when all do alike
    key_fifths_cos, sin       2     the tonic on the circle of fifths: C is at (1, 0), G 30 degrees further
    key_strength              1     correlation with the profile of that key, -1 to 1 (Temperley 1999)
    mode                      1     best correlation with a major key less best with a minor one: positive is major
    ========================  ====  =================================================================================

    A star stands for the mean and the standard deviation over frames. Spectrum, timbre and pitch exclude pauses, and
    silence at the end, as in a padded slice, is ignored. A gain changes only ``loudness_mean`` and ``loudness_max``.

    Parameters
    ----------
    samples : array of shape (n,), float32
        Mono samples, full scale is 1; the samples of `alcca.songs.audio.read_slice`.
    sample_rate : int
        Samples per second, 16,000 or more.

    Returns
    -------
    array of shape (65,), float32
        All finite. For silence, the loudness is -100 dB, ``silence`` is 1, and all others are 0.

    Raises
    ------
    DataError
        There are no samples, more than one channel, or samples that are NaN, infinite or beyond 1e15.
    UsageError
        The sample rate is below 16,000.

    References
    ----------
    Yu, Tang, Raposo, Chen: Deep cross-modal correlation learning for audio and lyrics in music retrieval.
    arXiv 1711.08976, 2017.

    Ellis: Beat tracking by dynamic programming. Journal of New Music Research 36(1), 2007.

    EBU Tech 3342: Loudness range. European Broadcasting Union, 2016.

    Jiang, Lu, Zhang, Tao, Cai: Music type classification by spectral contrast feature. ICME 2002.

    Fujishima: Realtime chord recognition of musical sound. ICMC 1999.

    Temperley: What's key for key? The Krumhansl-Schmuckler key-finding algorithm reconsidered. Music Perception
    17(1), 1999.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(661_500) / 22_050).astype(np.float32)
    >>> values = dict(zip(DESCRIPTOR_NAMES, track_descriptors(tone), strict=True))
    >>> len(values), round(float(values["centroid_mean"]), -1), round(float(values["chroma_A"]), 2)
    (65, 440.0, 1.0)
    """
    samples = np.asarray(samples, dtype=np.float32)
    if samples.ndim != 1 or not samples.size:
        raise DataError(
            f"descriptors need the samples of one channel, got an array of shape {samples.shape}; "
            "read the file with alcca.songs.audio.read_slice"
        )
    if sample_rate < LOWEST_RATE:
        raise UsageError(f"sample_rate is {sample_rate}; expected {LOWEST_RATE} or more, so resample the recording")
    peak = max(samples.max(), -samples.min())
    if not peak < LOUDEST:
        raise DataError("descriptors need finite samples, got NaN, infinite or enormous ones; use read_slice")
    values = dict.fromkeys(DESCRIPTOR_NAMES, 0.0)
    if peak < SILENT:
        values |= {"loudness_mean": -100.0, "loudness_max": -100.0, "silence": 1.0}
    else:
        sound = _analyse(samples / peak, sample_rate)
        values |= _rhythm(sound) | _loudness(sound, float(peak)) | _spectrum(sound) | _timbre(sound) | _tonality(sound)
    return np.array([values[name] for name in DESCRIPTOR_NAMES], dtype=np.float32)


@dataclass(frozen=True)
class _Sound:
    """The input of all descriptors: ``loud`` are the frames that are no pause, ``shown`` a subset of them."""

    samples: NDArray[np.float32]
    rate: int
    power: NDArray[np.float32]  # (1025, frames)
    mel: NDArray[np.float32]  # (128, frames), dB
    level: NDArray[np.float64]  # (frames,), dB
    loud: NDArray[np.intp]

    @property
    def shown(self) -> NDArray[np.intp]:
        return self.loud[::SHAPE_STEP]


def _analyse(samples: NDArray[np.float32], rate: int) -> _Sound:
    import librosa

    samples = np.trim_zeros(samples, "b")
    samples = np.pad(samples, (0, max(0, N_FFT - samples.size)))
    spectrum = librosa.stft(samples, n_fft=N_FFT, hop_length=HOP)
    power = spectrum.real**2 + spectrum.imag**2
    weights, scale = _a_weights(rate)
    # Parseval: twice the one-sided power over length and window is the mean square of the samples.
    level = 10 * np.log10(np.maximum(weights @ power * scale, FLOOR_POWER)).astype(np.float64)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=rate), ref=np.max)
    return _Sound(samples, rate, power, mel, level, np.flatnonzero(level >= level.max() - PAUSE_DECIBELS))


@lru_cache(maxsize=4)
def _a_weights(rate: int) -> tuple[NDArray[np.float32], float]:
    import librosa

    # The weighting takes the logarithm of 0 Hz, and its result is limited to -80 dB.
    with np.errstate(divide="ignore"):
        weights = 10 ** (librosa.A_weighting(librosa.fft_frequencies(sr=rate, n_fft=N_FFT)) / 10)
    window = librosa.filters.get_window("hann", N_FFT)
    return weights.astype(np.float32), float(2 / (N_FFT * np.sum(window**2)))


def _rhythm(sound: _Sound) -> dict[str, float]:
    import librosa

    framing: dict[str, Any] = {"sr": sound.rate, "hop_length": HOP}
    strength = librosa.onset.onset_strength(S=sound.mel, **framing)
    onsets = librosa.onset.onset_detect(onset_envelope=strength, normalize=False, delta=ONSET_DECIBELS, **framing)
    # librosa's tempogram has one autocorrelation per frame; one for the whole slice is as good and forty times faster.
    periods = np.zeros(int(PERIOD_SECONDS * sound.rate / HOP), np.float64)
    correlation = librosa.autocorrelate(strength - strength.mean(), max_size=periods.size)
    if correlation[0] > FLOOR_POWER:
        periods[: correlation.size] = correlation / correlation[0]
    tempo = float(librosa.feature.tempo(tg=np.maximum(periods, 0)[:, None], **framing)[0])
    return {
        "tempo": tempo,
        "tempo_clarity": float(periods[round(60 * sound.rate / HOP / tempo)]),
        "onset_rate": len(onsets) * sound.rate / sound.samples.size,
        "onset_strength_mean": float(strength.mean()),
        "onset_strength_std": float(strength.std()),
    }


def _loudness(sound: _Sound, peak: float) -> dict[str, float]:
    full_scale = 20 * np.log10(peak)
    loud = sound.level[sound.loud]
    quiet, high = np.percentile(loud, [10, 95])
    return {
        "loudness_mean": float(10 * np.log10(np.mean(10 ** (loud / 10))) + full_scale),
        "loudness_std": float(loud.std()),
        "loudness_range": float(high - quiet),
        "loudness_max": float(loud.max() + full_scale),
        # The samples have a peak of 1.
        "crest_factor": float(-10 * np.log10(np.mean(np.square(sound.samples, dtype=np.float64)))),
        "silence": 1 - loud.size / sound.level.size,
    }


def _spectrum(sound: _Sound) -> dict[str, float]:
    from librosa import feature

    power = sound.power[:, sound.shown]
    magnitude: dict[str, Any] = {"S": np.sqrt(power), "sr": sound.rate}
    crossings = feature.zero_crossing_rate(sound.samples, frame_length=N_FFT, hop_length=HOP)
    centroid = feature.spectral_centroid(**magnitude)
    frames = {
        "centroid": centroid,
        "bandwidth": feature.spectral_bandwidth(**magnitude, centroid=centroid),
        "rolloff": feature.spectral_rolloff(**magnitude),
        "flatness": feature.spectral_flatness(S=power, power=1.0),
        "contrast": feature.spectral_contrast(**magnitude).mean(axis=0),
        "zero_crossings": crossings[0, sound.shown] * sound.rate,
    }
    means = {f"{name}_mean": float(values.mean()) for name, values in frames.items()}
    return means | {f"{name}_std": float(values.std()) for name, values in frames.items()}


def _timbre(sound: _Sound) -> dict[str, float]:
    import librosa

    coefficients = librosa.feature.mfcc(S=sound.mel[:, sound.shown], n_mfcc=N_TIMBRE + 1)[1:]
    means = {f"timbre_{i}_mean": float(row.mean()) for i, row in enumerate(coefficients, 1)}
    return means | {f"timbre_{i}_std": float(row.std()) for i, row in enumerate(coefficients, 1)}


def _tonality(sound: _Sound) -> dict[str, float]:
    import librosa

    frames = librosa.feature.chroma_stft(
        S=sound.power[:, sound.shown], sr=sound.rate, n_fft=N_FFT, tuning=_tuning(sound)
    )
    chroma = frames.mean(axis=1).astype(np.float64)
    share = chroma / max(chroma.sum(), FLOOR_POWER)
    fits = _key_profiles() @ (chroma - chroma.mean()) / max(np.linalg.norm(chroma - chroma.mean()), FLOOR_POWER)
    major, minor = fits[:12], fits[12:]
    # One step of the circle of fifths is seven semitones.
    angle = 2 * np.pi * 7 * (int(fits.argmax()) % 12) / 12
    return {
        **{f"chroma_{name}": float(value) for name, value in zip(PITCH_CLASSES, chroma, strict=True)},
        "chroma_std": float(frames.std(axis=1).mean()),
        "chroma_entropy": float(-np.sum(share * np.log(np.maximum(share, FLOOR_POWER))) / np.log(12)),
        "key_fifths_cos": float(np.cos(angle)),
        "key_fifths_sin": float(np.sin(angle)),
        "key_strength": float(fits.max()),
        "mode": float(major.max() - minor.max()),
    }


def _tuning(sound: _Sound) -> float:
    """The deviation of the recording's tuning from A = 440 Hz, in semitones, -0.5 to 0.5."""
    import librosa

    magnitude = np.sqrt(sound.power[:, sound.shown[:: TUNING_STEP // SHAPE_STEP]])
    pitches, strengths = librosa.piptrack(S=magnitude, sr=sound.rate, n_fft=N_FFT)
    # As librosa.estimate_tuning, which warns of a sound without pitches.
    clear = strengths[pitches > 0]
    if not clear.size:
        return 0.0
    return float(librosa.pitch_tuning(pitches[(pitches > 0) & (strengths >= np.median(clear))]))


@lru_cache(maxsize=1)
def _key_profiles() -> NDArray[np.float64]:
    """Profiles of the 24 keys, with mean 0 and norm 1: C major to B major, then C minor to B minor; shape (24, 12)."""
    profiles = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    profiles -= profiles.mean(axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    return profiles
