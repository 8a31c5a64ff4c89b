"""Tasks on their way to the workers of a cluster and back, and the values that many of them need."""

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

# A worker that died is back within some seconds where a nanny or a batch system starts it again.
SECONDS_WITHOUT_WORKERS = 60.0
# How often to look whether there is still somebody at work.
SECONDS_BETWEEN_LOOKS = 2.0
# How long restarted workers are left alone before they get a task that may kill them: a nanny does not restart a worker
# that dies while it starts.
SECONDS_TO_SETTLE = 1.0
# Each worker finds something to do while a result travels; no worker hoards what another could do.
AHEAD = 3
# As many as read side by side on one machine are in flight at least.
MIN_AHEAD = 32


class SharedValue(Shared):
    """A shared value on its way to the workers, sent when the first task needs it."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self._future: Any = None
        self._fetched: dict[str, Any] = {}

    def on(self, client: Any, workers: Iterable[str]) -> Any:
        """The value as a future, which all of the ``workers`` have or are about to fetch."""
        if self._future is None or self._future.status in ("error", "cancelled", "lost"):
            # Not Dask's scatter: what a task makes is made again when the workers that have it die, scattered data is
            # lost, and scattering fails or never ends when a worker dies meanwhile.
            with _no_warning_of_size():
                self._future = client.submit(unpickled, _pickled(self.value), key=_new_key("shared"), pure=False)
            self._fetched = {}
        for worker in workers:
            # Dask gives work to the workers that have what it needs, so each has to have it.
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
        """Let the workers forget it."""
        self._future = None
        self._fetched = {}


class Run:
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
        self._in_order, self._window = in_order, max(AHEAD * slots, MIN_AHEAD if in_order else 0)
        # Results before this one were taken; none is computed so far ahead that they pile up here.
        self.taken = 0
        self._flying: dict[Any, int] = {}
        self._landed: SimpleQueue[tuple[Any, Any, BaseException | None]] = SimpleQueue()
        self._uses = Counter(shared for task in tasks for shared in task if isinstance(shared, SharedValue))
        self._workers: list[str] = []
        self._side_by_side = 1
        self._saw_workers = self._looked = time.monotonic()
        self._look()

    def results(self) -> Iterator[tuple[int, Any]]:
        """Numbers and results, those of what died at last; an error of the work is raised."""
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
                # Nobody knows which of the tasks on a worker ended it: each of them is now done without company.
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

    def _settle(self) -> None:
        """Wait until workers that were started again have been there for a moment; raises as `_look`."""
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
    """Dask warns of large values, for most of them are sent by mistake, with each task anew."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        yield
