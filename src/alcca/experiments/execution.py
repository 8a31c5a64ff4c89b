"""How the work of a comparison is done: by which workers, and what is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alcca.progress import Progress
from alcca.workers.jobs import Job, run_jobs
from alcca.workers.workers import Workers

__all__ = ["KILLED", "Execution"]

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
    """

    workers: Workers
    verbose: bool
    together: bool | None

    def shared(self, value: Any) -> Any:
        """Make an argument of many jobs that reaches each worker once."""
        return None if value is None else self.workers.share(value)

    def run(self, jobs: Sequence[Job], bar: Progress) -> Iterator[tuple[int, Any, float]]:
        """Do the jobs, as `alcca.workers.jobs.run_jobs` does."""
        return run_jobs(jobs, self.workers, bar)
