"""Limits to how many searches run at once, so that the server answers everything else meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ParamSpec, TypeVar

from fastapi.concurrency import run_in_threadpool

from alcca.sandbox.transcriber import BusyError

__all__ = ["Lane", "Lanes"]

P = ParamSpec("P")
T = TypeVar("T")

# Together fewer than the 40 threads of the framework: the others answer everything that is not a search.
SEARCHES, RECORDINGS = 8, 16
# Requests that may wait for each: a browser that waits longer than some seconds has been left by its user.
WAITING = 64
SECONDS_TO_TRY_AGAIN = 10


class Lane:
    """A limited number of threads for one kind of work.

    Parameters
    ----------
    at_once : int
        Number of threads.
    what : str
        What waits, in the error, such as "searches".
    """

    def __init__(self, at_once: int, what: str) -> None:
        self._turns, self._what = asyncio.Semaphore(at_once), what
        self._waiting = 0

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in a thread, as soon as one is free; raises BusyError as `turn`."""
        async with self.turn():
            return await run_in_threadpool(function, *args, **kwargs)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn.

        Raises
        ------
        BusyError
            If too many are waiting already.
        """
        if self._waiting >= WAITING:
            seconds = SECONDS_TO_TRY_AGAIN
            raise BusyError(f"{self._waiting} {self._what} are already waiting; try again in {seconds} s", seconds)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


class Lanes:
    """The lanes of one server: searches in the library, and steps of searches by a recording."""

    def __init__(self) -> None:
        self.searches, self.recordings = Lane(SEARCHES, "searches"), Lane(RECORDINGS, "recordings")
