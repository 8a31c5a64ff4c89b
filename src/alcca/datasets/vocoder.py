"""Analysis of a voice, and its synthesis with another pitch and timing, by the vocoder WORLD.

Source: M. Morise, F. Yokomori, K. Ozawa: *WORLD: a vocoder-based high-quality speech synthesis system for real-time
applications*, IEICE Transactions E99-D (7), 2016.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.datasets.espeak import SPEECH_RATE
from alcca.errors import MissingExtraError

__all__ = ["FRAME_SECONDS", "Frames", "analyse", "resynthesise"]

FRAME_SECONDS = 0.005
# Short transforms, twice as fast as WORLD's default; long enough for a voice of at least 131 Hz.
TRANSFORM = 512
LOWEST = 3 * SPEECH_RATE / (TRANSFORM - 3)
SILENCE = 1e-16


class Frames(NamedTuple):
    """A voice, one row for every 5 ms.

    Attributes
    ----------
    voiced : (n,) array of bool
        Where the vocal folds vibrate.
    spectrum : (n, 257) array
        Power of the spectral envelope from 0 to 11,025 Hz.
    noise : (n, 257) array
        Share of the amplitude that is breath, in [0, 1] (WORLD's aperiodicity).
    """

    voiced: NDArray[np.bool_]
    spectrum: NDArray[np.floating[Any]]
    noise: NDArray[np.floating[Any]]

    @classmethod
    def silence(cls, n: int) -> "Frames":
        """``n`` frames of silence."""
        bins = TRANSFORM // 2 + 1
        return cls(np.zeros(n, dtype=bool), np.full((n, bins), SILENCE), np.ones((n, bins)))


def _world() -> Any:
    try:
        import pyworld
    except ImportError as error:
        raise MissingExtraError(
            "a singing voice needs the vocoder WORLD, which is not installed; run: pip install 'alcca[demo]'"
        ) from error
    return pyworld


def analyse(samples: NDArray[np.float64], pitch: float) -> Frames:
    """Analyse a voice.

    Parameters
    ----------
    samples : (n,) array of float64
        Mono at 22,050 Hz.
    pitch : float
        Pitch of the voiced parts in hertz, at least 131.

    Returns
    -------
    Frames
        n / 110 rows, of float32.

    Raises
    ------
    MissingExtraError
        pyworld is not installed.
    """
    world = _world()
    f0, times = world.dio(
        samples, SPEECH_RATE, f0_floor=0.8 * pitch, f0_ceil=1.25 * pitch, frame_period=1000 * FRAME_SECONDS
    )
    f0 = world.stonemask(samples, f0, times, SPEECH_RATE)
    spectrum = world.cheaptrick(samples, f0, times, SPEECH_RATE, f0_floor=LOWEST, fft_size=TRANSFORM)
    # Only every second frame: this is the slowest part of the analysis, and its result changes slowly.
    noise = world.d4c(
        samples, np.ascontiguousarray(f0[::2]), np.ascontiguousarray(times[::2]), SPEECH_RATE, fft_size=TRANSFORM
    )
    noise = np.repeat(noise, 2, axis=0)[: len(f0)]
    return Frames(f0 > 0, spectrum.astype(np.float32), noise.astype(np.float32))


def resynthesise(frames: Frames, melody: NDArray[np.float64]) -> NDArray[np.float32]:
    """Synthesise a voice from its frames.

    Parameters
    ----------
    frames : Frames
    melody : (n,) array of float64
        Pitch of every frame in hertz; used where the frame is voiced.

    Returns
    -------
    (about n * 110,) array of float32
        Mono at 22,050 Hz.

    Raises
    ------
    MissingExtraError
        pyworld is not installed.

    Examples
    --------
    >>> sound = resynthesise(Frames.silence(100), np.full(100, 220.0))
    >>> bool(np.abs(sound).max() < 1e-4), round(len(sound) / 22050, 2)
    (True, 0.5)
    """
    spectrum = np.ascontiguousarray(frames.spectrum, dtype=np.float64)
    noise = np.ascontiguousarray(frames.noise, dtype=np.float64)
    f0 = np.where(frames.voiced, melody, 0.0)
    sound = _world().synthesize(f0, spectrum, noise, SPEECH_RATE, 1000 * FRAME_SECONDS)
    return np.asarray(sound, dtype=np.float32)
