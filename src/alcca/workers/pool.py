"""Worker processes that read files, and survive whatever a file does to them.

A file whose decoder crashes or hangs is identified; the rest goes on.
"""

import contextlib
import faulthandler
import os
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path
from queue import Empty
from typing import Any, TypeVar

from alcca.errors import AudioError
from alcca.workers.memory import MEMORY, MemoryLimit, ran_out

__all__ = [
    "BATCH",
    "SECONDS_BEFORE_KILL",
    "ends_when_stuck",
    "quiet_worker",
    "read_each",
    "start_reader",
    "within_memory",
]

# Small enough that a kill loses a second of work, large enough that flushing to the disk takes no time.
BATCH = 32
# A slice decodes in well under a second. Decoding has a time limit of its own and raises an error; this one ends the
# process of a decoder that hangs in native code.
SECONDS_BEFORE_KILL = 90.0

Task = TypeVar("Task")
Read = TypeVar("Read")


def read_each(
    read: Callable[[Task], Read],
    tasks: Sequence[Task],
    crashed: Callable[[Task], Read],
    *,
    pool: Callable[[int], Any],
    jobs: int | None,
) -> Iterator[Read]:
    """Yield the results of all tasks in their order, even if workers are killed.

    The order makes an interrupted run, when repeated, store the same songs under the same numbers.

    Parameters
    ----------
    read : function
        Runs in a worker with one task.
    tasks : sequence
        Values that can be pickled.
    crashed : function
        Gives the result of a task that killed its worker. It runs in this process, and must not open the file.
    pool : function
        Creates an executor of loky with the given number of worker processes.
    jobs : int or None
        Number of worker processes; None for the number of processors.

    Examples
    --------
    >>> from joblib.externals.loky import ProcessPoolExecutor
    >>> list(read_each(abs, [-1, -2, 3], crashed=abs, pool=ProcessPoolExecutor, jobs=1))
    [1, 2, 3]
    """
    if not tasks:
        return
    # The report of the file that killed a worker replaces loky's warning.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
    queue = deque(tasks)
    window: deque[tuple[Task, Future[Read]]] = deque()
    workers = max(1, min(jobs or os.cpu_count() or 1, len(tasks)))
    executor = pool(workers)
    try:
        while queue or window:
            while queue and len(window) < BATCH:
                task = queue.popleft()
                window.append((task, executor.submit(read, task)))
            try:
                result = window[0][1].result()
            except BrokenProcessPool:
                # Any of the files in flight may have killed the worker, so they are read one at a time.
                _end(executor)
                yield from _read_alone(read, [task for task, _ in window], crashed, pool)
                window.clear()
                executor = pool(workers)
                continue
            window.popleft()
            yield result
    finally:
        _end(executor)


def _end(executor: Any) -> None:
    """Kill an executor's workers."""
    # Waiting tasks are removed first. loky removes them too when it kills its workers, but its thread then looks for
    # the tasks in this queue, and prints a traceback. An executor without such a queue needs nothing.
    waiting = getattr(executor, "_work_ids", None)
    with contextlib.suppress(Empty):
        while waiting is not None:
            waiting.get_nowait()
    executor.shutdown(wait=True, kill_workers=True)


def _read_alone(
    read: Callable[[Task], Read], tasks: Iterable[Task], crashed: Callable[[Task], Read], pool: Callable[[int], Any]
) -> Iterator[Read]:
    """Read one file after the other, each alone in a worker, so that the file that kills it is known."""
    executor = pool(1)
    try:
        for task in tasks:
            try:
                yield executor.submit(read, task).result()
            except BrokenProcessPool:
                _end(executor)
                executor = pool(1)
                yield crashed(task)
    finally:
        _end(executor)


# None in a process that does other things too: in this one, and on a cluster.
_limit: MemoryLimit | None = None


def start_reader() -> None:
    """Prepare a worker process that only reads files, one after the other."""
    global _limit
    quiet_worker()
    _limit = MemoryLimit(MEMORY)


@contextlib.contextmanager
def within_memory(name: str) -> Iterator[None]:
    """Limit the memory for reading a file, in a process that `start_reader` has prepared.

    Raises
    ------
    AudioError
        If the file called ``name`` takes more.
    """
    if _limit is None:
        yield
        return
    try:
        with _limit:
            yield
    except Exception as error:
        if ran_out(error):
            raise AudioError(f"{name}: {_limit.reason}") from error
        raise


def quiet_worker() -> None:
    """Prepare a worker process: it ignores Ctrl-C and writes nothing to standard error."""
    # Ctrl-C reaches the whole process group; the parent handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Decoders in C write warnings straight to standard error, over the progress bar. The song's reason and notes have
    # what matters of them.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)


# When the process has to end, for each thread that is working; there is one alarm for all of them.
_deadlines: dict[object, float] = {}
_setting_the_alarm = threading.Lock()


@contextlib.contextmanager
def ends_when_stuck(seconds: float) -> Iterator[None]:
    """End the process if the block takes longer; threads may use this at the same time."""
    this = object()
    with _setting_the_alarm:
        _deadlines[this] = time.monotonic() + seconds
        _set_alarm()
    try:
        yield
    finally:
        with _setting_the_alarm:
            del _deadlines[this]
            _set_alarm()


def _set_alarm() -> None:
    faulthandler.cancel_dump_traceback_later()
    if _deadlines:
        seconds = max(min(_deadlines.values()) - time.monotonic(), 0.001)
        faulthandler.dump_traceback_later(seconds, exit=True, file=_nowhere())


@cache
def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)
