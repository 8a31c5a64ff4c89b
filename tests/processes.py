"""Processes that a test starts, and those that they start."""

import contextlib
import time
from pathlib import Path

SECONDS_TO_END = 10


def family(pid: int) -> list[int]:
    """A process and all that descend from it; the process alone where the system does not tell."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def still_running(pids: list[int]) -> list[int]:
    """Those of the processes that have not ended, after some time to do so."""
    for _ in range(10 * SECONDS_TO_END):
        pids = [pid for pid in pids if _state(pid) not in ("", "Z")]
        if not pids:
            break
        time.sleep(0.1)
    return pids


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
