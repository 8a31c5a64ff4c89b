"""Which songs a search may find: a filter, and the songs that pass it."""

from collections.abc import Iterable
from typing import NamedTuple, Self

__all__ = ["Chosen", "Filter"]


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
