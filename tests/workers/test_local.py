"""Work in processes on this machine: what is shared, what is done where, and what a task costs that kills its own."""

import os
import signal
import threading
import time

import pytest

from alcca.workers import local
from alcca.workers.local import LocalWorkers
from alcca.workers.workers import Given, ModelWork, Room, batched


def no_crash(_):
    raise AssertionError("nothing was killed")


def die(_=None):
    os.kill(os.getpid(), signal.SIGKILL)


def add(values, x, more):
    return len(values), values[0] + x + more, os.getpid()


def test_tasks_are_done_in_order_in_other_processes_with_what_they_share(processes):
    workers = LocalWorkers(2)
    values, more = workers.share([100, 0]), workers.share(1_000)
    tasks = [(values, x, more) for x in range(40)]
    results = list(workers.each(add, tasks, no_crash))
    assert [total for _, total, _ in results] == [1_100 + x for x in range(40)]
    assert os.getpid() not in {process for *_, process in results}


def square_unless_three(x):
    if x == 3:
        die()
    return x * x


@pytest.mark.parametrize("do", ["each", "map"])
def test_a_task_that_kills_its_process_costs_itself_alone(processes, monkeypatch, do):
    monkeypatch.setattr(local, "SECONDS_WORTH_PROCESSES", -1.0)
    results = list(getattr(LocalWorkers(2), do)(square_unless_three, [(x,) for x in range(8)], lambda number: -number))
    assert results == [0, 1, 4, -3, 16, 25, 36, 49]


def where(_):
    return os.getpid(), threading.get_ident()


def test_what_takes_no_time_is_computed_here():
    here = (os.getpid(), threading.get_ident())
    assert list(LocalWorkers(2).map(where, [(x,) for x in range(5)], no_crash)) == [here] * 5


def slowly(x, first):
    time.sleep(first if x == 0 else 0)
    return os.getpid()


def test_what_takes_long_is_computed_in_processes_once_that_is_seen(monkeypatch):
    monkeypatch.setattr(local, "SECONDS_WORTH_PROCESSES", 0.5)
    first, *rest = LocalWorkers(2).map(slowly, [(x, 0.3) for x in range(8)], no_crash)
    assert first == os.getpid()
    assert os.getpid() not in rest
    assert set(LocalWorkers(1).map(slowly, [(x, 0.3) for x in range(8)], no_crash)) == {os.getpid()}


def read(x):
    if x == 3:
        die()
    return x, os.getpid()


def use(model, batch):
    return [(model, tuple(x for x, _ in batch), os.getpid(), {process for _, process in batch}) for _ in batch]


def test_a_model_is_loaded_once_and_used_here_on_what_processes_have_read(processes):
    loaded = []
    workers = LocalWorkers(2)

    def model(room: Room):
        loaded.append(room)
        return "model"

    work = ModelWork(model, use, no_crash, read, lambda x: (-x, 0), size=3)
    batches = list(workers.each_with_model(work, range(7)))
    assert loaded == [Room(1)]
    assert [batch[0][1] for batch in batches] == [(0, 1, 2), (-3, 4, 5), (6,)]
    assert {(name, process) for batch in batches for name, _, process, _ in batch} == {("model", os.getpid())}
    assert all(os.getpid() not in readers for batch in batches for *_, readers in batch)
    assert list(workers.each_with_model(work, [])) == []
    assert len(loaded) == 1, "no tasks need no model"


class Meeting:
    """A model that is used by two threads at the same time, or never comes back."""

    def __init__(self):
        self.barrier = threading.Barrier(2, timeout=30)

    def meet(self, batch):
        self.barrier.wait()
        return batch


def test_threads_use_a_model_at_the_same_time_and_results_come_in_order():
    work = ModelWork(Given(Meeting()), Meeting.meet, no_crash, concurrent=True)
    results = LocalWorkers(2).each_with_model(work, range(6))
    assert list(results) == [(x,) for x in range(6)]


def test_batches_end_with_what_is_left():
    assert list(batched(range(5), 2)) == [(0, 1), (2, 3), (4,)]
