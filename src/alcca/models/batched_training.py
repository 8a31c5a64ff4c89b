"""Several trainings of one model at once, such as the folds of a cross-validation: one batched model on one device.

Small networks leave a GPU waiting for the next command. Here the weights of all trainings are stacked, so that one
command does a step of all of them. Each has its own songs, seed, order and early stopping, and ends with the weights of
a training on its own, up to rounding.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from alcca.errors import UsageError
from alcca.models.acmr import ACMR
from alcca.models.base import View
from alcca.models.content import content
from alcca.models.networks import AdversarialNetwork
from alcca.models.processes import world_size
from alcca.models.training import mean_validation, training_rows
from alcca.models.training_loop import (
    Batch,
    History,
    Losses,
    Trainees,
    TrainingSettings,
    Weights,
    minimise,
    shuffled_batches,
    split_batches,
)

__all__ = ["fit_together", "train_together"]


class _BatchOfEach(NamedTuple):
    """A batch of songs of each network, one below the other, and the number of songs of each."""

    songs: Batch
    sizes: list[int]


def fit_together(
    models: Sequence[ACMR],
    views: Sequence[Sequence[View]],
    labels: Sequence[Any],
    groups: Sequence[Any] | None = None,
    *,
    show: bool = False,
    runs: Sequence[tuple[str, Mapping[str, Any]]] | None = None,
) -> list[ACMR]:
    """Fit several `ACMR` at once, each on its own songs.

    Parameters
    ----------
    models : sequence of ACMR
        With the same settings, except for ``random_state``.
    views : sequence of (audio, lyrics)
        For each model, as in `ACMR.fit`.
    labels : sequence of (sequence or None)
        For each model, as in `ACMR.fit`.
    groups : sequence of (sequence or None), optional
        For each model, as in `ACMR.fit`.
    show : bool
        Show a progress bar, also where the models' ``verbose`` is False.
    runs : sequence of (str, mapping), optional
        For each model the name of its run, and what is known of it, for callbacks
        (`alcca.models.callbacks.training_callbacks`). By default they differ only in a number.

    Returns
    -------
    list of ACMR
        The models, fitted. Those whose songs have equal numbers of columns and batches are trained together; the
        others in further groups.

    Raises
    ------
    UsageError
        The settings differ, a setting is out of its range, or several processes train together.
    DataError
        As raised by `ACMR.fit` of any of them.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> folds = [(rng.normal(size=(n, 12)), rng.normal(size=(n, 8))) for n in (60, 61)]
    >>> models = [ACMR(((16, 4), (4,)), beta=0, epochs=2, batch_size=50, random_state=s, device="cpu") for s in (0, 1)]
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
    groups = [None] * len(models) if groups is None else groups
    started = [model._start(*songs) for model, *songs in zip(models, views, labels, groups, strict=True)]
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, (_, (audio, lyrics, _), validation_rows, *_) in enumerate(started):
        n = len(audio) - (0 if validation_rows is None else len(validation_rows))
        alike[math.ceil(n / models[i].batch_size), audio.shape[1], lyrics.shape[1]].append(i)
    for members in alike.values():
        starts = [started[i] for i in members]
        histories = train_together(
            [start.network for start in starts],
            models[0]._losses,
            [start.data for start in starts],
            models[0]._training_settings(),
            validation_rows=[start.validation_rows for start in starts],
            generators=[start.generator for start in starts],
            show=show or models[0].verbose,
            runs=None if runs is None else [runs[i] for i in members],
        )
        for i, history in zip(members, histories, strict=True):
            models[i]._finish(started[i], history)
    return list(models)


def train_together(
    networks: Sequence[AdversarialNetwork],
    objective: Callable[[Callable[..., Any], Batch, float], Losses],
    data: Sequence[Sequence[Tensor]],
    settings: TrainingSettings,
    *,
    validation_rows: Sequence[Tensor | None],
    generators: Sequence[torch.Generator],
    show: bool,
    runs: Sequence[tuple[str, Mapping[str, Any]]] | None = None,
) -> list[History]:
    """Train several networks at once, each as `alcca.models.training.train` trains it.

    Parameters
    ----------
    networks : sequence of AdversarialNetwork
        Trained in place, F of them; of one shape, except for the number of categories.
    objective : callable
        ``objective(network, batch, progress) -> losses`` of one network and one batch.
    data : sequence of sequences of tensors
        The songs of each network; the training songs of all make equally many batches.
    settings : TrainingSettings
        Of all; ``smallest_batch`` is 1.
    validation_rows, generators : sequences
        One for each network.
    show : bool
        Show a progress bar.
    runs : sequence of (str, mapping), optional
        As in `fit_together`.

    Returns
    -------
    list of History
        One for each network.

    Raises
    ------
    DataError
        The loss of a network is no longer finite.
    """
    trainees = _SeveralNetworks(
        networks, objective, data, settings, validation_rows=validation_rows, generators=generators
    )
    histories = minimise(trainees, what="training the projectors", show=show, runs=runs)
    for network, own in zip(networks, _apart(trainees.stacked), strict=True):
        network.load_state_dict(
            {name: own[name].detach()[_corner(weight)] for name, weight in network.named_parameters()}
        )
    return histories


