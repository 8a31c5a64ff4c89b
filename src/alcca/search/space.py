"""The learned space as a part of a search: songs are ranked by the cosine of their vector and the query's."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LyricsError, MissingExtraError, UntrainedError
from alcca.search.part import SOUND, Candidates, Catalogue, Evidence, Part, Query
from alcca.store.embeddings import Embeddings

if TYPE_CHECKING:
    from alcca.search.reader import SongReader
    from alcca.store.records import Song
    from alcca.store.songs import Store

__all__ = ["SpacePart"]


class SpacePart(Part):
    """Vectors of songs in the learned space of the model in use."""

    name = "space"
    title = "the learned space"
    takes = SOUND
    tables = Embeddings

    def __init__(self, store: "Store", catalogue: Catalogue, previous: Part | None) -> None:
        self._space = catalogue.space

    def lacks(self, query: Query) -> str | None:
        """Why it cannot search: no model, a missing package, or words that the model does not know."""
        try:
            embedder = self._space.embedder
            if query.text is not None:
                embedder.check_query(query.text)
        except (UntrainedError, MissingExtraError, LyricsError) as error:
            return str(error)
        return "the recording was not encoded" if query.text is None and SOUND not in query.recording else None

    def among(self, query: Query, allowed: frozenset[int] | None) -> int:
        """Count the songs that it compares: by lyrics for a recording, by audio for a text."""
        return self._space.embedded(_gallery(query), allowed)

    def ask(self, query: Query, reader: "SongReader", k: int, allowed: frozenset[int] | None) -> Candidates:
        """Rank songs by the cosine of their vector and the query's; cosines are converted to bits."""
        gallery, place = _gallery(query), self._place(query)
        found = self._space.nearest(gallery, place, k, allowed)

        def of(ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            cosines = self._space.cosines(gallery, place, ids)
            return cosines, np.nan_to_num(self._space.bits(cosines))

        return Candidates(np.array([number for number, _ in found], dtype=np.int64), of, place)

    def evidence(
        self, query: Query, candidates: Candidates, songs: Sequence["Song"], reader: "SongReader"
    ) -> list[Evidence | None]:
        """The cosine of each song, and its quantile among the library's other pairs."""
        asks, gallery = "lyrics" if query.text is not None else "audio", _gallery(query)
        scores, bits = candidates.of(np.array([song.id for song in songs], dtype=np.int64))
        return [
            None
            if np.isnan(score)
            else Evidence(self.name, float(score), float(bit), [], self._space.share_below(asks, gallery, score))
            for score, bit in zip(scores, bits, strict=True)
        ]

    def _place(self, query: Query) -> NDArray[np.float64]:
        if query.text is not None:
            return self._space.embedder.embed_query(query.text)
        sound = cast("NDArray[np.float32]", query.recording[SOUND])
        place: NDArray[np.float64] = self._space.embedder.embed_audio(sound[None])[0]
        return place


def _gallery(query: Query) -> str:
    return "audio" if query.text is not None else "lyrics"
