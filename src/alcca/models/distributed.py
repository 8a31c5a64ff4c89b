r"""Training that several processes share, on several devices or machines.

Every process holds all songs, the same weights and the same order of the songs. It passes only its own rows of each
batch through the networks (`by_rows`). The outputs are gathered, so that each process computes the loss of the whole
batch: a covariance, a triplet or a contrast over the songs of all processes. The gradient flows only to the process's
own rows, times the number of processes m, and DistributedDataParallel takes the mean over the processes:

.. math:: \nabla_\theta L = \frac{1}{m} \sum_{r=1}^m m \sum_{i \in \text{rows of } r}
          \frac{\partial L}{\partial h_i} \frac{\partial h_i}{\partial \theta}

This is the gradient of one process with the whole batch, even if the rows do not divide evenly. A parameter of the
loss itself, such as a temperature, has the same gradient in every process, and so in their mean.
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
    # Its functions' default arguments keep a reference to the process group at the time of its first import, and a
    # referenced group cannot end. DistributedDataParallel would import it inside the group, so import it before.
    import torch.distributed.nn

__all__ = ["all_reduce_mean", "as_first", "by_rows", "check_alike", "join", "leave", "synchronized"]


def join() -> None:
    """Join the process group of torchrun if it has started several processes and this one has not joined yet."""
    if world_size() > 1 and _alone():
        # Without a backend's name: gloo for the CPU, and NCCL for CUDA if available.
        distributed.init_process_group()
        atexit.register(leave)


def leave() -> None:
    """Leave the process group, if any, and end gloo's threads.

    A thread that releases its last tensor while Python ends aborts the process.

    Examples
    --------
    >>> leave()
    """
    if distributed.is_available() and distributed.is_initialized():
        # DistributedDataParallel is part of reference cycles, and refers to the group.
        gc.collect()
        distributed.destroy_process_group()


def _alone() -> bool:
    return not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1)


def by_rows(network: Callable[..., Sequence[Tensor]], *inputs: Tensor) -> tuple[Tensor, ...]:
    """Pass a batch through a network; if several processes train together, each passes its share of the rows.

    Parameters
    ----------
    network : callable
        Maps tensors of n rows to tensors of n rows, each row independently.
    inputs : tensors, shapes (n, ...)
        The whole batch, the same in every process.

    Returns
    -------
    tuple of tensors, shapes (n, d)
        For the whole batch, in every process. Gradients reach the network through this process's rows, times the
        number of processes.

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
    """Stack the rows of all processes; backwards, the gradient of this process's rows times the number of processes.

    torch's own gather returns the sum of all processes' gradients instead; here they all compute the same loss.
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
        All processes start from the weights of process 0.
    objective : callable
        Returns losses by name, computed with `by_rows` of the network.

    Returns
    -------
    callable
        ``objective`` itself if there is one process.
    """
    if _alone():
        return objective
    return nn.parallel.DistributedDataParallel(_Objective(network, objective))


class _Objective(nn.Module):
    """An objective and its network as one module, for DistributedDataParallel."""

    def __init__(self, network: nn.Module, objective: Callable[..., dict[str, Tensor]]) -> None:
        super().__init__()
        self.network, self.objective = network, objective

    def forward(self, *inputs: Any) -> dict[str, Tensor]:
        return self.objective(*inputs)


def all_reduce_mean(gradients: Sequence[Tensor]) -> list[Tensor]:
    """Average over the processes gradients that were not computed by ``backward``: those of the whole batch.

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
    """Overwrite tensors with those of process 0, since machines of different kinds round differently.

    Examples
    --------
    >>> as_first(torch.zeros(2))
    """
    if not _alone():
        for tensor in tensors:
            distributed.broadcast(tensor, src=0)


def check_alike(data: Sequence[Tensor], settings: Sequence[float]) -> None:
    """Require the same songs in the same order, and the same settings, in all processes.

    Parameters
    ----------
    data : sequence of tensors
        Equal numbers of rows.
    settings : sequence of float
        Equal in number in every process.

    Raises
    ------
    DataError
        A process has other songs or settings; each must be given all songs.
    UsageError
        The process group cannot carry tensors of this device.

    Examples
    --------
    >>> check_alike([torch.zeros(3, 2)], [1.0])
    """
    if _alone():
        return
    n, device = len(data[0]), data[0].device
    # Weighted by position, so that songs in another order have another sum.
    position = torch.arange(1, n + 1, dtype=torch.float64, device=device) / n
    contents = sum(
        (x.flatten(1) if x.dim() > 1 else x[:, None]).abs().sum(1, dtype=torch.float64) @ position for x in data
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
