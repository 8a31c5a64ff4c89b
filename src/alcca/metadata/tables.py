"""``songs.csv`` and ``metadata.csv`` beside songs: rows that are found by a song's path or by its name."""

import csv
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from alcca.errors import LyricsError
from alcca.metadata.columns import NAME_COLUMNS, PATH_COLUMNS, column_name
from alcca.metadata.csv_text import CsvRows
from alcca.metadata.names import loose_name, same_name, without_suffix
from alcca.texts.encodings import decode_text

__all__ = ["Table", "read_table"]

# A larger file is a data dump, not a table of songs.
MAX_BYTES = 1_000_000_000
# "C:\Music\a.mp3", "\\nas\music\a.mp3", "file:///home/a.mp3", "/home/a.mp3": paths from the root of a disk.
ABSOLUTE = re.compile(r"(?:file:/*)?(?:[a-z]:|/)", re.IGNORECASE)
# How many names a sentence lists.
FEW = 3


@dataclass(frozen=True)
class _Place:
    """The file that a row is about."""

    row: int
    # As it is written, in composed form and with slashes.
    written: str
    # Its folders, as loose names.
    folders: tuple[str, ...]
    absolute: bool


@dataclass
class Table:
    """The rows of one table, with column names in lower case.

    Parameters
    ----------
    path : Path
        The file.
    rows : list of dict
        The cells of each row by column.
    problems : list of str
        What could not be used, and what to do.
    """

    path: Path
    rows: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # Places by their loose stems, and rows by the loose name of a song.
    _places: dict[str, list[_Place]] = field(default_factory=dict)
    _names: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def row(self, song: Path) -> dict[str, str] | None:
        """The row of a song below the table's folder, or None."""
        number = self.find(song)
        return None if number is None else self.rows[number]

    def find(self, song: Path) -> int | None:
        """The number of a song's row, or None: by its path, else by its name, an exact one before one that is alike."""
        relative = same_name(os.path.relpath(song, self.path.parent).replace(os.sep, "/"))
        *folders, name = relative.split("/")
        stem = loose_name(os.path.splitext(name)[0])  # noqa: PTH122 - a name, not a path
        loose = tuple(map(loose_name, folders))
        best: tuple[int, int] | None = None
        for place in self._places.get(stem, ()):
            if (rank := self._rank(place, relative, loose, song)) is not None and (best is None or rank < best[0]):
                best = rank, place.row
        if best is not None:
            return best[1]
        exact = same_name(song.stem)
        rows = sorted((written != exact, row) for written, row in self._names.get(stem, ()))
        return rows[0][1] if rows else None

    def titled(self, song: Path, title: str) -> int | None:
        """The number of the first row about a part of a song's file with a title, or None."""
        loose = loose_name(song.stem)
        rows = [place.row for place in self._places.get(loose, ())] + [row for _, row in self._names.get(loose, ())]
        return next((row for row in rows if loose_name(self.rows[row].get("title", "")) == loose_name(title)), None)

    def unused(self, used: set[int]) -> str | None:
        """A sentence on the rows that are about no song, if ``used`` are those that are."""
        left = [number for number in range(len(self.rows)) if number not in used]
        if not left:
            return None
        name, first = self.path.name, ", ".join(repr(_about(self.rows[number])) for number in left[:FEW])
        if len(left) == len(self.rows):
            return (
                f"{name}: none of its {len(left)} rows is about a file here; its first names are {first}; expected "
                "paths from the folder of the table, or names of files without suffix in a column id"
            )
        more = " …" if len(left) > FEW else ""
        return f"{name}: {len(left)} of its {len(self.rows)} rows are about no file here: {first}{more}"

    def add(self, row: dict[str, str]) -> str | None:
        """Keep a row; return the name of its song if an earlier row has the same."""
        number, twice = len(self.rows), None
        self.rows.append(row)
        if written := next((row[column] for column in PATH_COLUMNS if row.get(column)), None):
            clean = same_name(posixpath.normpath(_from_url(written).replace("\\", "/")))
            *folders, name = clean.split("/")
            loose = loose_name(without_suffix(name))
            there = self._places.setdefault(loose, [])
            twice = written if any(place.written == clean for place in there) else None
            there.append(_Place(number, clean, tuple(map(loose_name, folders)), ABSOLUTE.match(clean) is not None))
        if named := next((row[column] for column in NAME_COLUMNS if row.get(column)), None):
            name = same_name(without_suffix(named))
            known = self._names.setdefault(loose_name(name), [])
            twice = twice or (name if not written and any(other == name for other, _ in known) else None)
            known.append((name, number))
        return twice

    def _rank(self, place: _Place, relative: str, folders: tuple[str, ...], song: Path) -> int | None:
        """How well a row's path fits a song, 0 for best; None if it is about another file."""
        if place.written == relative:
            return 0
        above = len(place.folders) - len(folders)
        if above < 0 or place.folders[above:] != folders:
            return None
        if above and not place.absolute:
            # A path may begin above the table, with the names of the folders that the table is in.
            own = tuple(map(loose_name, self.path.absolute().parent.parts))
            if place.folders[:above] != own[-above:]:
                return None
        if self._names_another(place, song):
            return None
        suffix = posixpath.splitext(place.written)[1].lower()
        return (2 if suffix == song.suffix.lower() else 3) + 2 * place.absolute

    def _names_another(self, place: _Place, song: Path) -> bool:
        """Whether a row's path, or the end of a path from another disk, leads to another file than the song."""
        parts = place.written.split("/")
        tails = (parts[start:] for start in range(len(parts))) if place.absolute else [parts]
        for tail in tails:
            other = self.path.parent.joinpath(*tail)
            try:
                if other.is_file():
                    return not other.samefile(song)
            except (OSError, ValueError):
                continue
        return False


