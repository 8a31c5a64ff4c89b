"""A real scheduler with two worker processes, and what is done to them."""

import os
import signal
import time
from pathlib import Path

import pytest

from alcca.cluster import Cluster


@pytest.fixture(scope="module")
def dask_cluster():
    """Two worker processes of one thread each, which a nanny starts again; each test module has its own."""
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    # A task that ended two workers in a row is given up by Dask; usually it is four, which takes as many seconds.
    quiet = {"distributed.scheduler.allowed-failures": 1}
    with (
        dask.config.set(quiet),
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


def die_once(mark: Path) -> None:
    """End the process that calls it, as no memory left would, unless another call did that before."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
