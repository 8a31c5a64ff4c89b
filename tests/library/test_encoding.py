"""What encoders make of a library's songs: computed once, kept, and never that of another sound or other words."""

import shutil
import sqlite3
from concurrent.futures import Future

import numpy as np
import pytest
from filelock import FileLock
from tests.making import write_song

from alcca import Library
from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.encoders.mfcc import MfccEncoder, MfccStatsEncoder
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import DataError, LibraryError
from alcca.library import encoding, ingest, training
from alcca.library.encoding import encode_songs, is_kept, unencoded
from alcca.songs.audio import read_slice

SONGS = 10
POOL = encoding._pool


class Peaks(AudioEncoder):
    """The loudest samples of each third of the slice; counts what it is asked."""

    name, shape, sample_rate = "peaks", (3,), 8_000

    def __init__(self):
        self._asked = 0

    def encode(self, recordings):
        self._asked += len(recordings)
        return np.abs(recordings).reshape(len(recordings), 3, -1).max(axis=2)


class Lengths(LyricsEncoder):
    name, shape = "lengths", (1,)

    def __init__(self):
        self._asked = []

    def encode(self, texts):
        self._asked += texts
        return np.array([[len(text)] for text in texts], np.float32)

    def known_words(self, text):
        return len(text.split())


class Inline:
    """An executor in this process, which starts at once."""

    def submit(self, work, task):
        future = Future()
        future.set_result(work(task))
        return future

    def shutdown(self, **_):
        pass


@pytest.fixture(autouse=True, scope="module")
def _inline():
    with pytest.MonkeyPatch.context() as patch:

        def pool(workers, settled):
            patch.setattr(ingest, "_settled", settled)
            return Inline()

        patch.setattr(ingest, "_pool", pool)
        patch.setattr(encoding, "_pool", lambda workers: Inline())
        yield


@pytest.fixture(scope="module")
def added_once(tmp_path_factory, _inline):
    place = tmp_path_factory.mktemp("added")
    for number in range(SONGS):
        write_song(place / "music" / f"song {number}.wav", number, seconds=35 if number == 0 else 4)
    with Library(place / "library", progress=False) as library:
        library.add(place / "music", hear="off")
    return place


@pytest.fixture
def music(added_once):
    """The files that the library knows; a test that changes them changes them back by the copy."""
    kept = added_once / "kept"
    shutil.copytree(added_once / "music", kept)
    yield added_once / "music"
    shutil.rmtree(added_once / "music")
    kept.rename(added_once / "music")


@pytest.fixture
def library(music, tmp_path):
    shutil.copytree(music.parent / "library", tmp_path / "library")
    with Library(tmp_path / "library", progress=False) as library:
        yield library


def encoded(library, encoder, songs=None):
    return encode_songs(library._store, library.songs() if songs is None else songs, encoder, progress=False)


def test_recordings_are_read_at_the_encoders_rate_and_encoded_once(library):
    encoder, songs = Peaks(), library.songs()[::-1]
    found = encoded(library, encoder, songs)
    slices = [read_slice(song.paths[0], rate=8_000).samples for song in songs]
    np.testing.assert_allclose(found, Peaks().encode(np.stack(slices)), rtol=1e-6)
    assert found.dtype == np.float32
    assert encoder._asked == SONGS
    np.testing.assert_array_equal(encoded(library, encoder, songs[2:4]), found[2:4])
    assert encoder._asked == SONGS


def test_statistics_are_made_of_the_stored_mfcc(library, monkeypatch):
    monkeypatch.setattr(encoding, "read_again", None)
    songs = library.songs()
    frames = library._store.features("mfcc", [song.id for song in songs])
    np.testing.assert_array_equal(encoded(library, MfccStatsEncoder()), MfccStatsEncoder().encode(frames))


def test_lyrics_are_encoded_once(library):
    encoder = Lengths()
    found = encoded(library, encoder)
    assert found[:, 0].tolist() == [len(song.lyrics) for song in library.songs()]
    encoded(library, encoder)
    assert len(encoder._asked) == SONGS


def test_other_words_are_encoded_again_and_no_other_features(library, music):
    lyrics, audio = Lengths(), Peaks()
    encoded(library, lyrics)
    encoded(library, audio)
    (music / "song 1.txt").write_text("entirely new words")
    library.add(music, hear="off")
    (song,) = unencoded(library._store, library.songs(), lyrics)
    assert song.title == "song 1"
    assert unencoded(library._store, library.songs(), audio) == []
    assert encoded(library, lyrics, [song]).tolist() == [[len("entirely new words")]]


