"""Lyrics as they are read aloud, of songs whose lyrics gave the readings of their characters (ruby, furigana)."""

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from alcca.store.database import checksum
from alcca.store.tables import PartTables

if TYPE_CHECKING:
    from alcca.store.records import Song

__all__ = ["Readings"]


class Readings(PartTables):
    """Lyrics with each reading in the place of its characters, line by line as the lyrics; most songs have none."""

    schema: ClassVar[str] = """
CREATE TABLE IF NOT EXISTS readings (
    song INTEGER PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE, text TEXT NOT NULL, checksum INTEGER NOT NULL
);
"""
    required: ClassVar[bool] = False

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(db)
        self._there = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'readings'").fetchone() is not None

    def song_put(self, number: int, before: "Song | None", now: "Song") -> None:
        """Store the readings of a song that has some."""
        if now.lyrics_aloud is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO readings VALUES (?, ?, ?)",
                (number, now.lyrics_aloud, checksum(now.lyrics_aloud)),
            )
        elif before is not None:
            self._db.execute("DELETE FROM readings WHERE song = ?", (number,))

    def of(self, numbers: Sequence[int]) -> dict[int, str]:
        """The lyrics of songs as they are read aloud, by id, without songs that have no readings or a damaged row."""
        if not self._there:
            return {}
        rows = self._db.execute(
            "SELECT song, text, checksum FROM readings WHERE song IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {song: text for song, text, stored in rows if checksum(text) == stored}

    def damaged(self) -> set[int]:
        """Ids of the songs whose readings do not match their checksum."""
        rows = self._db.execute("SELECT song, text, checksum FROM readings") if self._there else ()
        return {song for song, text, stored in rows if checksum(text) != stored}
