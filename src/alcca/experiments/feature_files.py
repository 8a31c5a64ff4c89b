"""Readers of files of features for the songs of a comparison and for distractors.

They are of NumPy, Parquet, MATLAB, HDF5, and of tables as text.

A reader returns the arrays that are known by name and the names of the others, which it does not read. None of them
unpickles anything or follows a link to another file.
"""

import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.cleaning.lyrics import clean_lyrics
from alcca.errors import AlccaError, DataError, MissingExtraError, UsageError
from alcca.experiments.csv_files import read_csv_features
from alcca.experiments.dataset import AUDIO_VIEWS, Dataset
from alcca.experiments.distractors import Distractors
from alcca.experiments.matlab_files import MAT_ERRORS, NoArray, read_mat
from alcca.songs.word_files import find_lyric_files
from alcca.texts.encodings import read_lyrics_file

__all__ = ["read_dataset", "read_distractors"]

NUMBERS = ("audio", "audio_frames", "audio_descriptors")
KNOWN = ("audio", "lyrics", "label", "group", "split", "ids", "audio_frames", "audio_descriptors", "transcripts")
DISTRACTORS = ("lyrics", *AUDIO_VIEWS)
# One value a song; the other known arrays have one row a song.
VECTORS = ("label", "group", "split", "ids", "transcripts")
# The vectors of a table as text.
VIEWS = ("audio", "audio_descriptors", "lyrics")
HDF5 = b"\x89HDF\r\n\x1a\n"
# MATLAB's version 7.3 is HDF5 after a header of this size.
MATLAB_HEADER = 512
MATLAB_NUMBERS = {
    "double",
    "single",
    "logical",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}
SPARSE = "a sparse matrix (full makes an array of it)"


class _Content(NamedTuple):
    """The arrays of a file that were asked for, and the names of all others."""

    arrays: dict[str, NDArray[Any]]
    others: list[str]


def read_dataset(path: Path | str) -> Dataset:
    """Read the songs of a comparison from a file of features.

    Parameters
    ----------
    path : path
        ``.npz`` with arrays; ``.parquet`` with columns (lists for vectors, lists of lists for frames); ``.mat`` with
        MATLAB's variables, of any version (texts as a cell array of character vectors: ``cellstr``); ``.h5`` or
        ``.hdf5`` with datasets; or ``.csv``, with a column for each number of a vector: ``audio_0``, ``audio_1`` and so
        on. One row a song: ``audio`` and ``lyrics`` (texts, or vectors), and optionally ``label``,
        ``group``, ``split``, ``ids``, ``audio_frames``, ``audio_descriptors`` and ``transcripts`` (texts; empty for
        recordings without words), as in `Dataset`. With another view of audio, ``audio`` may be missing. Other names
        are left out, and listed in the data set's notes.

    Raises
    ------
    UsageError
        The file does not exist, or has another suffix.
    DataError
        The file cannot be read, has no audio or no lyrics, has objects (Python's, or MATLAB's) in place of arrays, or
        has rows that do not fit together.
    MissingExtraError
        h5py is not installed, which reads HDF5 and MATLAB's version 7.3.

    Examples
    --------
    >>> import tempfile
    >>> place = tempfile.mkdtemp() + "/songs.npz"
    >>> np.savez(place, audio=np.zeros((2, 3)), lyrics=np.array(["hello darkness", "my old friend"]))
    >>> read_dataset(place).texts
    ('hello darkness', 'my old friend')
    """
    path = Path(path)
    if path.suffix.lower() not in READERS:
        raise UsageError(f"{path}: expected a file of features, {SUFFIXES}, or the folder of a library")
    arrays, others = _content(path, KNOWN)
    missing = [] if set(arrays) & set(AUDIO_VIEWS) else ["audio"]
    missing += [] if "lyrics" in arrays else ["lyrics"]
    if missing:
        raise DataError(
            f"{path}: has no {' and no '.join(missing)}, only {', '.join([*arrays, *others]) or 'nothing'}; expected "
            "audio and lyrics, one row a song"
        )
    left_out = ", ".join(sorted(others))
    notes = (f"Left out of {path.name}: {left_out}; known are {', '.join(KNOWN)}.",) if others else ()
    chosen: dict[str, Any] = {"audio": None, **{name: arrays[name] for name in KNOWN if name in arrays}}
    for name in ("label", "group", "split", "ids"):
        if name in chosen:
            chosen[name] = chosen[name].tolist()
    try:
        return Dataset(**chosen, name=path.stem, notes=notes)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def read_distractors(path: Path | str) -> Distractors:
    """Read distractors: lyrics or recordings that match no song.

    Parameters
    ----------
    path : path
        A folder of lyrics, in ``.txt`` or ``.lrc`` files at any depth; or a file of features, as for `read_dataset`,
        with ``lyrics``, ``transcripts`` or views of audio. Empty lyrics are left out.

    Raises
    ------
    UsageError
        The path does not exist, or is of another kind.
    DataError
        The file cannot be read, or holds no distractors.
    MissingExtraError
        As from `read_dataset`.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp())
    >>> _ = (place / "alouette.txt").write_text("Alouette, gentille alouette")
    >>> read_distractors(place).lyrics
    ('Alouette, gentille alouette',)
    """
    path = Path(path)
    if path.is_dir():
        files = find_lyric_files(path, onerror=_refuse)
        columns: dict[str, Any] = {"lyrics": [clean_lyrics(read_lyrics_file(file)) for file in files]}
    elif path.suffix.lower() in READERS:
        columns = dict(_content(path, DISTRACTORS).arrays)
    else:
        raise UsageError(
            f"{path}: expected lyrics that match no song: a folder of .txt files, a file of features "
            f"({SUFFIXES}) with lyrics, or the folder of a library"
        )
    lyrics = columns.get("lyrics", ())
    if not (isinstance(lyrics, np.ndarray) and lyrics.dtype.kind in "fiub"):
        columns["lyrics"] = [text for text in lyrics if text is not None and str(text).strip()]
    if not any(len(values) for values in columns.values()):
        raise DataError(f"{path}: holds no lyrics and no transcripts; expected some that match no song")
    try:
        return Distractors(**columns, name=path.stem)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _refuse(problem: str) -> None:
    raise DataError(problem)


