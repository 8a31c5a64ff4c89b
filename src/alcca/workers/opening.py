"""Choose the place of work: a cluster that is named, else this machine."""

import contextlib
from collections.abc import Iterator

from alcca.workers.cluster import Cluster
from alcca.workers.local import LocalWorkers
from alcca.workers.workers import Workers

__all__ = ["opened"]


@contextlib.contextmanager
def opened(cluster: Workers | str | None, processes: int | None = None) -> Iterator[Workers]:
    """Give the workers of a cluster, or this machine's without one.

    Parameters
    ----------
    cluster : Workers, str or None
        A connected cluster, or the address of its scheduler, to which a connection is open inside.
    processes : int, optional
        Of this machine, without a cluster; default: the number of processors.
    """
    if isinstance(cluster, str):
        with Cluster(cluster) as there:
            yield there
    elif cluster is not None:
        yield cluster
    else:
        yield LocalWorkers(processes)
