"""The counts that `alcca status` and the API share."""

import pytest

from alcca.library.status import count_library
from alcca.store.records import Song, SongSummary
from alcca.store.songs import Store
from alcca.store.transcripts import Transcripts
from alcca.transcripts import Segment, Transcript


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    yield store
    store.close()


SONGS = [
    SongSummary(1, "One", "Ada", "folk", "en", has_audio=True, has_lyrics=True),
    SongSummary(2, "Two", "Ada", "folk", "en", has_audio=True, has_lyrics=True),
    SongSummary(3, "Three", "Bela", "rock", "de", has_audio=True, has_lyrics=False),
    SongSummary(4, "Four", None, "folk", "de", has_audio=False, has_lyrics=True),
    SongSummary(5, "Five", None, None, None, has_audio=False, has_lyrics=False),
]


def test_songs_are_counted_by_what_they_have(store):
    counted = count_library(store, SONGS)
    assert (counted.songs, counted.usable, counted.audio_only, counted.lyrics_only) == (5, 2, 1, 1)


def test_tags_are_counted_of_all_songs_or_of_usable_ones(store):
    of_all = count_library(store, SONGS)
    assert list(of_all.labels.items()) == [("folk", 3), ("rock", 1)]
    assert (of_all.artists, of_all.languages) == ({"Ada": 2, "Bela": 1}, {"en": 2, "de": 2})
    of_usable = count_library(store, SONGS, tags_of_usable=True)
    assert (of_usable.labels, of_usable.artists, of_usable.languages) == ({"folk": 2}, {"Ada": 2}, {"en": 2})
    assert of_usable[:4] == of_all[:4]


def test_transcripts_are_counted(store):
    heard = Transcript((Segment(0, 1, "la", -0.3, 0.1),), "en", 0.9, "base", 0.0, 1.0)
    with store.transaction():
        assert [store.put_song(Song(song.title, song.title)) for song in SONGS[:2]] == [1, 2]
        store.tables(Transcripts).put(1, heard, "song")
        store.tables(Transcripts).put(2, Transcript(model="tiny"), "slice")
    hearing = count_library(store, SONGS).hearing
    assert (hearing["heard"], hearing["without_words"], hearing["not_heard"], hearing["whole_songs"]) == (2, 1, 1, 1)
    assert (hearing["languages"], hearing["models"]) == ({"en": 1}, {"base": 1, "tiny": 1})
