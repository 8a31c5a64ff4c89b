"""Reading in worker processes that is broken off."""

import inspect
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import Future

from joblib.externals.loky import ProcessPoolExecutor, process_executor

from alcca.workers.pool import BATCH, read_each


def test_reading_that_is_broken_off_says_nothing(monkeypatch):
    """What waits for a worker dies with it, and so quietly that no thread prints a traceback."""
    said = []
    monkeypatch.setattr(threading, "excepthook", said.append)
    for wait in (0.0, 0.01, 0.05):
        reading = read_each(time.sleep, [0.0] + [wait] * BATCH, crashed=str, pool=ProcessPoolExecutor, jobs=1)
        assert next(reading) is None
        reading.close()
    assert said == []


REMARK = "A worker stopped while some jobs were given to the "


class Remarking:
    """An executor in this process that remarks, as loky does from time to time when a worker has died."""

    def __init__(self, _):
        assert REMARK in inspect.getsource(process_executor)

    def submit(self, read, task):
        future = Future()
        future.set_result(read(task))
        warnings.warn(f"{REMARK}executor.", UserWarning, stacklevel=2)
        return future

    def shutdown(self, **_):
        pass


def test_a_worker_that_has_died_is_told_by_its_file_alone(recwarn):
    """The remark of the executor would stand in the middle of the progress."""
    assert list(read_each(abs, [-1, -2], crashed=abs, pool=Remarking, jobs=1)) == [1, 2]
    assert list(recwarn) == []


SIDE_BY_SIDE = """
import threading, time
from alcca.workers.pool import ends_when_stuck

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
