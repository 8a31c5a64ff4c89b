"""Descriptors of a library's songs: computed once, kept, and never those of another sound."""

import os
import shutil
import signal
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock, Timeout
from tests.making import write_song
from threadpoolctl import threadpool_limits

from alcca.encoders import descriptors as encoder
from alcca.encoders.descriptors import DescriptorsEncoder
from alcca.errors import DataError, LibraryError
from alcca.features.descriptors import track_descriptors
from alcca.indexing import features
from alcca.indexing.features import encode_songs
from alcca.songs.audio import read_slice
from alcca.training import train
from alcca.workers import local
from alcca.workers.local import LocalWorkers
from alcca.workers.readers import ReaderPool

SONGS = 4


def described(added, songs=None, *, jobs=None, progress=False):
    songs = added.songs() if songs is None else songs
    return encode_songs(added._store, songs, DescriptorsEncoder(), LocalWorkers(jobs), progress=progress)


def expected(songs, offset=None):
    # Sums have other last digits in several threads.
    with threadpool_limits(limits=1):
        return np.stack([track_descriptors(read_slice(song.paths[0], offset=offset).samples) for song in songs])


def test_they_are_computed_by_workers_and_then_read(added, processes, monkeypatch):
    songs = added.songs()[::-1]
    found = described(added, songs, jobs=1)
    assert found.shape == (SONGS, 65)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected(songs))
    monkeypatch.setattr(features, "_decode_and_encode", None)
    np.testing.assert_array_equal(described(added, songs[1:3]), found[1:3])


def test_only_missing_ones_are_computed(added, inline):
    songs = added.songs()
    described(added, songs[:1])
    assert inline.done == 1
    described(added)
    assert inline.done == SONGS
    described(added)
    assert inline.done == SONGS


def test_adding_computes_none(added):
    ids = [song.id for song in added.songs()]
    assert added._store.without_features("descriptors", ids) == ids
    assert added._store.without_features("mfcc", ids) == []


def test_what_is_done_is_kept_when_interrupted(added, inline):
    inline.stop_after = 2
    with pytest.raises(KeyboardInterrupt):
        described(added)
    inline.stop_after = None
    described(added)
    assert inline.done == SONGS


def test_they_describe_the_slice_that_the_library_remembers(added, inline, added_music):
    added.add(added_music, offset=2)
    songs = added.songs()
    np.testing.assert_array_equal(described(added), expected(songs, offset=2))


def test_another_slice_makes_them_stale(added, inline, added_music):
    before = described(added)
    added.add(added_music, offset=1)
    songs = added.songs()
    assert added._store.without_features("descriptors", [song.id for song in songs]) == [song.id for song in songs]
    after = described(added)
    np.testing.assert_array_equal(after, expected(songs, offset=1))
    assert (after != before).any(axis=1).all()


def test_a_changed_file_makes_its_own_stale_and_no_other(added, inline, added_music):
    before = {song.title: row for song, row in zip(added.songs(), described(added), strict=True)}
    write_song(added_music / "song 1.wav", 99)
    added.add(added_music)
    songs, inline.done = added.songs(), 0
    after = {song.title: row for song, row in zip(songs, described(added), strict=True)}
    assert inline.done == 1
    assert {title for title in after if not np.array_equal(after[title], before[title])} == {"song 1"}
    (song,) = (song for song in songs if song.title == "song 1")
    np.testing.assert_array_equal(after["song 1"], expected([song])[0])


def test_changed_words_and_moved_files_keep_them(added, inline, added_music):
    before = {song.title: row for song, row in zip(added.songs(), described(added), strict=True)}
    (added_music / "song 1.txt").write_text("entirely new words")
    (added_music / "deeper").mkdir()
    for name in ("song 2.wav", "song 2.txt"):
        (added_music / name).rename(added_music / "deeper" / name)
    added.add(added_music)
    inline.done = 0
    after = {song.title: row for song, row in zip(added.songs(), described(added), strict=True)}
    assert inline.done == 0
    assert all(np.array_equal(after[title], before[title]) for title in before)


def test_a_file_that_changed_since_it_was_added_is_not_described_in_its_place(added, inline, added_music):
    write_song(added_music / "song 1.wav", 99)
    with pytest.raises(LibraryError, match=r"1 songs cannot .*'song 1' .*song 1\.wav: has changed .*run alcca add"):
        described(added)
    assert inline.done == SONGS
    with pytest.raises(LibraryError):
        described(added)
    assert inline.done == SONGS + 1, "the others were not kept"


def test_missing_files_are_counted_and_the_first_is_named(added, inline, added_music):
    for number in (1, 3):
        (added_music / f"song {number}.wav").unlink()
    with pytest.raises(LibraryError, match=r"2 songs cannot .*'song 1' .*cannot be read \(No such file.*alcca add"):
        described(added)


