"""The encoder of 65 descriptors of rhythm, loudness, spectral shape, timbre and key."""

import getpass
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder
from alcca.features.descriptors import N_DESCRIPTORS, track_descriptors

__all__ = ["DescriptorsEncoder", "compiling_lock"]


def compiling_lock() -> Path:
    """The lock file that keeps one user's processes from compiling at the same time."""
    return Path(tempfile.gettempdir()) / f"alcca-compiling-{getpass.getuser()}.lock"


class DescriptorsEncoder(AudioEncoder):
    """The descriptors of `alcca.features.descriptors`, shape (65,), from samples at 22,050 Hz.

    Examples
    --------
    >>> DescriptorsEncoder().shape
    (65,)
    """

    name = "descriptors"
    view: ClassVar[str | None] = "audio_descriptors"
    parallel: ClassVar[bool] = True

    @property
    def shape(self) -> tuple[int, ...]:
        """(65,)."""
        return (N_DESCRIPTORS,)

    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Describe each recording; DataError as `track_descriptors`."""
        rows = [track_descriptors(samples, self.sample_rate) for samples in recordings]
        return np.array(rows, np.float32).reshape(len(rows), N_DESCRIPTORS)

    def prepare(self) -> None:
        """Compile librosa's code, in one process at a time.

        librosa compiles at its first call, which on a slow machine takes longer than the limit for a file, and caches
        the compiled code on disk. Two processes that compile at the same time corrupt the cache, and every later
        process crashes.
        """
        from filelock import FileLock

        with FileLock(compiling_lock()):
            track_descriptors(np.ones(self.sample_rate, np.float32))
