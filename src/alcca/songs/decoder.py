"""What the decoders of recordings have in common: their contract, and what a header may declare."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from alcca.songs.downmix import Downmix

__all__ = ["Decoder", "FilePart", "check_header", "plausible"]

# A header with another rate is damaged; the limits also bound the memory of a slice.
RATES = range(1_000, 768_001)
# Above eight channels PyAV exposes planes of a planar frame that do not exist, and reading them crashes the process.
MAX_CHANNELS = 8
# Longer than any recording; libsndfile reports 2**63 - 1 frames if it cannot determine the length.
MAX_SECONDS = 30 * 24 * 3600.0


class Decoder(Protocol):
    """An open audio file.

    Attributes
    ----------
    name : str
        The library behind it: ``"soundfile"`` or ``"pyav"``.
    rate, channels : int
        Samples per second of the blocks; channels before they are mixed.
    declared : float or None
        The duration that the file declares, in seconds, which may be wrong; None if it declares none.
    damaged : int
        The number of pieces that could not be decoded so far.
    downmix : Downmix
        How channels become one.
    """

    name: str
    rate: int
    channels: int
    declared: float | None
    damaged: int
    downmix: Downmix

    def __init__(self, path: Path, span: range | None = None) -> None:
        """Open a file, or the bytes ``span`` of it."""
        ...

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds to the end, or until there are ``most``; a block may be empty."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class FilePart(io.RawIOBase):
    """The bytes ``span`` of a file, as a file that can be read and sought.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "numbers"
    >>> path.write_bytes(b"0123456789")
    10
    >>> part = FilePart(path, range(3, 7))
    >>> part.seek(-3, os.SEEK_END), part.read()
    (1, b'456')
    """

    def __init__(self, path: Path, span: range) -> None:
        # Unbuffered: the decoders ask for thousands of bytes at a time.
        self._file = path.open("rb", buffering=0)
        self._span = span
        self._at = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The place from the beginning of the part."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the part, as in any file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._span)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # as PyAV calls it
        """Read at most as many bytes as the buffer has."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), max(0, len(self._span) - self._at))
        self._file.seek(self._span.start + self._at)
        data = self._file.read(wanted) or b""
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def check_header(rate: int, channels: int) -> None:
    """ValueError if no recording has such a header."""
    if rate not in RATES:
        raise ValueError(f"the header declares {rate} samples per second")
    if not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f"the header declares {channels} channels")


def plausible(seconds: float) -> float | None:
    """A declared duration, or None if no recording has it."""
    return seconds if 0 < seconds < MAX_SECONDS else None
