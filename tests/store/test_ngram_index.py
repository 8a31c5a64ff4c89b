"""The index of candidates: it finds what counting by hand finds, whatever was put, replaced, removed or killed."""

import math
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter

import pytest

from alcca.errors import UsageError
from alcca.matching.ngrams import wanted_grams
from alcca.store import ngram_index, ngram_postings
from alcca.store.ngram_index import NgramIndex


def connect(path=":memory:"):
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(NgramIndex.TABLES)
    return connection


def made_up(count, seed=0, letters="abcdet"):
    """Texts of few different letters, so that grams are shared."""
    rng = random.Random(seed)
    return {number: "".join(rng.choices(letters, k=rng.choice((0, 2, *range(5, 60))))) for number in range(count)}


def by_hand(songs, query):
    """Votes of each song, counted gram by gram."""
    votes = Counter()
    for gram in {query[i : i + 5] for i in range(len(query) - 4)}:
        holders = [song for song, letters in songs.items() if gram in letters]
        for song in holders:
            votes[song] += round(64 * math.log2(1 + (1 + max(songs)) / len(holders)))
    return sorted(votes, key=lambda song: (-votes[song], song))


def assert_same(index, songs, seed=1):
    assert list(index.songs()) == sorted(songs)
    for query in made_up(30, seed).values():
        assert index.search(query, k=4) == by_hand(songs, query)[:4]


@pytest.fixture(params=[None, (2, 5)], ids=["one block", "joined blocks"])
def blocks(request, monkeypatch):
    """Bits of a song's number within its block, so few that there are many blocks and wide ones."""
    if request.param:
        for name, bits in zip(("NARROW", "WIDE"), request.param, strict=True):
            monkeypatch.setattr(ngram_postings, name, bits)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("fresh", [10_000, 256, 7, 0])
def test_votes_are_those_counted_by_hand(monkeypatch, fresh):
    monkeypatch.setattr(ngram_index, "FRESH", fresh)
    songs = made_up(400)
    index = NgramIndex(connect(), "lyrics")
    for song, letters in songs.items():
        index.put(song, letters)
    assert_same(index, songs)


def test_rows_stay_blobs_when_songs_are_added_to_them(monkeypatch):
    monkeypatch.setattr(ngram_index, "FRESH", 0)
    connection = connect()
    index = NgramIndex(connection, "lyrics")
    for song in range(3):
        index.put(song, "hellodarkness")
    rows = connection.execute("SELECT DISTINCT typeof(songs), length(songs) FROM candidates_lyrics_grams").fetchall()
    assert rows == [("blob", 6)]


def test_putting_the_same_letters_again_writes_nothing():
    connection = connect()
    index = NgramIndex(connection, "lyrics")
    index.put(1, "hellodarkness")
    before = connection.total_changes
    index.put(1, "hellodarkness")
    assert connection.total_changes == before


def test_many_at_once_are_indexed_as_one_by_one():
    songs = made_up(ngram_index.BULK + 300)
    index = NgramIndex(connect(), "lyrics")
    index.put_all(songs.items())
    assert_same(index, songs)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("fresh", [50, 0])
def test_put_replace_and_remove_leave_what_was_put_last(monkeypatch, fresh):
    monkeypatch.setattr(ngram_index, "FRESH", fresh)
    songs, rng = made_up(300), random.Random(2)
    connection = connect()
    index = NgramIndex(connection, "heard")
    index.put_all(songs.items())
    for song, letters in made_up(300, seed=3).items():
        match rng.randrange(3):
            case 0:
                index.put(song, letters)
                songs[song] = letters
            case 1:
                index.remove(song)
                index.remove(song)
                songs.pop(song)
    assert_same(index, songs)
    for song in list(songs):
        index.remove(song)
    assert index.search("abcde") == []
    assert connection.execute("SELECT count(*) FROM candidates_heard_grams").fetchone() == (0,)


def test_of_two_with_one_number_the_last_is_kept():
    index = NgramIndex(connect(), "lyrics")
    index.put_all([(1, "hellodarkness"), (1, "yesterday")])
    assert (index.search("hello"), index.letters(1), index.letters(2)) == ([1], "yesterday", None)
    assert NgramIndex(index._db, "lyrics").search("yesterday") == [1]


def test_numbers_may_be_large_and_far_apart(monkeypatch):
    monkeypatch.setattr(ngram_index, "FRESH", 0)
    index = NgramIndex(connect(), "lyrics")
    index.put_all([(0, "hellodarkness"), (8191, "hellodarkly"), (8192, "hellothere"), (2**32 - 1, "darknessfell")])
    assert index.search("hellodarkness", k=3) == [0, 8191, 2**32 - 1]


@pytest.mark.parametrize("song", [-1, 2**32])
def test_a_number_out_of_range_is_refused_and_nothing_put(song):
    index = NgramIndex(connect(), "lyrics")
    with pytest.raises(UsageError, match=str(song)):
        index.put_all([(1, "hellodarkness"), (song, "yesterday")])
    assert list(index.songs()) == []


