"""Arguments of a call: NumPy's are as good as Python's, and what is of another kind is refused before the work."""

import os
from inspect import signature

import numpy as np
import pandas as pd
import pytest
import torch

from alcca.errors import AlccaError, DataError, UsageError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.asked import Asked, asked_for, checked
from alcca.experiments.distractors import distractors_for
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
        {"seed": [0, np.int64(0)]}, {"n_jobs": 1.0}, {"n_jobs": 0}, {"n_jobs": -2},
        {"slow_after": "1"}, {"slow_after": np.nan}, {"slow_after": True},
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


def kinds(tmp_path):
    """One value of each kind that somebody may pass."""
    file = tmp_path / "file"
    file.write_text("x")
    return {
        "None": None, "True": True, "False": np.bool_(False), "0": 0, "1": 1, "2": np.int64(2), "-1": -1, "2.5": 2.5,
        "nan": float("nan"), "inf": np.float64("inf"), "complex": 1j, "huge": 2**70, "text": "abc", "empty text": "",
        "bytes": b"abc", "numpy's text": np.str_("3"), "path": tmp_path / "new", "file": file, "list": [1, 2],
        "empty list": [], "nested list": [[1]], "tuple": (1, "a"), "set": {1}, "dict": {"a": 1}, "texts": ["la", "do"],
        "list of None": [None], "array": np.ones(3), "scalar array": np.array(3), "matrix": np.ones((3, 2)),
        "texts of numpy": np.array(["a", "b"]), "objects": np.array([None, 1], dtype=object),
        "dates": np.array(["2020-01-01"], dtype="datetime64[D]"), "series": pd.Series([1, 2]),
        "texts of pandas": pd.Series(["a", None]), "frame": pd.DataFrame({"a": [1, 2]}), "NA": pd.NA, "NaT": pd.NaT,
        "tensor": torch.ones(2, 2), "class": dict, "function": len, "object": object(), "generator": (i for i in [1]),
        "dataset": Dataset(np.ones((12, 2)), np.ones((12, 2))), "estimator": CCA(2), "class of estimator": CCA,
        "broken": Broken(),
    }  # fmt: skip


KINDS = [
    "None", "True", "False", "0", "1", "2", "-1", "2.5", "nan", "inf", "complex", "huge", "text", "empty text", "bytes",
    "numpy's text", "path", "file", "list", "empty list", "nested list", "tuple", "set", "dict", "texts",
    "list of None", "array", "scalar array", "matrix", "texts of numpy", "objects", "dates", "series",
    "texts of pandas", "frame", "NA", "NaT", "tensor", "class", "function", "object", "generator", "dataset",
    "estimator", "class of estimator", "broken",
]  # fmt: skip


class Broken:
    """Has no length, no truth and no equal."""

    def __len__(self):
        raise RuntimeError("no length")

    def __eq__(self, other):
        raise RuntimeError("no equal")

    def __hash__(self):
        raise RuntimeError("no hash")


class WorkError(Exception):
    """The work has begun: every argument was accepted."""


def begins(*_, **__):
    raise WorkError


# What each argument of `cross_validate` accepts of the kinds above.
ACCEPTED = {
    "folds": {"2", "scalar array"},
    "cv": {"None"},
    "components": {"1", "2", "list", "set", "scalar array", "series", "generator", "huge"},
    "seed": {"0", "1", "2", "list", "set", "scalar array", "series", "generator"},
    "shuffled_control": {"True", "False"},
    "text_features": {"None"},
    "distractors": {"None"},
    "slow_after": {"None", "1", "2", "2.5", "inf", "huge"},
    "keep": {"None", "text", "empty text", "numpy's text", "path"},
    "fresh": {"True", "False"},
    "n_jobs": {"1", "2", "-1", "scalar array", "huge"},
    "cluster": {"None", "text", "empty text", "numpy's text"},
    "verbose": {"True", "False"},
    "together": {"None", "True", "False"},
    "tune": {"None", "True", "False"},
    "callbacks": {"None", "empty list"},
    "save_runs": {"None", "text", "empty text", "numpy's text", "path"},
    "save_scores": {"None", "text", "empty text", "numpy's text", "path"},
    "methods": {"estimator"},
    "dataset": {"dataset"},
}


