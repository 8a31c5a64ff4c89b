"""A whole library, searched by each engine: the same hits, the same numbers."""

import shutil
from dataclasses import replace

import pytest
from tests.making import write_song

from alcca import Library
from alcca.search.live import LiveLibrary
from alcca.search.part import Query
from alcca.store.ngram_index import NgramIndex

INDEXES = ["faiss", "faiss:least=12", "milvus:{}/songs.db"]


@pytest.fixture(params=INDEXES)
def named(request, tmp_path):
    pytest.importorskip("faiss" if request.param.startswith("faiss") else "milvus_lite")
    return request.param.format(tmp_path)


def told(library, **query):
    return [hit.to_dict() for hit in library.search(k=8, **query)]


def all_told(library, place):
    """Everything that a few searches tell."""
    clip = place / "music" / "song 03.wav"
    words = "river mountain morning silver"
    found = [
        told(library, audio=clip, by="space"),
        told(library, lyrics=words),
        told(library, lyrics=words, by="words"),
    ]
    found.append(told(library, lyrics=words, by="space", label="rock"))
    return [*found, library._snapshot.space.neighbours(5, "audio", 5), library.status()["model"]["components"]]


def test_all_engines_find_the_same(place, named):
    with Library(place / "library", progress=False) as library:
        with library._store.transaction():
            for song in library.songs():
                library._store.put_song(replace(song, label="folk" if song.id % 3 else "rock"))
        expected = all_told(library, place)
        assert all(expected)
    for _ in range(2):  # the second finds what the first has kept
        with Library(place / "library", progress=False, index=named) as library:
            assert all_told(library, place) == expected
            assert library._snapshot.space.searchable == 32


def test_milvus_names_the_candidates_in_place_of_the_librarys_own_index(place, tmp_path, monkeypatch):
    pytest.importorskip("milvus_lite")
    with Library(place / "library", progress=False, index=f"milvus:{tmp_path}/songs.db") as library:
        monkeypatch.setattr(NgramIndex, "search", lambda *_: pytest.fail("the library's own index was asked"))
        assert told(library, lyrics="river mountain morning silver", by="words")


def test_songs_that_come_and_a_new_training_are_followed(place, named):
    write_song(place / "music" / "song 77.wav", 77)
    with (
        Library(place / "library", progress=False) as library,
        Library(place / "library", progress=False, index=named) as other,
    ):
        words = "river mountain morning silver"
        assert told(other, lyrics=words) == told(library, lyrics=words)
        library.add(place / "music")
        assert told(other, lyrics=words) == told(library, lyrics=words)
        assert other._snapshot.space.searchable == library._snapshot.space.searchable > 32
        library.train(components=3)
        assert told(other, lyrics=words) == told(library, lyrics=words)
        assert other._snapshot.space.dimension == 3


def test_a_server_searches_by_it_and_lets_go_of_it(place, named):
    shutil.rmtree(place / "music")
    for _ in range(2):
        with LiveLibrary(place / "library", named) as live, live.store() as store:
            found = live.snapshot.search(Query(text="river mountain"), store, 3)
            assert len(found.hits) == 3


def test_the_status_says_how_well_the_files_find(place):
    pytest.importorskip("faiss")
    with Library(place / "library", progress=False, index="faiss:least=12") as library:
        assert library.status()["indexes"] == []
        library.search(lyrics="river mountain", by="space")
        kept = library.status()["indexes"]
    assert [one["view"] for one in kept] == ["audio", "lyrics"]
    assert all(one["recall"] >= 0.98 and one["probes"] >= 1 for one in kept)
