"""An executor whose processes read files, and survive whatever a file does to them: each file costs only itself.

Each process has one task at a time, so a process that ends is at once known to have ended on that task, and the others
go on. A process that is stuck in the system, where no signal reaches it, is left behind.
"""

import contextlib
import pickle
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from alcca.errors import AlccaError
from alcca.workers.patience import tell_deadlines
from alcca.workers.process import SECONDS_TO_START, Pipe, Process

__all__ = ["KilledError", "ReaderPool", "pickled", "work"]

PROGRAM = "from alcca.workers.readers import work; work()"
# Each reader has one processor. Threads of the linear algebra library double the time that descriptors take.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# A process ends itself at its deadline. One that is still there after these seconds is stuck.
SECONDS_AFTER_DEADLINE = 5.0
# The first byte of a process's message.
READY, UNTIL, RESULT, ERROR = b"r", b"u", b"v", b"e"


class KilledError(Exception):
    """A task has ended its process, or has held it up for too long."""


class ReaderPool:
    """Processes that are started as tasks come, and end with `shutdown`.

    Parameters
    ----------
    processes : int
    prepare : callable
        Called in each new process with the ``arguments``; both are pickled, by value if they are defined in a program
        or a notebook.
    arguments : tuple

    Examples
    --------
    >>> pool = ReaderPool(1, print, ("ready",))
    >>> pool.submit(abs, -3).result()
    3
    >>> pool.shutdown()
    """

    def __init__(self, processes: int, prepare: Callable[..., object], arguments: tuple[Any, ...] = ()) -> None:
        self._preparation = pickled((prepare, arguments))
        self._tasks: queue.SimpleQueue[tuple[bytes, Future[Any]] | None] = queue.SimpleQueue()
        self._running: set[Process] = set()
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(processes)]
        for thread in self._threads:
            thread.start()

    def submit(self, do: Callable[[Any], Any], task: Any) -> "Future[Any]":
        """Have a process do a task; the future raises `KilledError` if that ends the process."""
        future: Future[Any] = Future()
        self._tasks.put((pickled((do, task)), future))
        return future

    def shutdown(self) -> None:
        """Kill the processes; tasks that wait are cancelled."""
        self._closed.set()
        with contextlib.suppress(queue.Empty):
            while True:
                if (job := self._tasks.get_nowait()) is not None:
                    job[1].cancel()
        for process in list(self._running):
            process.kill()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        """Give one process its tasks, and start another one where it ends."""
        process: Process | None = None
        while (job := self._tasks.get()) is not None:
            call, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if process is None or not process.alive:
                    self._stop(process)
                    process = self._started()
                future.set_result(self._done(process, call))
            except KilledError as error:
                self._stop(process)
                process = None
                future.set_exception(error)
            except BaseException as error:  # noqa: BLE001 - raised where the result is taken
                future.set_exception(error)
        self._stop(process)

    def _started(self) -> Process:
        if self._closed.is_set():
            raise KilledError
        process = Process(PROGRAM, environment=ONE_THREAD)
        self._running.add(process)
        if self._closed.is_set():
            process.kill()
        with contextlib.suppress(EOFError, OSError):
            process.send(self._preparation)
            if process.receive(SECONDS_TO_START) == READY:
                return process
        self._stop(process)
        if self._closed.is_set():
            raise KilledError
        raise AlccaError(
            "processes that read files end or hang as soon as they are started; run with --debug to see why, "
            "or try again in a minute"
        )

    def _stop(self, process: Process | None) -> None:
        if process is not None:
            self._running.discard(process)
            process.stop()

    def _done(self, process: Process, call: bytes) -> Any:
        try:
            process.send(call)
            kind, content = self._answer(process)
        except (EOFError, OSError) as error:
            raise KilledError from error
        value = pickle.loads(content)
        if kind == ERROR:
            raise value
        return value

    def _answer(self, process: Process) -> tuple[bytes, bytes]:
        """What comes of a task, as long as its process says that it is working on it."""
        deadline: float | None = None
        while True:
            message = process.receive(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if message is None:
                # No signal reaches it, or it would have ended itself.
                raise EOFError
            kind, content = message[:1], message[1:]
            if kind != UNTIL:
                return kind, content
            seconds = pickle.loads(content)
            deadline = None if seconds is None else time.monotonic() + seconds + SECONDS_AFTER_DEADLINE


def pickled(value: Any) -> bytes:
    """Pickled as loky does it: also what is defined in a program or a notebook."""
    from joblib.externals.loky.backend.reduction import dumps

    return bytes(dumps(value))


# In the processes


def work() -> None:
    """Do one task after the other, until the parent ends."""
    pipe = Pipe()
    prepare, arguments = pickle.loads(pipe.receive())
    prepare(*arguments)
    tell_deadlines(lambda seconds: pipe.send(UNTIL, pickle.dumps(seconds)))
    pipe.send(READY)
    while True:
        do, task = pickle.loads(pipe.receive())
        pipe.send(*_outcome(do, task))


def _outcome(do: Callable[[Any], Any], task: Any) -> tuple[bytes, bytes]:
    try:
        return RESULT, pickled(do(task))
    except Exception as error:  # noqa: BLE001 - raised where the result is taken
        with contextlib.suppress(Exception):
            return ERROR, pickled(error)
        return ERROR, pickled(RuntimeError(f"{type(error).__name__}: {error}"))
