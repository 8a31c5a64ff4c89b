"""Read the songs of one search, each song once."""

from collections.abc import Sequence
from typing import TypeVar

from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.tables import PartTables

__all__ = ["SongReader"]

T = TypeVar("T", bound=PartTables)


class SongReader:
    """Read songs for one search, and keep them for the other parts of the search.

    Parameters
    ----------
    store : Store
        Read during the search; no other thread may use it meanwhile.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[int, Song | None] = {}

    def songs(self, ids: Sequence[int]) -> list[Song]:
        """The songs with these ids, in this order, without those that were removed."""
        new = [number for number in ids if number not in self._read]
        if new:
            self._read |= dict.fromkeys(new) | {song.id: song for song in self._store.songs(new)}
        return [song for number in ids if (song := self._read[number]) is not None]

    def tables(self, of: type[T]) -> T:
        """The tables of a part of the search."""
        return self._store.tables(of)
