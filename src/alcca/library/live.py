"""A library that many threads ask at once while other processes add songs to it or train it."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from alcca.errors import AlccaError
from alcca.library.engines.choosing import EXACT, engine_named
from alcca.library.snapshot import Snapshot
from alcca.library.store import Store

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["LiveLibrary"]

# How soon a change is looked for, and how much of the time reading it may take at most while changes go on.
SECONDS_BETWEEN_LOOKS = 1.0
LARGEST_SHARE = 0.2

log = logging.getLogger("alcca")


class LiveLibrary:
    """A library for a server: it only reads, and follows what other processes write.

    Searches ask `snapshot`, an unchanging picture of the library; a thread of its own takes a new one when the
    library has changed. What is too large for a snapshot, lyrics and paths, is read from a `store`, of which every
    thread that is reading has one for itself.

    Parameters
    ----------
    folder : path
        The library's folder.
    index : str
        Where songs are searched, as of `Library`.

    Raises
    ------
    LibraryError
        The folder's database is damaged or written by a newer alcca; that of the index cannot be reached.
    UsageError, MissingExtraError
        As of `Library`.

    Examples
    --------
    >>> import tempfile
    >>> with LiveLibrary(Path(tempfile.mkdtemp())) as library:
    ...     len(library.snapshot.outlines)
    0
    """

    def __init__(self, folder: Path, index: str = EXACT) -> None:
        self.folder = folder
        self._engine = engine_named(index)
        self._idle: queue.LifoQueue[Store] = queue.LifoQueue()
        self._watched = Store(folder)
        self._snapshot = Snapshot(self._watched, folder, engine=self._engine)
        self._snapshot.warm()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="alcca-watcher", daemon=True)
        self._watcher.start()

    @property
    def snapshot(self) -> Snapshot:
        """The library as it was a second or two ago."""
        return self._snapshot

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """A store that no other thread uses meanwhile; for reading."""
        # SQLite's connections are not to be shared by threads; opened once, they are handed on.
        try:
            store = self._idle.get_nowait()
        except queue.Empty:
            store = Store(self.folder)
        try:
            yield store
        finally:
            self._idle.put(store)

    def close(self) -> None:
        """Stop watching, and close the database."""
        self._closing.set()
        self._watcher.join()
        self._engine.close()
        self._watched.close()
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    def _watch(self) -> None:
        pause = SECONDS_BETWEEN_LOOKS
        while not self._closing.wait(pause):
            pause = SECONDS_BETWEEN_LOOKS
            try:
                if self._watched.version == self._snapshot.version:
                    continue
                started = time.monotonic()
                snapshot = Snapshot(self._watched, self.folder, self._snapshot, self._engine)
                snapshot.warm()
                self._snapshot = snapshot
                pause = max(pause, (time.monotonic() - started) / LARGEST_SHARE)
            except AlccaError as error:
                # A model that is just being replaced, or a damaged file: the last good picture stays.
                log.warning("the library has changed and cannot be read now: %s", error)
