"""Dumps of LRCLIB, and SQLite of strangers: every song is read, nothing is written, nothing crashes."""

import sqlite3

import pytest
from tests.lyric_databases.songs import song, words, write_lrclib

from alcca.errors import UsageError
from alcca.lyric_databases import sqlite_rows
from alcca.lyric_databases.opening import open_source


def rows(path, after=0):
    source = open_source(path)
    return [row for _, row in source.rows(after)], source


def test_songs_of_a_dump_are_read_with_all_that_it_says(tmp_path):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1), song(2, synced="[00:01.00]a b", lyrics=None)])
    found, _ = rows(path)
    assert found[0] == (song(1)["title"], "Band 1", "First", 151.0, words(1), None, False)
    assert (found[1].lyrics, found[1].synced) == ("", "[00:01.00]a b")


def test_an_instrumental_is_a_row_without_words(tmp_path):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1, lyrics=None, instrumental=1), song(2, lyrics=None)])
    found, _ = rows(path)
    assert found[0].instrumental
    assert found[0].lyrics == ""
    assert found[1] is None


def test_a_text_that_a_later_one_replaced_is_left_out(tmp_path):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1), song(2)])
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO lyrics (plain_lyrics, track_id, instrumental) VALUES ('later words', 1, 0)")
        db.execute("UPDATE tracks SET last_lyrics_id = 3 WHERE id = 1")
        db.execute("UPDATE tracks SET last_lyrics_id = NULL WHERE id = 2")
    found, _ = rows(path)
    assert [row.lyrics for row in found] == [words(2), "later words"]


def test_rows_behind_a_position_are_those_that_were_not_read(tmp_path):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", map(song, range(6)))
    positions = [place for place, _ in open_source(path).rows()]
    found, _ = rows(path, positions[3])
    assert [row.lyrics for row in found] == [words(4), words(5)]


@pytest.mark.parametrize("lacking", ["album_name", "duration", "artist_name", "last_lyrics_id"])
def test_a_dump_may_lack_a_column_of_tracks(tmp_path, lacking):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1)])
    with sqlite3.connect(path) as db:
        db.execute(f"ALTER TABLE tracks DROP COLUMN {lacking}")
    assert rows(path)[0][0].lyrics == words(1)


@pytest.mark.parametrize("lacking", ["synced_lyrics", "track_id", "instrumental"])
def test_a_dump_may_lack_a_column_of_lyrics(tmp_path, lacking):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1)])
    with sqlite3.connect(path) as db:
        db.execute(f"ALTER TABLE lyrics DROP COLUMN {lacking}")
    assert (rows(path)[0][0].title, rows(path)[0][0].lyrics) == (song(1)["title"], words(1))


def test_nothing_is_written_beside_a_dump_in_wal_mode(tmp_path):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1)])
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    before = path.read_bytes()
    found, _ = rows(path)
    assert len(found) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["lrclib.sqlite3"]
    assert path.read_bytes() == before


def test_rows_that_are_only_in_the_log_are_read(tmp_path):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1)])
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("UPDATE lyrics SET plain_lyrics = 'from the log'")
    db.commit()
    assert rows(path)[0][0].lyrics == "from the log"
    db.close()


def test_values_of_any_kind_are_read_or_left_out(tmp_path):
    hostile = [
        song(1, title=7, artist=b"Caf\xe9 du Nord, chante l'\xe9t\xe9", duration="3:20"),
        song(2, lyrics=b"na\xc3\xafve \x00 words\r\nof a line", album=None, duration="long"),
        song(3, lyrics=3.5, title=None, artist=None, duration=-1),
        song(4, lyrics="x " * 300_000),
    ]
    found, _ = rows(write_lrclib(tmp_path / "lrclib.sqlite3", hostile))
    assert (found[0].title, found[0].artist, found[0].duration) == ("7", "Café du Nord, chante l'été", 200.0)
    assert (found[1].lyrics, found[1].album, found[1].duration) == ("naïve  words\nof a line", "", None)
    assert (found[2].lyrics, found[2].title) == ("3.5", "")
    assert len(found[3].lyrics) < 200_001


def test_a_row_that_is_too_long_is_counted_and_the_next_ones_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_rows, "MAX_BYTES", 100_000)
    path = write_lrclib(tmp_path / "lrclib.sqlite3", [song(1), song(2, lyrics="y" * 200_000), song(3)])
    found, source = rows(path)
    assert [row.lyrics if row else None for row in found] == [words(1), None, words(3)]
    assert source.notes() == ["lrclib.sqlite3: 1 rows are longer than lyrics are and were left out"]


def test_a_damaged_dump_gives_its_other_rows_and_a_note(tmp_path):
    path = write_lrclib(tmp_path / "lrclib.sqlite3", map(song, range(200)))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(data)
    found, source = rows(path)
    assert 20 < sum(row is not None for row in found) < 200
    assert source.notes()


def test_any_table_of_lyrics_is_read(tmp_path):
    path = tmp_path / "mine.db"
    with sqlite3.connect(path) as db:
        db.execute('CREATE TABLE "my songs" ("Track Name" TEXT, Artist TEXT, "Lyrics" TEXT)')
        db.execute("INSERT INTO \"my songs\" VALUES ('Harbour', 'Nobody', 'copper lanterns')")
    assert rows(path)[0] == [("Harbour", "Nobody", "", None, "copper lanterns", None, False)]


@pytest.mark.parametrize(
    "schema",
    ["CREATE TABLE photos (id, place)", "CREATE TABLE tracks (id, name); CREATE TABLE lyrics (id, words, track_id)",
     "CREATE TABLE tracks (name); CREATE TABLE lyrics (plain_lyrics)"],
)  # fmt: skip
def test_another_schema_is_one_error_that_says_what_was_expected(tmp_path, schema):
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as db:
        db.executescript(schema)
    with pytest.raises(UsageError, match=r"(?s)other.sqlite3: .*expected .*lyrics"):
        open_source(path)


def test_half_a_database_is_an_error(tmp_path):
    path = tmp_path / "half.sqlite3"
    path.write_bytes(b"SQLite format 3\0" + b"\x07" * 5000)
    with pytest.raises(UsageError, match=r"half.sqlite3: is no readable SQLite"):
        open_source(path)
