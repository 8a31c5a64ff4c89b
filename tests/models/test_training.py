from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import nn

from alcca.errors import DataError, UsageError
from alcca.models.training import TrainingSettings, choose_device, reversal_strength, split_rows, train


class Point(nn.Module):
    """Two numbers that pull each other: x learns, w opposes."""

    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.zeros(1))
        self.w = nn.Parameter(torch.zeros(1))


def run(point, objective, n=10, **kwargs):
    """Train with settings, and what else `train` takes, that differ from those here by ``kwargs``."""
    named = {"epochs": 3, "batch_size": 4, "lr": 0.1, "generator": torch.Generator().manual_seed(0)} | kwargs
    settings = TrainingSettings(
        **{field.name: named.pop(field.name) for field in fields(TrainingSettings) if field.name in named}
    )
    return train(point, objective, (torch.arange(float(n)),), settings, learners=[point.x], **named)


def test_every_song_comes_once_an_epoch_in_a_new_order_with_a_short_last_batch():
    batches = []
    point = Point()

    def objective(batch, progress):
        batches.append(batch[0].tolist())
        return {"total": (point.x**2).sum()}

    run(point, objective)
    assert [len(b) for b in batches] == [4, 4, 2] * 3
    epochs = [[song for b in batches[i : i + 3] for song in b] for i in (0, 3, 6)]
    assert [sorted(e) for e in epochs] == [list(range(10))] * 3
    assert epochs[0] != epochs[1] != epochs[2]


def test_progress_goes_from_0_towards_1_over_all_batches():
    seen = []
    point = Point()

    def objective(batch, progress):
        seen.append(progress)
        return {"total": (point.x**2).sum()}

    run(point, objective, k=2)
    np.testing.assert_allclose(seen, np.repeat(np.arange(9) / 9, 2))


@pytest.mark.parametrize("k", [1, 3])
def test_learners_take_k_steps_for_one_of_the_opponents(k):
    # Adam moves by lr a step while the sign of the gradient stays.
    point = Point()
    run(point, lambda batch, progress: {"total": (-point.x + point.w).sum()}, k=k, opponents=[point.w], lr=0.01)
    np.testing.assert_allclose([point.x.item(), point.w.item()], [9 * k * 0.01, -9 * 0.01], rtol=1e-4)


def test_momentum_is_that_of_both_sides():
    # By hand: Adam after the gradients g and -g, whose second moment is g squared all along.
    def moved(momentum):
        point, signs = Point(), iter([1.0, -1.0])

        def objective(batch, progress):
            return {"total": next(signs) * (point.x + point.w).sum()}

        run(point, objective, epochs=2, batch_size=10, opponents=[point.w], momentum=momentum)
        return [point.x.item(), point.w.item()]

    for momentum in (0.0, 0.5, 0.9):
        second = (momentum * (1 - momentum) - (1 - momentum)) / (1 - momentum**2)
        np.testing.assert_allclose(moved(momentum), [-0.1 * (1 + second)] * 2, atol=1e-6)


def test_the_learners_step_falls_to_0_and_the_opponents_stays():
    point = Point()
    run(point, lambda batch, progress: {"total": (-point.x + point.w).sum()}, opponents=[point.w], lr_decay=True)
    np.testing.assert_allclose([point.x.item(), point.w.item()], [0.1 * sum(range(1, 10)) / 9, -0.9], rtol=1e-4)


def test_opponents_take_their_further_steps_before_the_learners_and_alone():
    point, seen = Point(), []

    def objective(batch, progress):
        seen.append((round(point.x.item(), 3), round(point.w.item(), 3), batch[0].tolist(), progress))
        return {"total": (-point.x + point.w).sum()}

    history = run(point, objective, epochs=2, batch_size=10, opponents=[point.w], opponent_steps=3)
    assert [(x, w) for x, w, *_ in seen] == [(0, 0), (0, -0.1), (0, -0.2), (0.1, -0.3), (0.1, -0.4), (0.1, -0.5)]
    assert seen[0][2:] == seen[1][2:] == seen[2][2:]
    assert [p for *_, p in seen] == [0, 0, 0, 0.5, 0.5, 0.5]
    assert [h["total"] for h in history] == pytest.approx([-0.2, -0.6])


