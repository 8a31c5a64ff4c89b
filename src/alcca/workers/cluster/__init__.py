"""A Dask cluster as a place for work: things to do go out to its workers, results come back as they are done.

What a worker had in hand when it died is done again elsewhere. A thing that ends one worker after the other is found
out and named; the rest goes on.
"""

from alcca.workers.cluster.connection import Cluster, opened
from alcca.workers.cluster.run import Shared
from alcca.workers.cluster.worker import slots_here, threads_here

__all__ = ["Cluster", "Shared", "opened", "slots_here", "threads_here"]
