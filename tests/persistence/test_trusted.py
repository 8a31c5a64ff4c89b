"""What the user trusts is remembered for the user."""

import json

import pytest

import alcca
from alcca.errors import UsageError
from alcca.persistence.trusted import is_trusted, trust, trusted_file


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("ALCCA_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def test_nothing_is_trusted_before_it_was_said(config):
    assert is_trusted("alcca")
    assert not is_trusted("cca_zoo")
    assert not config.exists()


def test_what_is_trusted_is_remembered(config):
    assert alcca.trust("cca_zoo")
    assert alcca.trust("sentence:owner/model")
    assert not alcca.trust("cca_zoo"), "it was before"
    assert json.loads((config / "trusted.json").read_text()) == {"trusted": ["cca_zoo", "sentence:owner/model"]}
    assert is_trusted("cca_zoo")
    assert not is_trusted("clap:owner/model")
    assert not is_trusted("owner/model")


def test_a_folder_is_meant_wherever_it_is_looked_for_and_goes_before_a_name(tmp_path, monkeypatch):
    (tmp_path / "net").mkdir()
    monkeypatch.chdir(tmp_path)
    trust("clap:net")
    assert is_trusted(f"clap:{tmp_path / 'net'}")
    monkeypatch.chdir("/")
    assert is_trusted(f"clap:{tmp_path / 'net'}")
    assert not is_trusted("clap:net")
    trust("sentence:net")  # a name on the hub
    monkeypatch.chdir(tmp_path)
    assert not is_trusted("sentence:net"), "a stranger's folder of that name is another thing"


@pytest.mark.parametrize("name", ["", "cca-zoo", "cca_zoo.linear", "a b", "sentence:", ":model", "../x"])
def test_what_is_no_name_is_told(name, config):
    with pytest.raises(UsageError, match="expected a package by its import name"):
        trust(name)
    assert not config.exists()


@pytest.mark.parametrize("text", ["[", "{}", "[]", '{"trusted": "cca_zoo"}', '{"trusted": [1]}'])
def test_a_damaged_file_is_named(text, config):
    config.mkdir()
    (config / "trusted.json").write_text(text)
    with pytest.raises(UsageError, match=r"trusted\.json: cannot be read"):
        is_trusted("cca_zoo")
    with pytest.raises(UsageError, match=r"trusted\.json: cannot be read"):
        trust("cca_zoo")


def test_where_nothing_can_be_remembered_it_is_said(config):
    config.write_text("a file")
    with pytest.raises(UsageError, match=r"cannot be read|ALCCA_CONFIG"):
        trust("cca_zoo")


def test_it_is_in_the_users_folder_for_settings(tmp_path, monkeypatch):
    monkeypatch.delenv("ALCCA_CONFIG")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert trusted_file() == tmp_path / "xdg" / "alcca" / "trusted.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trusted_file() == tmp_path / ".config" / "alcca" / "trusted.json"
