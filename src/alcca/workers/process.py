"""A Python process at the other end of two pipes: it may crash, hang, or be stuck in the system, and costs only itself.

A process that waits for a disk which no longer responds cannot even be killed. So nothing here waits for a process to
end, only for its messages, and not longer than the caller says. The process does not import the main script again:
scripts without a guard, notebooks, ``python -c`` and daemons can start one. It ends with its parent.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from multiprocessing.spawn import get_executable
from typing import IO

__all__ = ["SECONDS_TO_START", "Pipe", "Process", "is_debugging"]

# Imports are slow on a busy machine.
SECONDS_TO_START = 60.0
# A killed process is gone at once, unless it is stuck.
SECONDS_TO_END = 1.0
# The process imports modules from where this one does, not from the folder that it runs in.
PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; "
LENGTH_BYTES = 8


def is_debugging() -> bool:
    """Whether $ALCCA_DEBUG is set, as ``--debug`` sets it: processes then write warnings to standard error."""
    return bool(os.environ.get("ALCCA_DEBUG"))


class Process:
    """A process and the pipes to it. One thread at a time uses it; only `kill` may come from another.

    Parameters
    ----------
    program : str
        Python statements that it runs, with a `Pipe` to this process.
    largest : int, optional
        Maximum size of a message from it in bytes; a longer one counts as its end. It can be changed between messages.
    environment : dict, optional
        Environment variables that it has besides those of this process.

    Raises
    ------
    OSError
        If the system cannot start a process.
    """

    def __init__(self, program: str, *, largest: int = sys.maxsize, environment: dict[str, str] | None = None) -> None:
        # An empty entry stands for the current folder of this process.
        path = [entry or os.getcwd() for entry in sys.path]  # noqa: PTH109 - a text
        self._process = subprocess.Popen(
            [get_executable(), "-P", "-c", PROGRAM + program, *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Decoders in C write warnings there. What matters of them is in a recording's reason and notes.
            stderr=None if is_debugging() else subprocess.DEVNULL,
            env=None if environment is None else {**os.environ, **environment},
        )
        self.largest = largest
        self._messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._collect, name="alcca-messages", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is running; False in a forked child of this process, which must not share it."""
        return self._process.poll() is None

    def send(self, message: bytes) -> None:
        """Send a message; OSError if the process has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(len(message).to_bytes(LENGTH_BYTES) + message)
        self._process.stdin.flush()

    def receive(self, seconds: float | None = None) -> bytes | None:
        """The next message; None after ``seconds`` without one. EOFError if the process has ended."""
        try:
            message = self._messages.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            # For those who ask again.
            self._messages.put(None)
            raise EOFError
        return message

    def kill(self) -> None:
        """Kill the process, without waiting for its end: `receive` raises EOFError from now on."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._messages.put(None)

    def stop(self) -> None:
        """Kill the process, and release its resources as far as it lets go of them."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_END)
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def _collect(self) -> None:
        source = self._process.stdout
        assert source is not None
        with contextlib.suppress(OSError, ValueError), source:
            while (message := _read(source, self.largest)) is not None:
                self._messages.put(message)
        self._messages.put(None)


class Pipe:
    """The pipe to the parent, in a process that `Process` has started; made before anything else is done there.

    The process ends as soon as its parent has ended or has closed the pipe, even in the middle of its work.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "wb")
        self._sending = threading.Lock()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        # What a decoder prints must not mix with the answers.
        os.dup2(nowhere, 1)
        os.close(nowhere)
        self._questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(sys.stdin.buffer,), daemon=True).start()

    def receive(self) -> bytes:
        """The next message."""
        return self._questions.get()

    def send(self, *parts: bytes) -> None:
        """Send the parts as one message; threads may call it."""
        with self._sending:
            self._answers.write(sum(map(len, parts)).to_bytes(LENGTH_BYTES))
            self._answers.writelines(parts)
            self._answers.flush()

    def _listen(self, source: IO[bytes]) -> None:
        while (message := _read(source, sys.maxsize)) is not None:
            self._questions.put(message)
        os._exit(0)


def _read(source: IO[bytes], largest: int) -> bytes | None:
    """A message; None at the end, and where what comes is no message."""
    head = source.read(LENGTH_BYTES)
    size = int.from_bytes(head)
    if len(head) < LENGTH_BYTES or size > largest:
        return None
    message = source.read(size)
    return message if len(message) == size else None
