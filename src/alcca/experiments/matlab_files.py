"""Reader of MATLAB's files of versions 4 to 7.2: numbers, characters and cell arrays of these, and nothing else.

The format is that of MathWorks' "MAT-File Format". SciPy's ``loadmat`` ends the process on some damaged files, decodes
UTF-16 as single bytes by default, and its ``whosmat`` fails on files with objects; here a damaged file is a ValueError.
"""

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAT_ERRORS", "NoArray", "read_mat"]

# What `read_mat` raises for damaged files.
MAT_ERRORS = (ValueError, OverflowError, MemoryError, struct.error, zlib.error)
HEADER = 128
# Types of elements.
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
MATRIX, COMPRESSED = 14, 15
# Classes of matrices, and what is said of those that are no arrays of values.
CELL, CHAR, OPAQUE = 1, 4, 17
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
OTHERS = {2: "a struct", 3: "an object", 5: "a sparse matrix (full makes an array of it)", 16: "a function"}
COMPLEX, LOGICAL = 0x0800, 0x0200
NUMBERS_4 = ("f8", "f4", "i4", "i2", "u2", "u1")


class NoArray(NamedTuple):
    """A variable that is no array of numbers or texts."""

    kind: str


class _Element(NamedTuple):
    kind: int
    data: memoryview


