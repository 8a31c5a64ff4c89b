"""A library that many threads search while other processes add songs to it or train it."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from alcca.errors import AlccaError, NoLibraryError
from alcca.search.engines.by_name import EXACT, engine_named
from alcca.search.snapshot import Snapshot
from alcca.store.database import Access
from alcca.store.opening import warn_of_damage
from alcca.store.songs import Store

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["LiveLibrary"]

# The interval between checks for changes, and the largest share of the time spent on reading them.
SECONDS_BETWEEN_LOOKS = 1.0
MAX_SHARE = 0.2

log = logging.getLogger("alcca")


class LiveLibrary:
    """A library for a server: read-only, and kept up to date with the changes of other processes. Thread-safe.

    Searches use `snapshot`, which is immutable; a separate thread replaces it when the library changes. Lyrics and
    paths, which are too large for a snapshot, are read from a `store`; each reading thread has a store of its own.

    If the folder is removed, all calls raise `NoLibraryError` until it holds a library again, even another one.

    Parameters
    ----------
    folder : path
        The library's folder.
    index : str
        The search engine, as for `Library`.

    Raises
    ------
    NoLibraryError
        If there is no library in the folder.
    LibraryError
        If the database is damaged or was written by a newer version of alcca, or the engine's cannot be reached.
    UsageError, MissingExtraError
        As for `Library`.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> Store(folder).close()
    >>> with LiveLibrary(folder) as library:
    ...     len(library.snapshot.summaries)
    0
    """

    def __init__(self, folder: Path, index: str = EXACT) -> None:
        self.folder = folder
        self._engine = engine_named(index)
        self._idle: queue.LifoQueue[Store] = queue.LifoQueue()
        self._watched = Store(folder, Access.THERE)
        warn_of_damage(self._watched)
        self._snapshot = Snapshot(self._watched, folder, engine=self._engine)
        self._snapshot.warm()
        # Held while a new snapshot is made, or another library is opened.
        self._changing = threading.Lock()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="alcca-watcher", daemon=True)
        self._watcher.start()

    @property
    def snapshot(self) -> Snapshot:
        """The library as it was a second or two ago; raises the errors of `check`."""
        self.check()
        return self._snapshot

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """A store for reading, which no other thread uses meanwhile; raises the errors of `check`."""
        self.check()
        store = self._idle_store() or Store(self.folder, Access.THERE)
        try:
            with store.named_errors():
                yield store
        finally:
            self._idle.put(store)

    def _idle_store(self) -> Store | None:
        # Threads must not share a SQLite connection at the same time, but may use it one after the other.
        with contextlib.suppress(queue.Empty):
            while True:
                store = self._idle.get_nowait()
                if not store.is_stale:
                    return store
                store.close()
        return None

    def check(self) -> None:
        """Check that the library is there; if another one has replaced it, open that.

        Raises
        ------
        NoLibraryError
            If there is no library, or it cannot be read.
        """
        if self._watched.is_stale:
            with self._changing:
                if self._watched.is_stale:
                    self._open_anew()

    def _open_anew(self) -> None:
        try:
            store = Store(self.folder, Access.THERE)
        except NoLibraryError as error:
            raise NoLibraryError(f"{self.folder}: the library is gone; put it back, or make a new one there") from error
        except AlccaError as error:
            raise NoLibraryError(f"{self.folder}: the library was replaced, and cannot be read: {error}") from error
        warn_of_damage(store)
        try:
            # Reuse nothing of the previous library: its songs and models may have the same ids and names.
            snapshot = Snapshot(store, self.folder, engine=self._engine)
            snapshot.warm()
        except BaseException as error:
            store.close()
            if isinstance(error, AlccaError):
                raise NoLibraryError(f"{self.folder}: the library was replaced, and cannot be read: {error}") from error
            raise
        self._watched.close()
        self._watched, self._snapshot = store, snapshot

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
        pause, gone = SECONDS_BETWEEN_LOOKS, False
        while not self._closing.wait(pause):
            pause = SECONDS_BETWEEN_LOOKS
            try:
                self.check()
                if gone:
                    log.warning("%s: the folder holds a library again, which is now served", self.folder)
                gone = False
                with self._changing, self._watched.named_errors():
                    if self._watched.version == self._snapshot.version:
                        continue
                    started = time.monotonic()
                    snapshot = Snapshot(self._watched, self.folder, self._snapshot, self._engine)
                    snapshot.warm()
                    self._snapshot = snapshot
                pause = max(pause, (time.monotonic() - started) / MAX_SHARE)
            except NoLibraryError as error:
                if not gone:
                    log.error("%s", error)
                gone = True
            except AlccaError as error:
                # A model that is being replaced, or a damaged file: keep the last good snapshot.
                log.warning("the library has changed and cannot be read now: %s", error)
