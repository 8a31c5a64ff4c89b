"""Adding: what is read again and what is not, and what no file can do to its reader."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.making import write_song

from alcca import Library
from alcca.cli import main as cli
from alcca.errors import LibraryError, UsageError
from alcca.indexing import file_reader
from alcca.indexing.file_reader import AddCall, FileTask, read_file
from alcca.indexing.music_source import music_at
from alcca.workers import local
from alcca.workers.readers import ReaderPool

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", progress=False) as library:
        yield library


def numbers(report):
    return {name: getattr(report, name) for name in ("added", "changed", "moved", "duplicates", "unchanged")}


def only(**counts):
    return {"added": 0, "changed": 0, "moved": 0, "duplicates": 0, "unchanged": 0} | counts


def mfcc(library):
    return library._store.features("mfcc", [song.id for song in library.songs()])


def test_every_song_is_stored_with_features_and_words(library, music, processes):
    report = library.add(music)
    assert numbers(report) == only(added=12)
    assert report.rejects == []
    assert mfcc(library).shape == (12, 20, 161)
    assert all(song.usable and song.lyrics.startswith("only song") for song in library.songs())
    assert [Path(song.paths[0]).name for song in library.songs()][:2] == ["song 00.wav", "song 03.wav"]


def test_nothing_is_read_twice(library, music):
    library.add(music)
    assert numbers(library.add(music)) == only(unchanged=12)


def test_a_moved_file_is_known_by_its_content(library, music):
    library.add(music)
    before = {song.title: song.id for song in library.songs()}
    (music / "artist 0").rename(music / "elsewhere")
    report = library.add(music)
    assert numbers(report) == only(moved=4, unchanged=8)
    assert {song.title: song.id for song in library.songs()} == before
    assert not any("artist 0" in path for song in library.songs() for path in song.paths)


def test_settled_content_is_not_decoded(music):
    path = sorted(music.rglob("*.wav"))[0]
    with music_at(music) as source:
        task = FileTask(str(path), str(music), source.stamps[str(path)], None)
    read = read_file(task, AddCall("new", frozenset(), may_be_unseen=False))
    assert read.mfcc is not None
    settled = frozenset([read.content])
    assert read_file(task, AddCall("settled", settled, may_be_unseen=False)).mfcc is None


def test_a_changed_file_is_read_again_and_replaces_its_song(library, music):
    library.add(music)
    path = music / "artist 0" / "song 00.wav"
    write_song(path, 99)
    assert numbers(library.add(music)) == only(changed=1, unchanged=11)
    assert len(library.songs()) == 12
    (song,) = (s for s in library.songs() if str(path) in s.paths)
    fresh = Library(library.path.parent / "fresh", progress=False)
    fresh.add(path)
    np.testing.assert_array_equal(library._store.features("mfcc", [song.id]), mfcc(fresh))


def test_changed_words_are_taken_without_reading_the_sound(library, music, monkeypatch):
    library.add(music)
    (music / "artist 0" / "song 00.txt").write_text("entirely new words")
    monkeypatch.setattr(local, "process_pool", patched_pool(fail_on_sound))
    assert numbers(library.add(music)) == only(changed=1, unchanged=11)
    assert [hit.title for hit in library.find("entirely new")] == ["song 00"]
    assert mfcc(library).shape == (12, 20, 161)


def test_lyrics_that_come_later_are_noticed(library, music):
    words = music / "artist 0" / "song 00.txt"
    words.rename(music / "kept")
    report = library.add(music)
    assert [(Path(file).name, "no lyrics" in reason) for file, reason in report.rejects] == [("song 00.wav", True)]
    assert library.status()["audio_only"] == 1
    (music / "kept").rename(words)
    assert numbers(library.add(music)) == only(changed=1, unchanged=11)
    assert library.status()["usable"] == 12


def test_a_copy_is_counted_and_does_not_take_words_away(library, music):
    library.add(music)
    copy = music / "a copy" / "song 00.wav"
    copy.parent.mkdir()
    shutil.copy(music / "artist 0" / "song 00.wav", copy)
    assert numbers(library.add(music)) == only(duplicates=1, unchanged=12)
    assert len(library.songs()) == 12
    (song,) = (s for s in library.songs() if len(s.paths) == 2)
    assert song.lyrics.startswith("only song")


def test_of_two_copies_the_one_with_lyrics_gives_them(library, tmp_path):
    first = write_song(tmp_path / "m" / "a.wav", 1, lyrics=False)
    shutil.copy(first, tmp_path / "m" / "b.wav")
    (tmp_path / "m" / "b.txt").write_text("words beside the second")
    library.add(tmp_path / "m")
    (song,) = library.songs()
    assert song.lyrics == "words beside the second"
    (tmp_path / "m" / "b.txt").write_text("changed words beside the second")
    library.add(tmp_path / "m")
    assert library.songs()[0].lyrics == "changed words beside the second"


def test_bad_files_are_kept_with_their_reasons_and_stop_nothing(library, music, processes):
    (music / "empty.mp3").touch()
    (music / "empty too.mp3").touch()
    (music / "page.mp3").write_text("<!DOCTYPE html><html><body>404 not found</body></html>" * 20)
    (music / "noise.flac").write_bytes(np.random.default_rng(0).bytes(5000))
    (music / "gone.ogg").symlink_to(music / "nowhere.ogg")
    report = library.add(music)
    assert report.added == report.found
    bad = {Path(file).name for file, reason in report.rejects}
    assert {"empty.mp3", "empty too.mp3", "page.mp3", "noise.flac"} <= bad
    assert all(reason.strip() for _, reason in report.rejects)
    assert library.status()["usable"] == 12
    assert {Path(r["file"]).name for r in library.status()["rejects"]} == bad


def no_permission(values):
    local._start(values)

    def content_hash(path, reached):
        raise PermissionError(13, "Permission denied", str(path))

    file_reader.content_hash = content_hash


def test_a_file_that_cannot_be_read_today_keeps_its_song(library, music, monkeypatch):
    library.add(music)
    path = music / "artist 0" / "song 00.wav"
    os.utime(path, (0, 0))
    monkeypatch.setattr(local, "process_pool", patched_pool(no_permission))
    (reject,) = library.add(music).rejects
    assert reject == (str(path), "song 00.wav: cannot be read (Permission denied); check its permissions")
    assert library.status()["usable"] == 12
    assert [r["file"] for r in library.status()["rejects"]] == [str(path)]
    monkeypatch.undo()
    assert library.add(music).rejects == []
    assert library.status()["rejects"] == []


def test_offset_is_remembered_and_a_new_one_reads_again(library, tmp_path):
    for number in range(2):
        write_song(tmp_path / "m" / f"{number}.wav", number, seconds=40)
    library.add(tmp_path / "m")
    middle = mfcc(library)
    assert library.songs()[0].audio.start == pytest.approx(5)
    library.add(tmp_path / "m", offset=2)
    assert [song.audio.start for song in library.songs()] == [2, 2]
    assert not np.array_equal(mfcc(library), middle)
    assert numbers(library.add(tmp_path / "m")) == only(unchanged=2)
    assert library.status()["offset"] == 2
    library.add(tmp_path / "m", offset=39.5)
    assert library.status()["usable"] == 0
    library.add(tmp_path / "m", offset=0)
    assert library.status()["usable"] == 2


def test_a_damaged_row_is_read_again(library, music):
    library.add(music)
    whole = mfcc(library)
    with sqlite3.connect(library.path / "songs.sqlite") as other:
        other.execute("UPDATE features SET data = zeroblob(12880) WHERE song = 3")
    assert library.status()["damaged"] == 1
    library.add(music)
    assert library.status()["damaged"] == 0
    np.testing.assert_array_equal(np.sort(mfcc(library), axis=0), np.sort(whole, axis=0))


# Files that kill or hold their reader


def patched_pool(initializer):
    def pool(workers, values=b""):
        return ReaderPool(workers, initializer, (values,))

    return pool


def fail_on_sound(values):
    local._start(values)
    file_reader.content_hash = file_reader.read_slice = None


def kill_on_crash(values):
    local._start(values)
    whole = file_reader.read_slice

    def read_slice(path, **options):
        if "crash" in path.name:
            os.kill(os.getpid(), signal.SIGSEGV)
        return whole(path, **options)

    file_reader.read_slice = read_slice


def hang_on_hang(values):
    local._start(values)
    whole = file_reader.read_slice
    file_reader.SECONDS_BEFORE_KILL = 10.0

    def read_slice(path, **options):
        while "hang" in path.name:
            time.sleep(0.1)
        return whole(path, **options)

    file_reader.read_slice = read_slice


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "initializer", "songs"), [("crash", kill_on_crash, (50, 51)), ("hang", hang_on_hang, (50,))]
)
def test_a_file_that_kills_or_holds_its_reader_is_rejected_alone(library, music, monkeypatch, name, initializer, songs):
    for number in songs:
        write_song(music / f"{name} {number}.wav", number)
    monkeypatch.setattr(local, "process_pool", patched_pool(initializer))
    report = library.add(music, jobs=2)
    assert sorted(Path(file).stem for file, _ in report.rejects) == [f"{name} {number}" for number in songs]
    assert all("crashed or hung" in reason for _, reason in report.rejects)
    assert library.status()["usable"] == 12
    assert numbers(library.add(music)) == only(unchanged=12 + len(songs))
    monkeypatch.undo()
    assert library.add(music, retry=True).rejects == []


def deadly(what):
    """Kill the process at a file called so, where the name tells: at its sound, or as soon as its bytes are read."""
    name, whole = what, getattr(file_reader, what)

    def do(path, *arguments, **options):
        if "all" in path.name or ("sound" in path.name and name != "content_hash"):
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(path, *arguments, **options)

    setattr(file_reader, what, do)


def kill_on_name(values):
    local._start(values)
    deadly("read_slice")
    deadly("content_hash")


def test_what_ended_its_workers_is_not_opened_by_the_process_that_adds(library, music, monkeypatch):
    write_song(music / "sound.wav", 50)
    write_song(music / "all.wav", 51)
    monkeypatch.setattr(local, "process_pool", patched_pool(kill_on_name))
    for opens in ("content_hash", "read_tags", "read_slice", "read_song_text"):
        monkeypatch.setattr(file_reader, opens, None)
    report = library.add(music, jobs=1)
    told = {Path(path).name: reason for path, reason in report.rejects}
    assert sorted(told) == ["all.wav", "sound.wav"]
    assert told["sound.wav"] == "sound.wav: the decoder crashed or hung on this file; convert it or remove it"
    assert told["all.wav"].startswith("all.wav: cannot be read: it sent no data for too long")
    assert library.status()["usable"] == 12
    # The words of the one are known, and it is not tried again; of the other not even the bytes could be read.
    assert library.status()["lyrics_only"] == 1
    assert numbers(library.add(music, jobs=1)) == only(unchanged=13, changed=1)
    monkeypatch.undo()
    assert library.add(music, jobs=1, retry=True).rejects == []
    assert library.status()["usable"] == 14


def test_a_file_that_is_too_large_is_not_read(library, music):
    with (music / "huge.wav").open("wb") as file:
        file.truncate(2**40)
    report = library.add(music, jobs=1)
    (reject,) = report.rejects
    assert reject == (
        str(music / "huge.wav"),
        "huge.wav: has 1,024 GiB, more than any recording; split it, or remove it",
    )
    assert library.status()["usable"] == 12


def with_little_patience(values):
    local._start(values)
    # What the first song needs is loaded.
    file_reader.mfcc(np.random.default_rng(0).normal(size=661_500).astype(np.float32))
    file_reader.SECONDS_BEFORE_KILL = file_reader.SECONDS_FOR_REST = 3.0


def deliver_by_name(values):
    """Reading a file called slow takes longer than a file may be silent; one called silent sends nothing at all."""
    with_little_patience(values)
    whole = file_reader.content_hash

    def content_hash(path, reached):
        for _ in range(40 if "slow" in path.name else 0):
            time.sleep(0.1)
            reached()
        time.sleep(60 if "silent" in path.name else 0)
        return whole(path, reached)

    file_reader.content_hash = content_hash


def test_a_slow_disk_has_its_time_and_one_that_sends_nothing_is_told(library, tmp_path, monkeypatch):
    write_song(tmp_path / "m" / "slow.wav", 1, seconds=2)
    write_song(tmp_path / "m" / "silent.wav", 2, seconds=2)
    write_song(tmp_path / "m" / "song.wav", 3, seconds=2)
    monkeypatch.setattr(local, "process_pool", patched_pool(deliver_by_name))
    (reject,) = library.add(tmp_path / "m", jobs=2).rejects
    assert reject[0] == str(tmp_path / "m" / "silent.wav")
    assert reject[1].startswith("silent.wav: cannot be read: it sent no data for too long")
    assert sorted(song.title for song in library.songs()) == ["slow", "song"]
    monkeypatch.undo()
    assert numbers(library.add(tmp_path / "m")) == only(changed=1, unchanged=2)
    assert library.status()["usable"] == 3


def test_a_file_that_becomes_a_pipe_meanwhile_holds_nothing_up(library, tmp_path, monkeypatch):
    write_song(tmp_path / "m" / "pipe.wav", 1, seconds=2)
    write_song(tmp_path / "m" / "song.wav", 2, seconds=2)

    def start(values):
        with_little_patience(values)
        if (tmp_path / "looked").exists() and not (tmp_path / "m" / "pipe.wav").is_fifo():
            (tmp_path / "m" / "pipe.wav").unlink()
            os.mkfifo(tmp_path / "m" / "pipe.wav")
        (tmp_path / "looked").touch()

    monkeypatch.setattr(local, "process_pool", patched_pool(start))
    rejects = dict(library.add(tmp_path / "m", jobs=1).rejects)
    assert list(rejects) == [str(tmp_path / "m" / "pipe.wav")]
    assert library.status()["usable"] == 1


def test_a_large_file_that_begins_as_no_sound_does_is_not_read(library, tmp_path, monkeypatch):
    write_song(tmp_path / "m" / "song.wav", 1, seconds=2)
    with (tmp_path / "m" / "sparse.wav").open("wb") as file:
        file.truncate(100 * 2**30)
    started = time.monotonic()
    (reject,) = library.add(tmp_path / "m").rejects
    assert reject[1].startswith("sparse.wav: begins with zeros only")
    assert time.monotonic() - started < 30
    assert library.status()["usable"] == 1


def take_memory_for_tags(values):
    local._start(values)
    file_reader.read_tags = lambda path: bytearray(3 * 2**30)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells its address space")
def test_tags_that_take_too_much_memory_are_noted_and_the_sound_is_read(library, tmp_path, monkeypatch):
    write_song(tmp_path / "m" / "song.wav", 1, seconds=2)
    monkeypatch.setattr(local, "process_pool", patched_pool(take_memory_for_tags))
    report = library.add(tmp_path / "m", jobs=1)
    assert report.rejects == []
    assert any("its tags: reading it takes more than 2 GiB" in note for _, note in report.notes)
    assert library.status()["usable"] == 1


def test_names_of_any_bytes_are_added_once(library, tmp_path):
    song = write_song(tmp_path / "m" / "song.wav", 1, seconds=2)
    names = [b"\xff\xfe.wav", b"new\nline.wav", b"n" * 251 + b".wav"]
    for name in names:
        shutil.copy(song, Path(os.fsdecode(os.path.join(os.fsencode(tmp_path / "m"), name))))  # noqa: PTH118 - bytes
    assert numbers(library.add(tmp_path / "m")) == only(added=1, duplicates=3)
    assert numbers(library.add(tmp_path / "m")) == only(unchanged=4)
    assert len(library.songs()) == 1


def test_names_of_any_bytes_are_rejected_too(library, tmp_path):
    for name, data in {b"caf\xe9.mp3": b"a text", b"leer\xe4.mp3": b""}.items():
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(data)  # noqa: PTH118 - bytes
    assert numbers(library.add(tmp_path)) == only(added=2)
    assert numbers(library.add(tmp_path)) == only(unchanged=2)


def test_what_is_passed_over_by_its_name_is_counted_and_printed(library, tmp_path, capsys):
    write_song(tmp_path / "m" / "song.wav", 1, seconds=2)
    for name in ("film.mkv", "game.kar", "cover.jpg"):
        (tmp_path / "m" / name).touch()
    assert cli.main(["add", str(tmp_path / "m"), "--library", str(library.path), "--hear", "off", "--quiet"]) == 0
    assert "2 files were passed over: 1 .kar, 1 .mkv\n" in capsys.readouterr().out
    assert library.add(tmp_path / "m").to_dict()["passed_over"] == {".kar": 1, ".mkv": 1}


def take_memory(values):
    local._start(values)
    whole = file_reader.read_slice

    def read_slice(path, **options):
        if "bomb" in path.name:
            bytearray(3 * 2**30)
        return whole(path, **options)

    file_reader.read_slice = read_slice


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells its address space")
def test_a_file_that_takes_too_much_memory_is_rejected_alone(library, music, monkeypatch):
    write_song(music / "bomb.wav", 50)
    monkeypatch.setattr(local, "process_pool", patched_pool(take_memory))
    (reject,) = library.add(music, jobs=1).rejects
    assert reject[1] == (
        "bomb.wav: reading it takes more than 2 GiB of memory; the file may be damaged, convert it to try again"
    )
    assert library.status()["usable"] == 12


def test_links_and_pipes_are_told_and_the_rest_is_added(library, music, capsys):
    (music / "loop").symlink_to("loop")
    (music / "artist 0" / "song 00.lrc").symlink_to("song 00.lrc")
    (music / "artist 1" / "lyrics").symlink_to("lyrics")
    os.mkfifo(music / "artist 1" / "pipe.mp3")
    os.mkfifo(music / "artist 1" / "song 01.lrc")
    (music / "artist 2" / "song 02.lrc").symlink_to("/dev/zero")
    os.mkfifo(music / "songs.csv")
    assert cli.main(["add", str(music), "--library", str(library.path), "--hear", "off", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    told = " ".join(note["note"] for note in report["notes"])
    for name in ("loop", "song 00.lrc", "lyrics", "pipe.mp3", "song 01.lrc", "song 02.lrc", "songs.csv"):
        assert f"{name}: " in told
    assert library.status()["usable"] == 12


# Killed and taken up again


def contents(path):
    with Library(path, progress=False) as library:
        songs = library.songs()
        return songs, library._store.features("mfcc", [song.id for song in songs if song.audio is not None])


@pytest.mark.slow
def test_add_killed_at_any_moment_goes_on_and_ends_the_same(tmp_path, music):
    for number in range(12, 90):
        write_song(music / "many" / f"song {number}.flac", number, seconds=1.5)
    (music / "bad.mp3").write_bytes(b"bad")
    with Library(tmp_path / "whole", progress=False) as library:
        assert library.add(music).added == 91
    script = "import sys; from alcca import Library; Library(sys.argv[1], progress=False).add(sys.argv[2], jobs=1)"
    delays = np.random.default_rng(0)
    stored = [0]
    with Library(tmp_path / "killed", progress=False) as library:
        while len(stored) < 3 and stored[-1] < 91:
            child = subprocess.Popen([sys.executable, "-c", script, library.path, music], start_new_session=True)
            while len(library.songs()) == stored[-1] and child.poll() is None:
                time.sleep(0.01)
            time.sleep(delays.uniform(0, 0.05))
            child.kill()
            child.wait()
            stored.append(len(library.songs()))
            assert stored[-1] > stored[-2], "what was done is lost, or nothing was done"
            with contextlib.suppress(ProcessLookupError):  # its workers may have seen that it is gone
                os.killpg(child.pid, signal.SIGKILL)
    assert stored[1] < 91, "it was done before it was killed: the test shows nothing"
    with Library(tmp_path / "killed", progress=False) as library:
        library.add(music)
    songs, features = contents(tmp_path / "killed")
    expected_songs, expected_features = contents(tmp_path / "whole")
    assert songs == expected_songs
    np.testing.assert_array_equal(features, expected_features)


def test_ctrl_c_keeps_what_is_done(library, music, inline, monkeypatch):
    # The first task looks through the folder.
    inline.stop_after = 6
    with pytest.raises(KeyboardInterrupt):
        library.add(music)
    monkeypatch.undo()
    assert len(library.songs()) == 5
    assert numbers(library.add(music)) == only(added=7, unchanged=5)


def test_a_second_writer_is_told(library, music):
    with (
        library._opened.writing(),
        pytest.raises(LibraryError, match="another process"),
        Library(library.path) as other,
    ):
        other.add(music)


@pytest.mark.parametrize("options", [{"offset": -1.0}, {"offset": float("nan")}, {"jobs": 0}])
def test_wrong_calls(library, music, options):
    (name,) = options
    with pytest.raises(UsageError, match=name):
        library.add(music, **options)


def test_a_folder_that_is_not_there(library, tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        library.add(tmp_path / "nowhere")
