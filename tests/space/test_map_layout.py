"""The map that is laid out after a training: what it keeps near, where new songs go, and what survives."""

import multiprocessing
import os
import shutil
import signal
import time

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from tests.making import write_song

from alcca import Library
from alcca.errors import MissingExtraError
from alcca.search.snapshot import Snapshot
from alcca.space import map_layout
from alcca.space.map_layout import Layout, lay_out, place_among, song_points
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def crowds():
    """Five crowds of points in twenty dimensions, and which crowd each point is of."""
    rng = np.random.default_rng(0)
    of = np.repeat(np.arange(5), 40)
    return unit(rng.standard_normal((5, 20))[of] + 0.4 * rng.standard_normal((200, 20))), of


@pytest.fixture(scope="module")
def laid(crowds):
    return lay_out(crowds[0])


def map_of(folder):
    return Snapshot(Store(folder), folder).space.map


def model_of(folder):
    return folder / "models" / Store(folder).setting("model")["name"]


def test_neighbours_stay_neighbours_better_than_on_principal_components(crowds, laid):
    points, of = crowds
    principal, _ = map_layout.principal_places(points)
    assert trustworthiness(points, laid, n_neighbors=10) > trustworthiness(points, principal, n_neighbors=10) + 0.02
    nearest = np.argsort(((laid[:, None] - laid[None]) ** 2).sum(axis=2), axis=1)[:, 1]
    assert np.mean(of[nearest] == of) > 0.95
    assert laid.dtype == np.float32
    assert np.abs(laid).max() == pytest.approx(1)
    np.testing.assert_allclose(laid.max(axis=0), -laid.min(axis=0), atol=1e-6)


def test_the_same_seed_makes_the_same_map_whatever_the_threads(crowds, laid):
    np.testing.assert_array_equal(lay_out(crowds[0]), laid)
    np.testing.assert_array_equal(lay_out(crowds[0], n_jobs=2), laid)


