"""What encoders make of a library's songs: computed once for each, kept beside the MFCC, and read from there.

Workers decode the recordings. A network encodes them a batch at a time where it has room (`Workers.each_with_model`);
an encoder that is `AudioEncoder.parallel` runs in the workers that decode. What is done is kept when the work is
interrupted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import MFCC, AudioEncoder, Encoder, LyricsEncoder, encode_checked
from alcca.errors import AlccaError, ClusterError, DiskError, LibraryError
from alcca.indexing.song_files import crash_reason, read_again
from alcca.progress import Progress
from alcca.songs.audio import read_slice
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.workers.patience import SECONDS_BEFORE_KILL, ends_when_stuck
from alcca.workers.workers import Given, ModelWork, Workers, batched

__all__ = ["encode_all", "encode_missing", "encode_songs", "encoded", "files_of", "is_kept", "kept_as", "unencoded"]

# Eight slices at 48 kHz take 46 MB.
RECORDINGS, ROWS = 8, 256
# Views of a data set, and what the store calls those that were there before there were encoders. Descriptors that are
# computed differently need another name: the stored ones stay.
VIEWS = {"audio_frames": "mfcc", "audio_descriptors": "descriptors"}


def is_kept(encoder: Encoder) -> bool:
    """Whether a library stores the output of an encoder: not if it learns from songs, or if it is a view already."""
    return not encoder.learns and not (isinstance(encoder, AudioEncoder) and encoder.view is not None)


def kept_as(encoder: Encoder) -> str:
    """The store's name for the output of an encoder."""
    view = encoder.view if isinstance(encoder, AudioEncoder) else None
    return VIEWS.get(view or "", encoder.key)


def unencoded(store: Store, songs: Sequence[Song], encoder: Encoder) -> list[Song]:
    """Those of the songs for which the store has no output of this encoder, or a damaged one, in their order."""
    missing = frozenset(store.without_features(kept_as(encoder), [song.id for song in songs]))
    return [song for song in songs if song.id in missing]


def encoded(store: Store, songs: Sequence[Song], encoder: Encoder) -> list[int]:
    """Ids of those of the songs for which the store has the output of this encoder, in their order.

    Every song has MFCC. If they are damaged, reading them raises an error.
    """
    missing = set() if kept_as(encoder) == VIEWS["audio_frames"] else {s.id for s in unencoded(store, songs, encoder)}
    return [song.id for song in songs if song.id not in missing]


def encode_songs(
    store: Store, songs: Sequence[Song], encoder: Encoder, workers: Workers, *, progress: bool = True
) -> NDArray[np.float32]:
    """The output of an encoder for songs, shape (len(songs), *shape), in their order.

    Parameters
    ----------
    store : Store
        The library's store. While songs are `unencoded`, nothing else may write to it.
    songs : sequence of Song
        Songs of the store: with usable audio, or with lyrics.
    encoder : AudioEncoder or LyricsEncoder
        One that does not learn.
    workers : Workers
        See the files, and have the encoder's package and weights.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    LibraryError
        The file of a song is missing, has changed or cannot be read. The other songs are done by then.
    DataError
        The output does not have the encoder's shape, or is not finite.
    """
    failed = encode_missing(store, songs, encoder, workers, progress=progress)
    if failed:
        song, reason = failed[0]
        raise LibraryError(
            f"{store.folder}: {len(failed)} songs cannot be encoded with {encoder.name}, the first is {song.title!r} "
            f"({reason}); run alcca add on their folder again, or leave the encoder out"
        )
    return store.features(kept_as(encoder), [song.id for song in songs])


def encode_missing(
    store: Store, songs: Sequence[Song], encoder: Encoder, workers: Workers, *, progress: bool = True
) -> list[tuple[Song, str]]:
    """Encode those of the songs that are `unencoded`; return those that cannot be encoded, and the reasons.

    Parameters and errors as `encode_songs`, but for the songs that cannot be encoded.
    """
    if kept_as(encoder) == VIEWS["audio_frames"]:
        # Every song has them since it was added.
        return []
    missing = unencoded(store, songs, encoder)
    failed: list[_Encoded] = []
    with Progress(f"encoding with {encoder.name}", total=len(missing), show=progress and bool(missing)) as bar:
        for batch in _outputs(store, missing, encoder, workers):
            failed += [output for output in batch if output.values is None]
            _keep(store, encoder, batch)
            bar.update(len(batch))
    return [(output.song, output.reason or "") for output in failed]


@dataclass(frozen=True)
class _Encoded:
    """The input or the output of an encoder for a song, or the reason why there is none."""

    song: Song
    values: Any = None
    reason: str | None = None


