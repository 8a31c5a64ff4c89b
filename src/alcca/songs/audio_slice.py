"""The slice of a recording that is decoded, and the limits of what counts as sound."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOUDEST", "MIN_SECONDS", "SAMPLE_RATE", "SILENCE", "SLICE_SECONDS", "SPEECH_RATE", "AudioSlice"]

SAMPLE_RATE = 22_050
# The rate that speech recognisers take.
SPEECH_RATE = 16_000
SLICE_SECONDS = 30.0
# A shorter slice cannot describe a song.
MIN_SECONDS = 1.0
# -80 dB of full scale: digital silence stays below it even after lossy coding, and every recording is above it.
SILENCE = 1e-4
# Full scale is 1, but some files hold numbers of 16 to 32 bits as floats. Larger values come from flipped bits.
LOUDEST = 2.0**31


@dataclass(frozen=True)
class AudioSlice:
    """A part of a recording, ready for feature extraction.

    Parameters
    ----------
    samples : array of shape (seconds * rate,), float32
        Mono samples, padded with zeros if the song is too short: 661,500 of them for 30 s at 22,050 Hz.
    start : float
        Where the slice begins in the song, in seconds.
    seconds : float
        How much of it was decoded, in seconds.
    padded : float
        How much silence was added, in seconds.
    duration : float or None
        The song's length in seconds: as declared by the file, or as decoded if the two differ.
    decoder : str
        The library that decoded it: ``"soundfile"`` or ``"pyav"``.
    notes : tuple of str
        What was repaired or is doubtful, as sentences for users.
    rate : int
        Samples per second.
    """

    samples: NDArray[np.float32]
    start: float
    seconds: float
    padded: float
    duration: float | None
    decoder: str
    notes: tuple[str, ...] = ()
    rate: int = SAMPLE_RATE

    @property
    def decoded(self) -> NDArray[np.float32]:
        """The samples without the added silence."""
        return self.samples[: len(self.samples) - round(self.padded * self.rate)]
