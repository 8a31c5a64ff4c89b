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
    """Comes back for a thing that ended its worker before."""


def unpickled(data: bytes) -> Any:
    """A shared value."""
    return pickle.loads(data)


def fetch(value: Any) -> None:
    """Be where the value is."""


def do_alone(mark: str, *call: Any) -> Any:
    """Do a thing that nothing else is done beside; when it ends its worker, it is not done on the next."""
    from distributed import Event

    begun = Event(mark)
    if begun.is_set():
        begun.clear()
        return Died()
    begun.set()
    try:
        return do(*call)
    finally:
        # What is not set, the scheduler need not remember.
        begun.clear()


def do(version: str, side_by_side: int, call: bytes, *shared: Any) -> Any:
    """Do a thing.

    Parameters
    ----------
    version : str
        Of the alcca that asks for it.
    side_by_side : int
        How many things this machine does at the same time.
    call : bytes
        What to do and its arguments, pickled, with a `Place` for each of the ``shared`` values.
    """
    from distributed import get_worker

    # Also of workers that came later.
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
    """Raise ClusterError where a worker has another alcca than this machine, or none."""
    if there != here:
        raise ClusterError(
            f"the worker at {worker} has {'no alcca' if there is None else f'alcca {there}'}, and this machine has "
            f"{here}; install alcca {here} there and start the worker again"
        )


def _take_share_of_threads(side_by_side: int) -> None:
    """Give each of the things that a machine does at the same time its share of the processors."""
    from joblib import cpu_count
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    share = max(1, cpu_count() // side_by_side)
    # For libraries that are loaded later, and for those that are loaded already. It stays so: what another thread does
    # here at the same time has the same share.
    os.environ.update(dict.fromkeys(THREADS, str(share)))
    threadpool_limits(limits=share)
