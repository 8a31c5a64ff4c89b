"""Send tasks to the workers of a cluster, with the values that many of them need, and receive their results."""

import contextlib
import time
import uuid
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from alcca import _version
from alcca.errors import ClusterError
from alcca.workers.cluster.worker import Died, Place, do, do_alone, fetch, unpickled
from alcca.workers.workers import Shared

__all__ = ["Run", "SharedValue"]

# A nanny or a batch system restarts a worker that died within seconds.
SECONDS_WITHOUT_WORKERS = 60.0
# How often to check whether there are still workers.
SECONDS_BETWEEN_LOOKS = 2.0
# How long restarted workers get no task that may kill them: a nanny does not restart a worker that dies while it
# starts.
SECONDS_TO_SETTLE = 1.0
# Enough that each worker has a task while a result is sent, and few enough that no worker queues tasks that another one
# could run.
AHEAD = 3
# At least as many tasks are in flight as on one machine.
MIN_AHEAD = 32


class SharedValue(Shared):
    """A shared value on its way to the workers, sent when the first task needs it."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self._future: Any = None
        self._fetched: dict[str, Any] = {}

    def on(self, client: Any, workers: Iterable[str]) -> Any:
        """The value as a future, which all ``workers`` have or are fetching."""
        if self._future is None or self._future.status in ("error", "cancelled", "lost"):
            # Not Dask's scatter: the result of a task is computed again if the workers that have it die. Scattered data
            # is lost, and scattering fails or hangs if a worker dies meanwhile.
            with _no_warning_of_size():
                self._future = client.submit(unpickled, _pickled(self.value), key=_new_key("shared"), pure=False)
            self._fetched = {}
        for worker in workers:
            # Dask prefers workers that have a task's inputs, so every worker has to have it.
            if worker not in self._fetched:
                self._fetched[worker] = client.submit(
                    fetch,
                    self._future,
                    key=_new_key("fetched"),
                    workers=[worker],
                    allow_other_workers=True,
                    pure=False,
                )
        return self._future

    def forget(self) -> None:
        """Remove it from the workers."""
        self._future = None
        self._fetched = {}


class Run:
    """Sends tasks to the workers and receives their results."""

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
        self._in_order, self._window = in_order, max(AHEAD * slots, MIN_AHEAD if in_order else 0)
        # Results before this number were taken. None is computed so far ahead that results pile up here.
        self.taken = 0
        self._flying: dict[Any, int] = {}
        self._landed: SimpleQueue[tuple[Any, Any, BaseException | None]] = SimpleQueue()
        self._uses = Counter(shared for task in tasks for shared in task if isinstance(shared, SharedValue))
        self._workers: list[str] = []
        self._side_by_side = 1
        self._saw_workers = self._looked = time.monotonic()
        self._look()

    def results(self) -> Iterator[tuple[int, Any]]:
        """Yield numbers and results; `Died` for tasks that end workers, last. Raises the errors of the work."""
        from distributed import CancelledError, KilledWorker

        waiting = deque(range(len(self._tasks)))
        suspects: deque[int] = deque()
        alone = died = False
        while waiting or self._flying or suspects:
            if time.monotonic() - self._looked > SECONDS_BETWEEN_LOOKS:
                self._look()
            while waiting and not alone and self._may_send(waiting[0]):
                self._send(waiting.popleft())
            if not self._flying:
                # Any of the tasks on a worker may have ended it, so each of them is now done alone.
                if died:
                    self._settle()
                    died = False
                self._send(suspects.popleft(), alone=True)
                alone = True
            future, result, error = self._next()
            number = self._flying.pop(future)
            was_alone, alone = alone, False
            if isinstance(error, KilledWorker):
                died = True
                if not was_alone:
                    suspects.append(number)
                    continue
                result = Died()
            elif isinstance(error, CancelledError):
                # The scheduler has lost it. If the scheduler still responds, it gets the task again.
                self._look()
                waiting.appendleft(number)
                continue
            elif error is not None:
                raise error
            self._release(self._tasks[number])
            yield number, result

    def close(self) -> None:
        """Cancel tasks in flight, and remove shared values."""
        with contextlib.suppress(Exception):
            self._client.cancel(list(self._flying))
        for shared in self._uses:
            shared.forget()

    def _may_send(self, number: int) -> bool:
        return len(self._flying) < self._window and not (self._in_order and number - self.taken >= self._window)

    def _send(self, number: int, *, alone: bool = False) -> None:
        task = self._tasks[number]
        shared = [value for value in task if isinstance(value, SharedValue)]
        places = iter(range(len(shared)))
        arguments = tuple(Place(next(places)) if isinstance(value, SharedValue) else value for value in task)
        key = _new_key("task")
        future = self._client.submit(
            do_alone if alone else do,
            *([key] if alone else []),
            _version.__version__,
            self._side_by_side,
            _pickled((self._work, arguments)),
            *(value.on(self._client, self._workers) for value in shared),
            key=key,
            pure=False,
        )
        self._flying[future] = number
        self._client.loop.add_callback(self._bring, future)

    async def _bring(self, future: Any) -> None:
        """Fetch a result as soon as it is ready, in the client's thread, which fetches many at the same time.

        If its worker dies first, the result is computed again, and this waits for it.
        """
        from distributed import CancelledError

        try:
            (result,) = await self._client.gather([future], asynchronous=True)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - raised where the results are taken
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
        """Raise ClusterError if the scheduler does not respond or has no workers."""
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

    def _settle(self) -> None:
        """Wait until restarted workers have been running for a moment; raises as `_look`."""
        before: list[str] = []
        while True:
            self._look()
            if self._workers and sorted(self._workers) == before:
                return
            before = sorted(self._workers)
            time.sleep(SECONDS_TO_SETTLE)

    def _gone(self, what: str) -> ClusterError:
        return ClusterError(
            f"{self._address}: the scheduler {what}; what is done is kept, start it again and run the same command to "
            "go on"
        )

    def _release(self, task: tuple[Any, ...]) -> None:
        for value in task:
            if isinstance(value, SharedValue):
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
    """Silence Dask's warning of large values, which are usually sent with each task by mistake."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        yield