def test_another_copy_of_the_file_will_do(added, inline, added_music):
    (added_music / "copy").mkdir()
    shutil.copy(added_music / "song 1.wav", added_music / "copy" / "a song 1.wav")
    added.add(added_music)
    (song,) = (song for song in added.songs() if len(song.paths) == 2)
    Path(song.paths[0]).unlink()
    assert described(added, [song]).shape == (1, 65)


def test_a_song_without_sound_is_refused(added, inline, added_music):
    (added_music / "empty.mp3").touch()
    added.add(added_music)
    with pytest.raises(LibraryError, match=r"1 songs .*'empty' \(empty\.mp3"):
        described(added)


def test_damaged_ones_are_computed_again(added, inline):
    whole = described(added)
    with sqlite3.connect(added.path / "songs.sqlite") as other:
        other.execute("UPDATE features SET data = zeroblob(260) WHERE song = 3 AND kind = 'descriptors'")
    assert added.status()["damaged"] == 1
    np.testing.assert_array_equal(described(added), whole)
    assert inline.done == SONGS + 1
    assert added.status()["damaged"] == 0


def test_they_do_not_stand_in_for_the_other_features(added, inline, added_music):
    described(added)
    with sqlite3.connect(added.path / "songs.sqlite") as other:
        other.execute("DELETE FROM features WHERE song = 2 AND kind = 'mfcc'")
    assert added.status()["damaged"] == 1
    added.add(added_music)
    assert added._store.features("mfcc", [song.id for song in added.songs()]).shape == (SONGS, 20, 161)


def test_progress_is_shown_only_while_computing(added, inline, capsys):
    described(added, progress=True)
    assert "encoding with descriptors: 4/4" in capsys.readouterr().err
    described(added, progress=True)
    assert capsys.readouterr().err == ""


def test_a_table_takes_their_place_and_nothing_is_computed(added, inline, added_music, monkeypatch):
    table = added_music / "spotify.csv"
    table.write_text("file_name,energy\n" + "".join(f"song {i}.wav,{i}\n" for i in range(SONGS)))
    monkeypatch.setattr(train, "MIN_SONGS", 1)
    data = added.dataset(csv=table)
    np.testing.assert_array_equal(data.audio_descriptors, [[int(name[-1])] for name in data.ids])
    assert inline.done == 0
    table.write_text("file_name,energy\nsong 0.wav,1\n")
    with pytest.raises(DataError, match="3 of 4 songs have no row"):
        added.dataset(csv=table)


def start_and_crash(values):
    local._start(values)
    whole = features.read_slice

    def read_slice(path, **options):
        if "song 2" in path:
            os.kill(os.getpid(), signal.SIGSEGV)
        return whole(path, **options)

    features.read_slice = read_slice
    # librosa takes seconds to load, and this test starts a worker three times.
    encoder.track_descriptors = lambda samples, rate=None: samples[:65]


@pytest.mark.slow
def test_a_file_that_kills_its_reader_stops_nothing_else(added, monkeypatch):
    def pool(workers, values):
        return ReaderPool(workers, start_and_crash, (values,))

    monkeypatch.setattr(local, "process_pool", pool)
    with pytest.raises(LibraryError, match=r"1 songs .*'song 2' \(song 2\.wav: the decoder crashed or hung"):
        described(added, jobs=1)
    ids = {song.title: song.id for song in added.songs()}
    assert added._store.without_features("descriptors", list(ids.values())) == [ids["song 2"]]


def test_only_what_is_missing_needs_the_library_for_itself(added, inline, monkeypatch):
    monkeypatch.setattr(train, "MIN_SONGS", 1)
    with FileLock(added.path / ".lock"), pytest.raises(LibraryError, match="another process"):
        added.dataset(descriptors=True)
    assert inline.done == 0
    first = added.dataset(descriptors=True).audio_descriptors
    assert inline.done == SONGS
    with FileLock(added.path / ".lock"):
        np.testing.assert_array_equal(added.dataset(descriptors=True).audio_descriptors, first)


def test_workers_compile_one_after_the_other(added, monkeypatch):
    alone = []

    def describe(samples, rate=None):
        try:
            FileLock(encoder.compiling_lock()).acquire(timeout=0).lock.release()
        except Timeout:
            alone.append(True)
        else:
            alone.append(False)
        return np.ones(65, np.float32)

    monkeypatch.setattr(encoder, "track_descriptors", describe)
    # The first call compiles, of which others keep away; the second one describes the song.
    assert features._decode_and_encode(DescriptorsEncoder(), added.songs()[0]).reason is None
    assert alone == [True, False]
