"""What can be found in a library at one moment: its songs' summaries, and the parts of a search."""

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
from alcca.store.records import SongSummary
from alcca.store.songs import Store

__all__ = ["Filter", "Snapshot"]


class Snapshot:
    """A library's songs and the parts of a search as they are when it is made.

    It never changes: any number of threads may ask it.

    Parameters
    ----------
    store : Store
        Read once, here.
    folder : path
        The library's.
    previous : Snapshot, optional
        An earlier one of this library; what its parts have loaded is kept where it is still in use.
    engine : Engine, optional
        Where the vectors are searched; exactly and in memory when not given.

    Attributes
    ----------
    version : tuple of int
        `Database.version` of the store when it was read.
    summaries : dict of int to SongSummary
        Every song, those that cannot be used included, by id.
    space : LearnedSpace
        In which songs have neighbours and a map.
    parts : dict of str to Part
    """

    def __init__(
        self, store: Store, folder: Path, previous: "Snapshot | None" = None, engine: Engine | None = None
    ) -> None:
        self.folder = folder
        with store.reading():
            self.version = store.version
            self.summaries: Mapping[int, SongSummary] = {summary.id: summary for summary in store.summaries()}
            library, searched = store.setting("id"), engine or ExactEngine()
            tags = partial(tags_of, self.summaries)
            space = previous.space if previous is not None else None
            self.space: LearnedSpace = LearnedSpace(store, folder, library, searched, self.summaries, tags, space)
            catalogue = Catalogue(library, searched, self.summaries, self.space)
            before = previous.parts if previous is not None else {}
            self.parts: dict[str, Part] = {part.name: part(store, catalogue, before.get(part.name)) for part in PARTS}

    @property
    def model(self) -> dict[str, Any] | None:
        """What is known of the model in use; None before the first training."""
        return self.space.model

    def among(self, where: Filter) -> Chosen | None:
        """Ids of the songs that pass a filter; None stands for all.

        Raises
        ------
        UsageError
            No song has that label, or that artist; the message lists those that songs have.
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
        """The ``k`` songs that fit a query best, by one part of a search or by all that can candidates.

        Parameters
        ----------
        query : Query
        store : Store
            For reading; no other thread uses it meanwhile.
        k : int
        among : frozenset of int, optional
            Only these songs.
        by : str
            A part's name, or "both".

        Raises
        ------
        UntrainedError, LyricsError, UsageError
            No part that was asked can answer, and why.
        """
        parts = chosen_parts(self.parts, by)
        with store.named_errors():
            found = ask_parts(parts, query, store, k, among)
        if not found.asked or (not found.hits and query.text is not None and self.model is not None and found.notes):
            raise self._why(query, found.notes)
        return found

    def _why(self, query: Query, notes: tuple[str, ...]) -> AlccaError:
        said = "; ".join(notes)
        if self.model is None:
            return UntrainedError(said)
        return LyricsError(said) if query.text is not None else UsageError(said)

    def warm(self) -> None:
        """Read and compute now what the first search would otherwise wait for."""
        self.space.warm()
        for part in self.parts.values():
            part.warm()
