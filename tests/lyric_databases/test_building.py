"""The index: resumed, continued, made anew, merged; what it finds is what counting by hand finds."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from tests.lyric_databases.songs import song, words, write_lrclib

from alcca.errors import DiskError
from alcca.lyric_databases import building, postings
from alcca.lyric_databases.database import LyricDatabase
from alcca.lyric_databases.place import index_folder
from alcca.lyric_databases.postings import Segment, merge, most_votes, write_segment
from alcca.lyric_databases.song_table import SongTable
from alcca.matching.ngrams import distinct, grams_of, wanted_grams


@pytest.fixture(autouse=True)
def small_batches(monkeypatch, tmp_path):
    monkeypatch.setattr(building, "BATCH", 8)
    monkeypatch.setenv("ALCCA_CACHE", str(tmp_path / "cache"))


def opened(path):
    return LyricDatabase.open(path, progress=False)


def first(database, number):
    found = database.identify(words(number)[40:300])
    return found[0].title if found else None


def batches_written(path):
    with sqlite3.connect(index_folder(path) / building.SONGS) as db:
        return db.execute("SELECT position FROM batch ORDER BY position").fetchall()


def test_each_song_is_found_and_the_index_is_kept(tmp_path, monkeypatch):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(30)))
    with opened(path) as database:
        assert (len(database), database.texts) == (30, 30)
        assert [first(database, number) for number in range(30)] == [song(number)["title"] for number in range(30)]
    monkeypatch.setattr(building, "_Builder", None)
    with opened(path) as database:
        assert first(database, 7) == song(7)["title"]


def test_a_killed_build_goes_on_where_it_was(tmp_path):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(40)))
    child = f"""
        import os, signal
        from pathlib import Path
        from alcca.lyric_databases import building
        from alcca.lyric_databases.database import LyricDatabase
        building.BATCH = 8
        add, count = building._Builder._add, []
        def killed(self, rows):
            add(self, rows)
            count.append(1)
            if len(count) == 3:
                os.kill(os.getpid(), signal.SIGKILL)
        building._Builder._add = killed
        LyricDatabase.open(Path({str(path)!r}), progress=False)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(child)], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert batches_written(path) == [(8,), (16,)]
    (index_folder(path) / "00000-0000000017.grams").write_bytes(b"half a file of a batch of another size")
    with opened(path) as database:
        assert len(database) == 40
        assert [first(database, number) for number in (0, 15, 16, 23, 39)] == [
            song(number)["title"] for number in (0, 15, 16, 23, 39)
        ]
    assert batches_written(path) == [(8,), (16,), (24,), (32,), (40,)]
    # Each gram of each text once, whatever the killed process had left.
    assert len(list(index_folder(path).glob("*.grams"))) == 1


def test_rows_that_were_added_are_added_to_the_index(tmp_path, monkeypatch):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(20)))
    opened(path).close()
    write_lrclib(path, map(song, range(20, 25)), first=21)
    added = []
    add = building._Builder._add
    monkeypatch.setattr(building._Builder, "_add", lambda self, rows: (added.extend(rows), add(self, rows)))
    with opened(path) as database:
        assert [first(database, number) for number in (3, 19, 22)] == [song(n)["title"] for n in (3, 19, 22)]
        assert len(database) == 25
    assert len(added) == 5


def test_a_changed_row_makes_the_index_anew(tmp_path):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(20)))
    opened(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE lyrics SET plain_lyrics = ? WHERE id = 4", (words(99),))
    with opened(path) as database:
        assert first(database, 99) == song(3)["title"]
        assert first(database, 3) is None or first(database, 3) != song(3)["title"]
        assert len(database) == 20


def test_fewer_rows_make_the_index_anew(tmp_path):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(20)))
    opened(path).close()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM lyrics WHERE id > 10")
    with opened(path) as database:
        assert len(database) == 10


def test_a_damaged_index_is_made_anew(tmp_path):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(20)))
    opened(path).close()
    (segment,) = index_folder(path).glob("*.grams")
    segment.write_bytes(segment.read_bytes()[:-7])
    with opened(path) as database:
        assert first(database, 5) == song(5)["title"]


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path, monkeypatch):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(20)))

    def full(*_):
        raise OSError(28, "No space left on device", "x.grams")

    with monkeypatch.context() as patch:
        patch.setattr(building, "write_segment", full)
        with pytest.raises(DiskError, match="the disk is full"):
            opened(path)
    with opened(path) as database:
        assert len(database) == 20


