"""Which of several processes that train together this one is; asked without loading torch."""

import multiprocessing
import os
import sys

__all__ = ["process_rank", "world_size"]


def world_size() -> int:
    """How many processes work together: those of torch's process group, or those that torchrun has started.

    What such a process starts itself, joblib's workers among them, inherits torchrun's environment and is none of them.

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
    """The number of this process among `world_size`, from 0; the one with 0 writes files and shows progress.

    Examples
    --------
    >>> process_rank()
    0
    """
    if _in_a_group():
        return int(sys.modules["torch"].distributed.get_rank())
    return int(os.environ["RANK"]) if world_size() > 1 else 0


def _in_a_group() -> bool:
    # Nobody is in a group who has not loaded torch, which takes seconds.
    torch = sys.modules.get("torch")
    return torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized()
