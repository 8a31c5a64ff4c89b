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
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alcca.errors import AlccaError, AudioError, DiskError, UsageError
from alcca.songs.audio import SLICE_SECONDS, AudioSlice
from alcca.songs.cut import Cut
from alcca.workers.process import SECONDS_TO_START, Process

__all__ = ["get_ready", "read_slices_apart", "write_pieces_apart", "write_whole_apart"]

# Decoding has a budget after which it fails with a reason; this limit ends a decoder that hangs in native code.
SECONDS_AFTER_BUDGET = 10.0
# A whole recording may be hours long: it is given up once no piece of it has come for this long.
SECONDS_FOR_A_PIECE = 90.0
# The process ends itself this long after its limit, in case its parent is gone.
GRACE_SECONDS = 5.0
# Idle processes to keep; further ones, for threads that decode at the same time, end after use.
MAX_IDLE = 2
# The first line of an answer, besides its samples.
MAX_LINE_BYTES = 1 << 20
PROGRAM = "from alcca.songs.apart_process import work; work()"
ERRORS: dict[str, type[AlccaError]] = {"AudioError": AudioError, "DiskError": DiskError, "UsageError": UsageError}

Answer = tuple[dict[str, Any], tuple[AudioSlice, ...]]


def read_slices_apart(
    path: Path | str,
    *,
    rates: Sequence[int],
    offset: float | None = None,
    seconds: float = SLICE_SECONDS,
    budget: float = 30.0,
    content: str | None = None,
    cut: Cut | None = None,
) -> tuple[AudioSlice, ...]:
    """Do the same as `alcca.songs.audio.read_slices`, safely for files that crash the decoder. Threads may call it.

    With ``content``, the file must have this `alcca.songs.audio.content_hash`.

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
        "content": content,
        "cut": None if cut is None else vars(cut),
    }
    return _ask(Path(path), options, budget + SECONDS_AFTER_BUDGET)


def write_whole_apart(path: Path | str, target: Path, rate: int, cut: Cut | None = None) -> None:
    """Do the same as `alcca.songs.whole.write_whole`, safely for files that crash the decoder; AudioError."""
    options = {
        "target": os.path.abspath(target),  # noqa: PTH100 - a name as it is
        "rate": rate,
        "cut": None if cut is None else vars(cut),
    }
    _ask(Path(path), options, SECONDS_FOR_A_PIECE)


def write_pieces_apart(
    path: Path | str, target: Path, *, starts: Sequence[float], seconds: float, rate: int, cut: Cut | None = None
) -> None:
    """Do the same as `alcca.songs.pieces.write_pieces`, safely for files that crash the decoder; AudioError."""
    options = {
        "target": os.path.abspath(target),  # noqa: PTH100 - a name as it is
        "starts": [float(start) for start in starts],
        "seconds": float(seconds),
        "rate": rate,
        "cut": None if cut is None else vars(cut),
    }
    _ask(Path(path), options, SECONDS_FOR_A_PIECE)


def get_ready() -> None:
    """Start a process if there is none, so that it is ready when a recording is to be read."""
    with contextlib.suppress(OSError):
        _give_back(_take())


class _Process(Process):
    """A decoding process, used by one thread at a time."""

    def __init__(self) -> None:
        super().__init__(PROGRAM, largest=MAX_LINE_BYTES)
        self._warm = False
        # False from sending a question to the end of its answer, so that the next call never reads an old answer.
        self.fit = True

    def ask(self, path: Path, options: dict[str, Any], seconds: float) -> tuple[AudioSlice, ...]:
        self.fit = False
        if not self._warm and self._talk(None, SECONDS_TO_START, {}) is None:
            raise AudioError(f"{path.name}: no process could be prepared to read it; try again in a minute")
        self._warm = True
        question = {"path": os.path.abspath(path), "seconds_to_end": seconds + GRACE_SECONDS, **options}  # noqa: PTH100
        self.largest = MAX_LINE_BYTES + sum(_bytes(rate, options) for rate in options.get("rates", ()))
        started = time.monotonic()
        answer = self._talk(json.dumps(question).encode(), seconds, options)
        if answer is None:
            # The process may have noticed it first.
            late = time.monotonic() - started >= seconds
            raise AudioError(
                f"{path.name}: {f'nothing came of it for {seconds:g} s' if late else 'the decoder crashed on it'}; "
                "the file may be damaged, convert it to try again"
            )
        header, slices = answer
        self.fit = header.get("fit") is True
        if "error" in header:
            raise ERRORS.get(header["error"], AudioError)(str(header.get("reason")))
        return slices

    def _talk(self, question: bytes | None, seconds: float, options: dict[str, Any]) -> Answer | None:
        """Return the answer to a question; None if the process ends, sends nothing for too long, or sends garbage."""
        try:
            if question is not None:
                self.send(question)
            # Empty messages tell that it is still at work.
            while (message := self.receive(seconds)) == b"":
                pass
            head, _, body = (message or b"").partition(b"\n")
            header: dict[str, Any] = json.loads(head)
            slices, samples = [], memoryview(body)
            for fields, rate in zip(header.get("slices", ()), options.get("rates", ()), strict="error" not in header):
                size = _bytes(rate, options)
                slices.append(_slice(fields, samples[:size], size))
                samples = samples[size:]
            return header, tuple(slices)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError):
            return None


def _bytes(rate: int, options: dict[str, Any]) -> int:
    """The size of a slice."""
    return 4 * round(options["seconds"] * rate) if math.isfinite(options["seconds"]) else 0


def _slice(fields: dict[str, Any], data: memoryview, size: int) -> AudioSlice:
    samples = np.frombuffer(data, np.float32).copy()
    if 4 * len(samples) != size or not (np.isfinite(samples).all() and math.isfinite(fields["start"])):
        raise ValueError("no slice")
    return AudioSlice(samples, **{**fields, "notes": tuple(fields["notes"])})


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
