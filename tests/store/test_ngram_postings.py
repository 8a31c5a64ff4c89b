"""Rows of grams: blocks are joined when no new song comes to them, and nothing is lost or found on the way."""

import sqlite3

import numpy as np
import pytest

from alcca.matching.ngrams import GRAM_BITS
from alcca.store import ngram_postings
from alcca.store.ngram_postings import FIRST_WIDE, GramRows


def connect(path=":memory:"):
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS grams (key INTEGER PRIMARY KEY, songs BLOB NOT NULL)")
    return connection


APART = 6_600_000  # so that the last of ten grams is nearly the last of all


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Four songs a block, sixteen a wide one."""
    monkeypatch.setattr(ngram_postings, "NARROW", 2)
    monkeypatch.setattr(ngram_postings, "WIDE", 4)


def add(rows, songs):
    """Songs that hold the grams 0 to 9 times `APART`, every second by turns."""
    for song in songs:
        grams = np.arange(song % 2, 10, 2) * APART
        rows.add(grams, np.full(grams.size, song), song)


def found(rows, gram):
    """The songs that hold a gram, in the order of their numbers."""
    return sorted(part.first + song for part in rows.postings(np.array([gram])) for song in part.within.tolist())


def blocks(rows):
    return list(rows._blocks())


def test_blocks_are_joined_once_a_later_wide_block_begins():
    rows = GramRows(connect(), "grams")
    add(rows, range(16))
    assert blocks(rows) == [0, 1, 2, 3]
    add(rows, range(16, 40))
    assert blocks(rows) == [8, 9, FIRST_WIDE, FIRST_WIDE + 1]
    for gram in range(10):
        assert found(rows, gram * APART) == list(range(gram % 2, 40, 2))
    parts = list(rows.postings(np.array([0, 5, APART])))
    assert [(part.first, part.size) for part in parts] == [(32, 4), (36, 4), (0, 16), (16, 16)]
    assert [part.holders.tolist() for part in parts] == [[2, 2], [2, 2], [8, 8], [8, 8]]
    assert all(part.which.tolist() == [0, 2] for part in parts)


def test_songs_that_are_put_again_stay_beside_the_wide_block():
    rows = GramRows(connect(), "grams")
    add(rows, range(40))
    rows.take_out(np.arange(0, 10, 2) * APART, 4)
    assert found(rows, 0) == [*range(0, 4, 2), *range(6, 40, 2)]
    rows.add(np.array([0]), np.array([4]), 39)
    assert blocks(rows) == [1, 8, 9, FIRST_WIDE, FIRST_WIDE + 1]
    assert found(rows, 0) == list(range(0, 40, 2))
    assert found(rows, 2 * APART) == [*range(0, 4, 2), *range(6, 40, 2)]
    add(rows, range(40, 60))
    assert blocks(rows) == [1, 12, 13, 14, FIRST_WIDE, FIRST_WIDE + 1, FIRST_WIDE + 2]
    rows.take_out(np.array([0]), 4)
    assert 4 not in found(rows, 0)


def test_many_songs_that_are_put_again_are_joined_again(monkeypatch):
    monkeypatch.setattr(ngram_postings, "MANY", 8)
    rows = GramRows(connect(), "grams")
    add(rows, range(40))
    for song, expected in ((20, [5, 8, 9]), (25, [8, 9])):
        rows.take_out(np.arange(10) * APART, song)
        rows.add(np.arange(4) * APART, np.full(4, song), 39)
        assert blocks(rows) == [*expected, FIRST_WIDE, FIRST_WIDE + 1]
    for gram in range(4):
        assert found(rows, gram * APART) == sorted({*range(gram % 2, 40, 2), 20, 25})
    assert found(rows, 4 * APART) == [song for song in range(0, 40, 2) if song != 20]


def test_songs_with_other_songs_numbers_in_other_blocks_are_not_taken_out():
    rows = GramRows(connect(), "grams")
    add(rows, range(40))
    for song in (34, 16):  # 2 and 0 within their blocks
        rows.take_out(np.array([0]), song)
    assert found(rows, 0) == [song for song in range(0, 40, 2) if song not in (16, 34)]


def test_a_join_in_another_process_while_rows_are_read_hides_no_song(tmp_path):
    ours, theirs = (GramRows(connect(tmp_path / "songs.sqlite"), "grams") for _ in range(2))
    add(ours, range(16))
    reading = theirs.postings(np.array([0]))
    parts = [next(reading), next(reading)]
    add(ours, [16])
    assert blocks(ours) == [4, FIRST_WIDE]
    songs = [part.first + song for part in [*parts, *reading] for song in part.within.tolist()]
    assert set(songs) == set(range(0, 17, 2))


@pytest.mark.parametrize("row", [b"\x01", b"\xff" * 6, "hello", 3.5])
def test_damaged_rows_do_not_stop_a_join_nor_invent_songs(row):
    connection = connect()
    rows = GramRows(connection, "grams")
    add(rows, range(16))
    connection.execute("UPDATE grams SET songs = ? WHERE key = 0", (row,))
    add(rows, [16])
    assert blocks(rows) == [4, FIRST_WIDE]
    assert found(rows, 0) == list(range(4, 17, 2))
    assert found(rows, APART) == list(range(1, 16, 2))
    keys = {key % (1 << GRAM_BITS) for (key,) in connection.execute("SELECT key FROM grams")}
    assert keys == {gram * APART for gram in range(10)}
