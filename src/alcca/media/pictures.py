"""Pictures in the tags of recordings, read in a process apart."""

import contextlib
import threading
from pathlib import Path

from alcca.media.picture_process import SECONDS
from alcca.workers.process import SECONDS_TO_START, Process

__all__ = ["MAX_PICTURE", "Pictures"]

MAX_PICTURE = 20 * 10**6
PROGRAM = "from alcca.media.picture_process import work; work()"


class Pictures:
    """Reads one picture after the other; thread-safe. Its process starts with the first one."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._warm = False
        self._reading = threading.Lock()

    def of(self, path: Path) -> bytes:
        """The picture in the tags of a file; empty without one, and if the file cannot be read."""
        with self._reading:
            try:
                if self._process is None or not self._process.alive:
                    self._process, self._warm = Process(PROGRAM, largest=MAX_PICTURE), False
                self._process.send(str(path).encode("utf-8", "surrogateescape"))
                found = self._process.receive(SECONDS if self._warm else SECONDS + SECONDS_TO_START)
            except (OSError, EOFError):
                found = None
            if found is None:
                # It crashed, or is stuck: its answer must not be taken for the next one's.
                self._stop()
            self._warm = found is not None
            return found or b""

    def close(self) -> None:
        """End the process."""
        with self._reading:
            self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.stop()
        self._process = None
