"""Decoding in a process apart: the same slices, or a reason; no file harms who asks, or the next file."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.songs.encoding import FORMATS, encode, tune

from alcca import Library
from alcca.errors import AudioError, DiskError, UsageError
from alcca.songs import apart
from alcca.songs.apart import read_slices_apart, write_whole_apart
from alcca.songs.audio import content_hash, read_slices
from alcca.songs.cut import Cut
from alcca.workers import process

SECONDS_BEFORE_IT_HANGS = 120
# The process does what the file's name says.
OBEDIENT = """
import os, time
from alcca.songs import apart_process

def obey(path, **how):
    match path.name.partition(" ")[0]:
        case "crash":
            os.abort()
        case "exit":
            os._exit(0)
        case "hang":
            time.sleep(1000)
        case "memory":
            bytearray(4 * apart_process.MEMORY)
        case "raise":
            raise KeyError("nothing of ours")
        case "print":
            os.write(1, b"the decoder says hello")
        case "nonsense":
            os.write(3, b"[1, 2]")
            os._exit(0)
        case "long":
            os.write(3, (1 << 40).to_bytes(8) + b"[1, 2]")
            time.sleep(1000)
        case "slow":
            for _ in range(35):
                time.sleep(0.1)
                how.get("reached", print)()
        case "full":
            from alcca.errors import DiskError
            raise DiskError("the disk is full")
    return decode(path, **{name: value for name, value in how.items() if name != "reached"})

