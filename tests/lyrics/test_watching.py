"""New recordings in a folder that is watched: once they are whole, whatever name they had before."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.lyrics.fakes import HARBOUR, heard

from alcca.lyrics import watching
from alcca.lyrics.watching import new_files, watch_and_write
from alcca.lyrics.wishes import Wishes
from alcca.workers.local import LocalWorkers

pytest.importorskip("watchfiles")
SETTLE = 1.0


class Watch:
    """A folder that is watched in a thread, and what comes of that."""

    def __init__(self, folder, **how):
        self.came, self._stop = [], threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(folder, how), daemon=True)
        self._thread.start()
        assert self._ready.wait(20)

    def _run(self, folder, how):
        for files in new_files([folder], settle=SETTLE, stop=self._stop, **how):
            self.came += [path.name for path in files]
            self._ready.set()

    def wait(self, count):
        end = time.monotonic() + 20
        while len(self.came) < count and time.monotonic() < end:
            time.sleep(0.05)
        return sorted(self.came)

    def end(self):
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture(params=[None, 0.2], ids=["told by the system", "polled"])
def watch(tmp_path, request):
    folder = tmp_path / "music"
    folder.mkdir()
    one = Watch(folder, poll=request.param)
    yield one, folder
    one.end()


def test_a_recording_comes_when_it_is_whole_under_its_last_name(watch):
    one, folder = watch
    part = folder / "song.mp3.part"
    part.write_bytes(b"half")
    growing = folder / "growing.flac"
    for _ in range(4):
        with growing.open("ab") as file:
            file.write(b"more of it")
        time.sleep(0.65 * SETTLE)
        assert "growing.flac" not in one.came
    part.rename(folder / "song.mp3")
    (folder / "cover.jpg").write_bytes(b"no sound")
    (folder / "._song.mp3").write_bytes(b"hidden")
    assert one.wait(2) == ["growing.flac", "song.mp3"]


def test_a_folder_that_is_moved_in_and_a_text_that_comes_later(watch, tmp_path):
    one, folder = watch
    album = tmp_path / "album"
    album.mkdir()
    (album / "song.ogg").write_bytes(b"whole")
    (album / "song too.ogg").write_bytes(b"whole")
    shutil.move(album, folder / "album")
    assert one.wait(2) == ["song too.ogg", "song.ogg"]
    (folder / "album" / "song.en.txt").write_text("words")
    assert one.wait(3) == ["song too.ogg", "song.ogg", "song.ogg"]


def test_what_alcca_writes_brings_nothing_back(tmp_path):
    ours = {str(tmp_path / "song.lrc")}
    (tmp_path / "song.mp3").write_bytes(b"whole")
    one = Watch(tmp_path, ours=ours)
    (tmp_path / "song.lrc").write_text("[00:01.00]words")
    (tmp_path / "other.mp3").write_bytes(b"whole")
    assert one.wait(1) == ["other.mp3"]
    one.end()


def test_what_is_there_is_done_first_and_the_model_is_loaded_once(ear, tmp_path, monkeypatch):
    music = tmp_path / "music"
    ear.record(music / "there.wav", heard(HARBOUR))
    (music / "there.txt").write_text(HARBOUR)
    loads = []
    load = watching.Run._load
    monkeypatch.setattr(watching.Run, "_load", lambda self: loads.append(one := load(self)) or one)
    stop, is_watching = threading.Event(), []

    def come():
        is_watching.append(True)
        (music / "new.txt").write_text(HARBOUR)
        ear.record(music / "new.wav", heard(HARBOUR))

    done = []
    for result in watch_and_write(
        [music], Wishes(), LocalWorkers(1), settle=SETTLE, notes=[], watching=come, stop=stop
    ):
        done.append((Path(result.recording).name, result.status, len(is_watching)))
        if len(done) == 2:
            stop.set()
    assert done == [("there.wav", "timed", 0), ("new.wav", "timed", 1)]
    assert (music / "new.lrc").exists()
    assert loads[0] is loads[1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_ends_cleanly(tmp_path, how):
    process = subprocess.Popen(
        [sys.executable, "-m", "alcca", "lyrics", "--watch", str(tmp_path), "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ALCCA_CACHE": str(tmp_path / ".cache"), "ALCCA_LIBRARY": str(tmp_path / ".none")},
    )
    try:
        assert process.stdout.readline().startswith("Watching ")
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "")
    assert "There are no recordings." in out
