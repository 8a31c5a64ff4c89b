"""``songs.csv`` and ``metadata.csv`` beside songs: read once per folder; rows are found by path or by name."""

import csv
import io
import os
import posixpath
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from alcca.songs.kinds import kind_of
from alcca.songs.lyrics import decode_text

__all__ = ["SongTables", "Table", "read_table"]

TABLE_NAMES = ("songs.csv", "metadata.csv")
TEXT_SUFFIXES = (".lrc", ".txt")
LYRICS_FOLDER = "lyrics"
# Columns with a path relative to the table's folder, and columns with a file's name without suffix.
PATH_COLUMNS = ("file_name", "file", "path", "filename")
NAME_COLUMNS = ("id", "name")
DELIMITERS = ",;\t"
# A larger file is a data dump, not a table of songs.
MAX_BYTES = 1_000_000_000


@dataclass
class Table:
    """The rows of one CSV file, with column names in lower case.

    Parameters
    ----------
    path : Path
        The file.
    by_path, by_name : dict
        Rows by the song's path relative to the table, and by its name without suffix.
    problems : list of str
        What could not be used, and what to do.
    """

    path: Path
    by_path: dict[str, dict[str, str]] = field(default_factory=dict)
    by_name: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def row(self, song: Path) -> dict[str, str] | None:
        """The row of a song below the table's folder, or None."""
        relative = _path_key(os.path.relpath(song, self.path.parent))
        row = self.by_path.get(relative)
        return row if row is not None else self.by_name.get(same_name(song.stem))


@dataclass
class _Folder:
    """The tables and lyric files of a folder with their sizes and modification times; lyric files by (name, suffix)."""

    texts: dict[tuple[str, str], Path] = field(default_factory=dict)
    table_files: list[Path] = field(default_factory=list)
    lyrics_folder: Path | None = None
    stamps: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class SongTables:
    """The tables and lyric files beside the songs below a folder; every folder and table is read once.

    Parameters
    ----------
    root : path
        The folder that is scanned; tables above it are ignored.

    Attributes
    ----------
    problems : list of str
        What could not be used of the folders and tables read so far; each names its file and what to do.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.problems: list[str] = []
        self._folders: dict[Path, _Folder] = {}
        self._tables: dict[Path, Table] = {}

    def tables_for(self, song: Path) -> Iterator[Table]:
        """Tables that may describe a song: the nearest folder first, ``songs.csv`` before ``metadata.csv``."""
        for folder in song.parents:
            yield from map(self._table, self._folder(folder).table_files)
            # A song outside the root gets only the tables of its own folder.
            if folder == self.root or not folder.is_relative_to(self.root):
                return

    def lyric_files(self, song: Path) -> Iterator[Path]:
        """The lyric files of a song, in order of priority."""
        # cc_songs/audio/X.ogg has its lyrics in cc_songs/lyrics/X.txt.
        for folder in (song.parent, *(self._folder(parent).lyrics_folder for parent in song.parents[:2])):
            texts = self._folder(folder).texts if folder is not None else {}
            for suffix in TEXT_SUFFIXES:
                if (file := texts.get((same_name(song.stem), suffix))) is not None:
                    yield file

    def stamp(self, path: Path) -> tuple[int, int]:
        """Size, and modification time in nanoseconds, of a table or lyric file when its folder was read."""
        return self._folder(path.parent).stamps[path]

    def _table(self, path: Path) -> Table:
        if path not in self._tables:
            self._tables[path] = table = read_table(path)
            self.problems += table.problems
        return self._tables[path]

    def _folder(self, folder: Path) -> _Folder:
        if folder not in self._folders:
            self._folders[folder] = content = _read_folder(folder)
            self.problems += content.problems
        return self._folders[folder]


def _read_folder(folder: Path) -> _Folder:
    content = _Folder()
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        # `find_audio` reports it.
        return content
    tables: dict[str, Path] = {}
    for entry in entries:
        path, name = folder / entry.name, entry.name.lower()
        suffix = path.suffix.lower()
        if suffix not in TEXT_SUFFIXES and name not in (*TABLE_NAMES, LYRICS_FOLDER):
            continue
        try:
            stat = entry.stat()
        except OSError as error:
            content.problems.append(f"{path}: cannot be read ({error.strerror}) and was skipped")
            continue
        if name == LYRICS_FOLDER:
            content.lyrics_folder = path if S_ISDIR(stat.st_mode) else None
            continue
        if not S_ISREG(stat.st_mode):
            content.problems.append(f"{path}: is {kind_of(stat.st_mode)}, not a file, and was skipped")
            continue
        content.stamps[path] = (stat.st_size, stat.st_mtime_ns)
        if suffix in TEXT_SUFFIXES:
            content.texts.setdefault((same_name(path.stem), suffix), path)
        else:
            tables.setdefault(name, path)
    content.table_files = [tables[name] for name in TABLE_NAMES if name in tables]
    return content


def same_name(name: str) -> str:
    """The form for comparing two names: macOS writes accents decomposed, other systems composed."""
    return unicodedata.normalize("NFC", name)


def read_table(path: Path) -> Table:
    """Read a CSV file of songs: comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252.

    All problems are listed in ``problems``; rows before a damaged one are used.

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
            text = decode_text(file.read(size))
    except OSError as error:
        table.problems.append(f"{path.name}: cannot be read ({error.strerror}); check its permissions")
        return table
    # By default the csv module limits a field to 128 KiB, which lyrics can exceed.
    limit = csv.field_size_limit(1 << 30)
    try:
        _read_rows(table, text)
    finally:
        csv.field_size_limit(limit)
    return table


def _read_rows(table: Table, text: str) -> None:
    name = table.path.name
    head = text.lstrip("\n\r \0").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    # With lenient parsing, one missing quote would swallow all songs after it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    uneven: list[int] = []
    twice: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = [cell.strip().lower() for cell in cells]
                if not set(columns) & {*PATH_COLUMNS, *NAME_COLUMNS}:
                    table.problems.append(
                        f"{name}: no column identifies the file of a row, so the table was not used; "
                        f"name a column file_name (path from the table) or id (file name without suffix)"
                    )
                    return
            elif len(cells) > len(columns):
                uneven.append(reader.line_num)
            else:
                _keep(table, dict(zip(columns, (cell.strip() for cell in cells), strict=False)), twice)
    except csv.Error as error:
        table.problems.append(
            f"{name}: line {reader.line_num}: {error}; the rows from this one on were not used, correct its quotes"
        )
    if columns is None:
        table.problems.append(f"{name}: is empty; expected a line of column names such as file_name,label,lyrics")
    if uneven:
        table.problems.append(
            f"{name}: {len(uneven)} rows have more cells than columns and were not used, the first ends at "
            f"line {uneven[0]}; put quotes around cells that hold a {delimiter!r}"
        )
    if twice:
        table.problems.append(f"{name}: {len(twice)} songs have several rows, the first row is used: {twice[0]}")


def _keep(table: Table, row: dict[str, str], twice: list[str]) -> None:
    for columns, rows, form in ((PATH_COLUMNS, table.by_path, _path_key), (NAME_COLUMNS, table.by_name, same_name)):
        for column in columns:
            if value := row.get(column):
                if rows.setdefault(form(value), row) is not row:
                    twice.append(value)
                break


def _path_key(path: str) -> str:
    return same_name(posixpath.normpath(path.replace("\\", "/")))
