"""A music folder on a disk that does not respond: what is said of it, and that nothing waits for it."""

import os
import time
from pathlib import Path

import pytest
from tests.making import write_song

from alcca import Library
from alcca.errors import UsageError
from alcca.indexing import local_music
from alcca.indexing.local_music import Disk, check_place, look_through
from alcca.workers import local
from alcca.workers.readers import ReaderPool


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setattr(local_music, "PATIENCE_SECONDS", 1.0)
    return 1.0


def silent_at(*names):
    """A pool whose processes wait for ever, as for a dead disk, when they look at files or folders of these names."""

    def start(values):
        local._start(values)
        stat, scandir = os.stat, os.scandir

        def wait(path):
            while Path(path).name in names:
                time.sleep(0.1)

        def silent_stat(path, **options):
            wait(path)
            return stat(path, **options)

        def silent_scandir(path):
            wait(path)
            return scandir(path)

        os.stat, os.scandir = silent_stat, silent_scandir

    return lambda workers, values=b"": ReaderPool(workers, start, (values,))


def test_a_folder_that_does_not_respond_is_told_and_the_rest_is_added(tmp_path, patience, monkeypatch):
    write_song(tmp_path / "music" / "a.wav", 1, seconds=2)
    write_song(tmp_path / "music" / "nas" / "b.wav", 2, seconds=2)
    monkeypatch.setattr(local, "process_pool", silent_at("nas"))
    with Library(tmp_path / "library", progress=False) as library:
        report = library.add(tmp_path / "music", jobs=1)
        assert [song.title for song in library.songs()] == ["a"]
    assert [note for _, note in report.notes if "respond" in note] == [
        f"{tmp_path / 'music' / 'nas'}: does not respond and was skipped; check whether its disk is there"
    ]


def test_files_that_do_not_respond_are_told_and_then_their_folder(tmp_path, patience, monkeypatch):
    for name in ("1.mp3", "disk/2.mp3", "disk/3.mp3", "disk/4.mp3", "disk/5.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(local, "process_pool", silent_at("2.mp3", "3.mp3", "4.mp3"))
    found = look_through(tmp_path)
    assert [stamp.path for stamp in found.stamps] == [str(tmp_path / "1.mp3")]
    assert [problem.partition(": ")[0] for problem in found.problems] == [
        str(tmp_path / "disk" / "2.mp3"),
        str(tmp_path / "disk"),
    ]


def test_a_music_folder_that_does_not_respond_is_told(tmp_path, patience, monkeypatch):
    monkeypatch.setattr(local, "process_pool", silent_at(tmp_path.name))
    with pytest.raises(UsageError, match="does not respond; check whether its disk is there"):
        look_through(tmp_path)
    monkeypatch.setattr(local_music, "CHECK", "import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(UsageError, match="does not respond; check whether its disk is there"):
        check_place(tmp_path)
    assert time.monotonic() - started < 30


def test_a_place_that_is_none_is_told(tmp_path):
    check_place(tmp_path)
    (tmp_path / "file").touch()
    for place in (tmp_path / "nothing", tmp_path / "file" / "inner", Path("a\0b")):
        with pytest.raises(UsageError, match="no such folder"):
            check_place(place)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=r"cannot be read \(Too many levels of symbolic links\)"):
        check_place(tmp_path / "loop")
    with pytest.raises(UsageError, match=r"cannot be read \(File name too long\)"):
        check_place(tmp_path / ("n" * 300))


def test_files_elsewhere_are_there_unless_their_disk_says_they_are_not(tmp_path, patience, monkeypatch):
    (tmp_path / "there.mp3").touch()
    monkeypatch.setattr(local, "process_pool", silent_at("silent.mp3"))
    root = tmp_path / "root"
    disk = Disk(frozenset({str(root / "a.mp3")}), str(root))
    assert (disk.has(str(root / "a.mp3")), disk.has(str(root / "b.mp3"))) == (True, False)
    assert disk._pool is None, "what was found need not be looked for"
    assert (disk.has(str(tmp_path / "there.mp3")), disk.has(str(tmp_path / "gone.mp3"))) == (True, False)
    assert disk.has(str(tmp_path / "mnt" / "silent.mp3"))
    started = time.monotonic()
    assert disk.has(str(tmp_path / "mnt" / "silent too.mp3"))
    assert time.monotonic() - started < patience
    disk.close()


def test_a_process_that_is_ended_while_it_looks_is_told(tmp_path, monkeypatch):
    def start(values):
        local._start(values)
        local_music.walk = lambda *_, **__: os._exit(9)

    monkeypatch.setattr(local, "process_pool", lambda workers, values=b"": ReaderPool(workers, start, (values,)))
    with pytest.raises(local_music.DataError, match="add smaller folders"):
        look_through(tmp_path)
