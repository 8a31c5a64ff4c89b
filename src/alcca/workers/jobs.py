"""Jobs with a progress bar: which run, how long the rest will take, and which were killed."""

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

from alcca.progress import Progress
from alcca.workers.workers import Workers

__all__ = ["Clock", "Job", "died", "run_jobs"]


class Job(NamedTuple):
    """One piece of work.

    Parameters
    ----------
    kind : hashable
        Jobs of one kind take about the same time: those of a method, or the lyric features.
    name : str
        Its name in the progress bar.
    work : callable
    arguments : tuple
        Of ``work``, with values among them that `Workers.share` has made.
    steps : int
        How far it moves the progress bar.
    """

    kind: Hashable
    name: str
    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    steps: int = 1


class _Died(NamedTuple):
    """The result of a job whose process was killed."""


def died(result: Any) -> bool:
    """Whether a job's process was killed, by the system (out of memory) or by a fault in native code."""
    return isinstance(result, _Died)


class Clock:
    """Estimates the remaining time from the times of jobs of the same kind.

    Parameters
    ----------
    kinds : sequence of hashable
        The kind of every job.
    processes : int
        Number of processes.

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


def run_jobs(jobs: Sequence[Job], workers: Workers, bar: Progress) -> Iterator[tuple[int, Any, float]]:
    """Do the jobs, as many at a time as there are slots, each with its share of the threads.

    If a process is killed, its job's result is one of which `died` is true, and the others go on.

    Parameters
    ----------
    jobs : sequence of Job
    workers : Workers
    bar : Progress
        Moved by each job's steps.

    Yields
    ------
    (number of the job, its result, seconds), as they come
    """
    slots = workers.slots
    clock = Clock([job.kind for job in jobs], min(slots, max(len(jobs), 1)))
    waiting = list(range(len(jobs)))
    bar.say(_note(jobs, waiting, slots, clock))
    calls = [(job.work, *job.arguments) for job in jobs]
    for number, (result, seconds) in workers.as_done(_timed, calls, lambda _: (_Died(), 0.0)):
        waiting.remove(number)
        clock.done(jobs[number].kind, seconds)
        bar.update(jobs[number].steps, note=_note(jobs, waiting, slots, clock))
        yield number, result, seconds


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    started = time.monotonic()
    result = work(*arguments)
    return result, time.monotonic() - started


def _note(jobs: Sequence[Job], waiting: Sequence[int], slots: int, clock: Clock) -> str:
    if not waiting:
        return "done"
    running = ", ".join(jobs[number].name for number in waiting[:slots])
    left = clock.left()
    if not left:
        return running
    return f"{running}; about {left / 60:.0f} min left" if left >= 90 else f"{running}; about {left:.0f} s left"
