"""A library from somebody else: it is data, and what it names runs only when the user says so."""

import importlib
import json
import pickle
import shutil
import sys

import pytest
from tests.making import change, flip
from tests.models.test_saving import Runs
from tests.networks import write_sentence_model
from tests.strangers import stranger

from alcca import Library
from alcca.cli.main import main
from alcca.errors import AudioError, LibraryError, SpeechModelError
from alcca.persistence.trusted import is_trusted_address, trust
from alcca.songs.recording_slice import RecordingSlice
from alcca.store.records import FileStamp
from alcca.store.speech_model import speech_model_of, trust_speech_model

__all__ = ["stranger"]

SONGS = 12


def model_of(path):
    (folder,) = (path / "models").iterdir()
    return folder


def search(path, *more):
    return main(["search", "--library", str(path), "--quiet", "--by", "space", "--lyrics", "river", "--json", *more])


def config(monkeypatch, folder):
    """As somebody else, who trusts nothing yet."""
    monkeypatch.setenv("ALCCA_CONFIG", str(folder))


def test_a_pickle_in_a_library_is_not_read(added, tmp_path, monkeypatch, capsys):
    config(monkeypatch, tmp_path / "who trusts nothing")
    added.train(method="cca", components=2)
    model = model_of(added.path) / "model"
    (model / "class.json").write_text(json.dumps({"module": "joblib", "name": "numpy_pickle"}))
    shutil.rmtree(model / "fitted")
    (model / "fitted").write_bytes(pickle.dumps(Runs(tmp_path / "PROOF")))
    for verb in (search, lambda path: main(["serve", "--library", str(path), "--port", "0"])):
        assert verb(added.path) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "code of the package joblib runs only with your permission" in said
    assert not (tmp_path / "PROOF").exists()


def test_a_method_of_another_package_is_trusted_by_who_trains_with_it_and_by_nobody_else(
    added, stranger, tmp_path, monkeypatch, capsys
):
    at = ["--library", str(added.path), "--quiet"]
    assert main(["train", "--method", "stranger.Method", *at]) == 0
    assert "This model runs third-party code that you named: stranger" in capsys.readouterr().out
    assert search(added.path) == 0
    mine = json.loads(capsys.readouterr().out)["hits"]
    assert mine
    config(monkeypatch, tmp_path / "another user")
    del sys.modules["stranger"]
    (stranger / "IMPORTED").unlink()
    assert search(added.path) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert str(model_of(added.path)) in said.err
    assert "with --trust stranger " in said.err
    assert not (stranger / "IMPORTED").exists()
    files = sorted(added.path.rglob("*"))
    assert search(added.path, "--trust", "stranger") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["hits"] == mine
    assert f"stranger is now trusted; the list of trusted packages is {tmp_path / 'another user'}" in told.err
    assert search(added.path) == 0
    assert capsys.readouterr().err == ""
    assert sorted(added.path.rglob("*")) == files, "it is remembered for the user, not in the library"
    assert not (stranger / "PROOF").exists()


def test_encoders_of_another_package_too(added, stranger, tmp_path, monkeypatch):
    words = importlib.import_module("stranger").Words(most=40)
    report = added.train(method="cca", lyrics_encoder=words, components=2)
    assert report.trusted == ["stranger"]
    assert added.train(method="cca", lyrics_encoder=words, components=2).trusted == []
    with Library(added.path, progress=False) as opened:
        assert opened.search(lyrics="river mountain morning silver", by="space")
    config(monkeypatch, tmp_path / "another user")
    with Library(added.path, progress=False) as opened, pytest.raises(LibraryError, match="--trust stranger "):
        opened.search(lyrics="river", by="space")


def test_networks_of_others_too(added, tmp_path, monkeypatch):
    folder = write_sentence_model(tmp_path / "networks")
    named = f"sentence:{folder}"
    assert added.train(method="cca", lyrics_encoder=named, components=2).trusted == [named]
    config(monkeypatch, tmp_path / "another user")
    with Library(added.path, progress=False) as opened, pytest.raises(LibraryError, match=f"--trust {named} "):
        opened.search(lyrics="hello", by="space")
    assert search(added.path, "--trust", named) == 0


