"""How the work of a comparison is done: in which processes, and what is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alcca.progress import Progress
from alcca.workers.cluster import Cluster
from alcca.workers.jobs import Job, run_jobs

__all__ = ["KILLED", "Execution"]

KILLED = "its process was killed, as happens when no memory is left; free some, or work with fewer processes (n_jobs)"


@dataclass(frozen=True, eq=False)
class Execution:
    """How the work is done, which changes no result but for rounding.

    Parameters
    ----------
    n_jobs : int
        Processes.
    cluster : Cluster or None
        Works instead of them.
    verbose : bool
        Show progress bars.
    together : bool or None
        Train the networks of several folds as one; None: where their device is CUDA.
    """

    n_jobs: int
    cluster: Cluster | None
    verbose: bool
    together: bool | None

    def shared(self, value: Any) -> Any:
        """What many jobs are given, as they have to be given it: on a cluster it is sent to each worker once."""
        return value if self.cluster is None or value is None else self.cluster.share(value)

    def run(self, jobs: Sequence[Job], bar: Progress) -> Iterator[tuple[int, Any, float]]:
        """Do the jobs, as `alcca.workers.jobs.run_jobs` does."""
        return run_jobs(jobs, self.n_jobs, bar, self.cluster)
