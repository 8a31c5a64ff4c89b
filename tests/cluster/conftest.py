"""A real scheduler with two worker processes, and what is done to them."""

import time

import pytest

from alcca.cluster import Cluster


@pytest.fixture
def dask_cluster():
    """Two worker processes of one thread each, which a nanny starts again; each test has its own.

    For a nanny leaves a worker dead that is killed in the moment in which it starts, as the next test would find it.
    """
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    # A task that ended two workers in a row is given up by Dask; usually it is four, which takes as many seconds. And
    # half a minute is usually spent on asking a worker that is gone for a value.
    hasty = {"distributed.scheduler.allowed-failures": 1, "distributed.comm.timeouts.connect": "2s"}
    with (
        dask.config.set(hasty),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0, silence_logs=50
        ) as local,
    ):
        yield local


@pytest.fixture
def address(dask_cluster):
    """The scheduler's address, once both workers are there."""
    for _ in range(600):
        if len(dask_cluster.scheduler.workers) == 2:
            return dask_cluster.scheduler_address
        time.sleep(0.1)
    raise AssertionError("a worker that was killed has not come back")


@pytest.fixture
def cluster(address):
    with Cluster(address) as there:
        yield there
