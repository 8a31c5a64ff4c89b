"""Reading in worker processes: what a task costs that ends or holds its own, and what a broken-off reading leaves."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tests.processes import still_running

from alcca.errors import AlccaError
from alcca.workers import patience, readers
from alcca.workers.patience import ends_when_stuck
from alcca.workers.pool import BATCH, read_each
from alcca.workers.readers import KilledError, ReaderPool


def nothing():
    """Prepare nothing."""


def pool(jobs):
    return ReaderPool(jobs, nothing)


def test_reading_that_is_broken_off_says_nothing_and_leaves_no_process(monkeypatch):
    said = []
    monkeypatch.setattr(threading, "excepthook", said.append)
    for wait in (0.0, 0.05, 60.0):
        started = time.monotonic()
        reading = read_each(where_after, [0.0] + [wait] * BATCH, crashed=str, pool=pool, jobs=2)
        pid = next(reading)
        reading.close()
        assert time.monotonic() - started < 30
        assert still_running([pid]) == []
    assert said == []


def where_after(seconds):
    time.sleep(seconds)
    return os.getpid()


def end(how):
    if how == "exit":
        os._exit(0)
    if how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        with ends_when_stuck(0.2):
            time.sleep(60)
    return how


def test_each_task_that_ends_its_process_is_known_at_once_and_the_others_are_done_once(capfd, recwarn):
    tasks = ["a", "exit", "b", "segfault", "kill", "c", "hang", "d"]
    crashed = []
    results = list(read_each(end, tasks, crashed=lambda task: crashed.append(task) or "ended", pool=pool, jobs=2))
    assert results == ["a", "ended", "b", "ended", "ended", "c", "ended", "d"]
    assert crashed == ["exit", "segfault", "kill", "hang"]
    assert (list(recwarn), *capfd.readouterr()) == ([], "", "")


def stay(seconds):
    """Be as stuck as a process whose disk is gone: it passes its deadline, and no signal but SIGKILL ends it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    patience.faulthandler.dump_traceback_later = lambda *_, **__: None
    with ends_when_stuck(seconds):
        time.sleep(60)


def test_a_process_that_does_not_end_itself_is_left_behind(monkeypatch):
    monkeypatch.setattr(readers, "SECONDS_AFTER_DEADLINE", 0.2)
    # As if no signal reached it.
    monkeypatch.setattr(readers.Process, "kill", lambda self: self._messages.put(None))
    executor = pool(1)
    started = time.monotonic()
    stuck = executor.submit(stay, 0.3)
    following = executor.submit(abs, -1)
    with pytest.raises(KilledError):
        stuck.result()
    assert following.result() == 1
    executor.shutdown()
    assert time.monotonic() - started < 30


def slowly(pieces):
    with ends_when_stuck(0.5) as reached:
        for _ in range(pieces):
            time.sleep(0.1)
            reached()
    return pieces


def test_what_gets_on_has_all_its_time_again():
    assert list(read_each(slowly, [20], crashed=str, pool=pool, jobs=1)) == [20]


class OddError(Exception):
    """One that cannot be pickled."""

    def __reduce__(self):
        raise TypeError


def fail(error):
    raise OddError("of a kind") if error is None else error


@pytest.mark.parametrize("error", [OSError(5, "no disk"), EOFError("of a file"), AlccaError("ours"), KilledError()])
def test_errors_of_the_work_are_raised_here(error):
    executor = pool(1)
    with pytest.raises(type(error)):
        executor.submit(fail, error).result()
    with pytest.raises(RuntimeError, match="OddError: of a kind"):
        executor.submit(fail, None).result()
    assert executor.submit(abs, -2).result() == 2
    executor.shutdown()


def end_at_once():
    os._exit(1)


def test_processes_that_cannot_be_prepared_are_said_to():
    executor = ReaderPool(1, end_at_once)
    with pytest.raises(AlccaError, match="as soon as they are started"):
        executor.submit(abs, -1).result()
    executor.shutdown()


NOTEBOOK = """
import os
from alcca.workers.local import LocalWorkers

class Value:
    def __init__(self, number):
        self.number = number

def work(factor, number):
    if number == 1:
        os.abort()
    return Value(factor * number)

print([value.number for value in LocalWorkers(1).each(work, [(10, 0), (10, 1), (10, 2)], lambda _: Value(-1))])
"""


@pytest.mark.parametrize("how", ["-c", "script", "stdin"])
def test_what_a_program_without_a_guard_defines_is_done(tmp_path, how):
    (tmp_path / "script.py").write_text(NOTEBOOK)
    (tmp_path / "json.py").write_text("raise SystemExit('this is another json')")
    arguments = {"-c": ["-P", "-c", NOTEBOOK], "script": ["-P", "script.py"], "stdin": ["-P", "-"]}[how]
    done = subprocess.run(
        [sys.executable, *arguments], input=NOTEBOOK, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[0, -1, 20]\n", "")


PARENT = """
import sys, time
from alcca.workers.readers import ReaderPool
from tests.workers.test_pool import nothing, where_after
executor = ReaderPool(1, nothing)
print(executor.submit(where_after, 0.0).result(), flush=True)
executor.submit(time.sleep, 60)
time.sleep(60)
"""


def test_processes_end_with_a_parent_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
        # They do not have its standard output, so a reader of that need not wait for them.
        assert parent.communicate(timeout=30) == (b"", None)
    assert still_running([pid]) == []


SIDE_BY_SIDE = """
import threading, time
from alcca.workers.patience import ends_when_stuck

def hang():
    with ends_when_stuck(1.0):
        time.sleep(60)

threading.Thread(target=hang, daemon=True).start()
time.sleep(0.2)
for seconds in (0.5, 100.0):
    with ends_when_stuck(seconds):
        time.sleep(0.01)
time.sleep(30)
print("still here")
"""


def test_a_thread_that_is_stuck_ends_the_process_whatever_others_do_meanwhile():
    """On a cluster one process may read several files at the same time."""
    done = subprocess.run([sys.executable, "-c", SIDE_BY_SIDE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
