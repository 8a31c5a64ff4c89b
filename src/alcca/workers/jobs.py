"""Jobs in processes that share the cores: what is running, how long it will take, and what dies alone."""

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

from alcca.progress import Progress
from alcca.workers.cluster import Cluster

__all__ = ["Clock", "Job", "died", "run_jobs"]


class Job(NamedTuple):
    """One piece of work.

    Parameters
    ----------
    kind : hashable
        Jobs of one kind take about as long as each other: a method, or the lyric features.
    name : str
        What the progress bar calls it.
    work : callable
    arguments : tuple
        Of ``work``; on a cluster with `alcca.workers.cluster.Shared` values among them.
    steps : int
        How many things of those that the progress bar counts it does.
    """

    kind: Hashable
    name: str
    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    steps: int = 1


class _Done(NamedTuple):
    number: int
    result: Any
    seconds: float


class _Died(NamedTuple):
    """The result of a job whose process was killed."""


def died(result: Any) -> bool:
    """Whether a job's process was killed, by the system (no memory left) or by a fault in native code."""
    return isinstance(result, _Died)


class Clock:
    """How long what is left will take, from how long jobs of the same kind took.

    Parameters
    ----------
    kinds : sequence of hashable
        The kind of every job.
    processes : int
        How many work at the same time.

    Examples
    --------
    >>> clock = Clock(["slow", "slow", "fast", "fast"], processes=2)
    >>> clock.done("slow", 60.0)
    >>> clock.left()  # a slow one; the fast ones are taken for slow until one is done
    90.0
    >>> clock.done("fast", 2.0)
    >>> clock.left()
    31.0
    """

    def __init__(self, kinds: Sequence[Hashable], processes: int) -> None:
        self._open: dict[Hashable, int] = defaultdict(int)
        for kind in kinds:
            self._open[kind] += 1
        self._took: dict[Hashable, list[float]] = defaultdict(list)
        self._processes = processes

    def done(self, kind: Hashable, seconds: float) -> None:
        """Count one job of a kind as done."""
        self._open[kind] -= 1
        self._took[kind].append(seconds)

    def left(self) -> float:
        """Return the seconds that the open jobs will take; 0 before any is done."""
        every = [seconds for took in self._took.values() for seconds in took]
        mean = sum(every) / max(len(every), 1)
        expected = {kind: sum(took) / len(took) for kind, took in self._took.items()}
        return sum(count * expected.get(kind, mean) for kind, count in self._open.items()) / self._processes


def run_jobs(
    jobs: Sequence[Job], n_jobs: int, bar: Progress, cluster: Cluster | None = None
) -> Iterator[tuple[int, Any, float]]:
    """Do the jobs here, in processes that share the cores, or on a cluster, each with its share of the threads.

    A process that is killed takes down what the others were doing. That is done again, one job at a time, so that
    the job that kills is found: its result is one of which `died` is true, and the others go on.

    Parameters
    ----------
    jobs : sequence of Job
    n_jobs : int
        Processes; with 1 the work is done in this one.
    bar : Progress
        Moved by each job's steps.
    cluster : Cluster, optional
        Where to do them instead, as many at a time as it has slots.

    Yields
    ------
    (number of the job, its result, seconds), as they come
    """
    n_jobs = n_jobs if cluster is None else cluster.slots
    clock = Clock([job.kind for job in jobs], min(n_jobs, max(len(jobs), 1)))
    waiting = list(range(len(jobs)))
    bar.say(_note(jobs, waiting, n_jobs, clock))

    def finish(done: _Done) -> _Done:
        waiting.remove(done.number)
        clock.done(jobs[done.number].kind, done.seconds)
        bar.update(jobs[done.number].steps, note=_note(jobs, waiting, n_jobs, clock))
        return done

    if cluster is not None:
        calls = [(number, job.work, *job.arguments) for number, job in enumerate(jobs)]
        for _, done in cluster.as_done(_timed_call, calls, lambda number: _Done(number, _Died(), 0.0)):
            yield finish(done)
        return
    if n_jobs == 1:
        for number, job in enumerate(jobs):
            yield finish(_timed(number, job.work, job.arguments))
        return
    suspects: list[int] = []
    while waiting:
        # Whole rounds first. What is left does not fill the processes, and gets the threads of the idle ones.
        rounds = len(waiting) - len(waiting) % n_jobs
        batch = suspects[:1] or waiting[:rounds] or waiting[:]
        try:
            for done in _parallel([(number, jobs[number]) for number in batch], n_jobs, min(n_jobs, len(batch))):
                yield finish(done)
        except _terminated():
            if not suspects:
                # Processes take jobs in order, and one more each may be on its way to them.
                suspects = [number for number in batch if number in waiting][: 2 * n_jobs]
                continue
            yield finish(_Done(suspects[0], _Died(), 0.0))
        suspects = suspects[1:]


def _parallel(numbered: Sequence[tuple[int, Job]], n_jobs: int, busy: int) -> Iterator[_Done]:
    """Work in processes, of which ``busy`` share the cores."""
    from joblib import Parallel, cpu_count, delayed, parallel_config

    calls = [delayed(_timed)(number, job.work, job.arguments) for number, job in numbered]
    with parallel_config("loky", inner_max_num_threads=max(1, cpu_count() // busy)):
        yield from Parallel(n_jobs=n_jobs, return_as="generator_unordered")(calls)


def _terminated() -> type[Exception]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    error: type[Exception] = TerminatedWorkerError
    return error


def _timed(number: int, work: Callable[..., Any], arguments: tuple[Any, ...]) -> _Done:
    started = time.monotonic()
    result = work(*arguments)
    return _Done(number, result, time.monotonic() - started)


def _timed_call(number: int, work: Callable[..., Any], *arguments: Any) -> _Done:
    return _timed(number, work, arguments)


def _note(jobs: Sequence[Job], waiting: Sequence[int], n_jobs: int, clock: Clock) -> str:
    if not waiting:
        return "done"
    running = ", ".join(jobs[number].name for number in waiting[:n_jobs])
    left = clock.left()
    if not left:
        return running
    return f"{running}; about {left / 60:.0f} min left" if left >= 90 else f"{running}; about {left:.0f} s left"
