"""A library that many threads ask at once while other processes add songs to it or train it."""

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
from alcca.store.songs import Store

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["LiveLibrary"]

# How soon a change is looked for, and how much of the time reading it may take at most while changes go on.
SECONDS_BETWEEN_LOOKS = 1.0
MAX_SHARE = 0.2

log = logging.getLogger("alcca")


class LiveLibrary:
    """A library for a server: it only reads, makes nothing, and follows what other processes write.

    Searches ask `snapshot`, an unchanging picture of the library; a thread of its own takes a new one when the
    library has changed. What is too large for a snapshot, lyrics and paths, is read from a `store`, of which every
    thread that is reading has one for itself.

    When the folder goes, all calls raise `NoLibraryError` until a library is there again, whichever: it is opened then.

    Parameters
    ----------
    folder : path
        The library's folder.
    index : str
        Where songs are searched, as of `Library`.

    Raises
    ------
    NoLibraryError
        There is none in the folder.
    LibraryError
        The folder's database is damaged or written by a newer alcca; that of the index cannot be reached.
    UsageError, MissingExtraError
        As of `Library`.

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
        self._snapshot = Snapshot(self._watched, folder, engine=self._engine)
        self._snapshot.warm()
        # Held by whoever takes another snapshot, or opens another library.
        self._changing = threading.Lock()
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="alcca-watcher", daemon=True)
        self._watcher.start()

    @property
    def snapshot(self) -> Snapshot:
        """The library as it was a second or two ago; errors as `check`."""
        self.check()
        return self._snapshot

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """A store that no other thread uses meanwhile; for reading. Errors as `check`."""
        self.check()
        store = self._idle_store() or Store(self.folder, Access.THERE)
        try:
            with store.named_errors():
                yield store
        finally:
            self._idle.put(store)

    def _idle_store(self) -> Store | None:
        # SQLite's connections are not to be shared by threads; opened once, they are handed on.
        with contextlib.suppress(queue.Empty):
            while True:
                store = self._idle.get_nowait()
                if not store.is_stale:
                    return store
                store.close()
        return None

    def check(self) -> None:
        """See that the library is there; open the one that stands in its place now.

        Raises
        ------
        NoLibraryError
            There is none, or none that can be read.
        """
        if self._watched.is_stale:
            with self._changing:
                if self._watched.is_stale:
                    self._open_anew()

    def _open_anew(self) -> None:
        try:
            store = Store(self.folder, Access.THERE)
        except NoLibraryError as error:
            raise NoLibraryError(f"{self.folder}: the library is gone; put it back, or make one there anew") from error
        except AlccaError as error:
            raise NoLibraryError(f"{self.folder}: the library was replaced, and cannot be read: {error}") from error
        try:
            # Nothing of the one before: songs and models of this one may have the same numbers and names.
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
                    log.warning("%s: there is a library again, and it is served", self.folder)
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
                # A model that is just being replaced, or a damaged file: the last good picture stays.
                log.warning("the library has changed and cannot be read now: %s", error)
