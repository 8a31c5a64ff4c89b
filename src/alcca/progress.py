"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

__all__ = ["Progress"]

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Show the progress of a task on standard error.

    On a terminal this is a tqdm bar. Elsewhere (a log, CI) it is one line at the start, at most one every ten seconds,
    and one at the end, so that a log stays readable.

    Parameters
    ----------
    what : str
        The task, in plain words: ``"adding songs"``.
    total : int
        The number of units of the task.
    unit : str
        The name of one unit.
    show : bool
        Show nothing if False.

    Examples
    --------
    >>> with Progress("adding songs", total=2, show=False) as bar:
    ...     bar.update()
    ...     bar.update()
    >>> bar.done
    2
    """

    def __init__(self, what: str, total: int, unit: str = "song", show: bool = True) -> None:
        self.what, self.total, self.unit, self.done = what, total, unit, 0
        self.note = ""
        self._show = show
        self._terminal = show and sys.stderr.isatty()
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        if self._terminal:
            from tqdm import tqdm

            self._bar = tqdm(total=self.total, desc=self.what, unit=f" {self.unit}", dynamic_ncols=True)
        elif self._show:
            self._say(f"{self.what}: {self.total} {self.unit}s")
        return self

    def say(self, note: str) -> None:
        """Show a short note beside the count, such as the current step."""
        self.note = _shown(note)
        if self._terminal:
            self._bar.set_postfix_str(self.note)

    def update(self, n: int = 1, note: str = "") -> None:
        """Count ``n`` more units as done, and show ``note`` beside the count."""
        self.done += n
        self.note = _shown(note)
        if self._terminal:
            if note:
                self._bar.set_postfix_str(self.note, refresh=False)
            self._bar.update(n)
        elif self._show and time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._line()

    def _line(self) -> None:
        seconds = time.monotonic() - self._started
        note = f", {self.note}" if self.note else ""
        self._say(f"{self.what}: {self.done}/{self.total} {self.unit}s, {seconds:.0f} s{note}")

    def _say(self, line: str) -> None:
        self._last_line = time.monotonic()
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal:
            self._bar.close()
        elif self._show:
            self._line()


def _shown(note: str) -> str:
    # A file's name may hold line breaks, and codes that move a terminal's cursor.
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in note)
