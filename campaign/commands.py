"""Real alcca commands, in processes of their own: how they ended, what they said, and what they took."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from campaign.outcomes import Offence

__all__ = ["ALCCA", "Done", "Running", "end_all", "module", "run", "unclear"]

ROOT = Path(__file__).resolve().parents[1]
# alcca with a speech model that needs no seconds for a song; tests put something broken here.
ALCCA = [sys.executable, "-m", "campaign.scripted"]
# A busy machine may take ten times as long as a quiet one, and a file has a limit of 90 s.
SECONDS = 600.0
SECONDS_TO_END = 30.0
KILOBYTE = 1024

_running: "list[Running]" = []


@dataclass(frozen=True)
class Done:
    """A command that has ended.

    Parameters
    ----------
    code : int
        Its exit code; negative for a signal.
    out, err : str
    seconds : float
    peak : int
        Bytes of memory that the largest of its processes had.
    hung : bool
        It did not end by itself.
    left : int
        Processes that it left behind.
    """

    command: str
    code: int
    out: str
    err: str
    seconds: float
    peak: int
    hung: bool
    left: int


class Running:
    """A command that is running, in a group of processes of its own.

    Parameters
    ----------
    arguments : sequence of str or path
    program : sequence of str, optional
        Default: alcca.
    asked : bool
        Whether it is given lines to read.
    """

    def __init__(
        self, arguments: Sequence[str | Path], *, program: Sequence[str] | None = None, asked: bool = False
    ) -> None:
        program = ALCCA if program is None else program
        self.command = shlex.join(["alcca" if program is ALCCA else program[-1], *map(str, arguments)])
        self._out, self._err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 - closed at the end
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            [*program, *map(str, arguments)],
            stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            start_new_session=True,
        )
        self._peak, self._ended = 0, False
        _running.append(self)

    def poll(self) -> bool:
        """Whether it has ended."""
        if not self._ended:
            number, status, used = os.wait4(self.process.pid, os.WNOHANG)
            if number:
                self._ended, self._peak = True, used.ru_maxrss * KILOBYTE
                self.process.returncode = os.waitstatus_to_exitcode(status)
        return self._ended

    def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds or the command ends, not longer than so many seconds; whether it holds."""
        end = time.monotonic() + seconds
        while not condition():
            if self.poll() or time.monotonic() > end:
                return condition()
            time.sleep(0.01)
        return True

    def said(self) -> str:
        """What it has written to its standard output so far."""
        return os.pread(self._out.fileno(), 1 << 24, 0).decode(errors="replace")

    def end(self, how: int, *, group: bool = False) -> None:
        """Send it a signal, or all its processes."""
        if not self.poll():
            with suppress(ProcessLookupError):
                (os.killpg if group else os.kill)(self.process.pid, how)

    def done(self, seconds: float | None = None) -> Done:
        """Wait for its end, and for that of its processes; kill what does not end."""
        hung = not self.until(self.poll, SECONDS if seconds is None else seconds)
        took = time.monotonic() - self._started
        if hung:
            self.end(signal.SIGKILL, group=True)
            self.until(self.poll, SECONDS_TO_END)
        left = 0 if hung else len(self._left())
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        out, err = (os.pread(file.fileno(), 1 << 26, 0).decode(errors="replace") for file in (self._out, self._err))
        self._out.close()
        self._err.close()
        _running.remove(self)
        code = self.process.returncode if self._ended else -signal.SIGKILL
        return Done(self.command, code, out, err, took, self._peak, hung, left)

    def _left(self) -> list[int]:
        """The processes of its group that are still there after some time to end."""
        end = time.monotonic() + SECONDS_TO_END
        while (there := _group(self.process.pid)) and time.monotonic() < end:
            time.sleep(0.05)
        return there


def run(*arguments: str | Path, seconds: float | None = None, program: Sequence[str] | None = None) -> Done:
    """Run an alcca command to its end."""
    return Running(arguments, program=program).done(seconds)


def end_all() -> None:
    """End what is still running, once a campaign is interrupted."""
    for running in list(_running):
        running.end(signal.SIGKILL, group=True)
        running.done()


def module(name: str) -> list[str]:
    """The program that a module of the campaign is."""
    return [sys.executable, "-m", f"campaign.{name}"]


def unclear(done: Done, *, codes: Sequence[int] = (0,), says: Sequence[str] = ()) -> list[Offence]:
    """What is wrong with how a command ended; nothing if it succeeded, or failed with one clear line.

    Parameters
    ----------
    done : Done
    codes : sequence of int
        Exit codes that it may have.
    says : sequence of str
        If it failed, it says one of these.
    """
    if done.hung:
        return [Offence("hung", f"{done.command}: does not end in {done.seconds:.0f} s")]
    if done.code not in (0, 1, 2) or "Traceback" in done.err or "unexpected" in done.err:
        return [Offence("crashed", f"{done.command}: exit code {done.code}: {done.err.strip()[-1000:]}")]
    lines = done.err.splitlines()
    if done.code not in codes:
        return [Offence("wrong", f"{done.command}: exit code {done.code}: {done.err.strip()[-500:]}")]
    if done.code and (len(lines) != 1 or (says and not any(word in lines[0] for word in says))):
        return [Offence("wrong", f"{done.command}: no clear line: {done.err.strip()[-500:]}")]
    if done.left:
        return [Offence("wrong", f"{done.command}: left {done.left} processes behind")]
    return []


def _group(leader: int) -> list[int]:
    """The processes of a group, without those that have ended; empty where the system does not tell."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            state, _, group = place.read_text().rpartition(")")[2].split()[:3]
            if int(group) == leader and state not in "ZX":
                found.append(int(place.parent.name))
    return found
