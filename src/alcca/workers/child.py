"""A process of one's own at the end of a pipe, which may be killed at any time: both ends.

Each has a pipe for itself, so that killing one leaves no lock behind that others wait for. What it sends is bytes, and
nothing of it is unpickled: a process that a file has taken over cannot reach its parent this way.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable

__all__ = ["SECONDS_TO_START", "Child", "end_with_parent"]

# Importing librosa takes two seconds, on a busy machine many more.
SECONDS_TO_START = 60.0


class Child:
    """A process and the pipe to it. One thread at a time uses it; only `kill` may come from another.

    Parameters
    ----------
    work : function
        What the process does: it is called with its end of the pipe and the ``arguments``.
    arguments : tuple
        Values that can be pickled.
    name : str
        What the process is called.
    largest : int
        Bytes that a message may have; a longer one ends the pipe.

    Raises
    ------
    OSError
        The system gives no process.
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
            # With a copy in this process, the end of the child would not be the end of the pipe.
            far_end.close()

    @property
    def alive(self) -> bool:
        """Whether the process runs, which an idle one may have ceased to."""
        return self._process.is_alive()

    def send(self, message: bytes) -> None:
        """Send a message; OSError when the process is gone."""
        self._pipe.send_bytes(message)

    def receive(self, seconds: float | None = None) -> bytes | None:
        """The next message; None when none comes within ``seconds``. EOFError or OSError when the process is gone."""
        return self._pipe.recv_bytes(self._largest) if seconds is None or self._pipe.poll(seconds) else None

    def kill(self) -> None:
        """End the process; whoever reads from it sees the end of its pipe."""
        self._process.kill()

    def stop(self) -> None:
        """End the process and give back what it held."""
        self._process.kill()
        # A killed process is gone at once, unless it waits for a disk that does not answer.
        self._process.join(SECONDS_TO_START)
        self._pipe.close()


def end_with_parent() -> None:
    """From now on, end this process as soon as the one that started it is gone, also in the middle of its work."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
