"""The process that reads recordings from strangers: one path after the other, and it may be killed at any time."""

import io
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AlccaError
from alcca.features.mfcc import mfcc
from alcca.library.workers import ends_when_stuck, quiet_worker
from alcca.songs.audio import SAMPLE_RATE, SLICE_SECONDS, read_slice

__all__ = ["Read", "read_clip", "work"]

# read_slice gives up politely and says why; killing comes after it.
POLITE = 0.8
# A worker whose parent is gone and whose decoder never comes back ends itself this long after its time.
GRACE_SECONDS = 5.0
# read_slice takes an allocation that failed for one more error of a decoder; numpy, FFmpeg and Python call it so.
OUT_OF_MEMORY = ("Unable to allocate", "Cannot allocate memory", "MemoryError")

Read = Callable[[Path, float], tuple[NDArray[np.float32], tuple[str, ...]]]


def read_clip(path: Path, budget: float) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """MFCC (20, 161) of a recording's middle 30 s and the notes on it; AudioError after ``budget`` seconds."""
    audio = read_slice(path, budget=budget)
    return mfcc(audio.samples), audio.notes


def work(pipe: Connection, read: Read, seconds: float, memory: int) -> None:
    """Answer one path after the other until the pipe ends.

    Parameters
    ----------
    pipe : Connection
        Brings paths, takes answers; "warm" is sent when the first path may come.
    read : function of a path and of seconds
        Gives features and notes.
    seconds : float
        Time for one file.
    memory : int
        Bytes that one file may take.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _warm_up()
    # Not before: a warm-up that fails, on a broken installation, shall be heard of.
    quiet_worker()
    limit = _MemoryLimit(memory)
    pipe.send_bytes(b"warm")
    while True:
        try:
            path = Path(os.fsdecode(pipe.recv_bytes()))
        except (EOFError, OSError):
            return
        with ends_when_stuck(seconds + GRACE_SECONDS):
            answer = _answer(read, path, POLITE * seconds, limit)
        pipe.send_bytes(answer)


def _answer(read: Read, path: Path, budget: float, limit: "_MemoryLimit") -> bytes:
    """One line of JSON, then the bytes of the features."""
    reason: str | None = None
    notes: tuple[str, ...] = ()
    body = b""
    fit = True
    try:
        with limit:
            features, notes = read(path, budget)
            body = features.tobytes()
    except (AlccaError, MemoryError) as error:
        reason = str(error)
        if isinstance(error, MemoryError) or any(sign in reason for sign in OUT_OF_MEMORY):
            reason = (
                f"reading it takes more than {limit.memory / 2**30:.3g} GiB of memory; "
                "the file may be damaged, convert it to try again"
            )
            # A library that ran out of memory half-way is in a state that nobody has tested.
            fit = False
    except Exception as error:  # noqa: BLE001 - what a stranger's file raises shall not end the worker
        reason = f"cannot be read ({type(error).__name__}); the file may be damaged, convert it to try again"
    head = {"reason": reason, "notes": notes, "fit": fit and not limit.leaked}
    return json.dumps(head).encode() + b"\n" + body


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, also in the middle of a file."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _warm_up() -> None:
    """Import and build what the first file needs, so that it takes no longer than the others."""
    import av
    import soundfile
    import soxr
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # The workers share the cores already.
    threadpool_limits(1)
    rate = 2 * SAMPLE_RATE
    noise = np.random.default_rng(0).uniform(-1, 1, round(SLICE_SECONDS * rate)).astype(np.float32)
    wav = io.BytesIO()
    soundfile.write(wav, noise, rate, format="WAV")
    wav.seek(0)
    # PyAV loads part of itself when it opens its first file; that shall not come out of the file's memory.
    with av.open(wav, "r") as container:
        next(container.decode(audio=0)).to_ndarray()
    mfcc(soxr.resample(noise, rate, SAMPLE_RATE))


class _MemoryLimit:
    """Bounds what the process takes, counted anew at each entry; no bound where the system has none.

    Attributes
    ----------
    memory : int
        Bytes that may be taken inside.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self._at_first = _address_space()

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


def _address_space() -> int:
    """Bytes that this process has mapped; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _limit_address_space(size: int | None) -> None:
    """Let this process map no more than ``size`` bytes, or as much as its parent allowed when None."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if size is None or (most != resource.RLIM_INFINITY and size > most):
        size = most
    resource.setrlimit(resource.RLIMIT_AS, (size, most))
