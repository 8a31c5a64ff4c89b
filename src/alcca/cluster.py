"""A Dask cluster as a place for work: things to do go out to its workers, results come back as they are done.

What a worker had in hand when it died is done again elsewhere. A thing that ends one worker after the other is found
out and named; the rest goes on.
"""

import contextlib
import gc
import os
import pickle
import time
import uuid
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import alcca
from alcca.errors import ClusterError, MissingExtraError, UsageError

__all__ = ["Cluster", "Shared", "opened"]

# Long enough for a busy scheduler, short enough for somebody who mistyped the address.
SECONDS_TO_CONNECT = 10.0
# A worker that died is back within some seconds where a nanny or a batch system starts it again.
SECONDS_WITHOUT_WORKERS = 60.0
# How often to look whether there is still somebody at work.
SECONDS_BETWEEN_LOOKS = 2.0
# Each worker finds something to do while a result travels; no worker hoards what another could do.
AHEAD = 3
# As many as read side by side on one machine are in flight at least.
LEAST_AHEAD = 32
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Result = TypeVar("Result")


class Shared:
    """A value that goes to each worker once, however many things to do need it; see `Cluster.share`."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._future: Any = None
        self._fetched: dict[str, Any] = {}

    def on(self, client: Any, workers: Iterable[str]) -> Any:
        """The value as a future, which all of the ``workers`` have or are about to fetch."""
        if self._future is None or self._future.status in ("error", "cancelled", "lost"):
            # Not Dask's scatter: what a task makes is made again when the workers that have it die, scattered data is
            # lost, and scattering fails or never ends when a worker dies meanwhile.
            with _no_warning_of_size():
                self._future = client.submit(_unpickled, _pickled(self.value), key=_new_key("shared"), pure=False)
            self._fetched = {}
        for worker in workers:
            # Dask gives work to the workers that have what it needs, so each has to have it.
            if worker not in self._fetched:
                self._fetched[worker] = client.submit(
                    _fetch,
                    self._future,
                    key=_new_key("fetched"),
                    workers=[worker],
                    allow_other_workers=True,
                    pure=False,
                )
        return self._future

    def forget(self) -> None:
        """Let the workers forget it."""
        self._future = None
        self._fetched = {}


class _Place(NamedTuple):
    """Stands in the arguments for the shared value with this number."""

    number: int


class _Died(NamedTuple):
    """Comes back for a thing that ended its worker before."""


class Cluster:
    """The workers that a Dask scheduler knows. Close it, or use it as a context manager; the workers stay.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://host:8786``, or ``tls://`` where Dask is set up for that.
    timeout : float
        Seconds to wait for the scheduler, and for its first worker.

    Raises
    ------
    MissingExtraError
        Dask is not installed.
    UsageError
        That is no address.
    ClusterError
        No scheduler answers there; it has no workers; a worker has another alcca, or none.
    """

    def __init__(self, address: str, *, timeout: float = SECONDS_TO_CONNECT) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingExtraError(
                f"working on a cluster needs {error.name}; install it with: pip install 'alcca[cluster]'"
            ) from error
        self.address = address
        problem: ClusterError | UsageError | None = None
        try:
            self._client = Client(address, timeout=timeout, set_as_default=False, name="alcca")
        except (OSError, TimeoutError):
            problem = ClusterError(
                f"{address}: no scheduler answers there within {timeout:g} s; start one with: dask scheduler, or "
                "mend the address"
            )
        except (ValueError, TypeError) as error:
            problem = UsageError(
                f"{address!r} is no address of a scheduler ({error}); expected one like tcp://host:8786"
            )
        if problem is not None:
            # Half a client is left. It waits for ever for a lock if it goes while another is being made: it goes now.
            gc.collect()
            raise problem
        try:
            self._check_workers(timeout)
        except BaseException:
            self._client.close()
            raise

    def _check_workers(self, timeout: float) -> None:
        try:
            self._client.wait_for_workers(1, timeout=timeout)
        except TimeoutError as error:
            raise ClusterError(
                f"{self.address}: the scheduler has no workers; start some with: dask worker {self.address}"
            ) from error
        for worker, told in self._client.get_versions(packages=["alcca"])["workers"].items():
            _check_version(told["packages"].get("alcca"), alcca.__version__, worker)

    @property
    def slots(self) -> int:
        """How many things the workers do at the same time; at least 1, for who has none now may have some soon."""
        return max(1, sum(map(int, self._client.nthreads().values())))

    def share(self, value: Any) -> Shared:
        """Make a value that many things to do need go to each worker once.

        It may stand among the arguments of `each` and `as_done`. It is sent when it is first needed, and forgotten on
        the workers when the last that needs it is done.
        """
        return Shared(value)

    def each(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[Result]:
        """Results of all tasks in their order, whatever happens to the workers.

        Parameters
        ----------
        work : callable
            What a worker does, of a module that workers can import too.
        tasks : sequence of tuple
            The arguments of each call; shared values among them.
        crashed : callable of int
            The result of the task with this number, which ended one worker after the other, found in this process.

        Raises
        ------
        ClusterError
            The scheduler is gone; there are no workers for a minute; a worker has another alcca.
        Exception
            Whatever ``work`` raises.
        """
        ready: dict[int, Result] = {}
        following = 0
        with contextlib.closing(_Run(self._client, self.address, work, tasks, self.slots, in_order=True)) as run:
            for number, result in run.results():
                ready[number] = crashed(number) if isinstance(result, _Died) else result
                while following in ready:
                    yield ready.pop(following)
                    following += 1
                    run.taken = following

    def as_done(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[tuple[int, Result]]:
        """Numbers and results of the tasks as they are done; all else as `each`."""
        with contextlib.closing(_Run(self._client, self.address, work, tasks, self.slots, in_order=False)) as run:
            for number, result in run.results():
                yield number, crashed(number) if isinstance(result, _Died) else result

    def close(self) -> None:
        """Leave the cluster. Closing twice does nothing."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def opened(cluster: "Cluster | str | None") -> Iterator[Cluster | None]:
    """A cluster as it is, or the one at an address for as long as it is needed; nothing for None."""
    if isinstance(cluster, str):
        with Cluster(cluster) as there:
            yield there
    else:
        yield cluster


