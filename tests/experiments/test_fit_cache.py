"""Kept fits: taken where they are those of this very comparison, and never in silence."""

import json
import threading

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator

from alcca.cli.main import main
from alcca.errors import UsageError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.feature_files import read_dataset
from alcca.experiments.fit_cache import CachedFits, FitCache
from alcca.experiments.grid import compare_encoders
from alcca.experiments.results import Results
from alcca.models.cca import CCA

FITTED = []


class Weighed(BaseEstimator):
    """The columns times weights, which are given, or trained further from those of a network."""

    def __init__(self, weights=None, n_components=2):
        self.weights = weights
        self.n_components = n_components

    def fit(self, views, y=None):
        FITTED.append(self.started())
        if isinstance(self.weights, torch.nn.Module):
            with torch.no_grad():
                self.weights.weight += 1
        return self

    def started(self):
        return self.weights.weight.sum().item() if isinstance(self.weights, torch.nn.Module) else self.weights

    def transform(self, views):
        weights = self.weights
        if isinstance(weights, torch.nn.Module):
            weights = weights.weight.detach().numpy()[0]
        return tuple(view[:, :2] * np.asarray(weights)[:2] for view in views)


@pytest.fixture(autouse=True)
def _forget():
    FITTED.clear()


@pytest.fixture
def songs():
    audio = np.random.default_rng(0).normal(size=(60, 3))
    return Dataset(audio, audio + np.random.default_rng(1).normal(size=(60, 3)), name="sixty")


def run(methods, songs, **more):
    FITTED.clear()
    return cross_validate(methods, songs, **{"components": [2], "folds": 3, "shuffled_control": False, **more})


def linear(*weights):
    layer = torch.nn.Linear(2, 1, bias=False)
    layer.weight.data = torch.tensor([weights])
    return layer


def long(*weights):
    values = np.zeros(5000)
    values[: len(weights)] = weights
    return np.concatenate([values[:2], np.zeros(3000), values[2:]])


@pytest.mark.parametrize("make", [linear, lambda a, b: np.array([a, b] + [0.0] * 5000)])
def test_two_methods_that_say_the_same_of_themselves_are_two(make, songs, tmp_path):
    """Of a network and of a long array the repr shows not what differs."""
    methods = {"even": Weighed(make(1.0, 1.0)), "first": Weighed(make(1.0, 0.0))}
    alone = {name: run({name: method}, songs).to_frame()["rank"].tolist() for name, method in methods.items()}
    assert alone["even"] != alone["first"]
    both = run(methods, songs, keep=tmp_path).to_frame()
    assert len(FITTED) == 6
    for name, ranks in alone.items():
        assert both.loc[both["method"] == name, "rank"].tolist() == ranks
    # Nor is what one has kept taken for the other.
    swapped = run({"even": methods["first"], "first": methods["even"]}, songs, keep=tmp_path)
    assert FITTED == []
    assert swapped.to_frame().query("method == 'even'")["rank"].tolist() == alone["first"]
    assert run({"even": Weighed(make(1.0, 0.5))}, songs, keep=tmp_path).notes == run(methods, songs).notes


def test_each_fold_starts_from_the_network_that_was_given(songs):
    layer = linear(1.0, 1.0)
    run({"trained": Weighed(layer), "again": Weighed(layer)}, songs)
    assert FITTED == [2.0] * 6
    assert layer.weight.tolist() == [[1.0, 1.0]]


def test_only_those_that_name_a_beginning_or_are_one_object_share_a_fit(songs):
    one = Weighed((1.0, 2.0))
    run({"one": one, "other": Weighed((1.0, 2.0))}, songs)
    assert len(FITTED) == 6
    same = run({"one": one, "again": one}, songs).to_frame()
    assert len(FITTED) == 3
    ranks = [same.loc[same["method"] == name, "rank"].tolist() for name in ("one", "again")]
    assert ranks[0] == ranks[1]

    class Goes(Weighed):
        def first_stage(self):
            return Weighed(self.weights)

        def fit(self, views, y=None, first_stage=None):
            first_stage or self.first_stage().fit(views, y)
            return self

    run({"goes": Goes((1.0, 2.0)), "further": Goes((1.0, 2.0)), "one": one, "other": Goes((1.0, 3.0))}, songs)
    assert FITTED == [(1.0, 2.0), (1.0, 3.0)] * 3
    # What one begins with is trained for it and one other, and not for a third that says nothing.
    run({"goes": Goes((1.0, 2.0)), "one": one, "two": Weighed((1.0, 2.0))}, songs)
    assert FITTED == [(1.0, 2.0)] * 6


