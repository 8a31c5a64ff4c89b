"""Rows of a Parquet file, a small batch at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alcca.errors import UsageError
from alcca.lyric_databases.columns import find_columns, in_order
from alcca.lyric_databases.row import Row, row_of
from alcca.lyric_databases.source import Source, unreadable

__all__ = ["ParquetRows"]

BATCH, BUFFER = 512, 1 << 20


class ParquetRows(Source):
    """The songs of a Parquet file; positions are numbers of rows.

    Raises
    ------
    UsageError
        The file is no Parquet, or has no columns of lyrics.
    """

    format = "parquet"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._errors = pa.ArrowException
        try:
            # Pages are read as they are needed, and not whole columns of a group of a million rows.
            self._file = pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False)
            names = self._file.schema_arrow.names
        except OSError as error:
            if isinstance(error, pa.ArrowException) or error.errno is None:
                raise UsageError(f"{path}: is no readable Parquet file ({error}); download it again") from error
            raise unreadable(path, error) from error
        except pa.ArrowException as error:
            raise UsageError(f"{path}: is no readable Parquet file ({error}); download it again") from error
        columns = find_columns(names, str(path))
        self._names = [names[number] for number in columns.values()]
        self._columns = {field: place for place, field in enumerate(columns)}
        self.total = self._file.metadata.num_rows

    def rows(self, after: int = 0) -> Iterator[tuple[int, Row | None]]:
        """Each row."""
        group, number = 0, 0
        groups = self._file.metadata.num_row_groups
        while group < groups and number + self._file.metadata.row_group(group).num_rows <= after:
            number += self._file.metadata.row_group(group).num_rows
            group += 1
        for one in range(group, groups):
            end = number + self._file.metadata.row_group(one).num_rows
            try:
                for batch in self._file.iter_batches(BATCH, row_groups=[one], columns=self._names):
                    values = [_values(batch.column(name)) for name in self._names]
                    for cells in zip(*values, strict=True):
                        number += 1
                        if number > after:
                            yield number, row_of(in_order(cells, self._columns))
            except (self._errors, OSError) as error:
                self.left_out[f"({number + 1:,} to {end:,}) are damaged and were left out ({error})"] += end - number
                number = end
                yield number, None

    def sample(self) -> bytes:
        """The first rows, and how the file is divided."""
        first = [row for _, row in zip(range(20), self.rows(), strict=False)]
        return repr((first, self._file.metadata.num_row_groups)).encode("utf-8", "replace")


def _values(column: Any) -> list[object]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        # Text that is no UTF-8 would be an error.
        column = column.cast(pa.large_binary())
    try:
        values: list[object] = column.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException):
        # Such as times before the year 1.
        return [None] * len(column)
    return values
