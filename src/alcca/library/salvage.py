"""Copies what can be read of a damaged database into a new one.

Rows are read one after the other from both ends of each table, and by number in between, because SQLite reads all pages
that are not damaged themselves. A row is kept if its checksum fits.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alcca.errors import LibraryError
from alcca.store.database import checksum
from alcca.store.seal import break_seal
from alcca.store.songs import Store
from alcca.store.sqlite_errors import BEYOND_REPAIR, DATABASE, HEADER

__all__ = ["salvage"]

Row = tuple[object, ...]
# The tables that others are derived from; the key of each, and the first column that its checksum covers.
TABLES = {
    "settings": ("key", None),
    "songs": ("id", 1),
    "files": ("path", None),
    "features": ("rowid", 2),
    "transcripts": ("song", 1),
    "embeddings": ("rowid", 1),
}
MAX_BETWEEN = 1_000_000


def salvage(folder: Path) -> list[str]:
    """Replace the database in a folder by a new one with all rows that can be read; the old one is kept beside it.

    Returns
    -------
    list of str
        What was kept, a line a table.

    Raises
    ------
    LibraryError
        Nothing can be read.
    """
    part = Path(tempfile.mkdtemp(prefix=".salvage.", dir=folder))
    try:
        lines = [f"copied what can be read of {DATABASE} into a new file"]
        with contextlib.closing(_opened(folder, part)) as old, contextlib.closing(Store(part)) as new:
            kept = {table: _copy(old, new, table) for table in TABLES}
            if not kept["songs"]:
                raise LibraryError(f"{folder / DATABASE}: nothing of it can be read; {BEYOND_REPAIR}")
            with new.transaction():
                new.drop_orphans()
                new.rebuild_indexes()
                new.distrust_files()
        lines += [f"{table}: {count} rows" for table, count in kept.items()]
        lines.append(f"the damaged file is now {_exchange(folder, part / DATABASE)}")
        return lines
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _opened(folder: Path, part: Path) -> sqlite3.Connection:
    """Open a copy of the database, whose header is made anew."""
    copy = part / "copy.sqlite"
    for suffix in ("", "-wal"):
        if (folder / f"{DATABASE}{suffix}").exists():
            shutil.copyfile(folder / f"{DATABASE}{suffix}", f"{copy}{suffix}")
    with copy.open("r+b") as file:
        for at, data in HEADER.items():
            file.seek(at)
            file.write(data)
    old = sqlite3.connect(copy, isolation_level=None)
    old.text_factory = lambda data: data.decode("utf-8", "replace")
    # With it, SQLite reads the tables whose definitions are not damaged.
    old.execute("PRAGMA writable_schema=ON")
    return old


def _copy(old: sqlite3.Connection, new: Store, table: str) -> int:
    key, first = TABLES[table]
    try:
        columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
    except sqlite3.DatabaseError:
        return 0
    if not columns:
        return 0
    rows = (row for row in _rows(old, table, key) if _is_whole(table, row, first))
    return new.copy_rows(table, columns, rows)


def _is_whole(table: str, row: Row, first: int | None) -> bool:
    if first is None:
        return True
    return checksum(*row[first:-1]) == row[-1]


def _rows(old: sqlite3.Connection, table: str, key: str) -> Iterator[Row]:
    """All rows that can be read, each once."""
    seen: set[object] = set()
    ends: list[object] = []
    for sign, order in ((">", "ASC"), ("<", "DESC")):
        last: object = None
        while True:
            where = "" if last is None else f"WHERE {key} {sign} ?"
            try:
                found = old.execute(
                    f"SELECT {key}, * FROM {table} {where} ORDER BY {key} {order} LIMIT 1",
                    () if last is None else (last,),
                ).fetchone()
            except sqlite3.DatabaseError:
                ends.append(last)
                break
            if found is None:
                return
            last = found[0]
            if last not in seen:
                seen.add(last)
                yield found[1:]
    begin, end = ends
    if isinstance(begin, int) and isinstance(end, int) and end - begin <= MAX_BETWEEN:
        for number in range(begin + 1, end):
            with contextlib.suppress(sqlite3.DatabaseError):
                found = old.execute(f"SELECT * FROM {table} WHERE {key} = ?", (number,)).fetchone()
                if found is not None:
                    yield found


def _exchange(folder: Path, made: Path) -> Path:
    """Put a new database in the place of the damaged one, which is kept; return where."""
    break_seal(folder, repaired=True)
    kept = next(path for path in (folder / f"{DATABASE}.damaged{n or ''}" for n in range(1000)) if not path.exists())
    try:
        os.link(folder / DATABASE, kept)
    except OSError:
        # File systems of cameras and USB sticks have no links.
        shutil.copyfile(folder / DATABASE, kept)
    # A log of the old file must not be applied to the new one.
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            (folder / f"{DATABASE}{suffix}").rename(kept.with_name(kept.name + suffix))
    made.replace(folder / DATABASE)
    return kept
