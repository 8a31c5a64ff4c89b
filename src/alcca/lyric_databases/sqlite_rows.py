"""Rows of an SQLite database: a dump of LRCLIB, or any with one table of lyrics.

The schema is LRCLIB's (github.com/tranxuanthang/lrclib, server/migrations). The database is never written: it is opened
read-only, and where no other program is writing into it also without locks and without files beside it.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from alcca.errors import UsageError
from alcca.lyric_databases.columns import EXPECTED, find_columns
from alcca.lyric_databases.row import FIELDS, MAX_LETTERS, Row, row_of
from alcca.lyric_databases.source import Source

__all__ = ["SqliteRows"]

# Longer values are no lyrics, and are not loaded.
MAX_BYTES = 40 * MAX_LETTERS
TOO_LONG, DAMAGED = "are longer than lyrics are and were left out", "are damaged and were left out"
# LRCLIB's columns, as (table, column) of each field.
_LRCLIB = {
    "title": ("tracks", "name"),
    "artist": ("tracks", "artist_name"),
    "album": ("tracks", "album_name"),
    "duration": ("tracks", "duration"),
    "lyrics": ("lyrics", "plain_lyrics"),
    "synced": ("lyrics", "synced_lyrics"),
    "instrumental": ("lyrics", "instrumental"),
}
# After so many damaged rows in a row the rest is given up.
MAX_DAMAGED = 1000


class SqliteRows(Source):
    """The songs of an SQLite database; positions are row numbers.

    Raises
    ------
    UsageError
        The file is no database, or has no tables of lyrics.
    """

    format = "sqlite"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._db = _connect(path)
        try:
            self._select, self._number = self._find_tables()
            self.total = self._last()
        except sqlite3.Error as error:
            raise UsageError(f"{path}: is no readable SQLite database ({error}); download it again") from error

    def rows(self, after: int = 0) -> Iterator[tuple[int, Row | None]]:
        """Each text, with what the database says about its song."""
        damaged, alone = 0, False
        select = f"{self._select} AND {self._number} > ? ORDER BY {self._number}"
        while True:
            try:
                # Python reads a row ahead, so one that cannot be read takes the one before it along: that is asked for
                # again by itself.
                found = self._db.execute(f"{select} LIMIT 1" if alone else select, (after,))
                before = after
                for number, *values in found:
                    after, damaged = number, 0
                    yield after, row_of(values)
                if not alone or after == before:
                    return
                alone = False
            except sqlite3.Error as error:
                # SQLite ends the whole query at such a row: go on behind it.
                if not alone:
                    alone = True
                    continue
                failed = self._next(after)
                damaged += 1
                if failed is None or damaged > MAX_DAMAGED:
                    self.left_out[f"from number {after} on cannot be read ({error}) and were left out"] += 1
                    return
                self.left_out[TOO_LONG if "too big" in str(error) else DAMAGED] += 1
                after, alone = failed, False
                yield after, None

    def sample(self) -> bytes:
        """The first texts."""
        with contextlib.suppress(sqlite3.Error):
            rows = self._db.execute(f"{self._select} ORDER BY {self._number} LIMIT 20").fetchall()
            return repr(rows).encode("utf-8", "replace")
        return b""

    def _last(self) -> int:
        table = self._number.split(".")[0]
        row = self._db.execute(f"SELECT max({self._number}) FROM {table}").fetchone()
        return int(row[0] or 0)

    def _next(self, after: int) -> int | None:
        """The number of the row that cannot be read: the next one, or, where a page is damaged, the last of it."""
        table = self._number.split(".")[0]
        select = f"SELECT {self._number} FROM {table} WHERE {self._number} > ? ORDER BY {self._number} LIMIT 1"
        step = 0
        while after + step <= self.total:
            try:
                row = self._db.execute(select, (after + step,)).fetchone()
                return None if row is None else int(row[0]) if step == 0 else after + step
            except sqlite3.Error:
                step = 2 * step + 1
        return None

    def _find_tables(self) -> tuple[str, str]:
        """The query without its order, which ends in a condition, and the number of each of its rows."""
        kinds = self._db.execute("SELECT lower(CAST(name AS TEXT)) FROM sqlite_master WHERE type = 'table'")
        tables = {bytes(name).decode("utf-8", "replace") for (name,) in kinds}
        if {"tracks", "lyrics"} <= tables:
            return self._lrclib()
        for table in sorted(tables):
            heads = self._columns(table)
            with contextlib.suppress(UsageError):
                columns = find_columns(heads, str(self.path))
                chosen = [_quoted(heads[columns[field]]) if field in columns else "NULL" for field in FIELDS]
                name = _quoted(table)
                return f"SELECT {name}.rowid, {', '.join(chosen)} FROM {name} WHERE 1", f"{name}.rowid"
        raise UsageError(
            f"{self.path}: no tables of lyrics; expected those of an LRCLIB dump, tracks and lyrics, or one with "
            f"columns named {EXPECTED}; found {', '.join(sorted(tables)[:12]) or 'no tables'}"
        )

    def _lrclib(self) -> tuple[str, str]:
        there = {table: {head.lower() for head in self._columns(table)} for table in ("tracks", "lyrics")}
        if not {"plain_lyrics", "synced_lyrics"} & there["lyrics"] or "name" not in there["tracks"]:
            raise UsageError(
                f"{self.path}: its tables tracks and lyrics are not LRCLIB's; expected tracks(id, name, artist_name, "
                "album_name, duration, last_lyrics_id) and lyrics(id, plain_lyrics, synced_lyrics, track_id, "
                f"instrumental), found tracks({', '.join(sorted(there['tracks']))}) and "
                f"lyrics({', '.join(sorted(there['lyrics']))})"
            )
        chosen = [f"{table}.{column}" if column in there[table] else "NULL" for table, column in _LRCLIB.values()]
        linked = "last_lyrics_id" in there["tracks"]
        if "track_id" in there["lyrics"] and "id" in there["tracks"]:
            join = "lyrics LEFT JOIN tracks ON tracks.id = lyrics.track_id"
            # A text that a later one has replaced.
            latest = "coalesce(tracks.last_lyrics_id, lyrics.id) = lyrics.id" if linked else "1"
        elif linked and "id" in there["lyrics"]:
            join, latest = "lyrics JOIN tracks ON tracks.last_lyrics_id = lyrics.id", "1"
        else:
            raise UsageError(
                f"{self.path}: nothing joins its tables tracks and lyrics; expected a column lyrics.track_id, or "
                "tracks.last_lyrics_id"
            )
        number = "lyrics.id" if "id" in there["lyrics"] else "lyrics.rowid"
        return f"SELECT {number}, {', '.join(chosen)} FROM {join} WHERE {latest}", number

    def _columns(self, table: str) -> list[str]:
        select = f"SELECT name FROM pragma_table_info({_text_quoted(table)})"
        return [bytes(name).decode("utf-8", "replace") for (name,) in self._db.execute(select)]


def _connect(path: Path) -> sqlite3.Connection:
    """Connect without a chance of writing.

    A database in WAL mode gets files beside it even from readers, unless it is said to be immutable: it is, where no
    log beside it holds rows that are not yet in it.
    """
    log = path.with_name(f"{path.name}-wal")
    still = not (log.exists() and log.stat().st_size)
    address = f"file:{quote(str(path.resolve()))}?mode=ro{'&immutable=1' if still else ''}"
    connection = sqlite3.connect(address, uri=True, check_same_thread=False)
    connection.text_factory = bytes
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        with contextlib.suppress(sqlite3.Error):
            connection.execute(f"PRAGMA {pragma}")
    return connection


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
