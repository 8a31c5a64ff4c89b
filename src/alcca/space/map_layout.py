"""The map of a library: its songs on a plane, where songs that are near in the learned space stay near.

t-SNE (van der Maaten & Hinton 2008) as openTSNE computes it, with the extra ``map``. It is computed once, when a model
is trained, and kept beside the model; songs that come later are placed among their neighbours.
"""

import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError, MissingExtraError
from alcca.persistence import load_state, save_state
from alcca.space.map_labels import Neighbourhood

__all__ = ["Layout", "can_lay_out", "lay_out", "place_among", "principal_places", "read_layout", "song_points", "unit"]

# Its folder, in the model's.
FOLDER = "map"
KIND = "Layout"
PERPLEXITY = 30
# With fewer songs, threads wait for each other longer than they work.
MIN_FOR_THREADS = 5_000
# A new song stands amid so many of its neighbours.
NEIGHBOURS = 10
# Cosines of new songs with all others are computed for so many at a time.
CHUNK = 256
# Among how many songs a new one is placed at most.
MAX_BESIDE = 100_000


class Layout(NamedTuple):
    """Where the songs of a model are on its map.

    Parameters
    ----------
    ids : array of shape (n,), int64
        Ascending.
    checks : array of shape (n,), int64
        The checksums of the vectors by which the songs were laid out: a song that has others must be placed anew.
    places : array of shape (n, 2), float32
        In [-1, 1]; the largest is 1.
    neighbourhoods : tuple of Neighbourhood
        Those that have a name.
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
        """What `save` wrote into a model's folder; None when nothing was.

        Raises
        ------
        LibraryError
            It is damaged, or was written by a newer alcca.
        """
        if not (model / FOLDER).exists():
            return None
        arrays, state = load_state(model / FOLDER, KIND)
        named = [Neighbourhood(**{**one, "words": tuple(one["words"])}) for one in state["neighbourhoods"]]
        return cls(**arrays, neighbourhoods=tuple(named))

    def extended(
        self,
        ids: NDArray[np.int64],
        points: Callable[[NDArray[np.int64]], NDArray[np.floating]],
        checks: Mapping[int, int],
    ) -> NDArray[np.float32]:
        """Places of the songs that there are now; those that were laid out keep theirs, songs that are gone have none.

        Parameters
        ----------
        ids : array of shape (m,), int64
        points : function
            From ids, ascending, to the unit vectors of these songs; asked for nothing where no song is new.
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
            # A hundred thousand say where a song's neighbours stand as well as millions, which may not be in memory.
            beside = np.flatnonzero(known)
            beside = beside[:: -(-len(beside) // MAX_BESIDE)]
            places[~known] = place_among(points(ids[~known]), points(ids[beside]), places[beside])
        return places


def read_layout(model: Path) -> tuple[Layout | None, str | None]:
    """What `Layout.save` wrote into a model's folder; or None, and for people why there is none and what to do."""
    shown = "The map shows two principal components, which tell little about neighbours: "
    again = "train once more (alcca train)"
    try:
        layout = Layout.load(model)
    except LibraryError:
        return None, f"{shown}the map that was kept is damaged. To mend it, {again}."
    if layout is not None:
        return layout, None
    if can_lay_out():
        return None, f"{shown}the model was trained without a map of neighbours. To have one, {again}."
    return None, f"{shown}a map of neighbours needs the extra “map”. Install it (pip install 'alcca[map]') and {again}."


def can_lay_out() -> bool:
    """Whether the extra that lays songs out is installed."""
    return importlib.util.find_spec("openTSNE") is not None


def unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Vectors (..., d) of length 1 in the same directions; zero stays zero."""
    vectors = vectors.astype(np.float64)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    made: NDArray[np.float64] = vectors / np.where(length > 0, length, 1.0)
    return made


def song_points(
    views: Iterable[tuple[Sequence[int] | NDArray[np.int64], NDArray[np.floating]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One point of each song: the direction between its vectors by audio and by lyrics.

    Parameters
    ----------
    views : iterable of (n ids, array of shape (n, d))
        Of each view, the ids of the songs that have it, and their vectors.

    Returns
    -------
    ids : array of shape (m,), int64
        Ascending: every song that has at least one.
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
    """Put points on a plane so that neighbours stay neighbours.

    Parameters
    ----------
    points : array of shape (n, d)
        Of length 1, at least four.
    random_state : int
        Same points, same seed: same places; from 5,000 points on, by the same number of threads.
    n_jobs : int
        Threads; -1 for all processors.

    Returns
    -------
    array of shape (n, 2), float32
        Places in [-1, 1] about 0; the largest is 1.

    Raises
    ------
    MissingExtraError
        The extra ``map`` is not installed.
    """
    if not can_lay_out():
        raise MissingExtraError("laying out a map of neighbours needs openTSNE; install it: pip install 'alcca[map]'")
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN

    points = np.ascontiguousarray(points)
    # Trees that several threads plant are others for each number of threads; one thread makes the same map anywhere.
    near = PerplexityBasedNN(points, min(PERPLEXITY, (len(points) - 1) / 3), n_jobs=1, random_state=random_state)
    threads = 1 if len(points) < MIN_FOR_THREADS else n_jobs
    laid = TSNE(random_state=random_state, n_jobs=threads).fit(points, affinities=near)
    places = np.asarray(laid, dtype=np.float64)
    places -= (places.max(axis=0) + places.min(axis=0)) / 2
    return (places / (np.abs(places).max() or 1.0)).astype(np.float32)


def principal_places(points: NDArray[np.floating]) -> tuple[NDArray[np.float32], float]:
    """The first two principal components of points, which say little where many are needed.

    Parameters
    ----------
    points : array of shape (n, d)

    Returns
    -------
    places : array of shape (n, 2), float32
        In [-1, 1]; zeros for fewer than three points.
    explained : float
        The share of the variance that they show, in [0, 1].
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
    """Where points belong on a map that was made without them: the median place of their nearest neighbours.

    Parameters
    ----------
    new : array of shape (m, d)
    points : array of shape (n, d)
        Those on the map, at least one; all are of length 1.
    places : array of shape (n, 2)
        Where those are.

    Returns
    -------
    array of shape (m, 2), float32
        One does not depend on the others.
    """
    found = np.empty((len(new), 2), np.float32)
    nearest = min(NEIGHBOURS, len(points))
    known = points.astype(np.float32)
    for start in range(0, len(new), CHUNK):
        cosines = new[start : start + CHUNK].astype(np.float32) @ known.T
        best = np.argpartition(-cosines, nearest - 1, axis=1)[:, :nearest]
        # The mean would lie in the empty middle where the neighbours stand in two crowds.
        found[start : start + CHUNK] = np.median(places[best], axis=1)
    return found
