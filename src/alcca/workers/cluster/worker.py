"""What runs on a worker: the check of its version, its share of the threads, its model, and then the work."""

import os
import pickle
import socket
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from alcca import _version
from alcca.errors import ClusterError, MissingExtraError, SpeechModelError
from alcca.workers.workers import Room

__all__ = [
    "Died",
    "Place",
    "check_version",
    "do",
    "do_alone",
    "fetch",
    "read_and_use",
    "survives",
    "unpickled",
]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Place(NamedTuple):
    """Stands in the arguments for the shared value with this number."""

    number: int


class Died(NamedTuple):
    """The result of a task that has ended its worker before."""


def unpickled(data: bytes) -> Any:
    """A shared value."""
    return pickle.loads(data)


def fetch(value: Any) -> None:
    """Do nothing; to run this, a worker fetches the value."""


def do_alone(mark: str, *call: Any) -> Any:
    """Run a task alone; if it ends its worker, it is not run on the next one."""
    from distributed import Event

    begun = Event(mark)
    if begun.is_set():
        begun.clear()
        return Died()
    begun.set()
    try:
        return do(*call)
    finally:
        # The scheduler forgets an event that is not set.
        begun.clear()


def do(version: str, side_by_side: int, call: bytes, *shared: Any) -> Any:
    """Run a task.

    Parameters
    ----------
    version : str
        Version of alcca on the machine that sends it.
    side_by_side : int
        Number of tasks that this machine runs at the same time.
    call : bytes
        The function and its arguments, pickled, with a `Place` for each of the ``shared`` values.
    """
    from distributed import get_worker

    # Checked here too for workers that came later.
    check_version(_version.__version__, version, get_worker().address)
    _take_share_of_threads(side_by_side)
    work, arguments = pickle.loads(call)
    return work(*(shared[value.number] if isinstance(value, Place) else value for value in arguments))


# Two first tasks at once shall load one model, not two.
_loading = threading.Lock()
# The last one that was loaded here, and what loaded it.
_loaded: list[tuple[Any, Any]] = []


def read_and_use(model: Any, use: Any, read: Any, tasks: Sequence[Any]) -> Any:
    """Read tasks, and use this worker's model on them, which the first call loads; see `Workers.each_with_model`."""
    reads = tasks if read is None else [read(task) for task in tasks]
    with _loading:
        if not _loaded or _loaded[0][0] != model:
            _loaded[:] = [(model, _load(model))]
        loaded = _loaded[0][1]
    return use(loaded, reads)


def _load(model: Any) -> Any:
    from distributed import get_worker

    try:
        return model(Room(int(get_worker().state.nthreads), int(os.environ[THREADS[0]])))
    except (MissingExtraError, SpeechModelError) as error:
        raise ClusterError(f"the worker on {socket.gethostname()} cannot load the model: {error}") from error


def survives(read: Any, task: Any) -> bool:
    """Whether this worker is alive after reading a task."""
    read(task)
    return True


def check_version(there: str | None, here: str, worker: str) -> None:
    """Raise ClusterError if a worker has no alcca, or another version than this machine."""
    if there != here:
        raise ClusterError(
            f"the worker at {worker} has {'no alcca' if there is None else f'alcca {there}'}, and this machine has "
            f"{here}; install alcca {here} there and start the worker again"
        )


def _take_share_of_threads(side_by_side: int) -> None:
    """Give each of the tasks that a machine runs at the same time its share of the processors."""
    from joblib import cpu_count
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    share = max(1, cpu_count() // side_by_side)
    # For libraries that are loaded later, and for those that are loaded already. It is not undone, as a task in another
    # thread has the same share.
    os.environ.update(dict.fromkeys(THREADS, str(share)))
    threadpool_limits(limits=share)