class _Run:
    """Tasks on their way to the workers and back."""

    def __init__(
        self,
        client: Any,
        address: str,
        work: Callable[..., Any],
        tasks: Sequence[tuple[Any, ...]],
        slots: int,
        *,
        in_order: bool,
    ) -> None:
        self._client, self._address, self._work, self._tasks = client, address, work, tasks
        self._in_order, self._window = in_order, max(AHEAD * slots, LEAST_AHEAD if in_order else 0)
        # Results before this one were taken; none is computed so far ahead that they pile up here.
        self.taken = 0
        self._flying: dict[Any, int] = {}
        self._landed: SimpleQueue[tuple[Any, Any, BaseException | None]] = SimpleQueue()
        self._uses = Counter(shared for task in tasks for shared in task if isinstance(shared, Shared))
        self._workers: list[str] = []
        self._side_by_side = 1
        self._saw_workers = self._looked = time.monotonic()
        self._look()

    def results(self) -> Iterator[tuple[int, Any]]:
        """Numbers and results, those of what died at last; an error of the work is raised."""
        from distributed import CancelledError, KilledWorker

        waiting = deque(range(len(self._tasks)))
        suspects: deque[int] = deque()
        alone = False
        while waiting or self._flying or suspects:
            if time.monotonic() - self._looked > SECONDS_BETWEEN_LOOKS:
                self._look()
            while waiting and not alone and self._may_send(waiting[0]):
                self._send(waiting.popleft())
            if not self._flying:
                # Nobody knows which of the tasks on a worker ended it: each of them is now done without company.
                self._send(suspects.popleft(), alone=True)
                alone = True
            future, result, error = self._next()
            number = self._flying.pop(future)
            was_alone, alone = alone, False
            if isinstance(error, KilledWorker):
                if not was_alone:
                    suspects.append(number)
                    continue
                result = _Died()
            elif isinstance(error, CancelledError):
                # The scheduler knows nothing of it any more. If that answers at all, it gets it again.
                self._look()
                waiting.appendleft(number)
                continue
            elif error is not None:
                raise error
            self._release(self._tasks[number])
            yield number, result

    def close(self) -> None:
        """Give back what nobody waits for any more."""
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._flying))
        for shared in self._uses:
            shared.forget()

    def _may_send(self, number: int) -> bool:
        return len(self._flying) < self._window and not (self._in_order and number - self.taken >= self._window)

    def _send(self, number: int, *, alone: bool = False) -> None:
        task = self._tasks[number]
        shared = [value for value in task if isinstance(value, Shared)]
        places = iter(range(len(shared)))
        arguments = tuple(_Place(next(places)) if isinstance(value, Shared) else value for value in task)
        key = _new_key("task")
        future = self._client.submit(
            _do_alone if alone else _do,
            *([key] if alone else []),
            alcca.__version__,
            self._side_by_side,
            _pickled((self._work, arguments)),
            *(value.on(self._client, self._workers) for value in shared),
            key=key,
            pure=False,
        )
        self._flying[future] = number
        self._client.loop.add_callback(self._bring, future)

    async def _bring(self, future: Any) -> None:
        """Fetch a result as soon as it is there, in the client's thread, where many are on their way at the same time.

        When its worker dies before it was fetched it is computed again, and this waits for it.
        """
        from distributed import CancelledError

        try:
            (result,) = await self._client.gather([future], asynchronous=True)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - it is raised where the results are taken
            self._landed.put((future, None, error))
        else:
            self._landed.put((future, result, None))

    def _next(self) -> tuple[Any, Any, BaseException | None]:
        while True:
            try:
                return self._landed.get(timeout=SECONDS_BETWEEN_LOOKS)
            except Empty:
                self._look()

    def _look(self) -> None:
        """Raise ClusterError when nobody is at work any more."""
        try:
            workers = self._client.scheduler_info()["workers"] if self._client.status == "running" else None
        except Exception:  # noqa: BLE001 - a connection that ends raises anything
            workers = None
        if workers is None:
            raise self._gone("does not answer any more")
        self._looked = time.monotonic()
        self._workers = list(workers)
        machines: Counter[str] = Counter()
        for worker in workers.values():
            machines[worker["host"]] += worker["nthreads"]
        self._side_by_side = max(machines.values(), default=self._side_by_side)
        if workers:
            self._saw_workers = self._looked
        elif self._looked - self._saw_workers > SECONDS_WITHOUT_WORKERS:
            raise self._gone("has no workers any more")

    def _gone(self, what: str) -> ClusterError:
        return ClusterError(
            f"{self._address}: the scheduler {what}; what is done is kept, start it again and run the same command to "
            "go on"
        )

    def _release(self, task: tuple[Any, ...]) -> None:
        for value in task:
            if isinstance(value, Shared):
                self._uses[value] -= 1
                if not self._uses[value]:
                    value.forget()


