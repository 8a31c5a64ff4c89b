"""Comparisons described by a file: it gives what the command line gives, and the report's file gives the same again."""

import json
import tomllib
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from tests.strangers import stranger

from alcca import Results
from alcca.cli.arguments import make_parser
from alcca.cli.described import complete
from alcca.cli.main import main
from alcca.datasets import make_songs
from alcca.persistence.trusted import trust

__all__ = ["stranger"]


@pytest.fixture(autouse=True)
def _without_figures(monkeypatch):
    """They take most of the time of a small comparison."""
    monkeypatch.setattr("alcca.experiments.report.folder.draw_figures", lambda results: {})


@pytest.fixture
def songs(tmp_path):
    made = make_songs(60, moods=4, shared=5, audio_shape=(12,), lyrics_size=9, random_state=0)
    path = tmp_path / "data" / "songs.npz"
    path.parent.mkdir()
    np.savez(path, audio=made.audio, lyrics=made.lyrics, label=made.label)
    return path


@pytest.fixture
def run(capsys):
    def call(*arguments, code=0):
        found = main(["evaluate", *map(str, arguments), "--quiet", "--jobs", "1"])
        told = capsys.readouterr()
        assert found == code, told.err
        return told.err if code else told.out

    return call


def describe(folder, text):
    path = folder / "described.toml"
    path.write_text(text)
    return path


OPTIONS = ["--methods", "cca:ridge=(10, 1),acmr:hidden=((8, 4), (4,)):epochs=2", "--folds", "3", "--seeds", "1,2",
           "--components", "2,4", "--no-control"]  # fmt: skip


def ranks(folder):
    frame = Results.load(folder).to_frame()
    return frame.astype(dict.fromkeys(("method", "direction", "level", "song"), str))


def test_the_report_has_a_file_that_gives_the_same_results(songs, run, tmp_path):
    run(songs, *OPTIONS, "-o", tmp_path / "first")
    file = tmp_path / "first" / "comparison.toml"
    told = tomllib.loads(file.read_text())
    assert told == {
        "data": "../data/songs.npz", "methods": ["cca:ridge=(10, 1)", "acmr:hidden=((8, 4), (4,)):epochs=2"],
        "folds": 3, "seeds": [1, 2], "components": [2, 4], "control": False, "output": ".",
        "save_runs": False, "save_scores": False,
    }  # fmt: skip
    page = (tmp_path / "first" / "report.html").read_text()
    assert "data = &quot;../data/songs.npz&quot;" in page
    run("--config", file, "-o", tmp_path / "second")
    pd.testing.assert_frame_equal(ranks(tmp_path / "second"), ranks(tmp_path / "first"))
    assert (tmp_path / "second" / "comparison.toml").read_text() == file.read_text()


def test_without_another_folder_it_goes_on_in_its_own(songs, run, tmp_path):
    run(songs, *OPTIONS, "-o", tmp_path / "first")
    before = ranks(tmp_path / "first")
    run("--config", tmp_path / "first" / "comparison.toml")
    notes = Results.load(tmp_path / "first").notes
    assert any(note.startswith("12 of 12 fits are from an earlier run") for note in notes)
    pd.testing.assert_frame_equal(ranks(tmp_path / "first"), before)


def test_paths_are_relative_to_the_file(songs, run, tmp_path, monkeypatch):
    monkeypatch.chdir(songs.parent)
    describe(tmp_path, 'data = "data/songs.npz"\nmethods = "cca"\nfolds = 3\ncomponents = [2]\noutput = "out"\n')
    run("--config", tmp_path / "described.toml")
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_command_line_beats_the_file(songs, run, tmp_path):
    file = describe(tmp_path, """
        data = "missing.npz"
        methods = ["rcca"]
        folds = 5
        seeds = [7]
        components = [3]
        control = true
        epochs = 5
        """)  # fmt: skip
    run("--config", file, songs, *OPTIONS, "-o", tmp_path / "told")
    run(songs, *OPTIONS, "--epochs", 5, "-o", tmp_path / "plain")
    pd.testing.assert_frame_equal(ranks(tmp_path / "told"), ranks(tmp_path / "plain"))
    assert tomllib.loads((tmp_path / "told" / "comparison.toml").read_text())["data"] == "../data/songs.npz"
    false = describe(tmp_path, f'data = "{songs}"\nmethods = "cca"\nfolds = 3\ncomponents = [2]\ncontrol = false\n')
    assert json.loads(run("--config", false, "--control", "--json"))["settings"]["shuffled_control"] is True
    assert json.loads(run("--config", false, "--json"))["settings"]["shuffled_control"] is False


