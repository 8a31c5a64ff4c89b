"""Decoding of recordings in a separate process, so that a crash, a hang or lack of memory ends only that process.

Starting such a process takes a third of a second, so it is kept for the next recording, until this process ends. It
does not import the main script again, and may be started from anywhere, also from a worker of another library. It
sends numbers and JSON, never pickles.
"""

import atexit
import contextlib
import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.spawn import get_executable
from pathlib import Path
from typing import Any

import numpy as np

from alcca.errors import AlccaError, AudioError, UsageError
from alcca.songs.audio import SLICE_SECONDS, AudioSlice

__all__ = ["get_ready", "read_slices_apart", "write_whole_apart"]

# Decoding has a budget after which it fails with a reason; this limit ends a decoder that hangs in native code.
SECONDS_AFTER_BUDGET = 10.0
# Whole recordings may be hours long.
SECONDS_FOR_WHOLE = 1800.0
# The process ends itself this long after its limit, in case its parent is gone.
GRACE_SECONDS = 5.0
# Imports are slow on a busy machine.
SECONDS_TO_START = 60.0
# Idle processes to keep; further ones, for threads that decode at the same time, end after use.
MAX_IDLE = 2
# The first line of an answer has a few hundred bytes; a longer line is invalid.
MAX_LINE_CHARACTERS = 1 << 16
# The process imports modules from where this one does, not from the folder that it runs in.
PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from alcca.songs.apart_process import work; work()"
ERRORS: dict[str, type[AlccaError]] = {"AudioError": AudioError, "UsageError": UsageError}

Answer = tuple[dict[str, Any], tuple[AudioSlice, ...]]


def read_slices_apart(
    path: Path | str,
    *,
    rates: Sequence[int],
    offset: float | None = None,
    seconds: float = SLICE_SECONDS,
    budget: float = 30.0,
) -> tuple[AudioSlice, ...]:
    """Do the same as `alcca.songs.audio.read_slices`, safely for files that crash the decoder. Threads may call it.

    Raises
    ------
    AudioError
        As `read_slices`; or the decoder crashed, hung or took too much memory; or no process could be started.
    UsageError
        As `read_slices`.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tone.wav"
    >>> soundfile.write(path, 0.5 * np.sin(np.arange(44_100 * 2) / 20), 44_100)
    >>> [(len(one.samples), len(one.decoded)) for one in read_slices_apart(path, rates=(22_050, 16_000))]
    [(661500, 44100), (480000, 32000)]
    """
    # JSON cannot encode NumPy's numbers.
    options = {
        "rates": [int(rate) for rate in rates],
        "offset": None if offset is None else float(offset),
        "seconds": float(seconds),
        "budget": float(budget),
    }
    return _ask(Path(path), options, budget + SECONDS_AFTER_BUDGET)


def write_whole_apart(path: Path | str, target: Path, rate: int) -> None:
    """Do the same as `alcca.songs.whole.write_whole`, safely for files that crash the decoder; AudioError."""
    options = {"target": os.path.abspath(target), "rate": rate}  # noqa: PTH100 - a name as it is
    _ask(Path(path), options, SECONDS_FOR_WHOLE)


def get_ready() -> None:
    """Start a process if there is none, so that it is ready when a recording is to be read."""
    with contextlib.suppress(OSError):
        _give_back(_take())


class _Process:
    """A decoding process, used by one thread at a time."""

    def __init__(self) -> None:
        # An empty entry stands for the current folder of this process.
        path = [entry or os.getcwd() for entry in sys.path]  # noqa: PTH109 - a text
        self._process = subprocess.Popen(
            [get_executable(), "-P", "-c", PROGRAM, *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # C decoders write warnings there; the reason and the notes already cover them.
            stderr=subprocess.DEVNULL,
        )
        self._warm = False
        # False from sending a question to the end of its answer, so that the next call never reads an old answer.
        self.fit = True

    @property
    def alive(self) -> bool:
        # False in a forked child of the process that started it, which must not share it.
        return self._process.poll() is None

    def ask(self, path: Path, options: dict[str, Any], seconds: float) -> tuple[AudioSlice, ...]:
        self.fit = False
        if not self._warm and self._talk(SECONDS_TO_START, b"", {}) is None:
            raise AudioError(f"{path.name}: no process could be prepared to read it; try again in a minute")
        self._warm = True
        question = {"path": os.path.abspath(path), "patience": seconds + GRACE_SECONDS, **options}  # noqa: PTH100
        started = time.monotonic()
        answer = self._talk(seconds, json.dumps(question).encode() + b"\n", options)
        late = time.monotonic() - started >= seconds
        if answer is None:
            raise AudioError(
                f"{path.name}: {f'still reading after {seconds:g} s' if late else 'the decoder crashed on it'}; "
                "the file may be damaged, convert it to try again"
            )
        header, slices = answer
        self.fit = header.get("fit") is True and not late
        if "error" in header:
            raise ERRORS.get(header["error"], AudioError)(str(header.get("reason")))
        return slices

    def _talk(self, seconds: float, question: bytes, options: dict[str, Any]) -> Answer | None:
        """Return the answer to a question; None if the process ends, is too slow, or sends garbage."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        guard = threading.Timer(seconds, self._process.kill)
        guard.daemon = True
        guard.start()
        try:
            self._process.stdin.write(question)
            self._process.stdin.flush()
            header: dict[str, Any] = json.loads(self._process.stdout.readline(MAX_LINE_CHARACTERS))
            slices = zip(header.get("slices", ()), options.get("rates", ()), strict="error" not in header)
            return header, tuple(self._slice(fields, rate, options["seconds"]) for fields, rate in slices)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        finally:
            guard.cancel()

    def _slice(self, fields: dict[str, Any], rate: int, seconds: float) -> AudioSlice:
        assert self._process.stdout is not None
        size = round(seconds * rate)
        samples = np.frombuffer(self._process.stdout.read(4 * size), np.float32).copy()
        if len(samples) != size or not (np.isfinite(samples).all() and math.isfinite(fields["start"])):
            raise ValueError("no slice")
        return AudioSlice(samples, **{**fields, "notes": tuple(fields["notes"])})

    def stop(self) -> None:
        """End the process and release its resources."""
        self._process.kill()
        # A killed process is gone at once, unless it waits for an unresponsive disk.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


_idle: list[_Process] = []
_taking = threading.Lock()


def _ask(path: Path, options: dict[str, Any], seconds: float) -> tuple[AudioSlice, ...]:
    try:
        process = _take()
    except OSError as error:
        raise AudioError(
            f"{path.name}: no process could be started to read it ({error.strerror}); try again in a minute"
        ) from error
    try:
        return process.ask(path, options, seconds)
    finally:
        _give_back(process)


def _take() -> _Process:
    with _taking:
        while _idle:
            process = _idle.pop()
            if process.alive:
                return process
            process.stop()
    return _Process()


def _give_back(process: _Process) -> None:
    with _taking:
        if process.fit and len(_idle) < MAX_IDLE:
            _idle.append(process)
            return
    process.stop()


@atexit.register
def _end_all() -> None:
    with _taking:
        while _idle:
            _idle.pop().stop()
