"""A library at one moment: summaries of its songs, and the parts of a search."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from alcca.errors import AlccaError, LyricsError, UntrainedError, UsageError
from alcca.search.engines.engine import Engine
from alcca.search.engines.exact import ExactEngine
from alcca.search.filters import Chosen, Filter, counts, tags_of
from alcca.search.fusion import BOTH, Fused, ask_parts, chosen_parts
from alcca.search.learned_space import LearnedSpace
from alcca.search.part import Catalogue, Part, Query
from alcca.search.parts import PARTS
from alcca.space.embedder import Embedder
from alcca.store.records import SongSummary
from alcca.store.songs import Store

__all__ = ["Filter", "Snapshot"]


class Snapshot:
    """A library's songs and the parts of a search at the moment of its creation. Immutable and thread-safe.

    Parameters
    ----------
    store : Store
        Read in the constructor only.
    folder : path
        The library's folder.
    previous : Snapshot, optional
        An earlier snapshot of this library; what its parts have loaded is reused if it is still valid.
    engine : Engine, optional
        Searches the vectors; by default `ExactEngine`.
    embedder : Embedder, optional
        The model in use, if it is not to be read from the folder.

    Attributes
    ----------
    version : tuple of int
        `Database.version` of the store at that moment.
    summaries : dict of int to SongSummary
        All songs by id, including unusable ones.
    space : LearnedSpace
        The songs' vectors, neighbours and map.
    parts : dict of str to Part
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        previous: "Snapshot | None" = None,
        engine: Engine | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self.folder = folder
        with store.reading():
            self.version = store.version
            self.summaries: Mapping[int, SongSummary] = {summary.id: summary for summary in store.summaries()}
            library, searched = store.setting("id"), engine or ExactEngine()
            tags = partial(tags_of, self.summaries)
            space = previous.space if previous is not None else None
            self.space: LearnedSpace = LearnedSpace(
                store, folder, library, searched, self.summaries, tags, space, embedder
            )
            catalogue = Catalogue(library, searched, self.summaries, self.space)
            before = previous.parts if previous is not None else {}
            self.parts: dict[str, Part] = {part.name: part(store, catalogue, before.get(part.name)) for part in PARTS}

    @property
    def model(self) -> dict[str, Any] | None:
        """Description of the model in use; None before the first training."""
        return self.space.model

    def among(self, where: Filter) -> Chosen | None:
        """Select the songs that pass a filter; None stands for all songs.

        Raises
        ------
        UsageError
            If no song has the label or artist; the message lists existing ones.
        """
        if where == Filter():
            return None
        for name, wanted in zip(Filter._fields, where, strict=True):
            known = counts(getattr(summary, name) for summary in self.summaries.values())
            if wanted is not None and wanted not in known:
                shown = ", ".join(list(known)[:20]) or "none"
                raise UsageError(
                    f"no song has the {name} {wanted!r}; the library's are: {shown}{', …' if len(known) > 20 else ''}"
                )
        chosen = (
            summary.id
            for summary in self.summaries.values()
            if where.label in (None, summary.label) and where.artist in (None, summary.artist)
        )
        return Chosen(chosen, where)

    def search(self, query: Query, store: Store, k: int, among: frozenset[int] | None = None, by: str = BOTH) -> Fused:
        """Find the ``k`` songs that fit a query best, by one part of the search or by all that can search for it.

        Parameters
        ----------
        query : Query
        store : Store
            Read during the search; no other thread may use it meanwhile.
        k : int
            Number of hits.
        among : frozenset of int, optional
            Search only these songs.
        by : str
            The name of a part, or "both".

        Raises
        ------
        UntrainedError, LyricsError, UsageError
            If none of these parts can search; the message gives the reasons.
        """
        parts = chosen_parts(self.parts, by)
        with store.named_errors():
            found = ask_parts(parts, query, store, k, among)
        if not found.asked or (not found.hits and query.text is not None and self.model is not None and found.notes):
            raise self._error(query, found.notes)
        return found

    def _error(self, query: Query, notes: tuple[str, ...]) -> AlccaError:
        reasons = "; ".join(notes)
        if self.model is None:
            return UntrainedError(reasons)
        return LyricsError(reasons) if query.text is not None else UsageError(reasons)

    def warm(self) -> None:
        """Load and compute now what would delay the first search."""
        self.space.warm()
        for part in self.parts.values():
            part.warm()