Batch = Sequence[_Encoded]


def _outputs(store: Store, songs: Sequence[Song], encoder: Encoder, workers: Workers) -> Iterator[Batch]:
    """The outputs of an encoder for songs, some at a time."""
    if isinstance(encoder, LyricsEncoder):
        texts = [_Encoded(song, song.lyrics or "") for song in songs]
        yield from workers.each_with_model(ModelWork(Given(encoder), _encode, _killed, size=ROWS), texts)
    elif isinstance(encoder, AudioEncoder) and encoder.reads == MFCC:
        for some in batched(songs, ROWS):
            # They are here, and encoding them takes less time than a journey.
            frames = store.features("mfcc", [song.id for song in some])
            yield _encode(encoder, tuple(_Encoded(song, values) for song, values in zip(some, frames, strict=True)))
    elif isinstance(encoder, AudioEncoder) and encoder.parallel:
        shared = workers.share(encoder)
        calls = [(shared, song) for song in songs]
        outputs = workers.each(_decode_and_encode, calls, lambda number: _crashed(songs[number]))
        yield from ((output,) for output in outputs)
    elif isinstance(encoder, AudioEncoder):
        read = partial(_decode, rate=encoder.sample_rate)
        work = ModelWork(Given(encoder), _encode, _killed, read, _crashed, size=RECORDINGS)
        yield from workers.each_with_model(work, songs)


def _encode(encoder: Any, batch: Sequence[_Encoded]) -> Batch:
    """Encode a batch; inputs that could not be read stay as they are."""
    inputs = [read.values for read in batch if read.values is not None]
    if not inputs:
        return tuple(batch)
    rows = iter(encode_checked(encoder, inputs if isinstance(encoder, LyricsEncoder) else np.stack(inputs)))
    return tuple(read if read.values is None else replace(read, values=next(rows)) for read in batch)


def _keep(store: Store, encoder: Encoder, batch: Batch) -> None:
    with store.transaction():
        for output in batch:
            if output.values is not None:
                store.put_features(output.song.id, kept_as(encoder), output.values)


def _killed(_: object) -> Any:
    raise ClusterError(
        "an encoder ended each worker that ran it, as happens when no memory is left; give the workers more, or encode "
        "without a cluster"
    )


# In the workers


def _decode(song: Song, rate: int) -> _Encoded:
    with ends_when_stuck(SECONDS_BEFORE_KILL) as reached:
        return _read(song, rate, reached)


def _read(song: Song, rate: int, reached: Callable[[], object]) -> _Encoded:
    try:
        offset = None if song.audio is None else song.audio.offset
        samples = read_again(
            song, lambda path, cut: read_slice(path, rate=rate, offset=offset, cut=cut).samples, reached
        )
        return _Encoded(song, samples)
    except DiskError:
        raise
    except AlccaError as error:
        return _Encoded(song, reason=str(error))


def _decode_and_encode(encoder: AudioEncoder, song: Song) -> _Encoded:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    _prepare(encoder)
    # The other processors have other songs.
    with ends_when_stuck(SECONDS_BEFORE_KILL) as reached, threadpool_limits(limits=1):
        read = _read(song, encoder.sample_rate, reached)
        try:
            return _encode(encoder, (read,))[0]
        except AlccaError as error:
            return _Encoded(song, reason=str(error))


@lru_cache(maxsize=8)
def _prepare(encoder: AudioEncoder) -> None:
    encoder.prepare()


def _crashed(song: Song) -> _Encoded:
    return _Encoded(song, reason=crash_reason(song.paths))


def encode_all(
    store: Store,
    songs: Sequence[Song],
    audio: AudioEncoder,
    lyrics: LyricsEncoder,
    workers: Workers,
    *,
    progress: bool,
) -> list[tuple[Song, str]]:
    """Encode what is still to be encoded of songs, of each side that a song has; give back failures and their reasons.

    What the store keeps of encoders is then whole but for those. Encoders that learn are left out.
    """
    with_audio = [song for song in songs if song.audio is not None]
    failed = encode_missing(store, with_audio, audio, workers, progress=progress)
    if not lyrics.learns:
        with_lyrics = [song for song in songs if song.lyrics is not None]
        failed += encode_missing(store, with_lyrics, lyrics, workers, progress=progress)
    return failed


def files_of(failed: Sequence[tuple[Song, str]]) -> list[tuple[str, str]]:
    """The files of songs, and what is wrong with each."""
    return [(song.paths[0] if song.paths else song.title, reason) for song, reason in failed]