def test_what_cannot_be_trusted_is_a_wrong_call(added, capsys):
    assert main(["status", "--library", str(added.path), "--trust", "cca-zoo"]) == 2
    assert "expected a package by its import name" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../elsewhere", "..", "", None, 3])
def test_a_model_is_a_folder_of_the_library(added, name, capsys):
    added.train(method="cca", components=2)
    with added._store.transaction():
        added._store.set_setting("model", {**added._store.setting("model"), "name": name})
    for verb in (search, lambda path: main(["status", "--library", str(path)])):
        assert verb(added.path) == 1
        assert "is not the name of a model; train again" in capsys.readouterr().err


def test_a_flipped_bit_is_told_in_whichever_file_of_the_model_it_is(added):
    added.train(components=2)
    model = model_of(added.path)
    files = [path for part in ("audio", "lyrics", "model") for path in (model / part).rglob("*") if path.is_file()]
    assert len(files) == 15
    for file in files:
        whole = file.read_bytes()
        # In the middle of the weights the flipped bit would just put other songs first.
        flip(file, len(whole) - 9)
        with Library(added.path, progress=False) as opened, pytest.raises(LibraryError, match=str(file.parent)):
            opened.search(lyrics="river", by="space")
        file.write_bytes(whole)
    with Library(added.path, progress=False) as opened:
        assert opened.search(lyrics="river", by="space")


def test_a_model_from_before_there_were_checksums_is_searched_and_status_says_so(added, capsys):
    added.train(components=2)
    at = ["status", "--library", str(added.path)]
    assert main(at) == 0
    assert "checksums" not in capsys.readouterr().out
    assert added.status()["model"]["checksums"] is True
    for sums in model_of(added.path).rglob("SHA256SUMS"):
        sums.unlink()
    assert added.status()["model"]["checksums"] is False
    assert search(added.path) == 0
    capsys.readouterr()
    assert main(at) == 0
    assert "the model was saved by an older version, without checksums" in capsys.readouterr().out


def test_weights_that_do_not_fit_are_told_though_their_checksums_do(added):
    added.train(method="cca", components=2)
    fitted = model_of(added.path) / "model" / "fitted"
    state = json.loads((fitted / "state.json").read_text())
    for changed in ({"shapes": {}}, {"state": {}}, {"state": {"params": {"color": 1}, "fitted": {}}}):
        change(fitted / "state.json", **state | changed)
        with Library(added.path, progress=False) as opened, pytest.raises(LibraryError, match="damaged"):
            opened.search(lyrics="river", by="space")


def test_the_folder_of_a_speech_model_is_read_only_with_permission(added, tmp_path, monkeypatch):
    config(monkeypatch, tmp_path / "who trusts nothing")
    folder = tmp_path / "weights"
    folder.mkdir()
    with added._store.transaction():
        added._store.set_setting("speech_model", str(folder))
    with pytest.raises(SpeechModelError, match=f"--trust whisper:{folder}, or name another one"):
        added.hear()
    assert speech_model_of(added._store, "tiny") == "tiny"
    assert speech_model_of(added._store, folder) == str(folder)
    trust_speech_model(str(folder))
    assert speech_model_of(added._store) == str(folder)
    for name in ("large-v3", "base"):
        with added._store.transaction():
            added._store.set_setting("speech_model", name)
        assert speech_model_of(added._store) == name


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest/a.wav", "file:///etc/a.wav", "s3://bucket/b/a.wav"])
def test_music_at_an_address_that_only_the_library_names_is_not_fetched(added, tmp_path, monkeypatch, address):
    config(monkeypatch, tmp_path / "who trusts nothing")
    fetched = []
    monkeypatch.setattr("alcca.songs.remote._system", fetched.append)
    song = added.songs()[0]
    with added._store.transaction():
        added._store.put_file(FileStamp(address, 1, 1, "", song.id))
    place = address.rpartition("/")[0]
    for write in (added.hear, added.train, lambda: added.add(added.path.parent)):
        with pytest.raises(LibraryError, match=f"names music at {place}, which is read only with your permission"):
            write()
    with pytest.raises(AudioError, match="is read only with your permission"):
        RecordingSlice("content", None, (address,)).samples()
    assert fetched == []
    trust(place)
    assert is_trusted_address(address)
    assert not is_trusted_address(f"{place}2/a.wav")
    with added._opened.writing():
        pass