decode, write = apart_process.read_slices, apart_process.write_whole
apart_process.read_slices = obey
apart_process.write_whole = lambda path, target, rate, reached, cut: (
    obey(path, rates=(rate,), reached=reached) and write(path, target, rate, reached, cut)
)
apart_process.work()
"""


@pytest.fixture
def obedient(monkeypatch):
    apart._end_all()
    monkeypatch.setattr(apart, "PROGRAM", OBEDIENT)
    yield
    apart._end_all()


@pytest.fixture
def song(tmp_path):
    return encode(tune(3), tmp_path / "song.wav")


def ordered(song, order):
    path = song.with_name(f"{order} 1.wav")
    path.write_bytes(song.read_bytes())
    return path


def the_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.samples.dtype == np.float32
        about = [{name: value for name, value in vars(each).items() if name != "samples"} for each in (one, other)]
        assert about[0] == about[1]


def worker():
    (apart_process,) = apart._idle
    return apart_process._process.pid


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_slices_are_those_of_reading_here(tmp_path, suffix):
    path = encode(tune(40), tmp_path / f"söng.{suffix}")
    the_same(read_slices_apart(path, rates=(22_050, 16_000)), read_slices(path, rates=(22_050, 16_000)))
    how = {"rates": (16_000,), "offset": np.float32(2), "seconds": np.int64(5)}
    the_same(read_slices_apart(str(path), **how), read_slices(path, **how))


def test_all_of_a_recording_is_written(song, tmp_path):
    write_whole_apart(song, tmp_path / "samples", 16_000)
    assert (tmp_path / "samples").stat().st_size == 4 * 3 * 16_000
    write_whole_apart(song, tmp_path / "samples", 16_000, Cut(0.5, 2.0))
    assert (tmp_path / "samples").stat().st_size == 4 * 1.5 * 16_000


def test_what_is_wrong_is_told_as_here(tmp_path, song):
    (tmp_path / "page.mp3").write_text("<!DOCTYPE html>")
    for error, path, how in (
        (AudioError, tmp_path / "page.mp3", {}),
        (AudioError, tmp_path / "nothing.mp3", {}),
        (AudioError, song, {"offset": 9.0}),
        (UsageError, song, {"offset": -1.0}),
        (UsageError, song, {"seconds": float("inf")}),
    ):
        with pytest.raises(error) as here:
            read_slices(path, rates=(16_000,), **how)
        with pytest.raises(error) as there:
            read_slices_apart(path, rates=(16_000,), **how)
        assert str(there.value) == str(here.value)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("crash", "the decoder crashed on it"),
        ("exit", "the decoder crashed on it"),
        ("nonsense", "the decoder crashed on it"),
        ("long", "the decoder crashed on it"),
        ("hang", "nothing came of it for 3 s"),
        ("raise", "cannot be decoded here (KeyError)"),
        pytest.param(
            "memory",
            "takes more than 2 GiB of memory",
            marks=pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells its address space"),
        ),
    ],
)
def test_a_file_that_kills_its_decoder_gives_a_reason_and_the_next_is_read(
    obedient, monkeypatch, song, order, reason, tmp_path
):
    monkeypatch.setattr(apart, "SECONDS_AFTER_BUDGET", 2.0)
    monkeypatch.setattr(apart, "SECONDS_FOR_A_PIECE", 3.0)
    bad = ordered(song, order)
    for read in (
        lambda path: read_slices_apart(path, rates=(16_000,), budget=1.0),
        lambda path: write_whole_apart(path, tmp_path / "samples", 16_000),
    ):
        with pytest.raises(AudioError) as caught:
            read(bad)
        assert str(caught.value).startswith(f"{order} 1.wav: ")
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)
        the_same(read_slices_apart(song, rates=(16_000,)), read_slices(song, rates=(16_000,)))


def test_only_the_content_that_is_meant_is_read(song):
    the_same(read_slices_apart(song, rates=(16_000,), content=content_hash(song)), read_slices(song, rates=(16_000,)))
    with pytest.raises(AudioError, match=r"song\.wav: has changed since it was added"):
        read_slices_apart(song, rates=(16_000,), content="other")


def test_a_recording_that_gets_on_has_its_time(obedient, monkeypatch, song, tmp_path):
    monkeypatch.setattr(apart, "SECONDS_FOR_A_PIECE", 2.0)
    write_whole_apart(ordered(song, "slow"), tmp_path / "samples", 16_000)
    assert (tmp_path / "samples").stat().st_size == 4 * 3 * 16_000


def test_a_full_disk_is_not_the_songs_fault(obedient, song, tmp_path):
    with pytest.raises(DiskError, match="the disk is full"):
        write_whole_apart(ordered(song, "full"), tmp_path / "samples", 16_000)


def test_a_process_that_no_signal_reaches_is_not_waited_for(obedient, monkeypatch, song):
    monkeypatch.setattr(apart, "SECONDS_AFTER_BUDGET", 1.0)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess.Popen, "kill", lambda self: stuck.append(self))
        stuck = []
        started = time.monotonic()
        with pytest.raises(AudioError, match=r"hang 1\.wav: nothing came of it for 1\.5 s"):
            read_slices_apart(ordered(song, "hang"), rates=(16_000,), budget=0.5)
        assert time.monotonic() - started < 20
    for process_ in stuck:
        process_.kill()


def test_what_a_decoder_prints_is_no_answer(obedient, song):
    loud = ordered(song, "print")
    the_same(read_slices_apart(loud, rates=(16_000,)), read_slices(song, rates=(16_000,)))


def test_a_search_by_a_file_that_kills_its_decoder_gives_a_reason(obedient, song, tmp_path):
    with Library(tmp_path / "library", progress=False) as library:
        for _ in range(2):
            with pytest.raises(AudioError, match=r"crash 1.wav: the decoder crashed on it"):
                library.search(audio=ordered(song, "crash"))


def test_one_process_reads_one_file_after_the_other(obedient, song):
    read_slices_apart(song, rates=(16_000,))
    first = worker()
    read_slices_apart(song, rates=(22_050,))
    assert worker() == first


def test_a_process_that_died_while_idle_costs_no_read(obedient, song):
    read_slices_apart(song, rates=(16_000,))
    (apart_process,) = apart._idle
    apart_process._process.kill()
    apart_process._process.wait()
    read_slices_apart(song, rates=(16_000,))


def test_threads_get_their_own_answers(tmp_path):
    paths = [encode(tune(2 + number, seed=number), tmp_path / f"{number}.wav") for number in range(4)]
    begin = threading.Barrier(4)

    def read(path):
        begin.wait()
        return read_slices_apart(path, rates=(16_000,))

    with ThreadPoolExecutor(4) as pool:
        for path, found in zip(paths, pool.map(read, paths), strict=True):
            the_same(found, read_slices(path, rates=(16_000,)))
    assert len(apart._idle) <= apart.MAX_IDLE


def test_an_interrupted_read_leaves_no_answer_for_the_next(obedient, monkeypatch, song, tmp_path):
    read_slices_apart(song, rates=(16_000,))
    (apart_process,) = apart._idle

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(apart_process, "_talk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_slices_apart(song, rates=(16_000,))
    assert apart._idle == []
    assert not apart_process.alive


@pytest.mark.parametrize("path", [["/nowhere"], None])
def test_no_process_gives_a_reason(monkeypatch, song, path):
    apart._end_all()
    if path is None:
        monkeypatch.setattr(process, "get_executable", lambda: "/nowhere/python")
    else:
        monkeypatch.setattr(sys, "path", path)
    with pytest.raises(AudioError, match=r"song.wav: no process could be .*try again"):
        read_slices_apart(song, rates=(16_000,))


SCRIPT = """
import multiprocessing, os, sys
from alcca.songs import apart

def read():
    return len(apart.read_slices_apart(sys.argv[1], rates=(16_000,))[0].samples)

print(read(), flush=True)
tell = lambda: print(read(), apart._idle[0]._process.pid, flush=True)
child = multiprocessing.get_context("fork").Process(target=tell, daemon=True)
child.start()
child.join()
print(child.exitcode, read(), apart._idle[0]._process.pid, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_it_works_in_a_script_without_a_guard_and_in_a_daemon_and_nothing_stays(song, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    # What lies in the folder is not imported.
    (tmp_path / "json.py").write_text("raise SystemExit('this is another json')")
    done = subprocess.run(
        [sys.executable, "-P", str(tmp_path / "script.py"), str(song)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS_BEFORE_IT_HANGS,
    )
    first, second, fork, exitcode, third, pid = done.stdout.split()
    assert (first, second, exitcode, third, done.stderr) == ("480000", "480000", "0", "480000", "")
    assert fork != pid, "what is forked has a process of its own"
    deadline = time.monotonic() + SECONDS_BEFORE_IT_HANGS
    while any(Path(f"/proc/{one}").exists() for one in (fork, pid)):
        assert time.monotonic() < deadline, "a process has stayed"
        time.sleep(0.01)