def test_another_slice_makes_them_stale(library, music):
    encoded(library, Peaks())
    library.add(music, offset=1, hear="off")
    songs = library.songs()
    assert unencoded(library._store, songs, Peaks()) == songs
    expected = [read_slice(song.paths[0], rate=8_000, offset=1).samples for song in songs]
    np.testing.assert_allclose(encoded(library, Peaks()), Peaks().encode(np.stack(expected)), rtol=1e-6)


def test_another_version_or_setting_is_another_encoder(library):
    encoded(library, Peaks())
    newer = Peaks()
    newer.version = "2"
    assert len(unencoded(library._store, library.songs(), newer)) == SONGS
    assert unencoded(library._store, library.songs(), Peaks()) == []


def test_what_is_done_is_kept_when_interrupted(library):
    class Stopping(Peaks):
        def encode(self, recordings):
            if self._asked:
                raise KeyboardInterrupt
            return super().encode(recordings)

    with pytest.raises(KeyboardInterrupt):
        encoded(library, Stopping())
    encoder = Peaks()
    encoded(library, encoder)
    assert encoder._asked == SONGS - encoding.RECORDINGS


def test_damaged_ones_are_computed_again(library):
    whole = encoded(library, Peaks())
    with sqlite3.connect(library.path / "songs.sqlite") as other:
        other.execute("UPDATE features SET data = zeroblob(12) WHERE song = 3 AND kind = ?", (Peaks().key,))
    assert library.status()["damaged"] == 1
    encoder = Peaks()
    np.testing.assert_array_equal(encoded(library, encoder), whole)
    assert encoder._asked == 1


def test_a_file_that_changed_is_named_and_the_others_are_kept(library, music, monkeypatch):
    monkeypatch.setattr(encoding, "_pool", POOL)  # in worker processes for once
    write_song(music / "song 1.wav", 99)
    with pytest.raises(LibraryError, match=r"1 songs cannot be encoded with peaks, .*'song 1' .*has changed"):
        encoded(library, Peaks())
    assert [song.title for song in unencoded(library._store, library.songs(), Peaks())] == ["song 1"]


@pytest.mark.parametrize("wrong", [np.zeros((8, 4)), np.full((8, 3), np.nan)])
def test_an_encoder_that_makes_something_else_is_named(library, wrong):
    class Wrong(Peaks):
        def encode(self, recordings):
            return wrong

    with pytest.raises(DataError, match="the encoder peaks made an array of shape"):
        encoded(library, Wrong())
    assert len(unencoded(library._store, library.songs(), Wrong())) == SONGS


def test_what_is_kept():
    assert [is_kept(encoder) for encoder in (Peaks(), MfccStatsEncoder(), Lengths())] == [True] * 3
    assert [is_kept(encoder) for encoder in (MfccEncoder(), TfidfEncoder())] == [False] * 2


def test_a_data_set_holds_what_encoders_made_and_learns_nothing(library):
    songs = library.dataset(encoders=[Peaks(), Lengths(), TfidfEncoder(), MfccEncoder()])
    assert {key: values.shape for key, values in songs.encoded.items()} == {
        Peaks().key: (SONGS, 3),
        Lengths().key: (SONGS, 1),
    }
    with FileLock(library.path / ".lock"):
        library.dataset(encoders=[Peaks()])  # all there: nobody is kept from writing
        with pytest.raises(LibraryError, match="another process"):
            library.dataset(encoders=[MfccStatsEncoder()])


def test_a_comparison_takes_what_is_kept(library, monkeypatch):
    monkeypatch.setattr(training, "FEWEST_SONGS", 1)
    lyrics, audio = Lengths(), Peaks()
    protocol = {"components": [1], "folds": 2, "shuffled_control": False, "n_jobs": 1}
    for _ in range(2):
        found = library.evaluate("cca", audio_encoders=[audio], lyrics_encoders=[lyrics, "tfidf"], **protocol)
    assert found.methods == ["cca · peaks · lengths", "cca · peaks · tfidf"]
    assert (audio._asked, len(lyrics._asked)) == (SONGS, SONGS)
