"""Everything that fits share or keep has its key in one place, and another key where anything of it is another."""

import ast
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

import alcca.experiments
from alcca.experiments import Dataset, cross_validate, keys
from alcca.experiments.compared_method import compared_methods
from alcca.experiments.distractors import Distractors
from alcca.experiments.first_stages import begin_alike
from alcca.experiments.fit_cache import ComparisonCache, FitCache
from alcca.experiments.rank_tables import Fit
from alcca.experiments.tuning import Tuning
from alcca.models.sources import rank_files

FOLDER = Path(alcca.experiments.__file__).parent


class Scaled(BaseEstimator):
    """A method with an array as setting, and a first stage."""

    def __init__(self, scale=None, n_components=1):
        self.scale = scale
        self.n_components = n_components

    def first_stage(self):
        return Scaled(self.scale, self.n_components)

    def fit(self, views, y=None, first_stage=None):
        return self

    def transform(self, views):
        return views


class Counts:
    """Lyric features with a setting."""

    def __init__(self, power=1):
        self.power = power

    def __call__(self):
        return self

    def fit(self, texts):
        return self

    def transform(self, texts):
        return np.array([[len(text) ** self.power, 1.0] for text in texts])


def songs(**changes):
    whole = {
        "audio": np.arange(24.0).reshape(12, 2), "lyrics": [f"word {i}" for i in range(12)], "label": ["a", "b"] * 6,
        "group": [i // 2 for i in range(12)], "ids": [f"song {i}" for i in range(12)],
        "audio_descriptors": np.ones((12, 2)), "transcripts": ["la"] * 12,
    }  # fmt: skip
    return Dataset(**{**whole, **changes})


class Views(Scaled):
    audio_view = ("audio", "audio_descriptors", "transcripts")


def kept(tmp_path, *, data=None, method=None, features=None, others=None, folds=3, seed=0, fold=0, components=(1,),
    tune=None,
):  # fmt: skip
    """Names of the files in which a comparison keeps ranks, and lyric features."""
    store = FitCache(tmp_path)
    about = {"folds": folds, "distractors": "" if others is None else others.fingerprint}
    methods = compared_methods({"it": method or Views(np.ones(3000))}, tune)
    cache = ComparisonCache(store, methods, data or songs(), features or Counts(), **about)
    before = set(tmp_path.rglob("*.*"))
    cache.put_features(seed, fold, np.ones(2))
    made = set(tmp_path.rglob("*.*")) - before
    cache.put_ranks(Fit("it", False, fold, seed), components, pd.DataFrame({"rank": [1]}), 1.0)
    ranks = set(tmp_path.rglob("*.*")) - before - made
    for path in made | ranks:
        path.unlink()
    return {"lyric features": made, "ranks": ranks}


def stage(method=None):
    return {"first stages": {keys.stage_key((method or Views(np.ones(3000))).first_stage())}}


def with_last(value, n=3000):
    array = np.ones(n)
    array[n // 2] = value
    return array


# What is changed, and the caches that must see it.
ALL, FITS, KEPT = {"ranks", "lyric features", "first stages"}, {"ranks", "first stages"}, {"ranks", "lyric features"}
CHANGES = {
    "a setting": (lambda: {"method": Views(with_last(2))}, FITS),
    "lyric features": (lambda: {"features": Counts(2)}, KEPT),
    "folds": (lambda: {"folds": 4}, KEPT),
    "a seed": (lambda: {"seed": 1}, KEPT),
    "a fold": (lambda: {"fold": 1}, KEPT),
    "components": (lambda: {"components": (2,)}, {"ranks"}),
    "settings to choose from": (lambda: {"tune": Tuning({"it": {"scale": [1, 2]}})}, {"ranks"}),
    "distractors": (lambda: {"others": Distractors(["tra la"])}, KEPT),
    "audio": (lambda: {"data": songs(audio=np.arange(24.0).reshape(12, 2) + 1e-9)}, {"ranks"}),
    "another view": (lambda: {"data": songs(audio_descriptors=np.full((12, 2), 1 + 1e-9))}, {"ranks"}),
    "transcripts": (lambda: {"data": songs(transcripts=["la"] * 11 + ["lo"])}, {"ranks"}),
    "lyrics": (lambda: {"data": songs(lyrics=[f"word {i}" for i in range(11)] + ["other"])}, KEPT),
    "labels": (lambda: {"data": songs(label=["a", "c"] * 6)}, KEPT),
    "groups": (lambda: {"data": songs(group=[i // 3 for i in range(12)])}, KEPT),
    "ids": (lambda: {"data": songs(ids=[f"tune {i}" for i in range(12)])}, KEPT),
}


def all_keys(tmp_path, **given):
    method = {"method": given["method"]} if "method" in given else {}
    return {**kept(tmp_path, **given), **stage(**method)}


@pytest.mark.parametrize("change", CHANGES)
def test_other_content_has_another_key(change, tmp_path):
    given, seen_by = CHANGES[change]
    before, after = all_keys(tmp_path), all_keys(tmp_path, **given())
    assert set(before) == ALL
    assert {name for name in ALL if before[name] != after[name]} == seen_by
    assert all_keys(tmp_path) == before


@pytest.mark.parametrize("package", [*keys.COMPUTING, "python"])
def test_other_versions_have_other_keys(package, tmp_path, monkeypatch):
    before = all_keys(tmp_path)
    real = keys.versions
    monkeypatch.setattr(keys, "versions", lambda packages: {**real(packages), package: "0.0.1"})
    after = all_keys(tmp_path)
    assert package in real(keys.COMPUTING)
    assert [name for name in ALL if before[name] == after[name]] == []


def test_another_source_of_alcca_has_other_keys(tmp_path, monkeypatch):
    before = all_keys(tmp_path)
    monkeypatch.setattr(keys, "alcca_source", lambda: "other")
    after = all_keys(tmp_path)
    assert [name for name in ALL if before[name] == after[name]] == []


METHOD = """
from sklearn.base import BaseEstimator
class Mine(BaseEstimator):
    def first_stage(self):
        return self
    def fit(self, views, y=None):
        return self
    def transform(self, views):
        return [view * {by} for view in views]
class Words:
    def fit(self, texts):
        return self
    def transform(self, texts):
        return [[len(text) * {by}] for text in texts]
"""


def test_another_source_of_a_method_or_of_lyric_features_has_other_keys(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = []
    for by in (1, 2):
        (tmp_path / "keyed_method.py").write_text(METHOD.format(by=by))
        monkeypatch.delitem(sys.modules, "keyed_method", raising=False)
        module = __import__("keyed_method")
        found.append(all_keys(tmp_path / "fits", method=module.Mine(), features=module.Words))
        assert all(found[-1].values())
    monkeypatch.delitem(sys.modules, "keyed_method")
    assert [name for name in ALL if found[0][name] == found[1][name]] == []


def test_an_array_that_was_changed_in_place_is_another(tmp_path):
    audio, descriptors, words = np.arange(24.0).reshape(12, 2), np.ones((12, 2)), np.ones((12, 2))
    data = Dataset(audio, words, audio_descriptors=descriptors)
    others = Distractors(np.zeros((2, 2)))
    before = data.fingerprint, data.words_fingerprint, data.view_fingerprint("audio_descriptors"), others.fingerprint
    for array in (data.audio, data.lyrics, data.audio_descriptors, others.lyrics):
        array[0, 0] += 1
    after = data.fingerprint, data.words_fingerprint, data.view_fingerprint("audio_descriptors"), others.fingerprint
    assert not set(before) & set(after)


class Alike:
    """A label that shows nothing of what it is."""

    def __init__(self, mood):
        self.mood = mood

    def __repr__(self):
        return "Alike()"


def test_labels_are_told_apart_by_their_content():
    moods = [songs(label=[Alike(mood)] * 12).fingerprint for mood in ("sad", "sad", "merry")]
    assert moods[0] == moods[1] != moods[2]


def test_songs_whose_labels_cannot_be_told_are_not_kept(tmp_path):
    from threading import Lock

    data = songs(label=[Lock()] * 12)
    assert data.fingerprint is data.words_fingerprint is None
    found = cross_validate({"it": Scaled()}, data, folds=2, components=[1], text_features=Counts(), keep=tmp_path)
    assert any("Not kept: the fits of it" in note and "labels" in note for note in found.notes)
    assert not list(tmp_path.iterdir())


def test_methods_share_a_stage_only_if_their_keys_are_equal():
    methods = compared_methods({"a": Scaled(with_last(1)), "b": Scaled(with_last(1)), "c": Scaled(with_last(2))})
    comparison = type("Some", (), {"methods": methods, "components": [1]})
    groups = begin_alike([Fit(name, False, 0, 0) for name in methods], comparison)
    assert [[fit.method for fit in group] for group in groups] == [["a", "b"], ["c"]]


def imported(path):
    """Names that a module imports, with their modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (f"{getattr(node, 'module', None) or ''}.{alias.name}" for alias in node.names)


# What keys are made of, and how values are remembered.
MADE_OF = {
    # The digest of given splits is a part of what all fits depend on.
    "hashlib": {"keys", "splits"},
    "content": {"keys"},
    "identity": {"keys"},
    "alcca_source": {"keys"},
    "cache": set(),
    "lru_cache": set(),
    # Of a table that never changes.
    "cached_property": {"results"},
    # Files: kept fits and their scores; results, reports and runs, which are only written.
    "replace_file": {"fit_cache", "fold_scores", "results", "report.folder", "trec"},
}


@pytest.mark.parametrize("name", MADE_OF)
def test_no_other_module_makes_keys_or_remembers_values(name):
    """A new cache needs a key of `alcca.experiments.keys`, and its place in the tests above."""
    found = {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        for path in FOLDER.rglob("*.py")
        if any(one.rpartition(".")[2] == name for one in imported(path))
    }
    assert found == MADE_OF[name]


# Packages that alcca's own files import and that compute no rank and no lyric feature: they read and write files, start
# processes, draw, show progress, encode what enters a comparison as data, or search approximately, which no comparison
# does.
NOT_COMPUTING = {
    "av", "chardet", "distributed", "filelock", "fsspec", "huggingface_hub", "joblib", "librosa", "openTSNE",
    "pandas", "pyarrow", "safetensors", "sentence_transformers", "soundfile", "soxr", "sudachipy", "threadpoolctl",
    "tinytag",
    "tqdm", "transformers", "cloudpickle", "h5py", "grpc", "pymilvus", "milvus_lite", "faiss",
    "tomli_w", "mlflow", "wandb",
}  # fmt: skip


def test_every_package_that_is_imported_computes_or_does_not():
    """A package that is new here belongs either in the keys or in the list above."""
    imports = {
        one.strip(".").partition(".")[0] for path in rank_files() if path.suffix == ".py" for one in imported(path)
    }
    others = imports - set(sys.stdlib_module_names) - {"alcca", ""}
    named = {"sklearn": "scikit-learn", "faster_whisper": "faster-whisper"}
    assert {named.get(one, one) for one in others - NOT_COMPUTING} == set(keys.COMPUTING) - {"alcca"}


MINE = """
import functools
import numpy as np
from sklearn.base import BaseEstimator
HOW = {"sign": np.ones(3)}
def helper():
    return HOW["sign"]
class Mine(BaseEstimator):
    def fit(self, views, y=None):
        return self
    def transform(self, views):
        return [view * helper() for view in views]
"""
EDITS = {
    "in place": "HOW['sign'][0] = -3.0",
    "another helper": "def helper(): return np.array([-3.0, 1.0, 1.0])",
    "a cached helper": "@functools.lru_cache\ndef helper(): return np.array([-3.0, 1.0, 1.0])",
    "another method": "Mine.transform = lambda self, views: [view * [-3.0, 1.0, 1.0] for view in views]",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_in_a_notebook_is_never_answered_with_kept_fits(edit, tmp_path, monkeypatch):
    """Not all edits leave a trace in the code, so that nothing is kept of code that is not in a file."""
    monkeypatch.setattr(sys, "ps1", "In [1]: ", raising=False)
    rng = np.random.default_rng(0)
    data = Dataset(np.abs(rng.normal(size=(12, 3))), np.abs(rng.normal(size=(12, 3))) - 0.5)
    cells = {"__name__": "__main__"}

    def ranks(cell, keep=tmp_path):
        exec(compile(cell, "/tmp/ipykernel_1/1.py", "exec"), cells)
        found = cross_validate({"mine": cells["Mine"]()}, data, folds=2, components=[2], keep=keep)
        assert any("Not kept: the fits of mine" in note and "notebook" in note for note in found.notes) == bool(keep)
        return found.to_frame()["rank"].tolist()

    first = ranks(MINE)
    changed = ranks(EDITS[edit])
    assert first != changed == ranks("", keep=None)
    assert not list(tmp_path.rglob("*.parquet"))
