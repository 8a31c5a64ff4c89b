"""The paper's audio feature, and summary statistics of it."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import MFCC, AudioEncoder, check_shape
from alcca.features.mfcc import N_FRAMES, N_MFCC

__all__ = ["MfccEncoder", "MfccStatsEncoder"]

FRAMES = (N_MFCC, N_FRAMES)


class MfccEncoder(AudioEncoder):
    """20 MFCC in 161 frames, as in the paper (`alcca.features.mfcc`): shape (20, 161).

    Examples
    --------
    >>> MfccEncoder().encode(np.zeros((2, 20, 161), np.float32)).shape
    (2, 20, 161)
    """

    name = "mfcc"
    reads: ClassVar[str] = MFCC
    view: ClassVar[str | None] = "audio_frames"

    @property
    def shape(self) -> tuple[int, ...]:
        """(20, 161)."""
        return FRAMES

    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return MFCC, shape (n, 20, 161), unchanged; DataError for another shape."""
        return check_shape(self, recordings, FRAMES)


class MfccStatsEncoder(AudioEncoder):
    """Statistics of each MFCC over the 30 s, independent of the position of a sound in the slice: shape (80,).

    For each of the 20 coefficients, in this order: mean and standard deviation over frames, mean absolute value and
    standard deviation of the differences between frames. (The mean of the differences themselves depends only on the
    first and the last frame.) Such a "bag of frames" is the usual description of timbre.

    References
    ----------
    Tzanetakis, Cook: Musical genre classification of audio signals. IEEE Transactions on Speech and Audio Processing
    10(5), 2002.

    Examples
    --------
    >>> frames = np.zeros((1, 20, 161), np.float32)
    >>> frames[0, 3] = np.arange(161)
    >>> stats = MfccStatsEncoder().encode(frames).reshape(4, 20)
    >>> [round(float(value), 2) for value in stats[:, 3]]
    [80.0, 46.48, 1.0, 0.0]
    """

    name = "mfcc-stats"
    reads: ClassVar[str] = MFCC

    @property
    def shape(self) -> tuple[int, ...]:
        """(80,)."""
        return (4 * N_MFCC,)

    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute statistics (n, 80) of MFCC (n, 20, 161), in the unit of the MFCC; DataError for another shape."""
        frames = check_shape(self, recordings, FRAMES).astype(np.float64)
        steps = np.diff(frames, axis=2)
        parts = (frames.mean(axis=2), frames.std(axis=2), np.abs(steps).mean(axis=2), steps.std(axis=2))
        return np.concatenate(parts, axis=1).astype(np.float32)
