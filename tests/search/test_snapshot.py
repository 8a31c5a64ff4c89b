"""What is found in one picture of a library, and how its scores compare."""

import shutil

import numpy as np
import pytest

from alcca import Library
from alcca.errors import UntrainedError, UsageError
from alcca.search.filters import Filter
from alcca.search.snapshot import Snapshot
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store


@pytest.fixture(scope="module")
def folder(trained_once, tmp_path_factory):
    copy = tmp_path_factory.mktemp("asked") / "library"
    shutil.copytree(trained_once / "library", copy)
    return copy


@pytest.fixture(scope="module")
def snapshot(folder):
    return Snapshot(Store(folder), folder)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def vectors(folder, view):
    store = Store(folder)
    ids, places = store.tables(Embeddings).vectors(store.setting("model")["name"], view)
    return ids, unit(places.astype(float))


def test_a_search_finds_the_nearest_songs(folder, snapshot):
    ids, places = vectors(folder, "lyrics")
    query = np.random.default_rng(0).standard_normal(places.shape[1])
    found = snapshot.space.search(query, "audio", "lyrics", 4)
    cosines = places @ query / np.linalg.norm(query)
    best = np.argsort(-cosines)[:4]
    assert [one.id for one in found] == [ids[i] for i in best]
    np.testing.assert_allclose([one.score for one in found], cosines[best], atol=1e-6)


@pytest.mark.parametrize(("asks", "gallery"), [("audio", "lyrics"), ("audio", "audio"), ("lyrics", "lyrics")])
def test_closer_than_is_the_share_of_pairs_of_different_songs_below_the_score(folder, snapshot, asks, gallery):
    (one, left), (other, right) = vectors(folder, asks), vectors(folder, gallery)
    different = np.array(one)[:, None] != np.array(other)[None, :]
    pairs = (left @ right.T)[different]
    found = snapshot.space.search(left[3], asks, gallery, 20)
    for hit in found:
        # The last bit of a float32 cosine may put a pair that has this very score on either side.
        assert np.mean(pairs < hit.score - 1e-6) <= hit.closer_than <= np.mean(pairs < hit.score + 1e-6)
    assert found[0].closer_than > found[-1].closer_than


def test_a_song_is_no_neighbour_of_itself(folder, snapshot):
    ids, places = vectors(folder, "audio")
    found = snapshot.space.neighbours(ids[5], "audio", 3)
    others = np.delete(np.arange(len(ids)), 5)
    best = others[np.argsort(-(places[others] @ places[5]))[:3]]
    assert [one.id for one in found] == [ids[i] for i in best]


def test_a_song_without_words_has_no_neighbours_by_lyrics(snapshot):
    silent = next(one.id for one in snapshot.summaries.values() if one.title == "no words")
    assert len(snapshot.space.neighbours(silent, "audio", 3)) == 3
    with pytest.raises(UsageError, match="'no words' has no usable lyrics"):
        snapshot.space.neighbours(silent, "lyrics", 3)


def test_filters_are_cumulative_and_name_what_exists(tmp_path):
    store = Store(tmp_path)
    with store.transaction():
        for i, (artist, label) in enumerate([("Ann", "folk"), ("Ann", "rock"), ("Bob", "folk")]):
            store._db.execute(
                "INSERT INTO songs (hash, title, artist, label, notes, checksum) VALUES (?, ?, ?, ?, '[]', 0)",
                (str(i), f"song {i}", artist, label),
            )
    snapshot = Snapshot(store, tmp_path)
    assert snapshot.among(Filter()) is None
    assert snapshot.among(Filter(label="folk")) == {1, 3}
    assert snapshot.among(Filter("folk", "Ann")) == {1}
    with pytest.raises(UsageError, match="no song has the artist 'Cid'; the library's are: Ann, Bob"):
        snapshot.among(Filter(artist="Cid"))


def test_only_songs_that_pass_the_filter_are_found(snapshot):
    among = frozenset([2, 4, 6])
    found = snapshot.space.search(snapshot.space.place(1, "lyrics"), "lyrics", "audio", 10, among)
    assert {one.id for one in found} == among
    assert snapshot.space.embedded("audio", among) == 3


def test_without_a_layout_the_map_holds_every_searchable_song_on_two_principal_components(folder):
    shutil.rmtree(folder / "models" / Store(folder).setting("model")["name"] / "map")
    snapshot = Snapshot(Store(folder), folder)
    assert len(snapshot.space.map.ids) == snapshot.space.searchable == 32
    places = snapshot.space.map.places
    assert np.abs(places).max() == pytest.approx(1)
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-5)
    # The first component has the greatest variance, and both show what the analysis of all dimensions says.
    sums = {}
    for view in ("audio", "lyrics"):
        for song, place in zip(*vectors(folder, view), strict=True):
            sums[song] = sums.get(song, 0) + place
    points = unit(np.array([sums[song] for song in snapshot.space.map.ids]))
    variances = np.sort(np.linalg.eigvalsh(np.cov(points.T)))[::-1]
    assert snapshot.space.map.explained == pytest.approx(variances[:2].sum() / variances.sum(), rel=1e-4)
    ratio = places[:, 0].var() / places[:, 1].var()
    assert ratio == pytest.approx(variances[0] / variances[1], rel=1e-3)


def test_the_model_is_kept_while_it_is_in_use_and_replaced_after_training(place):
    folder = place / "library"
    first = Snapshot(Store(folder), folder)
    assert not first.space.is_loaded  # an exact search needs no model
    embedder = first.space.embedder
    assert Snapshot(Store(folder), folder, first).space.embedder is embedder
    with Library(folder, progress=False) as library:
        library.train(epochs=1)
    after = Snapshot(Store(folder), folder, first)
    assert after.space.embedder is not embedder
    assert after.model["name"] != first.model["name"]


def test_an_untrained_library_says_what_to_do(tmp_path):
    snapshot = Snapshot(Store(tmp_path), tmp_path)
    snapshot.warm()
    assert snapshot.space.dimension == snapshot.space.searchable == len(snapshot.space.map.ids) == 0
    with pytest.raises(UntrainedError, match="alcca train"):
        snapshot.space.place(1, "audio")
