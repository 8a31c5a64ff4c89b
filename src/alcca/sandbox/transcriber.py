"""Recordings from strangers, heard one after the other by one process, which may be killed.

All share one speech model: a recording waits in a line of limited length until those before it were heard. A recording
on which the recogniser hangs, crashes or grows costs that process, which is started again, and gives a reason.
"""

import contextlib
import json
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AlccaError
from alcca.sandbox.transcriber_worker import hear, open_recogniser
from alcca.store.songs import Store
from alcca.store.speech_model import OFF, speech_model_of
from alcca.transcripts import Transcript
from alcca.workers.child import Child

__all__ = [
    "BusyError",
    "NoTranscription",
    "Place",
    "TranscriptionError",
    "TranscriptionQueue",
    "transcription_queue_for",
]

# A transcript of half a minute has some kilobytes; more than this is none.
MAX_ANSWER_BYTES = 1 << 20
# The largest models have 3 GB to read from the disk.
SECONDS_TO_LOAD = 180.0
# Somebody may install the weights while the server runs.
SECONDS_BETWEEN_LOOKS = 60.0
# What half a minute of sound takes the base model on a small machine, until the first was heard here.
SECONDS_AT_FIRST = 2.0


class TranscriptionError(AlccaError):
    """Why a recording was not transcribed."""