def test_history_is_the_mean_over_songs():
    point = Point()
    history = run(point, lambda batch, progress: {"total": 0 * point.x.sum() + batch[0].mean()})
    assert [h["total"] for h in history] == pytest.approx([4.5] * 3)


def test_weight_norms_are_minimised_beside_the_objective():
    point = Point()
    nn.init.constant_(point.x, 5.0)
    history = run(
        point, lambda batch, progress: {"total": 0 * point.x.sum()}, regularized=[point.x], regularization=1.0, epochs=1
    )
    assert point.x.item() == pytest.approx(5 - 3 * 0.1, abs=1e-4)
    assert history[0]["regularization"] == pytest.approx((4 * 5 + 4 * 4.9 + 2 * 4.8) / 10, abs=1e-3)


def test_weights_move_as_if_autograd_had_their_norms():
    """Two matrices of different norms and a bias without one, against Adam on the written-out loss."""
    x, target = torch.randn(10, 5, generator=torch.Generator().manual_seed(7)).split([3, 2], dim=1)

    def fresh():
        network = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
        for i, p in enumerate(network.parameters()):
            nn.init.normal_(p, std=1.0 + i, generator=torch.Generator().manual_seed(i))
        return network

    ours, naive = fresh(), fresh()
    weights = [ours[1].weight, ours[0].weight]
    train(
        ours, lambda batch, progress: {"total": ((ours(batch[0]) - batch[1]) ** 2).mean()}, (x, target),
        TrainingSettings(regularization=0.5, epochs=5, batch_size=10, lr=0.1),
        learners=list(ours.parameters()), regularized=weights, generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    optimizer = torch.optim.Adam(naive.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        norms = naive[0].weight.norm() + naive[1].weight.norm()
        (((naive(x) - target) ** 2).mean() + 0.5 * norms).backward()
        optimizer.step()
    for p, q in zip(ours.parameters(), naive.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)


def test_early_stopping_goes_back_to_the_best():
    # The learner walks past 0.25, where the validation loss is least, and on.
    point = Point()
    trained_on = set()

    def objective(batch, progress):
        if torch.is_grad_enabled():
            trained_on.update(batch[0].tolist())
        return {"total": -point.x.sum(), "validation": ((point.x - 0.25) ** 2).sum()}

    history = run(point, objective, epochs=100, batch_size=8, lr=0.05, patience=4, validation_rows=torch.tensor([2, 3]))
    assert point.x.item() == pytest.approx(0.25, abs=0.01)
    assert len(history) == 5 + 4
    assert history[4]["validation"] == min(h["validation"] for h in history)
    assert trained_on == set(range(10)) - {2, 3}


def test_an_equal_validation_loss_is_no_improvement():
    point = Point()

    def objective(batch, progress):
        return {"total": -point.x.sum(), "validation": 0 * point.x.sum()}

    history = run(point, objective, epochs=100, batch_size=8, patience=3, validation_rows=torch.tensor([2, 3]))
    assert len(history) == 1 + 3
    assert point.x.item() == pytest.approx(0.1, abs=1e-4)  # one step, in the first epoch


def test_divergence_is_an_error():
    point = Point()
    with pytest.raises(DataError, match=r"diverged in epoch 1; lower lr=0\.1"):
        run(point, lambda batch, progress: {"total": (point.x / 0).sum()})


def test_strength_schedule():
    for p in np.linspace(0, 1, 11):
        assert reversal_strength(p) == pytest.approx(np.tanh(5 * p), abs=1e-12)  # the same curve, written otherwise


@pytest.mark.parametrize(("n", "share", "kept"), [(100, 0.2, 20), (3, 0.01, 1), (3, 0.99, 2)])
def test_split(n, share, kept):
    rows = split_rows(n, share, torch.Generator().manual_seed(0))
    assert len(set(rows.tolist())) == kept
    assert set(rows.tolist()) <= set(range(n))


def test_no_split():
    assert split_rows(10, None, torch.Generator()) is None


@pytest.mark.parametrize("share", [0, 1, -0.1, 10])
def test_bad_shares_are_refused(share):
    with pytest.raises(UsageError, match=f"validation={share}"):
        split_rows(10, share, torch.Generator())


def test_devices():
    assert choose_device("auto").type in ("cpu", "cuda")
    with pytest.raises(UsageError, match="device='gramophone'"):
        choose_device("gramophone")
