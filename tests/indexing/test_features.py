"""What encoders make of a library's songs: computed once, kept, and never that of another sound or other words."""

import sqlite3

import numpy as np
import pytest
from filelock import FileLock
from tests.making import write_song

from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.encoders.mfcc import MfccEncoder, MfccStatsEncoder
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import DataError, LibraryError
from alcca.indexing import features as encoding
from alcca.indexing.features import encode_songs, is_kept, unencoded
from alcca.songs.audio import read_slice
from alcca.training import train
from alcca.workers.local import LocalWorkers

SONGS = 10


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


@pytest.fixture(autouse=True)
def _inline(inline):
    pass


def encoded(added, encoder, songs=None):
    return encode_songs(
        added._store, added.songs() if songs is None else songs, encoder, LocalWorkers(), progress=False
    )


def test_recordings_are_read_at_the_encoders_rate_and_encoded_once(added):
    encoder, songs = Peaks(), added.songs()[::-1]
    found = encoded(added, encoder, songs)
    slices = [read_slice(song.paths[0], rate=8_000).samples for song in songs]
    np.testing.assert_allclose(found, Peaks().encode(np.stack(slices)), rtol=1e-6)
    assert found.dtype == np.float32
    assert encoder._asked == SONGS
    np.testing.assert_array_equal(encoded(added, encoder, songs[2:4]), found[2:4])
    assert encoder._asked == SONGS


def test_statistics_are_made_of_the_stored_mfcc(added, monkeypatch):
    monkeypatch.setattr(encoding, "read_again", None)
    songs = added.songs()
    frames = added._store.features("mfcc", [song.id for song in songs])
    np.testing.assert_array_equal(encoded(added, MfccStatsEncoder()), MfccStatsEncoder().encode(frames))


def test_lyrics_are_encoded_once(added):
    encoder = Lengths()
    found = encoded(added, encoder)
    assert found[:, 0].tolist() == [len(song.lyrics) for song in added.songs()]
    encoded(added, encoder)
    assert len(encoder._asked) == SONGS


def test_other_words_are_encoded_again_and_no_other_features(added, added_music):
    lyrics, audio = Lengths(), Peaks()
    encoded(added, lyrics)
    encoded(added, audio)
    (added_music / "song 1.txt").write_text("entirely new words")
    added.add(added_music, hear="off")
    (song,) = unencoded(added._store, added.songs(), lyrics)
    assert song.title == "song 1"
    assert unencoded(added._store, added.songs(), audio) == []
    assert encoded(added, lyrics, [song]).tolist() == [[len("entirely new words")]]


def test_another_slice_makes_them_stale(added, added_music):
    encoded(added, Peaks())
    added.add(added_music, offset=1, hear="off")
    songs = added.songs()
    assert unencoded(added._store, songs, Peaks()) == songs
    expected = [read_slice(song.paths[0], rate=8_000, offset=1).samples for song in songs]
    np.testing.assert_allclose(encoded(added, Peaks()), Peaks().encode(np.stack(expected)), rtol=1e-6)


def test_another_version_or_setting_is_another_encoder(added):
    encoded(added, Peaks())
    newer = Peaks()
    newer.version = "2"
    assert len(unencoded(added._store, added.songs(), newer)) == SONGS
    assert unencoded(added._store, added.songs(), Peaks()) == []


def test_what_is_done_is_kept_when_interrupted(added):
    class Stopping(Peaks):
        def encode(self, recordings):
            if self._asked:
                raise KeyboardInterrupt
            return super().encode(recordings)

    with pytest.raises(KeyboardInterrupt):
        encoded(added, Stopping())
    encoder = Peaks()
    encoded(added, encoder)
    assert encoder._asked == SONGS - encoding.RECORDINGS


def test_damaged_ones_are_computed_again(added):
    whole = encoded(added, Peaks())
    with sqlite3.connect(added.path / "songs.sqlite") as other:
        other.execute("UPDATE features SET data = zeroblob(12) WHERE song = 3 AND kind = ?", (Peaks().key,))
    assert added.status()["damaged"] == 1
    encoder = Peaks()
    np.testing.assert_array_equal(encoded(added, encoder), whole)
    assert encoder._asked == 1


def test_a_file_that_changed_is_named_and_the_others_are_kept(added, added_music, processes):
    write_song(added_music / "song 1.wav", 99)
    with pytest.raises(LibraryError, match=r"1 songs cannot be encoded with peaks, .*'song 1' .*has changed"):
        encoded(added, Peaks())
    assert [song.title for song in unencoded(added._store, added.songs(), Peaks())] == ["song 1"]


@pytest.mark.parametrize("wrong", [np.zeros((8, 4)), np.full((8, 3), np.nan)])
def test_an_encoder_that_makes_something_else_is_named(added, wrong):
    class Wrong(Peaks):
        def encode(self, recordings):
            return wrong

    with pytest.raises(DataError, match="the encoder peaks made an array of shape"):
        encoded(added, Wrong())
    assert len(unencoded(added._store, added.songs(), Wrong())) == SONGS


def test_what_is_kept():
    assert [is_kept(encoder) for encoder in (Peaks(), MfccStatsEncoder(), Lengths())] == [True] * 3
    assert [is_kept(encoder) for encoder in (MfccEncoder(), TfidfEncoder())] == [False] * 2


def test_a_data_set_holds_what_encoders_made_and_learns_nothing(added):
    songs = added.dataset(encoders=[Peaks(), Lengths(), TfidfEncoder(), MfccEncoder()])
    assert {key: values.shape for key, values in songs.encoded.items()} == {
        Peaks().key: (SONGS, 3),
        Lengths().key: (SONGS, 1),
    }
    with FileLock(added.path / ".lock"):
        added.dataset(encoders=[Peaks()])  # all there: nobody is kept from writing
        with pytest.raises(LibraryError, match="another process"):
            added.dataset(encoders=[MfccStatsEncoder()])


def test_a_comparison_takes_what_is_kept(added, monkeypatch):
    monkeypatch.setattr(train, "MIN_SONGS", 1)
    lyrics, audio = Lengths(), Peaks()
    protocol = {"components": [1], "folds": 2, "shuffled_control": False, "n_jobs": 1}
    for _ in range(2):
        found = added.evaluate("cca", audio_encoders=[audio], lyrics_encoders=[lyrics, "tfidf"], **protocol)
    assert found.methods == ["cca · peaks · lengths", "cca · peaks · tfidf"]
    assert (audio._asked, len(lyrics._asked)) == (SONGS, SONGS)
