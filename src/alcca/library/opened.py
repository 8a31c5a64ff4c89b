"""A library's folder, opened: its store, who may write to it, and what can be found in it."""

import contextlib
import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from alcca.cluster import Cluster, opened
from alcca.errors import DiskError, LibraryError, NoLibraryError, UsageError
from alcca.library.database import Access, is_library
from alcca.library.engines.choosing import EXACT, engine_named
from alcca.library.parts.transcripts import Transcripts
from alcca.library.records import Song
from alcca.library.snapshot import Snapshot
from alcca.library.status import describe
from alcca.library.store import Store
from alcca.persistence import disk_error

if TYPE_CHECKING:
    from types import TracebackType

    from alcca.transcripts import Transcript

__all__ = ["OpenedLibrary"]


class OpenedLibrary:
    """What a library is before anybody asks it for something; see `alcca.Library`."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        progress: bool = True,
        index: str = EXACT,
        cluster: Cluster | str | None = None,
    ) -> None:
        self.path = Path(path)
        self._engine = engine_named(index)
        self._progress = progress
        self._asked_cluster = cluster
        self._at_the_end = contextlib.ExitStack()
        self._seen: Snapshot | None = None
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path}: is a file; a library is a folder, name another place")
        self._found = self._find()

    def _find(self) -> Store:
        try:
            return Store(self.path, Access.THERE)
        except NoLibraryError:
            return Store(self.path, Access.NOWHERE)

    @property
    def _store(self) -> Store:
        # Another process may have made it meanwhile.
        if self._found.access is Access.NOWHERE and is_library(self.path):
            self._take(self._find())
        return self._found

    def _take(self, store: Store) -> None:
        self._found.close()
        self._found, self._seen = store, None

    @property
    def is_made(self) -> bool:
        """Whether there is a library on the disk: the first `add` makes it, and whoever only reads makes nothing."""
        return self._store.access is not Access.NOWHERE

    def _make(self) -> None:
        """Make the library on the disk, if there is none."""
        if self.is_made:
            return
        try:
            self._take(Store(self.path))
        except OSError as error:
            raise disk_error(error, self.path) or UsageError(
                f"{self.path}: cannot be made ({error.strerror}); name another place"
            ) from error

    def close(self) -> None:
        """Close the library's database, and that of its index; leave the cluster that it worked on."""
        self._engine.close()
        self._at_the_end.close()
        self._found.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other writers away, where there is a library already: else there is nothing to write about."""
        with self._only_writer() if self.is_made else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def _only_writer(self) -> Iterator[None]:
        """Make the library if there is none, and keep other writers away."""
        from filelock import FileLock, Timeout

        self._make()
        if self._store.is_stale:
            raise NoLibraryError(f"{self.path}: the library is gone, or is another one now; open it again")
        if self._store.hindrance is not None:
            raise DiskError(f"{self.path}: {self._store.hindrance}")
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
            with self._store.named_errors():
                yield
        finally:
            lock.release()

    @functools.cached_property
    def _cluster(self) -> Cluster | None:
        # Most of what a library is asked for needs none.
        return self._at_the_end.enter_context(opened(self._asked_cluster))

    @property
    def _snapshot(self) -> Snapshot:
        # Another process may have trained or added meanwhile: the version tells.
        if self._seen is None or self._seen.version != self._store.version:
            self._seen = Snapshot(self._store, self.path, self._seen, self._engine)
        return self._seen

    def transcripts(self, ids: Sequence[int]) -> "dict[int, Transcript]":
        """What was heard in songs, by id; songs that nobody has listened to are left out."""
        with self._store.named_errors():
            return {song: stored.transcript for song, stored in self._store.kept(Transcripts).of(ids).items()}

    def songs(self, ids: Sequence[int] | None = None) -> list[Song]:
        """All songs, those that cannot be used included; or those with the given ids, in that order."""
        return self._store.songs(ids)

    def status(self) -> dict[str, Any]:
        """What is in the library, what cannot be used and why, and what is trained; plain values.

        Returns
        -------
        dict
            ``songs``, ``usable`` (with audio and lyrics), ``audio_only``, ``lyrics_only``, ``labels`` and
            ``languages`` (name to count), ``lyrics_sources``, ``missing_files``, ``damaged`` (songs with a
            stored row that does not match its checksum), ``offset``, ``rejects`` (file and reason), ``model``
            (None, or when and on what it was trained, how many usable songs came since, and whether its files have
            ``checksums``), ``indexes`` (files that faiss keeps of the model's vectors: how made, and the recall that
            was measured), ``hearing`` (how many songs were ``heard``, are ``without_words`` or ``not_heard``, by which
            ``models``, in which ``languages``).
        """
        return describe(self._store, self.path)
