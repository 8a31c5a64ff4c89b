r"""Training that several processes share, on several devices or machines.

Every process holds all songs, the same weights and the same order of the songs. Of each batch it puts only its own rows
through the networks, `by_rows`; what the networks give is gathered, so that each process computes the loss of the whole
batch: a covariance, a triplet or a contrast over all its songs, whatever process had them. Its gradient reaches the own
rows alone, times the number of processes m, and DistributedDataParallel takes the mean over the processes:

.. math:: \nabla_\theta L = \frac{1}{m} \sum_{r=1}^m m \sum_{i \in \text{rows of } r}
          \frac{\partial L}{\partial h_i} \frac{\partial h_i}{\partial \theta}

is the gradient of one process with the whole batch, also where the rows do not divide evenly. A parameter of the loss
itself, such as a temperature, has that gradient in every process, and so in their mean.
"""

import atexit
import gc
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, distributed, nn

from alcca.errors import DataError, UsageError
from alcca.models.processes import world_size

if distributed.is_available():
    # The defaults of its functions keep the process group in which it is first imported, which DistributedDataParallel
    # would do: a group that is kept cannot end.
    import torch.distributed.nn

__all__ = ["all_reduce_mean", "as_first", "by_rows", "check_alike", "join", "leave", "synchronized"]


def join() -> None:
    """Enter the process group of torchrun, where it has started several processes and nobody has entered yet."""
    if world_size() > 1 and _alone():
        # Without a name of a backend: gloo for the CPU, and NCCL for CUDA where there is any.
        distributed.init_process_group()
        atexit.register(leave)


def leave() -> None:
    """End this process's part in the process group, and gloo's threads with it; nothing where there is none.

    A thread that lets go of its last tensor while Python ends aborts the process.

    Examples
    --------
    >>> leave()
    """
    if distributed.is_available() and distributed.is_initialized():
        # DistributedDataParallel is in cycles of references, and has the group.
        gc.collect()
        distributed.destroy_process_group()


def _alone() -> bool:
    return not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1)


def by_rows(network: Callable[..., Sequence[Tensor]], *inputs: Tensor) -> tuple[Tensor, ...]:
    """Put a batch through a network; where several processes train together, each puts its share of the rows.

    Parameters
    ----------
    network : callable
        Maps tensors of n rows to tensors of n rows, each row for itself.
    inputs : tensors, shapes (n, ...)
        The whole batch, the same in every process.

    Returns
    -------
    tuple of tensors, shapes (n, d)
        Of the whole batch, in every process. Gradients flow to the network by this process's rows, times the number
        of processes.

    Examples
    --------
    >>> by_rows(lambda x: (x + 1, 2 * x), torch.tensor([[1.0], [2.0]]))[1]
    tensor([[2.],
            [4.]])
    """
    if _alone():
        return tuple(network(*inputs))
    shares = [len(rows) for rows in torch.arange(len(inputs[0])).tensor_split(distributed.get_world_size())]
    own = distributed.get_rank()
    outputs = network(*(torch.split(x, shares)[own] for x in inputs))
    whole: Tensor = _Gather.apply(torch.cat(list(outputs), dim=1), shares)  # type: ignore[no-untyped-call]
    return tuple(torch.split(whole, [out.shape[1] for out in outputs], dim=1))


class _Gather(torch.autograd.Function):
    """Rows of all processes, one below the other; backwards, the gradient of the own ones times their number.

    Not the sum of all processes' gradients, which torch's own gather gives: they all compute the same loss.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, shares: Sequence[int]) -> Tensor:
        ctx.shares = shares
        # Collectives take tensors of one shape.
        padded = x.new_zeros(max(shares), x.shape[1])
        padded[: len(x)] = x
        parts = [torch.empty_like(padded) for _ in shares]
        distributed.all_gather(parts, padded)
        return torch.cat([part[:n] for part, n in zip(parts, shares, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        own = torch.split(gradients[0], ctx.shares)[distributed.get_rank()]
        return own * len(ctx.shares), None


def synchronized(
    network: nn.Module, objective: Callable[[tuple[Tensor, ...], float], dict[str, Tensor]]
) -> Callable[[tuple[Tensor, ...], float], dict[str, Tensor]]:
    """Make an objective whose ``backward`` leaves the gradient of the whole batch in the network's weights.

    Parameters
    ----------
    network : Module
        Starts from the weights of process 0 in all of them.
    objective : callable
        Gives losses by name, from `by_rows` of the network.

    Returns
    -------
    callable
        ``objective`` itself where there is one process.
    """
    if _alone():
        return objective
    return nn.parallel.DistributedDataParallel(_Objective(network, objective))


class _Objective(nn.Module):
    """An objective with the network that it is of, as DistributedDataParallel wants it."""

    def __init__(self, network: nn.Module, objective: Callable[..., dict[str, Tensor]]) -> None:
        super().__init__()
        self.network, self.objective = network, objective

    def forward(self, *inputs: Any) -> dict[str, Tensor]:
        return self.objective(*inputs)


def all_reduce_mean(gradients: Sequence[Tensor]) -> list[Tensor]:
    """Mean over the processes of gradients that no ``backward`` has left in weights: those of the whole batch.

    Examples
    --------
    >>> all_reduce_mean([torch.ones(2)])
    [tensor([1., 1.])]
    """
    if _alone():
        return list(gradients)
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    return [part.view_as(gradient) for part, gradient in zip(parts, gradients, strict=True)]


def as_first(*tensors: Tensor) -> None:
    """Overwrite tensors by those of process 0: machines of different kinds round differently, and must not disagree.

    Examples
    --------
    >>> as_first(torch.zeros(2))
    """
    if not _alone():
        for tensor in tensors:
            distributed.broadcast(tensor, src=0)


def check_alike(data: Sequence[Tensor], settings: Sequence[float]) -> None:
    """Insist on the same songs in the same order, and the same settings, in all processes.

    Parameters
    ----------
    data : sequence of tensors
        Equal numbers of rows.
    settings : sequence of float
        As many in every process.

    Raises
    ------
    DataError
        Another process has others: each was given songs of its own, where all must be given all of them.
    UsageError
        The process group cannot carry tensors of this device.

    Examples
    --------
    >>> check_alike([torch.zeros(3, 2)], [1.0])
    """
    if _alone():
        return
    n, device = len(data[0]), data[0].device
    # The place counts: songs in another order have another sum.
    place = torch.arange(1, n + 1, dtype=torch.float64, device=device) / n
    contents = sum(
        (x.flatten(1) if x.dim() > 1 else x[:, None]).abs().sum(1, dtype=torch.float64) @ place for x in data
    )
    columns = sum(x[0].numel() for x in data)
    own = torch.tensor([float(contents), n, columns, *settings], dtype=torch.float64, device=device)
    every = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
    try:
        distributed.all_gather(every, own)
    except RuntimeError as error:
        raise UsageError(
            f"the {distributed.get_backend()} process group cannot share a training on {device} ({error}); start with "
            "torchrun, or init_process_group('cpu:gloo,cuda:nccl')"
        ) from error
    for number, theirs in enumerate(every):
        # Machines of different kinds round differently.
        if not torch.allclose(theirs, every[0], rtol=1e-6, atol=0):
            raise DataError(
                f"process {number} of {len(every)} was given other songs or settings than process 0; give all songs, "
                "in one order, to each process: fit takes a share of every batch itself"
            )
