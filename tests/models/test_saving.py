"""Estimators on disk: ours, and those of other packages."""

import importlib
import json
import os
import pickle
import shutil

import cca_zoo.linear
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from tests.making import change, flip
from tests.strangers import stranger

from alcca.errors import LibraryError, UsageError
from alcca.models.cca import CCA
from alcca.models.rcca import RCCA
from alcca.models.saving import check_storable, load_model, packages_of, save_model
from alcca.models.scoring import CorrelationWeighted
from alcca.persistence.trusted import trust

__all__ = ["stranger"]


class Odd(BaseEstimator):
    """Learns what a test tells it."""

    def __init__(self, number=1):
        self.number = number

    def transform(self, views):
        return views

    def fit(self, views, y=None):
        self.learned_ = {"a": (np.arange(3), [1, None, "la"]), 2: np.float32(0.5), "nothing": {}}
        return self


@pytest.fixture
def views():
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 5)), rng.standard_normal((40, 4))


@pytest.mark.parametrize("model", [CCA(2, ridge=(0.1, 0.2)), RCCA(2), cca_zoo.linear.CCA(n_components=2)])
def test_what_is_saved_comes_back(tmp_path, views, model):
    trust("cca_zoo")
    model.fit(views)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is type(model)
    assert repr(loaded.get_params()) == repr(model.get_params())
    for one, other in zip(loaded.transform(views), model.transform(views), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_kind_of_value_comes_back(tmp_path):
    trust("tests")
    model = Odd(number=3).fit(None)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.number == 3
    array, rest = loaded.learned_["a"]
    np.testing.assert_array_equal(array, np.arange(3))
    assert isinstance(loaded.learned_["a"], tuple)
    assert (rest, loaded.learned_[2], loaded.learned_["nothing"]) == ([1, None, "la"], 0.5, {})


def test_what_would_need_code_is_refused(tmp_path):
    model = Odd().fit(None)
    model.rng_ = np.random.default_rng(0)
    with pytest.raises(LibraryError, match=r"Odd.rng_ is a Generator, which cannot be saved"):
        save_model(model, tmp_path / "model")
    model = Odd().fit(None)
    model.texts_ = np.array(["a", None])
    with pytest.raises(LibraryError, match=r"texts_ is a ndarray"):
        save_model(model, tmp_path / "model")


class Runs:
    """A pickle that leaves a file where it is read."""

    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return os.system, (f"touch '{self.proof}'",)


class NeedsArray(Odd):
    def __init__(self, array):
        self.number = len(array)
        self.array = array


class NoEstimator:
    def get_params(self, deep=True):
        return {}


def test_a_class_that_cannot_be_read_again_is_refused_before_the_training():
    class Local(Odd):
        pass

    with pytest.raises(UsageError, match="Local cannot be saved"):
        check_storable(Local())
    with pytest.raises(UsageError, match="Local cannot be saved"):
        check_storable(CorrelationWeighted(Local()))
    with pytest.raises(UsageError, match="NeedsArray cannot be saved: its constructor needs more than numbers"):
        check_storable(NeedsArray(np.arange(3)))
    with pytest.raises(UsageError, match="NoEstimator cannot be saved: it is not derived from scikit-learn's"):
        check_storable(NoEstimator())
    check_storable(Odd())


def test_the_packages_that_a_model_needs():
    assert packages_of(CCA(2)) == packages_of(CorrelationWeighted(CCA(2))) == set()
    assert packages_of(CorrelationWeighted(cca_zoo.linear.CCA())) == {"cca_zoo"}


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"module": "no_such_package", "name": "CCA"}, "--trust no_such_package"),
        ({"module": "alcca.models.cca", "name": "Nothing"}, "the class of the model cannot be imported"),
        ({"module": "alcca.models.nowhere", "name": "CCA"}, "the class of the model cannot be imported"),
        ({"module": "alcca.models.rcca", "name": "RCCA"}, "RCCA"),
        ({"module": "alcca.models.cca", "name": None}, "missing or damaged"),
        ({"module": 3}, "missing or damaged"),
    ],
)
def test_a_damaged_model_is_told(tmp_path, views, place, message):
    save_model(CCA(2).fit(views), tmp_path / "model")
    change(tmp_path / "model" / "class.json", **place)
    with pytest.raises(LibraryError, match=message):
        load_model(tmp_path / "model")
    for text in ("[", "3", "[" * 100_000, '{"module": "alcca.models.cca"}'):
        (tmp_path / "model" / "class.json").write_text(text)
        with pytest.raises(LibraryError, match="missing or damaged"):
            load_model(tmp_path / "model")
    with pytest.raises(LibraryError, match="missing or damaged"):
        load_model(tmp_path / "nothing")


@pytest.mark.parametrize("settings", [{"n_components": 2, "colour": 1}, {"n_components": 2, "ridge": "wide"}, 7])
def test_settings_that_a_class_does_not_take_are_told(tmp_path, views, settings):
    save_model(CCA(2).fit(views), tmp_path / "model")
    state = json.loads((tmp_path / "model" / "fitted" / "state.json").read_text())["state"]
    change(tmp_path / "model" / "fitted" / "state.json", state=state | {"params": settings, "fitted": 3})
    (tmp_path / "model" / "fitted" / "arrays.safetensors").write_bytes(b"")
    with pytest.raises(LibraryError):
        load_model(tmp_path / "model")


def test_a_pickle_is_not_read(tmp_path, views):
    """What a stranger's library did: its model is of a module whose function ``load`` unpickles."""
    save_model(CCA(2).fit(views), tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "fitted")
    (tmp_path / "model" / "fitted").write_bytes(pickle.dumps(Runs(tmp_path / "PROOF")))
    trusted = ({"module": "joblib", "name": "numpy_pickle"}, {"module": "joblib.numpy_pickle", "name": "load"})
    for place in trusted:
        change(tmp_path / "model" / "class.json", **place)
        with pytest.raises(LibraryError, match="--trust joblib"):
            load_model(tmp_path / "model")
    trust("joblib")
    for place in trusted:
        change(tmp_path / "model" / "class.json", **place)
        with pytest.raises(LibraryError, match="is not a class defined there"):
            load_model(tmp_path / "model")
    assert not (tmp_path / "PROOF").exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("alcca.cli.main", "main"),
        ("alcca.persistence.state", "load_state"),
        ("alcca.models.saving", "Path"),
        ("alcca.models.saving", "load_model"),
        ("alcca.models.cca", "np"),
        ("alcca.models.cca", "np.load"),
        ("alcca.models.cca", "CCA.load"),
        ("alcca.models.rcca", "CCA"),
        ("alcca.models.base", "Standardizer"),
        ("alcca.models.base", "TwoViewModel"),
        ("alcca.models.contract", "CosineSimilarity"),
        ("alcca.models", "cca"),
        ("alcca", "Library"),
        ("alcca.models.cca", "__builtins__"),
        ("alcca.models...cca", "CCA"),
        (".models.cca", "CCA"),
        ("alcca_models.cca", "CCA"),
        ("__main__", "CCA"),
        ("os", "system"),
        ("builtins", "dict"),
        ("pathlib", "Path"),
    ],
)
def test_only_our_estimators_are_ours(tmp_path, views, module, name):
    save_model(CCA(2).fit(views), tmp_path / "model")
    change(tmp_path / "model" / "class.json", module=module, name=name)
    with pytest.raises(LibraryError, match=str(tmp_path / "model")) as told:
        load_model(tmp_path / "model")
    assert "\n" not in str(told.value)


def test_a_strangers_package_is_imported_only_when_it_is_trusted(stranger, tmp_path, views):
    model = importlib.import_module("stranger").Method(scale=2.0, sizes=(3, 4)).fit(views)
    save_model(model, tmp_path / "model")
    for name in ("IMPORTED", "PROOF"):
        (stranger / name).unlink(missing_ok=True)
    expected = model.transform(views)
    del __import__("sys").modules["stranger"]
    with pytest.raises(LibraryError, match=r"stranger\.Method, and code of the package stranger .*--trust stranger "):
        load_model(tmp_path / "model")
    assert not (stranger / "IMPORTED").exists()
    trust("stranger")
    loaded = load_model(tmp_path / "model")
    assert (loaded.scale, loaded.sizes) == (2.0, (3, 4))
    for ours, theirs in zip(loaded.transform(views), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not (stranger / "PROOF").exists(), "nothing but the constructor was called"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("stranger", "Nothing"),  # does not derive from the contract
        ("stranger", "factory"),
        ("stranger", "proof"),
        ("stranger", "Elsewhere"),  # made in another package
        ("stranger", "made_on_demand"),
        ("stranger", "Words"),  # an encoder
        ("stranger", "pathlib.Path"),
        ("stranger", "Keyed.Inner"),
        ("stranger.__main__", "Method"),
    ],
)
def test_of_a_trusted_package_only_estimators_are_made(stranger, tmp_path, views, module, name):
    trust("stranger")
    save_model(importlib.import_module("stranger").Method().fit(views), tmp_path / "model")
    change(tmp_path / "model" / "class.json", module=module, name=name)
    change(tmp_path / "model" / "fitted" / "state.json", kind=name)
    with pytest.raises(LibraryError, match=str(tmp_path / "model")):
        load_model(tmp_path / "model")
    assert not (stranger / "PROOF").exists()


@pytest.mark.parametrize(
    "state", [{"__class__": 3}, {"__dict__": {"mapping": []}}, {"a b": 1}, {"x": {"call": "proof"}}, {"x": {}}]
)
def test_attributes_have_plain_names_and_values(stranger, tmp_path, views, state):
    trust("stranger")
    save_model(importlib.import_module("stranger").Method().fit(views), tmp_path / "model")
    change(tmp_path / "model" / "fitted" / "state.json", state=state)
    with pytest.raises(LibraryError, match="the model is damaged"):
        load_model(tmp_path / "model")


def test_no_setter_of_theirs_runs(stranger, tmp_path, views):
    trust("stranger")
    save_model(importlib.import_module("stranger").Method().fit(views), tmp_path / "model")
    change(tmp_path / "model" / "fitted" / "state.json", state={"trap": 1, "scale": 3.0})
    assert load_model(tmp_path / "model").scale == 3.0
    assert not (stranger / "PROOF").exists()


@pytest.mark.parametrize(
    "file", ["class.json", "SHA256SUMS", "fitted/state.json", "fitted/arrays.safetensors", "fitted/SHA256SUMS"]
)
def test_a_flipped_bit_is_told(tmp_path, views, file):
    save_model(CCA(2).fit(views), tmp_path / "model")
    flip(tmp_path / "model" / file, 20)
    with pytest.raises(LibraryError, match=str(tmp_path / "model")):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    "name",
    [
        "acmr.ACMR", "alcca.ALCCA", "cca.CCA", "clip.CLIP", "dcca.DCCA", "dcca.SpotifyDCCA", "fused.Fused",
        "joint_train_dcca.JointTrainDCCA", "kernel_cca.KernelCCA", "pretrain_cnn_cca.PretrainCNNCCA",
        "pretrain_cnn_dcca.PretrainCNNDCCA", "rcca.RCCA", "scoring.CSLS", "scoring.CorrelationWeighted",
        "standardised_cca.StandardisedCCA",
    ],
)  # fmt: skip
def test_models_saved_by_earlier_versions_find_their_class(name):
    """Their files name it: a class that moves needs an alias where it was."""
    module, kind = name.split(".")
    found = getattr(importlib.import_module(f"alcca.models.{module}"), kind)
    assert (found.__module__, found.__qualname__) == (f"alcca.models.{module}", kind)
