"""Results of the learned space besides hits: near songs, and the map of all songs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.space.map_labels import Neighbourhood

__all__ = ["Found", "Map"]


class Found(NamedTuple):
    """A song that is near in the space.

    ``score`` is the cosine of query and song, in [-1, 1]; ``closer_than`` is the share of the library's pairs of
    different songs with a lower cosine, in [0, 1].
    """

    id: int
    score: float
    closer_than: float


class Map(NamedTuple):
    """Songs in two dimensions.

    Parameters
    ----------
    ids : list of int
        Ids of the n songs, ascending.
    places : array of shape (n, 2), float32
        In [-1, 1].
    explained : float or None
        The share of variance explained by two principal components, in [0, 1]; None for a map of neighbours.
    neighbourhoods : tuple of Neighbourhood
        The named ones; empty for principal components.
    note : str or None
        Why the map shows principal components, and what to do.
    """

    ids: list[int]
    places: NDArray[np.float32]
    explained: float | None
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    note: str | None = None
