"""The file that describes a comparison: what it can say, and what it refuses."""

import tomllib
from pathlib import Path

import pytest

from alcca.errors import UsageError
from alcca.experiments.comparison_file import KEYS, read_comparison_file, write_comparison
from alcca.experiments.described_methods import described_methods
from alcca.models.cca import CCA


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "here" / "comparison.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


WHOLE = """
data = "../songs.npz"
language = "en"
descriptors = "spotify.csv"
distractors = "/texts"
methods = ["cca:ridge=(10, 1)", "alcca"]
epochs = 3
audio-encoders = "mfcc,mfcc-stats"
lyrics_encoders = ["tfidf"]
tune = ["cca:ridge=0.1,1", "grids/mine.toml", "folds=2"]
folds = 3
seeds = [0, 1]
components = 10
control = false
slow_after = 60
output = "."
save_runs = true
save_scores = false
log = ["tensorboard:runs", "wandb:songs", "mlflow:sqlite:///a.db", "tensorboard"]
jobs = 2
cluster = "tcp://host:8786"
fresh = true
"""


def test_everything_that_can_be_said(written):
    here = written(WHOLE).parent
    assert read_comparison_file(here / "comparison.toml") == {
        "data": here / "../songs.npz", "language": "en", "descriptors": here / "spotify.csv",
        "distractors": Path("/texts"), "methods": ["cca:ridge=(10, 1)", "alcca"], "epochs": 3,
        "audio_encoders": ["mfcc", "mfcc-stats"], "lyrics_encoders": ["tfidf"],
        "tune": ["cca:ridge=0.1,1", str(here / "grids/mine.toml"), "folds=2"],
        "folds": 3, "seeds": [0, 1], "components": [10], "control": False, "slow_after": 60.0, "output": here / ".",
        "save_runs": True, "save_scores": False,
        "log": [f"tensorboard:{here / 'runs'}", "wandb:songs", "mlflow:sqlite:///a.db", "tensorboard"],
        "jobs": 2, "cluster": "tcp://host:8786", "fresh": True,
    }  # fmt: skip
    assert set(read_comparison_file(here / "comparison.toml")) == set(KEYS)


def test_methods_with_settings_in_tables(written):
    path = written("""
        [methods.cca]
        ridge = [10, 1]
        [methods."cca again"]
        class = "alcca.models.cca.CCA"
        n_components = 3
        [methods.small]
        class = "fused:acmr"
        hidden = [[8, 4], [4]]
        [methods.best]
        class = "search"
    """)
    made = described_methods(read_comparison_file(path)["methods"], 7, own=["search"])
    assert list(made) == ["cca", "cca again", "small", "best"]
    assert made["cca"].ridge == (10, 1)
    assert isinstance(made["cca again"], CCA)
    assert made["cca again"].n_components == 3
    inner = made["small"].parts["acmr"]
    assert (inner.hidden, inner.epochs) == (((8, 4), (4,)), 7)
    assert made["best"] == "search"


def test_grids_in_tables(written):
    path = written("[tune]\nfolds = 3\n[tune.cca]\nridge = [0.1, [10, 1]]\n[[tune.rcca]]\nfolds = [3]\n")
    assert read_comparison_file(path)["tune"] == {
        "folds": 3, "cca": {"ridge": [0.1, (10, 1)]}, "rcca": [{"folds": [3]}],
    }  # fmt: skip
    assert read_comparison_file(written("tune = true"))["tune"] is True


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fold = 5", r"unknown key 'fold' \(did you mean 'folds'\?\); the keys are data, language"),
        ("method = 'cca'", r"unknown key 'method' \(did you mean 'methods'\?\)"),
        ("no-control = true", r"unknown key 'no-control' \(did you mean 'control'\?\)"),
        ("xyz = 1", r"unknown key 'xyz'; the keys are"),
        ("folds = 2.5", r"folds = 2\.5: expected a whole number$"),
        ("folds = '5'", r"folds = '5': expected a whole number$"),
        ("seeds = [0, true]", r"seeds = \[0, True\]: expected a whole number, or several"),
        ("control = 'no'", r"control = 'no': expected true or false"),
        ("data = 3", r"data = 3: expected a text"),
        ("data = ''", r"data = '': expected a text"),
        ("methods = [1]", r"methods = \[1\]: expected a text"),
        ("methods = []", r"methods = \[\]: expected one or more texts"),
        ("[methods]\ncca = 1", r"methods = \{'cca': 1\}: expected names, or a table for each .* \[methods\.cca\]"),
        ("slow_after = '1'", r"slow_after = '1': expected a number"),
        ("folds = ", r"is not TOML \("),
    ],
)
def test_what_is_wrong_is_named(written, text, said):
    with pytest.raises(UsageError, match=rf"comparison\.toml: {said}"):
        read_comparison_file(written(text))


def test_the_mark_of_other_editors_is_no_key(written):
    path = written("folds = 3")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_comparison_file(path) == {"folds": 3}


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml: cannot be read .* give the path of a TOML file"):
        read_comparison_file(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("language = 'é'".encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin\.toml: cannot be read"):
        read_comparison_file(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ({"cca": {"ridgee": 1}}, r"methods: cca: cca has no setting ridgee; it has .* \(did you mean 'ridge'\?\)"),
        ({"mine": {"class": "ccca"}}, r"methods: mine: method 'ccca' is unknown"),
        ({"mine": {"class": 3}}, r"methods: mine: class = 3: expected the name of a method or of a class"),
        ({"best": {"class": "search"}}, r"methods: best: method 'search' is unknown"),
    ],
)
def test_methods_that_cannot_be_made_are_named(methods, said):
    with pytest.raises(UsageError, match=said):
        described_methods(methods, None)


def test_what_is_written_is_read_again(written, tmp_path):
    path = written(WHOLE)
    described = read_comparison_file(path)
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    text = write_comparison(described, elsewhere, {"python": "3.11"})
    assert text.splitlines()[1] == "# Made with python 3.11"
    assert '"tensorboard:../../here/runs"' in text
    (elsewhere / "comparison.toml").write_text(text)
    found = read_comparison_file(elsewhere / "comparison.toml")
    kept = {key: value for key, value in described.items() if key not in ("jobs", "cluster", "fresh")}
    assert found.keys() == kept.keys()
    for key, value in kept.items():
        if isinstance(value, Path):
            assert found[key].resolve() == value.resolve(), key
        elif key == "log":
            assert Path(found[key][0].partition(":")[2]).resolve() == (path.parent / "runs").resolve()
            assert found[key][1:] == value[1:]
        elif key != "tune":
            assert found[key] == value, key


def test_tables_are_written_after_everything_else(tmp_path):
    text = write_comparison(
        {"methods": {"a.b": {"class": "cca", "ridge": (10, 1)}}, "tune": {"cca": {"ridge": [0.1, (10, 1)]}},
         "folds": 3},
        tmp_path, {},
    )  # fmt: skip
    assert tomllib.loads(text) == {
        "folds": 3, "methods": {"a.b": {"class": "cca", "ridge": [10, 1]}}, "tune": {"cca": {"ridge": [0.1, [10, 1]]}},
    }  # fmt: skip