def edited(scale):
    class Mine(Weighed):
        def transform(self, views):
            return tuple(view[:, :2] * [1.0, scale] for view in views)

    return Mine((1.0, 1.0))


def test_an_edited_method_is_fitted_again_and_what_is_taken_is_said(songs, tmp_path):
    first = run({"mine": edited(0.0)}, songs, keep=tmp_path)
    assert len(FITTED) == 3
    assert not any("earlier run" in note for note in first.notes)
    again = run({"mine": edited(0.0), "cca": CCA(2)}, songs, keep=tmp_path)
    assert FITTED == []
    note = f"3 of 6 fits are from an earlier run, kept in {tmp_path}; --fresh (fresh=True) repeats them all."
    assert note in again.notes
    changed = run({"mine": edited(1.0)}, songs, keep=tmp_path)
    assert len(FITTED) == 3
    assert changed.to_frame()["rank"].tolist() == run({"mine": edited(1.0)}, songs).to_frame()["rank"].tolist()
    assert changed.to_frame()["rank"].tolist() != first.to_frame()["rank"].tolist()


@pytest.mark.parametrize("what", ["versions", "alcca_source"])
def test_fits_of_other_versions_are_not_taken(what, songs, tmp_path, monkeypatch):
    run({"mine": Weighed((1.0, 1.0))}, songs, keep=tmp_path)
    other = {"versions": lambda packages: {"numpy": "0.1"}, "alcca_source": lambda: "other"}[what]
    monkeypatch.setattr(f"alcca.experiments.keys.{what}", other)
    run({"mine": Weighed((1.0, 1.0))}, songs, keep=tmp_path)
    assert len(FITTED) == 3


