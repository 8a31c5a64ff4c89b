"""What the learned space tells of songs besides hits: those that are near, and where all of them lie."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.space.map_labels import Neighbourhood

__all__ = ["Found", "Map"]


class Found(NamedTuple):
    """A song that is near in the space.

    ``score`` is the cosine of query and song, in [-1, 1]; ``closer_than`` the share of the library's pairs of
    different songs with a lower one, in [0, 1].
    """

    id: int
    score: float
    closer_than: float


class Map(NamedTuple):
    """Songs in two dimensions.

    Parameters
    ----------
    ids : list of int
        Of the n songs, ascending.
    places : array of shape (n, 2), float32
        In [-1, 1].
    explained : float or None
        The share of variance that two principal components show, in [0, 1]; None where neighbours were laid out.
    neighbourhoods : tuple of Neighbourhood
        Those that have a name; none of principal components.
    note : str or None
        Why these are principal components, and what to do.
    """

    ids: list[int]
    places: NDArray[np.float32]
    explained: float | None
    neighbourhoods: tuple[Neighbourhood, ...] = ()
    note: str | None = None
