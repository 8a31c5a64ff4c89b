"""Callbacks of a comparison: they follow each fit by name, in any process, and change nothing."""

import json
import threading

import numpy as np
import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from alcca.cli.main import main
from alcca.datasets import make_songs
from alcca.errors import UsageError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.grid import compare_encoders
from alcca.experiments.rank_tables import Fit
from alcca.experiments.training_runs import training_run
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.callbacks import Callback, CallbackWarning
from alcca.models.cca import CCA
from alcca.models.dcca import DCCA

SMALL = {"hidden": ((8, 4), (4,)), "epochs": 2, "lr": 1e-2, "device": "cpu"}


@pytest.fixture(scope="module")
def data():
    songs = make_songs(62, shared=3, audio_shape=(6,), lyrics_size=5, random_state=0)
    return Dataset(songs.audio, songs.lyrics, songs.label)


@pytest.fixture(scope="module")
def methods():
    return {
        "acmr": ACMR(**SMALL), "alcca": ALCCA(**SMALL), "cca": CCA(ridge=1.0),
        "dcca": DCCA(2, hidden=(4,), epochs=1, batch_size=20, device="cpu"),
    }  # fmt: skip


class Files(Callback):
    """Writes a file for each run, so that other processes can tell too."""

    def __init__(self, folder):
        self.folder = folder

    def on_fit_end(self, run, error):
        name = run.name.replace("/", "_")
        (self.folder / name).write_text(json.dumps({**run.about, "error": str(error)}))

    @property
    def names(self):
        return sorted(path.name.replace("_", "/") for path in self.folder.glob("*"))


SETTINGS = {"components": [2], "folds": 2}
EXPECTED = sorted(
    f"{method}/seed-{seed}/fold-{fold}{control}/training-{what}"
    for seed in (0, 1) for fold in (0, 1) for control in ("", "-shuffled")
    for method, what in (("acmr+alcca", "the-projectors"), ("dcca", "DCCA"))
)  # fmt: skip


@pytest.mark.parametrize("how", [{}, {"n_jobs": 2}, {"together": True}, {"together": True, "n_jobs": 2}], ids=str)
def test_each_training_has_a_name_in_any_process_and_no_rank_changes(data, methods, how, tmp_path):
    plain = cross_validate(methods, data, **SETTINGS, seed=[0, 1])
    found = cross_validate(methods, data, **SETTINGS, seed=[0, 1], callbacks=[Files(tmp_path)], **how)
    assert Files(tmp_path).names == EXPECTED
    pd.testing.assert_frame_equal(found.to_frame(), plain.to_frame())
    about = json.loads((tmp_path / EXPECTED[0].replace("/", "_")).read_text())
    assert about == {"method": "acmr+alcca", "seed": 0, "fold": 0, "shuffled": True, "error": "None"}


def test_kept_fits_are_the_same_with_and_without_callbacks(data, methods, tmp_path):
    cross_validate(methods, data, **SETTINGS, keep=tmp_path / "fits")
    (tmp_path / "told").mkdir()
    followed = Files(tmp_path / "told")
    found = cross_validate(methods, data, **SETTINGS, keep=tmp_path / "fits", callbacks=followed)
    assert any(note.startswith("16 of 16 fits are from an earlier run") for note in found.notes)
    assert followed.names == []  # a fit that is kept is not trained
    cross_validate(methods, data, **SETTINGS, keep=tmp_path / "fits", callbacks=followed, fresh=True)
    assert len(followed.names) == 8


def test_trainings_that_choose_settings_have_names_of_their_own(data, tmp_path):
    tune = {"dcca": {"epochs": [1, 2]}}
    dcca = {"dcca": DCCA(2, hidden=(4,), batch_size=20, device="cpu")}
    cross_validate(dcca, data, **SETTINGS, shuffled_control=False, tune=tune, callbacks=Files(tmp_path))
    assert [name for name in Files(tmp_path).names if "fold-0" in name] == [
        "dcca/seed-0/fold-0/choosing/training-DCCA", "dcca/seed-0/fold-0/choosing/training-DCCA-2",
        "dcca/seed-0/fold-0/training-DCCA",
    ]  # fmt: skip


def test_methods_in_a_name():
    fits = [Fit(f"a/{number}", False, 0, 3) for number in range(6)]
    name, about = training_run(fits)
    assert name == "a-0+a-1+a-2+a-3+2 more/seed-3/fold-0"
    assert about == {"method": "a/0+a/1+a/2+a/3+2 more", "seed": 3, "fold": 0, "shuffled": False}


class Locked(Callback):
    def __init__(self):
        self.lock = threading.Lock()


def test_what_cannot_reach_other_processes_is_refused_before_the_work(data, monkeypatch):
    monkeypatch.setattr("alcca.experiments.protocol.opened", None)
    with pytest.raises(UsageError, match=r"callbacks: .*Locked.* cannot be sent to other processes .* take n_jobs=1"):
        cross_validate(CCA(2), data, callbacks=Locked(), n_jobs=2)


def test_in_one_process_it_need_not_be_sent(data):
    cross_validate(CCA(2), data, **SETTINGS, callbacks=[Locked()])


class Fails(Callback):
    def on_fit_start(self, run):
        raise RuntimeError("no server")


def test_a_failing_callback_costs_no_result(data):
    with pytest.warns(CallbackWarning) as warned:
        found = cross_validate({"acmr": ACMR(**SMALL)}, data, **SETTINGS, callbacks=Fails())
    assert len(warned) == 4
    assert "Fails.on_fit_start failed for acmr/seed-0/fold-0/" in str(warned[0].message)
    assert found.failures == ()
    assert set(found.ranks["fold"]) == {0, 1}


def test_encoders_stand_in_the_names(tmp_path):
    songs = make_songs(40, shared=4, lyrics_size=6, random_state=0)
    compare_encoders(
        {"acmr": ACMR(**SMALL)}, Dataset(songs.audio, songs.lyrics), audio_encoders=["mfcc-stats"], components=[2],
        folds=2, shuffled_control=False, callbacks=Files(tmp_path),
    )  # fmt: skip
    assert Files(tmp_path).names[0] == "acmr-·-mfcc-stats/seed-0/fold-0/training-the-projectors"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_from_the_command_line(jobs, data, tmp_path, capsys):
    np.savez(tmp_path / "songs.npz", audio=data.audio, lyrics=data.lyrics)
    dcca = "dcca:hidden=(4,):batch_size=20:epochs=2:device=cpu"
    options = ["--methods", dcca, "--components", "2", "--folds", "2", "--no-control", "--quiet", "--jobs", jobs]
    code = main(["evaluate", str(tmp_path / "songs.npz"), *options, "--log", f"tensorboard:{tmp_path / 'runs'}"])
    assert code == 0, capsys.readouterr().err
    for fold in (0, 1):
        (run,) = (tmp_path / "runs").glob(f"dcca*/seed-0/fold-{fold}/training-DCCA")
        events = EventAccumulator(str(run))
        events.Reload()
        assert [event.step for event in events.Scalars("total")] == [1, 2]


def test_a_logger_that_there_is_not_is_said_in_a_line(tmp_path, capsys):
    assert main(["evaluate", str(tmp_path / "songs.npz"), "--log", "tensorbord:runs"]) == 2
    assert "expected tensorboard:FOLDER, mlflow:URI or wandb:PROJECT" in capsys.readouterr().err
