"""What a part of a search keeps of songs, in tables of its own in the library's database."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from alcca.store.records import Song

__all__ = ["PartTables"]


class PartTables(ABC):
    """What a part keeps of songs, in tables of its own in the library's database.

    `schema` makes the tables and indexes. Each statement says ``IF NOT EXISTS``: a library that was made without some
    of them gets those when it is next opened and can be written. All writing happens inside the caller's transaction.
    Rows that refer to a song with ``ON DELETE CASCADE`` go with it; whatever else is kept is removed in `forget`.
    """

    schema: ClassVar[str]

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    @abstractmethod
    def song_put(self, number: int, before: "Song | None", now: "Song") -> None:
        """Follow a song that is new or has changed."""

    def forget(self, numbers: Sequence[int]) -> None:  # noqa: B027 - most have nothing to do
        """Remove what is kept of songs that go; they are still there when this is called."""

    @abstractmethod
    def damaged(self) -> set[int]:
        """Ids of the songs of which some row does not match its checksum."""

    def rebuild(self) -> None:  # noqa: B027 - most have nothing to do
        """Make anew what is derived from songs and other rows: some were damaged, or the tables have just been made."""
