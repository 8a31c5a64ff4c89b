"""The level of sound that a speech model gets."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["at_speech_level"]

# Whisper base hears the same words from -60 to +40 dB of full scale, Welsh ones at -65 dB, and none at +60 dB. Within a
# narrower range samples remain as they are, so nearly all recordings do. Noise of each colour, hum, clicks and dither
# have no words at the level below either.
QUIET, LOUD = 1e-2, 1e2
LEVEL = 0.5


def at_speech_level(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples (n,) of a window, with a peak of half of full scale if theirs is below -40 dB or above +40 dB.

    Examples
    --------
    >>> at_speech_level(np.array([0.300, 0.301, 0.302], np.float32)).round(2)
    array([-0.5,  0. ,  0.5], dtype=float32)
    >>> at_speech_level(np.array([0.1, -0.1]))
    array([ 0.1, -0.1])
    """
    if not len(samples):
        return samples
    least, most = float(samples.min()), float(samples.max())
    peak = (most - least) / 2
    if QUIET <= peak <= LOUD or not peak:
        return samples
    # Without the constant part, which is no sound.
    return (samples - np.float32((most + least) / 2)) * np.float32(LEVEL / peak)
