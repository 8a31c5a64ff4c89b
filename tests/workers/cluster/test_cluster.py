"""Work on the workers of a real scheduler: every task is done once, also when workers die under it."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from alcca import _version
from alcca.errors import ClusterError, DataError, MissingExtraError, UsageError
from alcca.workers.cluster import Cluster
from alcca.workers.local import LocalWorkers
from alcca.workers.opening import opened


def square(x):
    return x * x


def kill_once(x, mark):
    """The square; the first call of all with 5 ends its process."""
    if x == 5 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return x * x


def kill_on_three(x, calls):
    with Path(calls, str(x)).open("a") as file:
        file.write("x")
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


def fail_on_three(x):
    if x == 3:
        raise DataError("three is wrong")
    return x


def late(x):
    time.sleep(0.5 if x == 0 else 0)
    return x


def row_sum(data, x, other):
    return float(data[x].sum()) + len(other)


def kill_both_once(data, x, folder):
    """Each worker process dies once, so that nobody has the shared value any more."""
    own = Path(folder, str(os.getpid()))
    if len(list(Path(folder).iterdir())) < 2 and not own.exists():
        own.touch()
        while len(list(Path(folder).iterdir())) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    return float(data[x].sum())


def threads(_):
    return max(pool["num_threads"] for pool in threadpool_info()), os.environ["OMP_NUM_THREADS"]


def died(number):
    return f"task {number} died"


def pick(values, i):
    return values[i]


def nothing_left(dask_cluster):
    for _ in range(100):
        if not dask_cluster.scheduler.tasks:
            return
        time.sleep(0.1)
    raise AssertionError(list(dask_cluster.scheduler.tasks))


def numbers(*tasks):
    return [(task,) for task in tasks]


def test_results_come_in_order_or_as_they_are_done(cluster):
    assert list(cluster.each(square, numbers(*range(200)), died)) == [x * x for x in range(200)]
    assert dict(cluster.as_done(square, numbers(*range(20)), died)) == {x: x * x for x in range(20)}
    found = list(cluster.as_done(late, numbers(*range(6)), died))
    assert found[0][0] != 0, "the first of them waits half a second, the others do not wait for it"
    assert sorted(found) == [(x, x) for x in range(6)]
    assert list(cluster.each(late, numbers(*range(6)), died)) == list(range(6))
    assert list(cluster.each(square, [], died)) == []


def test_a_worker_that_dies_loses_nothing(cluster, tmp_path):
    mark = tmp_path / "mark"
    found = list(cluster.each(kill_once, [(x, str(mark)) for x in range(40)], died))
    assert mark.exists()
    assert found == [x * x for x in range(40)]


@pytest.mark.parametrize("in_order", [True, False])
def test_a_task_that_ends_every_worker_is_found_and_the_others_are_done(cluster, tmp_path, in_order):
    tasks = [(x, str(tmp_path)) for x in range(60)]
    if in_order:
        found = dict(enumerate(cluster.each(kill_on_three, tasks, died)))
    else:
        found = dict(cluster.as_done(kill_on_three, tasks, died))
    assert found.pop(3) == "task 3 died"
    assert found == {x: x * x for x in range(60) if x != 3}
    # Twice beside others, as this scheduler allows, and once alone.
    assert (tmp_path / "3").stat().st_size == 3
    assert not cluster._client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.extensions["events"]._events)


def test_a_scheduler_that_allows_no_death_finds_the_same(cluster, dask_cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster.scheduler, "allowed_failures", 0)
    found = list(cluster.each(kill_on_three, [(x, str(tmp_path)) for x in range(8)], died))
    assert found == [0, 1, 4, "task 3 died", *(x * x for x in range(4, 8))]
    assert (tmp_path / "3").stat().st_size == 2


def test_what_the_work_raises_is_raised_here(cluster):
    with pytest.raises(DataError, match="three is wrong"):
        list(cluster.each(fail_on_three, numbers(*range(6)), died))
    assert list(cluster.each(square, numbers(2), died)) == [4]


def test_a_shared_value_is_sent_once_and_forgotten_at_the_end(cluster, dask_cluster):
    data, few = np.arange(40_000.0).reshape(40, 1000), ("a", "b")
    shared, names = cluster.share(data), cluster.share(few)
    sent = []
    submit = cluster._client.submit
    cluster._client.submit = lambda *call, **how: sent.append(call[0].__name__) or submit(*call, **how)
    found = list(cluster.each(row_sum, [(shared, x, names) for x in range(40)], died))
    assert found == [float(row.sum()) + 2 for row in data]
    assert (sent.count("unpickled"), sent.count("fetch"), sent.count("do")) == (2, 4, 40)
    nothing_left(dask_cluster)


def test_a_shared_value_is_forgotten_when_nothing_needs_it_any_more(cluster):
    first, second = cluster.share([1.0]), cluster.share([2.0])
    running = cluster.each(pick, [(first, 0), *[(second, 0)] * 100], died)
    assert [next(running), next(running)] == [1.0, 2.0]
    assert (first._future, second._future is None) == (None, False)
    running.close()
    assert second._future is None


def test_a_shared_value_that_is_lost_with_all_workers_is_sent_again(cluster, tmp_path):
    data = np.arange(20.0).reshape(10, 2)
    tasks = [(cluster.share(data), x, str(tmp_path)) for x in range(10)]
    assert list(cluster.each(kill_both_once, tasks, died)) == data.sum(axis=1).tolist()
    assert len(list(tmp_path.iterdir())) == 2


def test_workers_share_the_processors(cluster):
    share = max(1, len(os.sched_getaffinity(0)) // 2)
    for found in cluster.each(threads, numbers(*range(4)), died):
        assert found == (share, str(share))


def test_work_that_is_broken_off_leaves_nothing_behind(cluster, dask_cluster):
    running = cluster.each(late, numbers(*range(100)), died)
    assert next(running) == 0
    running.close()
    nothing_left(dask_cluster)


def test_an_address_without_a_scheduler_is_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ClusterError, match=rf"{address}: no scheduler answers there within 1 s.*dask scheduler"):
            Cluster(address, timeout=1)


@pytest.mark.parametrize("address", ["nonsense://x", "", "tcp://"])
def test_an_address_that_is_none_is_named(address):
    with pytest.raises(UsageError, match=r"no address of a scheduler.*tcp://host:8786"):
        Cluster(address, timeout=1)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'alcca\[cluster\]'"):
        Cluster("tcp://127.0.0.1:8786")


def test_a_scheduler_without_workers_says_how_to_start_some(address):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", processes=False, silence_logs=50) as empty,
        pytest.raises(ClusterError, match="has no workers; start some with: dask worker"),
    ):
        Cluster(empty.scheduler_address, timeout=0.5)


def test_another_alcca_on_a_worker_is_told(address, monkeypatch):
    monkeypatch.setattr(_version, "__version__", "9.9")
    with pytest.raises(ClusterError, match=r"worker at tcp://.* has alcca 0.* this machine has 9\.9; install"):
        Cluster(address)


def test_a_worker_that_comes_later_with_another_alcca_is_told(cluster, monkeypatch):
    monkeypatch.setattr(_version, "__version__", "9.9")
    with pytest.raises(ClusterError, match=r"has alcca 0.* this machine has 9\.9"):
        list(cluster.each(square, numbers(1), died))


def test_a_scheduler_that_goes_away_is_told(monkeypatch):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=False, silence_logs=50
    ) as local:
        there = Cluster(local.scheduler_address)
        running = there.each(late, numbers(1, 0, 0, 0, 0, 0), died)
        assert next(running) == 1
    with there, pytest.raises(ClusterError, match="does not answer any more; what is done is kept"):
        list(running)


def test_workers_that_all_go_away_are_told(monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("alcca.workers.cluster.run.SECONDS_WITHOUT_WORKERS", 1.0)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0", processes=False, silence_logs=50
        ) as local,
        Cluster(local.scheduler_address) as there,
    ):
        running = there.each(late, numbers(1, *[0] * 60), died)
        assert next(running) == 1
        local.scale(0)
        with pytest.raises(ClusterError, match="has no workers any more"):
            list(running)


def test_an_open_cluster_stays_open_and_one_by_address_is_closed(address):
    with opened(None, 3) as here:
        assert (type(here), here.slots) == (LocalWorkers, 3)
    with opened(address) as own:
        assert list(own.each(square, numbers(3), died)) == [9]
    assert own._client.status == "closed"
    with Cluster(address) as there:
        with opened(there) as same:
            assert same is there
        assert list(there.each(square, numbers(3), died)) == [9]
