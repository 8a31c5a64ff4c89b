"""Read recordings from strangers in worker processes that may be killed.

A server reads files from anyone, and a file may make its decoder hang, crash or fill the memory. Here that costs one
worker process and gives an error; the server and the other reads go on.
"""

import contextlib
import json
import math
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from alcca.errors import AudioError, UsageError
from alcca.sandbox.clip_worker import Read, read_clip, work
from alcca.search.clip import Clip
from alcca.songs.audio import SLICE_SECONDS, SPEECH_RATE
from alcca.workers.child import SECONDS_TO_START, Child
from alcca.workers.memory import MEMORY

__all__ = ["ClipReader"]

# Two even on one core, so that one hostile file does not delay all others. More than four warm workers cost more memory
# than they are worth on one machine.
MIN_WORKERS, MAX_WORKERS = 2, 4
# The answer for a clip has 2 MB; a longer one is invalid.
MAX_ANSWER_BYTES = 4 << 20
MAX_SAMPLES = round(SLICE_SECONDS * SPEECH_RATE)


class ClipReader:
    """Warm worker processes that read recordings; a recording can harm only its own worker.

    Close it, or use it as a context manager. Its workers end with the process that created it, even if that is killed.

    Parameters
    ----------
    workers : int, optional
        Number of worker processes, at least 1; by default one per processor, but at least 2 and at most 4.
    seconds : float
        Time limit for one recording, > 0, without the wait for a worker.
    memory : int
        Bytes that a worker may use for one recording, > 0, beyond its idle use; ignored if the system does not support
        such a limit.
    encoder : path, optional
        The folder of the encoder (`alcca.encoders.saving`) that the workers load at their start. Default: MFCC.

    Raises
    ------
    UsageError
        If one of the numbers is out of its range.

    Examples
    --------
    >>> import numpy as np, pathlib, soundfile, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "upload-17.wav"
    >>> soundfile.write(path, 0.5 * np.sin(np.arange(22_050 * 20) / 20), 22_050)
    >>> with ClipReader(workers=1) as reader:
    ...     clip = reader.read(path, "my song.wav")
    >>> clip.sound.shape, clip.speech.shape
    ((20, 161), (320000,))
    >>> clip.notes
    ('the recording is 20 s long; the rest of the half minute was filled with silence',)
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        seconds: float = 20.0,
        memory: int = MEMORY,
        encoder: Path | None = None,
    ) -> None:
        if workers is None:
            workers = max(MIN_WORKERS, min(MAX_WORKERS, os.cpu_count() or 1))
        if workers < 1:
            raise UsageError(f"workers is {workers}; expected 1 or more")
        if not 0 < seconds < float("inf"):
            raise UsageError(f"seconds is {seconds}; expected a positive number")
        if memory < 1:
            raise UsageError(f"memory is {memory}; expected a positive number of bytes")
        self._seconds, self._memory, self._size = seconds, memory, workers
        # The encoder of the latest request; new workers load it.
        self._encoder = encoder
        self._changed = threading.Condition()
        self._closed = False
        self._running: set[_Worker] = set()
        # None stands for a worker that could not be started; the thread that takes it tries again.
        self._idle: list[_Worker | None] = []
        for _ in range(workers):
            self._idle.append(self._start(encoder))

    def read(self, path: Path, name: str, *, sound: bool = True, encoder: Path | None = None) -> Clip:
        """Read the middle 30 s of a recording; waits until a worker is free. Thread-safe.

        Parameters
        ----------
        path : path
            A file of any format that libsndfile or FFmpeg reads; its suffix helps to detect the format.
        name : str
            Name of the recording in messages.
        sound : bool
            Whether to encode it.
        encoder : path, optional
            The folder of the encoder. A worker with another encoder is replaced, which takes some seconds.

        Returns
        -------
        Clip
            The same numbers as from `alcca.search.clip.read_recording` in this process.

        Raises
        ------
        AudioError
            If it has no usable audio, takes too much time or memory, or crashes its decoder; or if the reader is
            closed. The message is one line, begins with ``name`` and does not contain ``path``.
        """
        path = Path(os.path.abspath(path))  # noqa: PTH100 - keep the name and suffix of a link
        # Unlike Path.exists, this raises nothing on a folder that may not be entered.
        if not os.path.exists(path):  # noqa: PTH110
            raise AudioError(f"{name}: the file is gone; send it again")
        if sound:
            self._encoder = encoder
        worker = self._take(name)
        try:
            if worker is None or not worker.alive or (sound and worker.encoder != encoder):
                worker = self._replace(worker, encoder if sound else self._encoder)
            if worker is None:
                raise AudioError(f"{name}: no process could be started to read it; try again in a minute")
            return worker.read(path, name, sound)
        except AudioError:
            # If close() ended the worker, the file is not to blame.
            self._check_open(name)
            raise
        finally:
            self._give_back(worker)

    def close(self) -> None:
        """End all workers; reads that wait or run fail with AudioError. Closing twice does nothing."""
        with self._changed:
            self._closed = True
            for worker in self._running:
                worker.kill()
            self._changed.notify_all()
            # A reading thread returns its worker as soon as it notices its end.
            self._changed.wait_for(lambda: len(self._idle) == self._size)
            for worker in self._running:
                worker.stop()
            self._running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, name: str) -> "_Worker | None":
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._closed)
            self._check_open(name)
            # A restarted worker takes a second to get warm; prefer the others meanwhile.
            ready = (number for number, worker in enumerate(self._idle) if worker and worker.alive and worker.warm())
            return self._idle.pop(next(ready, 0))

    def _give_back(self, worker: "_Worker | None") -> None:
        if worker is not None and not worker.fit:
            worker = self._replace(worker, self._encoder)
        with self._changed:
            self._idle.append(worker)
            # Notify all: one may wait in close(), the others in read().
            self._changed.notify_all()

    def _replace(self, worker: "_Worker | None", encoder: Path | None) -> "_Worker | None":
        if worker is not None:
            worker.stop()
            with self._changed:
                self._running.discard(worker)
        return self._start(encoder)

    def _start(self, encoder: Path | None) -> "_Worker | None":
        """Start a worker, not yet warm; None if the system refuses a process."""
        if self._closed:
            return None
        try:
            worker = _Worker(read_clip, self._seconds, self._memory, encoder)
        except OSError:
            return None
        with self._changed:
            if not self._closed:
                self._running.add(worker)
                return worker
        worker.stop()
        return None

    def _check_open(self, name: str) -> None:
        if self._closed:
            raise AudioError(f"{name}: the reader is closed; send it again when the server is back")


class _Worker(Child):
    """A process that reads one recording after another."""

    def __init__(self, read: Read, seconds: float, memory: int, encoder: Path | None) -> None:
        super().__init__(work, (read, seconds, memory, encoder), name="alcca-clips", largest=MAX_ANSWER_BYTES)
        self.encoder = encoder
        self._seconds = seconds
        # Its first message; sent before it reads any stranger's file, so it can be trusted.
        self._about: dict[str, Any] = {}
        # False from sending a file to the end of its answer, so that an interrupted answer is never taken for that of
        # the next file.
        self.fit = True

    def warm(self, seconds: float = 0.0) -> bool:
        """Whether it is ready to read, or becomes ready within ``seconds``."""
        if not self._about:
            with contextlib.suppress(EOFError, OSError):
                self._about = json.loads(self.receive(seconds) or b"{}")
        return bool(self._about)

    def read(self, path: Path, name: str, sound: bool) -> Clip:
        """Read a file in the process."""
        self.fit = False
        if not self.warm(SECONDS_TO_START):
            raise AudioError(f"{name}: no process could be prepared to read it; try again in a minute")
        if "lacks" in self._about:
            raise AudioError(f"{name}: its sound cannot be described here ({self._about['lacks']})")
        try:
            self.send(json.dumps({"path": str(path), "sound": sound}).encode())
            answer = self.receive(self._seconds)
            if answer is None:
                raise AudioError(
                    f"{name}: still reading after {self._seconds:g} s, which is too long; "
                    "the file may be damaged, convert it to try again"
                )
            head, _, body = answer.partition(b"\n")
            about = json.loads(head)
            reason, fit = about["reason"], about["fit"]
            clip = None if reason is not None else _clip(body, about, self._about["shape"] if sound else None)
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            # A decoder that has overwritten the memory of its process may still send something.
            raise AudioError(
                f"{name}: the decoder crashed on it; the file may be damaged, convert it to try again"
            ) from None
        self.fit = fit
        if clip is None:
            raise AudioError(f"{name}: {_without_path(reason, path, name)}")
        return clip


def _clip(body: bytes, about: dict[str, Any], shape: list[int] | None) -> Clip:
    """Read a worker's answer, with sound of the given shape; raises ValueError if it is invalid."""
    numbers, start = np.frombuffer(body, np.float32).copy(), float(about["start"])
    size = 0 if shape is None else math.prod(shape)
    sound, speech = numbers[:size], numbers[size:]
    right = len(speech) == about["samples"] and 0 < len(speech) <= MAX_SAMPLES
    if not (right and math.isfinite(start) and np.isfinite(numbers).all()):
        raise ValueError("no clip")
    return Clip(None if shape is None else sound.reshape(shape), speech, start, tuple(about["notes"]))


def _without_path(reason: str, path: Path, name: str) -> str:
    """Replace the path, which may be cut off at its end, by the caller's name in a reason."""
    reason = reason.removeprefix(f"{path.name}: ")
    whole = str(path)
    for end in range(len(whole), len(path.anchor) - 1, -1):
        reason = reason.replace(f"'{whole[:end]}", f"'{name}")
    return reason
