"""Workers on this machine: processes that are started for the work and end with it."""

import os
import pickle
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

from alcca.workers.pool import read_each, start_reader
from alcca.workers.readers import ReaderPool, pickled
from alcca.workers.workers import ModelWork, Room, Shared, Workers, batched

__all__ = ["LocalWorkers"]

# Processes have libraries to load before they help.
SECONDS_WORTH_PROCESSES = 15.0

Task = TypeVar("Task")
Read = TypeVar("Read")
Result = TypeVar("Result")


class _Place(NamedTuple):
    """Stands in the arguments of a task for the shared value with this number."""

    number: int


class LocalWorkers(Workers):
    """Processes on this machine.

    Parameters
    ----------
    processes : int, optional
        Default: the number of processors. With 1, `as_done` and `map` compute in this process.

    Examples
    --------
    >>> list(LocalWorkers(1).each(max, [(1, 2), (4, 3)], crashed=int))
    [2, 4]
    """

    shares_disk = True

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes

    @property
    def slots(self) -> int:
        """Number of processes."""
        return max(1, self._processes or os.cpu_count() or 1)

    def share(self, value: Any) -> Shared:
        """Make a value that each process gets once."""
        return Shared(value)

    def each(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[Result]:
        """See `Workers.each`."""
        return self._each(work, tasks, crashed, self.slots)

    def _each(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result], jobs: int
    ) -> Iterator[Result]:
        shared = list(dict.fromkeys(value for task in tasks for value in task if isinstance(value, Shared)))
        place = {value: _Place(number) for number, value in enumerate(shared)}
        calls = [
            (number, work, [place[value] if isinstance(value, Shared) else value for value in task])
            for number, task in enumerate(tasks)
        ]
        pool = partial(process_pool, values=pickled([value.value for value in shared]))
        return read_each(_call, calls, lambda call: crashed(call[0]), pool=pool, jobs=jobs)

    def each_with_model(self, work: ModelWork[Task, Read, Result], tasks: Sequence[Task]) -> Iterator[Sequence[Result]]:
        """See `Workers.each_with_model`; the model runs in this process, so nothing is ``killed``."""
        if not tasks:
            return
        model = work.model(Room(self.slots if work.concurrent else 1))
        crashed = work.crashed
        reads: Iterable[Any] = tasks
        if work.read is not None and crashed is not None:
            # Beside a model that takes far longer, one process reads fast enough.
            readers = 1 if work.concurrent else self.slots
            reads = self._each(work.read, [(task,) for task in tasks], lambda number: crashed(tasks[number]), readers)
        batches = batched(reads, work.size)
        if work.concurrent:
            yield from _side_by_side(partial(work.use, model), batches, self.slots)
        else:
            yield from (work.use(model, batch) for batch in batches)

    def map(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], killed: Callable[[int], Result]
    ) -> Iterator[Result]:
        """See `Workers.map`; the time that tasks took so far tells whether processes are worth their start."""
        calls = _unshared(tasks)
        seconds, done = 0.0, 0
        while done < len(calls):
            left = seconds / max(done, 1) * (len(calls) - done)
            if self.slots > 1 and left > SECONDS_WORTH_PROCESSES:
                break
            started = time.monotonic()
            result = work(*calls[done])
            seconds += time.monotonic() - started
            done += 1
            yield result
        if done < len(calls):
            yield from self._map(work, calls, killed, done)

    def _map(
        self, work: Callable[..., Result], calls: Sequence[tuple[Any, ...]], killed: Callable[[int], Result], done: int
    ) -> Iterator[Result]:
        """Do what is left in processes."""
        from joblib import Parallel, delayed, parallel_config

        _ignore_remark()
        try:
            with parallel_config("loky", inner_max_num_threads=1):
                parallel = Parallel(self.slots, return_as="generator")
                for result in parallel(delayed(work)(*call) for call in calls[done:]):
                    done += 1
                    yield result
        except _terminated():
            # What was not yielded is done one task after the other, so that the one that kills is found.
            first = done
            yield from LocalWorkers(1).each(work, calls[first:], lambda number: killed(first + number))

    def as_done(
        self, work: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], crashed: Callable[[int], Result]
    ) -> Iterator[tuple[int, Result]]:
        """See `Workers.as_done`; processes share the cores.

        A process that is killed takes down what the others were doing. That is done again, one task at a time, so that
        the task that kills is found.
        """
        calls = _unshared(tasks)
        if self.slots == 1:
            yield from ((number, work(*arguments)) for number, arguments in enumerate(calls))
            return
        _ignore_remark()
        waiting = list(range(len(calls)))
        suspects: list[int] = []
        while waiting:
            # Whole rounds first. What is left does not fill the processes, and gets the threads of the idle ones.
            rounds = len(waiting) - len(waiting) % self.slots
            batch = suspects[:1] or waiting[:rounds] or waiting[:]
            try:
                for number, result in _parallel(work, [(number, calls[number]) for number in batch], self.slots):
                    waiting.remove(number)
                    yield number, result
            except _terminated():
                if not suspects:
                    # Processes take tasks in order, and one more each may be on its way to them.
                    suspects = [number for number in batch if number in waiting][: 2 * self.slots]
                    continue
                waiting.remove(suspects[0])
                yield suspects[0], crashed(suspects[0])
            suspects = suspects[1:]


def _unshared(tasks: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The arguments of tasks with the values themselves; joblib maps large arrays into its processes once."""
    return [tuple(value.value if isinstance(value, Shared) else value for value in task) for task in tasks]


def _side_by_side(use: Callable[[Any], Result], batches: Iterator[Any], threads: int) -> Iterator[Result]:
    """Yield the results of batches in order, from threads; a few are done ahead."""
    ahead: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="alcca-model") as executor:
        try:
            for batch in batches:
                ahead.append(executor.submit(use, batch))
                if len(ahead) > threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _parallel(
    work: Callable[..., Result], numbered: Sequence[tuple[int, tuple[Any, ...]]], slots: int
) -> Iterator[tuple[int, Result]]:
    """Compute in processes, of which as many as have something to do share the cores."""
    from joblib import Parallel, cpu_count, delayed, parallel_config

    busy = min(slots, len(numbered))
    calls = [delayed(_numbered)(number, work, arguments) for number, arguments in numbered]
    with parallel_config("loky", inner_max_num_threads=max(1, cpu_count() // busy)):
        yield from Parallel(n_jobs=slots, return_as="generator_unordered")(calls)


def _numbered(number: int, work: Callable[..., Result], arguments: tuple[Any, ...]) -> tuple[int, Result]:
    return number, work(*arguments)


def _ignore_remark() -> None:
    # What is done about a worker that was killed takes the place of loky's warning.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)


def _terminated() -> type[Exception]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    error: type[Exception] = TerminatedWorkerError
    return error


# In the processes that read

_values: list[Any] = []


def process_pool(workers: int, values: bytes = b"") -> ReaderPool:
    """Make an executor of processes that read files, each with the shared values, pickled in ``values``."""
    return ReaderPool(workers, _start, (values,))


def _start(values: bytes) -> None:
    start_reader()
    _take(values)


def _take(values: bytes) -> None:
    global _values
    _values = pickle.loads(values) if values else []


def _call(call: tuple[int, Callable[..., Result], Sequence[Any]]) -> Result:
    _, work, arguments = call
    return work(*(_values[value.number] if isinstance(value, _Place) else value for value in arguments))
