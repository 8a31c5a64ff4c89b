"""Rows of a CSV file of lyrics, of any usual delimiter and encoding, a line at a time."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from alcca.errors import LyricsError, UsageError
from alcca.lyric_databases.columns import EXPECTED, find_columns, in_order
from alcca.lyric_databases.row import MAX_LETTERS, Row, row_of
from alcca.lyric_databases.source import Source, unreadable
from alcca.metadata.csv_text import DELIMITERS, SEPARATOR_LINE
from alcca.texts.detection import detected_encoding
from alcca.texts.encodings import MARKS

__all__ = ["CsvRows"]

SAMPLE = 1 << 18
UTF_8 = "utf-8"
# A quote that is never closed swallows no more than this.
MAX_CELL = 4 * MAX_LETTERS
CUT = "have a line longer than lyrics are, which was cut"
BROKEN = "have a quote that does not close, or a cell longer than lyrics are, and were left out"


class CsvRows(Source):
    """The songs of a CSV file; positions are numbers of rows.

    Raises
    ------
    UsageError
        The file cannot be read, or has no columns of lyrics.
    """

    format = "csv"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            with path.open("rb") as file:
                self._sample = file.read(SAMPLE)
            self._size = path.stat().st_size
        except OSError as error:
            raise unreadable(path, error) from error
        self._encoding = _encoding_of(self._sample)
        try:
            head = next(self._cells(), None)
        except UnicodeError:
            head = None
        if head is None:
            raise UsageError(f"{path}: has no rows; expected a line of column names: {EXPECTED}")
        self._columns = find_columns(head, str(path))
        # Estimated from the first rows: counting them all would read the file twice.
        text = self._sample.decode(self._encoding, "replace").splitlines(keepends=True)
        try:
            count = sum(1 for _ in csv.reader(text, delimiter=self._delimiter())) - 1
        except csv.Error:
            count = len(text)
        self.total = max(1, round(self._size / len(self._sample) * count))

    def rows(self, after: int = 0) -> Iterator[tuple[int, Row | None]]:
        """Each row; those before a position are passed over."""
        cells = self._cells()
        next(cells)
        for number, row in enumerate(cells, 1):
            if number > after:
                yield number, None if row is None else row_of(in_order(row, self._columns))

    def sample(self) -> bytes:
        """The first lines."""
        return self._sample[: SAMPLE // 4]

    def _cells(self) -> Iterator[list[str] | None]:
        """The cells of each row that is not blank; None for a broken one."""
        # Bytes in another encoding stay what they are: each cell is decoded by itself then.
        errors = "surrogateescape" if self._encoding == UTF_8 else "replace"
        with self.path.open("rb") as file:
            text = io.TextIOWrapper(file, self._encoding, errors=errors, newline="")
            reader = csv.reader(self._lines(text), delimiter=self._delimiter(), skipinitialspace=True)
            while True:
                limit = csv.field_size_limit(MAX_CELL)
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    self.left_out[BROKEN] += 1
                    yield None
                    continue
                finally:
                    csv.field_size_limit(limit)
                if any(row):
                    yield row

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        """Lines, without Excel's first one, without a mark at the beginning, and none of endless length."""
        first = True
        while line := text.readline(MAX_CELL):
            if len(line) == MAX_CELL and not line.endswith("\n"):
                while (rest := text.readline(MAX_CELL)) and not rest.endswith("\n"):
                    pass
                self.left_out[CUT] += 1
                line += "\n"
            if first:
                line = line.lstrip("\ufeff")
                if not line.strip() or SEPARATOR_LINE.match(line):
                    continue
                first = False
            yield line.replace("\0", "")

    def _delimiter(self) -> str:
        text = self._sample.decode(self._encoding, "replace").lstrip("\ufeff\n\r \0")
        if said := SEPARATOR_LINE.match(text):
            return said["delimiter"]
        head = text.split("\n", 1)[0]
        return max(DELIMITERS, key=head.count)


def _encoding_of(sample: bytes) -> str:
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return UTF_8 if encoding == "utf-8-sig" else encoding
    # The sample may end within a character.
    text = sample[: sample.rfind(b"\n") + 1] or sample
    if text.count(0) * 4 > len(text):
        return "utf-16-le" if text[1:2] == b"\0" else "utf-16-be"
    broken = text.decode(UTF_8, "replace").count("\ufffd")
    good = sum(not letter.isascii() for letter in text.decode(UTF_8, "replace")) - broken
    if broken <= good:
        return UTF_8
    try:
        return detected_encoding(text, None)
    except LyricsError:
        return UTF_8
