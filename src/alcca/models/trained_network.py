"""A trained network together with the statistics of its inputs: from checked views to outputs, and to disk."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alcca.models.base import Standardizer, row_blocks

__all__ = ["TrainedNetwork", "arrays_under", "prefix_arrays"]


class TrainedNetwork:
    """The nonlinear part of a model for one view, before its linear part: statistics, then a network.

    Parameters
    ----------
    statistics : Standardizer
        Of the training songs, p columns.
    network : Module
        Maps (n, p) to (n, d), each row for itself.

    Examples
    --------
    >>> X = np.array([[1.0, 5.0], [3.0, 5.0]])
    >>> print(TrainedNetwork(Standardizer.of(X), nn.Identity())(X))
    [[-1.  0.]
     [ 1.  0.]]
    """

    def __init__(self, statistics: Standardizer, network: nn.Module) -> None:
        self.statistics = statistics
        self.network = network

    @property
    def columns(self) -> int:
        """The number of inputs, p."""
        return len(self.statistics.mean)

    @torch.no_grad()
    def __call__(self, view: NDArray[Any]) -> NDArray[np.float64]:
        """Encode songs, (n, p) to (n, d), on the device of the network and in blocks of rows."""
        device = next((weight.device for weight in self.network.parameters()), torch.device("cpu"))
        blocks = [
            self.network(torch.from_numpy(self.statistics.apply(block)).to(device)).cpu().numpy()
            for _, block in row_blocks(view)
        ]
        return np.concatenate(blocks, dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all numbers of the encoder, by name."""
        weights = {name: weight.cpu().numpy() for name, weight in self.network.state_dict().items()}
        return {"mean": self.statistics.mean, "scale": self.statistics.scale} | prefix_arrays("network.", weights)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], build: Callable[[int], nn.Module], device: torch.device) -> Self:
        """Restore the encoder from `arrays`; ``build(p)`` makes a network of the same shape."""
        network = build(len(arrays["mean"]))
        network.load_state_dict({n: torch.from_numpy(a) for n, a in arrays_under("network.", arrays).items()})
        return cls(Standardizer(arrays["mean"], arrays["scale"]), network.to(device))


def prefix_arrays(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Prefix the names of the arrays of one part of a model, so that they differ from those of another part.

    Examples
    --------
    >>> prefix_arrays("cca.", {"means": np.zeros(1)})
    {'cca.means': array([0.])}
    """
    return {prefix + name: array for name, array in arrays.items()}


def arrays_under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays with a prefix, without it: the reverse of `prefix_arrays`.

    Examples
    --------
    >>> arrays_under("cca.", {"cca.means": np.zeros(1), "acmr.mean": np.ones(1)})
    {'means': array([0.])}
    """
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
