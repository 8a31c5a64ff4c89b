"""What every place of work can do: processes on this machine, or the workers of a cluster."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = ["Given", "ModelWork", "Room", "Shared", "Workers", "batched"]

Task = TypeVar("Task")
Read = TypeVar("Read")
Result = TypeVar("Result")
Model = TypeVar("Model")


class Shared:
    """A value that many tasks need, which reaches each worker once; see `Workers.share`."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Room(NamedTuple):
    """What a model may use where it is loaded.

    Parameters
    ----------
    slots : int
        Calls at the same time.
    threads : int or None
        Threads of each call; None if the model may choose.
    """

    slots: int
    threads: int | None = None


class Given(Generic[Model]):
    """A model that is loaded already, for `Workers.each_with_model`."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __call__(self, room: Room) -> Model:
        """Give the model."""
        return self.model


@dataclass(frozen=True)
class ModelWork(Generic[Task, Read, Result]):
    """What `Workers.each_with_model` does.

    Parameters
    ----------
    model : callable of Room
        Loads the model. Only called if there are tasks.
    use : callable of (model, batch)
        Gives the results of a batch. For what ``crashed`` has given, it must not need the model, which may be None.
    killed : callable of tasks
        Gives the results of a batch that has killed each worker which used its model on it, or raises.
    read : callable of a task, optional
        May kill its worker. Default: the model is used on the tasks themselves.
    crashed : callable of a task, optional
        Gives what stands in for the result of ``read``, for a task whose reading has killed its worker.
    size : int
        Tasks in a batch; the last one may be smaller.
    concurrent : bool
        The model may be used by as many threads as there are slots, and takes far longer than reading.
    """

    model: Callable[[Room], Any]
    use: Callable[[Any, Sequence[Read]], Sequence[Result]]
    killed: Callable[[Sequence[Task]], Sequence[Result]]
    read: Callable[[Task], Read] | None = None
    crashed: Callable[[Task], Read] | None = None
    size: int = 1
    concurrent: bool = False


class Workers(ABC):
    """Where work is done. Its callers need not know whether that is this machine or a cluster.

    Functions and their arguments are pickled; shared values may be among the arguments.

    Attributes
    ----------
    shares_disk : bool
        Whether workers read and write the disks of this machine under the same paths.
    """

    shares_disk: bool

    @property
    @abstractmethod
    def slots(self) -> int:
        """Number of tasks that run at the same time, at least 1."""

    @abstractmethod
    def share(self, value: Any) -> Shared:
        """Make a value that reaches each worker once, however many tasks have it among their arguments."""

    @abstractmethod
    def each(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[Result]:
        """Yield the results of tasks that may kill their worker, in the order of the tasks.

        A worker is a process that does nothing else. A task that kills it costs that task alone. The order makes an
        interrupted run, when repeated, store the same songs under the same numbers.

        Parameters
        ----------
        work : callable
            Of a module that workers can import.
        tasks : sequence of tuple
            The arguments of each call.
        crashed : callable of int
            Gives the result of the task with this number, which has killed its worker. It runs in this process.

        Raises
        ------
        ClusterError
            If the cluster fails.
        Exception
            Whatever ``work`` raises.
        """

    @abstractmethod
    def each_with_model(self, work: ModelWork[Task, Read, Result], tasks: Sequence[Task]) -> Iterator[Sequence[Result]]:
        """Read tasks, and use a model on what was read, in batches.

        On this machine, worker processes read, and this process has one model and all cores. On a cluster, each worker
        reads and has a model of its own. The batches are the same.

        Yields
        ------
        Results of a batch. The order of batches with a task that has crashed is not that of the tasks.
        """

    @abstractmethod
    def map(
        self,
        work: Callable[..., Result],
        tasks: Sequence[tuple[Any, ...]],
        killed: Callable[[int], Result],
    ) -> Iterator[Result]:
        """Yield the results of pure computations, in order.

        This process does what would take less time than starting others.

        Parameters
        ----------
        work, tasks
            As for `each`.
        killed : callable of int
            Gives the result of the task with this number, which has killed its worker, or raises.
        """

    @abstractmethod
    def as_done(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[tuple[int, Result]]:
        """Yield the numbers and results of computations that use all cores, as they are done; see `each`."""


def batched(values: Iterable[Task], size: int) -> Iterator[tuple[Task, ...]]:
    """Yield values in tuples of ``size``; the last one may be shorter. itertools has it from Python 3.12 on."""
    source = iter(values)
    while batch := tuple(islice(source, size)):
        yield batch
