"""Which songs a search may find: a filter, and the songs that pass it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from alcca.store.records import SongSummary

__all__ = ["Chosen", "Filter", "counts", "tags_of"]


class Filter(NamedTuple):
    """Which songs a search may find: None stands for all."""

    label: str | None = None
    artist: str | None = None


class Chosen(frozenset[int]):
    """Ids of the songs that pass a filter, with the filter.

    A database that knows labels and artists takes the filter, where a million ids would have to be sent to it.

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
        """Keep both."""
        made = super().__new__(cls, ids)
        made.where = where
        return made


def counts(values: Iterable[str | None]) -> dict[str, int]:
    """How often each value occurs, the most frequent first; None and "" are not counted."""
    return dict(Counter(value for value in values if value).most_common())


def tags_of(summaries: Mapping[int, SongSummary], song: int) -> Filter:
    """The label and the artist of a song; nothing of one that is not there."""
    summary = summaries.get(song)
    return Filter() if summary is None else Filter(summary.label, summary.artist)
