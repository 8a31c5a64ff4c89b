"""Several trainings of one model at once, such as the folds of a cross-validation: one batched model on one device.

Small networks leave a GPU waiting for the next command. Here the weights of all trainings are stacked, so that one
command does a step of all of them; each has its own songs, seed, order and early stopping, and comes out as if it had
been trained alone, but for rounding.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from alcca.errors import DataError, UsageError
from alcca.models.acmr import ACMR
from alcca.models.base import View
from alcca.models.content import content
from alcca.models.networks import AdversarialNetwork
from alcca.models.processes import world_size
from alcca.models.training import Batch, History, Losses, mean_validation, training_rows
from alcca.progress import Progress

__all__ = ["fit_together", "train_together"]

Weights: TypeAlias = dict[str, Tensor]  # by name; of one network, or stacked, (networks, ...)


def fit_together(
    models: Sequence[ACMR],
    views: Sequence[Sequence[View]],
    labels: Sequence[Any],
    groups: Sequence[Any] | None = None,
    *,
    show: bool = False,
) -> list[ACMR]:
    """Fit several `ACMR` at once, each on songs of its own.

    Parameters
    ----------
    models : sequence of ACMR
        Alike in all settings but ``random_state``.
    views : sequence of (audio, lyrics)
        For each model, as in `ACMR.fit`.
    labels : sequence of (sequence or None)
        For each model, as in `ACMR.fit`.
    groups : sequence of (sequence or None), optional
        For each model, as in `ACMR.fit`.
    show : bool
        Show a progress bar, also where the models' ``verbose`` is False.

    Returns
    -------
    list of ACMR
        The models, fitted. Those whose songs have as many columns and make as many batches train as one; the others in
        further groups.

    Raises
    ------
    UsageError
        Models of different settings; a setting out of its range; several processes, which share the training of one.
    DataError
        As `ACMR.fit`, of any of them.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> folds = [(rng.normal(size=(n, 12)), rng.normal(size=(n, 8))) for n in (60, 61)]
    >>> models = [ACMR(hidden=((16, 4), (4,)), epochs=2, batch_size=50, random_state=s, device="cpu") for s in (0, 1)]
    >>> [model.transform(fold)[0].shape for model, fold in zip(fit_together(models, folds, [None] * 2), folds)]
    [(60, 4), (61, 4)]
    """
    if world_size() > 1:
        raise UsageError(
            f"fit_together is for one process, and {world_size()} train together here; call fit of each model"
        )
    shared = [{**model.get_params(), "random_state": None} for model in models]
    for other in shared[1:]:
        for name, value in other.items():
            if content(value) != content(shared[0][name]):
                raise UsageError(
                    f"{name}={value!r} in one model and {shared[0][name]!r} in another; to fit them together give them "
                    "the same settings but for random_state"
                )
    torn = [None] * len(models) if groups is None else groups
    started = [model._start(*one) for model, *one in zip(models, views, labels, torn, strict=True)]
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, (_, (audio, lyrics, _), validation_rows, *_) in enumerate(started):
        n = len(audio) - (0 if validation_rows is None else len(validation_rows))
        alike[math.ceil(n / models[i].batch_size), audio.shape[1], lyrics.shape[1]].append(i)
    for members in alike.values():
        some = [started[i] for i in members]
        histories = train_together(
            [one.network for one in some],
            models[0]._losses,
            [one.data for one in some],
            validation_rows=[one.validation_rows for one in some],
            generators=[one.generator for one in some],
            **(models[0]._training_settings() | {"show": show or models[0].verbose}),
        )
        for i, history in zip(members, histories, strict=True):
            models[i]._finish(started[i], history)
    return list(models)


def train_together(
    networks: Sequence[AdversarialNetwork],
    objective: Callable[[Callable[..., Any], Batch, float], Losses],
    data: Sequence[Sequence[Tensor]],
    *,
    regularization: float,
    epochs: int,
    batch_size: int,
    lr: float,
    momentum: float,
    lr_decay: bool,
    k: int,
    opponent_steps: int,
    validation_rows: Sequence[Tensor | None],
    patience: int,
    generators: Sequence[torch.Generator],
    what: str,
    show: bool,
) -> list[History]:
    """Do for several networks what `alcca.models.training.train` does for one.

    Parameters
    ----------
    networks : sequence of AdversarialNetwork
        Trained in place, F of them; alike but for the number of categories.
    objective : callable
        ``objective(network, batch, progress) -> losses`` of one network and one batch.
    data : sequence of sequences of tensors
        The songs of each network, whose training songs make equally many batches.
    validation_rows, generators : sequences
        Of each network.
    regularization, epochs, batch_size, lr, momentum, lr_decay, k, opponent_steps, patience, what, show
        As in `alcca.models.training.train`.

    Returns
    -------
    list of History
        Of each network.

    Raises
    ------
    DataError
        A loss of one of them is no longer finite.
    """
    count, device = len(networks), data[0][0].device
    widest = max(networks, key=lambda network: len(network.semantic.bias))
    weights = {
        name: torch.stack([_widened(name, dict(network.named_parameters())[name], weight) for network in networks])
        .detach()
        .requires_grad_()
        for name, weight in widest.named_parameters()
    }
    names = {id(weight): name for name, weight in widest.named_parameters()}
    learners, opponents, regularized = (
        [weights[names[id(weight)]] for weight in part]
        for part in (widest.learners(), widest.opponents(), widest.projector_weights())
    )
    betas = (float(momentum), 0.999)
    optimizer = torch.optim.Adam(learners, lr=lr, betas=betas, fused=True)
    opponent = torch.optim.Adam(opponents, lr=lr, betas=betas, fused=True)

    def losses_of_one(own: Weights, batch: Batch, progress: float) -> Losses:
        return objective(lambda *inputs: functional_call(widest, own, inputs), batch, progress)

    def losses_of_all(parts: Sequence[Tensor], progress: float) -> Losses:
        """Losses by name, (F,): by batched operations where the batches are equally long."""
        whole = tuple(tensor.index_select(0, torch.cat(list(parts))) for tensor in songs)
        sizes = [len(part) for part in parts]
        if len(set(sizes)) == 1:
            batches = tuple(tensor.view(count, sizes[0], *tensor.shape[1:]) for tensor in whole)
            all_losses: Losses = vmap(losses_of_one, in_dims=(0, 0, None))(weights, batches, progress)
            return all_losses
        apart = zip(*(torch.split(tensor, sizes) for tensor in whole), strict=True)
        each = [losses_of_one(own, batch, progress) for own, batch in zip(_apart(weights), apart, strict=True)]
        return {name: torch.stack([losses[name] for losses in each]) for name in each[0]}

    # One below the other, so that one command takes a batch of each.
    songs = tuple(torch.cat(tensors) for tensors in zip(*data, strict=True))
    first = [0, *itertools.accumulate(len(one[0]) for one in data)]
    rows = [
        start + training_rows(len(one[0]), held_out)
        for start, one, held_out in zip(first, data, validation_rows, strict=False)
    ]
    counts = torch.tensor([len(own) for own in rows], device=device)
    steps = epochs * math.ceil(len(rows[0]) / batch_size)
    histories: list[History] = [[] for _ in networks]
    best: list[tuple[float, int, Weights]] = [(math.inf, 0, {}) for _ in networks]
    training = set(range(count))  # those that have not stopped; the others are computed, and nobody looks
    step = 0
    with Progress(what, epochs, unit="epoch", show=show) as bar:
        for epoch in range(epochs):
            orders = [
                own[torch.randperm(len(own), generator=generator)].to(device)
                for own, generator in zip(rows, generators, strict=True)
            ]
            sums: Losses = {}
            for parts in zip(*(torch.split(order, int(batch_size)) for order in orders), strict=True):
                if lr_decay:
                    for group in optimizer.param_groups:
                        group["lr"] = lr * (1 - step / steps)
                for _ in range(opponent_steps - 1):
                    total = losses_of_all(parts, step / steps)["total"].sum()
                    for p, gradient in zip(opponents, torch.autograd.grad(total, opponents), strict=True):
                        p.grad = gradient
                    opponent.step()
                for _ in range(k):
                    losses = losses_of_all(parts, step / steps)
                    optimizer.zero_grad()
                    opponent.zero_grad()
                    losses["total"].sum().backward()  # type: ignore[no-untyped-call]
                    losses["regularization"] = _add_norm_gradients(regularized, regularization)
                    optimizer.step()
                opponent.step()
                sizes = torch.tensor([len(part) for part in parts], device=device)
                for name, loss in losses.items():
                    sums[name] = sums.get(name, torch.zeros(count, device=device)) + loss.detach() * sizes
                step += 1
            means = {name: (total / counts).tolist() for name, total in sums.items() if name != "validation"}
            for i in sorted(training):
                histories[i].append({name: values[i] for name, values in means.items()})
                if not math.isfinite(means["total"][i]):
                    raise DataError(f"training diverged in epoch {epoch + 1}; lower lr={lr} and train again")
                held_out = validation_rows[i]
                if held_out is None:
                    continue
                own = {name: weight[i].detach() for name, weight in weights.items()}
                score = mean_validation(
                    partial(losses_of_one, own), data[i], torch.split(held_out.to(device), int(batch_size))
                )
                histories[i][-1]["validation"] = score
                if score < best[i][0]:
                    best[i] = score, epoch, {name: weight.clone() for name, weight in own.items()}
                elif epoch - best[i][1] >= patience:
                    training.remove(i)
            if not training:
                break
            bar.update(note=f"loss {sum(means['total'][i] for i in training) / len(training):.3f}")
    for network, own, (_, _, best_weights) in zip(networks, _apart(weights), best, strict=True):
        found = best_weights or own
        network.load_state_dict(
            {name: found[name].detach()[_corner(weight)] for name, weight in network.named_parameters()}
        )
    return histories


def _widened(name: str, weight: Tensor, widest: Tensor) -> Tensor:
    """A weight in the shape of the network with most categories; those that it lacks have probability 0 for ever."""
    out = torch.full_like(widest, -math.inf if name == "semantic.bias" else 0.0)
    out[_corner(weight)] = weight
    return out


def _corner(weight: Tensor) -> tuple[slice, ...]:
    """Where a weight lies in a wider one."""
    return tuple(slice(n) for n in weight.shape)


def _apart(weights: Mapping[str, Tensor]) -> list[Weights]:
    """The weights of each network; by unbind, whose gradients come back in one piece."""
    each = zip(*(weight.unbind() for weight in weights.values()), strict=True)
    return [dict(zip(weights, own, strict=True)) for own in each]


@torch.no_grad()
def _add_norm_gradients(regularized: Sequence[Tensor], regularization: float) -> Tensor:
    """Add the gradient of γ L_reg (`alcca.models.losses.weight_norm_decay`) of each network; return L_reg, (F,)."""
    total = torch.zeros(len(regularized[0]), device=regularized[0].device)
    for W in regularized:
        norms = torch.linalg.vector_norm(W, dim=(1, 2))
        total += norms
        assert W.grad is not None
        W.grad.addcmul_(W, (regularization / norms.clamp(min=torch.finfo(W.dtype).tiny))[:, None, None])
    return total
