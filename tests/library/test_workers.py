"""Reading in worker processes that is broken off."""

import os
import subprocess
import sys
import threading
import time

from joblib.externals.loky import ProcessPoolExecutor

from alcca.library.workers import BATCH, read_each


def test_reading_that_is_broken_off_says_nothing(monkeypatch):
    """What waits for a worker dies with it, and so quietly that no thread prints a traceback."""
    said = []
    monkeypatch.setattr(threading, "excepthook", said.append)
    for wait in (0.0, 0.01, 0.05):
        reading = read_each(time.sleep, [0.0] + [wait] * BATCH, crashed=str, pool=ProcessPoolExecutor, jobs=1)
        assert next(reading) is None
        reading.close()
    assert said == []


def die(_):
    os._exit(1)


def test_a_worker_that_has_died_is_told_once(recwarn):
    """By the file that it died of; loky's own remark would stand in the middle of the progress."""
    assert list(read_each(die, [0, 1], crashed=lambda _: "died", pool=ProcessPoolExecutor, jobs=1)) == ["died"] * 2
    assert [str(warning.message) for warning in recwarn if "worker stopped" in str(warning.message)] == []


SIDE_BY_SIDE = """
import threading, time
from alcca.library.workers import ends_when_stuck

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
