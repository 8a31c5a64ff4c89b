import errno
import os
import socket
from pathlib import Path

import pytest

from alcca.errors import UsageError
from alcca.songs.scan import walk


def write(path, text="", encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    return path


def test_walk_takes_every_case_and_leaves_hidden_files(tmp_path):
    for name in ("b.MP3", "a/z.Flac", "a/b/c.opus", "ü/é.m4a", "x.wav"):
        write(tmp_path / name)
    for name in ("cover.jpg", "._b.mp3", ".hidden/d.mp3", "a/.e.ogg", "notes.txt", "mp3"):
        write(tmp_path / name)
    (tmp_path / "folder.mp3").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in walk(tmp_path).files]
    assert found == sorted(found, key=lambda name: name.split("/"))
    assert set(found) == {"b.MP3", "a/z.Flac", "a/b/c.opus", "ü/é.m4a", "x.wav"}
    assert walk(str(tmp_path)).files == walk(tmp_path).files


def test_a_hidden_folder_can_be_asked_for(tmp_path):
    write(tmp_path / ".music" / "a.mp3")
    assert len(walk(tmp_path / ".music").files) == 1


def test_a_single_file(tmp_path):
    assert walk(write(tmp_path / "a.MP3")).files == [tmp_path / "a.MP3"]
    with pytest.raises(UsageError, match=r"a\.txt: not an audio file; expected a folder or .*\.mp3"):
        walk(write(tmp_path / "a.txt"))
    with pytest.raises(UsageError, match="none: no such folder"):
        walk(tmp_path / "none")


