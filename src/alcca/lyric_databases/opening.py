"""Opening a lyric database: its format is told by its content, then by its name."""

from pathlib import Path

from alcca.errors import UsageError
from alcca.lyric_databases.csv_rows import CsvRows
from alcca.lyric_databases.json_rows import JsonRows
from alcca.lyric_databases.parquet_rows import ParquetRows
from alcca.lyric_databases.source import Source, unreadable
from alcca.lyric_databases.sqlite_rows import SqliteRows

__all__ = ["DATABASE_SUFFIXES", "is_lyric_database", "open_source"]

DATABASE_SUFFIXES = frozenset(
    (".sqlite3", ".sqlite", ".db", ".db3", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq")
)
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "Zstandard", b"7z\xbc\xaf": "7-Zip",
           b"\xfd7zXZ": "xz", b"BZh": "bzip2"}  # fmt: skip


def is_lyric_database(path: Path) -> bool:
    """Whether a path may lead to a lyric database, by its name: a file of one of the formats.

    Examples
    --------
    >>> is_lyric_database(Path("lrclib.sqlite3")), is_lyric_database(Path("texts"))
    (True, False)
    """
    return path.suffix.lower() in DATABASE_SUFFIXES


def open_source(path: Path) -> Source:
    """Open the rows of a lyric database.

    Raises
    ------
    UsageError
        There is no such file, it is packed, or it has no lyrics in a known form.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file: a dump of LRCLIB (SQLite), CSV, JSON lines or Parquet")
    try:
        with path.open("rb") as file:
            begin = file.read(4096)
    except OSError as error:
        raise unreadable(path, error) from error
    if not begin:
        raise UsageError(f"{path}: is empty; download it again")
    if begin.startswith(b"SQLite format 3\0"):
        return SqliteRows(path)
    if begin.startswith(b"PAR1"):
        return ParquetRows(path)
    for mark, name in _PACKED.items():
        if begin.startswith(mark):
            raise UsageError(f"{path}: is packed with {name}; unpack it first")
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json") or text.startswith((b"{", b"[{")):
        return JsonRows(path)
    if (
        b"\0" in begin.strip(b"\0")
        and not begin.startswith((b"\xff\xfe", b"\xfe\xff"))
        and begin.count(0) * 4 < len(begin)
    ):
        raise UsageError(f"{path}: is no lyric database; expected SQLite (LRCLIB), CSV, JSON lines or Parquet")
    return CsvRows(path)