def test_tables_of_methods_are_named_and_written_again(songs, run, tmp_path):
    file = describe(tmp_path, f"""
        data = "{songs}"
        folds = 3
        components = 2
        control = false
        output = "out"
        [methods."strong ridge"]
        class = "cca"
        ridge = [100, 10]
        [methods.acmr]
        hidden = [[8, 4], [4]]
        epochs = 1
        """)  # fmt: skip
    run("--config", file)
    found = Results.load(tmp_path / "out")
    assert found.methods == ["strong ridge", "acmr"]
    assert "ridge=(100, 10)" in found.settings["methods"]["strong ridge"]
    told = tomllib.loads((tmp_path / "out" / "comparison.toml").read_text())
    assert told["methods"] == {
        "strong ridge": {"class": "cca", "ridge": [100, 10]}, "acmr": {"hidden": [[8, 4], [4]], "epochs": 1},
    }  # fmt: skip
    run("--config", tmp_path / "out" / "comparison.toml", "-o", tmp_path / "again")
    pd.testing.assert_frame_equal(ranks(tmp_path / "again"), ranks(tmp_path / "out"))


def test_tuning_is_described_too(songs, run, tmp_path):
    grid = ["--tune", "cca:ridge=0.1,(10, 1)"]
    rest = ["--methods", "cca", "--folds", "3", "--components", "2", "--no-control"]
    run(songs, *rest, *grid, "-o", tmp_path / "first")
    file = tmp_path / "first" / "comparison.toml"
    assert tomllib.loads(file.read_text())["tune"]["cca"] == {"ridge": [0.1, [10, 1]]}
    run("--config", file, "-o", tmp_path / "second")
    pd.testing.assert_frame_equal(ranks(tmp_path / "second"), ranks(tmp_path / "first"))
    assert Results.load(tmp_path / "second").settings == Results.load(tmp_path / "first").settings
    run(songs, *rest, "--tune", "-o", tmp_path / "third")
    assert tomllib.loads((tmp_path / "third" / "comparison.toml").read_text())["tune"] is True


def test_grids_that_toml_cannot_say_stay_texts(songs, run, tmp_path):
    grid = ["--tune", "acmr:validation=None,0.2"]
    methods = ["--methods", "acmr:hidden=((8, 4), (4,)):epochs=1"]
    run(songs, *methods, *grid, "--folds", "3", "--components", "2", "--no-control", "-o", tmp_path / "out")
    told = tomllib.loads((tmp_path / "out" / "comparison.toml").read_text())
    assert told["tune"] == ["acmr:validation=None,0.2"]


def test_default_methods_are_named(songs, run, tmp_path):
    run(songs, "--epochs", 1, "--folds", "2", "--components", "2", "--no-control", "-o", tmp_path / "out")
    told = tomllib.loads((tmp_path / "out" / "comparison.toml").read_text())
    assert (told["methods"], told["epochs"]) == (["alcca"], 1)


