"""Jobs side by side: every one is done once, and one that kills its process is found."""

import os
import signal
import threading
from types import SimpleNamespace

import pytest
from threadpoolctl import threadpool_info

from alcca.progress import Progress
from alcca.workers.jobs import Clock, Job, died, run_jobs
from alcca.workers.local import LocalWorkers


def square(x):
    return x * x


def square_unless_three(x):
    if x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


def threads_of_numpy(_):
    import numpy  # noqa: F401  # brings the pool that is asked about

    return max(pool["num_threads"] for pool in threadpool_info())


def run(work, n, n_jobs):
    jobs = [Job("kind", f"job {i}", work, (i,)) for i in range(n)]
    bar = Progress("working", total=n, unit="job", show=False)
    with bar:
        found = {number: result for number, result, _ in run_jobs(jobs, LocalWorkers(n_jobs), bar)}
    return found, bar


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_every_job_is_done_once(n_jobs):
    found, bar = run(square, 8, n_jobs)
    assert found == {i: i * i for i in range(8)}
    assert (bar.done, bar.note) == (8, "done")


def test_a_job_that_kills_its_process_is_found_and_the_others_are_done():
    found, bar = run(square_unless_three, 7, 2)
    assert died(found.pop(3))
    assert found == {i: i * i for i in range(7) if i != 3}
    assert bar.done == 7


def test_a_job_of_several_steps_moves_the_bar_by_them():
    bar = Progress("working", total=5, unit="fit", show=False)
    with bar:
        list(
            run_jobs(
                [Job("one", "one", square, (1,)), Job("four", "four", square, (2,), steps=4)], LocalWorkers(1), bar
            )
        )
    assert bar.done == 5


def test_no_jobs_are_no_work():
    assert run(square, 0, 2)[0] == {}


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor has no threads to share")
def test_processes_share_the_threads_and_the_last_ones_take_those_of_the_idle():
    found, _ = run(threads_of_numpy, 3, 2)
    cores = os.cpu_count()
    assert sorted(found.values()) == sorted([max(1, cores // 2)] * 2 + [cores])


def test_work_in_this_process_stays_in_it():
    assert run(lambda _: threading.get_ident(), 1, 1)[0] == {0: threading.get_ident()}


def test_the_clock_counts_by_kind_and_by_process():
    clock = Clock(["net"] * 3 + ["cca"] * 2, processes=2)
    assert clock.left() == 0
    clock.done("net", 100)
    assert clock.left() == (2 * 100 + 2 * 100) / 2  # nothing is known of cca yet
    clock.done("cca", 2)
    assert clock.left() == (2 * 100 + 2) / 2
    clock.done("net", 50)
    assert clock.left() == (75 + 2) / 2


def test_the_bar_says_what_runs_and_how_long_the_rest_takes(monkeypatch):
    seconds = iter([0, 100, 100, 200, 200, 300])
    monkeypatch.setattr("alcca.workers.jobs.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    notes = []
    bar = Progress("working", total=3, show=False)
    monkeypatch.setattr(bar, "say", notes.append)
    monkeypatch.setattr(bar, "update", lambda n=1, note="": notes.append(note))
    jobs = [Job("kind", f"job {i}", square, (i,)) for i in range(3)]
    list(run_jobs(jobs, LocalWorkers(1), bar))
    assert notes == ["job 0", "job 1; about 3 min left", "job 2; about 2 min left", "done"]
