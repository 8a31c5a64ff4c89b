"""What can be found in a library at one moment: its songs' outlines, their places in the common space, the model."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UntrainedError, UsageError
from alcca.library.embedder import Embedder
from alcca.library.records import Outline
from alcca.library.search import ExactIndex, Index
from alcca.library.status import counts
from alcca.library.store import Store

__all__ = ["Filter", "Found", "Map", "Snapshot"]

VIEWS = ("audio", "lyrics")
# Songs whose pairs stand for all pairs of the library: a quarter of a million cosines, known to a thousandth.
SAMPLED_SONGS = 512


class Filter(NamedTuple):
    """Which songs a search may find: None stands for all."""

    label: str | None = None
    artist: str | None = None


class Found(NamedTuple):
    """A song that a search found.

    ``score`` is the cosine of query and song, in [-1, 1]; ``closer_than`` the share of the library's pairs of
    different songs with a lower one, in [0, 1].
    """

    id: int
    score: float
    closer_than: float


class Map(NamedTuple):
    """Songs in two dimensions: ids (n,), places (n, 2) in [-1, 1], the share of variance that they show, in [0, 1]."""

    ids: list[int]
    places: NDArray[np.float32]
    explained: float


class Snapshot:
    """A library's songs and model as they are when it is made. It never changes: any number of threads may ask it.

    Parameters
    ----------
    store : Store
        Read once, here.
    folder : path
        The library's.
    previous : Snapshot, optional
        An earlier one of this library; its model is kept when it is still in use.

    Attributes
    ----------
    version : tuple of int
        `Database.version` of the store when it was read.
    outlines : dict of int to Outline
        Every song, those that cannot be used included, by id.
    model : dict or None
        What is known of the model in use; None before the first training.
    """

    def __init__(self, store: Store, folder: Path, previous: "Snapshot | None" = None) -> None:
        self.folder = folder
        with store.reading():
            self.version = store.version
            self.outlines: Mapping[int, Outline] = {outline.id: outline for outline in store.outlines()}
            self.model: dict[str, Any] | None = store.setting("model")
            name = self.model and self.model["name"]
            nothing: tuple[list[int], NDArray[np.float32]] = [], np.empty((0, 0), np.float32)
            self._vectors = {view: store.embeddings(name, view) if name else nothing for view in VIEWS}
        if previous is not None and previous.model and previous.model["name"] == name and previous._is_loaded:
            vars(self)["embedder"] = previous.embedder

    @cached_property
    def embedder(self) -> Embedder:
        """The model in use, read from the disk when first asked for.

        Raises
        ------
        UntrainedError
            There is none.
        """
        if self.model is None:
            raise UntrainedError(f"{self.folder}: has no model yet; train it first (alcca train)")
        return Embedder.load(self.folder / "models" / self.model["name"])

    @property
    def _is_loaded(self) -> bool:
        return "embedder" in vars(self)

    @property
    def searchable(self) -> int:
        """How many songs have a place in the common space, by sound, words or both."""
        return len(set(self._vectors["audio"][0]) | set(self._vectors["lyrics"][0]))

    @property
    def dimension(self) -> int:
        """Of the common space; 0 before the first training."""
        return max(int(self._vectors[view][1].shape[1]) for view in VIEWS)

    def embedded(self, view: str, among: frozenset[int] | None = None) -> int:
        """How many songs, of all or ``among`` some, have a place by their audio or lyrics."""
        ids = self._vectors[view][0]
        return len(ids) if among is None else len(among.intersection(ids))

    def among(self, where: Filter) -> frozenset[int] | None:
        """Ids of the songs that pass a filter; None stands for all.

        Raises
        ------
        UsageError
            No song has that label, or that artist; the message lists those that songs have.
        """
        if where == Filter():
            return None
        for name, wanted in zip(Filter._fields, where, strict=True):
            known = counts(getattr(outline, name) for outline in self.outlines.values())
            if wanted is not None and wanted not in known:
                shown = ", ".join(list(known)[:20]) or "none"
                raise UsageError(
                    f"no song has the {name} {wanted!r}; the library's are: {shown}{', …' if len(known) > 20 else ''}"
                )
        return frozenset(
            outline.id
            for outline in self.outlines.values()
            if where.label in (None, outline.label) and where.artist in (None, outline.artist)
        )

    def search(
        self, query: NDArray[np.floating], asks: str, gallery: str, k: int, among: frozenset[int] | None = None
    ) -> list[Found]:
        """The ``k`` songs whose ``gallery`` view (audio or lyrics) is nearest to a query (d,), best first.

        ``asks`` says what the query was made from, audio or lyrics: scores between two sounds are distributed
        differently from those between a sound and words.
        """
        found = self._indexes[gallery].search(query, k, among)
        compared = self._distribution(asks, gallery)
        return [Found(number, score, _share_below(compared, score)) for number, score in found]

    def neighbours(self, song: int, view: str, k: int, among: frozenset[int] | None = None) -> list[Found]:
        """The ``k`` other songs most like a song by their audio or lyrics, best first.

        Raises
        ------
        UsageError
            The song has no place in the space by that view.
        """
        others = self.search(self.place(song, view), view, view, k + 1, among)
        return [found for found in others if found.id != song][:k]

    def place(self, song: int, view: str) -> NDArray[np.float32]:
        """A song's vector (d,) in the common space, by its audio or lyrics; errors as in `neighbours`."""
        row = self._rows[view].get(song)
        if row is None:
            self.embedder  # noqa: B018  # says it when nothing is trained
            title = self.outlines[song].title if song in self.outlines else song
            raise UsageError(f"{title!r} has no usable {view}, so nothing is like it by {view}")
        place: NDArray[np.float32] = self._vectors[view][1][row]
        return place

    @cached_property
    def map(self) -> Map:
        """All searchable songs in two dimensions: the first two principal components of their unit vectors.

        A song with audio and lyrics stands at the mean of both.
        """
        from sklearn.decomposition import PCA

        sums: dict[int, NDArray[np.float64]] = {}
        for view in VIEWS:
            for song, row in self._rows[view].items():
                unit = _unit(self._vectors[view][1][row])
                sums[song] = sums[song] + unit if song in sums else unit
        ids = sorted(sums)
        if len(ids) < 3 or len(sums[ids[0]]) < 2:
            return Map(ids, np.zeros((len(ids), 2), np.float32), 0.0)
        analysis = PCA(2, svd_solver="full")
        places = analysis.fit_transform(np.array([_unit(sums[song]) for song in ids]))
        explained = float(np.nan_to_num(analysis.explained_variance_ratio_.sum()))
        return Map(ids, (places / (np.abs(places).max() or 1.0)).astype(np.float32), min(explained, 1.0))

    def warm(self) -> None:
        """Read and compute now what the first search would otherwise wait for."""
        if self.model is not None:
            self.embedder  # noqa: B018
        self._indexes, self._rows, self.map  # noqa: B018
        for asks, gallery in (("audio", "lyrics"), ("audio", "audio"), ("lyrics", "lyrics")):
            self._distribution(asks, gallery)

    @cached_property
    def _indexes(self) -> dict[str, Index]:
        return {view: ExactIndex(*self._vectors[view]) for view in VIEWS}

    @cached_property
    def _rows(self) -> dict[str, dict[int, int]]:
        return {view: {song: row for row, song in enumerate(self._vectors[view][0])} for view in VIEWS}

    @cached_property
    def _distributions(self) -> dict[frozenset[str], NDArray[np.float32]]:
        return {}

    def _distribution(self, asks: str, gallery: str) -> NDArray[np.float32]:
        """Ascending cosines of pairs of different songs, one by its ``asks`` view, the other by its ``gallery``."""
        key = frozenset((asks, gallery))
        if key not in self._distributions:
            (one, left), (other, right) = (_sampled(*self._vectors[view]) for view in (asks, gallery))
            cosines = _unit(left) @ _unit(right).T if len(left) and len(right) else np.empty((len(left), len(right)))
            different = one[:, None] != other[None, :]
            self._distributions[key] = np.sort(cosines[different]).astype(np.float32)
        return self._distributions[key]


def _sampled(ids: list[int], vectors: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    rows = np.random.default_rng(0).permutation(len(ids))[:SAMPLED_SONGS]
    return np.asarray(ids, dtype=np.int64)[rows], vectors[rows]


def _unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    vectors = vectors.astype(np.float64)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float64] = vectors / np.where(length > 0, length, 1.0)
    return unit


def _share_below(ascending: NDArray[np.float32], score: float) -> float:
    return float(np.searchsorted(ascending, score) / len(ascending)) if len(ascending) else 0.0