@pytest.mark.parametrize(
    ("arguments", "data", "library", "cluster"),
    [
        ([], "here.npz", "default", "tcp://file:1"),
        (["there.npz"], "there.npz", "default", "tcp://file:1"),
        (["--library", "mine"], None, "mine", "tcp://file:1"),
        (["--library", "default"], None, "default", "tcp://file:1"),
        (["--cluster", "tcp://told:1"], "here.npz", "default", "tcp://told:1"),
    ],
)
def test_songs_and_cluster_of_the_command_line_beat_those_of_the_file_and_these_the_environment(
    arguments, data, library, cluster, tmp_path, monkeypatch
):
    monkeypatch.setenv("ALCCA_LIBRARY", "default")
    monkeypatch.setenv("ALCCA_CLUSTER", "tcp://environment:1")
    monkeypatch.setenv("ALCCA_CONFIG", str(tmp_path / "config"))
    trust("cluster:tcp://file:1")
    file = describe(tmp_path, 'data = "here.npz"\ncluster = "tcp://file:1"\n')
    options = make_parser(defaultdict(lambda: print)).parse_args(["evaluate", *arguments, "--config", str(file)])
    complete(options)
    assert (options.data and options.data.name, options.library.name, options.cluster) == (data, library, cluster)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('methods = "cca,stranger.Method"', "stranger"),
        ('methods = ["fused:stranger.Method:ridge=1.5"]', "stranger"),
        ("[methods.'stranger.Method']", "stranger"),
        ("[methods.mine]\nclass = 'stranger.Method'", "stranger"),
        ('lyrics_encoders = "sentence:owner/model,tfidf"', "sentence:owner/model"),
        ('audio_encoders = ["mfcc", "clap:owner/model"]', "clap:owner/model"),
        ('cluster = "tcp://stranger:8786"', "cluster:tcp://stranger:8786"),
        ('log = "mlflow:http://stranger"', "mlflow:http://stranger"),
    ],
)
def test_what_a_file_names_of_others_runs_only_with_permission(songs, run, stranger, tmp_path, monkeypatch, text, name):
    monkeypatch.setenv("ALCCA_CONFIG", str(tmp_path / "config"))
    file = describe(tmp_path, f'data = "{songs}"\nfolds = 2\ncomponents = 2\n{text}\n')
    monkeypatch.chdir(stranger.parent)
    err = run("--config", file, code=2)
    assert f"{file}: names {name}, which runs code of others or connects to them only with" in err
    assert err.strip().endswith(f"with --trust {name}")
    assert not (stranger / "IMPORTED").exists()
    if name == "stranger" and "fused" not in text:
        run("--config", file, "--trust", "stranger")
        assert (stranger / "IMPORTED").exists()
        assert not (stranger / "PROOF").exists()


def test_what_the_command_line_names_needs_no_permission_and_replaces_what_the_file_names(songs, run, tmp_path):
    file = describe(tmp_path, f'data = "{songs}"\nfolds = 2\ncomponents = 2\nmethods = "stranger.Method"\n')
    run("--config", file, "--methods", "cca")


@pytest.mark.parametrize("name", ["subprocess.Popen", "os.system", "stranger.Nothing", "stranger.factory"])
def test_what_is_no_method_is_not_called(songs, run, stranger, name, tmp_path):
    err = run(songs, "--methods", f"{name}:args=x", code=2)
    assert f"method '{name}' is no class of estimators" in err
    assert not (stranger / "PROOF").exists()


def test_without_a_file_the_environment_counts(monkeypatch):
    monkeypatch.setenv("ALCCA_CLUSTER", "tcp://environment:1")
    options = make_parser(defaultdict(lambda: print)).parse_args(["evaluate"])
    complete(options)
    assert options.cluster == "tcp://environment:1"
    assert (options.folds, options.seeds, options.components, options.control) == (5, [0], [*range(10, 101, 10)], True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fold = 3", "unknown key 'fold' (did you mean 'folds'?)"),
        ("folds = 1", "folds=1: expected a whole number of at least 2"),
        ("epochs = 0", "epochs=0: expected a whole number of at least 1"),
        ("[methods.cca]\nridgee = 1", "(did you mean 'ridge'?)"),
        ('methods = "ccca"', "method 'ccca' is unknown"),
        ('log = "tensorbord"', "expected tensorboard:FOLDER"),
        ('language = "en"', "--language is only for a library"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(songs, run, tmp_path, text, said):
    err = run("--config", describe(tmp_path, f'data = "{songs}"\n{text}\n'), code=2)
    assert said in err
    assert len(err.splitlines()) == 1
