"""A user's own descriptors of songs, such as the audio features that Spotify gave: a CSV file with a row a song."""

import csv
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, LyricsError, UsageError
from alcca.metadata.columns import NAME_COLUMNS, PATH_COLUMNS
from alcca.metadata.csv_text import CsvRows
from alcca.metadata.names import same_name
from alcca.songs.cut import track_texts
from alcca.store.records import Song
from alcca.texts.encodings import decode_text

__all__ = ["DescriptorTable", "read_descriptors_csv"]

# Columns that say which song a row is about, in the names of this project and of the usual exports.
FILE_COLUMNS = (*NAME_COLUMNS, "isrc", "track_id")
TITLE_COLUMNS = ("title", "track_name", "track", "name")
ARTIST_COLUMNS = ("artist", "artists", "artist_name", "artist_name(s)")
KEY_COLUMNS = frozenset({*PATH_COLUMNS, *FILE_COLUMNS, *TITLE_COLUMNS, *ARTIST_COLUMNS})
# Beyond this a number leaves float32.
LARGEST = 3e38

Key = tuple[str, ...]


@dataclass(frozen=True)
class DescriptorTable:
    """Numbers that describe songs, a row each.

    Parameters
    ----------
    path : Path
        The file they come from.
    names : tuple of str
        The numeric columns, d of them.
    values : array of shape (rows, d), float32
        Their numbers.
    lines : tuple of int
        The line of the file where each row ends.
    rows : dict
        Rows by each key that a song may be found by.
    """

    path: Path
    names: tuple[str, ...]
    values: NDArray[np.float32]
    lines: tuple[int, ...]
    rows: dict[Key, list[int]]

    def of(self, songs: Sequence[Song]) -> NDArray[np.float32]:
        """The descriptors of songs in their order, shape (len(songs), d).

        Raises
        ------
        DataError
            Songs have no row, or one has several with different numbers.
        """
        found = [self._row(song) for song in songs]
        missing = [song for song, row in zip(songs, found, strict=True) if row is None]
        if missing:
            first = missing[0]
            raise DataError(
                f"{self.path.name}: {len(missing)} of {len(songs)} songs have no row, the first is {first.title!r} by "
                f"{first.artist or 'unknown artist'} ({', '.join(first.paths)}); add their rows, with the file's path "
                "from the table's folder, its name without suffix, or the same title and artist"
            )
        return self.values[[row for row in found if row is not None]]

    def _row(self, song: Song) -> int | None:
        for key in _keys_of_song(song):
            if rows := self.rows.get(key):
                if any((self.values[row] != self.values[rows[0]]).any() for row in rows):
                    lines = " and ".join(str(self.lines[row]) for row in rows)
                    raise DataError(
                        f"{self.path.name}: lines {lines} describe {song.title!r} differently; keep one of them"
                    )
                return rows[0]
        return None


def read_descriptors_csv(path: Path | str) -> DescriptorTable:
    """Read a CSV file of descriptors: comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252.

    A row says which song it is about by the file's path from the table's folder (column ``file_name``, ``file``,
    ``path`` or ``filename``), by the file's name without suffix (``id``, ``name``, ``isrc`` or ``track_id``), or by
    title and artist (``title`` or ``track_name``, ``artist`` or ``artist_name``). Every other column is a descriptor
    when more than half of its cells are numbers, and is left out when not, as an album's name. In a table with
    semicolons a number may have a decimal comma.

    Raises
    ------
    UsageError
        The file does not exist or cannot be read.
    DataError
        No column that names a song, no numeric column, or a cell of one that is no finite number. The message names
        the file and the line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "spotify.csv"
    >>> lines = ["title,artist,album,energy,tempo", "Better,Jonathan Coulton,Thing a Week,0.7,99.4"]
    >>> _ = path.write_text(chr(10).join(lines), encoding="utf-8")
    >>> table = read_descriptors_csv(path)
    >>> table.names, table.values.shape
    (('energy', 'tempo'), (1, 2))
    """
    path = Path(path).expanduser()
    try:
        text = decode_text(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); expected a CSV file with a row for each song"
        ) from error
    except LyricsError as error:
        raise DataError(f"{path.name}: its encoding is not known; save it as UTF-8") from error
    rows = CsvRows(text)
    delimiter = rows.delimiter
    records = list(_records(path, rows))
    if not records:
        raise DataError(f"{path.name}: is empty; expected a line of column names such as file_name,energy,tempo")
    columns = [cell.lower().replace(" ", "_") for cell in records[0][1]]
    _check_columns(path, columns)
    body = records[1:]
    keys: dict[Key, list[int]] = {}
    for row, (_, cells) in enumerate(body):
        for key in _keys_of_row(path, dict(zip(columns, cells, strict=True))):
            keys.setdefault(key, []).append(row)
    names: list[str] = []
    values: list[list[float]] = []
    for position, column in enumerate(columns):
        if column and column not in KEY_COLUMNS:
            numbers = [_number(cells[position], delimiter) for _, cells in body]
            filled = sum(bool(cells[position]) for _, cells in body)
            if sum(number is not None for number in numbers) * 2 > filled:
                names.append(column)
                values.append(_checked(path, column, position, body, numbers))
    if not names:
        raise DataError(
            f"{path.name}: no column holds numbers; expected descriptors such as energy or tempo, a row for each song"
        )
    lines = tuple(line for line, _ in body)
    return DescriptorTable(path, tuple(names), np.array(values, np.float32).T, lines, keys)


