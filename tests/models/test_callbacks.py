"""Callbacks follow each training, change nothing, and cannot end it."""

import numpy as np
import pytest
import torch
from torch import nn

from alcca.datasets import make_songs
from alcca.errors import DataError, UsageError
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.batched_training import fit_together
from alcca.models.callbacks import Callback, CallbackWarning, check_callbacks, training_callbacks
from alcca.models.clip import CLIP
from alcca.models.dcca import DCCA
from alcca.models.pretrain_cnn_dcca import PretrainCNNDCCA
from alcca.models.training import TrainingSettings, train

SMALL = {"hidden": ((8, 4), (4,)), "epochs": 3, "lr": 1e-2, "device": "cpu"}


class Notes(Callback):
    """Notes all that it is told."""

    def __init__(self):
        self.told = []

    def on_fit_start(self, run):
        self.told.append(("start", run.name))

    def on_epoch_end(self, run, epoch, losses):
        self.told.append((epoch, run.name, dict(losses)))

    def on_fit_end(self, run, error):
        self.told.append(("end", run.name, error))

    @property
    def names(self):
        return [name for kind, name, *_ in self.told if kind == "start"]


@pytest.fixture(scope="module")
def songs():
    return make_songs(62, shared=3, audio_shape=(6,), lyrics_size=5, random_state=0)


def views(songs):
    return songs.audio, songs.lyrics


def trained(x, **more):
    point = nn.Parameter(torch.tensor([x]))
    settings = TrainingSettings(epochs=3, batch_size=4, lr=0.1)
    return train(
        nn.ParameterList([point]), lambda batch, progress: {"total": (point**2).sum()},
        (torch.arange(8.0),), settings, learners=[point], generator=torch.Generator().manual_seed(0), what="a point",
        **more,
    )  # fmt: skip


def test_a_training_tells_its_start_each_epoch_with_its_losses_and_its_end():
    notes = Notes()
    history = trained(1.0, callbacks=[notes])
    assert notes.told == [
        ("start", "a-point"),
        *((epoch, "a-point", losses) for epoch, losses in enumerate(history, start=1)),
        ("end", "a-point", None),
    ]
    assert len(history) == 3


@pytest.mark.parametrize("model", [
    ACMR(**SMALL, validation=0.2), ALCCA(2, **SMALL), DCCA(2, hidden=(4,), epochs=3, batch_size=30, device="cpu"),
    CLIP(hidden=(8, 4), epochs=3, batch_size=30, device="cpu"),
], ids=lambda model: type(model).__name__)  # fmt: skip
def test_callbacks_change_no_number(songs, model):
    history = model.fit(views(songs), songs.label).history_
    plain = model.transform(views(songs))
    notes = Notes()
    with training_callbacks(notes):
        torch.manual_seed(7)
        model.fit(views(songs), songs.label)
    for found, expected in zip(model.transform(views(songs)), plain, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert [losses for _, _, losses in notes.told[1:-1]] == history == model.history_


def test_what_a_callback_does_to_the_losses_stays_with_it():
    class Spoils(Callback):
        def on_epoch_end(self, run, epoch, losses):
            losses.clear()

    notes = Notes()
    history = trained(1.0, callbacks=[Spoils(), notes])
    assert all("total" in losses for losses in history)
    assert all("total" in losses for _, _, losses in notes.told[1:-1])


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (ALCCA(2, ridge="auto", **SMALL), ["training-the-projectors", "training-the-projectors-2"]),
        (
            PretrainCNNDCCA(2, hidden=(4,), features=8, pretrain_epochs=1, epochs=1, batch_size=30, device="cpu"),
            ["pre-training-the-CNN", "training-DCCA"],
        ),
    ],
)
def test_every_training_of_a_method_is_a_run_of_its_own(model, names):
    frames = make_songs(60, moods=3, shared=3, lyrics_size=5, random_state=0)
    notes = Notes()
    with training_callbacks(notes, name="mine/fold 1"):
        model.fit((frames.audio, frames.lyrics), frames.label)
    assert notes.names == [f"mine/fold-1/{name}" for name in names]


def test_blocks_add_callbacks_and_the_innermost_name_counts():
    outer, inner = Notes(), Notes()
    with training_callbacks(outer, name="outer", method="a"):
        trained(1.0)
        with training_callbacks(inner, name="in:ner"):
            trained(1.0)
        trained(1.0)
    trained(1.0)
    assert outer.names == ["outer/a-point", "in-ner/a-point", "outer/a-point-2"]
    assert inner.names == ["in-ner/a-point"]


def test_an_error_of_a_callback_is_named_and_the_training_goes_on(songs):
    class Full(Notes):
        def on_epoch_end(self, run, epoch, losses):
            super().on_epoch_end(run, epoch, losses)
            raise OSError("no space left")

    full, notes = Full(), Notes()
    said = r"Full\.on_epoch_end failed for a-point \(OSError: no space left\); the training goes on without it"
    with pytest.warns(CallbackWarning, match=said):
        history = trained(1.0, callbacks=[full, notes])
    assert len(history) == len(notes.told) - 2 == 3
    assert [kind for kind, *_ in full.told] == ["start", 1]


def test_the_end_tells_why_it_came():
    notes = Notes()
    with pytest.raises(DataError, match="diverged"):
        trained(float("nan"), callbacks=[notes])
    kind, name, error = notes.told[-1]
    assert (kind, name) == ("end", "a-point")
    assert "diverged in epoch 1" in str(error)


def test_a_callback_can_stop_a_training_as_the_keyboard_does():
    class Stops(Callback):
        def on_epoch_end(self, run, epoch, losses):
            raise KeyboardInterrupt

    notes = Notes()
    with pytest.raises(KeyboardInterrupt):
        trained(1.0, callbacks=[notes, Stops()])
    assert isinstance(notes.told[-1][2], KeyboardInterrupt)


def test_networks_that_train_side_by_side_are_told_apart(songs):
    half = [np.arange(0, 31), np.arange(31, 62)]
    models = [ACMR(**SMALL, random_state=seed) for seed in range(2)]
    parts = [(songs.audio[rows], songs.lyrics[rows]) for rows in half]
    labels = [np.asarray(songs.label)[rows] for rows in half]
    notes, plain = Notes(), Notes()
    with training_callbacks(notes):
        fit_together(models, parts, labels, runs=[("first", {"fold": 0}), ("second", {"fold": 1})])
    for name, model in zip(["first", "second"], models, strict=True):
        losses = [told[2] for told in notes.told if told[0] in (1, 2, 3) and told[1].startswith(name)]
        assert losses == model.history_
    with training_callbacks(plain):
        fit_together(models, parts, labels)
    assert plain.names == ["training-the-projectors", "training-the-projectors-2"]


def test_only_the_first_of_several_processes_tells(monkeypatch):
    monkeypatch.setattr("alcca.models.training_loop.process_rank", lambda: 1)
    notes = Notes()
    trained(1.0, callbacks=[notes])
    assert notes.told == []


@pytest.mark.parametrize("wrong", [None, "tensorboard", Notes, object(), [Notes(), 3]])
def test_what_cannot_follow_is_refused_before_the_training(wrong):
    with pytest.raises(UsageError, match=r"^callbacks: .* expected objects of a subclass of"):
        check_callbacks(wrong)
    with pytest.raises(UsageError, match=r"^callbacks"), training_callbacks(wrong):
        raise AssertionError
