"""What encoders make of a library's songs: computed once for each, kept beside the MFCC, and read from there.

Worker processes decode the recordings; this process encodes them, a batch at a time, so that a network is loaded once
and has all cores. On a cluster its workers do both, each with a network of its own. What is done is kept when the work
is interrupted.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import MFCC, AudioEncoder, Encoder, LyricsEncoder, encode_checked
from alcca.errors import AlccaError, ClusterError, DiskError, LibraryError
from alcca.indexing import descriptors
from alcca.indexing.song_files import read_again
from alcca.progress import Progress
from alcca.songs.audio import read_slice
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.workers.cluster import Cluster
from alcca.workers.pool import SECONDS_BEFORE_KILL, ends_when_stuck, read_each, start_reader

__all__ = ["encode_all", "encode_missing", "encode_songs", "encoded", "files_of", "is_kept", "kept_as", "unencoded"]

# Eight slices at 48 kHz take 46 MB.
RECORDINGS, ROWS = 8, 256
# Views of a data set, and what the store calls those that were there before there were encoders.
VIEWS = {"audio_frames": "mfcc", "audio_descriptors": descriptors.KIND}

T = TypeVar("T")


def is_kept(encoder: Encoder) -> bool:
    """Whether a library keeps what an encoder makes: not what learns from songs, and not what is a view already."""
    return not encoder.learns and not (isinstance(encoder, AudioEncoder) and encoder.view is not None)


def kept_as(encoder: Encoder) -> str:
    """What the store calls that which an encoder makes."""
    view = encoder.view if isinstance(encoder, AudioEncoder) else None
    return VIEWS.get(view or "", encoder.key)


def unencoded(store: Store, songs: Sequence[Song], encoder: Encoder) -> list[Song]:
    """Those of the songs for which the store has nothing of this encoder, or something damaged, in their order."""
    missing = frozenset(store.without_features(kept_as(encoder), [song.id for song in songs]))
    return [song for song in songs if song.id in missing]


def encoded(store: Store, songs: Sequence[Song], encoder: Encoder) -> list[int]:
    """Ids of those of the songs for which the store has something of this encoder, in their order.

    MFCC every song has, or it is damaged, and whoever reads them is told so.
    """
    missing = set() if kept_as(encoder) == VIEWS["audio_frames"] else {s.id for s in unencoded(store, songs, encoder)}
    return [song.id for song in songs if song.id not in missing]


def encode_songs(
    store: Store,
    songs: Sequence[Song],
    encoder: Encoder,
    *,
    jobs: int | None = None,
    progress: bool = True,
    cluster: Cluster | None = None,
) -> NDArray[np.float32]:
    """What an encoder makes of songs, shape (len(songs), *shape), in their order.

    Parameters
    ----------
    store : Store
        The library's store. While songs are `unencoded`, nothing else may write to it.
    songs : sequence of Song
        Songs of the store: with usable audio, or with lyrics.
    encoder : AudioEncoder or LyricsEncoder
        One that does not learn.
    jobs : int, optional
        Worker processes that decode; as many as there are processors when not given.
    progress : bool
        Show on standard error how far the work has come.
    cluster : Cluster, optional
        Whose workers, which see the files and have the encoder's package and weights, do it instead.

    Raises
    ------
    LibraryError
        The file of a song is missing, has changed or cannot be read. The other songs are done by then.
    DataError
        The encoder does not make what it says.
    """
    failed = encode_missing(store, songs, encoder, jobs=jobs, progress=progress, cluster=cluster)
    if failed:
        song, reason = failed[0]
        raise LibraryError(
            f"{store.folder}: {len(failed)} songs cannot be encoded with {encoder.name}, the first is {song.title!r} "
            f"({reason}); run alcca add on their folder again, or leave the encoder out"
        )
    return store.features(kept_as(encoder), [song.id for song in songs])


def encode_missing(
    store: Store,
    songs: Sequence[Song],
    encoder: Encoder,
    *,
    jobs: int | None = None,
    progress: bool = True,
    cluster: Cluster | None = None,
) -> list[tuple[Song, str]]:
    """Encode those of the songs that are `unencoded`; give back those that cannot be encoded, and why.

    Parameters and errors as `encode_songs`, but for the songs that cannot be encoded.
    """
    if kept_as(encoder) == VIEWS["audio_frames"]:
        # Kept of every song since it was added.
        return []
    if kept_as(encoder) == descriptors.KIND:
        return descriptors.describe_missing(store, songs, jobs=jobs, progress=progress, cluster=cluster)
    missing = unencoded(store, songs, encoder)
    failed: list[_Read] = []
    with Progress(f"encoding with {encoder.name}", total=len(missing), show=progress and bool(missing)) as bar:
        for batch in _made(store, missing, encoder, jobs, cluster):
            failed += [made for made in batch if made.values is None]
            _keep(store, encoder, batch)
            bar.update(len(batch))
    return [(one.song, one.reason or "") for one in failed]


@dataclass(frozen=True)
class _Read:
    """What an encoder reads of a song, or makes of it, or the reason why there is nothing."""

    song: Song
    values: Any = None
    reason: str | None = None


Batch = tuple[_Read, ...]


def _made(
    store: Store, songs: Sequence[Song], encoder: Encoder, jobs: int | None, cluster: Cluster | None
) -> Iterator[Batch]:
    """What an encoder makes of songs, some at a time."""
    if isinstance(encoder, LyricsEncoder):
        batches: Iterator[Batch] = _batched((_Read(song, song.lyrics or "") for song in songs), ROWS)
        if cluster is None:
            yield from (_encoded(encoder, batch) for batch in batches)
        else:
            shared = cluster.share(encoder)
            yield from cluster.each(_encoded, [(shared, batch) for batch in batches], _killed)
    elif isinstance(encoder, AudioEncoder) and encoder.reads == MFCC:
        for some in _batched(songs, ROWS):
            # They are here, and what is made of them takes less time than a journey.
            frames = store.features("mfcc", [song.id for song in some])
            yield _encoded(encoder, tuple(_Read(song, values) for song, values in zip(some, frames, strict=True)))
    elif isinstance(encoder, AudioEncoder) and cluster is None:
        read = partial(_decode, rate=encoder.sample_rate)
        for batch in _batched(read_each(read, songs, _crashed, pool=_pool, jobs=jobs), RECORDINGS):
            yield _encoded(encoder, batch)
    elif isinstance(encoder, AudioEncoder) and cluster is not None:
        yield from _made_there(songs, encoder, cluster)


def _encoded(encoder: Any, batch: Batch) -> Batch:
    """What an encoder makes of what it reads."""
    good = [read for read in batch if read.values is not None]
    if not good:
        return batch
    values = [read.values for read in good]
    found = encode_checked(encoder, values if isinstance(encoder, LyricsEncoder) else np.stack(values))
    rows = iter(found)
    return tuple(read if read.values is None else replace(read, values=next(rows)) for read in batch)


def _keep(store: Store, encoder: Encoder, batch: Batch) -> None:
    with store.transaction():
        for made in batch:
            if made.values is not None:
                store.put_features(made.song.id, kept_as(encoder), made.values)


# On the workers of a cluster


def _made_there(songs: Sequence[Song], encoder: AudioEncoder, cluster: Cluster) -> Iterator[Batch]:
    """The same batches as here, so that no rounding is another."""
    batches = list(_batched(songs, RECORDINGS))
    shared = cluster.share(encoder)
    deadly: list[int] = []

    def put_off(number: int) -> Batch:
        deadly.append(number)
        return ()

    yield from cluster.each(_decode_and_encode, [(shared, batch) for batch in batches], put_off)
    for number in deadly:
        # Which of the recordings is it? That one is left out, the others are encoded together.
        batch = batches[number]
        tried = list(cluster.each(_try, [(shared, song) for song in batch], partial(_crashed_of, batch)))
        good = tuple(made.song for made in tried if made.reason is None)
        yield from cluster.each(_decode_and_encode, [(shared, good)] if good else [], _killed)
        yield tuple(made for made in tried if made.reason is not None)


def _decode_and_encode(encoder: AudioEncoder, songs: Sequence[Song]) -> Batch:
    return _encoded(encoder, tuple(_decode(song, encoder.sample_rate) for song in songs))


def _try(encoder: AudioEncoder, song: Song) -> _Read:
    """What comes of a song, without the samples."""
    return replace(_decode(song, encoder.sample_rate), values=None)


def _crashed_of(songs: Sequence[Song], number: int) -> _Read:
    return _crashed(songs[number])


def _killed(_: int) -> Any:
    raise ClusterError(
        "an encoder ended each worker that ran it, as happens when no memory is left; give the workers more, or encode "
        "without a cluster"
    )


def _batched(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    # itertools has it from Python 3.12 on.
    source = iter(values)
    while batch := tuple(islice(source, size)):
        yield batch


# In worker processes


def _pool(workers: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(max_workers=workers, initializer=start_reader)


def _decode(song: Song, rate: int) -> _Read:
    with ends_when_stuck(SECONDS_BEFORE_KILL):
        try:
            offset = None if song.audio is None else song.audio.offset
            return _Read(song, read_again(song, lambda path: read_slice(path, rate=rate, offset=offset).samples))
        except DiskError:
            raise
        except AlccaError as error:
            return _Read(song, reason=str(error))


def _crashed(song: Song) -> _Read:
    names = ", ".join(os.path.basename(path) for path in song.paths)  # noqa: PTH119 - a text, not a file
    return _Read(song, reason=f"{names}: the decoder crashed or hung on this file")


def encode_all(
    store: Store,
    songs: Sequence[Song],
    audio: AudioEncoder,
    lyrics: LyricsEncoder,
    *,
    progress: bool,
    cluster: Cluster | None = None,
) -> list[tuple[Song, str]]:
    """Encode what is still to be encoded of songs, of each side that a song has; give back failures and their reasons.

    What the store keeps of encoders is then whole but for those. Encoders that learn are left out.
    """
    how: dict[str, Any] = {"progress": progress, "cluster": cluster}
    failed = encode_missing(store, [song for song in songs if song.audio is not None], audio, **how)
    if not lyrics.learns:
        failed += encode_missing(store, [song for song in songs if song.lyrics is not None], lyrics, **how)
    return failed


def files_of(failed: Sequence[tuple[Song, str]]) -> list[tuple[str, str]]:
    """The files of songs, and what is wrong with each."""
    return [(song.paths[0] if song.paths else song.title, reason) for song, reason in failed]
