"""The training loop, from top to bottom: minibatches, k inner steps, the adversary, early stopping."""

import copy
import math
import os
import zlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from alcca.errors import DataError, UsageError
from alcca.models.distributed import all_reduce_mean, as_first, check_alike, join, synchronized
from alcca.models.held_out import group_codes, held_out_rows
from alcca.models.losses import weight_norm_decay
from alcca.models.processes import process_rank, world_size
from alcca.progress import Progress

__all__ = [
    "Batch",
    "History",
    "Losses",
    "choose_device",
    "mean_validation",
    "reversal_strength",
    "split_rows",
    "train",
    "training_rows",
]

Batch: TypeAlias = tuple[Tensor, ...]  # the rows of every data tensor that belong to the same songs
Losses: TypeAlias = dict[str, Tensor]  # scalars by name; "total" is minimised, "validation" decides when to stop
History: TypeAlias = list[dict[str, float]]  # one entry an epoch


def train(
    network: nn.Module,
    objective: Callable[[Batch, float], Losses],
    data: Sequence[Tensor],
    *,
    learners: Sequence[nn.Parameter],
    opponents: Sequence[nn.Parameter] = (),
    regularized: Sequence[nn.Parameter] = (),
    regularization: float = 0.0,
    epochs: int,
    batch_size: int,
    smallest_batch: int = 1,
    lr: float,
    momentum: float = 0.9,
    lr_decay: bool = False,
    k: int = 1,
    opponent_steps: int = 1,
    validation_rows: Tensor | None = None,
    patience: int = 20,
    generator: torch.Generator,
    what: str = "training",
    show: bool = False,
) -> History:
    """Minimise an objective over minibatches with Adam; leave the best weights in ``network``.

    Processes that train together (`alcca.models.distributed`) call it alike, and share the rows of every batch.

    Parameters
    ----------
    network : Module
        Trained in place.
    objective : callable
        ``objective(batch, progress) -> losses``: scalars by name, of which ``"total"`` is minimised and
        ``"validation"`` compared between epochs. ``progress`` runs from 0 to 1 over the planned training. It puts the
        batch through the network by `alcca.models.distributed.by_rows`.
    data : sequence of tensors
        Equal numbers of rows, on the device of the network.
    learners, opponents : sequence of parameters
        With k inner steps the learners take k for every one of the opponents (Algorithm 1; the order of
        Wang et al. 2017, where the modality classifier follows the inner loop). With k = 1 both take every step.
    regularized : sequence of parameters
        Weight matrices whose L_reg (Eq. 5), times ``regularization``, is minimised beside "total".
    regularization : float
        γ, at least 0.
    epochs, batch_size, k : int
        At least 1.
    opponent_steps : int
        Steps of the opponents on each batch, at least 1: all but the last are taken before the learners' first.
    smallest_batch : int
        A last batch of fewer rows joins the one before; by default it is as short as it comes.
    lr : float
        Adam's step, above 0.
    momentum : float
        Adam's β₁ for all of them, at least 0 and below 1.
    lr_decay : bool
        The learners' step falls linearly to 0 over the planned training; the opponents keep theirs.
    validation_rows : tensor of int64, optional
        Rows kept out of training. After ``patience`` epochs without a lower "validation" on them training stops,
        and the best epoch's weights come back.
    generator : torch.Generator
        On the CPU; shuffles the songs.
    what, show : str, bool
        Name of the progress bar, and whether there is one.

    Returns
    -------
    list of dict
        The mean losses of each epoch, and ``validation`` where there are validation rows.

    Raises
    ------
    DataError
        The loss is no longer finite; processes that train together were given different songs.
    """
    n = len(data[0])
    join()
    check_alike(data, [epochs, batch_size, smallest_batch, lr, momentum, k, opponent_steps, regularization,
                       generator.initial_seed() % 2**32, _fingerprint(validation_rows)])  # fmt: skip
    shared_objective = synchronized(network, objective)
    learned_from = training_rows(n, validation_rows)
    device = data[0].device
    # Fused: one pass over weights, gradients and moments instead of a dozen (18 against 26 ms a step).
    matrices = set(regularized)
    groups = [{"params": [W]} for W in regularized] + [{"params": [p for p in learners if p not in matrices]}]
    betas = (float(momentum), 0.999)
    optimizer = torch.optim.Adam([group for group in groups if group["params"]], lr=lr, betas=betas, fused=True)
    opponent = torch.optim.Adam(opponents, lr=lr, betas=betas, fused=True) if opponents else None
    steps = epochs * len(_batches(learned_from, batch_size, smallest_batch))
    history: History = []
    best, best_epoch, best_weights = math.inf, 0, None
    step = 0
    with Progress(what, epochs, unit="epoch", show=show and process_rank() == 0) as bar:
        for epoch in range(epochs):
            order = learned_from[torch.randperm(len(learned_from), generator=generator)].to(device)
            sums: Losses = {}
            for rows in _batches(order, batch_size, smallest_batch):
                batch = tuple(tensor.index_select(0, rows) for tensor in data)  # half the time of tensor[rows]
                if lr_decay:
                    for group in optimizer.param_groups:
                        group["lr"] = lr * (1 - step / steps)
                if opponent is not None:
                    for _ in range(opponent_steps - 1):
                        total = objective(batch, step / steps)["total"]
                        gradients = all_reduce_mean(torch.autograd.grad(total, opponents))
                        for p, gradient in zip(opponents, gradients, strict=True):
                            p.grad = gradient
                        opponent.step()
                for _ in range(k):
                    losses = shared_objective(batch, step / steps)
                    optimizer.zero_grad()
                    if opponent is not None:
                        opponent.zero_grad()
                    losses["total"].backward()  # type: ignore[no-untyped-call]
                    if regularized:
                        losses["regularization"], decays = weight_norm_decay(regularized, regularization)
                        for group, decay in zip(optimizer.param_groups, decays, strict=False):
                            group["weight_decay"] = decay
                    optimizer.step()
                if opponent is not None:
                    opponent.step()
                # Sums stay on the device: reading a number out would make the step wait for it.
                for name, loss in losses.items():
                    sums[name] = sums.get(name, torch.zeros((), device=device)) + loss.detach() * len(rows)
                step += 1
            as_first(*sums.values())
            history.append({name: total.item() / len(learned_from) for name, total in sums.items()})
            history[-1].pop("validation", None)
            if not math.isfinite(history[-1]["total"]):
                raise DataError(f"training diverged in epoch {epoch + 1}; lower lr={lr} and train again")
            if validation_rows is not None:
                score = mean_validation(
                    objective, data, _batches(validation_rows.to(device), batch_size, smallest_batch)
                )
                history[-1]["validation"] = score
                if score < best:
                    best, best_epoch = score, epoch
                    best_weights = copy.deepcopy(network.state_dict())
                elif epoch - best_epoch >= patience:
                    break
            bar.update(note=f"loss {history[-1]['total']:.3f}")
    if best_weights is not None:
        network.load_state_dict(best_weights)
    as_first(*network.state_dict().values())
    return history


