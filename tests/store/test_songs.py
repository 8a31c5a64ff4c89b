import os
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from alcca.errors import DiskError, LibraryError
from alcca.store.database import Access
from alcca.store.embeddings import Embeddings
from alcca.store.records import FileStamp, Song, SongAudio
from alcca.store.songs import PART_TABLES, Store
from alcca.store.tables import PartTables

AUDIO = SongAudio(None, 7.5, 30.0, 0.0, 45.0, "soundfile")
SONG = Song(
    "h1",
    "Élan",
    artist="Ana",
    lyrics="Früh am Morgen\nsteht sie auf",
    words_from="/a.mp3",
    audio=AUDIO,
    notes=("n",),
)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "library")
    yield store
    store.close()


def put(store, song, path, values=1.0):
    with store.transaction():
        number = store.put_song(song)
        store.put_features(number, "mfcc", np.full((2, 3), values, np.float32))
        store.put_file(FileStamp(path, 10, 20, "f", number))
    return number


def test_a_song_comes_back_as_it_was_given(store):
    number = put(store, SONG, "/a.mp3")
    assert store.songs() == [replace(SONG, id=number, paths=("/a.mp3",))]
    np.testing.assert_array_equal(store.features("mfcc", [number]), np.ones((1, 2, 3), np.float32))


def test_songs_come_in_the_order_asked_for(store):
    ids = [put(store, replace(SONG, hash=f"h{i}"), f"/{i}.mp3", i) for i in range(4)]
    order = [ids[2], ids[0], ids[3]]
    assert [song.id for song in store.songs(order)] == order
    assert store.features("mfcc", order)[:, 0, 0].tolist() == [2, 0, 3]


def test_a_file_name_that_is_no_text_is_kept(store):
    path = os.fsdecode(b"/music/\xff\xfe.mp3")
    number = put(store, replace(SONG, words_from=path), path)
    assert store.songs([number])[0].paths == (path,)
    assert store.songs([number])[0].words_from == path
    assert store.file_stamps()[path].song == number


def test_sentences_with_a_file_name_that_is_no_text(store):
    name, shown = os.fsdecode(b"caf\xe9.mp3"), "caf\ufffd.mp3"
    song = replace(
        SONG,
        hash=f"empty:/{name}",
        words_from=f"/{name}",
        lyrics_source=name,
        lyrics_reason=f"{name}: no",
        audio=None,
        audio_reason=f"{name}: empty",
        notes=(f"{name}: odd",),
    )
    with store.transaction():
        number = store.put_song(song)
        assert store.put_song(song) == number
        store.put_file(FileStamp(f"/{name}", 10, 20, "f", number, unreadable=f"{name}: cannot be read"))
    stored = store.song_by_hash(song.hash)
    assert (stored.lyrics_source, stored.lyrics_reason) == (shown, f"{shown}: no")
    assert stored.audio_reason == f"{shown}: empty"
    assert stored.paths == (f"/{name}",)
    assert store.file_stamps()[f"/{name}"].unreadable == f"{shown}: cannot be read"


def test_a_transaction_that_fails_leaves_nothing(store):
    with pytest.raises(KeyError), store.transaction():
        store.put_song(SONG)
        raise KeyError
    assert store.songs() == []


def test_words_are_found_without_accents_and_follow_changes(store):
    number = put(store, SONG, "/a.mp3")
    assert store.search_words("fruh elan") == [number]
    assert store.search_words("fruh abend") == []
    with store.transaction():
        store.put_song(replace(SONG, lyrics="Spät am Abend"))
    assert store.search_words("fruh") == []
    assert store.search_words("spat") == [number]
    assert store.search_words("spat", among=frozenset()) == []


@pytest.mark.parametrize("text", ['"', "a AND", "lyrics:x", "*", "NEAR(a b)", "-"])
def test_words_with_signs_are_words_and_no_query_language(store, text):
    put(store, SONG, "/a.mp3")
    assert store.search_words(text) == []


def test_a_song_that_no_file_holds_goes_and_a_copy_keeps_it(store):
    first = put(store, SONG, "/a.mp3")
    put(store, SONG, "/b.mp3")
    second = put(store, replace(SONG, hash="h2"), "/a.mp3")
    assert [song.id for song in store.songs()] == [first, second]
    put(store, replace(SONG, hash="h2"), "/b.mp3")
    assert [song.id for song in store.songs()] == [second]
    assert store.search_words("morgen") == [second]


def test_embeddings_of_two_models_stand_side_by_side(store):
    number = put(store, SONG, "/a.mp3")
    for model in ("old", "new"):
        with store.transaction():
            store.tables(Embeddings).put(model, [number], [np.full(3, len(model))], [None])
    assert store.tables(Embeddings).vectors("old", "audio")[0] == [number]
    assert store.tables(Embeddings).vectors("old", "lyrics")[0] == []
    store.tables(Embeddings).keep_only("new")
    assert store.tables(Embeddings).vectors("old", "audio")[0] == []
    assert store.tables(Embeddings).vectors("new", "audio")[1].tolist() == [[3, 3, 3]]
    assert store.tables(Embeddings).missing("old") == [number]
    assert store.tables(Embeddings).missing("new") == [number], "its lyrics have no place yet"
    with store.transaction():
        store.tables(Embeddings).put("new", [number], [np.full(3, 3)], [np.full(3, 1)])
    assert store.tables(Embeddings).missing("new") == []


