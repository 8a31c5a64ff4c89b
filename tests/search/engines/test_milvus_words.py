"""Milvus's sparse index in the place of the library's own: the same songs are candidates."""

import contextlib
import sqlite3

import numpy as np
import pytest

from alcca.search.engines.by_name import engine_named
from alcca.search.engines.engine import Letters
from alcca.search.engines.milvus_words import LONGEST, _all_grams, _tokens
from alcca.search.filters import Chosen, Filter
from alcca.store.ngram_index import NgramIndex

pytest.importorskip("milvus_lite")

WORDS = ["lamb", "holy", "river", "stone", "winter", "lover", "morning", "silver", "mountain", "ocean", "garden"]


@pytest.fixture
def words():
    rng = np.random.default_rng(0)
    return {song: "".join(rng.choice(WORDS, 12)) for song in range(1, 121)}


@pytest.fixture
def engine(tmp_path):
    with contextlib.closing(engine_named(f"milvus:{tmp_path / 'words.db'}")) as engine:
        yield engine


def tags(song):
    return Filter("even" if song % 2 == 0 else "odd", None)


def letters_of(words, read=None):
    def letters(song):
        if read is not None:
            read.append(song)
        return words[song]

    ids = np.array(sorted(words), dtype=np.int64)
    stamps = np.array([sum(map(ord, words[song])) + len(words[song]) for song in ids.tolist()])
    return lambda: Letters(ids, stamps, letters, tags)


def own(words):
    connection = sqlite3.connect(":memory:")
    connection.executescript(NgramIndex.TABLES)
    index = NgramIndex(connection, "lyrics")
    index.put_all(words.items())
    return index


def test_a_song_is_found_by_a_misheard_passage_as_by_the_librarys_own_index(engine, words):
    index, local = engine.words("feed", "lyrics", letters_of(words), None), own(words)
    for song in (3, 50, 120):
        heard = words[song][10:40].replace("i", "e")
        assert index.search(heard, 5)[0] == local.search(heard, 5)[0] == song
        assert len(set(index.search(heard, 20)) & set(local.search(heard, 20))) >= 15
        assert index.search(heard, 200) == index.search(heard, 120)
        assert sorted(index.search(heard, 200)) == sorted(words)


def test_short_queries_filters_and_nothing_at_all(engine, words):
    words[200], words[201] = "zebrazebra", "qqqqqq"
    index = engine.words("feed", "lyrics", letters_of(words), None)
    assert index.search("zeb", 5) == [200]
    assert index.search("ze", 5) == index.search("", 5) == index.search("zebra", 0) == []
    assert index.search(words[7], 1, Chosen(range(2, 121, 2), Filter("even"))) != [7]
    assert index.search(words[8], 1, Chosen(range(2, 121, 2), Filter("even"))) == [8]
    assert index.search(words[8], 5, frozenset({7, 8, 9_999})) == [8, 7]
    assert index.search(words[8], 5, frozenset()) == []


def test_only_changed_words_are_sent_and_the_next_process_finds_them(tmp_path, engine, words):
    index = engine.words("feed", "heard", letters_of(words), None)
    assert engine.words("feed", "heard", letters_of(words), index) is index
    words[5] = "zebrazebrazebra"
    del words[6]
    read = []
    index = engine.words("feed", "heard", letters_of(words, read), index)
    assert read == [5]
    assert index.search("zebraz", 5) == [5]
    assert index._collection.stamps()[0].tolist() == sorted(words)
    assert 6 not in index.search("river", 200)
    engine.close()
    with contextlib.closing(engine_named(f"milvus:{tmp_path / 'words.db'}")) as again:
        index = again.words("feed", "heard", letters_of(words, read), None)
        assert read == [5]
        assert index.search("zebraz", 5) == [5]
        assert again.words("beef", "heard", letters_of({}), None).search("zebraz", 5) == []


def test_a_song_of_any_length_fits():
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 40_000))
    assert LONGEST // 2 < len(_tokens(_all_grams(text))) <= LONGEST