def _fingerprint(rows: Tensor | None) -> int:
    """A number that other rows hardly have; small enough for `check_alike`, which allows for rounding."""
    return 0 if rows is None else zlib.crc32(rows.cpu().numpy().tobytes()) % 2**18


def training_rows(n: int, validation_rows: Tensor | None) -> Tensor:
    """Numbers of the songs that are not kept out for validation, rising.

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
    """Mean over songs of an objective's "validation", as it is at the end of the training.

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


def _batches(rows: Tensor, batch_size: int, smallest: int) -> list[Tensor]:
    parts = list(torch.split(rows, int(batch_size)))
    if len(parts) > 1 and len(parts[-1]) < smallest:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts


def reversal_strength(progress: float) -> float:
    """Return λ = 2 / (1 + exp(-10 p)) - 1 of the reversal after the share ``progress`` of training, 0 to 1.

    The adversary speaks up slowly, when the projectors have something to hide (Ganin and Lempitsky 2015).

    Examples
    --------
    >>> [round(reversal_strength(p), 3) for p in (0.0, 0.1, 0.5, 1.0)]
    [0.0, 0.462, 0.987, 1.0]
    """
    return 2 / (1 + math.exp(-10 * progress)) - 1


def split_rows(n: int, validation: float | None, generator: torch.Generator, groups: Any = None) -> Tensor | None:
    """Draw the songs to keep for validation: a share of n, at least one, leaving at least one; None without.

    Songs of one group are kept together, and the share is then the most there are; but one group is kept whatever its
    size (`alcca.models.held_out.held_out_rows`).

    Raises
    ------
    UsageError
        A share that is not between 0 and 1.
    DataError
        All songs are of one group; another number of groups than songs.

    Examples
    --------
    >>> len(split_rows(50, 0.1, torch.Generator().manual_seed(0)))
    5
    """
    codes = group_codes(groups, n)
    if validation is None:
        return None
    if not 0 < validation < 1:
        raise UsageError(f"validation={validation}: expected a share above 0 and below 1, such as 0.1, or None")
    count = int(codes.max()) + 1
    if count < 2 <= n:
        raise DataError(
            f"validation={validation}: all {n} songs are of one group, of which none can be kept out alone; give "
            "validation=None, or songs of other groups"
        )
    most = min(max(round(n * validation), 1), n - 1)
    return torch.from_numpy(held_out_rows(codes, most, torch.randperm(count, generator=generator).numpy()))


def choose_device(device: str) -> torch.device:
    """Return the device for ``"auto"`` (CUDA where there is one, else the CPU) or for torch's own name of one.

    Of the processes that torchrun has started on a machine each has a CUDA device of its own for "auto" and "cuda".

    Raises
    ------
    UsageError
        torch does not know the name, or has no such device here.

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
