"""The number of processes that train together, and the rank of this one, without importing torch."""

import multiprocessing
import os
import sys

__all__ = ["process_rank", "world_size"]


def world_size() -> int:
    """The number of processes that train together: those of torch's process group, or those that torchrun has started.

    Child processes of these, such as joblib's workers, inherit torchrun's environment but do not count.

    Examples
    --------
    >>> world_size()
    1
    """
    if _in_a_group():
        return int(sys.modules["torch"].distributed.get_world_size())
    launched = "TORCHELASTIC_RUN_ID" in os.environ and multiprocessing.parent_process() is None
    return int(os.environ["WORLD_SIZE"]) if launched else 1


def process_rank() -> int:
    """The number of this process among `world_size`, from 0; process 0 writes files and shows progress.

    Examples
    --------
    >>> process_rank()
    0
    """
    if _in_a_group():
        return int(sys.modules["torch"].distributed.get_rank())
    return int(os.environ["RANK"]) if world_size() > 1 else 0


def _in_a_group() -> bool:
    # A process that has not imported torch, which takes seconds, is not in a group.
    torch = sys.modules.get("torch")
    return torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized()
