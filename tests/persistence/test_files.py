"""Files and folders that are written whole or not at all, and checked when they are read."""

import shutil
import subprocess

import pytest
from tests.making import flip

from alcca.errors import LibraryError
from alcca.persistence.files import check_files, has_checksums, read_checked, replace_folder, write_checksums


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
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  ../outside\n{'0' * 64}  {tmp_path / 'outside'}\n")
    check_files(folder)


def test_a_write_that_fails_leaves_what_was_there(folder):
    with pytest.raises(ZeroDivisionError):
        replace_folder(folder, lambda part: (part / "one").write_text("new") and 1 / 0)
    assert read_checked(folder / "one") == b"a\nb"
    assert [path.name for path in folder.parent.iterdir()] == ["kept"]
