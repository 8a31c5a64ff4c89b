"""Putting a library's songs into the space of its model: here, in processes side by side, or on a cluster."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.cluster import Cluster
from alcca.encoders.encoder import LyricsEncoder
from alcca.errors import ClusterError
from alcca.library.embedder import Embedder
from alcca.library.encoding import encoded, kept_as
from alcca.library.material import encode_all, files_of
from alcca.library.parts.embeddings import Embeddings
from alcca.library.store import Store
from alcca.progress import Progress

__all__ = ["TextReader", "embed_new", "embed_songs"]

# Songs of a task, and of a commit.
CHUNK = 64
# Tasks that are made ready at the same time; their features take some 200 MB.
READY = 256
# Processes have a network library to load before they help.
SECONDS_WORTH_PROCESSES = 15.0


def embed_new(
    store: Store, name: str, embedder: Embedder, *, progress: bool, cluster: Cluster | None = None
) -> list[tuple[str, str]]:
    """Put songs that came after the training into the space of the model in use; files that cannot be, and why."""
    new = store.kept(Embeddings).missing(name)
    songs = store.songs(new)
    failed = encode_all(store, songs, embedder.audio, embedder.lyrics, progress=progress, cluster=cluster)
    embed_songs(store, name, embedder, new, progress=progress, cluster=cluster)
    return [(file, f"cannot be found by its {embedder.audio.name}: {reason}") for file, reason in files_of(failed)]


def embed_songs(
    store: Store, name: str, embedder: Embedder, ids: Sequence[int], *, progress: bool, cluster: Cluster | None = None
) -> None:
    """Store the vectors of songs, of each view that a song has, under the model's ``name``.

    What their encoders make of the songs is kept already (`alcca.library.material.encode_all`); a song of which that
    could not be made has no vector of this view. An encoder of lyrics that learns reads them now, in as many processes
    as there are processors where that takes long.
    """
    with Progress("embedding songs", total=len(ids), show=progress and bool(ids)) as bar:
        for chunk, (audio, lyrics) in _embedded(store, embedder, ids, cluster):
            with store.transaction():
                store.kept(Embeddings).put(name, chunk.ids, map(audio.get, chunk.ids), map(lyrics.get, chunk.ids))
            bar.update(len(chunk.ids))


@dataclass(frozen=True)
class _Chunk:
    """Some songs, and what those of them that have a view are embedded from."""

    ids: list[int]
    with_audio: list[int]
    sounds: NDArray[np.float32] | None
    with_lyrics: list[int]
    # Texts where the encoder of lyrics learns, else what it has made of them.
    lyrics: Any


Vectors = dict[int, NDArray[np.float64]]


def _embedded(
    store: Store, embedder: Embedder, ids: Sequence[int], cluster: Cluster | None
) -> Iterator[tuple[_Chunk, tuple[Vectors, Vectors]]]:
    parts = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
    shared = None if cluster is None else cluster.share(embedder)
    reader = TextReader(embedder.lyrics, len(parts))
    for start in range(0, len(parts), READY):
        chunks = [_chunk(store, embedder, part) for part in parts[start : start + READY]]
        if cluster is not None:
            there = cluster.each(_vectors, [(shared, chunk) for chunk in chunks], _killed)
            yield from zip(chunks, there, strict=True)
            continue
        if not embedder.lyrics.learns:
            yield from ((chunk, _vectors(embedder, chunk)) for chunk in chunks)
            continue
        for chunk, read in zip(chunks, reader.read([chunk.lyrics for chunk in chunks]), strict=True):
            yield chunk, _vectors(embedder, chunk, read)


class TextReader:
    """Encodes texts, a chunk at a time, with an encoder that learns, which reads them one by one.

    In processes where all chunks would take long: threads are no help, for half of the time goes into Python.

    Parameters
    ----------
    encoder : LyricsEncoder
        Fitted.
    chunks : int
        How many there will be, in all calls together.
    """

    def __init__(self, encoder: LyricsEncoder, chunks: int) -> None:
        self._encoder, self._left = encoder, chunks
        self._processes: int | None = None  # not yet known

    def read(self, texts: Sequence[Sequence[str]]) -> Iterator[NDArray[np.float32]]:
        """What is made of each chunk's texts, in order."""
        texts = list(texts)
        if texts and self._processes is None:
            started = time.monotonic()
            yield self._encoder.encode(texts.pop(0))
            seconds = (time.monotonic() - started) * (self._left - 1)
            self._processes = (os.cpu_count() or 1) if seconds > SECONDS_WORTH_PROCESSES else 1
        if self._processes == 1:
            yield from map(self._encoder.encode, texts)
            return
        from joblib import Parallel, delayed, parallel_config

        with parallel_config("loky", inner_max_num_threads=1):
            yield from Parallel(self._processes, return_as="generator")(
                delayed(self._encoder.encode)(some) for some in texts
            )


def _killed(_: int) -> Any:
    raise ClusterError(
        "embedding songs ended each worker that tried, as happens when no memory is left; give the workers more, or "
        "do it without a cluster"
    )


def _chunk(store: Store, embedder: Embedder, ids: Sequence[int]) -> _Chunk:
    songs = store.songs(ids)
    sung = [song for song in songs if song.lyrics is not None]
    audio = encoded(store, [song for song in songs if song.audio is not None], embedder.audio)
    sounds = store.features(kept_as(embedder.audio), audio) if audio else None
    if embedder.lyrics.learns:
        texts = [song.lyrics for song in sung]
        return _Chunk([song.id for song in songs], audio, sounds, [song.id for song in sung], texts)
    lyrics = encoded(store, sung, embedder.lyrics)
    features = store.features(kept_as(embedder.lyrics), lyrics) if lyrics else None
    return _Chunk([song.id for song in songs], audio, sounds, lyrics, features)


def _vectors(embedder: Embedder, chunk: _Chunk, read: Any = None) -> tuple[Vectors, Vectors]:
    """Vectors of sound and of lyrics, by song; ``read`` is what the encoder has made of the lyrics, if it has."""
    audio = {} if chunk.sounds is None else dict(zip(chunk.with_audio, embedder.embed_audio(chunk.sounds), strict=True))
    if not chunk.with_lyrics:
        return audio, {}
    if read is None:
        read = embedder.lyrics.encode(chunk.lyrics) if embedder.lyrics.learns else chunk.lyrics
    return audio, dict(zip(chunk.with_lyrics, embedder.embed_encoded_lyrics(read), strict=True))
