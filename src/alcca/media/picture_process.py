"""The process that reads the pictures in tags; a damaged file may cost it, and nothing else."""

import signal

from tinytag import TinyTag

from alcca.workers.memory import MemoryLimit
from alcca.workers.patience import ends_when_stuck
from alcca.workers.process import Pipe

__all__ = ["SECONDS", "work"]

# For one file: its tags alone are read.
SECONDS = 10.0
MEMORY = 2**29


def work() -> None:
    """Answer each path with the bytes of its picture, none without one, until the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Pipe()
    limit = MemoryLimit(MEMORY)
    while True:
        path = pipe.receive().decode("utf-8", "surrogateescape")
        with ends_when_stuck(SECONDS):
            picture = _picture(path, limit)
        pipe.send(picture)


def _picture(path: str, limit: MemoryLimit) -> bytes:
    try:
        with limit:
            image = TinyTag.get(path, duration=False, image=True).images.any
            return image.data if image is not None else b""
    except Exception:  # noqa: BLE001 - damaged tags raise anything
        return b""