def test_every_argument_of_a_comparison_is_here():
    assert set(ACCEPTED) == set(signature(cross_validate).parameters)
    assert set(ACCEPTED) - {"methods", "dataset"} == set(signature(asked_for).parameters)
    assert set(ACCEPTED) - {"methods", "dataset"} == set(Asked._fields)


@pytest.mark.parametrize("argument", ACCEPTED)
def test_every_argument_is_checked_at_the_door(argument, songs, tmp_path, monkeypatch):
    """Whatever it is, it is accepted, or refused by its name, before any work."""
    monkeypatch.setattr("alcca.experiments.protocol.opened", begins)
    monkeypatch.chdir(tmp_path)
    found = kinds(tmp_path)
    assert list(found) == KINDS
    accepted, refused = set(), {}
    for kind, value in found.items():
        given = {"methods": CCA(2), "dataset": songs, argument: value}
        try:
            cross_validate(**given)
        except WorkError:
            accepted.add(kind)
        except AlccaError as error:
            refused[kind] = str(error)
    assert accepted == ACCEPTED[argument]
    assert [kind for kind, said in refused.items() if argument not in said] == []


LISTS = {
    "list", "empty list", "nested list", "tuple", "texts", "list of None", "array", "matrix", "texts of numpy",
    "objects", "dates", "series", "texts of pandas", "tensor", "dataset",
}  # fmt: skip


@pytest.mark.parametrize("argument", [name for name in ACCEPTED if name != "text_features"])
def test_the_grid_and_a_library_check_the_same(argument, songs, tmp_path, monkeypatch):
    monkeypatch.setattr("alcca.experiments.grid.with_audio", begins)
    monkeypatch.setattr("alcca.library.evaluation.named_methods", begins)
    monkeypatch.chdir(tmp_path)
    accepted, refused = set(), {}
    for kind, value in kinds(tmp_path).items():
        try:
            compare_encoders(**{"methods": CCA(2), "dataset": songs, "audio_encoders": ["mfcc"], argument: value})
        except WorkError:
            accepted.add(kind)
        except AlccaError as error:
            refused[kind] = str(error)
    # Of distractors the encoders ask more, which is checked when they are read.
    assert accepted >= ACCEPTED[argument]
    assert [kind for kind, said in refused.items() if argument not in said] == []
    if argument in ("methods", "dataset", "keep"):
        return
    with Library(tmp_path / "library", progress=False) as library:
        for kind, value in kinds(tmp_path).items():
            with pytest.raises(WorkError if kind in accepted else (WorkError, UsageError)) as raised:
                library.evaluate("cca", **{argument: value})
            assert raised.type is WorkError or argument in str(raised.value)
            # Whether a list is one of distractors depends on the songs, which are read later.
            later = LISTS if argument == "distractors" else set()
            assert raised.type is not WorkError or kind in accepted | later


@pytest.mark.parametrize("side", ["audio_encoders", "lyrics_encoders"])
def test_encoders_of_another_kind_are_refused(side, songs, tmp_path):
    for kind, value in kinds(tmp_path).items():
        if kind == "None":
            continue
        with pytest.raises(AlccaError, match=r"encoder|lyrics"):
            compare_encoders(CCA(2), songs, **{side: value})


def test_an_argument_that_there_is_not_is_named(songs, tmp_path):
    with pytest.raises(UsageError, match="no argument 'fold'; it has folds, components"):
        compare_encoders(CCA(2), songs, fold=3)
    with Library(tmp_path / "library", progress=False) as library, pytest.raises(UsageError, match="'fold'"):
        library.evaluate("cca", fold=3)


