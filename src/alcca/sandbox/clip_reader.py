"""Recordings from strangers, read in worker processes that may be killed.

A server reads what anybody sends. A file may make its decoder hang, crash or fill the memory; here that costs
one worker process and gives a reason. The server and the other reads go on.
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
from alcca.sandbox.clip_worker import Clip, Read, read_clip, work
from alcca.songs.audio import SLICE_SECONDS, SPEECH_RATE
from alcca.workers.child import SECONDS_TO_START, Child
from alcca.workers.memory import MEMORY

__all__ = ["ClipReader"]

# One hostile file shall not hold up everybody, so there are two even on one core. Beyond four, warm workers
# cost more memory than a server of one machine has use for.
MIN_WORKERS, MAX_WORKERS = 2, 4
# A clip's answer has 2 MB; more than this is no answer.
MAX_ANSWER_BYTES = 4 << 20
MAX_SAMPLES = round(SLICE_SECONDS * SPEECH_RATE)


class ClipReader:
    """Warm worker processes that read recordings, whatever a recording does to its reader.

    Close it, or use it as a context manager. Its workers end with the process that made it, also when that is
    killed.

    Parameters
    ----------
    workers : int, optional
        Worker processes, at least 1; by default one for each processor, but at least 2 and at most 4.
    seconds : float
        Time for one recording, > 0, from when a worker begins with it; waiting for a worker does not count.
    memory : int
        Bytes that a worker may take for one recording, > 0, beyond what it has when idle. Where the system
        knows no such limit there is none.
    encoder : path, optional
        The folder of the encoder (`alcca.encoders.saving`) that the first recordings will be read for: the workers get
        ready for it. MFCC when not given.

    Raises
    ------
    UsageError
        One of the numbers is out of its range.

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
            raise UsageError(f"{workers} workers read nothing; give 1 or more")
        if not 0 < seconds < float("inf"):
            raise UsageError(f"{seconds} seconds are no time to read in; give a positive number")
        if memory < 1:
            raise UsageError(f"{memory} bytes are no memory to read in; give a positive number")
        self._seconds, self._memory, self._size = seconds, memory, workers
        # What was asked for last, which a new worker gets ready for.
        self._encoder = encoder
        self._changed = threading.Condition()
        self._closed = False
        self._running: set[_Worker] = set()
        # None is the place of a worker that could not be started; whoever takes it tries again.
        self._idle: list[_Worker | None] = []
        for _ in range(workers):
            self._idle.append(self._start(encoder))

    def read(self, path: Path, name: str, *, sound: bool = True, encoder: Path | None = None) -> Clip:
        """The middle 30 s of a recording; waits until a worker is free. Threads may call it side by side.

        Parameters
        ----------
        path : path
            A file of any format that libsndfile or FFmpeg reads; its suffix helps to tell which.
        name : str
            What messages call it.
        sound : bool
            Whether anybody wants what the encoder makes of it.
        encoder : path, optional
            The folder of the encoder. A worker that is ready for another one is replaced, which takes it some seconds.

        Returns
        -------
        Clip
            The same numbers as `alcca.search.clip.read_sound` gives here.

        Raises
        ------
        AudioError
            There is no usable audio in it, or it took too much time or memory, or it ended its decoder; or the
            reader is closed. The message is one line, begins with ``name`` and does not tell ``path``.
        """
        path = Path(os.path.abspath(path))  # noqa: PTH100 - a link keeps its own name and suffix
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
            # What close() did to a worker is no fault of the file.
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
            # A thread that reads gives its place back as soon as it sees that its worker is gone.
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
            # A worker that was just restarted takes a second to get warm; meanwhile the others do the work.
            ready = (number for number, worker in enumerate(self._idle) if worker and worker.alive and worker.warm())
            return self._idle.pop(next(ready, 0))

    def _give_back(self, worker: "_Worker | None") -> None:
        if worker is not None and not worker.fit:
            worker = self._replace(worker, self._encoder)
        with self._changed:
            self._idle.append(worker)
            # All, because one may be close() and the others reads.
            self._changed.notify_all()

    def _replace(self, worker: "_Worker | None", encoder: Path | None) -> "_Worker | None":
        if worker is not None:
            worker.stop()
            with self._changed:
                self._running.discard(worker)
        return self._start(encoder)

    def _start(self, encoder: Path | None) -> "_Worker | None":
        """A new worker, not yet warm; None when the system gives no process."""
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
    """A process that reads one recording after the other."""

    def __init__(self, read: Read, seconds: float, memory: int, encoder: Path | None) -> None:
        super().__init__(work, (read, seconds, memory, encoder), name="alcca-clips", largest=MAX_ANSWER_BYTES)
        self.encoder = encoder
        self._seconds = seconds
        # What it says of itself when it is ready; no stranger's file has had a say in it.
        self._about: dict[str, Any] = {}
        # False from sending a file to the end of its answer: whatever interrupts that, nobody shall ever take
        # the answer for that of the next file.
        self.fit = True

    def warm(self, seconds: float = 0.0) -> bool:
        """Whether it is ready to read, or gets so within ``seconds``."""
        if not self._about:
            with contextlib.suppress(EOFError, OSError):
                self._about = json.loads(self.receive(seconds) or b"{}")
        return bool(self._about)

    def read(self, path: Path, name: str, sound: bool) -> Clip:
        """The clip that the process makes of a file."""
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
            told = json.loads(head)
            reason, fit = told["reason"], told["fit"]
            clip = None if reason is not None else _clip(body, told, self._about["shape"] if sound else None)
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            # A decoder that overwrites its process's memory may still send something.
            raise AudioError(
                f"{name}: the decoder crashed on it; the file may be damaged, convert it to try again"
            ) from None
        self.fit = fit
        if clip is None:
            raise AudioError(f"{name}: {_without_path(reason, path, name)}")
        return clip


def _clip(body: bytes, told: dict[str, Any], shape: list[int] | None) -> Clip:
    """What a worker has sent, with sound of a shape; ValueError when it is none."""
    numbers, start = np.frombuffer(body, np.float32).copy(), float(told["start"])
    size = 0 if shape is None else math.prod(shape)
    sound, speech = numbers[:size], numbers[size:]
    right = len(speech) == told["samples"] and 0 < len(speech) <= MAX_SAMPLES
    if not (right and math.isfinite(start) and np.isfinite(numbers).all()):
        raise ValueError("no clip")
    return Clip(None if shape is None else sound.reshape(shape), speech, start, tuple(told["notes"]))


def _without_path(reason: str, path: Path, name: str) -> str:
    """The reason with the caller's name where it quotes the path, which may be cut off at its end."""
    reason = reason.removeprefix(f"{path.name}: ")
    whole = str(path)
    for end in range(len(whole), len(path.anchor) - 1, -1):
        reason = reason.replace(f"'{whole[:end]}", f"'{name}")
    return reason
