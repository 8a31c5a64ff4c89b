"""Files and folders that are written whole or not at all, and checked when they are read."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.making import flip

from alcca.errors import LibraryError
from alcca.persistence import files
from alcca.persistence.files import (
    check_files,
    create_file,
    digest_of,
    has_checksums,
    read_checked,
    replace_file,
    replace_folder,
    write_checksums,
)


@pytest.fixture
def folder(tmp_path):
    def write(part):
        (part / "one").write_bytes(b"a\nb")
        (part / "two words").write_bytes(bytes(1000))
        (part / "below").mkdir()

    replace_folder(tmp_path / "kept", write)
    return tmp_path / "kept"


def test_the_checksums_are_those_that_sha256sum_makes(folder):
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)


def test_what_is_whole_is_read(folder):
    assert read_checked(folder / "one") == b"a\nb"
    check_files(folder)


def test_a_flipped_bit_is_told_by_name_also_after_the_file_was_checked(folder):
    check_files(folder)
    flip(folder / "two words", 500)
    with pytest.raises(LibraryError, match=r"two words: is damaged \(its SHA-256"):
        check_files(folder)
    with pytest.raises(LibraryError, match="two words: is damaged"):
        read_checked(folder / "two words")
    assert read_checked(folder / "one") == b"a\nb"


def test_a_file_without_a_digest_is_damaged_where_others_have_one(folder):
    (folder / "three").write_text("new")
    with pytest.raises(LibraryError, match="three: is damaged"):
        read_checked(folder / "three")


def test_a_file_is_read_once_while_it_stays_as_it_is(folder, monkeypatch):
    write_checksums(folder)
    monkeypatch.setattr("hashlib.file_digest", lambda *_: 1 / 0)
    check_files(folder)


def test_a_folder_without_checksums_is_read_as_it_is(folder):
    (folder / "SHA256SUMS").unlink()
    assert not has_checksums(folder)
    check_files(folder)
    assert read_checked(folder / "one") == b"a\nb"


def test_checksums_name_no_file_elsewhere(folder, tmp_path):
    (tmp_path / "outside").write_text("x")
    with (folder / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../outside\n{'0' * 64}  {tmp_path / 'outside'}\n{'0' * 64}  a\0b\n")
    check_files(folder)


def test_a_file_that_the_checksums_do_not_list_is_damaged(folder):
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "one" not in line))
    with pytest.raises(LibraryError, match="one: is damaged"):
        check_files(folder)


def test_what_is_no_file_is_not_read(folder):
    os.mkfifo(folder / "pipe")
    for read in (read_checked, digest_of):
        with pytest.raises(OSError, match="not a regular file"):
            read(folder / "pipe")


def test_all_files_of_a_folder_can_be_read_by_others(tmp_path):
    def write(part):
        (part / "one").write_bytes(b"a")
        (part / "one").chmod(0o600)

    replace_folder(tmp_path / "kept", write)
    assert [path.stat().st_mode & 0o777 for path in sorted((tmp_path / "kept").iterdir())] == [0o644, 0o644]


def test_a_file_is_on_the_disk_before_it_takes_the_place_of_another(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(
        files, "flush", lambda path: done.append(("flushed", path.read_text() if path.is_file() else "names"))
    )
    rename = Path.replace
    monkeypatch.setattr(Path, "replace", lambda path, to: (done.append("renamed"), rename(path, to)))
    replace_file(tmp_path / "a", lambda part: part.write_text("new"))
    assert done == [("flushed", "new"), "renamed", ("flushed", "names")]
    done.clear()
    replace_file(tmp_path / "a", lambda part: part.write_text("newer"), durable=False)
    assert done == ["renamed"]


def test_a_write_that_fails_leaves_what_was_there(folder):
    with pytest.raises(ZeroDivisionError):
        replace_folder(folder, lambda part: (part / "one").write_text("new") and 1 / 0)
    assert read_checked(folder / "one") == b"a\nb"
    assert [path.name for path in folder.parent.iterdir()] == ["kept"]


def test_a_new_file_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    there = []
    monkeypatch.setattr(files, "flush", lambda path: there.append((path.is_dir(), (tmp_path / "a.lrc").exists())))
    create_file(tmp_path / "a.lrc", b"words")
    assert there == [(False, False), (True, True)]
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.lrc", b"words")]


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_replaces_none(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "no links here")))
    create_file(tmp_path / "a.lrc", b"words")
    (tmp_path / "b.lrc").symlink_to(tmp_path / "nowhere")
    for name in ("a.lrc", "b.lrc"):
        with pytest.raises(FileExistsError, match=name):
            create_file(tmp_path / name, b"others")
    assert (tmp_path / "a.lrc").read_bytes() == b"words"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.lrc", "b.lrc"]
