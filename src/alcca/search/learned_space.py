"""The learned space of a library at one moment: its songs' vectors, a song's neighbours, and the map."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError, MissingExtraError, UntrainedError, UsageError
from alcca.search.engines.engine import Engine, Index, Rows, Space, inside, rows_of, synchronised
from alcca.search.engines.exact import ExactIndex
from alcca.search.filters import Filter
from alcca.space.embedder import AUDIO, FIRST_ENCODERS, Embedder, model_folder
from alcca.space.map import Found, Map
from alcca.space.map_layout import Layout, principal_places, read_layout, song_points, unit
from alcca.store.embeddings import VIEWS, Embeddings
from alcca.store.records import SongSummary
from alcca.store.songs import Store

if TYPE_CHECKING:
    from alcca.encoders.encoder import AudioEncoder

__all__ = ["LearnedSpace", "LoadedModel", "model_in_use"]

# Songs sampled to estimate the distribution of cosines: a quarter of a million pairs, accurate to a thousandth.
SAMPLED_SONGS = 512


def model_in_use(store: Store) -> dict[str, Any] | None:
    """Return the description of a library's model; None before the first training.

    Raises
    ------
    LibraryError
        The description is damaged.
    """
    about = store.setting("model")
    if about is None:
        return None
    if not isinstance(about, dict):
        raise LibraryError(f"{store.folder}: the description of its model is damaged; train again")
    return {**FIRST_ENCODERS, **about}


class LoadedModel:
    """The model in use; each piece is read from the disk when it is first needed.

    Parameters
    ----------
    library : path
        The library's folder.
    about : dict or None
        Description of the model; None before the first training.
    embedder : Embedder, optional
        The model itself, if it is not to be read from the disk.
    """

    def __init__(self, library: Path, about: dict[str, Any] | None, embedder: Embedder | None = None) -> None:
        self._library = library
        self.about = about
        self._given = embedder

    @property
    def name(self) -> str | None:
        """The model's name; None before the first training."""
        return None if self.about is None else str(self.about["name"])

    @property
    def folder(self) -> Path:
        """The model's folder."""
        return model_folder(self._library, self.about or {})

    @cached_property
    def embedder(self) -> Embedder:
        """The model itself.

        Raises
        ------
        UntrainedError
            If there is none.
        """
        if self.about is None:
            raise UntrainedError(f"{self._library}: has no model yet; train it first (alcca train)")
        return self._given or Embedder.load(self.folder)

    @cached_property
    def sound_encoder(self) -> "AudioEncoder | None":
        """The audio encoder for query recordings, ready for use; None without a model or its package."""
        try:
            encoder = None if self.about is None else self.embedder.audio
        except MissingExtraError:
            return None
        if encoder is not None:
            encoder.prepare()
        return encoder

    @cached_property
    def layout(self) -> tuple[Layout | None, str | None]:
        """The layout of the map, computed after training, and a note if there is none."""
        return (None, None) if self.about is None else read_layout(self.folder)

    @property
    def is_loaded(self) -> bool:
        """Whether the model itself has been read."""
        return "embedder" in vars(self)