def test_all_processors_are_asked_for_as_in_scikit_learn(songs):
    assert asked_for(n_jobs=-1).n_jobs == (os.cpu_count() or 1)
    assert checked({"n_jobs": np.int64(-1)}) == {"n_jobs": os.cpu_count() or 1}


class Takes(CCA):
    def __init__(self, needed):
        self.needed = needed


@pytest.mark.parametrize(
    ("maker", "message"),
    [
        (CCA(2), "text_features=CCA.*expected a callable"),
        (Takes, "text_features: making one failed: TypeError"),
        (dict, "text_features: expected a maker of objects with fit and transform, it made {}"),
    ],
)
def test_a_maker_of_lyric_features_is_tried_before_the_work(maker, message):
    with pytest.raises(UsageError, match=message):
        cross_validate(CCA(2), Dataset(np.ones((12, 2)), [f"song {i}" for i in range(12)]), text_features=maker)


def test_a_maker_of_lyric_features_is_not_ignored(songs):
    with pytest.raises(UsageError, match="text_features: the lyrics of songs are features already; leave it out"):
        cross_validate(CCA(2), songs, text_features=dict)


# What each argument of `Dataset` accepts of the kinds above, for two songs.
OF_SONGS = {
    "audio": {"frame", "None", "tensor"},
    "lyrics": {"texts", "texts of numpy", "frame", "tensor"},
    "label": {"None", "list", "tuple", "texts", "texts of numpy", "objects", "series", "texts of pandas"},
    "group": {"None", "list", "tuple", "texts", "texts of numpy", "objects", "series", "texts of pandas"},
    "ids": {"None", "list", "tuple", "texts", "texts of numpy", "objects", "series", "texts of pandas"},
    "split": {"None", "list", "tuple", "texts", "texts of numpy", "objects", "series", "texts of pandas"},
    "audio_frames": {"None", "frame", "tensor"},
    "audio_descriptors": {"None", "frame", "tensor"},
    "transcripts": {"None", "texts", "texts of numpy", "texts of pandas"},
    "recordings": {"None"},
    "encoded": set(),
    "name": {"text", "empty text", "numpy's text"},
    "notes": {"empty list", "texts", "texts of numpy"},
}


@pytest.mark.parametrize("argument", OF_SONGS)
def test_songs_of_any_kind_are_accepted_or_refused_by_name(argument, tmp_path):
    assert set(OF_SONGS) == set(signature(Dataset).parameters)
    whole = {"audio": np.ones((2, 3)), "lyrics": ["la", "do"], "audio_descriptors": np.ones((2, 1))}
    accepted, refused = set(), {}
    for kind, value in kinds(tmp_path).items():
        try:
            Dataset(**{**whole, argument: value})
            accepted.add(kind)
        except DataError as error:
            refused[kind] = str(error)
    assert accepted == OF_SONGS[argument]
    assert [kind for kind, said in refused.items() if argument not in said] == []


def test_tables_of_pandas_are_what_they_hold():
    index = [7, 3, 5]
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [0, 1, 0]}, index=index)
    texts = pd.Series(["la", "do", "re"], index=index)
    marks = pd.Series(["sad", None, pd.NA], index=index)
    found = Dataset(table, texts, marks, group=marks, ids=texts, transcripts=marks, audio_descriptors=table)
    assert found.audio.tolist() == found.audio_descriptors.tolist() == [[1, 0], [2, 1], [3, 0]]
    assert found.texts == found.ids == ("la", "do", "re")
    assert found.label == found.group == found.transcripts == ("sad", None, None)
    assert Dataset(table, table).lyrics.tolist() == found.audio.tolist()
    others = distractors_for(found, pd.Series(["mi", "la"]))[0]
    assert others.lyrics == ("mi",)


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


@pytest.mark.parametrize("wrong", [-1, 1.0, "0", True, 2**32])
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
