"""A library that is asked while it changes."""

import logging
import shutil
import threading
import time

import pytest
from tests.making import write_song

from alcca import Library
from alcca.errors import NoLibraryError
from alcca.search import live
from alcca.search.live import LiveLibrary
from alcca.store.records import Song
from alcca.store.songs import Store

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(live, "SECONDS_BETWEEN_LOOKS", 0.02)


def wait_until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def test_new_songs_appear(place, quick):
    with LiveLibrary(place / "library") as shelf:
        before = shelf.snapshot
        write_song(place / "music" / "latecomer.wav", 90)
        with Library(place / "library", progress=False) as library:
            library.add(place / "music")
        wait_until(lambda: shelf.snapshot.space.searchable > before.space.searchable)
        assert before.space.searchable == 32  # a picture that somebody holds does not change
        latecomer = next(one for one in shelf.snapshot.summaries.values() if one.title == "latecomer")
        found = shelf.snapshot.space.search(shelf.snapshot.space.place(latecomer.id, "audio"), "audio", "audio", 1)
        assert found[0].id == latecomer.id


def test_searches_go_on_while_a_new_model_takes_over(place, quick):
    failures, done = [], threading.Event()
    with LiveLibrary(place / "library") as shelf:
        old = shelf.snapshot.model["name"]

        def search():
            try:
                while not done.is_set():
                    now = shelf.snapshot
                    query = now.space.embedder.embed_lyrics(["golden river morning"])[0]
                    assert len(now.space.search(query, "lyrics", "audio", 3)) == 3
            except Exception as error:  # noqa: BLE001
                failures.append(error)

        searching = threading.Thread(target=search)
        searching.start()
        with Library(place / "library", progress=False) as library:
            library.train(epochs=1)
        wait_until(lambda: failures or shelf.snapshot.model["name"] != old)
        done.set()
        searching.join()
    assert failures == []


def test_the_last_good_picture_stays_when_the_new_one_cannot_be_taken(place, quick, caplog):
    with LiveLibrary(place / "library") as shelf:
        before = shelf.snapshot
        with Library(place / "library", progress=False) as library, library._store.transaction():
            library._store.set_setting("model", {**before.model, "name": "gone"})
        wait_until(lambda: "cannot be read now" in caplog.text)
        assert shelf.snapshot is before


def test_each_reading_thread_has_a_store_of_its_own_and_hands_it_on(place):
    with LiveLibrary(place / "library") as shelf:
        with shelf.store() as one, shelf.store() as other:
            assert one is not other
            assert one.songs([1])[0] == other.songs([1])[0]
            assert isinstance(one.songs([1])[0], Song)
        with shelf.store() as again:
            assert again in (one, other)


def test_closing_ends_the_watcher(place):
    before = set(threading.enumerate())  # other tests' servers watch too
    shelf = LiveLibrary(place / "library")
    watchers = set(threading.enumerate()) - before
    assert len(watchers) == 1
    shelf.close()
    assert not any(watcher.is_alive() for watcher in watchers)


def test_a_folder_without_a_library_is_not_made_into_one(tmp_path):
    for folder in (tmp_path / "nothing", tmp_path):
        with pytest.raises(NoLibraryError, match="no library here"):
            LiveLibrary(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_goes_is_told_and_not_made_anew(place, quick, caplog):
    folder = place / "library"
    with LiveLibrary(folder) as shelf:
        with shelf.store() as store:
            assert store.songs([1])
        shutil.rmtree(folder)
        for _ in range(3):
            with pytest.raises(NoLibraryError, match="the library is gone"), shelf.store():
                pass
            with pytest.raises(NoLibraryError, match="the library is gone"):
                shelf.snapshot  # noqa: B018
        wait_until(lambda: "is gone" in caplog.text)
        time.sleep(0.2)
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        assert not folder.exists()


def test_a_library_that_comes_back_is_served_and_another_one_too(place, quick, caplog):
    folder, kept = place / "library", place / "kept"
    shutil.copytree(folder, kept)
    with LiveLibrary(folder) as shelf:
        before = shelf.snapshot
        folder.rename(place / "away")
        with pytest.raises(NoLibraryError):
            shelf.check()
        wait_until(lambda: "is gone" in caplog.text)
        kept.rename(folder)
        assert shelf.snapshot is not before
        assert shelf.snapshot.summaries == before.summaries
        wait_until(lambda: "served" in caplog.text)
        with shelf.store() as store:
            assert store.songs([1])
        shutil.rmtree(folder)
        Store(folder).close()
        assert len(shelf.snapshot.summaries) == 0
        with shelf.store() as store:
            assert store.songs() == []
        # The one that was there first was closed, and what it has left on closing is not in this one.
        with Library(folder, progress=False) as library:
            write_song(place / "more" / "latecomer.wav", 90)
            library.add(place / "more")
        wait_until(lambda: len(shelf.snapshot.summaries) == 1)


def test_half_of_a_library_is_not_served(place, quick):
    folder = place / "library"
    with LiveLibrary(folder) as shelf:
        folder.rename(place / "away")
        folder.mkdir()
        data = (place / "away" / "songs.sqlite").read_bytes()
        for part in (b"", data[:100], b"not a database" * 100):
            (folder / "songs.sqlite").write_bytes(part)
            with pytest.raises(NoLibraryError):
                shelf.check()
        (folder / "songs.sqlite").unlink()
        shutil.copytree(place / "away", folder, dirs_exist_ok=True)
        assert len(shelf.snapshot.summaries) == 32
