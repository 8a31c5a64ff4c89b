"""Putting a library's songs into the space of its model: here, in processes side by side, or on a cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import ClusterError
from alcca.indexing.features import encode_all, encoded, files_of, kept_as
from alcca.indexing.lyrics_features import CHUNK, TextReader
from alcca.progress import Progress
from alcca.space.embedder import Embedder
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store
from alcca.workers.cluster import Cluster

__all__ = ["embed_new", "embed_songs"]

# Tasks that are made ready at the same time; their features take some 200 MB.
READY = 256
Rows = Mapping[int, NDArray[np.float32]]
Vectors = dict[int, NDArray[np.float64]]


def embed_new(
    store: Store, name: str, embedder: Embedder, *, progress: bool, cluster: Cluster | None = None
) -> list[tuple[str, str]]:
    """Put songs that came after the training into the space of the model in use; files that cannot be, and why."""
    new = store.tables(Embeddings).missing(name)
    songs = store.songs(new)
    failed = encode_all(store, songs, embedder.audio, embedder.lyrics, progress=progress, cluster=cluster)
    embed_songs(store, name, embedder, new, progress=progress, cluster=cluster)
    return [(file, f"cannot be found by its {embedder.audio.name}: {reason}") for file, reason in files_of(failed)]


def embed_songs(
    store: Store,
    name: str,
    embedder: Embedder,
    ids: Sequence[int],
    *,
    progress: bool,
    cluster: Cluster | None = None,
    read: Rows | None = None,
) -> None:
    """Store the vectors of songs, of each view that a song has, under the model's ``name``.

    What their encoders make of the songs is kept already (`alcca.indexing.features.encode_all`); a song of which that
    could not be made has no vector of this view. An encoder of lyrics that learns reads them now, in as many processes
    as there are processors where that takes long; but for those songs of which is given, by number, what it has
    ``read``.
    """
    with Progress("embedding songs", total=len(ids), show=progress and bool(ids)) as bar:
        for chunk, (audio, lyrics) in _embedded(store, embedder, ids, cluster, read or {}):
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
    store: Store, embedder: Embedder, ids: Sequence[int], cluster: Cluster | None, read: Rows
) -> Iterator[tuple[_Chunk, tuple[Vectors, Vectors]]]:
    parts = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    shared = None if cluster is None else cluster.share(embedder)
    reader = TextReader(embedder.lyrics, sum(not all(song in read for song in part) for part in parts))
    for start in range(0, len(parts), READY):
        chunks = [_chunk(store, embedder, part, read) for part in parts[start : start + READY]]
        if cluster is not None:
            there = cluster.each(_vectors, [(shared, chunk) for chunk in chunks], _killed)
            yield from zip(chunks, there, strict=True)
            continue
        for chunk, rest in zip(chunks, reader.read(chunk.texts for chunk in chunks), strict=True):
            yield chunk, _vectors(embedder, chunk, rest)


def _killed(_: int) -> Any:
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


def _vectors(embedder: Embedder, chunk: _Chunk, rest: NDArray[np.float32] | None = None) -> tuple[Vectors, Vectors]:
    """Vectors of sound and of lyrics, by song; ``rest`` is what the encoder has made of the texts, if it has."""
    audio = {} if chunk.sounds is None else dict(zip(chunk.with_audio, embedder.embed_audio(chunk.sounds), strict=True))
    if not chunk.with_lyrics:
        return audio, {}
    if rest is None and chunk.texts:
        rest = embedder.lyrics.encode(chunk.texts)  # on a cluster
    features = np.concatenate([made for made in (chunk.features, rest) if made is not None])
    return audio, dict(zip(chunk.with_lyrics, embedder.embed_encoded_lyrics(features), strict=True))
