"""The contract of the tables that a part of a search has in the library's database."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from alcca.store.records import Song

__all__ = ["PartTables"]


class PartTables(ABC):
    """The tables of a part of a search in the library's database.

    `schema` creates the tables and indexes. Each statement uses ``IF NOT EXISTS``: a library that lacks some of them
    gets those when it is next opened and can be written. All writes happen inside the caller's transaction. Rows that
    refer to a song with ``ON DELETE CASCADE`` are deleted with it; `forget` removes everything else.
    """

    schema: ClassVar[str]

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    @abstractmethod
    def song_put(self, number: int, before: "Song | None", now: "Song") -> None:
        """Update the tables for a song that is new or has changed."""

    def forget(self, numbers: Sequence[int]) -> None:  # noqa: B027 - most have nothing to do
        """Remove the data of songs that are about to be deleted; this is called before their rows go."""

    @abstractmethod
    def damaged(self) -> set[int]:
        """Ids of the songs with a row that does not match its checksum."""

    def rebuild(self) -> None:  # noqa: B027 - most have nothing to do
        """Rebuild what is derived from songs and other rows, after damage or when the tables are new."""
