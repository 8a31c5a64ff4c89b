"""The map of a library: its songs on a plane, so that neighbours in the learned space stay neighbours.

The layout is t-SNE (van der Maaten & Hinton 2008) by openTSNE, from the extra ``map``. It is computed once, when a
model is trained, and saved beside the model; later songs are placed among their neighbours.
"""

import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError, MissingExtraError
from alcca.persistence import load_state, save_state
from alcca.persistence.classes import making
from alcca.space.map_labels import Neighbourhood

__all__ = [
    "FOLDER",
    "Layout",
    "can_lay_out",
    "lay_out",
    "place_among",
    "principal_places",
    "read_layout",
    "song_points",
    "unit",
]

# The map's folder, in the model's folder.
FOLDER = "map"
KIND = "Layout"
PERPLEXITY = 30
# Points of length 1 that differ by less are equal but for rounding: a space in which nothing correlates has one point.
SAME_POINT = 1e-9
# For fewer songs, several threads are slower than one.
MIN_FOR_THREADS = 5_000
# A new song is placed amid this many of its neighbours.
NEIGHBOURS = 10
# Cosines of new songs with all others are computed for this many new songs at a time.
CHUNK = 256
# A new song is placed among at most this many songs.
MAX_BESIDE = 100_000


class Layout(NamedTuple):
    """The positions of a model's songs on its map.

    Parameters
    ----------
    ids : array of shape (n,), int64
        Ascending.
    checks : array of shape (n,), int64
        The checksums of the vectors that the songs were laid out by: a song with another one must be placed anew.
    places : array of shape (n, 2), float32
        In [-1, 1]; the largest absolute value is 1.
    neighbourhoods : tuple of Neighbourhood
        The named ones.
    """

    ids: NDArray[np.int64]
    checks: NDArray[np.int64]
    places: NDArray[np.float32]
    neighbourhoods: tuple[Neighbourhood, ...]

    def save(self, model: Path) -> None:
        """Write it into a model's folder, whole or not at all."""
        arrays = {name: getattr(self, name) for name in ("ids", "checks", "places")}
        save_state(model / FOLDER, KIND, arrays, {"neighbourhoods": [one._asdict() for one in self.neighbourhoods]})

    @classmethod
    def load(cls, model: Path) -> Self | None:
        """Read what `save` wrote into a model's folder; None if there is no map.

        Raises
        ------
        LibraryError
            The map is damaged, or was written by a newer alcca.
        """
        if not (model / FOLDER).exists():
            return None
        arrays, state = load_state(model / FOLDER, KIND)

        def read() -> Any:
            named = [Neighbourhood(**{**fields, "words": tuple(fields["words"])}) for fields in state["neighbourhoods"]]
            if not len(arrays["ids"]) == len(arrays["checks"]) == len(arrays["places"]):
                raise ValueError("its arrays do not fit together")
            return cls(**arrays, neighbourhoods=tuple(named))

        layout: Self = making("the map", model / FOLDER, read)
        return layout

    def extended(
        self,
        ids: NDArray[np.int64],
        points: Callable[[NDArray[np.int64]], NDArray[np.floating]],
        checks: Mapping[int, int],
    ) -> NDArray[np.float32]:
        """The positions of the current songs: those of the layout keep theirs, new ones are placed, removed ones go.

        Parameters
        ----------
        ids : array of shape (m,), int64
        points : function
            From ascending ids to the unit vectors of these songs; not called if no song is new.
        checks : mapping of int to int
            The checksums of their vectors, by id.

        Returns
        -------
        array of shape (m, 2), float32
        """
        at = np.clip(np.searchsorted(self.ids, ids), 0, max(len(self.ids) - 1, 0))
        now = np.array([checks.get(number, -1) for number in ids.tolist()], dtype=np.int64)
        known = (self.ids[at] == ids) & (self.checks[at] == now) if len(self.ids) else np.zeros(len(ids), bool)
        places = np.zeros((len(ids), 2), np.float32)
        places[known] = self.places[at[known]]
        if known.any() and not known.all():
            # A sample of a hundred thousand songs is as good as millions, which may not fit into memory.
            beside = np.flatnonzero(known)
            beside = beside[:: -(-len(beside) // MAX_BESIDE)]
            places[~known] = place_among(points(ids[~known]), points(ids[beside]), places[beside])
        return places


def read_layout(model: Path) -> tuple[Layout | None, str | None]:
    """Read what `Layout.save` wrote into a model's folder; or None, and a note on the cause and the remedy."""
    shown = "The map shows two principal components, which reveal little about neighbours: "
    again = "train again (alcca train)"
    try:
        layout = Layout.load(model)
    except LibraryError:
        return None, f"{shown}the saved map is damaged. To replace it, {again}."
    if layout is not None:
        return layout, None
    if can_lay_out():
        return None, f"{shown}the model was trained without a map of neighbours. To get one, {again}."
    return None, f"{shown}a map of neighbours needs the extra “map”. Install it (pip install 'alcca[map]') and {again}."


def can_lay_out() -> bool:
    """Whether the extra ``map`` is installed."""
    return importlib.util.find_spec("openTSNE") is not None


def unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Scale vectors (..., d) to length 1; zero stays zero."""
    vectors = vectors.astype(np.float64)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float64] = vectors / np.where(length > 0, length, 1.0)
    return scaled


def song_points(
    views: Iterable[tuple[Sequence[int] | NDArray[np.int64], NDArray[np.floating]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One point for each song: the direction between its audio and its lyrics vector.

    Parameters
    ----------
    views : iterable of (n ids, array of shape (n, d))
        For each view, the ids of the songs that have it, and their vectors.

    Returns
    -------
    ids : array of shape (m,), int64
        Ascending: every song with at least one view.
    points : array of shape (m, d), float64
        Of length 1.

    Examples
    --------
    >>> ids, points = song_points([([1, 2], np.eye(2)), ([2, 5], np.eye(2))])
    >>> ids.tolist(), points.round(1).tolist()
    ([1, 2, 5], [[1.0, 0.0], [0.7, 0.7], [0.0, 1.0]])
    """
    given = [(np.asarray(ids, dtype=np.int64), vectors) for ids, vectors in views if len(ids)]
    if not given:
        return np.empty(0, np.int64), np.empty((0, 0))
    every = np.unique(np.concatenate([ids for ids, _ in given]))
    sums = np.zeros((len(every), given[0][1].shape[1]))
    for ids, vectors in given:
        sums[np.searchsorted(every, ids)] += unit(vectors)
    return every, unit(sums)


def lay_out(points: NDArray[np.floating], *, random_state: int = 0, n_jobs: int = -1) -> NDArray[np.float32]:
    """Lay out points on a plane so that neighbours stay neighbours.

    Parameters
    ----------
    points : array of shape (n, d)
        Of length 1; n is at least four.
    random_state : int
        The same points and seed give the same places; from 5,000 points on, only with the same number of threads.
    n_jobs : int
        Threads; -1 for all processors.

    Returns
    -------
    array of shape (n, 2), float32
        Places in [-1, 1], centred; the largest absolute value is 1. All are 0 if all points are equal.

    Raises
    ------
    MissingExtraError
        The extra ``map`` is not installed.
    """
    if not can_lay_out():
        raise MissingExtraError("a map of neighbours needs openTSNE; install it with: pip install 'alcca[map]'")
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN

    points = np.ascontiguousarray(points)
    if np.ptp(points, axis=0).max() < SAME_POINT:
        return np.zeros((len(points), 2), np.float32)
    # The trees depend on the number of threads; one thread gives the same map on every machine.
    near = PerplexityBasedNN(points, min(PERPLEXITY, (len(points) - 1) / 3), n_jobs=1, random_state=random_state)
    threads = 1 if len(points) < MIN_FOR_THREADS else n_jobs
    laid = TSNE(random_state=random_state, n_jobs=threads).fit(points, affinities=near)
    places = np.asarray(laid, dtype=np.float64)
    places -= (places.max(axis=0) + places.min(axis=0)) / 2
    return (places / (np.abs(places).max() or 1.0)).astype(np.float32)


def principal_places(points: NDArray[np.floating]) -> tuple[NDArray[np.float32], float]:
    """The first two principal components of points, which are a poor map if many components matter.

    Parameters
    ----------
    points : array of shape (n, d)

    Returns
    -------
    places : array of shape (n, 2), float32
        In [-1, 1]; zeros for fewer than three points.
    explained : float
        The share of the variance that they explain, in [0, 1].
    """
    from sklearn.decomposition import PCA

    if len(points) < 3 or points.shape[1] < 2:
        return np.zeros((len(points), 2), np.float32), 0.0
    analysis = PCA(2, svd_solver="full")
    places = analysis.fit_transform(points)
    explained = float(np.nan_to_num(analysis.explained_variance_ratio_.sum()))
    return (places / (np.abs(places).max() or 1.0)).astype(np.float32), min(explained, 1.0)


def place_among(
    new: NDArray[np.floating], points: NDArray[np.floating], places: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Place new points on an existing map, each at the median place of its nearest neighbours.

    Parameters
    ----------
    new : array of shape (m, d)
    points : array of shape (n, d)
        The points on the map, at least one; all vectors have length 1.
    places : array of shape (n, 2)
        The places of ``points``.

    Returns
    -------
    array of shape (m, 2), float32
        The place of each new point does not depend on the others.
    """
    new_places = np.empty((len(new), 2), np.float32)
    nearest = min(NEIGHBOURS, len(points))
    known = points.astype(np.float32)
    for start in range(0, len(new), CHUNK):
        cosines = new[start : start + CHUNK].astype(np.float32) @ known.T
        best = np.argpartition(-cosines, nearest - 1, axis=1)[:, :nearest]
        # If the neighbours form two clusters, their mean would lie in the empty middle.
        new_places[start : start + CHUNK] = np.median(places[best], axis=1)
    return new_places
