"""Decoded samples on disk, for recordings that are too long for memory."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.persistence import replace_file
from alcca.songs.audio import SPEECH_RATE
from alcca.songs.cut import Cut
from alcca.songs.whole import write_whole

__all__ = ["read_samples", "write_samples", "write_song"]


def write_samples(samples: NDArray[np.float32], target: Path) -> None:
    """Write samples (n,) to a file for `read_samples`; DiskError, as `replace_file`."""
    replace_file(target, lambda part: samples.astype("<f4").tofile(part), durable=False)


def write_song(path: Path, target: Path, reached: Callable[[], object] = lambda: None, cut: Cut | None = None) -> None:
    """Write a recording, or a cut of it, at 16 kHz to a file for `read_samples`; AudioError.

    ``reached`` is called with each piece.
    """
    write_whole(path, target, SPEECH_RATE, reached, cut)


def read_samples(path: Path) -> NDArray[np.float32]:
    """The samples (n,) of such a file, memory-mapped."""
    samples: NDArray[np.float32] = np.memmap(path, dtype="<f4", mode="r")
    return samples
