"""A real scheduler with two worker processes, and what is done to them."""

import time
from contextlib import ExitStack

import pytest

from alcca.errors import ClusterError
from alcca.workers.cluster import Cluster

SECONDS_TO_COME_BACK = 15


@pytest.fixture(scope="session")
def scheduler_of_tests():
    """Give a scheduler whose two workers live, the last test's where they do: starting one takes seconds.

    A nanny starts a worker again that was killed, but leaves one dead that is killed in the moment in which it starts.
    """
    distributed = pytest.importorskip("distributed")
    dask = pytest.importorskip("dask")
    # A task that ended two workers in a row is given up by Dask; usually it is four, which takes as many seconds. And
    # half a minute is usually spent on asking a worker that is gone for a value.
    hasty = {"distributed.scheduler.allowed-failures": 1, "distributed.comm.timeouts.connect": "2s"}
    with dask.config.set(hasty), ExitStack() as held:
        kept = []

        def living():
            if not (kept and _both_live(kept[-1])):
                held.close()
                started = distributed.LocalCluster(
                    n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0, silence_logs=50
                )
                kept.append(held.enter_context(started))
                assert _both_live(kept[-1]), "two new workers did not start"
            return kept[-1]

        yield living


def _both_live(cluster) -> bool:
    """Whether the scheduler knows two workers, and they are the processes that run; soon, where one is starting."""
    end = time.monotonic() + SECONDS_TO_COME_BACK
    while time.monotonic() < end:
        living = {nanny.worker_address for nanny in cluster.workers.values() if nanny.is_alive()}
        if len(living) == 2 and living == set(cluster.scheduler.workers):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def on_living_workers(scheduler_of_tests):
    """Call a function of an address; again on new workers where the nannies have given the first ones up.

    That happens on a busy machine to a worker that is killed in the moment in which it starts.
    """

    def run(function):
        for _ in range(2):
            try:
                return function(scheduler_of_tests().scheduler_address)
            except ClusterError as error:
                if "has no workers any more" not in str(error):
                    raise
        return function(scheduler_of_tests().scheduler_address)

    return run


@pytest.fixture
def dask_cluster(scheduler_of_tests):
    """Two worker processes of one thread each, which a nanny starts again."""
    return scheduler_of_tests()


@pytest.fixture
def address(dask_cluster):
    return dask_cluster.scheduler_address


@pytest.fixture
def cluster(address):
    with Cluster(address) as there:
        yield there
