"""65 numbers of rhythm, loudness, spectral shape, timbre and key."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder
from alcca.features.descriptors import N_DESCRIPTORS, track_descriptors

__all__ = ["DescriptorsEncoder"]


class DescriptorsEncoder(AudioEncoder):
    """The descriptors of `alcca.features.descriptors`, shape (65,), from samples at 22,050 Hz.

    Examples
    --------
    >>> DescriptorsEncoder().shape
    (65,)
    """

    name = "descriptors"
    view: ClassVar[str | None] = "audio_descriptors"

    @property
    def shape(self) -> tuple[int, ...]:
        """(65,)."""
        return (N_DESCRIPTORS,)

    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Describe each recording; DataError as `track_descriptors`."""
        found = [track_descriptors(samples, self.sample_rate) for samples in recordings]
        return np.array(found, np.float32).reshape(len(found), N_DESCRIPTORS)
