"""Folds whose networks train as one batched model: nobody can see it in the ranks."""

import numpy as np
import pandas as pd
import pytest
import torch

from alcca.datasets import make_songs
from alcca.experiments import Dataset, cross_validate
from alcca.models import batched_training
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.cca import CCA

SMALL = {"hidden": ((8, 4), (4,)), "epochs": 3, "lr": 1e-2, "device": "cpu"}


@pytest.fixture(scope="module")
def data():
    songs = make_songs(62, shared=3, audio_shape=(6,), lyrics_size=5, random_state=0)
    return Dataset(songs.audio, songs.lyrics, songs.label)


@pytest.fixture
def batched(monkeypatch):
    """How many networks each batched training had, and how many songs each training of one network."""
    seen = {"together": [], "alone": []}
    fit_together, fit = batched_training.fit_together, ACMR.fit

    def watched(models, *more, **settings):
        seen["together"].append(len(models))
        return fit_together(models, *more, **settings)

    def watched_fit(self, views, y=None):
        seen["alone"].append(len(views[0]))
        return fit(self, views, y)

    monkeypatch.setattr(batched_training, "fit_together", watched)
    monkeypatch.setattr(ACMR, "fit", watched_fit)
    return seen


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_folds_that_train_together_rank_as_those_that_train_alone(data, batched, n_jobs):
    methods = {"alcca": ALCCA(**SMALL), "acmr": ACMR(**SMALL), "cca": CCA(ridge=1.0)}
    settings = {"components": [2, 4], "folds": 3, "seed": [0, 1]}
    alone = cross_validate(methods, data, **settings)
    assert batched["together"] == []
    batched["alone"].clear()
    found = cross_validate(methods, data, **settings, n_jobs=n_jobs, together=True)
    pd.testing.assert_frame_equal(found.to_frame(), alone.to_frame())
    # Of each seed three folds with their pairs and three with shuffled ones, once for ALCCA and ACMR.
    assert batched == {"together": [3] * 4, "alone": []}


def test_a_share_of_the_common_training_counts_for_each(data, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    fit_together = batched_training.fit_together

    def slow(models, *more, **settings):
        now[0] += 30.0
        return fit_together(models, *more, **settings)

    monkeypatch.setattr(batched_training, "fit_together", slow)
    methods = {"acmr": ACMR(**SMALL)}
    results = cross_validate(methods, data, components=[2], folds=3, shuffled_control=False, together=True)
    assert results.seconds == {"acmr": 10.0}


def test_the_common_training_shows_its_progress(data, capfd):
    settings = {"components": [2], "folds": 3, "shuffled_control": False, "together": True}
    cross_validate({"alcca": ALCCA(**SMALL)}, data, **settings)
    assert capfd.readouterr().err == ""
    cross_validate({"alcca": ALCCA(**SMALL)}, data, **settings, verbose=True)
    assert "training the projectors: 3 epochs" in capfd.readouterr().err


def test_it_is_the_default_where_the_device_is_cuda(data, batched, monkeypatch):
    monkeypatch.setattr("alcca.models.training.choose_device", lambda device: torch.device("cuda"))
    cross_validate(ACMR(**SMALL), data, components=[2], folds=3, shuffled_control=False)
    cross_validate(ACMR(**SMALL), data, components=[2], folds=3, shuffled_control=False, together=False)
    assert batched["together"] == [3]
    assert len(batched["alone"]) == 3


def test_what_fails_together_is_told_of_each_fold_alone(data, batched):
    methods = {"acmr": ACMR(**(SMALL | {"lr": 1e38})), "alcca": ALCCA(**SMALL, k=0), "cca": CCA(ridge=1.0)}
    results = cross_validate(methods, data, components=[2], folds=3, shuffled_control=False, together=True)
    assert sorted({(failure.method, failure.fold) for failure in results.failures}) == [
        (method, fold) for method in ("acmr", "alcca") for fold in range(3)
    ]
    reasons = " ".join(str(failure) for failure in results.failures)
    assert "training diverged in epoch" in reasons
    assert "k=0: expected a whole number of at least 1" in reasons
    assert np.unique(results.to_frame()["method"]).tolist() == ["cca"]


def test_other_models_train_alone(data, batched):
    class Own(ACMR):
        pass

    cross_validate({"own": Own(**SMALL)}, data, components=[2], folds=3, shuffled_control=False, together=True)
    assert batched["together"] == []
    assert len(batched["alone"]) == 3