def test_notes_tell_what_was_left_out_also_when_the_index_is_opened_again(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "a", "lyrics": "some words"}\n7\n')
    for _ in range(2):
        with opened(path) as database:
            assert database.notes == ["a.jsonl: 1 rows are no JSON objects and were left out"]


def test_versions_of_a_text_are_one(tmp_path):
    altered = words(1, 300).replace("\n", "\n\n").upper()
    longer = words(1, 300) + "\n" + words(50, 20)
    songs = [song(1, lyrics=words(1, 300)), song(1, lyrics=altered, title="Live"), song(2), song(1, lyrics=longer)]
    with opened(write_lrclib(tmp_path / "a.sqlite3", songs)) as database:
        assert (len(database), database.texts) == (4, 2)
        found = database.identify(words(1)[:300])
        assert [(one.title, one.versions) for one in found] == [(song(1)["title"], 3)]


def test_segments_merged_hold_what_each_held(tmp_path, monkeypatch):
    monkeypatch.setattr(postings, "STEP", 64)
    rng = np.random.default_rng(0)
    made = []
    for number in range(5):
        gram, text = rng.integers(0, 60_000_000, 400) // 1000 * 1000, rng.integers(0, 65_536, 400)
        write_segment(tmp_path / f"{number}.grams", gram, text)
        made.append((gram, text))
    merge(tmp_path / "all.grams", [Segment.read(tmp_path / f"{number}.grams", 0) for number in range(5)])
    found = Segment.read(tmp_path / "all.grams", 0)
    pairs = np.repeat(found.grams.astype(np.int64), np.diff(found.starts.astype(np.int64))) << 16 | found.texts
    gram, text = (np.concatenate(parts) for parts in zip(*made, strict=True))
    assert np.array_equal(pairs, distinct(gram << 16 | text))


def test_votes_are_those_of_counting_by_hand(tmp_path):
    texts = [words(number).replace(" ", "").replace("\n", "").encode() for number in range(50)]
    gram, text = grams_of(texts)
    write_segment(tmp_path / "a.grams", gram, text)
    query = words(7)[30:200].replace(" ", "").replace("\n", "")
    wanted = wanted_grams(query)
    sets = [set(grams_of([one])[0].tolist()) for one in texts]
    holders = {one: sum(one in grams for grams in sets) for one in wanted.tolist()}
    expected = [sum(np.log2(1 + 50 / holders[one]) for one in wanted.tolist() if one in grams) for grams in sets]
    best, votes = most_votes([Segment.read(tmp_path / "a.grams", 0)], wanted, 5, 50)
    assert best[0] == 7
    assert np.allclose(votes, np.array(expected)[best], rtol=1e-5)
    assert np.allclose(votes, np.sort(expected)[::-1][:5], rtol=1e-5)


def test_a_long_text_has_votes_by_chance(tmp_path):
    rng = np.random.default_rng(0)
    common = rng.choice(1_000_000, 400, replace=False)
    # Texts of 100 of 400 common grams each; one has them all, and one is the query's.
    gram = [rng.choice(common, 100, replace=False) for _ in range(200)] + [common]
    text = np.repeat(np.arange(201), [len(one) for one in gram])
    write_segment(tmp_path / "a.grams", np.concatenate(gram), text)
    query = np.unique(np.concatenate([rng.choice(gram[7], 60, replace=False), rng.choice(common, 60)]))
    best, votes = most_votes([Segment.read(tmp_path / "a.grams", 0)], query, 201, 201)
    assert best[0] == 7
    assert votes.argmax() == best.tolist().index(200)


def test_a_segment_of_another_block_has_other_texts(tmp_path):
    write_segment(tmp_path / "a.grams", np.array([5]), np.array([3]))
    best, _ = most_votes([Segment.read(tmp_path / "a.grams", 2)], np.array([5]), 5, 200_000)
    assert best.tolist() == [2 * postings.BLOCK + 3]


def test_the_same_index_for_any_size_of_batches(tmp_path, monkeypatch):
    path = write_lrclib(tmp_path / "a.sqlite3", map(song, range(30)))
    found = []
    for batch in (3, 1000):
        monkeypatch.setattr(building, "BATCH", batch)
        folder = tmp_path / f"index{batch}"
        LyricDatabase.open(path, index=folder, progress=False).close()
        table = SongTable(folder / building.SONGS, writing=False)
        ((name, block),) = table.segments()
        segment = Segment.read(folder / name, block)
        found.append((segment.grams.tolist(), segment.texts.tolist()))
        table.close()
    assert found[0] == found[1]
