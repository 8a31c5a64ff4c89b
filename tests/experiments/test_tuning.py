"""Grids of settings: where they come from, and what is refused before the work."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from alcca.errors import LibraryError, UsageError
from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.methods import make_method, method_names, paper_methods, parse_methods
from alcca.experiments.tuning import Tuning, tuning_of
from alcca.library.library import Library
from alcca.models.alcca import ALCCA
from alcca.models.cca import CCA
from alcca.models.contract import default_grid
from alcca.models.scoring import CSLS

# Choose their ridges by themselves, inside of every fit; or have nothing to choose.
WITHOUT_A_GRID = {"rcca", "heard"}


class Own(BaseEstimator):
    """A method of somebody else's."""

    def __init__(self, scale=1.0, shift=0.0, n_components=2, random_state=0):
        self.scale = scale
        self.shift = shift
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, views, y=None):
        return self

    def transform(self, views):
        return views


class WithGrid(Own):
    def default_grid(self):
        return [{"scale": [1.0, 2.0]}, {"shift": [0.5]}]


@pytest.mark.parametrize("name", method_names())
def test_every_method_has_a_small_grid_of_settings_that_it_has(name):
    method = make_method(name)
    found = Tuning().candidates(name, method)
    assert (found is None) == (name in WITHOUT_A_GRID)
    if found is not None:
        assert 2 <= len(found.settings) <= 8
        for settings in found.settings:
            assert set(settings) <= set(method.get_params())


def test_a_default_grid_tries_the_default():
    for name in set(paper_methods()) - WITHOUT_A_GRID - {"alcca-tuned"}:
        method = make_method(name)
        usual = [{key: method.get_params()[key] for key in settings}
                 for settings in Tuning().candidates(name, method).settings]  # fmt: skip
        assert usual[0] in Tuning().candidates(name, method).settings, name


def test_what_was_given_is_not_chosen():
    assert [sorted(grid) for grid in default_grid(ALCCA(ridge="auto"))] == [["lr"]]
    assert default_grid(ALCCA(ridge=3.0, lr=1e-2)) == []
    assert default_grid(make_method("csls:cca", ridge=3.0)) == []
    (grid,) = default_grid(make_method("fused:cca"))
    assert list(grid) == ["cca__ridge"]
    epochs = parse_methods("acmr", epochs=3)["acmr"]
    assert [sorted(grid) for grid in default_grid(epochs)] == [["lr"]]


def test_a_grid_of_the_users_own_class():
    assert Tuning().candidates("own", Own()) is None
    assert Tuning().candidates("own", WithGrid()).settings == ({"scale": 1.0}, {"scale": 2.0}, {"shift": 0.5})
    assert Tuning().candidates("own", WithGrid(scale=3.0)).settings == ({"shift": 0.5},)
    assert Tuning({"own": {"shift": (1, 2)}}).candidates("own", Own()).settings == ({"shift": 1}, {"shift": 2})
    inner = Tuning({"csls": {"k": [1, 2], "estimator__n_components": [1]}}).candidates("csls", CSLS(CCA(2)))
    assert inner.settings[0] == {"estimator__n_components": 1, "k": 1}


def test_a_grid_counts_for_a_method_with_settings_too():
    tuning = Tuning({"cca": {"ridge": [1]}, "cca:n_components=3": {}, "csls:cca": {"k": [2]}})
    assert tuning.candidates("cca:n_components=2", CCA()).settings == ({"ridge": 1},)
    assert tuning.candidates("cca:n_components=3", CCA()) is None
    assert tuning.candidates("csls:cca:k=5", CSLS(CCA())).settings == ({"k": 2},)
    rows = tuning.for_rows({"cca · mfcc": "cca:n_components=2", "own · mfcc": "own"})
    assert dict(rows.grids) == {"cca · mfcc": {"ridge": [1]}}


