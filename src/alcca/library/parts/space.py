"""The learned space as a part of a search: a song is found by the cosine of its vector and the query's."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LyricsError, MissingExtraError, UntrainedError, UsageError
from alcca.library.embedder import AUDIO, FIRST_ENCODERS, Embedder, model_folder
from alcca.library.engines.engine import Engine, Index, Rows, Space, inside, rows_of, synchronised
from alcca.library.engines.exact import ExactIndex
from alcca.library.layout import Layout, principal_places, read_layout, song_points, unit
from alcca.library.parts.embeddings import VIEWS, Embeddings
from alcca.library.parts.part import SOUND, Answer, Evidence, Part, Query
from alcca.library.parts.places import Found, Map

if TYPE_CHECKING:
    from alcca.encoders.encoder import AudioEncoder
    from alcca.library.records import Song
    from alcca.library.snapshot import Snapshot
    from alcca.library.store import Store

__all__ = ["SpacePart"]

# Songs whose pairs stand for all pairs of the library: a quarter of a million cosines, known to a thousandth.
SAMPLED_SONGS = 512


class SpacePart(Part):
    """Songs' places in the common space of the model in use.

    Attributes
    ----------
    model : dict or None
        What is known of the model; None before the first training.
    """

    name = "space"
    title = "the learned space"
    takes = SOUND
    keeper = Embeddings

    def __init__(self, store: "Store", snapshot: "Snapshot", previous: Part | None) -> None:
        self._folder: Path = snapshot.folder
        self._outlines = snapshot.outlines
        model = store.setting("model")
        self.model: dict[str, Any] | None = model and {**FIRST_ENCODERS, **model}
        kept, engine = store.kept(Embeddings), snapshot.engine
        same = previous if isinstance(previous, SpacePart) and _name(previous.model) == _name(self.model) else None
        self._checks: dict[int, int] = {}
        self._indexes: Mapping[str, Index] = dict.fromkeys(VIEWS, ExactIndex.empty())
        if self.model is not None:
            self._checks = kept.checksums(self.model["name"])
            before = same._indexes if same is not None else None
            self._indexes = self._searched_by(engine, kept, snapshot, before)
        if same is not None:
            for loaded in ("embedder", "sound_encoder", "_layout") & vars(same).keys():
                vars(self)[loaded] = vars(same)[loaded]

    def _searched_by(
        self, engine: Engine, kept: Embeddings, snapshot: "Snapshot", before: Mapping[str, Index] | None
    ) -> dict[str, Index]:
        """The songs' vectors of both views, in an engine that is given those that are new or have changed."""
        name = str(_name(self.model))
        stamps = {view: kept.stamps(name, view) for view in VIEWS}

        def rows(view: str, other: str) -> Rows:
            asking = stamps[other][0]
            return Rows(
                *stamps[view],
                lambda ids: kept.read(name, view, ids),
                snapshot.tags,
                lambda: kept.read(name, other, _sampled(asking)) if len(asking) else np.empty((0, 0), np.float32),
            )

        spaces = {view: Space(snapshot.library, name, self._model_folder, view) for view in VIEWS}
        made = {
            view: synchronised(
                engine.open(spaces[view]) if before is None else before[view], rows(view, other), tagged=engine.tagged
            )
            for view, other in zip(VIEWS, VIEWS[::-1], strict=True)
        }
        if before is None:
            engine.settled(spaces[VIEWS[0]])
        return made

    @property
    def _model_folder(self) -> Path:
        return model_folder(self._folder, self.model or {})

    @cached_property
    def embedder(self) -> Embedder:
        """The model in use, read from the disk when first asked for.

        Raises
        ------
        UntrainedError
            There is none.
        """
        if self.model is None:
            raise UntrainedError(f"{self._folder}: has no model yet; train it first (alcca train)")
        return Embedder.load(self._model_folder)

    @cached_property
    def sound_encoder(self) -> "AudioEncoder | None":
        """What describes a recording that is searched by, ready to do so; None where `lacks` says why there is none."""
        try:
            encoder = None if self.model is None else self.embedder.audio
        except MissingExtraError:
            return None
        if encoder is not None:
            encoder.prepare()
        return encoder

    @property
    def sound_encoder_folder(self) -> Path | None:
        """Where another process finds the same encoder; None for the MFCC, which need no encoder, and without a model.

        Raises
        ------
        LibraryError, MissingExtraError
            As `Embedder.load`.
        """
        from alcca.encoders.mfcc import MfccEncoder

        if self.model is None or isinstance(self.embedder.audio, MfccEncoder):
            return None
        return self._model_folder / AUDIO

    @property
    def is_loaded(self) -> bool:
        """Whether the model was read already."""
        return "embedder" in vars(self)

    @property
    def searchable(self) -> int:
        """How many songs have a place in the common space, by sound, words or both."""
        return len(np.union1d(*(self._indexes[view].ids for view in VIEWS)))

    @property
    def dimension(self) -> int:
        """Of the common space; 0 before the first training."""
        return max(self._indexes[view].dimension for view in VIEWS)

    def embedded(self, view: str, among: frozenset[int] | None = None) -> int:
        """How many songs, of all or ``among`` some, have a place by their audio or lyrics."""
        ids = self._indexes[view].ids
        return len(ids) if among is None else int(inside(ids, among).sum())

    # As a part of a search

    def lacks(self, query: Query) -> str | None:
        """Why it cannot answer: no model, a package that the model needs, words that it does not know."""
        try:
            embedder = self.embedder
            if query.text is not None:
                embedder.check_query(query.text)
        except (UntrainedError, MissingExtraError, LyricsError) as error:
            return str(error)
        return "nobody described the sound" if query.text is None and query.sound is None else None

    def among(self, query: Query, allowed: frozenset[int] | None) -> int:
        """With how many songs' lyrics it compares a recording, or with how many songs' sound a text."""
        return self.embedded(_gallery(query), allowed)

    def ask(self, query: Query, store: "Store", k: int, allowed: frozenset[int] | None) -> Answer:
        """Songs by the cosine of their vector and the query's, and what a cosine is worth in bits."""
        gallery, place = _gallery(query), self.place_of(query)
        found = self._indexes[gallery].search(place, k, allowed)

        def of(ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            cosines = self._indexes[gallery].cosines(place, ids)
            return cosines, np.nan_to_num(self._bits(cosines))

        return Answer(np.array([number for number, _ in found], dtype=np.int64), of)

    def evidence(self, query: Query, answer: Answer, songs: Sequence["Song"], store: "Store") -> list[Evidence | None]:
        """The cosine of each song, and how it compares with the library's other pairs."""
        asks = "lyrics" if query.text is not None else "audio"
        compared = self._distribution(asks, _gallery(query))
        scores, bits = answer.of(np.array([song.id for song in songs], dtype=np.int64))
        return [
            None
            if np.isnan(score)
            else Evidence(self.name, float(score), float(bit), [], _share_below(compared, score))
            for score, bit in zip(scores, bits, strict=True)
        ]

    def place_of(self, query: Query) -> NDArray[np.float64]:
        """The query's place (d,) in the space; errors as `Embedder.embed_query`."""
        if query.text is not None:
            return self.embedder.embed_query(query.text)
        if query.sound is None:
            raise UsageError("the learned space needs the sound of a recording, or words")
        place: NDArray[np.float64] = self.embedder.embed_audio(query.sound[None])[0]
        return place

    def bits_between(self, songs: Sequence[int], texts: Sequence[str]) -> NDArray[np.float64]:
        """What the space says of the sound of each of n songs and each of m lyrics, in bits, shape (n, m).

        Nothing, 0, of a song whose sound has no place in it, and of any without a model.
        """
        numbers = np.asarray(songs, dtype=np.int64)
        ids, audio = self._indexes["audio"].read(np.unique(numbers))
        worth = np.zeros((len(songs), len(texts)))
        if len(ids):
            at, placed = rows_of(ids, numbers)
            worth[placed] = self._bits(unit(audio[at]) @ unit(self.embedder.embed_lyrics(texts)).T)
        return worth

    def _bits(self, cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a cosine is worth, as the training measured it on songs kept out; nothing where it did not."""
        slope, offset = (self.model or {}).get("evidence") or (0.0, 0.0)
        bits: NDArray[np.float64] = slope * cosines + offset
        return bits

    # Songs like a song, and the map

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
        found, vectors = self._indexes[view].read(np.array([song], dtype=np.int64))
        if not len(found):
            self.embedder  # noqa: B018  # says it when nothing is trained
            title = self._outlines[song].title if song in self._outlines else song
            raise UsageError(f"{title!r} has no usable {view}, so nothing is like it by {view}")
        place: NDArray[np.float32] = vectors[0]
        return place

    @cached_property
    def map(self) -> Map:
        """All searchable songs in two dimensions, as they were laid out after the training.

        Songs that came since stand among their neighbours. Where nothing was laid out, these are the first two
        principal components of the songs' unit vectors. A song with audio and lyrics stands between both.
        """

        def points(ids: NDArray[np.int64]) -> NDArray[np.float64]:
            return song_points(index.read(ids) for index in self._indexes.values())[1]

        ids = np.union1d(*(index.ids for index in self._indexes.values()))
        layout, note = self._layout
        if layout is not None:
            return Map(ids.tolist(), layout.extended(ids, points, self._checks), None, layout.neighbourhoods)
        places, explained = principal_places(points(ids))
        return Map(ids.tolist(), places, explained, note=note)

    @cached_property
    def _layout(self) -> tuple[Layout | None, str | None]:
        return (None, None) if self.model is None else read_layout(self._model_folder)

    def warm(self) -> None:
        """Read and compute now what the first search would otherwise wait for."""
        if self.model is not None:
            # Sound is described by other processes (`alcca.library.clips`).
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
            (one, left), (other, right) = (index.read(_sampled(index.ids)) for index in indexes)
            cosines = unit(left) @ unit(right).T if len(left) and len(right) else np.empty((len(left), len(right)))
            different = one[:, None] != other[None, :]
            self._distributions[key] = np.sort(cosines[different]).astype(np.float32)
        return self._distributions[key]


def _gallery(query: Query) -> str:
    return "audio" if query.text is not None else "lyrics"


def _name(model: Mapping[str, Any] | None) -> str | None:
    return None if model is None else str(model["name"])


def _sampled(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some of the songs, ascending; always the same ones."""
    return np.sort(ids[np.random.default_rng(0).permutation(len(ids))[:SAMPLED_SONGS]])


def _share_below(ascending: NDArray[np.float32], score: float) -> float:
    return float(np.searchsorted(ascending, score) / len(ascending)) if len(ascending) else 0.0
