"""A time limit for work that shows progress: the process ends once nothing has come for too long.

A slow disk that still delivers is given its time. A file that delivers nothing, or holds its decoder, is not.
"""

import contextlib
import faulthandler
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache

__all__ = ["SECONDS_BEFORE_KILL", "ends_when_stuck", "tell_deadlines"]

# A slice decodes in well under a second. Decoding has a time limit of its own and raises an error; this one ends the
# process of a decoder that hangs in native code, or of a disk that delivers nothing.
SECONDS_BEFORE_KILL = 90.0
# Renewing a limit starts a thread.
SECONDS_BETWEEN_RENEWALS = 1.0

# When the process has to end, for each thread that is working; there is one alarm for all of them.
_deadlines: dict[object, float] = {}
_setting_the_alarm = threading.Lock()
_tell: Callable[[float | None], object] = lambda seconds: None  # noqa: E731 - replaced by tell_deadlines


def tell_deadlines(tell: Callable[[float | None], object]) -> None:
    """From now on, call ``tell`` with the seconds that are left whenever they change; None for no limit.

    A process that is stuck in the system cannot end itself, so its parent has to know.
    """
    global _tell
    _tell = tell


@contextlib.contextmanager
def ends_when_stuck(seconds: float) -> Iterator[Callable[[], None]]:
    """End the process if the block takes longer; threads may use this at the same time.

    Yields
    ------
    callable
        To be called on progress: the block has all of its ``seconds`` again.
    """
    this = object()
    renewed = time.monotonic()

    def renew() -> None:
        nonlocal renewed
        now = time.monotonic()
        if now - renewed > min(SECONDS_BETWEEN_RENEWALS, seconds / 10):
            renewed = now
            with _setting_the_alarm:
                _deadlines[this] = now + seconds
                _set_alarm()

    with _setting_the_alarm:
        _deadlines[this] = renewed + seconds
        _set_alarm()
    try:
        yield renew
    finally:
        with _setting_the_alarm:
            del _deadlines[this]
            _set_alarm()


def _set_alarm() -> None:
    faulthandler.cancel_dump_traceback_later()
    left = max(min(_deadlines.values()) - time.monotonic(), 0.001) if _deadlines else None
    if left is not None:
        faulthandler.dump_traceback_later(left, exit=True, file=_nowhere())
    _tell(left)


@cache
def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)
