"""The seal of a database: whatever changes the file but alcca is noticed, and what alcca writes is not."""

import shutil
import sqlite3
from dataclasses import replace

import pytest
from tests.making import flip
from tests.store.test_songs import SONG, put

from alcca import Library
from alcca.errors import LibraryError
from alcca.store import seal
from alcca.store.database import Access
from alcca.store.opening import OpenStore
from alcca.store.seal import SEAL
from alcca.store.songs import Store
from alcca.store.transcripts import Transcripts


@pytest.fixture
def sealed(tmp_path):
    """A sealed library of two songs, closed."""
    opened = OpenStore(tmp_path / "shelf")
    with opened.writing() as store:
        put(store, SONG, "/a.mp3")
        put(store, replace(SONG, hash="h2", title="other", lyrics="river mountain morning"), "/b.mp3")
    opened.close()
    return tmp_path / "shelf"


def broken(folder):
    store = Store(folder, Access.THERE)
    try:
        return store.seal_is_broken
    finally:
        store.close()


def test_whoever_writes_seals(sealed):
    assert (sealed / SEAL).exists()
    assert not broken(sealed)
    for _ in range(3):
        opened = OpenStore(sealed)
        with opened.writing() as store, store.transaction():
            store.set_setting("offset", 1.0)
            assert not (sealed / SEAL).exists()
        opened.close()
        assert (sealed / SEAL).exists()
        assert not broken(sealed)


def test_the_seal_is_what_sha256sum_checks(sealed):
    import hashlib

    digest = hashlib.sha256((sealed / "songs.sqlite").read_bytes()).hexdigest()
    assert (sealed / SEAL).read_text() == f"{digest}  songs.sqlite\n"


@pytest.mark.parametrize("place", [0.3, 0.5, 0.7, 0.9])
def test_a_flipped_bit_anywhere_breaks_it(sealed, place, caplog):
    flip(sealed / "songs.sqlite", int((sealed / "songs.sqlite").stat().st_size * place))
    assert seal.seal_is_broken(sealed)
    with Library(sealed, progress=False):
        assert "has changed since alcca wrote it" in caplog.text
        assert "alcca check --repair" in caplog.text


def test_what_was_killed_is_not_called_damaged(sealed, caplog):
    store = Store(sealed)
    put(store, replace(SONG, hash="h3"), "/c.mp3")
    assert not store.seal_is_broken
    store.close()
    with Library(sealed, progress=False) as library:
        assert len(library.songs()) == 3
    assert caplog.text == ""


def test_who_fails_does_not_seal(sealed):
    opened = OpenStore(sealed)
    with pytest.raises(ZeroDivisionError), opened.writing() as store:
        put(store, replace(SONG, hash="h3"), "/c.mp3")
        1 / 0  # noqa: B018
    opened.close()
    assert not (sealed / SEAL).exists()


def test_a_reader_in_the_midst_of_it_keeps_it_open(sealed):
    reader = Store(sealed, Access.THERE)
    opened = OpenStore(sealed)
    with reader.reading():
        reader.songs()
        with opened.writing() as store:
            put(store, replace(SONG, hash="h3"), "/c.mp3")
        assert not (sealed / SEAL).exists()
    reader.close()
    opened.close()
    assert not broken(sealed)


def test_large_files_have_none(sealed, monkeypatch):
    monkeypatch.setattr(seal, "MAX_SEALED", 100)
    opened = OpenStore(sealed)
    with opened.writing() as store, store.transaction():
        store.set_setting("offset", 1.0)
    opened.close()
    assert not (sealed / SEAL).exists()


def test_indexes_of_a_damaged_file_are_built_anew_by_who_writes(sealed):
    with sqlite3.connect(sealed / "songs.sqlite") as other:
        other.execute("DELETE FROM candidates_lyrics_letters WHERE song = 2")
    other.close()
    opened = OpenStore(sealed)
    assert opened.store.tables(Transcripts).lyrics_index.search("rivermountain") != [2, 1]
    with opened.writing() as store:
        assert store.stale_indexes() == []
        assert store.tables(Transcripts).lyrics_index.search("rivermountain")[0] == 2
        assert {stamp.modified for stamp in store.file_stamps().values()} == {0}
    opened.close()
    assert not broken(sealed)


def test_who_writes_builds_sqlites_own_indexes_anew_too(sealed):
    with sqlite3.connect(sealed / "songs.sqlite") as other:
        # An index that lacks a row, as a flipped bit leaves it.
        other.execute("PRAGMA writable_schema = ON")
        (made,) = other.execute("SELECT sql FROM sqlite_master WHERE name = 'files_of_song'").fetchone()
        other.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'files_of_song'", (made + " WHERE song <> 2",))
    other.close()
    with sqlite3.connect(sealed / "songs.sqlite") as other:
        other.execute("REINDEX")
        other.execute("PRAGMA writable_schema = ON")
        other.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'files_of_song'", (made,))
    other.close()
    opened = OpenStore(sealed)
    assert opened.store.structural_damage()
    with opened.writing() as store:
        assert store.structural_damage() == []
    opened.close()
    assert not broken(sealed)


def test_opening_a_damaged_file_that_lacks_a_table_does_not_hide_the_damage(sealed, caplog):
    with sqlite3.connect(sealed / "songs.sqlite") as other:
        other.execute("DROP TABLE candidates_lyrics_fresh")
    other.close()
    for _ in range(2):
        caplog.clear()
        with Library(sealed, progress=False) as library:
            library.status()
        assert "has changed since alcca wrote it" in caplog.text
    opened = OpenStore(sealed)
    with opened.writing():
        pass
    opened.close()
    assert not broken(sealed)


def test_an_index_that_disagrees_with_the_songs_is_found(sealed):
    store = Store(sealed)
    assert store.stale_indexes() == []
    for damage in (
        "DELETE FROM candidates_lyrics_letters WHERE song = 2",
        "UPDATE candidates_lyrics_letters SET letters = x'616161616161' WHERE song = 2",
        "INSERT INTO candidates_lyrics_letters VALUES (9, x'616161616161')",
        "DELETE FROM candidates_lyrics_fresh WHERE song = 2",
    ):
        with store.transaction():
            store.rebuild_indexes()
            assert store.stale_indexes() == []
            store._db.execute(damage)
        assert store.stale_indexes() == ["n-grams of lyrics"], damage
    store.close()


def test_unexpected_errors_are_blamed_on_damage_only_where_there_is_some(sealed):
    store = Store(sealed)
    with pytest.raises(KeyError), store.named_errors():
        raise KeyError("a mistake of alcca's")
    store.close()
    flip(sealed / "songs.sqlite", (sealed / "songs.sqlite").stat().st_size // 2)
    store = Store(sealed, Access.THERE)
    said = r"songs\.sqlite: .* damaged \(KeyError: 'name'\); .*check --repair"
    with pytest.raises(LibraryError, match=said), store.named_errors():
        raise KeyError("name")
    store.close()


def test_an_emptied_file_is_no_new_library(sealed, tmp_path):
    (sealed / "songs.sqlite").write_bytes(b"")
    for access in Access.THERE, Access.MADE:
        with pytest.raises(LibraryError, match=r"is empty, although it was not; restore it from a copy"):
            Store(sealed, access)
    shutil.move(sealed / SEAL, tmp_path)
    with pytest.raises(LibraryError, match="no library here"):
        Store(sealed, Access.THERE)
