"""Reading in worker processes that is broken off."""

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