def test_new_words_take_the_embedding_away(store):
    number = put(store, SONG, "/a.mp3")
    with store.transaction():
        store.tables(Embeddings).put("m", [number], [np.ones(3)], [np.ones(3)])
        store.put_song(replace(SONG, artist="Bo"))
    assert store.tables(Embeddings).missing("m") == []
    with store.transaction():
        store.put_song(replace(SONG, lyrics="other"))
    assert store.tables(Embeddings).missing("m") == [number]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE songs SET lyrics = 'Frvh am Morgen' WHERE id = 1",
        "UPDATE songs SET label = '' WHERE id = 1",
        "UPDATE features SET data = zeroblob(24) WHERE song = 1",
        "UPDATE features SET shape = '[3, 2]' WHERE song = 1",
        "UPDATE embeddings SET audio = zeroblob(12) WHERE song = 1",
        "DELETE FROM features WHERE song = 1",
    ],
)
def test_damage_is_seen(store, damage):
    for i in range(2):
        put(store, replace(SONG, hash=f"h{i}"), f"/{i}.mp3")
    with store.transaction():
        store.tables(Embeddings).put("m", [1, 2], [np.ones(3)] * 2, [None] * 2)
    assert store.damaged() == set()
    with sqlite3.connect(store.folder / "songs.sqlite") as other:
        other.executescript(damage)
    assert store.damaged() == {1}
    with store.transaction():
        store.drop_songs({1})
    assert store.damaged() == set()
    assert store.search_words("fruh") == [2]


def test_damaged_features_are_never_handed_out(store):
    number = put(store, SONG, "/a.mp3")
    with sqlite3.connect(store.folder / "songs.sqlite") as other:
        other.execute("UPDATE features SET data = zeroblob(24)")
    with pytest.raises(LibraryError, match=r"mfcc of 'Élan' is missing or damaged; run add .*a\.mp3"):
        store.features("mfcc", [number])


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "songs.sqlite").write_text("not a database at all" * 100)
    with pytest.raises(LibraryError, match=r"songs\.sqlite: the library's database is damaged"):
        Store(tmp_path)


def test_a_newer_format_is_refused(tmp_path):
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "songs.sqlite") as other:
        other.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="format 99"):
        Store(tmp_path)


class Titles(PartTables):
    """A part that another package brings: the lengths of titles."""

    schema = """
CREATE TABLE IF NOT EXISTS title_lengths (song INTEGER PRIMARY KEY, length INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS title_lengths_in_order ON title_lengths(length);
"""

    def song_put(self, number, before, now):
        self._db.execute("INSERT OR REPLACE INTO title_lengths VALUES (?, ?)", (number, len(now.title)))

    def damaged(self):
        return set()

    def rebuild(self):
        self._db.execute("INSERT OR REPLACE INTO title_lengths SELECT id, length(title) FROM songs")

    def lengths(self):
        return dict(self._db.execute("SELECT song, length FROM title_lengths"))


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr("alcca.store.songs.PART_TABLES", [*PART_TABLES, Titles])


@pytest.mark.parametrize("access", [Access.MADE, Access.THERE])
def test_a_library_gets_the_tables_of_a_part_that_is_registered_later(store, request, access):
    number = put(store, SONG, "/a.mp3")
    request.getfixturevalue("registered")
    with closing(Store(store.folder, access)) as later:
        assert later.tables(Titles).lengths() == {number: 4}
        other = put(later, replace(SONG, hash="h2", title="Ibex Quartet"), "/b.mp3")
        assert later.tables(Titles).lengths() == {number: 4, other: 12}
        # Filled once: to fill them at every opening would take as long as reading all songs.
        later.tables(Titles)._db.execute("UPDATE title_lengths SET length = 99")
    with closing(Store(store.folder, access)) as again:
        assert again.tables(Titles).lengths() == {number: 99, other: 99}


def test_a_library_gets_an_index_that_came_later(store):
    put(store, SONG, "/a.mp3")
    with store.transaction():
        store._db.execute("DROP INDEX transcripts_doubtful")
        store._db.execute("DELETE FROM candidates_lyrics_letters")
    with closing(Store(store.folder, Access.THERE)) as later:
        assert later._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'transcripts_doubtful'").fetchone()
        rows = later._db.execute("SELECT count(*) FROM candidates_lyrics_letters").fetchone()
        assert rows == (0,), "an index alone is no reason to make everything anew"


def test_a_library_that_cannot_be_written_says_that_it_lacks_tables_and_needs_no_index(store, request, monkeypatch):
    put(store, SONG, "/a.mp3")
    with store.transaction():
        store._db.execute("DROP INDEX transcripts_doubtful")
    monkeypatch.setattr("alcca.store.database.hindrance_to_writing", lambda folder: "the disk is read-only")
    with closing(Store(store.folder, Access.THERE)) as reader:
        assert len(reader.songs()) == 1
    request.getfixturevalue("registered")
    with pytest.raises(DiskError, match="a part of the search, and cannot be upgraded: the disk is read-only"):
        Store(store.folder, Access.THERE)


def test_version_tells_of_changes_by_others(store):
    before = store.version
    assert store.version == before
    other = Store(store.folder)
    put(other, SONG, "/a.mp3")
    other.close()
    assert store.version != before


def test_commits_are_flushed_to_the_disk(store):
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert store._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
