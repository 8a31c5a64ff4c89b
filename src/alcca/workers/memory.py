"""Limit the memory of a process for reading one file."""

import contextlib
import os
from pathlib import Path
from types import TracebackType

__all__ = ["MEMORY", "MemoryLimit", "ran_out"]

# Bytes for one recording. Intact files need far less, in rare formats too.
MEMORY = 2 * 2**30
# How NumPy, FFmpeg and Python report a failed allocation, which read_slices treats like any error of a decoder.
OUT_OF_MEMORY = ("Unable to allocate", "Cannot allocate memory", "MemoryError")


class MemoryLimit:
    """Limits the memory that this process takes inside the block; no limit on systems that cannot set one.

    Parameters
    ----------
    memory : int
        Bytes that the block may take.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self._at_first = _address_space()

    @property
    def reason(self) -> str:
        """What is said of a file on which the memory ran out."""
        return (
            f"reading it takes more than {self.memory / 2**30:.3g} GiB of memory; "
            "the file may be damaged, convert it to try again"
        )

    @property
    def leaked(self) -> bool:
        """Whether so much was not given back that a new process is the better one."""
        return _address_space() - self._at_first > self.memory / 2

    def __enter__(self) -> None:
        if self._at_first:
            _limit_address_space(_address_space() + self.memory)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._at_first:
            _limit_address_space(None)


def ran_out(error: Exception) -> bool:
    """Whether an error says that memory ran out, also where a decoder's own error stands for it."""
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in OUT_OF_MEMORY)


def _address_space() -> int:
    """Bytes that this process has mapped; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _limit_address_space(size: int | None) -> None:
    """Let this process map no more than ``size`` bytes, or as much as its parent allowed when None."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if size is None or (most != resource.RLIM_INFINITY and size > most):
        size = most
    resource.setrlimit(resource.RLIMIT_AS, (size, most))
