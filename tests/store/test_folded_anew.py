"""Libraries whose words an older alcca has folded and indexed."""

import logging
import sqlite3
from contextlib import closing

import pytest

from alcca.matching.folding import VERSION
from alcca.store.database import Access
from alcca.store.exact_words import ExactWords
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE, Transcripts
from alcca.transcripts import Segment, Transcript

# As format 2 had it.
FORMAT_2 = """
DROP TABLE exact_words;
DROP TABLE exact_words_of;
DELETE FROM settings WHERE key = 'folding';
CREATE VIRTUAL TABLE words USING fts5(
    title, artist, lyrics, content='songs', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
INSERT INTO words(words) VALUES ('rebuild');
CREATE TRIGGER words_added AFTER INSERT ON songs BEGIN
    INSERT INTO words(rowid, title, artist, lyrics) VALUES (new.id, new.title, new.artist, new.lyrics);
END;
CREATE TRIGGER words_removed AFTER DELETE ON songs BEGIN
    INSERT INTO words(words, rowid, title, artist, lyrics)
    VALUES ('delete', old.id, old.title, old.artist, old.lyrics);
END;
CREATE TRIGGER words_changed AFTER UPDATE OF title, artist, lyrics ON songs BEGIN
    INSERT INTO words(words, rowid, title, artist, lyrics)
    VALUES ('delete', old.id, old.title, old.artist, old.lyrics);
    INSERT INTO words(rowid, title, artist, lyrics) VALUES (new.id, new.title, new.artist, new.lyrics);
END;
PRAGMA user_version = 2;
"""


@pytest.fixture
def old(tmp_path):
    with closing(Store(tmp_path)) as store, store.transaction():
        number = store.put_song(Song("h", "Früh am Morgen", lyrics="נַהַר הַלַּיְלָה"))
        store.put_song(Song("i", "other", lyrics="night river"))
        transcripts = store.tables(Transcripts)
        transcripts.put(number, Transcript((Segment(0.0, 1.0, "נַהַר הַלַּיְלָה"),), language="he", model="m"), SLICE)
        for index in (transcripts.lyrics_index, transcripts.heard_index):
            index.put(number, "naharhalayelah")
    with sqlite3.connect(tmp_path / "songs.sqlite") as other:
        other.executescript(FORMAT_2)
    other.close()
    return tmp_path


def test_words_are_indexed_anew_once(old):
    with closing(Store(old, Access.THERE)) as store:
        assert store.search_words("הלילה") == store.search_words("fruh morg") == [1]
        transcripts = store.tables(Transcripts)
        assert [index.letters(1) for index in (transcripts.lyrics_index, transcripts.heard_index)] == ["nhrhlylh"] * 2
        assert store._db.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'words%'").fetchall() == []
        assert store._db.execute("PRAGMA user_version").fetchone() == (3,)
        with store.transaction():
            store.put_song(Song("i", "other", lyrics="day"))
            transcripts.lyrics_index.put(1, "asitwas")
        assert store.search_words("day") == [2]
    with closing(Store(old)) as again:
        assert not again.is_outdated
        assert again.tables(Transcripts).lyrics_index.letters(1) == "asitwas"


def test_a_later_folding_makes_them_anew_too(old, monkeypatch):
    Store(old).close()
    with closing(Store(old)) as store:
        before = store.tables(Transcripts).letter_stamps("heard")[1]
        with store.transaction():
            store.tables(Transcripts).heard_index.put(1, "asitwas")
    monkeypatch.setattr("alcca.store.songs.VERSION", VERSION + 1)
    with closing(Store(old)) as store:
        assert store.tables(Transcripts).heard_index.letters(1) == "nhrhlylh"
        assert store.tables(Transcripts).letter_stamps("heard")[1].tolist() != before.tolist()


def test_a_library_that_cannot_be_written_is_searched_as_it_is_and_says_so(old, monkeypatch, caplog):
    monkeypatch.setattr("alcca.store.database.hindrance_to_writing", lambda folder: "the disk is read-only")
    with caplog.at_level(logging.WARNING, "alcca"), closing(Store(old, Access.THERE)) as store:
        assert "an older alcca indexed its words" in caplog.text
        assert "the disk is read-only" in caplog.text
        assert store.tables(ExactWords).is_old
        assert store.search_words("fruh MORGEN") == [1]
        assert store.search_words('"night" river -') == [2]
        assert store.search_words("- *") == store.search_words("morg") == []
        assert store.tables(Transcripts).lyrics_index.search("nightriver") == [2, 1]
    caplog.clear()
    monkeypatch.undo()
    Store(old).close()
    monkeypatch.setattr("alcca.store.database.hindrance_to_writing", lambda folder: "the disk is read-only")
    with caplog.at_level(logging.WARNING, "alcca"), closing(Store(old, Access.THERE)) as store:
        assert store.search_words("הלילה") == [1]
    assert "older alcca" not in caplog.text
