"""The training loop, from top to bottom: minibatches, k inner steps, the adversary, early stopping.

The same loop trains one network (`alcca.models.training`) and several side by side (`alcca.models.batched_training`).
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from alcca.errors import DataError
from alcca.models.callbacks import Callback, watched
from alcca.models.distributed import all_reduce_mean, as_first
from alcca.models.processes import process_rank
from alcca.progress import Progress

__all__ = [
    "Batch",
    "History",
    "Losses",
    "Trainees",
    "TrainingSettings",
    "Weights",
    "minimise",
    "shuffled_batches",
    "split_batches",
]

Batch: TypeAlias = tuple[Tensor, ...]  # the rows of every data tensor that belong to the same songs
Losses: TypeAlias = dict[str, Tensor]  # by name; "total" is minimised, "validation" decides when to stop
History: TypeAlias = list[dict[str, float]]  # one entry an epoch
Weights: TypeAlias = Mapping[str, Any]  # by name


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a training goes on, whatever is trained.

    Parameters
    ----------
    epochs, batch_size : int
        At least 1.
    smallest_batch : int
        A last batch of fewer rows joins the one before; by default it stays, however short.
    lr : float
        Adam's step, above 0.
    momentum : float
        Adam's β₁ for learners and opponents, at least 0 and below 1.
    lr_decay : bool
        The learners' step falls linearly to 0 over the planned training; the opponents keep theirs.
    k : int
        Steps of the learners for every one of the opponents (Algorithm 1; the order of Wang et al. 2017, where the
        modality classifier follows the inner loop). With k = 1 both take every step.
    opponent_steps : int
        Steps of the opponents on each batch, at least 1: all but the last are taken before the learners' first.
    regularization : float
        γ of L_reg (Eq. 5), at least 0.
    patience : int
        Epochs without a lower "validation" after which training stops and restores the best epoch's weights.
    """

    epochs: int
    batch_size: int
    smallest_batch: int = 1
    lr: float
    momentum: float = 0.9
    lr_decay: bool = False
    k: int = 1
    opponent_steps: int = 1
    regularization: float = 0.0
    patience: int = 20


class Trainees(ABC):
    """What `minimise` trains: one network, or F networks of one shape, each with its own songs and early stopping.

    Parameters
    ----------
    learners : sequence of tensors, or of Adam's parameter groups
    opponents : sequence of tensors
        Empty without an adversary.
    settings : TrainingSettings

    Attributes
    ----------
    count : int
        F; 1 for one network.
    batches : int
        Batches of an epoch, as many for each network.
    learners, opponents : Adam
        The optimizers; None for no opponents.
    opponent_weights : sequence of tensors
    """

    count: int
    batches: int

    def __init__(self, learners: Sequence[Any], opponents: Sequence[Tensor], settings: TrainingSettings) -> None:
        # Fused: one pass over weights, gradients and moments instead of a dozen (18 against 26 ms a step).
        adam = partial(torch.optim.Adam, lr=settings.lr, betas=(float(settings.momentum), 0.999), fused=True)
        self.settings = settings
        self.learners = adam(learners)
        self.opponents = adam(opponents) if opponents else None
        self.opponent_weights = opponents

    @abstractmethod
    def shuffled_batches(self) -> Iterable[tuple[Any, int | Tensor]]:
        """Draw a new order of the training songs; yield each batch and its number of songs, of F networks (F,)."""

    @abstractmethod
    def losses(self, batch: Any, progress: float) -> Losses:
        """Compute the losses of a batch after the share ``progress`` of training: scalars, of F networks (F,)."""

    def shared_losses(self, batch: Any, progress: float) -> Losses:
        """Compute `losses` whose ``backward`` leaves the gradient of the whole batch in each process's weights."""
        return self.losses(batch, progress)

    @abstractmethod
    def regularize(self) -> Losses:
        """Make the learners' next step minimise γ L_reg too; return L_reg as "regularization", or nothing."""

    @abstractmethod
    def means(self, sums: Losses) -> list[dict[str, float]]:
        """Divide losses that are summed over the songs of an epoch by the number of songs, for each network."""

    @abstractmethod
    def validate(self, i: int) -> float | None:
        """Compute the mean "validation" of network i on the songs kept out; None if there are none."""

    @abstractmethod
    def weights(self, i: int) -> Weights:
        """Copy the weights of network i."""

    @abstractmethod
    def restore(self, i: int, weights: Weights) -> None:
        """Set the weights of network i."""


