"""Training one network: its songs, those kept out for validation, the device, and the strength of the adversary."""

import copy
import math
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from typing import Any

import torch
from torch import Tensor, nn

from alcca.errors import DataError, UsageError
from alcca.models.callbacks import Callback
from alcca.models.distributed import as_first, check_alike, join, synchronized
from alcca.models.held_out import group_codes, held_out_rows
from alcca.models.losses import weight_norm_decay
from alcca.models.processes import world_size
from alcca.models.settings import is_number
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

__all__ = [
    "Batch",
    "History",
    "Losses",
    "TrainingSettings",
    "choose_device",
    "mean_validation",
    "reversal_strength",
    "split_rows",
    "train",
    "training_rows",
]


def train(
    network: nn.Module,
    objective: Callable[[Batch, float], Losses],
    data: Sequence[Tensor],
    settings: TrainingSettings,
    *,
    learners: Sequence[nn.Parameter],
    opponents: Sequence[nn.Parameter] = (),
    regularized: Sequence[nn.Parameter] = (),
    validation_rows: Tensor | None = None,
    generator: torch.Generator,
    what: str = "training",
    show: bool = False,
    callbacks: Sequence[Callback] = (),
) -> History:
    """Minimise an objective over minibatches with Adam; leave the best weights in ``network``.

    Processes that train together (`alcca.models.distributed`) all call it, and share the rows of every batch.

    Parameters
    ----------
    network : Module
        Trained in place.
    objective : callable
        ``objective(batch, progress) -> losses``: scalars by name, of which ``"total"`` is minimised and
        ``"validation"`` compared between epochs. ``progress`` runs from 0 to 1 over the planned training. The
        objective passes the batch through the network with `alcca.models.distributed.by_rows`.
    data : sequence of tensors
        Equal numbers of rows, on the device of the network.
    settings : TrainingSettings
    learners, opponents : sequence of parameters
        Those that minimise the objective, and those of the adversary.
    regularized : sequence of parameters
        Weight matrices whose L_reg (Eq. 5), times ``settings.regularization``, is minimised beside "total".
    validation_rows : tensor of int64, optional
        Rows kept out of training, whose "validation" decides when to stop (``settings.patience``).
    generator : torch.Generator
        On the CPU; shuffles the songs.
    what, show : str, bool
        Name of the progress bar, and whether to show it.
    callbacks : sequence of Callback
        They follow the training beside those of the block (`alcca.models.callbacks.training_callbacks`).

    Returns
    -------
    list of dict
        The mean losses of each epoch, and ``validation`` if there are validation rows.

    Raises
    ------
    DataError
        The loss is no longer finite, or processes that train together were given different songs.
    """
    join()
    check_alike(data, [*astuple(settings), generator.initial_seed() % 2**32, _fingerprint(validation_rows)])
    trainee = _OneNetwork(
        network,
        objective,
        data,
        settings,
        learners=learners,
        opponents=opponents,
        regularized=regularized,
        validation_rows=validation_rows,
        generator=generator,
    )
    (history,) = minimise(trainee, what=what, show=show, callbacks=callbacks)
    as_first(*network.state_dict().values())
    return history


class _OneNetwork(Trainees):
    """One network, which several processes may share; the arguments are those of `train`."""

    count = 1

    def __init__(
        self,
        network: nn.Module,
        objective: Callable[[Batch, float], Losses],
        data: Sequence[Tensor],
        settings: TrainingSettings,
        *,
        learners: Sequence[nn.Parameter],
        opponents: Sequence[nn.Parameter],
        regularized: Sequence[nn.Parameter],
        validation_rows: Tensor | None,
        generator: torch.Generator,
    ) -> None:
        # A group for each regularized matrix, as its weight decay is its own.
        matrices = set(regularized)
        groups = [{"params": [W]} for W in regularized] + [{"params": [p for p in learners if p not in matrices]}]
        super().__init__([group for group in groups if group["params"]], opponents, settings)
        self.network, self.objective, self.data = network, objective, data
        self.shared_objective = synchronized(network, objective)
        self.regularized, self.generator = regularized, generator
        self.rows, self.validation_rows = training_rows(len(data[0]), validation_rows), validation_rows
        self.batches = len(split_batches(self.rows, settings.batch_size, settings.smallest_batch))

    def shuffled_batches(self) -> Iterator[tuple[Batch, int]]:
        batch_size, smallest, device = self.settings.batch_size, self.settings.smallest_batch, self.data[0].device
        for rows in shuffled_batches(self.rows, batch_size, self.generator, device, smallest):
            batch = tuple(tensor.index_select(0, rows) for tensor in self.data)  # half the time of tensor[rows]
            yield batch, len(rows)

    def losses(self, batch: Batch, progress: float) -> Losses:
        return self.objective(batch, progress)

    def shared_losses(self, batch: Batch, progress: float) -> Losses:
        return self.shared_objective(batch, progress)

    def regularize(self) -> Losses:
        if not self.regularized:
            return {}
        norm, decays = weight_norm_decay(self.regularized, self.settings.regularization)
        for group, decay in zip(self.learners.param_groups, decays, strict=False):
            group["weight_decay"] = decay
        return {"regularization": norm}

    def means(self, sums: Losses) -> list[dict[str, float]]:
        return [{name: total.item() / len(self.rows) for name, total in sums.items()}]

    def validate(self, i: int) -> float | None:
        if self.validation_rows is None:
            return None
        rows = self.validation_rows.to(self.data[0].device)
        batches = split_batches(rows, self.settings.batch_size, self.settings.smallest_batch)
        return mean_validation(self.objective, self.data, batches)

    def weights(self, i: int) -> Weights:
        return copy.deepcopy(self.network.state_dict())

    def restore(self, i: int, weights: Weights) -> None:
        self.network.load_state_dict(weights)


def _fingerprint(rows: Tensor | None) -> int:
    """A checksum of rows, small enough for `check_alike`, which allows for rounding."""
    return 0 if rows is None else zlib.crc32(rows.cpu().numpy().tobytes()) % 2**18


def training_rows(n: int, validation_rows: Tensor | None) -> Tensor:
    """Row numbers of the songs that are not kept out for validation, ascending.

    Examples
    --------
    >>> training_rows(4, torch.tensor([2, 0]))
    tensor([1, 3])
    """
    held_out = torch.zeros(n, dtype=torch.bool)
    if validation_rows is not None:
        held_out[validation_rows] = True
    return torch.nonzero(~held_out).flatten()


@torch.no_grad()
def mean_validation(
    objective: Callable[[Batch, float], Losses], data: Sequence[Tensor], batches: Sequence[Tensor]
) -> float:
    """Mean over songs of an objective's "validation", at the progress 1 of the end of training.

    Examples
    --------
    >>> x = torch.arange(6.0)
    >>> mean_validation(lambda batch, progress: {"validation": batch[0].mean()}, [x], [x[:2].long(), x[2:].long()])
    2.5
    """
    total = torch.zeros((), device=data[0].device)
    for rows in batches:
        total += objective(tuple(tensor[rows] for tensor in data), 1.0)["validation"] * len(rows)
    as_first(total)
    return total.item() / sum(len(rows) for rows in batches)


def reversal_strength(progress: float) -> float:
    """Return λ = 2 / (1 + exp(-10 p)) - 1 of the reversal after the share ``progress`` of training, 0 to 1.

    The adversary starts weak, while the projectors have learned little (Ganin and Lempitsky 2015).

    Examples
    --------
    >>> [round(reversal_strength(p), 3) for p in (0.0, 0.1, 0.5, 1.0)]
    [0.0, 0.462, 0.987, 1.0]
    """
    return 2 / (1 + math.exp(-10 * progress)) - 1


def split_rows(n: int, validation: float | None, generator: torch.Generator, groups: Any = None) -> Tensor | None:
    """Draw the songs to keep out for validation: a share of n, at least one and at most n - 1; None without a share.

    A group is kept out whole or not at all, so fewer songs than the share may be kept out; at least one group is,
    whatever its size (`alcca.models.held_out.held_out_rows`).

    Raises
    ------
    UsageError
        The share is not between 0 and 1.
    DataError
        All songs are of one group, or there are not as many groups as songs.

    Examples
    --------
    >>> len(split_rows(50, 0.1, torch.Generator().manual_seed(0)))
    5
    """
    codes = group_codes(groups, n)
    if validation is None:
        return None
    if not is_number(validation) or not 0 < validation < 1:
        raise UsageError(f"validation={validation!r}: expected a share above 0 and below 1, such as 0.1, or None")
    count = int(codes.max()) + 1
    if count < 2 <= n:
        raise DataError(
            f"validation={validation}: all {n} songs are of one group, which is kept together; give validation=None, "
            "or songs of other groups"
        )
    most = min(max(round(n * validation), 1), n - 1)
    return torch.from_numpy(held_out_rows(codes, most, torch.randperm(count, generator=generator).numpy()))


def choose_device(device: str) -> torch.device:
    """Return the device for ``"auto"`` (CUDA if available, else the CPU) or for torch's name of a device.

    With "auto" and "cuda", each process that torchrun has started on a machine gets a CUDA device of its own.

    Raises
    ------
    UsageError
        torch does not know the name, or does not have the device on this machine.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and torch.cuda.is_available() and world_size() > 1 and "LOCAL_RANK" in os.environ:
        own, devices = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if own >= devices:
            raise UsageError(
                f"process {own} of this machine has none of its {devices} CUDA devices; start one process a device "
                f"(torchrun --nproc-per-node {devices}), or take device='cpu'"
            )
        device = f"cuda:{own}"
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError) as error:  # torch without CUDA raises AssertionError
        raise UsageError(f"device={device!r} cannot be used here; expected 'auto', 'cpu' or 'cuda'") from error
    return chosen
