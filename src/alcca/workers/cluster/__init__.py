"""A Dask cluster as a place of work.

Tasks that a worker had when it died are done again elsewhere. A task that ends one worker after the other is found and
named; the rest goes on.
"""

from alcca.workers.cluster.connection import Cluster

__all__ = ["Cluster"]