class _BestEpoch:
    """The epoch with the lowest validation loss, and the weights after it."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.score, self.epoch = math.inf, 0
        self.weights: Weights | None = None

    def ends(self, epoch: int, score: float, copy_weights: Callable[[], Weights]) -> bool:
        """Keep the weights if the score is the lowest; return whether ``patience`` epochs have passed without that."""
        if score < self.score:
            self.score, self.epoch, self.weights = score, epoch, copy_weights()
            return False
        return epoch - self.epoch >= self.patience


def minimise(
    trainees: Trainees,
    *,
    what: str,
    show: bool,
    callbacks: Sequence[Callback] = (),
    runs: Sequence[tuple[str, Mapping[str, Any]]] | None = None,
) -> list[History]:
    """Minimise the losses of one or several networks; leave the best weights in them.

    Parameters
    ----------
    trainees : Trainees
    what, show : str, bool
        Name of the progress bar, and whether to show it.
    callbacks : sequence of Callback
        They follow it beside those of the block (`alcca.models.callbacks.training_callbacks`).
    runs : sequence of (str, mapping), optional
        The name of each network's run, and what is known of it, for the callbacks; by default those of the block.

    Returns
    -------
    list of History
        Of each network: as `alcca.models.training.train`.

    Raises
    ------
    DataError
        The loss of a network is no longer finite.
    """
    learners, opponents, settings = trainees.learners, trainees.opponents, trainees.settings
    steps = settings.epochs * trainees.batches
    histories: list[History] = [[] for _ in range(trainees.count)]
    best = [_BestEpoch(settings.patience) for _ in histories]
    training = set(range(trainees.count))  # those that have not stopped; the others are computed and ignored
    step = 0
    is_first = process_rank() == 0
    followed = watched(what, asdict(settings), callbacks, runs or [("", {})] * trainees.count, silent=not is_first)
    with Progress(what, settings.epochs, unit="epoch", show=show and is_first) as bar, followed as watches:
        for epoch in range(settings.epochs):
            sums: Losses = {}
            for batch, songs in trainees.shuffled_batches():
                progress = step / steps
                if settings.lr_decay:
                    for group in learners.param_groups:
                        group["lr"] = settings.lr * (1 - progress)
                if opponents is not None:
                    for _ in range(settings.opponent_steps - 1):
                        total = trainees.losses(batch, progress)["total"].sum()
                        gradients = all_reduce_mean(torch.autograd.grad(total, trainees.opponent_weights))
                        for weight, gradient in zip(trainees.opponent_weights, gradients, strict=True):
                            weight.grad = gradient
                        opponents.step()
                for _ in range(settings.k):
                    losses = trainees.shared_losses(batch, progress)
                    learners.zero_grad()
                    if opponents is not None:
                        opponents.zero_grad()
                    losses["total"].sum().backward()  # type: ignore[no-untyped-call]
                    losses |= trainees.regularize()
                    learners.step()
                if opponents is not None:
                    opponents.step()
                # Sums stay on the device: reading a number out would make the step wait for it.
                for name, loss in losses.items():
                    sums[name] = sums.get(name, torch.zeros_like(loss)) + loss.detach() * songs
                step += 1
            as_first(*sums.values())
            means = trainees.means({name: total for name, total in sums.items() if name != "validation"})
            for i in sorted(training):
                histories[i].append(means[i])
                if not math.isfinite(means[i]["total"]):
                    raise DataError(f"training diverged in epoch {epoch + 1}; lower lr={settings.lr} and train again")
                score = trainees.validate(i)
                if score is not None:
                    means[i]["validation"] = score
                watches[i].epoch(epoch + 1, means[i])
                if score is not None and best[i].ends(epoch, score, partial(trainees.weights, i)):
                    training.remove(i)
            if not training:
                break
            bar.update(note=f"loss {sum(means[i]['total'] for i in training) / len(training):.3f}")
    for i, best_epoch in enumerate(best):
        if best_epoch.weights is not None:
            trainees.restore(i, best_epoch.weights)
    return histories


def shuffled_batches(
    rows: Tensor, batch_size: int, generator: torch.Generator, device: torch.device, smallest: int = 1
) -> list[Tensor]:
    """Draw a new order of rows, and cut it by `split_batches`.

    Examples
    --------
    >>> batches = shuffled_batches(torch.arange(5), 2, torch.Generator().manual_seed(0), torch.device("cpu"))
    >>> sorted(torch.cat(batches).tolist())
    [0, 1, 2, 3, 4]
    """
    order = rows[torch.randperm(len(rows), generator=generator)].to(device)
    return split_batches(order, batch_size, smallest)


def split_batches(rows: Tensor, batch_size: int, smallest: int = 1) -> list[Tensor]:
    """Cut rows into batches; a last batch of fewer rows than ``smallest`` joins the one before.

    Examples
    --------
    >>> [len(batch) for batch in split_batches(torch.arange(5), 2, smallest=2)]
    [2, 3]
    """
    parts = list(torch.split(rows, int(batch_size)))
    if len(parts) > 1 and len(parts[-1]) < smallest:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts
