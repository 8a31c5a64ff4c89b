"""Estimators on disk: ours, and those of other packages."""

import json

import cca_zoo.linear
import numpy as np
import pytest
from sklearn.base import BaseEstimator

from alcca.errors import LibraryError, UsageError
from alcca.models.cca import CCA
from alcca.models.rcca import RCCA
from alcca.models.stored import check_storable, load_model, save_model


class Odd(BaseEstimator):
    """Learns what a test tells it."""

    def __init__(self, number=1):
        self.number = number

    def fit(self, views, y=None):
        self.learned_ = {"a": (np.arange(3), [1, None, "la"]), 2: np.float32(0.5), "nothing": {}}
        return self


@pytest.fixture
def views():
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 5)), rng.standard_normal((40, 4))


@pytest.mark.parametrize("model", [CCA(2, ridge=(0.1, 0.2)), RCCA(2), cca_zoo.linear.CCA(n_components=2)])
def test_what_is_saved_comes_back(tmp_path, views, model):
    model.fit(views)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is type(model)
    assert repr(loaded.get_params()) == repr(model.get_params())
    for one, other in zip(loaded.transform(views), model.transform(views), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_kind_of_value_comes_back(tmp_path):
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
    with pytest.raises(LibraryError, match=r"Odd.rng_ is a Generator, which cannot be kept"):
        save_model(model, tmp_path / "model")
    model = Odd().fit(None)
    model.texts_ = np.array(["a", None])
    with pytest.raises(LibraryError, match=r"texts_ is a ndarray"):
        save_model(model, tmp_path / "model")


def test_a_class_that_cannot_be_found_again_is_refused_before_the_training():
    class Local(Odd):
        pass

    with pytest.raises(UsageError, match="Local cannot be kept"):
        check_storable(Local())
    check_storable(Odd())


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"module": "no_such_package", "name": "CCA"}, "the model's class is not there"),
        ({"module": "alcca.models.cca", "name": "Nothing"}, "the model's class is not there"),
        ({"module": "alcca.models.rcca", "name": "RCCA"}, "RCCA"),
        ({"module": "alcca.models.cca"}, "missing or damaged"),
        ("[", "missing or damaged"),
    ],
)
def test_a_damaged_model_is_told(tmp_path, views, place, message):
    save_model(CCA(2).fit(views), tmp_path / "model")
    (tmp_path / "model" / "class.json").write_text(place if isinstance(place, str) else json.dumps(place))
    with pytest.raises(LibraryError, match=message):
        load_model(tmp_path / "model")
    with pytest.raises(LibraryError, match="missing or damaged"):
        load_model(tmp_path / "nothing")