def test_links_are_followed_once_and_not_in_circles(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    write(root / "a" / "1.mp3")
    write(elsewhere / "2.mp3")
    (root / "a" / "circle").symlink_to(root)
    (root / "again").symlink_to(root / "a")
    (root / "up").symlink_to(tmp_path)
    (root / "link").symlink_to(elsewhere)
    (root / "link too").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(root)
    (root / "gone.mp3").symlink_to(tmp_path / "nothing")
    (root / "linked song.mp3").symlink_to(elsewhere / "2.mp3")
    names = [path.name for path in walk(root).files]
    assert sorted(names) == ["1.mp3", "2.mp3", "linked song.mp3"]


def test_what_is_no_file_is_told_and_passed_over(tmp_path):
    write(tmp_path / "a" / "1.mp3")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a" / "loop.mp3").symlink_to("loop.mp3")
    (tmp_path / "gone.flac").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    (tmp_path / "cover.jpg").symlink_to(tmp_path / "nothing")
    with socket.socket(socket.AF_UNIX) as listener:
        # Such names may not be long.
        place = os.open(tmp_path, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{place}/socket.ogg" if Path("/proc").exists() else str(tmp_path / "socket.ogg"))
        os.close(place)
    found = walk(tmp_path)
    assert [path.name for path in found.files] == ["1.mp3"]
    told = {problem.partition(": ")[0]: problem for problem in found.problems}
    names = ("a/loop.mp3", "gone.flac", "loop", "pipe.mp3", "socket.ogg", "zero.wav")
    assert sorted(told) == [str(tmp_path / name) for name in names]
    assert "symbolic links" in told[str(tmp_path / "loop")]
    assert "is a pipe, not a file" in told[str(tmp_path / "pipe.mp3")]
    assert "holds the system's own files" in told[str(tmp_path / "zero.wav")]
    assert walk(tmp_path).files == [tmp_path / "a" / "1.mp3"]


def relative(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_each_folder_is_entered_once_whatever_leads_to_it(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    write(root / "a" / "1.mp3")
    write(elsewhere / "inner" / "2.mp3")
    (root / "b inner").symlink_to(elsewhere / "inner")
    (root / "c all").symlink_to(elsewhere)
    (root / "d again").symlink_to(elsewhere / "inner" / ".." / "inner")
    (root / "e back").symlink_to("a")
    (elsewhere / "inner" / "root").symlink_to(root)
    found = walk(root)
    assert len(found.files) == 2
    assert found.files[0] == root / "a" / "1.mp3"
    assert found.problems == []
    real = [path.resolve() for path in (root, elsewhere / "inner", elsewhere)]
    assert sorted(found.places) == sorted(real), "these are where recordings may be sent from"


def test_a_link_may_show_what_is_hidden(tmp_path):
    write(tmp_path / ".annex" / "1.mp3")
    (tmp_path / "album").symlink_to(".annex")
    (tmp_path / "song.mp3").symlink_to(".annex/1.mp3")
    assert relative(walk(tmp_path).files, tmp_path) == ["album/1.mp3", "song.mp3"]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="a system without /proc")
def test_links_into_the_system_are_told_and_not_followed(tmp_path):
    write(tmp_path / "1.mp3")
    (tmp_path / "a.mp3").symlink_to("/proc/self/maps")
    (tmp_path / "b").symlink_to("/proc/self")
    (tmp_path / "c.ogg").symlink_to(tmp_path / "b" / "mem")
    (tmp_path / "d.wav").symlink_to("/dev/null")
    (tmp_path / "up").symlink_to("/")
    found = walk(tmp_path)
    assert relative(found.files, tmp_path) == ["1.mp3"]
    told = {problem.partition(": ")[0]: problem for problem in found.problems}
    assert sorted(told) == [str(tmp_path / name) for name in ("a.mp3", "b", "c.ogg", "d.wav", "up")]
    assert "holds this music folder" in told[str(tmp_path / "up")]
    assert all("system's own files" in told[str(tmp_path / name)] for name in ("a.mp3", "b", "c.ogg", "d.wav"))


def test_a_link_to_a_disk_that_is_not_mounted_is_told(tmp_path):
    write(tmp_path / "1.mp3")
    (tmp_path / "NAS").symlink_to(tmp_path / "mnt" / "nas")
    (problem,) = walk(tmp_path).problems
    assert problem.startswith(f"{tmp_path / 'NAS'}: cannot be read (No such file or directory)")


def test_what_may_hold_sound_and_is_not_read_is_counted(tmp_path):
    for name in ("1.mp3", "film.mkv", "a/film.MKV", "a/game.kar", "a/cover.jpg", "a/words.txt", "a/TRACK01", ".x.mkv"):
        write(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.mkv")
    (tmp_path / "linked.mkv").symlink_to("film.mkv")
    assert walk(tmp_path).passed_over == {".mkv": 4, ".kar": 1, "": 1}


def test_names_of_any_bytes_and_any_length_are_found(tmp_path):
    names = [b"\xff\xfe.mp3", b"new\nline.mp3", b"escape\x1b[31m.mp3", b"n" * 251 + b".mp3", "é.mp3".encode("latin-1")]
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).touch()  # noqa: PTH118 - bytes
    assert sorted(os.fsencode(path.name) for path in walk(tmp_path).files) == sorted(names)


def test_a_folder_that_vanishes_meanwhile_is_told(tmp_path):
    write(tmp_path / "a" / "1.mp3")
    write(tmp_path / "b" / "2.mp3")

    def reached(path):
        if path == tmp_path / "a" and path.exists():
            (path / "1.mp3").unlink()
            path.rmdir()

    found = walk(tmp_path, reached=reached)
    assert relative(found.files, tmp_path) == ["b/2.mp3"]
    assert [problem.partition(": ")[0] for problem in found.problems] == [str(tmp_path / "a")]


def test_what_does_not_respond_is_left_out_when_told_so(tmp_path):
    for name in ("a/1.mp3", "b/2.mp3", "3.mp3"):
        write(tmp_path / name)
    reached = []
    found = walk(tmp_path, reached=reached.append, without=frozenset({tmp_path / "a", tmp_path / "3.mp3"}))
    assert relative(found.files, tmp_path) == ["b/2.mp3"]
    assert tmp_path / "a" not in reached


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ELOOP, errno.ESTALE])
def test_what_cannot_be_looked_at_is_told_and_passed_over(tmp_path, monkeypatch, error):
    write(tmp_path / "a.mp3")
    real = os.scandir

    class Bad:
        name = "bad.mp3"

        def is_dir(self):
            raise OSError(error, os.strerror(error))

        is_file = is_symlink = stat = is_dir

    monkeypatch.setattr(os, "scandir", lambda path: Entries([*real(path), Bad()]))
    found = walk(tmp_path)
    assert [path.name for path in found.files] == ["a.mp3"]
    (problem,) = found.problems
    assert "bad.mp3: cannot be read" in problem
    assert os.strerror(error) in problem


class Entries(list):
    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("what", ["loop", "pipe", "device"])
def test_a_single_thing_that_is_neither_file_nor_folder(tmp_path, what):
    path = tmp_path / "song.mp3"
    if what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("song.mp3" if what == "loop" else "/dev/zero")
    with pytest.raises(UsageError, match=r"song.mp3: (is a|cannot be read)"):
        walk(path)


def test_a_subfolder_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    write(tmp_path / "a.mp3")
    write(tmp_path / "closed" / "b.mp3")
    real = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = walk(tmp_path)
    assert [path.name for path in found.files] == ["a.mp3"]
    (problem,) = found.problems
    assert "closed: cannot be read (Permission denied)" in problem
    with pytest.raises(UsageError, match=r"closed: cannot be read \(Permission denied\)"):
        walk(tmp_path / "closed")
