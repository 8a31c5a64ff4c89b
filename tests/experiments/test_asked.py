"""Numbers of a call: NumPy's are as good as Python's, and what is no number is refused before the work."""

import numpy as np
import pytest

from alcca.errors import UsageError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.asked import asked_for
from alcca.experiments.grid import compare_encoders
from alcca.experiments.methods import parse_methods
from alcca.experiments.results import Results
from alcca.library.library import Library
from alcca.models.cca import CCA
from alcca.models.saving import load_model, save_model


@pytest.fixture
def songs():
    rng = np.random.default_rng(0)
    return Dataset(rng.normal(size=(60, 6)), rng.normal(size=(60, 5)), label=np.arange(60) % 3)


def test_numbers_of_numpy_are_taken_and_saved(songs, tmp_path):
    methods = {"cca": CCA(np.int64(2)), "rcca": parse_methods("rcca")["rcca"].set_params(random_state=np.int64(3))}
    found = cross_validate(
        methods, songs, components=np.arange(4, 0, -2), folds=np.int64(3), seed=np.arange(2), n_jobs=np.int32(1),
        slow_after=np.float32(600), shuffled_control=np.bool_(False), keep=tmp_path / "fits",
    )  # fmt: skip
    found.save(tmp_path)
    settings = Results.load(tmp_path).settings
    assert (settings["components"], settings["folds"], settings["seeds"]) == ([2, 4], 3, [0, 1])
    plain = cross_validate(
        {"cca": CCA(2), "rcca": "rcca"}, songs, components=[2, 4], folds=3, seed=[0, 1], shuffled_control=False
    )
    assert found.to_frame()["rank"].tolist() == plain.to_frame()["rank"].tolist()
    assert len(found.compare("cca", "rcca", components=np.int64(2))) == 4


@pytest.mark.parametrize("components", [4, np.int64(4), np.array(4), range(4, 5), {4}, (c for c in (4, 4))])
def test_one_number_of_components_or_several(components):
    assert asked_for(components=components).components == [4]


@pytest.mark.parametrize(
    "wrong",
    [
        {"folds": 3.0}, {"folds": "3"}, {"folds": True}, {"folds": None}, {"folds": np.float64(3)}, {"folds": 1},
        {"components": [2.0]}, {"components": "10"}, {"components": [True]}, {"components": np.array([2.5])},
        {"components": None}, {"components": [[1, 2]]}, {"components": np.array([])}, {"components": [-1]},
        {"seed": 1.0}, {"seed": "0"}, {"seed": True}, {"seed": None}, {"seed": np.array([0.5])}, {"seed": 2**31},
        {"seed": [0, np.int64(0)]}, {"n_jobs": 1.0}, {"n_jobs": -1}, {"slow_after": "1"}, {"slow_after": np.nan},
        {"slow_after": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_number_is_refused_before_the_work(wrong, songs, tmp_path, monkeypatch):
    (name,) = wrong
    with pytest.raises(UsageError, match=f"^{name}"):
        cross_validate(CCA(2), songs, **wrong)
    monkeypatch.setattr("alcca.experiments.grid.with_audio", None)
    with pytest.raises(UsageError, match=f"^{name}"):
        compare_encoders(CCA(2), songs, audio_encoders=["mfcc"], **wrong)
    with Library(tmp_path / "library", progress=False) as library, pytest.raises(UsageError, match=f"^{name}"):
        library.evaluate("cca", **wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"components": 2.0}, {"components": "3"}, {"components": 0}, {"epochs": 1.5}, {"random_state": -1},
     {"random_state": None}, {"random_state": 2**32}, {"random_state": True}],
    ids=str,
)  # fmt: skip
def test_training_refuses_them_before_it_looks_at_the_songs(wrong, tmp_path):
    (name,) = wrong
    with Library(tmp_path / "library", progress=False) as library, pytest.raises(UsageError, match=f"^{name}="):
        library.train(**wrong)


SMALL = "hidden=(8, 4):batch_size=30:epochs=1"
NAMES = {
    "cca": "cca", "rcca": "rcca", "kernel-cca": "kernel-cca:rank=30", "dcca": f"dcca:{SMALL}", "clip": f"clip:{SMALL}",
    "acmr": "acmr:hidden=((8, 4), (4,)):batch_size=30:epochs=1",
    "alcca": "alcca:hidden=((8, 4), (4,)):batch_size=30:epochs=1", "weighted": "weighted:cca",
}  # fmt: skip


def numpys(value):
    """The value with NumPy's numbers for Python's."""
    if isinstance(value, tuple):
        return tuple(map(numpys, value))
    return {int: np.int64, float: np.float32}.get(type(value), lambda same: same)(value)


@pytest.mark.parametrize("name", NAMES)
def test_estimators_take_numbers_of_numpy_and_are_saved_with_them(name, songs, tmp_path):
    (model,) = parse_methods(NAMES[name]).values()
    dimension = next((key for key in model.get_params() if key.split("__")[-1] == "n_components"), None)
    model.set_params(**{} if dimension is None else {dimension: 2})
    settings = {key: value for key, value in model.get_params().items() if not hasattr(value, "fit")}
    model.set_params(**{key: numpys(value) for key, value in settings.items()})
    views = songs.audio, songs.lyrics
    model.fit(views, songs.label)
    save_model(model, tmp_path / "model")
    for found, expected in zip(load_model(tmp_path / "model").transform(views), model.transform(views), strict=True):
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("wrong", [-1, 1.0, "0", None, True, 2**32])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("cca", "weighted")])
def test_estimators_refuse_a_seed_that_is_none(name, wrong, songs):
    (model,) = parse_methods(NAMES[name]).values()
    with pytest.raises(UsageError, match="random_state="):
        model.set_params(random_state=wrong, **{"n_components": 2} if name not in ("acmr", "clip") else {}).fit(
            (songs.audio, songs.lyrics), songs.label
        )
    if "n_components" in model.get_params():
        with pytest.raises(UsageError, match=r"n_components=2\.0"):
            model.set_params(random_state=0, n_components=2.0).fit((songs.audio, songs.lyrics), songs.label)
