"""Lyrics that an encoder reads one by one are read in processes where that takes long, and come out the same."""

import numpy as np
import pytest

from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.indexing import embed
from alcca.store.embeddings import VIEWS, Embeddings
from alcca.workers import local
from alcca.workers.local import LocalWorkers


@pytest.fixture
def with_doc2vec(library, monkeypatch):
    """A library whose lyrics are read by Doc2Vec, in chunks of four songs of which eight are made ready at a time."""
    monkeypatch.setattr(embed, "CHUNK", 4)
    monkeypatch.setattr(embed, "READY", 2)
    library.train(method="cca", components=3)
    return library


def vectors(library):
    model = library._store.setting("model")["name"]
    return {view: library._store.tables(Embeddings).vectors(model, view) for view in VIEWS}


def embedded_again(library):
    from alcca.space.embedder import Embedder

    name = library._store.setting("model")["name"]
    with library._store.transaction():
        library._store.tables(Embeddings).keep_only("none")
    embedder = Embedder.load(library.path / "models" / name)
    ids = [song.id for song in library.songs()]
    embed.embed_songs(library._store, name, embedder, ids, LocalWorkers(2), progress=False)
    return vectors(library)


def test_processes_make_the_same_vectors(with_doc2vec, monkeypatch):
    before = vectors(with_doc2vec)
    monkeypatch.setattr(local, "SECONDS_WORTH_PROCESSES", -1.0)
    # What is patched here is not in other processes: none of the vectors is computed in this one.
    monkeypatch.setattr(Doc2VecEncoder, "encode", None)
    after = embedded_again(with_doc2vec)
    for view in VIEWS:
        assert after[view][0] == before[view][0]
        np.testing.assert_array_equal(after[view][1], before[view][1])


def test_a_few_songs_are_read_here(with_doc2vec, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("processes for a few songs")

    before = vectors(with_doc2vec)
    monkeypatch.setattr("joblib.Parallel", refuse)
    after = embedded_again(with_doc2vec)
    np.testing.assert_array_equal(after["lyrics"][1], before["lyrics"][1])


def test_training_reads_each_song_s_lyrics_once(library, monkeypatch):
    read = []
    encode = Doc2VecEncoder.encode
    monkeypatch.setattr(Doc2VecEncoder, "encode", lambda self, texts: read.extend(texts) or encode(self, texts))
    library.train(method="cca", components=3)
    assert sorted(read) == sorted(song.lyrics for song in library.songs() if song.lyrics is not None)
    before = vectors(library)
    after = embedded_again(library)
    assert after["lyrics"][0] == before["lyrics"][0]
    np.testing.assert_array_equal(after["lyrics"][1], before["lyrics"][1])
