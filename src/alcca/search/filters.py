"""Filters of a search, and the songs that pass them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from alcca.store.records import SongSummary

__all__ = ["Chosen", "Filter", "counts", "tags_of"]


class Filter(NamedTuple):
    """The label and the artist of the songs that a search may find; None allows all."""

    label: str | None = None
    artist: str | None = None


class Chosen(frozenset[int]):
    """Ids of the songs that pass a filter, with the filter.

    A database that stores labels and artists takes the filter instead of up to a million ids.

    Attributes
    ----------
    where : Filter

    Examples
    --------
    >>> chosen = Chosen([3, 4], Filter(label="folk"))
    >>> 3 in chosen, len(chosen), chosen.where.label
    (True, 2, 'folk')
    """

    where: Filter

    def __new__(cls, ids: Iterable[int], where: Filter) -> Self:
        """Store the ids and the filter."""
        chosen = super().__new__(cls, ids)
        chosen.where = where
        return chosen


def counts(values: Iterable[str | None]) -> dict[str, int]:
    """Count each value, most frequent first; None and "" are not counted."""
    return dict(Counter(value for value in values if value).most_common())


def tags_of(summaries: Mapping[int, SongSummary], song: int) -> Filter:
    """The label and artist of a song; empty for an unknown song."""
    summary = summaries.get(song)
    return Filter() if summary is None else Filter(summary.label, summary.artist)
