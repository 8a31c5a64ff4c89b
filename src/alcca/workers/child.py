"""A child process at the end of a pipe, which may be killed at any time: both ends.

Each process has a pipe of its own, so that killing it leaves no lock behind for which others wait. Messages are bytes
and are never unpickled, so a process that a malicious file controls cannot attack its parent through them.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable

__all__ = ["SECONDS_TO_START", "Child", "end_with_parent"]

# Importing librosa takes two seconds, on a busy machine many more.
SECONDS_TO_START = 60.0
SECONDS_TO_END = 5.0


class Child:
    """A process and the pipe to it. One thread at a time uses it; only `kill` may come from another.

    Parameters
    ----------
    work : function
        Runs in the process, with its end of the pipe and the ``arguments``.
    arguments : tuple
        Values that can be pickled.
    name : str
        Name of the process.
    largest : int
        Maximum size of a message in bytes; a longer one closes the pipe.

    Raises
    ------
    OSError
        If the system cannot start a process.
    """

    def __init__(self, work: Callable[..., None], arguments: tuple[object, ...], *, name: str, largest: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._largest = largest
        self._pipe, far_end = context.Pipe()
        try:
            self._process = context.Process(target=work, args=(far_end, *arguments), name=name, daemon=True)
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            # With a copy in this process, the pipe would stay open when the child ends.
            far_end.close()

    @property
    def alive(self) -> bool:
        """Whether the process is running; an idle one may have ended."""
        return self._process.is_alive()

    def send(self, message: bytes) -> None:
        """Send a message; OSError if the process has ended."""
        self._pipe.send_bytes(message)

    def receive(self, seconds: float | None = None) -> bytes | None:
        """The next message, or None after ``seconds`` without one; EOFError or OSError if the process has ended."""
        return self._pipe.recv_bytes(self._largest) if seconds is None or self._pipe.poll(seconds) else None

    def kill(self) -> None:
        """Kill the process; a thread that reads from it gets an EOFError."""
        self._process.kill()

    def stop(self) -> None:
        """Kill the process and release its resources."""
        self._process.kill()
        # A killed process ends at once, unless it waits for a disk that does not respond.
        self._process.join(SECONDS_TO_END)
        if self._process.is_alive():
            # Otherwise this process would wait for it at its own end.
            multiprocessing.process._children.discard(self._process)  # type: ignore[attr-defined]
        self._pipe.close()


def end_with_parent() -> None:
    """From now on, end this process as soon as its parent has ended, even in the middle of its work."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