def _content(path: Path, wanted: Collection[str]) -> _Content:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    try:
        return READERS[path.suffix.lower()](path, wanted)
    except AlccaError:
        raise
    except MemoryError as error:
        raise DataError(f"{path}: claims to hold more than fits into memory ({error}); save it again") from error
    except PermissionError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except Exception as error:
        # The packages that parse these files raise anything for a damaged one.
        kind = f"{path.suffix.lower()} file"
        raise DataError(
            f"{path}: is a damaged {kind} ({type(error).__name__}: {_line(error)}); save it again"
        ) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _npz(path: Path, wanted: Collection[str]) -> _Content:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: is not an .npz file; save one with numpy.savez")
    try:
        # Pickled objects can run the code of the file's author.
        with np.load(path, allow_pickle=False) as file:
            return _Content({name: file[name] for name in file.files if name in wanted}, _not(wanted, file.files))
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, zlib.error) as error:
        if "allow_pickle" in str(error):
            raise DataError(f"{path}: holds Python objects; save arrays of numbers, or of texts (dtype str)") from error
        raise DataError(f"{path}: is a damaged .npz file ({error}); save it again") from error


def _parquet(path: Path, wanted: Collection[str]) -> _Content:
    import pyarrow
    from pyarrow import parquet

    try:
        # By handle: pyarrow takes a folder named key=value in a path as a partition.
        with path.open("rb") as file:
            whole = parquet.ParquetFile(file)
            names = whole.schema_arrow.names
            table = whole.read(columns=[name for name in names if name in wanted])
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: is not a Parquet file ({error})") from error
    arrays = {name: _column(path, name, table[name].to_pylist()) for name in table.column_names}
    return _Content(arrays, _not(wanted, names))


def _column(path: Path, name: str, values: list[Any]) -> NDArray[Any]:
    if not any(isinstance(value, list) for value in values):
        return np.array(values, dtype=None if name in NUMBERS[1:] else object)
    shapes = [_shape(path, name, row, value) for row, value in enumerate(values)]
    expected = next(shape for shape, value in zip(shapes, values, strict=True) if isinstance(value, list))
    for row, shape in enumerate(shapes):
        if shape != expected:
            raise DataError(f"{path}: {name} of row {row} has shape {shape}, the first row {expected}")
    return np.array(values)


def _shape(path: Path, name: str, row: int, value: Any) -> tuple[int, ...]:
    try:
        return np.shape(value)
    except ValueError as error:
        raise DataError(f"{path}: {name} of row {row} has lists of different lengths; expected a matrix") from error


def _table(path: Path, wanted: Collection[str]) -> _Content:
    """A table as text."""
    texts = [name for name in (*VECTORS, "lyrics") if name in wanted]
    return _Content(*read_csv_features(path, texts, [name for name in VIEWS if name in wanted]))


def _mat(path: Path, wanted: Collection[str]) -> _Content:
    with path.open("rb") as file:
        head = file.read(MATLAB_HEADER + len(HDF5))
    if head.startswith(HDF5) or head[MATLAB_HEADER:] == HDF5:
        return _hdf5(path, wanted)
    try:
        values, names = read_mat(path.read_bytes(), wanted)
    except MAT_ERRORS as error:
        raise DataError(f"{path}: is not a MATLAB file, or a damaged one ({error}); save it again") from error
    return _Content({name: _matlab(path, name, value) for name, value in values.items()}, _not(wanted, names))


def _matlab(path: Path, name: str, value: Any) -> NDArray[Any]:
    """The array of a variable: numbers, rows of characters, or a cell array."""
    if isinstance(value, NoArray):
        raise _not_an_array(path, name, value.kind)
    if value.dtype.kind == "U":
        return np.array([text.rstrip(" ") for text in value], dtype=object)  # MATLAB fills up the rows with spaces
    if value.dtype.kind == "O":
        cells = [_cell(path, name, row, cell) for row, cell in enumerate(_vector(path, name, value))]
        return np.array(cells, dtype=object)
    return _songwise(path, name, value)


