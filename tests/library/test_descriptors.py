"""Descriptors of a library's songs: computed once, kept, and never those of another sound."""

import os
import shutil
import signal
import sqlite3
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock, Timeout
from joblib.externals.loky import ProcessPoolExecutor
from tests.making import write_song

from alcca import Library
from alcca.encoders import descriptors as encoder
from alcca.errors import DataError, LibraryError
from alcca.features.descriptors import track_descriptors
from alcca.library import descriptors, ingest, training
from alcca.library.descriptors import library_descriptors
from alcca.songs.audio import read_slice

SONGS = 4


@pytest.fixture(scope="module")
def added_once(tmp_path_factory, adding_inline):
    place = tmp_path_factory.mktemp("added")
    for number in range(SONGS):
        write_song(place / "music" / f"song {number}.wav", number, seconds=40 if number == 0 else 4)
    with Library(place / "library", progress=False) as library:
        library.add(place / "music")
    return place


@pytest.fixture
def music(added_once):
    """The files that the library knows; a test that changes them changes them back by the copy."""
    kept = added_once / "kept"
    shutil.copytree(added_once / "music", kept)
    yield added_once / "music"
    shutil.rmtree(added_once / "music")
    kept.rename(added_once / "music")


@pytest.fixture
def library(music, tmp_path):
    shutil.copytree(music.parent / "library", tmp_path / "library")
    with Library(tmp_path / "library", progress=False) as library:
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


@pytest.fixture
def inline(monkeypatch):
    executor = Inline()
    monkeypatch.setattr(descriptors, "_pool", lambda workers: executor)
    return executor


@pytest.fixture(autouse=True, scope="module")
def adding_inline():
    with pytest.MonkeyPatch.context() as patch:

        def pool(workers, settled):
            patch.setattr(ingest, "_settled", settled)
            return Inline()

        patch.setattr(ingest, "_pool", pool)
        yield


def described(library, songs=None, **options):
    return library_descriptors(
        library._store, library.songs() if songs is None else songs, **{"progress": False, **options}
    )


def expected(songs, offset=None):
    return np.stack([track_descriptors(read_slice(song.paths[0], offset=offset).samples) for song in songs])


def test_they_are_computed_by_workers_and_then_read(library, monkeypatch):
    songs = library.songs()[::-1]
    found = described(library, songs, jobs=1)
    assert found.shape == (SONGS, 65)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(songs), rtol=1e-4, atol=1e-4)
    monkeypatch.setattr(descriptors, "_describe", None)
    np.testing.assert_array_equal(described(library, songs[1:3]), found[1:3])


def test_only_missing_ones_are_computed(library, inline):
    songs = library.songs()
    described(library, songs[:1])
    assert inline.done == 1
    described(library)
    assert inline.done == SONGS
    described(library)
    assert inline.done == SONGS


def test_adding_computes_none(library):
    ids = [song.id for song in library.songs()]
    assert library._store.without_features("descriptors", ids) == ids
    assert library._store.without_features("mfcc", ids) == []


def test_what_is_done_is_kept_when_interrupted(library, inline):
    inline.stop_after = 2
    with pytest.raises(KeyboardInterrupt):
        described(library)
    inline.stop_after = None
    described(library)
    assert inline.done == SONGS


def test_they_describe_the_slice_that_the_library_remembers(library, inline, music):
    library.add(music, offset=2)
    songs = library.songs()
    np.testing.assert_array_equal(described(library), expected(songs, offset=2))


def test_another_slice_makes_them_stale(library, inline, music):
    before = described(library)
    library.add(music, offset=1)
    songs = library.songs()
    assert library._store.without_features("descriptors", [song.id for song in songs]) == [song.id for song in songs]
    after = described(library)
    np.testing.assert_array_equal(after, expected(songs, offset=1))
    assert (after != before).any(axis=1).all()


def test_a_changed_file_makes_its_own_stale_and_no_other(library, inline, music):
    before = {song.title: row for song, row in zip(library.songs(), described(library), strict=True)}
    write_song(music / "song 1.wav", 99)
    library.add(music)
    songs = library.songs()
    after = {song.title: row for song, row in zip(songs, described(library), strict=True)}
    assert inline.done == SONGS + 1
    assert {title for title in after if not np.array_equal(after[title], before[title])} == {"song 1"}
    (song,) = (song for song in songs if song.title == "song 1")
    np.testing.assert_array_equal(after["song 1"], expected([song])[0])


def test_changed_words_and_moved_files_keep_them(library, inline, music):
    before = {song.title: row for song, row in zip(library.songs(), described(library), strict=True)}
    (music / "song 1.txt").write_text("entirely new words")
    (music / "deeper").mkdir()
    for name in ("song 2.wav", "song 2.txt"):
        (music / name).rename(music / "deeper" / name)
    library.add(music)
    after = {song.title: row for song, row in zip(library.songs(), described(library), strict=True)}
    assert inline.done == SONGS
    assert all(np.array_equal(after[title], before[title]) for title in before)


