"""Put a library's songs into the learned space of its model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from alcca.errors import ClusterError
from alcca.indexing.features import encode_all, encoded, files_of, kept_as
from alcca.indexing.lyrics_features import CHUNK
from alcca.progress import Progress
from alcca.space.embedder import Embedder
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store
from alcca.workers.workers import Workers, batched

__all__ = ["embed_new", "embed_songs"]

# Tasks that are made ready at the same time; their features take some 200 MB.
READY = 256
Rows = Mapping[int, NDArray[np.float32]]
Vectors = dict[int, NDArray[np.float64]]


def embed_new(
    store: Store, name: str, embedder: Embedder, workers: Workers, *, progress: bool
) -> list[tuple[str, str]]:
    """Embed songs that were added after the training; return the files that cannot be embedded, and the reasons."""
    new = store.tables(Embeddings).missing(name)
    songs = store.songs(new)
    failed = encode_all(store, songs, embedder.audio, embedder.lyrics, workers, progress=progress)
    embed_songs(store, name, embedder, new, workers, progress=progress)
    return [(file, f"cannot be found by its {embedder.audio.name}: {reason}") for file, reason in files_of(failed)]


def embed_songs(
    store: Store,
    name: str,
    embedder: Embedder,
    ids: Sequence[int],
    workers: Workers,
    *,
    progress: bool,
    read: Rows | None = None,
) -> None:
    """Store the vectors of songs, of each view that a song has, under the model's ``name``.

    The store has the encoders' outputs already (`alcca.indexing.features.encode_all`); a song without an output has no
    vector of that view. An encoder of lyrics that learns reads the lyrics now, but for songs whose output is given in
    ``read``, by id.
    """
    with Progress("embedding songs", total=len(ids), show=progress and bool(ids)) as bar:
        for chunk, (audio, lyrics) in _embedded(store, embedder, ids, workers, read or {}):
            with store.transaction():
                store.tables(Embeddings).put(name, chunk.ids, map(audio.get, chunk.ids), map(lyrics.get, chunk.ids))
            bar.update(len(chunk.ids))


@dataclass(frozen=True)
class _Chunk:
    """Some songs, and what those of them that have a view are embedded from."""

    ids: list[int]
    with_audio: list[int]
    sounds: NDArray[np.float32] | None
    with_lyrics: list[int]
    # What the encoder has made of the first of their lyrics, of all of them if it does not learn; the other lyrics.
    features: NDArray[np.float32] | None
    texts: list[str]


def _embedded(
    store: Store, embedder: Embedder, ids: Sequence[int], workers: Workers, read: Rows
) -> Iterator[tuple[_Chunk, tuple[Vectors, Vectors]]]:
    parts = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    shared = workers.share(embedder)
    for some in batched(parts, READY):
        chunks = [_chunk(store, embedder, part, read) for part in some]
        yield from zip(chunks, workers.map(_vectors, [(shared, chunk) for chunk in chunks], _killed), strict=True)


def _killed(_: int) -> NoReturn:
    raise ClusterError(
        "embedding songs ended each worker that tried, as happens when no memory is left; give the workers more, or "
        "do it without a cluster"
    )


def _chunk(store: Store, embedder: Embedder, ids: Sequence[int], read: Rows) -> _Chunk:
    songs = store.songs(ids)
    audio = encoded(store, [song for song in songs if song.audio is not None], embedder.audio)
    sounds = store.features(kept_as(embedder.audio), audio) if audio else None
    if not embedder.lyrics.learns:
        known = encoded(store, [song for song in songs if song.lyrics is not None], embedder.lyrics)
        made = store.features(kept_as(embedder.lyrics), known) if known else None
        return _Chunk([song.id for song in songs], audio, sounds, known, made, [])
    sung = {song.id: song.lyrics for song in songs if song.lyrics is not None}
    known = [song for song in sung if song in read]
    made = np.stack([read[song] for song in known]) if known else None
    unread = [song for song in sung if song not in read]
    return _Chunk([song.id for song in songs], audio, sounds, known + unread, made, [sung[song] for song in unread])


def _vectors(embedder: Embedder, chunk: _Chunk) -> tuple[Vectors, Vectors]:
    """Vectors of sound and of lyrics, by song."""
    audio = {} if chunk.sounds is None else dict(zip(chunk.with_audio, embedder.embed_audio(chunk.sounds), strict=True))
    if not chunk.with_lyrics:
        return audio, {}
    rest = embedder.lyrics.encode(chunk.texts) if chunk.texts else None
    features = np.concatenate([made for made in (chunk.features, rest) if made is not None])
    return audio, dict(zip(chunk.with_lyrics, embedder.embed_encoded_lyrics(features), strict=True))
