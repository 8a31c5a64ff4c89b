"""CSV as programs write it: any usual delimiter, Excel's ``sep=`` line, spaces around quotes."""

import csv
import io
import re
from collections.abc import Iterator

__all__ = ["CsvRows"]

DELIMITERS = ",;\t|"
# The first line of a file that Excel writes for itself.
SEPARATOR_LINE = re.compile(r"\s*\"?sep=(?P<delimiter>[^\"\r\n])\"?[^\S\t\r\n]*(?:\r\n|\r|\n)", re.IGNORECASE)
QUOTED = re.compile(r'"[^"]*"')


class CsvRows:
    r"""The rows of a CSV text, with the number of the line at which each ends; blank rows are left out.

    Parameters
    ----------
    text : str

    Attributes
    ----------
    delimiter : str
        Out of the ``sep=`` line, else the most frequent one in the first row.

    Raises
    ------
    csv.Error
        While iterating: a quote is missing or stands inside a cell. The message begins with the line.

    Examples
    --------
    >>> list(CsvRows('sep=;\nfile; title\na.mp3; "one; two"\n'))
    [(2, ['file', 'title']), (3, ['a.mp3', 'one; two'])]
    """

    def __init__(self, text: str) -> None:
        text = text.lstrip("\ufeff\n\r \0")
        said = SEPARATOR_LINE.match(text)
        self._before = 1 if said else 0
        body = text[said.end() :] if said else text
        head = QUOTED.sub("", body.lstrip("\n\r \0").split("\n", 1)[0])
        self.delimiter = said["delimiter"] if said else max(DELIMITERS, key=head.count)
        # The csv module takes a space between a quote and the next delimiter for an error.
        self._body = re.sub(rf'" +(?=[{re.escape(self.delimiter)}\r\n]|\Z)', '"', body)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        # With lenient parsing, one missing quote would swallow all rows after it.
        source = io.StringIO(self._body, newline="")
        reader = csv.reader(source, delimiter=self.delimiter, strict=True, skipinitialspace=True)
        # By default the csv module limits a field to 128 KiB, which lyrics can exceed.
        limit = csv.field_size_limit(1 << 30)
        try:
            for cells in reader:
                cells = [cell.strip() for cell in cells]
                if any(cells):
                    yield reader.line_num + self._before, cells
        except csv.Error as error:
            raise csv.Error(f"line {reader.line_num + self._before}: {error}") from error
        finally:
            csv.field_size_limit(limit)