class BusyError(AlccaError):
    """Too many recordings wait already; ``seconds`` says when to ask again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class _Job(NamedTuple):
    samples: NDArray[np.float32]
    start: float
    at_first: Callable[[Transcript], object]
    future: "Future[Transcript]"


class Place:
    """A place in the line before the recogniser, kept from when a recording arrives until it was heard.

    Leave it, or use it as a context manager.
    """

    def __init__(self, hearer: "TranscriptionQueue") -> None:
        self._queue = hearer
        self._future: Future[Transcript] = Future()

    def hear(
        self,
        samples: NDArray[np.float32],
        start: float = 0.0,
        at_first: Callable[[Transcript], object] = lambda first: None,
    ) -> Transcript:
        """What is heard in samples (n,) at 16 kHz that begin at ``start`` seconds of a recording; waits for it.

        ``at_first`` is called, in another thread, with what a first reading says, where that is in doubt and the
        recording is read again.

        Raises
        ------
        TranscriptionError
            There is nothing to hear with; the recogniser took too much time or memory, or crashed; the place was left.
        """
        self._queue._enqueue(_Job(samples, start, at_first, self._future))
        try:
            return self._future.result()
        except CancelledError:
            raise TranscriptionError("whoever sent it has gone") from None

    def leave(self) -> None:
        """Give the place to somebody else, at once; whoever waits in `hear` gets a TranscriptionError."""
        self._future.cancel()
        self._queue._left(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class NoTranscription:
    """Stands in for a `TranscriptionQueue` where nobody shall hear, and says why."""

    def __init__(self, lacks: str) -> None:
        self.lacks: str | None = lacks

    def place(self) -> "_DeafPlace":
        """A place at which nothing is heard."""
        assert self.lacks is not None
        return _DeafPlace(self.lacks)

    def close(self) -> None:
        """Nothing is open."""


class _DeafPlace(NamedTuple):
    lacks: str

    def hear(self, samples: NDArray[np.float32], start: float = 0.0, at_first: object = None) -> Transcript:
        raise TranscriptionError(self.lacks)

    def leave(self) -> None: ...


class TranscriptionQueue:
    """One process with a speech model, and the line before it. Threads may use it side by side.

    Close it, or use it as a context manager. The process ends with the one that made it, also when that is killed.

    Parameters
    ----------
    model : str
        A Whisper model by name, or its folder. Its weights have to be on this machine.
    waiting : int
        How many recordings may wait while one is heard.
    seconds : float
        Time for hearing one recording, > 0; waiting does not count.
    memory : int
        Bytes that hearing one recording may take beyond the model. Where the system knows no such limit there is none.
    """

    def __init__(self, model: str, *, waiting: int = 8, seconds: float = 120.0, memory: int = 4 * 2**30) -> None:
        self._model, self._seconds, self._memory = model, seconds, memory
        self._most = waiting + 1
        self._changed = threading.Condition()
        self._places: set[Place] = set()
        self._line: deque[_Job] = deque()
        self._closed = False
        self._child: Child | None = None
        self._lacks: str | None = None
        self._looked = -math.inf
        self._typical = SECONDS_AT_FIRST
        self._thread = threading.Thread(target=self._run, name="alcca-hearer", daemon=True)
        self._thread.start()

    @property
    def lacks(self) -> str | None:
        """Why nothing can be heard, in plain words; None when it can, or when that is not yet known."""
        return self._lacks

    def place(self) -> Place:
        """Take a place in the line.

        Raises
        ------
        BusyError
            All are taken.
        """
        with self._changed:
            if len(self._places) >= self._most:
                seconds = math.ceil(self._typical * len(self._places))
                raise BusyError(
                    f"{len(self._places)} recordings wait to be heard already; try again in {seconds} s", seconds
                )
            place = Place(self)
            self._places.add(place)
            return place

    def close(self) -> None:
        """End the process; whoever waits gets TranscriptionError. Closing twice does nothing."""
        with self._changed:
            self._closed = True
            if self._child is not None:
                self._child.kill()
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _enqueue(self, job: _Job) -> None:
        with self._changed:
            if self._closed:
                raise TranscriptionError("the server is stopping; send it again when it is back")
            self._line.append(job)
            self._changed.notify_all()

    def _left(self, place: Place) -> None:
        with self._changed:
            self._places.discard(place)

    # In the thread that talks with the process

    def _run(self) -> None:
        child = self._opened()
        while (job := self._next()) is not None:
            if child is None or not child.alive:
                child = self._opened(child)
            if child is not None and not self._hear(child, job):
                child = self._opened(child)
            elif child is None:
                _fail(job, self._lacks or "there is nothing to hear with")
        if child is not None:
            child.stop()

    def _next(self) -> _Job | None:
        """The first recording of the line that somebody still waits for; None at the end."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._line or self._closed)
                if self._closed:
                    for job in self._line:
                        _fail(job, "the server is stopping; send it again when it is back")
                    return None
                job = self._line.popleft()
                if not job.future.cancelled():
                    return job

    def _opened(self, previous: Child | None = None) -> Child | None:
        """A process whose model is loaded, in the place of the previous one; None, and why in `lacks`."""
        if previous is not None:
            previous.stop()
        elif time.monotonic() < self._looked + SECONDS_BETWEEN_LOOKS:
            return None
        if self._closed:
            return None
        try:
            child = Child(
                hear, (open_recogniser, self._model, self._memory), name="alcca-transcriber", largest=MAX_ANSWER_BYTES
            )
        except OSError as error:
            self._lacks = f"no process could be started to listen ({error.strerror})"
            return None
        with self._changed:
            self._child = child
            if self._closed:
                child.kill()
        try:
            told = json.loads(child.receive(SECONDS_TO_LOAD) or b"{}")
        except (EOFError, OSError, ValueError):
            told = {}
        if "name" in told:
            self._lacks = None
            return child
        child.stop()
        self._lacks = str(told.get("lacks", "the speech model could not be loaded; what the server printed says more"))
        self._looked = time.monotonic()
        return None

    def _hear(self, child: Child, job: _Job) -> bool:
        """Hear one recording and tell; whether the process is fit for the next."""
        started = time.monotonic()
        # It ends sending as well as receiving, whatever the process is doing.
        guard = threading.Timer(self._seconds, child.kill)
        guard.daemon = True
        guard.start()
        try:
            child.send(json.dumps({"start": job.start}).encode())
            child.send(job.samples.tobytes())
            told = json.loads(child.receive() or b"{}")
            if "first" in told:
                job.at_first(Transcript.from_dict(told["first"]))
                told = json.loads(child.receive() or b"{}")
            if "heard" in told:
                heard = Transcript.from_dict(told["heard"])
                self._typical = time.monotonic() - started
                with contextlib.suppress(InvalidStateError):
                    job.future.set_result(heard)
            else:
                _fail(job, str(told["reason"]))
            return bool(told["fit"])
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            late = time.monotonic() - started >= self._seconds
            _fail(
                job,
                f"listening took more than {self._seconds:g} s; send a part of it"
                if late
                else "the recogniser ended in the middle of it; send it again",
            )
            return False
        finally:
            guard.cancel()


def _fail(job: _Job, reason: str) -> None:
    # Whoever has left wants to know nothing.
    with contextlib.suppress(InvalidStateError):
        job.future.set_exception(TranscriptionError(reason))


def transcription_queue_for(store: Store) -> TranscriptionQueue | NoTranscription:
    """Who hears what is sent to a library's server: the model that heard its songs, unless $ALCCA_HEAR is off."""
    if os.environ.get("ALCCA_HEAR") == OFF:
        return NoTranscription("this server does not listen ($ALCCA_HEAR is off)")
    return TranscriptionQueue(speech_model_of(store))
