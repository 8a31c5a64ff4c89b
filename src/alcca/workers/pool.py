"""Worker processes that read files, whatever a file does to its reader.

A file whose decoder kills its process or never comes back is found out; the rest goes on.
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

# Small enough that a kill loses a second of work, large enough that a flush to the disk costs nothing.
BATCH = 32
# A slice decodes in well under a second. Decoding has a budget of its own and gives up politely; this ends
# the process of a decoder that hangs inside native code.
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
    """Results of all tasks in their order, whatever happens to the workers.

    The order makes a run that was killed and taken up again store the same songs under the same numbers.

    Parameters
    ----------
    read : function
        What a worker does with one task.
    tasks : sequence
        Values that can be pickled.
    crashed : function
        The result of a task that killed its worker, found in this process: it does not open the file.
    pool : function
        Makes an executor of loky with the given number of worker processes.
    jobs : int or None
        Worker processes; as many as there are processors when None.

    Examples
    --------
    >>> from joblib.externals.loky import ProcessPoolExecutor
    >>> list(read_each(abs, [-1, -2, 3], crashed=abs, pool=ProcessPoolExecutor, jobs=1))
    [1, 2, 3]
    """
    if not tasks:
        return
    # loky's remark on a worker that has died, which is told with the file that it died of.
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
                # Nobody knows which of the files in flight killed the worker: they are read one at a time.
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
    """Kill an executor's workers, whatever they do."""
    # What waits for a worker is forgotten first: loky forgets it too when it kills them, but then its thread looks for
    # what stands in this queue of its own, and prints a traceback. Without such a queue there is nothing to look for.
    waiting = getattr(executor, "_work_ids", None)
    with contextlib.suppress(Empty):
        while waiting is not None:
            waiting.get_nowait()
    executor.shutdown(wait=True, kill_workers=True)


def _read_alone(
    read: Callable[[Task], Read], tasks: Iterable[Task], crashed: Callable[[Task], Read], pool: Callable[[int], Any]
) -> Iterator[Read]:
    """One file after the other, each alone in the worker: its death is the fault of that file."""
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


# None where other things are done in the same process: in this one, and on a cluster.
_limit: MemoryLimit | None = None


def start_reader() -> None:
    """Prepare a worker process that does nothing but read one file after the other."""
    global _limit
    quiet_worker()
    _limit = MemoryLimit(MEMORY)


@contextlib.contextmanager
def within_memory(name: str) -> Iterator[None]:
    """Bound what reading a file takes, in a process that `start_reader` has prepared.

    Raises
    ------
    AudioError
        The file called ``name`` takes more.
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
    """Prepare a worker process: it leaves Ctrl-C to its parent and writes nothing to standard error."""
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Decoders in C write their opinion of a file straight to standard error, over the progress bar. What
    # they mean for the song is in its reason and its notes.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)


# When the process shall end, for each thread that is at something now; there is one alarm for all of them.
_deadlines: dict[object, float] = {}
_setting_the_alarm = threading.Lock()


@contextlib.contextmanager
def ends_when_stuck(seconds: float) -> Iterator[None]:
    """End the process when what is done inside takes longer; threads may do so side by side."""
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
