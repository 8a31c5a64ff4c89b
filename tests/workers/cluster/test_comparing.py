"""A comparison on a cluster: the same ranks, also when a worker dies half-way, and a method that kills is named."""

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from alcca.cli import main as cli
from alcca.datasets import make_songs
from alcca.experiments import Dataset, cross_validate, make_method
from alcca.models.cca import CCA
from alcca.workers.cluster import Cluster


class Deadly(BaseEstimator):
    """The first columns of both views; where ``folder`` has no mark yet, or never gets one, a fit ends its process."""

    def __init__(self, folder="", once=True, n_components=2):
        self.folder, self.once, self.n_components = folder, once, n_components

    def fit(self, views, y=None):
        mark = Path(self.folder, "mark")
        if not self.once or not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self

    def transform(self, views):
        return tuple(None if view is None else view[:, : self.n_components] for view in views)


@pytest.fixture(scope="module")
def data():
    songs = make_songs(120, shared=4, audio_shape=(8,), lyrics_size=6, random_state=0)
    return Dataset(songs.audio, songs.lyrics, songs.label)


def same(found, expected):
    pd.testing.assert_frame_equal(found.ranks, expected.ranks)
    assert found.notes == expected.notes
    assert found.failures == expected.failures


def test_folds_methods_and_seeds_come_out_the_same(cluster, data, monkeypatch):
    methods = {"cca": CCA(ridge=1.0), "kernel": make_method("kernel-cca")}
    settings = {"components": [2, 4], "folds": 2, "seed": [0, 1]}
    sent = []
    share = cluster.share
    monkeypatch.setattr(cluster, "share", lambda value: sent.append(type(value).__name__) or share(value))
    found = cross_validate(methods, data, cluster=cluster, **settings)
    same(found, cross_validate(methods, data, n_jobs=2, **settings))
    # For each seed all songs, and the vectors of their lyrics.
    assert sent == ["Songs", "ndarray"] * 2


def test_lyric_features_are_learned_on_the_workers(cluster, texts_data):
    settings = {"components": [2], "folds": 2, "shuffled_control": False}
    same(
        cross_validate(CCA(ridge=1.0), texts_data, cluster=cluster, **settings),
        cross_validate(CCA(ridge=1.0), texts_data, **settings),
    )


@pytest.fixture
def texts_data():
    rng = np.random.default_rng(1)
    words = [f"word{i}" for i in range(15)]
    return Dataset(rng.standard_normal((40, 6)), [" ".join(rng.choice(words, 30)) for _ in range(40)])


def test_a_worker_that_dies_half_way_changes_nothing(cluster, data, tmp_path):
    methods = {"cca": CCA(), "deadly": Deadly(str(tmp_path))}
    settings = {"components": [2], "folds": 3, "shuffled_control": False}
    found = cross_validate(methods, data, cluster=cluster, **settings)
    assert (tmp_path / "mark").exists()
    same(found, cross_validate(methods, data, **settings))


def test_a_method_that_ends_every_worker_is_named(cluster, data, tmp_path):
    methods = {"cca": CCA(), "deadly": Deadly(str(tmp_path), once=False)}
    settings = {"components": [2], "folds": 2, "shuffled_control": False}
    found = cross_validate(methods, data, cluster=cluster, **settings)
    assert found.methods == ["cca"]
    assert len(found.failures) == 2
    assert all("its process was killed" in str(failure) for failure in found.failures)
    pd.testing.assert_frame_equal(found.ranks, cross_validate({"cca": CCA()}, data, **settings).ranks)


def test_the_command_line_evaluates_on_a_cluster(address, data, tmp_path, capsys, monkeypatch):
    np.savez(tmp_path / "songs.npz", audio=data.audio, lyrics=data.lyrics)
    call = ["evaluate", str(tmp_path / "songs.npz"), "--methods", "cca", "--components", "2", "--folds", "2",
            "--quiet", "--json"]  # fmt: skip
    told = []
    for more in ([], ["--cluster", address]):
        assert cli.main([*call, *more]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    monkeypatch.setenv("ALCCA_CLUSTER", "tcp://127.0.0.1:9")
    monkeypatch.setitem(Cluster.__init__.__kwdefaults__, "timeout", 1.0)
    assert cli.main(call) == 1
    assert "tcp://127.0.0.1:9: no scheduler answers there" in capsys.readouterr().err
