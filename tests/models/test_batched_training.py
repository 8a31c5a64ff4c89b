import numpy as np
import pytest
import torch
from sklearn.base import clone

from alcca.errors import DataError, UsageError
from alcca.models import batched_training
from alcca.models.acmr import ACMR
from alcca.models.batched_training import fit_together

SMALL = {"hidden": ((16, 6), (6,)), "epochs": 5, "batch_size": 32, "lr": 1e-2, "margin": 2.0, "device": "cpu"}


def folds(sizes=(75, 76, 80), moods=(3, 4, 2), columns=(20, 20, 20)):
    """Folds whose sizes, categories and (where asked) columns differ; some songs have no label."""
    made, labels = [], []
    for seed, (n, m, p) in enumerate(zip(sizes, moods, columns, strict=True)):
        rng = np.random.default_rng(seed)
        mood = rng.integers(m, size=n)
        shared = np.eye(m)[mood] + 0.3 * rng.normal(size=(n, m))
        made.append(tuple(shared @ rng.normal(size=(m, c)) + 0.5 * rng.normal(size=(n, c)) for c in (p, 8)))
        labels.append([None if i % 7 == 0 else int(one) for i, one in enumerate(mood)])
    return made, labels


def models(count=3, **settings):
    return [ACMR(**(SMALL | settings), random_state=seed) for seed in range(count)]


@pytest.fixture
def groups(monkeypatch):
    """How many networks each batched training had."""
    seen = []
    train = batched_training.train_together

    def watched(networks, *more, **settings):
        seen.append(len(networks))
        return train(networks, *more, **settings)

    monkeypatch.setattr(batched_training, "train_together", watched)
    return seen


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"invariance": "pair", "regularization": 0.3, "standardize": False},
        {"k": 2, "opponent_steps": 3, "momentum": 0.5, "lr_decay": True},
        {"epochs": 60, "lr": 0.03, "validation": 0.2, "patience": 3},
        {"adversary": 0, "alpha": 0.5, "beta": 2.0, "precision": "bf16"},
    ],
    ids=["defaults", "other losses", "other steps", "early stopping", "bf16"],
)
def test_folds_trained_together_are_those_trained_alone(settings, groups):
    views, labels = folds()
    alone = [clone(model).fit(one, y) for model, one, y in zip(models(**settings), views, labels, strict=True)]
    found = fit_together(models(**settings), views, labels)
    assert groups == [3]
    tolerance = 0.02 if "precision" in settings else 1e-4
    for ours, theirs, one in zip(found, alone, views, strict=True):
        assert (ours.classes_, len(ours.history_)) == (theirs.classes_, len(theirs.history_))
        for epoch, expected in zip(ours.history_, theirs.history_, strict=True):
            assert epoch == pytest.approx(expected, abs=tolerance)
            assert list(epoch) == list(expected)
        for z, expected in zip(ours.transform(one), theirs.transform(one), strict=True):
            np.testing.assert_allclose(z, expected, atol=tolerance)
        for name, weight in theirs.network_.state_dict().items():
            torch.testing.assert_close(ours.network_.state_dict()[name], weight, rtol=0, atol=tolerance)
    if "validation" in settings:
        assert len({len(model.history_) for model in found}) > 1  # one goes on where another has stopped


def test_those_with_other_numbers_of_batches_or_columns_train_in_groups_of_their_own(groups):
    views, labels = folds((64, 65, 64), columns=(20, 20, 21))
    alone = [clone(model).fit(one, y) for model, one, y in zip(models(), views, labels, strict=True)]
    for ours, theirs, one in zip(fit_together(models(), views, labels), alone, views, strict=True):
        np.testing.assert_allclose(ours.transform(one)[0], theirs.transform(one)[0], atol=1e-4)
    assert groups == [1, 1, 1]
    views, labels = folds((64, 65, 64))
    fit_together(models(), views, labels)
    assert groups[3:] == [2, 1]


def test_groups_stay_together_as_in_those_trained_alone():
    views, labels = folds()
    belong = [np.random.default_rng(0).permutation(len(one[0])) // 4 for one in views]
    settings = {"epochs": 40, "lr": 0.03, "validation": 0.2, "patience": 3}
    alone = [
        clone(m).fit(one, y, groups=g) for m, one, y, g in zip(models(**settings), views, labels, belong, strict=True)
    ]
    found = fit_together(models(**settings), views, labels, belong)
    for ours, theirs, one in zip(found, alone, views, strict=True):
        assert len(ours.history_) == len(theirs.history_)
        np.testing.assert_allclose(ours.transform(one)[0], theirs.transform(one)[0], atol=1e-4)
    torn = fit_together(models(**settings), views, labels)
    assert [len(model.history_) for model in torn] != [len(model.history_) for model in found]
    with pytest.raises(DataError, match="groups: expected one for each of 80 songs, got 75"):
        fit_together(models(**settings), views, labels, [*belong[:2], belong[0]])


def test_same_seed_same_bits():
    views, labels = folds()
    first, second = (fit_together(models(), views, labels) for _ in range(2))
    for ours, theirs, one in zip(first, second, views, strict=True):
        np.testing.assert_array_equal(ours.transform(one)[0], theirs.transform(one)[0])


def test_bad_calls_are_refused():
    views, labels = folds()
    mixed = [*models(2), ACMR(**(SMALL | {"margin": 3.0}))]
    with pytest.raises(UsageError, match=r"margin=3\.0 in one model and 2\.0 in another; .* but for random_state"):
        fit_together(mixed, views, labels)
    with pytest.raises(UsageError, match="k=0"):
        fit_together(models(k=0), views, labels)
    with pytest.raises(DataError, match="y: expected 80 labels"):
        fit_together(models(), views, [*labels[:2], [1]])
    with pytest.raises(DataError, match="training diverged in epoch 1; lower lr"):
        fit_together(models(lr=1e38), views, labels)


def test_it_is_not_for_processes_that_train_together(monkeypatch):
    monkeypatch.setattr(batched_training, "world_size", lambda: 2)
    with pytest.raises(UsageError, match="fit_together is for one process, and 2 train together here"):
        fit_together(models(), *folds())