def test_texts_files_and_mappings_say_the_same(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text('folds = 3\nmeasure = "R@5"\n[cca]\nridge = [[10, 1], 5]\n["csls:cca"]\nk = [1, 2]\n')
    whole = {"folds": 3, "measure": "R@5", "cca": {"ridge": [(10, 1), 5]}, "csls:cca": {"k": [1, 2]}}
    texts = ["folds=3", "measure=R@5", "cca:ridge=(10, 1),5", "csls:cca:k=1,2"]
    for given in (file, str(file), whole, texts, Tuning.of(whole)):
        assert tuning_of(given).to_dict() == whole
    assert tuning_of(False) is tuning_of(None) is None
    assert tuning_of(True).to_dict() == {"folds": 1, "measure": "MRR1"}
    several = tuning_of(["cca:ridge=0.01,1:n_components=3", "kernel-cca:kernel=linear,rbf"])
    assert several.grids == {
        "cca": {"ridge": [0.01, 1], "n_components": [3]},
        "kernel-cca": {"kernel": ["linear", "rbf"]},
    }
    numbers = Tuning({"cca": {"ridge": np.logspace(0, 1, 2)}}).candidates("cca", CCA()).settings
    assert [type(settings["ridge"]) for settings in numbers] == [float, float]


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        ({"cca": {"rigde": [1]}}, r"tune: cca has no setting rigde; it has n_components, ridge"),
        ({"dcca": {"lr": [1]}}, r"tune: 'dcca' is not compared; the methods are cca"),
        ({"cca": {"n_components": [1, 2]}}, r"the comparison sets n_components \(components\); leave it out"),
        ({"cca": {"ridge": 3}}, "tune: cca: .*ridge"),
        ({"cca": {"ridge": []}}, "tune: cca: .*ridge"),
        ({"cca": [1, 2]}, "tune: cca: .*expected values for each setting"),
        ({"cca": {1: [2]}}, "tune: cca: .*expected values for each setting"),
        ({"folds": 0}, "tune: folds=0: expected a whole number of at least 1"),
        ({"measure": "MAP"}, "tune: measure='MAP': expected one of MRR1, R@1, R@5, R@10"),
        ("cca", "tune='cca': expected True"),
        ("songs.npz", "DATA stands before --tune"),
        ("none.toml", "tune='none.toml': cannot be read as TOML"),
        (3, "tune=3: expected True"),
        ([], r"tune=\[\]: expected True"),
    ],
    ids=str,
)
def test_what_cannot_be_tuned_is_refused_before_the_work(tune, message, monkeypatch, random_songs):
    from tests.experiments.test_asked import begins

    from alcca.experiments import cross_validate
    from alcca.experiments.grid import compare_encoders

    monkeypatch.setattr("alcca.experiments.protocol.opened", begins)
    with pytest.raises(UsageError, match=message):
        cross_validate("cca", random_songs, tune=tune)
    with pytest.raises(UsageError, match=message):
        compare_encoders("cca", random_songs, tune=tune)


def test_a_library_refuses_a_grid_before_it_reads_its_songs(tmp_path):
    with Library(tmp_path / "library", progress=False) as library:
        with pytest.raises(UsageError, match="cca has no setting rigde"):
            library.evaluate("cca", tune="cca:rigde=1")
        with pytest.raises(LibraryError, match="songs"):
            library.evaluate("cca", tune="cca:ridge=1")


def test_values_that_are_estimators_are_copied():
    inner = CCA(1)
    method = ComparedMethod("csls", CSLS(CCA(2)))
    changed = method.with_settings({"estimator": inner, "estimator__ridge": 3.0})
    assert (changed.estimator.estimator.ridge, changed.estimator.estimator.n_components) == (3.0, 1)
    assert (inner.ridge, method.estimator.estimator.n_components) == (0.0, 2)


def test_the_seed_is_that_of_the_comparison():
    with pytest.raises(UsageError, match=r"the comparison sets random_state \(seed\)"):
        Tuning({"own": {"random_state": [1, 2]}}).candidates("own", Own())
