"""What encoders, a model and Whisper make of a library's songs on a cluster: what they make of them here."""

import os
import shutil
import signal

import numpy as np
import pytest
from tests.making import write_song

from alcca import Library
from alcca.cli import main as cli
from alcca.encoders.descriptors import DescriptorsEncoder
from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.errors import ClusterError
from alcca.indexing import features
from alcca.indexing.features import encode_missing, encode_songs
from alcca.speech.packaged import base_is_installed
from alcca.store.embeddings import Embeddings
from alcca.workers.cluster import Cluster
from alcca.workers.local import LocalWorkers

SONGS = 20


class Thirds(AudioEncoder):
    """The loudest samples of each third, times something of the whole batch: other batches would be another result."""

    name, shape, sample_rate = "thirds", (3,), 8_000

    def encode(self, recordings):
        return np.abs(recordings).reshape(len(recordings), 3, -1).max(axis=2) * (1 + recordings.std())


class Lengths(LyricsEncoder):
    name, shape = "lengths", (1,)

    def encode(self, texts):
        return np.array([[len(text)] for text in texts], np.float32)

    def known_words(self, text):
        return len(text.split())


class Wrong(LyricsEncoder):
    name, shape = "wrong", (1,)

    def encode(self, texts):
        os.kill(os.getpid(), signal.SIGKILL)

    def known_words(self, text):
        return 1


@pytest.fixture(scope="module")
def added_once(tmp_path_factory):
    place = tmp_path_factory.mktemp("added")
    for number in range(SONGS):
        write_song(place / "music" / f"song {number:02d}.wav", number, seconds=2)
    with Library(place / "library", progress=False) as library:
        library.add(place / "music")
    return place


@pytest.fixture
def added(added_once, tmp_path):
    """Gives the library anew each time it is called."""
    opened = []

    def make(name, **how):
        shutil.copytree(added_once / "library", tmp_path / name)
        opened.append(Library(tmp_path / name, progress=False, **how))
        return opened[-1]

    yield make
    for library in opened:
        library.close()


@pytest.mark.parametrize("encoder", [Thirds(), Lengths()])
def test_encoders_make_the_same_of_songs(cluster, added, encoder):
    here, there = added("here"), added("there")
    expected = encode_songs(here._store, here.songs(), encoder, LocalWorkers(2), progress=False)
    found = encode_songs(there._store, there.songs(), encoder, cluster, progress=False)
    np.testing.assert_array_equal(found, expected)


def die_of_seven(song, rate):
    if song.title == "song 07":
        os.kill(os.getpid(), signal.SIGKILL)
    return features._decode(song, rate)


def test_a_recording_that_kills_its_decoder_is_left_out_of_its_batch(cluster, added, monkeypatch):
    here, there = added("here"), added("there")
    rest = [song for song in here.songs() if song.title != "song 07"]
    expected = {}
    for start in range(0, SONGS, features.RECORDINGS):
        batch = [song for song in here.songs()[start : start + features.RECORDINGS] if song in rest]
        expected |= zip(
            (s.id for s in batch),
            encode_songs(here._store, batch, Thirds(), LocalWorkers(), progress=False),
            strict=True,
        )
    monkeypatch.setattr(features, "_decode", die_of_seven)
    failed = encode_missing(there._store, there.songs(), Thirds(), cluster, progress=False)
    assert [(song.title, reason) for song, reason in failed] == [
        ("song 07", "song 07.wav: the decoder crashed or hung on this file; convert it or remove it")
    ]
    found = encode_songs(there._store, rest, Thirds(), LocalWorkers(), progress=False)
    np.testing.assert_array_equal(found, [expected[song.id] for song in rest])


def test_an_encoder_that_ends_every_worker_is_told(on_living_workers, added):
    library = added("library")

    def encode(address):
        with Cluster(address) as cluster:
            encode_missing(library._store, library.songs(), Wrong(), cluster, progress=False)

    with pytest.raises(ClusterError, match="an encoder ended each worker that ran it"):
        on_living_workers(encode)


def test_descriptors_are_the_same(cluster, added):
    here, there = added("here"), added("there")
    songs = here.songs()[:6]
    expected = encode_songs(here._store, songs, DescriptorsEncoder(), LocalWorkers(1), progress=False)
    found = encode_songs(there._store, songs, DescriptorsEncoder(), cluster, progress=False)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("encoder", [None, "doc2vec"])
def test_a_library_that_is_trained_on_a_cluster_has_the_same_vectors(address, added, monkeypatch, encoder):
    monkeypatch.setattr("alcca.indexing.embed.CHUNK", 4)
    vectors = []
    for library in (added("here"), added("there", cluster=address)):
        library.train(components=3, lyrics_encoder=encoder)
        model = library._store.setting("model")["name"]
        kept = library._store.tables(Embeddings)
        vectors.append([part for view in ("audio", "lyrics") for part in kept.vectors(model, view)])
    for found, expected in zip(vectors[1], vectors[0], strict=True):
        np.testing.assert_array_equal(found, expected)


needs_whisper = pytest.mark.skipif(not base_is_installed(), reason="the extra hear is not installed")


@needs_whisper
@pytest.mark.parametrize("extent", ["slice", "song"])
def test_songs_are_heard_as_they_are_here(address, added, extent):
    found = []
    for library in (added("here"), added("there", cluster=address)):
        with library._store.transaction():
            library._store.drop_songs([song.id for song in library.songs()[3:]])
        report = library.hear(extent=extent, speech_model="base", offline=True)
        found.append((library.transcripts([song.id for song in library.songs()]), report.to_dict() | {"seconds": 0}))
    assert found[1] == found[0]
    assert found[0][1]["heard"] == 3


@needs_whisper
def test_adding_on_a_cluster_hears_too(address, tmp_path, capsys):
    write_song(tmp_path / "music" / "song.wav", 1, seconds=2)
    library = str(tmp_path / "library")
    call = ["add", str(tmp_path / "music"), "--library", library, "--cluster", address, "--hear", "slice", "--quiet"]
    assert cli.main([*call, "--offline"]) == 0
    assert "1 songs transcribed with base" in capsys.readouterr().out
    with Library(library, progress=False) as made:
        assert list(made.transcripts([1])) == [1]


@needs_whisper
def test_a_file_that_is_gone_is_named(address, added, tmp_path, added_once):
    library = added("there", cluster=address)
    with library._store.transaction():
        library._store.drop_songs([song.id for song in library.songs()[1:]])
    path = added_once / "music" / "song 00.wav"
    path.rename(tmp_path / "elsewhere.wav")
    try:
        report = library.hear(speech_model="base", offline=True)
    finally:
        (tmp_path / "elsewhere.wav").rename(path)
    assert report.heard == 0
    assert [file for file, _ in report.failures] == [str(path)]
    assert "cannot be read" in report.failures[0][1]
