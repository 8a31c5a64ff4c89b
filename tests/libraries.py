"""A small trained library, and one to which songs were just added."""

import shutil
from concurrent.futures import Future

import pytest
from tests.making import write_song

from alcca import Library
from alcca.indexing import file_reader
from alcca.workers import local

EPOCHS = 3


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """A trained library of thirty songs; tests get a copy."""
    place = tmp_path_factory.mktemp("trained")
    for number in range(30):
        write_song(place / "music" / f"song {number:02d}.wav", number)
    write_song(place / "music" / "no words.wav", 60, lyrics=False)
    (place / "music" / "no sound.mp3").touch()
    (place / "music" / "no sound.txt").write_text("river mountain morning silver and nothing to hear")
    with Library(place / "library", progress=False) as library:
        library.add(place / "music")
        library.train(epochs=EPOCHS)
    return place


@pytest.fixture
def place(trained_once, tmp_path):
    shutil.copytree(trained_once, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def library(place):
    with Library(place / "library", progress=False) as library:
        yield library


class Inline:
    """An executor in this process, which starts at once; it counts what it did, and may break off."""

    def __init__(self):
        self.done, self.stop_after = 0, None

    def submit(self, work, task):
        future = Future()
        if self.done == self.stop_after:
            future.set_exception(KeyboardInterrupt())
        else:
            future.set_result(work(task))
            self.done += 1
        return future

    def shutdown(self, **_):
        pass

    def pool(self, workers, values=b""):
        """Be the pool of processes: what the first task needs is here."""
        local._take(values)
        file_reader._tables.cache_clear()  # a worker process would be a new one
        return self


REAL_POOL = local.process_pool


@pytest.fixture
def inline(monkeypatch):
    """An executor in this process, instead of all worker processes that read files."""
    executor = Inline()
    monkeypatch.setattr(local, "process_pool", executor.pool)
    return executor


@pytest.fixture
def processes(monkeypatch):
    """Worker processes that read files, whatever the test's module has instead of them."""
    monkeypatch.setattr(local, "process_pool", REAL_POOL)


@pytest.fixture(scope="module")
def _adding_inline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "process_pool", Inline().pool)
        yield


@pytest.fixture(scope="module")
def _added_once(tmp_path_factory, request, _adding_inline):
    place = tmp_path_factory.mktemp("added")
    for number in range(request.module.SONGS):
        write_song(place / "music" / f"song {number}.wav", number, seconds=40 if number == 0 else 4)
    with Library(place / "library", progress=False) as library:
        library.add(place / "music")
    return place


@pytest.fixture
def added_music(_added_once):
    """The files that `added` knows; a test that changes them changes them back by the copy."""
    kept = _added_once / "kept"
    shutil.copytree(_added_once / "music", kept)
    yield _added_once / "music"
    shutil.rmtree(_added_once / "music")
    kept.rename(_added_once / "music")


@pytest.fixture
def added(added_music, tmp_path):
    """A library to which as many songs were added as the test's module says in ``SONGS``; nothing is trained."""
    shutil.copytree(added_music.parent / "library", tmp_path / "library")
    with Library(tmp_path / "library", progress=False) as library:
        yield library