def _new_key(what: str) -> str:
    return f"alcca-{what}-{uuid.uuid4().hex}"


def _pickled(value: Any) -> bytes:
    import cloudpickle

    data: bytes = cloudpickle.dumps(value)
    return data


@contextlib.contextmanager
def _no_warning_of_size() -> Iterator[None]:
    """Dask warns of large values, for most of them are sent by mistake, with each task anew."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        yield


# On the workers


def _unpickled(data: bytes) -> Any:
    return pickle.loads(data)


def _fetch(value: Any) -> None:
    """Be where the value is."""


def _do_alone(mark: str, *call: Any) -> Any:
    """Do a thing that nothing else is done beside; when it ends its worker, it is not done on the next."""
    from distributed import Event

    begun = Event(mark)
    if begun.is_set():
        return _Died()
    begun.set()
    return _do(*call)


def _do(version: str, side_by_side: int, call: bytes, *shared: Any) -> Any:
    from distributed import get_worker

    # Also of workers that came later.
    _check_version(alcca.__version__, version, get_worker().address)
    _take_share_of_threads(side_by_side)
    work, arguments = pickle.loads(call)
    return work(*(shared[value.number] if isinstance(value, _Place) else value for value in arguments))


def _check_version(there: str | None, here: str, worker: str) -> None:
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