def test_kinds_are_apart_and_others_refused():
    connection = connect()
    NgramIndex(connection, "lyrics").put(1, "hellodarkness")
    assert NgramIndex(connection, "heard").search("hellodarkness") == []
    with pytest.raises(UsageError, match="expected 'lyrics' or 'heard'"):
        NgramIndex(connection, "words")


@pytest.mark.parametrize("fresh", [10_000, 0])
def test_among_looks_at_these_songs_only(monkeypatch, fresh):
    monkeypatch.setattr(ngram_index, "FRESH", fresh)
    songs = made_up(300)
    index = NgramIndex(connect(), "lyrics")
    index.put_all(songs.items())
    among = frozenset(range(0, 300, 3)) | {999}
    for query in made_up(10, seed=4).values():
        assert index.search(query, 5, among) == [song for song in by_hand(songs, query) if song in among][:5]
    assert index.search("abcde", 5, frozenset()) == []


def test_where_at_most_k_can_be_chosen_all_are():
    index = NgramIndex(connect(), "lyrics")
    index.put_all([(1, "yesterday"), (2, "hellodarkness"), (3, "")])
    assert index.search("hellodagnes", k=3) == [2, 1, 3]
    assert index.search("hellodagnes", k=2) == [2]
    assert index.search("hellodagnes", k=2, among=frozenset({1, 3, 9})) == [1, 3]


@pytest.mark.parametrize("fresh", [10_000, 0])
def test_a_query_shorter_than_a_gram_finds_words_that_begin_so(monkeypatch, fresh):
    monkeypatch.setattr(ngram_index, "FRESH", fresh)
    index = NgramIndex(connect(), "lyrics")
    index.put_all(
        [(1, "ohheyjude"), (2, "hexameter"), (3, "theyarehere"), (4, "999heyyy9"), *made_up(100).items()][0:4]
    )
    assert index.search("hey", k=3) == [1, 3, 4]
    assert index.search("heyj", k=3) == [1]


@pytest.mark.parametrize("letters", ["", "a", "ab", "äöü", "   ", "-----", "\x00" * 9])
def test_a_query_without_enough_letters_finds_nothing(letters):
    index = NgramIndex(connect(), "lyrics")
    index.put_all([(1, "hellodarkness"), (2, letters)])
    assert index.search(letters) == []


def test_a_typed_line_with_a_slip_finds_its_song():
    songs = made_up(2000, letters="abcdefghijklmnoprstuvw") | {77: "hellodarknessmyoldfriendivecometotalkwithyouagain"}
    index = NgramIndex(connect(), "heard")
    index.put_all(songs.items())
    assert index.search("helodarknesmyfriend")[0] == 77


def test_a_query_of_a_whole_book_is_answered():
    songs = made_up(300)
    index = NgramIndex(connect(), "lyrics")
    index.put_all(songs.items())
    book = "".join(random.Random(5).choices("abcdefghijklmnopqrstuvwxyz", k=200_000))
    assert index.search(book + max(songs.values(), key=len))
    assert len(ngram_index.wanted_grams(book)) <= 1000


def test_a_song_that_differs_by_one_letter_in_its_block_stays(monkeypatch):
    monkeypatch.setattr(ngram_index, "FRESH", 0)
    index = NgramIndex(connect(), "lyrics")
    index.put_all([(5, "hellodarkness"), (5 + 8192, "hellodarkness")])
    index.remove(5)
    assert index.search("hellodarkness", k=1) == [5 + 8192]


def test_clear_forgets_all_and_takes_new_songs():
    connection = connect()
    index = NgramIndex(connection, "lyrics")
    index.put_all(made_up(500).items())
    index.clear()
    assert connection.execute("SELECT count(*) FROM candidates_lyrics_grams").fetchone() == (0,)
    assert (list(index.songs()), index.search("abcde")) == ([], [])
    index.put(1, "abcde")
    assert index.search("abcde") == [1]


@pytest.mark.usefixtures("blocks")
def test_a_rolled_back_transaction_leaves_no_trace():
    connection = connect()
    index = NgramIndex(connection, "lyrics")
    songs = made_up(300)
    index.put_all(songs.items())
    connection.execute("BEGIN IMMEDIATE")
    index.put_all((number + 300, letters) for number, letters in made_up(300, seed=6).items())
    index.remove(3)
    connection.execute("ROLLBACK")
    assert_same(index, songs)