def test_new_points_go_to_their_neighbours_and_not_between_two_crowds(crowds, laid):
    points, of = crowds
    new = np.arange(len(of)) % 10 == 0
    placed = place_among(points[new], points[~new], laid[~new])
    middles = np.array([laid[of == crowd].mean(axis=0) for crowd in range(5)])
    nearest = ((placed[:, None] - middles[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == of[new]).all()
    # One that is as near to two crowds stands in one of them.
    two = np.array([[1.0, 0.0]] * 6 + [[0.0, 1.0]] * 5)
    places = np.array([[-0.9, 0.0]] * 6 + [[0.9, 0.0]] * 5)
    assert place_among(np.array([[0.8, 0.6]]), two, places)[0].tolist() == pytest.approx([-0.9, 0.0])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("point", [np.zeros(3), np.array([0.6, 0.0, 0.8])])
def test_songs_at_one_point_stay_at_one_point(point):
    points = np.tile(point, (12, 1)) + np.linspace(0, 1e-16, 12)[:, None]
    assert lay_out(points).tolist() == [[0.0, 0.0]] * 12


def test_without_the_extra_it_says_how_to_install_it(crowds, monkeypatch):
    monkeypatch.setattr(map_layout, "can_lay_out", lambda: False)
    with pytest.raises(MissingExtraError, match=r"pip install 'alcca\[map\]'"):
        lay_out(crowds[0])


def test_what_was_kept_is_read_back(tmp_path, laid):
    named = (map_layout.Neighbourhood(0, 0.5, -0.25, 12, ("lamb", "holy")),)
    one = Layout(np.arange(200), np.arange(200) + 7, laid, named)
    assert Layout.load(tmp_path) is None
    one.save(tmp_path)
    other = Layout.load(tmp_path)
    for name in ("ids", "checks", "places"):
        np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
    assert other.neighbourhoods == named


def test_training_lays_the_library_out(place):
    folder = place / "library"
    now = map_of(folder)
    assert (len(now.ids), now.explained, now.note) == (32, None, None)
    store = Store(folder)
    ids, points = song_points([store.tables(Embeddings).vectors(model_of(folder).name, v) for v in ("audio", "lyrics")])
    assert now.ids == ids.tolist()
    np.testing.assert_array_equal(now.places, lay_out(points))


def test_a_new_song_is_placed_and_all_others_stay(place, monkeypatch):
    folder = place / "library"
    before = map_of(folder)
    write_song(place / "music" / "song 77.wav", 77)
    monkeypatch.setattr("alcca.training.map.lay_out", lambda *_, **__: pytest.fail("laid out anew"))
    with Library(folder, progress=False) as library:
        library.add(place / "music")
    after = map_of(folder)
    assert set(after.ids) > set(before.ids)
    assert after.note is None
    old = np.isin(after.ids, before.ids)
    np.testing.assert_array_equal(after.places[old], before.places)
    assert (before.places.min(axis=0) <= after.places[~old]).all()
    assert (after.places[~old] <= before.places.max(axis=0)).all()


def test_a_song_that_is_gone_has_no_place_and_its_number_is_free_for_another(place):
    folder = place / "library"
    before = map_of(folder)
    store, name = Store(folder), model_of(folder).name
    last = before.ids[-1]
    kept = store.tables(Embeddings)
    with store.transaction():
        store._delete([last])
    after = map_of(folder)
    assert after.ids == before.ids[:-1]
    np.testing.assert_array_equal(after.places, before.places[:-1])
    # SQLite gives the highest number away again; the place of the song that had it is not given with it.
    twin = kept.vectors(name, "audio")[1][0]
    with store.transaction():
        song = store.songs([1])[0]
        song = type(song)(**{**vars(song), "hash": "another", "id": None})
        assert store.put_song(song) == last
        kept.put(name, [last], [-twin], [None])
    again = map_of(folder)
    assert again.ids == before.ids
    np.testing.assert_array_equal(again.places[:-1], before.places[:-1])
    assert not np.array_equal(again.places[-1], before.places[-1])


def test_without_a_layout_it_shows_principal_components_and_says_what_to_do(place, monkeypatch):
    folder = place / "library"
    shutil.rmtree(model_of(folder) / "map")
    told = map_of(folder)
    assert len(told.ids) == 32
    assert 0 < told.explained <= 1
    assert "alcca train" in told.note
    for module in ("space.map_layout", "training.map"):
        monkeypatch.setattr(f"alcca.{module}.can_lay_out", lambda: False)
    assert "pip install 'alcca[map]'" in map_of(folder).note
    with Library(folder, progress=False) as library:
        library.train(epochs=1)
    assert not (model_of(folder) / "map").exists()
    assert "pip install 'alcca[map]'" in map_of(folder).note


def test_a_damaged_layout_is_no_reason_to_stop(place):
    folder = place / "library"
    arrays = model_of(folder) / "map" / "arrays.safetensors"
    arrays.write_bytes(arrays.read_bytes()[:50])
    told = map_of(folder)
    assert told.explained is not None
    assert "damaged" in told.note


def _train(folder):
    with Library(folder, progress=False) as library:
        library.train(epochs=1)


@pytest.mark.slow
def test_a_training_that_is_killed_while_it_lays_out_leaves_the_old_map(place, monkeypatch):
    folder = place / "library"
    before, model = map_of(folder), model_of(folder)
    begun = multiprocessing.get_context("fork").Event()

    def never_done(*_, **__):
        begun.set()
        time.sleep(600)

    monkeypatch.setattr("alcca.training.map.lay_out", never_done)
    process = multiprocessing.get_context("fork").Process(target=_train, args=(folder,))
    process.start()
    assert begun.wait(120)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    monkeypatch.undo()
    assert model_of(folder) == model
    np.testing.assert_array_equal(map_of(folder).places, before.places)
    _train(folder)
    assert map_of(folder).note is None
    assert [one.name for one in (folder / "models").iterdir()] == [model_of(folder).name]


def test_points_stand_between_the_views_of_a_song():
    ids, points = song_points(
        [([3, 9], np.array([[2.0, 0], [0, 5]])), ([9], np.array([[1.0, 0]])), ([], np.empty((0, 0)))]
    )
    assert ids.tolist() == [3, 9]
    np.testing.assert_allclose(points, [[1, 0], [np.sqrt(0.5), np.sqrt(0.5)]])
