"""How the work of a comparison is done: by which workers, and what is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alcca.errors import AlccaError
from alcca.models.callbacks import Callback
from alcca.progress import Progress
from alcca.workers.jobs import Job, run_jobs
from alcca.workers.workers import Workers

__all__ = ["KILLED", "Execution", "reason"]

KILLED = "its process was killed, as happens when no memory is left; free some, or work with fewer processes (n_jobs)"


@dataclass(frozen=True, eq=False)
class Execution:
    """How the work is done, which changes no result but for rounding.

    Parameters
    ----------
    workers : Workers
    verbose : bool
        Show progress bars.
    together : bool or None
        Train the networks of several folds as one. None: if their device is CUDA.
    callbacks : tuple of Callback
        They follow the training of each network.
    """

    workers: Workers
    verbose: bool
    together: bool | None
    callbacks: tuple[Callback, ...] = ()

    def shared(self, value: Any) -> Any:
        """Make an argument of many jobs that reaches each worker once."""
        return None if value is None else self.workers.share(value)

    def run(self, jobs: Sequence[Job], bar: Progress) -> Iterator[tuple[int, Any, float]]:
        """Do the jobs, as `alcca.workers.jobs.run_jobs` does."""
        return run_jobs(jobs, self.workers, bar)


def reason(error: Exception) -> str:
    """The text of an error in results: the message, for errors that are not alcca's with the class."""
    return str(error) if isinstance(error, AlccaError) else f"{type(error).__name__}: {error}"
