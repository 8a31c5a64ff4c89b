"""Transcribe recordings from strangers, or listen for words in them, in one process that may be killed.

All share one speech model: recordings wait in a queue of limited length. If the recogniser hangs, crashes or fills the
memory on a recording, its process is killed and restarted, and the recording gets an error.
"""

import contextlib
import json
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, InvalidStateError
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AlccaError, SpeechModelError, TranscriptionError
from alcca.sandbox.transcriber_worker import hear, open_recogniser
from alcca.store.songs import Store
from alcca.store.speech_model import OFF, speech_model_of
from alcca.transcripts import Listened, Transcript
from alcca.workers.child import Child

__all__ = [
    "BusyError",
    "NoPlace",
    "NoTranscription",
    "Place",
    "TranscriptionQueue",
    "transcription_queue_for",
]

# A transcript of half a minute has some kilobytes; a longer answer is invalid.
MAX_ANSWER_BYTES = 1 << 20
# The largest models read 3 GB from the disk.
SECONDS_TO_LOAD = 180.0
# The weights may be installed while the server runs.
SECONDS_BETWEEN_LOOKS = 60.0
# Time of the base model for half a minute on a small machine, until it is measured here.
SECONDS_AT_FIRST = 2.0
# Excerpts to listen for in one turn, unless one text has more: each takes a tenth of a second. A careful search has
# thousands, for which other recordings must not wait, and which no time limit for one recording allows.
EXCERPTS_AT_A_TIME = 40


