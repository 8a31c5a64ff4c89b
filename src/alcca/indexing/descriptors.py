"""The descriptors of a library's songs: computed once from their files, or taken from a user's own table."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.descriptors import DescriptorsEncoder
from alcca.errors import AlccaError, DiskError, LibraryError
from alcca.features.descriptors import track_descriptors
from alcca.indexing.descriptor_table import read_descriptors_csv
from alcca.indexing.song_files import read_again
from alcca.progress import Progress
from alcca.songs.audio import read_slice
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.workers.cluster import Cluster
from alcca.workers.pool import BATCH, SECONDS_BEFORE_KILL, ends_when_stuck, read_each, start_reader

__all__ = ["KIND", "describe_missing", "library_descriptors", "undescribed"]

# What the store calls them. Descriptors that are computed differently need another name: the stored ones stay.
KIND = "descriptors"
# Each worker has one processor. Threads of the linear algebra library between them double the time a song takes.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def library_descriptors(
    store: Store,
    songs: Sequence[Song],
    *,
    csv: Path | str | None = None,
    jobs: int | None = None,
    progress: bool = True,
    cluster: Cluster | None = None,
) -> NDArray[np.float32]:
    """Descriptors of songs, shape (len(songs), d), in their order.

    They are computed from the same slice of the same file content as the song's other features, in worker
    processes, and stored: what is done is kept when the work is interrupted, and read the next time.

    Parameters
    ----------
    store : Store
        The library's store. While songs are `undescribed`, nothing else may write to it.
    songs : sequence of Song
        Songs of the store, with usable audio.
    csv : path, optional
        A table of descriptors to take instead; see `read_descriptors_csv`. Nothing is computed or stored.
    jobs : int, optional
        Worker processes; as many as there are processors when not given.
    progress : bool
        Show on standard error how far the work has come.
    cluster : Cluster, optional
        Whose workers, which see the files, do it instead.

    Returns
    -------
    array of shape (len(songs), d), float32
        d is 65, `track_descriptors`, or the number of numeric columns in ``csv``.

    Raises
    ------
    LibraryError
        The file of a song is missing, has changed or cannot be read. The other songs are done by then.
    DataError
        ``csv`` cannot be used, or lacks a song.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> store = Store(pathlib.Path(tempfile.mkdtemp()))
    >>> library_descriptors(store, []).shape[0]
    0
    """
    if csv is not None:
        return read_descriptors_csv(csv).of(songs)
    failed = describe_missing(store, songs, jobs=jobs, progress=progress, cluster=cluster)
    if failed:
        song, reason = failed[0]
        raise LibraryError(
            f"{store.folder}: {len(failed)} songs cannot be described, the first is {song.title!r} ({reason}); run "
            "alcca add on their folder again, or leave out the method that needs descriptors"
        )
    return store.features(KIND, [song.id for song in songs])


def undescribed(store: Store, songs: Sequence[Song]) -> list[Song]:
    """Those of the songs whose descriptors are not stored yet, in their order."""
    missing = frozenset(store.without_features(KIND, [song.id for song in songs]))
    return [song for song in songs if song.id in missing]


@dataclass(frozen=True)
class _Described:
    song: Song
    values: NDArray[np.float32] | None = None
    reason: str | None = None


def describe_missing(
    store: Store, songs: Sequence[Song], *, jobs: int | None, progress: bool, cluster: Cluster | None = None
) -> list[tuple[Song, str]]:
    """Describe those of the songs that are `undescribed`; give back those that cannot be described, and why."""
    missing = undescribed(store, songs)
    batch: list[_Described] = []
    failed: list[_Described] = []
    with Progress("describing songs", total=len(missing), show=progress and bool(missing)) as bar:
        try:
            for described in _describe_all(missing, jobs, cluster):
                (failed if described.values is None else batch).append(described)
                bar.update()
                if len(batch) >= BATCH:
                    _write(store, batch)
                    batch = []
        finally:
            # Ctrl-C comes through here too: what was computed is kept.
            _write(store, batch)
    return [(one.song, one.reason or "") for one in failed]


def _write(store: Store, batch: Sequence[_Described]) -> None:
    with store.transaction():
        for described in batch:
            if described.values is not None:
                store.put_features(described.song.id, KIND, described.values)


def _describe_all(songs: Sequence[Song], jobs: int | None, cluster: Cluster | None) -> Iterator[_Described]:
    if cluster is None:
        return read_each(_describe, songs, _crashed, pool=_pool, jobs=jobs)
    return cluster.each(_describe_there, [(song,) for song in songs], lambda number: _crashed(songs[number]))


# In worker processes


def _describe_there(song: Song) -> _Described:
    """The same on a worker of a cluster, whose processors have other songs."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    _prepare()
    threadpool_limits(limits=1)
    return _describe(song)


@cache
def _prepare() -> None:
    DescriptorsEncoder().prepare()


def _pool(workers: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(max_workers=workers, initializer=_start_worker, env=ONE_THREAD)


def _start_worker() -> None:
    start_reader()
    _prepare()


def _describe(song: Song) -> _Described:
    with ends_when_stuck(SECONDS_BEFORE_KILL):
        offset = None if song.audio is None else song.audio.offset
        try:
            return _Described(
                song, read_again(song, lambda path: track_descriptors(read_slice(path, offset=offset).samples))
            )
        except DiskError:
            raise
        except AlccaError as error:
            return _Described(song, reason=str(error))


def _crashed(song: Song) -> _Described:
    names = ", ".join(os.path.basename(path) for path in song.paths)  # noqa: PTH119 - a text, not a file
    return _Described(song, reason=f"{names}: the decoder crashed or hung on this file")
