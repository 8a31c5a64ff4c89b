"""Adding on a cluster: the same library bit for bit, also when a worker dies half-way or a file kills each reader."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tests.making import write_song

from alcca import Library
from alcca.cli import main as cli
from alcca.errors import ClusterError
from alcca.indexing import add, file_reader


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Thirty short songs, two of them the same, and files that cannot be used."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(30):
        write_song(folder / f"artist {number % 3}" / f"song {number:02d}.wav", number, seconds=1.5)
    (folder / "artist 0" / "again.wav").write_bytes((folder / "artist 1" / "song 01.wav").read_bytes())
    (folder / "bad.mp3").write_bytes(b"bad")
    (folder / "artist 2" / "songs.csv").write_text("file,label\nsong 02.wav,sad\n")
    return folder


@pytest.fixture(scope="module")
def expected(music, tmp_path_factory):
    with Library(tmp_path_factory.mktemp("here") / "library", progress=False) as library:
        report = library.add(music, jobs=1)
        return contents(library), told(report)


def contents(library):
    songs = library.songs()
    return songs, library._store.features("mfcc", [song.id for song in songs if song.audio is not None])


def told(report):
    return {name: value for name, value in report.to_dict().items() if name != "seconds"}


def check(library, report, expected):
    (songs, features), said = expected
    found = contents(library)
    assert found[0] == songs
    np.testing.assert_array_equal(found[1], features)
    assert told(report) == said


def test_a_library_comes_out_the_same_when_a_worker_is_killed_half_way(
    dask_cluster, address, music, expected, tmp_path, monkeypatch
):
    write, killed = add.write, []

    def kill_and_write(*arguments):
        if not killed:
            killed.append(dask_cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)
        write(*arguments)

    monkeypatch.setattr(add, "write", kill_and_write)
    monkeypatch.setattr(add, "BATCH", 4)
    with Library(tmp_path / "library", progress=False, cluster=address) as library:
        report = library.add(music)
        assert killed
        check(library, report, expected)
        assert library.add(music).unchanged == 32


def die_of_crash(task, call):
    if "crash" in task.path:
        os.kill(os.getpid(), signal.SIGKILL)
    return file_reader.read_file(task, call)


def test_a_file_that_kills_each_of_its_readers_is_named(address, music, expected, tmp_path, monkeypatch):
    whole = tmp_path / "music"
    for path in music.rglob("*.*"):
        (whole / path.relative_to(music)).parent.mkdir(parents=True, exist_ok=True)
        (whole / path.relative_to(music)).symlink_to(path)
    write_song(whole / "artist 1" / "crash.wav", 70)
    monkeypatch.setattr(add, "read_file", die_of_crash)
    with Library(tmp_path / "library", progress=False, cluster=address) as library:
        report = library.add(whole)
        (songs, features), _ = expected
        crashed = [(Path(file).name, reason) for file, reason in report.rejects if "crash" in file]
        assert crashed == [
            ("crash.wav", "crash.wav: the decoder crashed or hung on this file; convert it or remove it")
        ]
        found = contents(library)
        assert [song.hash for song in found[0] if song.title != "crash"] == [song.hash for song in songs]
        np.testing.assert_array_equal(found[1], features)
        # Its words are known, as they are where it is read on this machine, and it is not tried again.
        assert [bool(song.lyrics) for song in found[0] if song.title == "crash"] == [True]
        assert library.add(whole).unchanged == 33


def test_tables_that_have_changed_are_read_again_by_workers_that_know_the_old_ones(address, tmp_path):
    table = tmp_path / "music" / "songs.csv"
    with Library(tmp_path / "library", progress=False, cluster=address) as library:
        # The song is new, then only its words are, thrice so that one of two workers has it again; then it is another.
        for label, number in (("sad", 1), ("happy", None), ("glad", None), ("calm", None), ("wild", 2)):
            if number:
                write_song(tmp_path / "music" / "song.wav", number, seconds=1.5)
            table.write_text(f"file,label\nsong.wav,{label}\n")
            library.add(tmp_path / "music")
            assert [song.label for song in library.songs() if song.paths] == [label]


def test_a_folder_that_workers_do_not_see_is_told(address, music, tmp_path, monkeypatch):
    write_song(tmp_path / "here only" / "song.wav", 1)
    monkeypatch.setattr(add, "_read_all", hide(add._read_all, tmp_path / "here only"))
    with (
        Library(tmp_path / "library", progress=False, cluster=address) as library,
        pytest.raises(ClusterError, match=r"here only: the worker on .* does not see it; mount it there"),
    ):
        library.add(tmp_path / "here only")


def hide(read_all, folder):
    """Take a folder away between looking for songs and reading them, as if it were on this machine alone."""

    def hidden(*arguments):
        folder.rename(folder.with_name("elsewhere"))
        return read_all(*arguments)

    return hidden


def test_the_command_line_adds_on_a_cluster_from_a_relative_path(
    address, music, expected, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(music.parent)
    library = str(tmp_path / "library")
    assert cli.main(["add", music.name, "--library", library, "--cluster", address, "--quiet"]) == 0
    assert "32 audio files: 31 added, 0 changed, 0 moved, 1 duplicates" in capsys.readouterr().out
    with Library(library, progress=False) as made:
        assert contents(made)[0] == expected[0][0]


def test_workers_fetch_songs_from_an_address(address, music, expected, tmp_path, capsys):
    pytest.importorskip("fsspec")
    library = str(tmp_path / "library")
    assert cli.main(["add", music.as_uri(), "--library", library, "--cluster", address, "--quiet"]) == 0
    assert "32 audio files: 31 added, 0 changed, 0 moved, 1 duplicates" in capsys.readouterr().out
    with Library(library, progress=False, cluster=address) as made:
        (songs, features), _ = expected
        found = contents(made)
        np.testing.assert_array_equal(found[1], features)
        assert [(s.hash, s.title, s.label, s.lyrics) for s in found[0]] == [
            (s.hash, s.title, s.label, s.lyrics) for s in songs
        ]
        assert {path for song in found[0] for path in song.paths} == {
            f"{music.as_uri()}/{Path(path).relative_to(music).as_posix()}" for song in songs for path in song.paths
        }
        assert made.add(music.as_uri()).unchanged == 32