class BusyError(AlccaError):
    """Too many recordings are waiting already; ``seconds`` is the time after which to try again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class _Job(NamedTuple):
    """What the process is asked about a recording, and what becomes of its answer."""

    samples: NDArray[np.float32]
    asked: dict[str, Any]
    at_first: Callable[[Transcript], object]
    read: Callable[[dict[str, Any]], Any]
    future: "Future[Any]"


class Place:
    """A place in the queue, held from the arrival of a recording until it has been transcribed.

    Call `leave`, or use it as a context manager.
    """

    def __init__(self, queue: "TranscriptionQueue") -> None:
        self._queue = queue
        self._future: Future[Any] = Future()
        self._left = False

    def hear(
        self,
        samples: NDArray[np.float32],
        start: float = 0.0,
        at_first: Callable[[Transcript], object] = lambda first: None,
    ) -> Transcript:
        """Transcribe samples (n,) at 16 kHz that begin at ``start`` seconds of a recording; waits for the result.

        If the first pass is doubtful, ``at_first`` is called with it in another thread, and a second pass follows.

        Raises
        ------
        TranscriptionError
            If there is no speech model, the recogniser takes too much time or memory or crashes, or the place was left.
        """
        heard: Transcript = self._ask(
            samples, {"start": start}, lambda answer: Transcript.from_dict(answer["heard"]), at_first
        )
        return heard

    def listen(self, samples: NDArray[np.float32], texts: Sequence[Sequence[str]]) -> list[Listened]:
        """Listen for words in samples (n,) at 16 kHz, as `alcca.speech.recogniser.Recogniser.listen`; errors as `hear`.

        The result comes soonest for the recording that was transcribed last, whose encoding is still there. Between
        some dozens of excerpts, other recordings get their turn.
        """
        found: list[Listened] = []
        for turn in _turns(texts):
            found += self._ask(samples, {"texts": turn}, lambda answer: [Listened(*one) for one in answer["listened"]])
        return found

    def _ask(
        self,
        samples: NDArray[np.float32],
        asked: dict[str, Any],
        read: Callable[[dict[str, Any]], Any],
        at_first: Callable[[Transcript], object] = lambda first: None,
    ) -> Any:
        self._future = Future()
        if self._left:
            self._future.cancel()
        self._queue._enqueue(_Job(samples, asked, at_first, read, self._future))
        try:
            return self._future.result()
        except CancelledError:
            raise TranscriptionError("the sender has disconnected") from None

    def leave(self) -> None:
        """Free the place at once; a thread that waits in `hear` or `listen` gets a TranscriptionError."""
        self._left = True
        self._future.cancel()
        self._queue._left(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


def _turns(texts: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    turn: list[Sequence[str]] = []
    for text in texts:
        if turn and sum(map(len, turn)) + len(text) > EXCERPTS_AT_A_TIME:
            yield turn
            turn = []
        turn.append(text)
    if turn:
        yield turn


class NoTranscription:
    """Replaces a `TranscriptionQueue` if nothing is transcribed; ``lacks`` is the reason."""

    def __init__(self, lacks: str) -> None:
        self.lacks: str | None = lacks

    def place(self) -> "NoPlace":
        """Return a place at which nothing is transcribed."""
        assert self.lacks is not None
        return NoPlace(self.lacks)

    def close(self) -> None:
        """Do nothing: there is no process."""


class NoPlace(NamedTuple):
    """Replaces a `Place` if nothing is transcribed; ``lacks`` is the reason."""

    lacks: str

    def hear(self, samples: NDArray[np.float32], start: float = 0.0, at_first: object = None) -> Transcript:
        """Raise TranscriptionError with the reason."""
        raise TranscriptionError(self.lacks)

    def listen(self, samples: NDArray[np.float32], texts: Sequence[Sequence[str]]) -> list[Listened]:
        """Raise TranscriptionError with the reason."""
        raise TranscriptionError(self.lacks)

    def leave(self) -> None:
        """Do nothing: no place is held."""


class TranscriptionQueue:
    """One process with a speech model, and the queue of recordings for it. Thread-safe.

    Close it, or use it as a context manager. The process ends with its parent, even if that is killed.

    Parameters
    ----------
    model : str
        A Whisper model by name, or its folder. Its weights must be on this machine.
    waiting : int
        Number of recordings that may wait while another one is transcribed.
    seconds : float
        Time limit for transcribing one recording, > 0, without the wait.
    memory : int
        Bytes that one recording may use beyond the model; ignored if the system does not support such a limit.
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
        """Why recordings cannot be transcribed, for people; None if they can, or if that is not yet known."""
        return self._lacks

    def place(self) -> Place:
        """Take a place in the queue.

        Raises
        ------
        BusyError
            If all places are taken.
        """
        with self._changed:
            if len(self._places) >= self._most:
                seconds = math.ceil(self._typical * len(self._places))
                raise BusyError(
                    f"{len(self._places)} recordings are already waiting for transcription; try again in {seconds} s",
                    seconds,
                )
            place = Place(self)
            self._places.add(place)
            return place

    def close(self) -> None:
        """End the process; waiting threads get a TranscriptionError. Closing twice does nothing."""
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

    # In the thread that communicates with the process

    def _run(self) -> None:
        child = self._opened()
        while (job := self._next()) is not None:
            if child is None or not child.alive:
                child = self._opened(child)
            if child is not None and not self._hear(child, job):
                child = self._opened(child)
            elif child is None:
                _fail(job, self._lacks or "there is no speech model")
        if child is not None:
            child.stop()

    def _next(self) -> _Job | None:
        """The next recording whose sender still waits; None when the queue is closed."""
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
        """Replace the previous process by one with a loaded model; None if that fails, with the reason in `lacks`."""
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
            self._lacks = f"no process could be started to transcribe it ({error.strerror})"
            return None
        with self._changed:
            self._child = child
            if self._closed:
                child.kill()
        try:
            about = json.loads(child.receive(SECONDS_TO_LOAD) or b"{}")
        except (EOFError, OSError, ValueError):
            about = {}
        if "name" in about:
            self._lacks = None
            return child
        child.stop()
        self._lacks = str(about.get("lacks", "the speech model could not be loaded; see the output of the server"))
        self._looked = time.monotonic()
        return None

    def _hear(self, child: Child, job: _Job) -> bool:
        """Transcribe one recording and resolve its future; whether the process is fit for the next one."""
        started = time.monotonic()
        # Killing the process interrupts sending as well as receiving.
        guard = threading.Timer(self._seconds, child.kill)
        guard.daemon = True
        guard.start()
        try:
            child.send(json.dumps(job.asked).encode())
            child.send(job.samples.tobytes())
            answer = json.loads(child.receive() or b"{}")
            if "first" in answer:
                job.at_first(Transcript.from_dict(answer["first"]))
                answer = json.loads(child.receive() or b"{}")
            if "reason" in answer:
                _fail(job, str(answer["reason"]))
            else:
                result = job.read(answer)
                self._typical = time.monotonic() - started
                with contextlib.suppress(InvalidStateError):
                    job.future.set_result(result)
            return bool(answer["fit"])
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            late = time.monotonic() - started >= self._seconds
            _fail(
                job,
                f"transcription took more than {self._seconds:g} s; send a part of it"
                if late
                else "the recogniser stopped during transcription; send it again",
            )
            return False
        finally:
            guard.cancel()


def _fail(job: _Job, reason: str) -> None:
    # The sender may have left, which has cancelled the future.
    with contextlib.suppress(InvalidStateError):
        job.future.set_exception(TranscriptionError(reason))


def transcription_queue_for(store: Store) -> TranscriptionQueue | NoTranscription:
    """Return the queue for a library's server: with the model that transcribed its songs, unless $ALCCA_HEAR is off."""
    if os.environ.get("ALCCA_HEAR") == OFF:
        return NoTranscription("this server does not transcribe ($ALCCA_HEAR is off)")
    try:
        return TranscriptionQueue(speech_model_of(store))
    except SpeechModelError as error:
        return NoTranscription(str(error))
