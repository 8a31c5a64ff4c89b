"""Tables as text, with commas, semicolons or tabs: texts by column, and vectors with one column for each number."""

import csv
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, LyricsError, UsageError
from alcca.metadata.csv_text import CsvRows
from alcca.texts.encodings import decode_text

__all__ = ["read_csv", "read_csv_features"]

# The column of one number of a vector: audio_0, audio.0, audio0.
NUMBERED = re.compile(r"(?P<name>[a-z_]*[a-z])[_.]?(?P<number>\d+)")


def read_csv(path: Path) -> dict[str, list[str]]:
    """Read the columns of a table by their names, in lower case; empty cells are "".

    Raises
    ------
    UsageError
        The file does not exist.
    DataError
        It is no table.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    try:
        text = decode_text(path.read_bytes())
    except LyricsError as error:
        raise DataError(f"{path}: its encoding is not known; save it as UTF-8") from error
    try:
        head, *rows = [cells for _, cells in CsvRows(text)] or [[]]
    except csv.Error as error:
        raise DataError(f"{path}: is not a CSV file ({error}); save it again") from error
    filled = [row + [""] * (len(head) - len(row)) for row in rows]
    return {name.lower(): [row[position] for row in filled] for position, name in enumerate(head)} if rows else {}


def read_csv_features(
    path: Path, texts: Collection[str], vectors: Collection[str]
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Read a table of features: columns of texts, and vectors with a numbered column for each number.

    Parameters
    ----------
    path : path
    texts : collection of str
        The names of columns that are read as texts.
    vectors : collection of str
        The names of vectors: ``audio`` has the columns ``audio_0``, ``audio_1`` and so on, in the order of their
        numbers, from 0 or from 1.

    Returns
    -------
    (dict of str to array, list of str)
        The columns, shape (n,), and vectors, shape (n, p); and the names of all other columns.

    Raises
    ------
    UsageError, DataError
        As from `read_csv`; a column of a vector is missing, or a cell of it is no number.
    """
    columns = read_csv(path)
    found: dict[str, NDArray[Any]] = {
        name: np.array(values, dtype=object) for name, values in columns.items() if name in texts
    }
    numbered: dict[str, dict[int, str]] = {}
    others = []
    for name in columns:
        match = NUMBERED.fullmatch(name)
        if match and match["name"] in vectors:
            numbered.setdefault(match["name"], {})[int(match["number"])] = name
        elif name not in found:
            others.append(name)
    for vector, named in numbered.items():
        missing = set(range(min(named), max(named))) - set(named)
        if missing or min(named) > 1:
            first = min(missing, default=1)
            raise DataError(f"{path}: {vector} has the columns {_listed(named)}, but none for number {first}")
        found[vector] = _numbers(path, {named[number]: columns[named[number]] for number in sorted(named)})
    return found, others


def _numbers(path: Path, columns: Mapping[str, list[str]]) -> NDArray[np.float64]:
    numbers = []
    for name, values in columns.items():
        try:
            numbers.append(np.array(values, dtype=np.float64))
        except ValueError as error:
            raise DataError(f"{path}: {name} has a cell that is no number ({error})") from error
    return np.stack(numbers, axis=1)


def _listed(named: Mapping[int, str]) -> str:
    names = [named[number] for number in sorted(named)]
    return ", ".join(names) if len(names) < 5 else f"{names[0]}, {names[1]}, …, {names[-1]}"