def _cell(path: Path, name: str, row: int, value: Any) -> Any:
    """The text or the number in a cell; None for an empty one."""
    if isinstance(value, np.ndarray) and value.size <= 1:
        return value.item() if value.size else "" if value.dtype.kind == "U" else None
    what = f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else value.kind
    raise DataError(f"{path}: {name} of row {row} has {what}; expected one text or number in a cell")


def _songwise(path: Path, name: str, value: NDArray[Any]) -> NDArray[Any]:
    """Numbers with one row a song; MATLAB has vectors as matrices with one row or one column."""
    if name not in VECTORS:
        return value
    value = _vector(path, name, value)
    # MATLAB's numbers are floats if nothing else is said: 3.0 is a poor name of a song.
    if value.dtype.kind == "f" and (np.isfinite(value) & (value == np.round(value))).all():
        value = value.astype(np.int64)
    return value


def _vector(path: Path, name: str, value: NDArray[Any]) -> NDArray[Any]:
    if value.size != max(value.shape, default=0):
        raise DataError(f"{path}: {name} has shape {value.shape}; expected a vector, one entry a song")
    return value.ravel()


def _hdf5(path: Path, wanted: Collection[str]) -> _Content:
    """HDF5, also as MATLAB's version 7.3 writes it."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            f"{path}: is an HDF5 file, which h5py reads; install it with: pip install 'alcca[hdf5]'"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            names = [name for name in file if not name.startswith("#")]  # MATLAB's own are #refs# and #subsystem#
            return _Content({name: _dataset(path, name, file) for name in names if name in wanted}, _not(wanted, names))
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: is not an HDF5 file, or a damaged one ({error}); save it again") from error


def _dataset(path: Path, name: str, file: Any) -> NDArray[Any]:
    import h5py

    item: Any = None if isinstance(file.get(name, getlink=True), h5py.ExternalLink) else file[name]
    _refuse_other_files(path, name, item)
    if not isinstance(item, h5py.Dataset):
        sparse = "MATLAB_sparse" in item.attrs
        raise _not_an_array(path, name, SPARSE if sparse else f"a group of {', '.join(item) or 'nothing'}")
    if "MATLAB_class" in item.attrs:
        return _matlab_dataset(path, name, file, item)
    if h5py.check_string_dtype(item.dtype):
        return _vector(path, name, np.asarray(item.asstr()[...], dtype=object))
    if item.dtype.kind not in "fiub":
        raise _not_an_array(path, name, item.dtype)
    return _songwise(path, name, item[...])


def _refuse_other_files(path: Path, name: str, item: Any) -> None:
    """Refuse a link to another file (None), and a dataset whose values are in one."""
    if item is None or getattr(item, "is_virtual", False) or getattr(item, "external", None):
        raise DataError(f"{path}: {name} points to another file, which is not read; copy the array into this one")


def _matlab_dataset(path: Path, name: str, file: Any, item: Any) -> NDArray[Any]:
    """A dataset of MATLAB, whose dimensions HDF5 has in the opposite order."""
    if _matlab_class(item) != "cell" or "MATLAB_empty" in item.attrs:
        return _matlab(path, name, _matlab_value(item))
    cells = np.empty(item.shape, dtype=object)
    for place, reference in np.ndenumerate(item[...]):
        cell = file[reference]
        _refuse_other_files(path, name, cell)
        cells[place] = _matlab_value(cell)
    return _matlab(path, name, cells)


def _matlab_class(item: Any) -> str:
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def _matlab_value(item: Any) -> NDArray[Any] | NoArray:
    """The value of a dataset or a cell, as `read_mat` has it for older versions."""
    kind = _matlab_class(item)
    if "MATLAB_empty" in item.attrs:  # its values are its dimensions
        return np.array([], dtype=str if kind == "char" else float)
    if kind == "char":
        return np.array(_characters(item), dtype=str)
    if kind in MATLAB_NUMBERS and item.dtype.kind in "fiub":
        return np.asarray(item[...].T)
    return NoArray(f"an object of MATLAB ({kind})")


def _characters(item: Any) -> list[str]:
    """The rows of a matrix of characters, in UTF-16."""
    rows = np.ascontiguousarray(item[...].T, dtype="<u2")
    return [row.tobytes().decode("utf-16-le", "surrogatepass") for row in rows]


def _not_an_array(path: Path, name: str, kind: object) -> DataError:
    return DataError(
        f"{path}: {name} is {kind}; expected an array of numbers, or of texts (in MATLAB a cell array, cellstr)"
    )


def _not(wanted: Collection[str], names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in wanted]


READERS: dict[str, Callable[[Path, Collection[str]], _Content]] = {
    ".npz": _npz,
    ".parquet": _parquet,
    ".mat": _mat,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
    ".csv": _table,
}
SUFFIXES = ", ".join([*READERS][:-1]) + f" or {[*READERS][-1]}"
