"""The contract of the tables that a part of a search has in the library's database."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from alcca.store.records import Song

__all__ = ["FOLDING", "PartTables"]

# The setting with the version of the folding of all indexed words.
FOLDING = "folding"


class PartTables(ABC):
    """The tables of a part of a search in the library's database.

    `schema` creates the tables and indexes. Each statement uses ``IF NOT EXISTS``: a library that lacks some of them
    gets those when it is next opened and can be written. All writes happen inside the caller's transaction. Rows that
    refer to a song with ``ON DELETE CASCADE`` are deleted with it; `forget` removes everything else.

    Attributes
    ----------
    required : bool
        Whether a library that cannot be written can only be read if it has the tables.
    folds : bool
        Whether the tables hold folded words: they are rebuilt when `alcca.matching.folding.VERSION` is another one.
    """

    schema: ClassVar[str]
    required: ClassVar[bool] = True
    folds: ClassVar[bool] = False

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

    def drop(self, numbers: Sequence[int]) -> None:  # noqa: B027 - some have no rows of their own
        """Remove the rows of songs that `damaged` found; they are computed again."""

    def stale_indexes(self) -> list[str]:
        """Names of the indexes that do not agree with the songs and rows that they are derived from."""
        return []

    def rebuild(self) -> None:  # noqa: B027 - most have nothing to do
        """Rebuild what is derived from songs and other rows, after damage or when the tables are new."""