def read_table(path: Path, encoding: str | None = None) -> Table:
    """Read a CSV file of songs: comma, semicolon, tab or bar between cells.

    All problems are listed in ``problems``; rows before a damaged one are used. ``encoding`` is as of
    `alcca.texts.encodings.decode_text`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "songs.csv"
    >>> _ = path.write_text("file;label" + chr(10) + "a/b.mp3;calm", encoding="utf-8")
    >>> read_table(path).row(path.parent / "a" / "b.mp3")
    {'file': 'a/b.mp3', 'label': 'calm'}
    """
    table = Table(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            table.problems.append(f"{path.name}: larger than {MAX_BYTES:,} bytes; split it, it was not read")
            return table
        with path.open("rb") as file:
            # Not beyond the reported size: reading some files never ends.
            text = decode_text(file.read(size), encoding=encoding)
    except OSError as error:
        table.problems.append(f"{path.name}: cannot be read ({error.strerror}); check its permissions")
        return table
    except LyricsError as error:
        table.problems.append(f"{path.name}: {error}")
        return table
    _read_rows(table, CsvRows(text))
    return table


def _read_rows(table: Table, rows: CsvRows) -> None:
    name = table.path.name
    lines = _until_damaged(rows, table)
    head = next(lines, None)
    if head is None:
        if not table.problems:
            table.problems.append(f"{name}: is empty; expected a line of column names such as file_name,label,lyrics")
        return
    columns = [column_name(cell) for cell in head[1]]
    if not set(columns) & {*PATH_COLUMNS, *NAME_COLUMNS}:
        table.problems.append(
            f"{name}: no column identifies the file of a row, so the table was not used; "
            f"name a column file_name (path from the table) or id (file name without suffix)"
        )
        return
    uneven: list[int] = []
    nameless: list[int] = []
    twice: list[str] = []
    for line, cells in lines:
        row = _row(columns, cells)
        if len(cells) > len(columns):
            uneven.append(line)
        elif not _about(row):
            nameless.append(line)
        elif again := table.add(row):
            twice.append(again)
    if not (table.rows or table.problems or uneven or nameless):
        table.problems.append(f"{name}: has no rows below its column names")
    if uneven:
        table.problems.append(
            f"{name}: {len(uneven)} rows have more cells than columns and were not used, the first ends at "
            f"line {uneven[0]}; put quotes around cells that hold a {rows.delimiter!r}"
        )
    if nameless:
        table.problems.append(
            f"{name}: {len(nameless)} rows name no file and were not used, the first ends at line {nameless[0]}"
        )
    if twice:
        table.problems.append(f"{name}: {len(twice)} songs have several rows, the first row is used: {twice[0]}")


def _until_damaged(rows: CsvRows, table: Table) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from rows
    except csv.Error as error:
        table.problems.append(
            f"{table.path.name}: {error}; the rows from this one on were not used, correct its quotes"
        )


def _row(columns: list[str], cells: list[str]) -> dict[str, str]:
    row: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        # Two columns may be other names of one: the first that is filled.
        row[column] = row.get(column) or cell
    return row


def _from_url(path: str) -> str:
    return unquote(path) if path.lower().startswith("file:") else path


def _about(row: dict[str, str]) -> str:
    return next((row[column] for column in (*PATH_COLUMNS, *NAME_COLUMNS) if row.get(column)), "")