class _SeveralNetworks(Trainees):
    """F networks as one batched model; the arguments are those of `train_together`."""

    def __init__(
        self,
        networks: Sequence[AdversarialNetwork],
        objective: Callable[[Callable[..., Any], Batch, float], Losses],
        data: Sequence[Sequence[Tensor]],
        settings: TrainingSettings,
        *,
        validation_rows: Sequence[Tensor | None],
        generators: Sequence[torch.Generator],
    ) -> None:
        self.count, self.device = len(networks), data[0][0].device
        self.widest = max(networks, key=lambda network: len(network.semantic.bias))
        # (F, ...)
        self.stacked = {
            name: torch.stack([_widened(name, dict(network.named_parameters())[name], weight) for network in networks])
            .detach()
            .requires_grad_()
            for name, weight in self.widest.named_parameters()
        }
        names = {id(weight): name for name, weight in self.widest.named_parameters()}
        learners, opponents, self.regularized = (
            [self.stacked[names[id(weight)]] for weight in part]
            for part in (self.widest.learners(), self.widest.opponents(), self.widest.projector_weights())
        )
        super().__init__(learners, opponents, settings)
        self.objective, self.generators = objective, generators
        self.data, self.validation_rows = data, validation_rows
        # One below the other, so that one command takes a batch of each.
        self.songs = tuple(torch.cat(tensors) for tensors in zip(*data, strict=True))
        first = [0, *itertools.accumulate(len(own[0]) for own in data)]
        self.rows = [
            start + training_rows(len(own[0]), held_out)
            for start, own, held_out in zip(first, data, validation_rows, strict=False)
        ]
        self.counts = torch.tensor([len(rows) for rows in self.rows], device=self.device)
        self.batches = len(split_batches(self.rows[0], settings.batch_size))

    def shuffled_batches(self) -> Iterator[tuple[_BatchOfEach, Tensor]]:
        orders = [
            shuffled_batches(rows, self.settings.batch_size, generator, self.device)
            for rows, generator in zip(self.rows, self.generators, strict=True)
        ]
        for parts in zip(*orders, strict=True):
            rows, sizes = torch.cat(parts), [len(part) for part in parts]
            songs = tuple(tensor.index_select(0, rows) for tensor in self.songs)
            yield _BatchOfEach(songs, sizes), torch.tensor(sizes, device=self.device)

    def losses(self, batch: _BatchOfEach, progress: float) -> Losses:
        """Compute losses by name, (F,): by batched operations where the batches are equally long."""
        if len(set(batch.sizes)) == 1:
            batches = tuple(tensor.view(self.count, batch.sizes[0], *tensor.shape[1:]) for tensor in batch.songs)
            all_losses: Losses = vmap(self._losses_of_one, in_dims=(0, 0, None))(self.stacked, batches, progress)
            return all_losses
        batches_apart = zip(*(torch.split(tensor, batch.sizes) for tensor in batch.songs), strict=True)
        each = [
            self._losses_of_one(own, own_batch, progress)
            for own, own_batch in zip(_apart(self.stacked), batches_apart, strict=True)
        ]
        return {name: torch.stack([losses[name] for losses in each]) for name in each[0]}

    def _losses_of_one(self, own: dict[str, Tensor], batch: Batch, progress: float) -> Losses:
        return self.objective(lambda *inputs: functional_call(self.widest, own, inputs), batch, progress)

    def regularize(self) -> Losses:
        return {"regularization": _add_norm_gradients(self.regularized, self.settings.regularization)}

    def means(self, sums: Losses) -> list[dict[str, float]]:
        each = {name: (total / self.counts).tolist() for name, total in sums.items()}
        return [{name: values[i] for name, values in each.items()} for i in range(self.count)]

    def validate(self, i: int) -> float | None:
        rows = self.validation_rows[i]
        if rows is None:
            return None
        own = {name: weight[i].detach() for name, weight in self.stacked.items()}
        batches = split_batches(rows.to(self.device), self.settings.batch_size)
        return mean_validation(partial(self._losses_of_one, own), self.data[i], batches)

    def weights(self, i: int) -> Weights:
        return {name: weight[i].detach().clone() for name, weight in self.stacked.items()}

    @torch.no_grad()
    def restore(self, i: int, weights: Weights) -> None:
        for name, weight in weights.items():
            self.stacked[name][i] = weight


def _widened(name: str, weight: Tensor, widest: Tensor) -> Tensor:
    """A weight in the shape of the network with most categories; added categories keep the probability 0."""
    out = torch.full_like(widest, -math.inf if name == "semantic.bias" else 0.0)
    out[_corner(weight)] = weight
    return out


def _corner(weight: Tensor) -> tuple[slice, ...]:
    """The place of a weight in a wider one."""
    return tuple(slice(n) for n in weight.shape)


def _apart(weights: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Split stacked weights into those of each network; by unbind, which stacks the gradients again."""
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
