"""What one search reads of its songs, each song once."""

from collections.abc import Sequence
from typing import TypeVar

from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.tables import PartTables

__all__ = ["SongReader"]

T = TypeVar("T", bound=PartTables)


class SongReader:
    """Reads songs for one search; what was read stays for the parts that need it again.

    Parameters
    ----------
    store : Store
        For reading; no other thread uses it meanwhile.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[int, Song | None] = {}

    def songs(self, ids: Sequence[int]) -> list[Song]:
        """The songs with these ids in their order, without those that are gone."""
        new = [number for number in ids if number not in self._read]
        if new:
            self._read |= dict.fromkeys(new) | {song.id: song for song in self._store.songs(new)}
        return [song for number in ids if (song := self._read[number]) is not None]

    def tables(self, of: type[T]) -> T:
        """The tables that a part of a search keeps in the store."""
        return self._store.tables(of)