def read_mat(data: bytes, wanted: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """Read the variables of a file.

    Parameters
    ----------
    data : bytes
        The file.
    wanted : collection of str
        The names of the variables that are read.

    Returns
    -------
    values : dict of str to array or NoArray
        Numbers in MATLAB's shape, two dimensions or more; characters as an array of texts, one for each row; a cell
        array as an array of objects, whose entries are such values.
    names : list of str
        Of all variables, in the order of the file.

    Raises
    ------
    ValueError, OverflowError, MemoryError, struct.error, zlib.error
        This is no MATLAB file, or a damaged one (`MAT_ERRORS`).

    Examples
    --------
    >>> import io
    >>> from scipy.io import savemat
    >>> file = io.BytesIO()
    >>> savemat(file, {"audio": np.eye(2), "lyrics": np.array(["la la", "do"], dtype=object)})
    >>> values, names = read_mat(file.getvalue(), ["audio"])
    >>> values["audio"].tolist(), names
    ([[1.0, 0.0], [0.0, 1.0]], ['audio', 'lyrics'])
    """
    if len(data) < 20:
        raise ValueError("too short")
    found = _version_4(data) if 0 in data[:4] else _version_5(data, wanted)
    values: dict[str, Any] = {}
    names: dict[str, None] = {}
    for name, value in found:
        if name:  # what objects consist of is in a variable without a name
            names[name] = None
        if name in wanted:
            values[name] = value
    return values, list(names)


def _version_5(data: bytes, wanted: Collection[str]) -> Iterator[tuple[str, Any]]:
    order = {b"IM": "<", b"MI": ">"}.get(data[HEADER - 2 : HEADER])
    if order is None:
        raise ValueError("no header of a MATLAB file")
    for kind, whole in _elements(memoryview(data)[HEADER:], order):
        if kind == COMPRESSED:
            kind, whole = next(_elements(memoryview(zlib.decompress(whole)), order))
        if kind != MATRIX:
            raise ValueError(f"an element of type {kind} in place of a variable")
        yield _matrix(whole, order, wanted)


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    at = 0
    while at + 8 <= len(data):
        (kind,) = struct.unpack_from(f"{order}I", data, at)
        if kind >> 16:  # a small element: its size, its type and up to four bytes
            kind, size, start, following = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if size > 4:
                raise ValueError(f"a small element of {size} bytes")
        else:
            (size,) = struct.unpack_from(f"{order}I", data, at + 4)
            start = at + 8
            following = start + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > len(data):
            raise ValueError("the file ends too early")
        yield _Element(kind, data[start : start + size])
        at = following
    if at < len(data):
        raise ValueError("the file ends in the middle of an element")


def _matrix(data: memoryview, order: str, wanted: Collection[str] | None) -> tuple[str, Any]:
    """The name and the value of a matrix; a cell (wanted None) has no name, and no cells."""
    parts = _elements(data, order)
    flags = int(_numbers(_next(parts), order)[0])
    kind = flags & 0xFF
    if kind == OPAQUE:
        name, _, of = (bytes(part.data).decode("ascii", "replace") for part in islice(parts, 3))
        return name, NoArray(f"an object of MATLAB ({of})")
    shape = tuple(_numbers(_next(parts), order).tolist())
    if min(shape, default=-1) < 0:
        raise ValueError(f"an array of shape {shape}")
    name = bytes(_next(parts).data).decode("utf-8")
    if wanted is not None and name not in wanted:
        return name, None
    if kind == CELL and wanted is not None:
        cells = [_matrix(part.data, order, None)[1] if part.data else np.empty((0, 0)) for part in parts]
        values = np.empty(len(cells), dtype=object)
        for row, cell in enumerate(cells):
            values[row] = cell
        return name, values.reshape(shape, order="F")
    if kind == CHAR:
        return name, _characters(_next(parts), order, shape) if math.prod(shape) else np.array([""] * shape[0], str)
    if kind not in CLASSES:
        return name, NoArray(OTHERS.get(kind, "a cell array" if kind == CELL else f"of MATLAB's class {kind}"))
    if flags & COMPLEX:
        return name, NoArray("complex")
    # Numbers are stored in the smallest type that holds them all.
    numbers = _numbers(_next(parts), order).astype("?" if flags & LOGICAL else CLASSES[kind])
    return name, numbers.reshape(shape, order="F")


def _next(parts: Iterator[_Element]) -> _Element:
    part = next(parts, None)
    if part is None:
        raise ValueError("a variable ends too early")
    return part


def _numbers(part: _Element, order: str) -> NDArray[Any]:
    if part.kind not in NUMBERS:
        raise ValueError(f"numbers of type {part.kind}")
    return np.frombuffer(part.data, dtype=f"{order}{NUMBERS[part.kind]}")


def _characters(part: _Element, order: str, shape: tuple[int, ...]) -> NDArray[np.str_]:
    if part.kind not in TEXTS:
        raise ValueError(f"characters of type {part.kind}")
    codec = TEXTS[part.kind]
    if codec in ("utf-16", "utf-32"):
        codec += "-le" if order == "<" else "-be"
    text = bytes(part.data).decode(codec, "surrogatepass" if codec.startswith("utf-16") else "strict")
    # MATLAB counts units of UTF-16, and other programs characters.
    for unit, own in (("<u4", "utf-32-le"), ("<u2", "utf-16-le")):
        units = np.frombuffer(text.encode(own, "surrogatepass"), unit)
        if len(units) == math.prod(shape):
            return _texts(units.reshape(shape[0], -1, order="F"), own)
    raise ValueError(f"{len(text)} characters in a matrix of shape {shape}")


def _texts(rows: NDArray[Any], codec: str) -> NDArray[np.str_]:
    return np.array([np.ascontiguousarray(row).tobytes().decode(codec, "surrogatepass") for row in rows], dtype=str)


def _version_4(data: bytes) -> Iterator[tuple[str, Any]]:
    at = 0
    while at < len(data):
        if at + 20 > len(data):
            raise ValueError("the file ends too early")
        order = "<" if 0 <= struct.unpack_from("<i", data, at)[0] < 1000 else ">"
        kind, rows, columns, imaginary, length = struct.unpack_from(f"{order}5i", data, at)
        # The digits of the kind: the order of bytes, 0, the type of numbers, and full, text or sparse.
        first, zero, number, matrix = (kind // 10**digit % 10 for digit in (3, 2, 1, 0))
        known = kind >= 0 and first <= 1 and not zero and number < len(NUMBERS_4) and matrix <= 2
        if not known or min(rows, columns) < 0 or imaginary not in (0, 1) or length < 1:
            raise ValueError("no header of a variable of version 4")
        at += 20
        name = data[at : at + length].rstrip(b"\0").decode("latin-1")
        at += length
        size = rows * columns * np.dtype(NUMBERS_4[number]).itemsize * (1 + imaginary)
        if at + size > len(data):
            raise ValueError("the file ends too early")
        if matrix == 2:
            yield name, NoArray(OTHERS[5])
        elif imaginary:
            yield name, NoArray("complex")
        else:
            values = np.frombuffer(data, f"{order}{NUMBERS_4[number]}", rows * columns, at)
            grid = values.reshape(rows, columns, order="F")
            yield name, _texts(grid.astype("<u4"), "utf-32-le") if matrix == 1 else grid
        at += size
