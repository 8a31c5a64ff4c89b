"""The connection to a scheduler, and what its workers can be asked to do."""

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from alcca import _version
from alcca.errors import ClusterError, MissingExtraError, UsageError
from alcca.workers.cluster.run import Run, Shared
from alcca.workers.cluster.worker import Died, check_version

__all__ = ["Cluster", "opened"]

# Long enough for a busy scheduler, short enough for somebody who mistyped the address.
SECONDS_TO_CONNECT = 10.0

Result = TypeVar("Result")


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
            check_version(told["packages"].get("alcca"), _version.__version__, worker)

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
        with contextlib.closing(Run(self._client, self.address, work, tasks, self.slots, in_order=True)) as run:
            for number, result in run.results():
                ready[number] = crashed(number) if isinstance(result, Died) else result
                while following in ready:
                    yield ready.pop(following)
                    following += 1
                    run.taken = following

    def as_done(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[tuple[int, Result]]:
        """Numbers and results of the tasks as they are done; all else as `each`."""
        with contextlib.closing(Run(self._client, self.address, work, tasks, self.slots, in_order=False)) as run:
            for number, result in run.results():
                yield number, crashed(number) if isinstance(result, Died) else result

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