def test_a_file_that_changed_since_it_was_added_is_not_described_in_its_place(library, inline, music):
    write_song(music / "song 1.wav", 99)
    with pytest.raises(LibraryError, match=r"1 songs cannot .*'song 1' .*song 1\.wav: has changed .*run alcca add"):
        described(library)
    assert inline.done == SONGS
    with pytest.raises(LibraryError):
        described(library)
    assert inline.done == SONGS + 1, "the others were not kept"


def test_missing_files_are_counted_and_the_first_is_named(library, inline, music):
    for number in (1, 3):
        (music / f"song {number}.wav").unlink()
    with pytest.raises(LibraryError, match=r"2 songs cannot .*'song 1' .*cannot be read \(No such file.*alcca add"):
        described(library)


def test_another_copy_of_the_file_will_do(library, inline, music):
    (music / "copy").mkdir()
    shutil.copy(music / "song 1.wav", music / "copy" / "a song 1.wav")
    library.add(music)
    (song,) = (song for song in library.songs() if len(song.paths) == 2)
    Path(song.paths[0]).unlink()
    assert described(library, [song]).shape == (1, 65)


def test_a_song_without_sound_is_refused(library, inline, music):
    (music / "empty.mp3").touch()
    library.add(music)
    with pytest.raises(LibraryError, match=r"1 songs .*'empty' \(empty\.mp3"):
        described(library)


def test_damaged_ones_are_computed_again(library, inline):
    whole = described(library)
    with sqlite3.connect(library.path / "songs.sqlite") as other:
        other.execute("UPDATE features SET data = zeroblob(260) WHERE song = 3 AND kind = 'descriptors'")
    assert library.status()["damaged"] == 1
    np.testing.assert_array_equal(described(library), whole)
    assert inline.done == SONGS + 1
    assert library.status()["damaged"] == 0


def test_they_do_not_stand_in_for_the_other_features(library, inline, music):
    described(library)
    with sqlite3.connect(library.path / "songs.sqlite") as other:
        other.execute("DELETE FROM features WHERE song = 2 AND kind = 'mfcc'")
    assert library.status()["damaged"] == 1
    library.add(music)
    assert library._store.features("mfcc", [song.id for song in library.songs()]).shape == (SONGS, 20, 161)


def test_progress_is_shown_only_while_computing(library, inline, capsys):
    described(library, progress=True)
    assert "describing songs: 4/4" in capsys.readouterr().err
    described(library, progress=True)
    assert capsys.readouterr().err == ""


def test_a_table_takes_their_place_and_nothing_is_computed(library, inline, music):
    table = music / "spotify.csv"
    table.write_text("file_name,energy\n" + "".join(f"song {i}.wav,{i}\n" for i in range(SONGS)))
    songs = library.songs()[::-1]
    numbers = [[int(song.title[-1])] for song in songs]
    np.testing.assert_array_equal(described(library, songs, csv=table), numbers)
    assert inline.done == 0
    table.write_text("file_name,energy\nsong 0.wav,1\n")
    with pytest.raises(DataError, match="3 of 4 songs have no row"):
        described(library, csv=table)


def start_and_crash():
    whole = descriptors.read_slice

    def read_slice(path, offset):
        if "song 2" in path:
            os.kill(os.getpid(), signal.SIGSEGV)
        return whole(path, offset=offset)

    descriptors.read_slice = read_slice
    # librosa takes seconds to load, and this test starts a worker three times.
    descriptors.track_descriptors = lambda samples: samples[:65]


@pytest.mark.slow
def test_a_file_that_kills_its_reader_stops_nothing_else(library, monkeypatch):
    def pool(workers):
        return ProcessPoolExecutor(max_workers=workers, initializer=start_and_crash)

    monkeypatch.setattr(descriptors, "_pool", pool)
    with pytest.raises(LibraryError, match=r"1 songs .*'song 2' \(song 2\.wav: the decoder crashed or hung"):
        described(library, jobs=1)
    ids = {song.title: song.id for song in library.songs()}
    assert library._store.without_features("descriptors", list(ids.values())) == [ids["song 2"]]


def test_only_what_is_missing_needs_the_library_for_itself(library, inline, monkeypatch):
    monkeypatch.setattr(training, "FEWEST_SONGS", 1)
    with FileLock(library.path / ".lock"), pytest.raises(LibraryError, match="another process"):
        library.dataset(descriptors=True)
    assert inline.done == 0
    first = library.dataset(descriptors=True).audio_descriptors
    assert inline.done == SONGS
    with FileLock(library.path / ".lock"):
        np.testing.assert_array_equal(library.dataset(descriptors=True).audio_descriptors, first)


def test_workers_compile_one_after_the_other(monkeypatch):
    held = []

    def compile_now(samples):
        try:
            FileLock(encoder.compiling_lock()).acquire(timeout=0)
        except Timeout:
            held.append(True)

    monkeypatch.setattr(encoder, "track_descriptors", compile_now)
    monkeypatch.setattr(descriptors, "quiet_worker", lambda: None)
    descriptors._start_worker()
    assert held == [True]
