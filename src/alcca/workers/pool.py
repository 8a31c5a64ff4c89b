"""Read many files in worker processes, in order; a file that ends or holds its process costs only itself."""

import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from alcca.errors import AudioError
from alcca.workers.memory import MEMORY, MemoryLimit, ran_out
from alcca.workers.process import is_debugging
from alcca.workers.readers import KilledError

__all__ = ["BATCH", "quiet_worker", "read_each", "start_reader", "within_memory"]

# Small enough that a kill loses a second of work, large enough that flushing to the disk takes no time.
BATCH = 32

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
        Gives the result of a task that killed its worker, or held it for too long (`alcca.workers.patience`). It runs
        in this process, and must not open the file.
    pool : function
        Creates a `ReaderPool` of the given number of worker processes.
    jobs : int or None
        Number of worker processes; None for the number of processors.

    Examples
    --------
    >>> from alcca.workers.readers import ReaderPool
    >>> list(read_each(abs, [-1, -2, 3], crashed=abs, pool=lambda jobs: ReaderPool(jobs, print), jobs=1))
    [1, 2, 3]
    """
    if not tasks:
        return
    queue = deque(tasks)
    window: deque[tuple[Task, Future[Read]]] = deque()
    executor = pool(max(1, min(jobs or os.cpu_count() or 1, len(tasks))))
    try:
        while queue or window:
            while queue and len(window) < BATCH:
                task = queue.popleft()
                window.append((task, executor.submit(read, task)))
            task, future = window.popleft()
            try:
                result = future.result()
            except KilledError:
                result = crashed(task)
            yield result
    finally:
        executor.shutdown()


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
    """Prepare a worker process: it ignores Ctrl-C and writes nothing to standard error, unless with ``--debug``."""
    # Ctrl-C reaches the whole process group; the parent handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if is_debugging():
        return
    # Decoders in C write warnings straight to standard error, over the progress bar. The song's reason and notes have
    # what matters of them.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
