"""Methods that begin with the same training: it is done once, and nobody can see it but in the time."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alcca.datasets import make_songs
from alcca.errors import DataError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.methods import parse_methods
from alcca.models.acmr import ACMR
from alcca.models.cca import CCA
from alcca.models.scoring import CSLS, CorrelationWeighted
from alcca.models.standardised_cca import StandardisedCCA


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    return Dataset(rng.standard_normal((60, 5)), rng.standard_normal((60, 4)))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_methods_that_begin_with_the_same_training_do_it_once(n_jobs, tmp_path, monkeypatch):
    """ACMR and ALCCA train the same projectors; ALCCA without an adversary trains others."""
    trained = tmp_path / "trained"
    fit = ACMR.fit

    def counted(self, views, y=None):
        with trained.open("a") as file:
            file.write(f"{self.adversary} {len(views[0])}\n")
        return fit(self, views, y)

    small = "hidden=((8, 4), (4,)):epochs=2:device=cpu"
    methods = {name: f"{name}:{small}" for name in ("alcca", "acmr", "alcca-tuned", "alcca-no-adversary")}
    made = {name: parse_methods(written)[written] for name, written in methods.items()}
    made["cca"] = CCA(ridge=1.0)
    songs = make_songs(60, shared=3, audio_shape=(6,), lyrics_size=5, random_state=0)
    data = Dataset(songs.audio, songs.lyrics, songs.label)
    settings = {"components": [2, 4], "folds": 3}
    alone = {name: cross_validate({name: method}, data, **settings) for name, method in made.items()}
    with monkeypatch.context() as patched:
        if n_jobs == 1:
            patched.setattr(ACMR, "fit", counted)
        together = cross_validate(made, data, n_jobs=n_jobs, **settings)
    for name, results in alone.items():
        frame = together.to_frame()
        frame = frame[frame["method"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, results.to_frame(), check_categorical=False)
    if n_jobs == 1:
        # Three folds, each with and without its pairs shuffled: with the adversary on all training songs and, for the
        # ridge, on four fifths of them; without it on all.
        assert Counter(trained.read_text().splitlines()) == {"1.0 40": 6, "1.0 32": 6, "0.0 40": 6}


def test_the_beginning_counts_in_the_time_of_each(vectors, monkeypatch):
    now = [0.0]

    class Stage(CCA):
        def fit(self, views, y=None):
            now[0] += 10
            return super().fit(views, y)

    class Goes(Stage):
        def first_stage(self):
            return Stage(self.n_components)

        def fit(self, views, y=None, first_stage=None):
            self.cca = first_stage or self.first_stage().fit(views, y)
            now[0] += 1
            return self

        def transform(self, views):
            return self.cca.transform(views)

    monkeypatch.setattr("alcca.experiments.fitting.time", SimpleNamespace(monotonic=lambda: now[0]))
    results = cross_validate({"goes": Goes(), "stage": Stage()}, vectors, components=[2], folds=3)
    assert results.seconds == {"goes": 11, "stage": 10}
    assert now == [6 * 11]


def test_where_the_beginning_fails_each_method_says_so(vectors):
    class Fails(CCA):
        def fit(self, views, y=None):
            raise DataError("it diverged")

    class Goes(CCA):
        def first_stage(self):
            return Fails(self.n_components)

    results = cross_validate({"goes": Goes(), "fails": Fails(), "cca": CCA(2)}, vectors, components=[2], folds=3)
    assert {(failure.method, failure.reason) for failure in results.failures} == {
        ("goes", "it diverged"), ("fails", "it diverged"),
    }  # fmt: skip
    assert results.methods == ["cca"]


def test_a_space_that_is_compared_in_two_ways_is_learned_once(monkeypatch):
    fitted = []

    class Counted(StandardisedCCA):
        def fit(self, views, y=None):
            fitted.append(self.n_components)
            return super().fit(views, y)

    songs = make_songs(90, shared=4, audio_shape=(8,), lyrics_size=6, random_state=0)
    data = Dataset(songs.audio, songs.lyrics)
    plain = Counted(4, ridge=1)
    methods = {"plain": plain, "weighted": CorrelationWeighted(plain), "csls": CSLS(plain)}
    settings = {"components": [2, 4], "folds": 3, "shuffled_control": False}
    together = cross_validate(methods, data, **settings).to_frame()
    assert fitted == [4] * 3
    for name, method in methods.items():
        alone = cross_validate({name: method}, data, **settings).to_frame()
        found = together[together["method"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, alone, check_categorical=False)
    # With other settings it is another space: CSLS takes its own components, and the others the most that are measured.
    fitted.clear()
    methods["csls"] = CSLS(Counted(3, ridge=1))
    cross_validate(methods, data, **settings)
    assert sorted(fitted) == [3] * 3 + [4] * 3