@pytest.mark.usefixtures("blocks")
def test_other_connections_see_what_is_committed_and_only_that(tmp_path):
    ours, theirs = connect(tmp_path / "songs.sqlite"), connect(tmp_path / "songs.sqlite")
    writer, reader = NgramIndex(ours, "lyrics"), NgramIndex(theirs, "lyrics")
    songs = made_up(300)
    writer.put_all(songs.items())
    assert_same(reader, songs)
    ours.execute("BEGIN IMMEDIATE")
    later = songs | {number + 300: letters for number, letters in made_up(300, seed=7).items()}
    writer.put_all(later.items())
    assert_same(reader, songs)
    theirs.execute("BEGIN")
    assert_same(reader, songs)
    ours.execute("COMMIT")
    assert_same(reader, songs)
    theirs.execute("COMMIT")
    assert_same(reader, later)


def test_songs_that_are_joined_while_a_search_reads_are_found_once(monkeypatch):
    monkeypatch.setattr(ngram_index, "FRESH", 0)
    monkeypatch.setattr(ngram_postings, "NARROW", 1)
    monkeypatch.setattr(ngram_postings, "WIDE", 2)
    index = NgramIndex(connect(), "lyrics")
    index.put_all((song, "hellodarkness") for song in range(4))
    before = list(index._rows.postings(wanted_grams("hellodarkness")))
    index.put(4, "hellodarkness")
    after = list(index._rows.postings(wanted_grams("hellodarkness")))
    assert [part.size for part in (*before, *after)] == [2, 2, 2, 4]
    monkeypatch.setattr(index._rows, "postings", lambda wanted: [*before, *after])
    assert sorted(index.search("hellodarkness", k=10)) == list(range(5))


def test_a_process_killed_in_the_middle_leaves_whole_songs(tmp_path, monkeypatch):
    """Each song is in its table and in the index, or in neither, wherever the kill falls."""
    monkeypatch.setattr(ngram_postings, "NARROW", 2)
    monkeypatch.setattr(ngram_postings, "WIDE", 5)
    program = textwrap.dedent(
        """
        import os, signal, sqlite3, sys
        from tests.store.test_ngram_index import ngram_index, connect, made_up
        from alcca.store import ngram_postings
        ngram_index.FRESH = 20
        ngram_postings.NARROW, ngram_postings.WIDE = 2, 5
        connection = connect(sys.argv[1])
        connection.execute("CREATE TABLE IF NOT EXISTS songs (id INTEGER PRIMARY KEY)")
        index = ngram_index.NgramIndex(connection, "lyrics")
        (begin,) = connection.execute("SELECT count(*) FROM songs").fetchone()
        steps = int(sys.argv[2])

        def die():
            global steps
            steps -= 1
            if not steps:
                os.kill(os.getpid(), signal.SIGKILL)

        for song in range(begin, 100):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO songs VALUES (?)", (song,))
            connection.set_progress_handler(die, 10)
            index.put(song, made_up(100)[song])
            connection.execute("COMMIT")
        """
    )
    path, songs, killed = tmp_path / "songs.sqlite", made_up(100), 0
    for steps in (100, 300, 700, 900, 1000, 0):
        ended = subprocess.run([sys.executable, "-c", program, str(path), str(steps)], check=False, timeout=60)
        killed += ended.returncode == -signal.SIGKILL
        assert ended.returncode in (0, -signal.SIGKILL)
        connection = connect(path)
        have = {song for (song,) in connection.execute("SELECT id FROM songs")}
        if len(have) > 4:
            assert_same(NgramIndex(connection, "lyrics"), {song: songs[song] for song in have})
        connection.close()
    assert killed >= 3
    assert len(have) == 100


@pytest.mark.parametrize("row", [b"", b"\x01", b"\xff" * 7, b"\xff" * 8, "hello", 3.5, 7])
def test_damaged_rows_neither_stop_a_search_nor_invent_songs(monkeypatch, row):
    monkeypatch.setattr(ngram_index, "FRESH", 0)
    connection = connect()
    index = NgramIndex(connection, "lyrics")
    index.put_all([(1, "hellodarkness"), (2, "hellothere"), (3, "darkness")])
    connection.execute("UPDATE candidates_lyrics_grams SET songs = ? WHERE key % 2", (row,))
    connection.execute("UPDATE candidates_lyrics_letters SET letters = ? WHERE song = 3", (row,))
    monkeypatch.setattr(ngram_index, "FRESH", 1)
    index.put(4, "hellodarkness")
    assert set(index.search("hellodarkness", k=2)) <= {1, 2, 3, 4}
    index.letters(3)
    for song in (1, 2, 3, 4):
        index.remove(song)
    assert index.search("hellodarkness") == []
    index.clear()
    index.put_all([(1, "hellodarkness")])
    assert index.search("hellodarkness") == [1]


def test_tables_can_be_made_statement_by_statement_and_twice():
    connection = sqlite3.connect(":memory:")
    for _ in range(2):
        statement = ""
        for line in NgramIndex.TABLES.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                connection.execute(statement)
                statement = ""
        assert not statement.strip()
    index = NgramIndex(connection, "heard")
    index.put(1, "hellodarkness")
    assert index.search("hellodarkness") == [1]