def _records(path: Path, rows: CsvRows) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of every row that is not blank, as many cells as the first row has."""
    width: int | None = None
    try:
        for line, cells in rows:
            width = len(cells) if width is None else width
            if len(cells) > width:
                raise DataError(
                    f"{path.name}: line {line} has {len(cells)} cells and the table {width} columns; put "
                    f"quotes around cells that hold a {rows.delimiter!r}"
                )
            yield line, cells + [""] * (width - len(cells))
    except csv.Error as error:
        raise DataError(f"{path.name}: {error}; correct its quotes") from error


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    twice = {column for column in columns if column and columns.count(column) > 1}
    if twice:
        raise DataError(f"{path.name}: has the column {min(twice)!r} more than once; rename or remove one")
    if not KEY_COLUMNS - {*ARTIST_COLUMNS} & {*columns}:
        raise DataError(
            f"{path.name}: no column says which song a row is about; name one file_name (path from the table), id "
            "(file name without suffix), or title with artist beside it"
        )


def _keys_of_row(path: Path, row: dict[str, str]) -> Iterator[Key]:
    for column in PATH_COLUMNS:
        if value := row.get(column):
            yield _path_key(path.parent / value.replace("\\", "/"))
    artist = next((row[column] for column in ARTIST_COLUMNS if row.get(column)), "")
    for column in FILE_COLUMNS:
        # A name beside an artist is a title, and may be the title of other songs too.
        if (value := row.get(column)) and not (artist and column in TITLE_COLUMNS):
            yield "file", same_name(value)
    for column in TITLE_COLUMNS:
        if value := row.get(column):
            yield _title_key(value, artist)


def _keys_of_song(song: Song) -> Iterator[Key]:
    paths = [track_texts(path) for path in song.paths]
    yield from map(_path_key, paths)
    yield from (("file", same_name(path.stem)) for path in paths)
    yield _title_key(song.title, song.artist or "")


def _path_key(path: Path) -> Key:
    # As the library writes paths: resolve() would follow links.
    return "path", same_name(os.path.abspath(path))  # noqa: PTH100


def _title_key(title: str, artist: str) -> Key:
    return "title", *(" ".join(same_name(text).casefold().split()) for text in (title, artist))


def _number(cell: str, delimiter: str) -> float | None:
    try:
        return float(cell.replace(",", ".") if delimiter == ";" else cell)
    except ValueError:
        return None


def _checked(
    path: Path, column: str, position: int, body: Sequence[tuple[int, list[str]]], numbers: Sequence[float | None]
) -> list[float]:
    checked: list[float] = []
    for (line, cells), number in zip(body, numbers, strict=True):
        if number is None or not math.fabs(number) < LARGEST:
            raise DataError(
                f"{path.name}: line {line}: {column} is {cells[position]!r}; expected a finite number, so correct it, "
                "or remove the row or the column"
            )
        checked.append(number)
    return checked