class LearnedSpace:
    """Vectors of songs in the learned space of the model in use. Thread-safe.

    Parameters
    ----------
    store : Store
        Read in the constructor, inside a transaction.
    folder : path
        The library's folder.
    library : str
        An identifier of this library.
    engine : Engine
    summaries : mapping of int to SongSummary
    tags : function
        Maps a song's id to its label and artist.
    previous : LearnedSpace, optional
        The learned space of an earlier snapshot; what it has loaded is reused if the model is still in use.
    embedder : Embedder, optional
        The model in use, if it is not to be read from the folder.

    Attributes
    ----------
    model : dict or None
        Description of the model; None before the first training.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        library: str,
        engine: Engine,
        summaries: Mapping[int, SongSummary],
        tags: Callable[[int], Filter],
        previous: "LearnedSpace | None" = None,
        embedder: Embedder | None = None,
    ) -> None:
        self._summaries = summaries
        self.model = model_in_use(store)
        loaded = LoadedModel(folder, self.model, embedder)
        same = previous if previous is not None and previous._loaded.name == loaded.name else None
        self._loaded: LoadedModel = loaded if same is None else same._loaded
        self._checks: dict[int, int] = {}
        self._indexes: Mapping[str, Index] = dict.fromkeys(VIEWS, ExactIndex.empty())
        if self.model is not None:
            kept, before = store.tables(Embeddings), None if same is None else same._indexes
            self._checks = kept.checksums(self.model["name"])
            self._indexes = self._searched_by(engine, kept, tags, library, before)

    def _searched_by(
        self,
        engine: Engine,
        kept: Embeddings,
        tags: Callable[[int], Filter],
        library: str,
        before: Mapping[str, Index] | None,
    ) -> dict[str, Index]:
        """Open the index of each view, and bring it up to date with new and changed vectors."""
        name = str(self._loaded.name)
        stamps = {view: kept.stamps(name, view) for view in VIEWS}

        def rows(view: str, other: str) -> Rows:
            asking = stamps[other][0]
            return Rows(
                *stamps[view],
                lambda ids: kept.read(name, view, ids),
                tags,
                lambda: kept.read(name, other, _sampled(asking)) if len(asking) else np.empty((0, 0), np.float32),
            )

        spaces = {view: Space(library, name, self._loaded.folder, view) for view in VIEWS}
        indexes = {
            view: synchronised(
                engine.open(spaces[view]) if before is None else before[view], rows(view, other), tagged=engine.tagged
            )
            for view, other in zip(VIEWS, VIEWS[::-1], strict=True)
        }
        if before is None:
            engine.settled(spaces[VIEWS[0]])
        return indexes

    @property
    def embedder(self) -> Embedder:
        """The model in use; raises UntrainedError if there is none."""
        return self._loaded.embedder

    @property
    def sound_encoder(self) -> "AudioEncoder | None":
        """The audio encoder for query recordings; see `LoadedModel.sound_encoder`."""
        return self._loaded.sound_encoder

    @property
    def sound_encoder_folder(self) -> Path | None:
        """The folder from which another process loads the same encoder; None for MFCC and without a model.

        Raises
        ------
        LibraryError, MissingExtraError
            As `Embedder.load`.
        """
        from alcca.encoders.mfcc import MfccEncoder

        if self.model is None or isinstance(self.embedder.audio, MfccEncoder):
            return None
        return self._loaded.folder / AUDIO

    @property
    def is_loaded(self) -> bool:
        """Whether the model has been read."""
        return self._loaded.is_loaded

    @property
    def searchable(self) -> int:
        """Number of songs with a vector in the learned space, by audio, lyrics or both."""
        return len(np.union1d(*(self._indexes[view].ids for view in VIEWS)))

    @property
    def dimension(self) -> int:
        """Dimension of the learned space; 0 before the first training."""
        return max(self._indexes[view].dimension for view in VIEWS)

    def embedded(self, view: str, among: frozenset[int] | None = None) -> int:
        """Count the songs, of all or ``among`` some, with a vector for their audio or lyrics."""
        ids = self._indexes[view].ids
        return len(ids) if among is None else int(inside(ids, among).sum())

    # What a part of a search needs

    def nearest(
        self, gallery: str, place: NDArray[np.floating], k: int, among: frozenset[int] | None
    ) -> list[tuple[int, float]]:
        """The ``k`` songs whose ``gallery`` view (audio or lyrics) is nearest to a place (d,), with their cosines."""
        return self._indexes[gallery].search(place, k, among)

    def cosines(self, gallery: str, place: NDArray[np.floating], ids: NDArray[np.int64]) -> NDArray[np.float64]:
        """The cosine of each song of ``ids`` and a place (d,); NaN where a song has no vector."""
        return self._indexes[gallery].cosines(place, ids)

    def share_below(self, asks: str, gallery: str, score: float) -> float:
        """The share of pairs of different songs, compared by these views, that have a lower cosine, in [0, 1]."""
        return _share_below(self._distribution(asks, gallery), score)

    def bits_between(self, songs: Sequence[int], texts: Sequence[str]) -> NDArray[np.float64]:
        """Evidence of the space for the audio of n songs and m lyrics, in bits, shape (n, m).

        0 for songs without an audio vector, and for all songs without a model.
        """
        numbers = np.asarray(songs, dtype=np.int64)
        ids, audio = self._indexes["audio"].read(np.unique(numbers))
        worth = np.zeros((len(songs), len(texts)))
        if len(ids):
            at, placed = rows_of(ids, numbers)
            worth[placed] = self.bits(unit(audio[at]) @ unit(self.embedder.embed_lyrics(texts)).T)
        return worth

    def bits(self, cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert cosines to bits, as measured on held-out songs in training; 0 if this was not measured."""
        slope, offset = (self.model or {}).get("evidence") or (0.0, 0.0)
        bits: NDArray[np.float64] = slope * cosines + offset
        return bits

    # Neighbours of a song, and the map

    def search(
        self, query: NDArray[np.floating], asks: str, gallery: str, k: int, among: frozenset[int] | None = None
    ) -> list[Found]:
        """Find the ``k`` songs whose ``gallery`` view (audio or lyrics) is nearest to a query (d,), best first.

        ``asks`` is the view of the query, audio or lyrics: scores of audio with audio are distributed differently from
        scores of audio with lyrics.
        """
        found = self._indexes[gallery].search(query, k, among)
        compared = self._distribution(asks, gallery)
        return [Found(number, score, _share_below(compared, score)) for number, score in found]

    def neighbours(self, song: int, view: str, k: int, among: frozenset[int] | None = None) -> list[Found]:
        """Find the ``k`` other songs most similar to a song in audio or lyrics, best first.

        Raises
        ------
        UsageError
            If the song has no vector for that view.
        """
        others = self.search(self.place(song, view), view, view, k + 1, among)
        return [found for found in others if found.id != song][:k]

    def place(self, song: int, view: str) -> NDArray[np.float32]:
        """A song's vector (d,) in the learned space, by audio or lyrics; raises the errors of `neighbours`."""
        found, vectors = self._indexes[view].read(np.array([song], dtype=np.int64))
        if not len(found):
            self.embedder  # noqa: B018  # raises UntrainedError if there is no model
            title = self._summaries[song].title if song in self._summaries else song
            raise UsageError(f"{title!r} has no usable {view}, so nothing is like it by {view}")
        place: NDArray[np.float32] = vectors[0]
        return place

    @cached_property
    def map(self) -> Map:
        """All searchable songs in two dimensions, in the layout made after training.

        Songs added since then are placed among their neighbours. Without a layout, the map shows the first two
        principal components of the songs' unit vectors. A song with audio and lyrics is placed between both vectors.
        """

        def points(ids: NDArray[np.int64]) -> NDArray[np.float64]:
            return song_points(index.read(ids) for index in self._indexes.values())[1]

        ids = np.union1d(*(index.ids for index in self._indexes.values()))
        layout, note = self._loaded.layout
        if layout is not None:
            return Map(ids.tolist(), layout.extended(ids, points, self._checks), None, layout.neighbourhoods)
        places, explained = principal_places(points(ids))
        return Map(ids.tolist(), places, explained, note=note)

    def warm(self) -> None:
        """Load and compute now what would delay the first search."""
        if self.model is not None:
            # Other processes encode recordings (`alcca.sandbox.clip_reader`).
            self.embedder.lyrics.prepare()
        self.map  # noqa: B018
        for asks, gallery in (("audio", "lyrics"), ("audio", "audio"), ("lyrics", "lyrics")):
            self._distribution(asks, gallery)

    @cached_property
    def _distributions(self) -> dict[frozenset[str], NDArray[np.float32]]:
        return {}

    def _distribution(self, asks: str, gallery: str) -> NDArray[np.float32]:
        """Ascending cosines of pairs of different songs, one by its ``asks`` view, the other by its ``gallery``."""
        key = frozenset((asks, gallery))
        if key not in self._distributions:
            indexes = [self._indexes[view] for view in (asks, gallery)]
            (left_ids, left), (right_ids, right) = (index.read(_sampled(index.ids)) for index in indexes)
            cosines = unit(left) @ unit(right).T if len(left) and len(right) else np.empty((len(left), len(right)))
            different = left_ids[:, None] != right_ids[None, :]
            self._distributions[key] = np.sort(cosines[different]).astype(np.float32)
        return self._distributions[key]


def _sampled(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fixed random sample of the songs, ascending."""
    return np.sort(ids[np.random.default_rng(0).permutation(len(ids))[:SAMPLED_SONGS]])


def _share_below(ascending: NDArray[np.float32], score: float) -> float:
    return float(np.searchsorted(ascending, score) / len(ascending)) if len(ascending) else 0.0
