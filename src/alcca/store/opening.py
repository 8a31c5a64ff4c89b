"""Opening a library's store: it is created by the first write, and locked while something is written."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from alcca.errors import DiskError, LibraryError, NoLibraryError, UsageError
from alcca.persistence import disk_error
from alcca.persistence.trusted import is_trusted_address
from alcca.store.database import Access, is_library
from alcca.store.seal import break_seal
from alcca.store.songs import Store
from alcca.store.sqlite_errors import DATABASE, REMEDY

__all__ = ["OpenStore", "warn_of_damage"]

log = logging.getLogger("alcca")


def _check_addresses(store: Store) -> None:
    """Refuse to read music from where the user has never read any: a library may name any address."""
    untrusted = next((path for path in store.addresses() if not is_trusted_address(path)), None)
    if untrusted is not None:
        place = untrusted.rpartition("/")[0]
        raise LibraryError(
            f"{store.folder}: names music at {place}, which is read only with your permission; if you trust it, run "
            f"the command again with --trust {place} (or an address above it)"
        )


def warn_of_damage(store: Store) -> bool:
    """Warn if the database has changed since alcca wrote it; return whether it has."""
    if not store.seal_is_broken:
        return False
    log.warning(
        "%s: has changed since alcca wrote it, so it is damaged, and results may lack songs; %s",
        store.folder / DATABASE,
        REMEDY,
    )
    return True


class OpenStore:
    """The store in a folder that may not exist yet, and the lock against other writers.

    Parameters
    ----------
    path : path
        The library's folder.

    Raises
    ------
    UsageError
        ``path`` is a file.
    LibraryError
        The folder's database is damaged or was written by a newer alcca.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path}: is a file, but a library is a folder; give another path")
        self._store = self._find()

    def _find(self) -> Store:
        try:
            store = Store(self.path, Access.THERE)
        except NoLibraryError:
            return Store(self.path, Access.NOWHERE)
        warn_of_damage(store)
        return store

    @property
    def store(self) -> Store:
        """The store in use; it is replaced once a library has been created in the folder."""
        # Another process may have created the library meanwhile.
        if self._store.access is Access.NOWHERE and is_library(self.path):
            self._replace(self._find())
        return self._store

    def _replace(self, store: Store) -> None:
        self._store.close()
        self._store = store

    @property
    def is_made(self) -> bool:
        """Whether the folder holds a library."""
        return self.store.access is not Access.NOWHERE

    @contextlib.contextmanager
    def writing(self) -> Iterator[Store]:
        """Create the library if there is none, lock it against other writers, and yield the store.

        Indexes of a library whose seal is broken are first built anew, and all its files are read again by the next
        `add`; at the end the library is sealed.

        Raises
        ------
        DiskError
            The disk is full or read-only.
        LibraryError
            Another process is writing, or the library was removed.
        """
        from filelock import FileLock, Timeout

        self._make()
        store = self.store
        if store.is_stale:
            raise NoLibraryError(f"{self.path}: the library was removed or replaced; open it again")
        if store.hindrance is not None:
            raise DiskError(f"{self.path}: {store.hindrance}")
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise LibraryError(
                f"{self.path}: another process is adding to this library or training it; wait until it is done"
            ) from error
        except OSError as error:
            raise disk_error(error, self.path) or LibraryError(
                f"{self.path}: cannot be written ({error.strerror}); check its permissions"
            ) from error
        try:
            with store.named_errors():
                _check_addresses(store)
                if store.seal_is_broken:
                    with store.transaction():
                        store.rebuild_indexes()
                        store.distrust_files()
                    break_seal(self.path, repaired=True)
                yield store
                store.seal()
        finally:
            lock.release()

    @contextlib.contextmanager
    def writing_if_made(self) -> Iterator[Store]:
        """As `writing`, but does not create a library that does not exist: there is nothing to update."""
        if self.is_made:
            with self.writing() as store:
                yield store
        else:
            yield self.store

    def _make(self) -> None:
        if self.is_made:
            return
        try:
            self._replace(Store(self.path))
        except OSError as error:
            raise disk_error(error, self.path) or UsageError(
                f"{self.path}: cannot be created ({error.strerror}); give another path"
            ) from error

    def close(self) -> None:
        """Close the database."""
        self._store.close()
