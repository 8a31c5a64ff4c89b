"""Music at an address: what is found there, fetched for a moment, and said where that fails."""

import sys
from pathlib import Path

import pytest

from alcca.errors import MissingExtraError, UsageError
from alcca.songs.remote import at_hand, exists, find_remote, is_address

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    system.store.clear()
    for name in ("b/2.mp3", "a/1.MP3", "a/1.lrc", "songs.csv", "cover.jpg", "a/.hidden.mp3", ".cache/3.mp3"):
        system.pipe_file(f"/music/{name}", name.encode())
    yield system
    system.store.clear()


def test_recordings_texts_and_tables_are_found_in_the_order_of_their_paths(memory):
    found = find_remote("memory://music/")
    assert [file.relative for file in found] == ["a/1.MP3", "a/1.lrc", "b/2.mp3", "songs.csv"]
    assert [file.is_audio for file in found] == [True, False, True, False]
    assert found[0].address == "memory://music/a/1.MP3"
    assert found[0].size == len("a/1.MP3")


def test_a_file_that_changes_has_another_version(memory):
    before = {file.relative: file.version for file in find_remote("memory://music")}
    memory.pipe_file("/music/a/1.lrc", b"x" * len("a/1.lrc"))
    after = {file.relative: file.version for file in find_remote("memory://music")}
    assert {name for name in after if after[name] != before[name]} == {"a/1.lrc"}


def test_a_file_is_here_for_a_moment(memory, tmp_path):
    with at_hand("memory://music/a/1.MP3") as path:
        assert (path.name, path.read_bytes()) == ("1.MP3", b"a/1.MP3")
    assert not path.parent.exists()
    with at_hand(str(tmp_path)) as path:
        assert path == tmp_path
    assert tmp_path.exists()


def test_a_text_is_copied_to_its_place_with_its_version_as_its_time(memory, tmp_path):
    text = find_remote("memory://music")[1]
    text.fetch_into(tmp_path)
    copy = tmp_path / "a" / "1.lrc"
    assert copy.read_bytes() == b"a/1.lrc"
    assert copy.stat().st_mtime_ns == text.version


def test_what_is_not_there_is_told(memory, tmp_path):
    assert exists("memory://music/a/1.MP3")
    assert not exists("memory://music/a/9.mp3")
    assert exists(str(tmp_path))
    assert not exists(str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError), at_hand("memory://music/a/9.mp3"):
        pass
    for address in ("memory://nothing", "memory://music/a/1.MP3", (tmp_path / "nothing").as_uri()):
        with pytest.raises(UsageError, match=rf"{address}: .*(no such folder|cannot be listed)"):
            find_remote(address)


def test_an_error_of_a_file_systems_own_is_an_oserror_in_words(memory, monkeypatch):
    def fail(*_, **__):
        raise ValueError("An error occurred\n (ExpiredToken)")

    monkeypatch.setattr(type(memory), "open", fail)
    monkeypatch.setattr(type(memory), "exists", fail)
    with pytest.raises(OSError, match="ExpiredToken") as caught, at_hand("memory://music/a/1.MP3"):
        pass
    assert caught.value.strerror == "An error occurred (ExpiredToken)"
    assert exists("memory://music/a/1.MP3"), "who knows"
    monkeypatch.setattr(type(memory), "find", fail)
    with pytest.raises(UsageError, match=r"cannot be listed \(An error occurred \(ExpiredToken\)\)"):
        find_remote("memory://music")


def test_addresses_that_nobody_knows_and_packages_that_are_missing_are_told(monkeypatch):
    from fsspec.registry import known_implementations

    with pytest.raises(UsageError, match=r"nonsense://x: .*nonsense"):
        find_remote("nonsense://x")
    far = {"class": "no_such_package.Far", "err": "Install no_such_package"}
    monkeypatch.setitem(known_implementations, "far", far)
    with pytest.raises(MissingExtraError, match="far://x: Install no_such_package"):
        find_remote("far://x")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'alcca\[cluster\]'"):
        find_remote("memory://x")


def test_windows_drives_are_paths():
    assert not is_address(Path("C:/music"))
