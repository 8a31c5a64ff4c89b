"""The connection to a Dask scheduler, and work on its workers."""

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from alcca import _version
from alcca.errors import ClusterError, MissingExtraError, UsageError
from alcca.workers.cluster.run import Run, SharedValue
from alcca.workers.cluster.worker import Died, check_version, read_and_use, survives
from alcca.workers.workers import ModelWork, Shared, Workers, batched

__all__ = ["Cluster"]

# Long enough for a busy scheduler, short enough for a mistyped address.
SECONDS_TO_CONNECT = 10.0

Task = TypeVar("Task")
Read = TypeVar("Read")
Result = TypeVar("Result")


class Cluster(Workers):
    """The workers of a Dask scheduler. Close it, or use it as a context manager; the workers stay.

    Parameters
    ----------
    address : str
        Address of the scheduler: ``tcp://host:8786``, or ``tls://`` if Dask is configured for it.
    timeout : float
        Seconds to wait for the scheduler, and for its first worker.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    UsageError
        If the address is invalid.
    ClusterError
        If no scheduler responds, it has no workers, or a worker has no alcca or another version.
    """

    shares_disk = False

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
            # A half-made client is collected now: collected while another one is created, it waits for a lock for ever.
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
            check_version(told["packages"].get("alcca"), _version.__version__, worker)

    @property
    def slots(self) -> int:
        """Number of tasks that run at the same time; at least 1, as a cluster without workers may soon have some."""
        return max(1, sum(map(int, self._client.nthreads().values())))

    def share(self, value: Any) -> Shared:
        """Make a value that is sent to each worker once, and removed there when the last task that has it is done."""
        return SharedValue(value)

    def each(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[Result]:
        """See `Workers.each`; a task is done again elsewhere until it has ended one worker after the other.

        Raises
        ------
        ClusterError
            If the scheduler is gone, there are no workers for a minute, or a worker has another version of alcca.
        Exception
            Whatever ``work`` raises.
        """
        ready: dict[int, Result] = {}
        following = 0
        with contextlib.closing(Run(self._client, self.address, work, tasks, self.slots, in_order=True)) as run:
            for number, result in run.results():
                ready[number] = crashed(number) if isinstance(result, Died) else result
                while following in ready:
                    yield ready.pop(following)
                    following += 1
                    run.taken = following

    def each_with_model(self, work: ModelWork[Task, Read, Result], tasks: Sequence[Task]) -> Iterator[Sequence[Result]]:
        """See `Workers.each_with_model`; ``concurrent`` changes nothing, each slot of a worker uses its model."""
        batches = list(batched(tasks, work.size))
        shared = self.share(work.model)
        deadly: list[int] = []

        def put_off(number: int) -> Sequence[Result]:
            deadly.append(number)
            return ()

        calls = [(shared, work.use, work.read, batch) for batch in batches]
        yield from (results for results in self.each(read_and_use, calls, put_off) if results)
        for number in deadly:
            yield from self._without_deadly(work, shared, batches[number])

    def _without_deadly(
        self, work: ModelWork[Task, Read, Result], model: Shared, batch: Sequence[Task]
    ) -> Iterator[Sequence[Result]]:
        """Do a batch that has ended its workers again, without the tasks whose reading does so."""
        good = batch
        if work.read is not None and work.crashed is not None:
            survived = list(self.each(survives, [(work.read, task) for task in batch], lambda _: False))
            good = tuple(task for task, alive in zip(batch, survived, strict=True) if alive)
            dead = [work.crashed(task) for task, alive in zip(batch, survived, strict=True) if not alive]
            if dead:
                yield work.use(None, dead)
        if len(good) == len(batch):
            # It is not the reading. To use the model again would end another worker.
            yield work.killed(good)
        elif good:
            yield from self.each(read_and_use, [(model, work.use, work.read, good)], lambda _: work.killed(good))

    def map(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], killed: Callable[[int], Result]
    ) -> Iterator[Result]:
        """See `Workers.map`."""
        return self.each(work, tasks, killed)

    def as_done(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[tuple[int, Result]]:
        """See `Workers.as_done`; errors as `each`."""
        with contextlib.closing(Run(self._client, self.address, work, tasks, self.slots, in_order=False)) as run:
            for number, result in run.results():
                yield number, crashed(number) if isinstance(result, Died) else result

    def close(self) -> None:
        """Disconnect. Closing twice does nothing."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