def test_fresh_takes_nothing_and_leaves_what_is_new(songs, tmp_path):
    method = {"mine": Weighed((1.0, 1.0))}
    run(method, songs, keep=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    fresh = run(method, songs, keep=tmp_path, fresh=True)
    assert len(FITTED) == 3
    assert not any("earlier" in note for note in fresh.notes)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    assert before.keys() == after.keys()
    assert all(after[path] > before[path] for path in before)
    run(method, songs, keep=tmp_path)
    assert FITTED == []


def test_a_fresh_grid_shares_what_it_has_made_itself(tmp_path):
    learned = []

    class Features:
        def fit(self, texts):
            learned.append(len(texts))
            return self

        def transform(self, texts):
            return np.array([[len(text), text.count("a")] for text in texts], float)

    rng = np.random.default_rng(0)
    songs = Dataset(rng.normal(size=(30, 20, 161)), ["a" * i + "b" for i in range(30)])
    for fresh in (False, True):
        learned.clear()
        found = compare_encoders(
            {"cca": CCA(ridge=1.0)}, songs, audio_encoders=["mfcc", "mfcc-stats"], text_features=Features,
            components=[2], folds=3, shuffled_control=False, keep=tmp_path, fresh=fresh,
        )  # fmt: skip
        assert len(learned) == 3
        assert not any("earlier" in note for note in found.notes)


def test_edited_lyric_features_are_learned_again(texts, tmp_path, word_counts):
    def features(power):
        class Mine(word_counts):
            def transform(self, texts):
                FITTED.append(len(texts))
                return super().transform(texts) ** power

        return Mine

    def ranks(power):
        return run({"cca": CCA(2, ridge=1.0)}, texts, text_features=features(power), keep=tmp_path).to_frame()["rank"]

    first, again = ranks(1), ranks(1)
    assert FITTED == []
    pd.testing.assert_series_equal(first, again)
    assert ranks(3).tolist() != first.tolist()
    assert FITTED


def test_what_cannot_be_told_is_not_kept_and_that_is_said(songs, tmp_path):
    class Locked(Weighed):
        lock = threading.Lock()

    for _ in range(2):
        found = run({"locked": Locked((1.0, 1.0)), "mine": Weighed((1.0, 1.0))}, songs, keep=tmp_path)
        assert [note for note in found.notes if "locked" in note and "cannot be determined" in note]
    assert len(FITTED) == 3
    assert not any("cannot be determined" in note for note in run({"locked": Locked((1.0, 1.0))}, songs).notes)


def test_kept_fits_are_told_on_the_terminal_and_in_the_report(songs, tmp_path, capsys):
    data, report = tmp_path / "songs.npz", tmp_path / "report"
    np.savez(data, audio=songs.audio, lyrics=songs.lyrics)
    run("cca:ridge=1", read_dataset(data), keep=report / "fits")
    asked = ["evaluate", str(data), "--methods", "cca:ridge=1", "--components", "2", "--folds", "3", "--no-control"]
    assert main([*asked, "--jobs", "1", "-o", str(report)]) == 0
    told = capsys.readouterr()
    assert "Note: 3 of 3 fits are from an earlier run" in told.out
    assert "cross-validating (3 kept before): 3 fits" in told.err
    assert "3 of 3 fits are from an earlier run" in (report / "report.html").read_text()
    assert main([*asked, "--jobs", "1", "-o", str(report), "--fresh", "--json"]) == 0
    assert not any("earlier" in note for note in json.loads(capsys.readouterr().out)["notes"])


def test_only_what_a_call_has_written_is_its_own(tmp_path):
    kept = CachedFits(tmp_path, "songs")
    kept.put_features(np.arange(3.0), "key")
    fresh = CachedFits(FitCache(tmp_path, fresh=True), "songs")
    assert fresh.features("key") is None
    fresh.put_features(np.arange(4.0), "key")
    assert fresh.features("key").tolist() == [0, 1, 2, 3]
    assert fresh.earlier == 0
    fresh.put_features(np.arange(4.0), None)
    assert fresh.features(None) is None
    assert len(list((tmp_path / "songs").iterdir())) == 1


class Bad:
    def __repr__(self):
        raise RuntimeError("no")


class Slots:
    __slots__ = ("what",)


ODD = {
    "arrays": np.zeros(3000), "networks": torch.nn.Linear(3, 2), "functions": len, "numbers": np.int64(3),
    "nan": float("nan"), "without a repr": Bad(), "slots": Slots(), "not UTF-8": "\udcff", "sets": {1: {np.float32(2)}},
    "a/b": None, "$x^_{": b"\xff", "": CCA, "é\n<b>&": [CCA(2)],
}  # fmt: skip


class Odd(Weighed):
    def started(self):
        return None

    def transform(self, views):
        return tuple(view[:, :2] for view in views)


def test_whatever_was_compared_is_saved_and_reported(songs, tmp_path):
    from alcca.experiments.report import write_report

    odd = Dataset(songs.audio, songs.lyrics, name=np.str_("a/b$"))
    found = run({name: Odd(held) for name, held in ODD.items()}, odd, keep=tmp_path / "fits")
    assert set(found.methods) == set(ODD)
    found.save(tmp_path)
    loaded = Results.load(tmp_path)
    assert dict(loaded.settings) == dict(found.settings)
    assert " at 0x" not in json.dumps(found.settings["methods"])
    write_report(found, tmp_path)
    odder = Results(found.ranks, {**found.settings, "more": [np.int64(1), np.zeros(2)]}, notes=("\udcff",))
    odder.save(tmp_path)
    assert Results.load(tmp_path).notes == ("\udcff",)


def test_two_methods_of_one_name_are_refused(songs):
    with pytest.raises(UsageError, match="two have the same name among 1, 1"):
        run({1: CCA(1), "1": CCA(2)}, songs)
