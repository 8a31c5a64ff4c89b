"""Songs of a comparison from a file of features: NumPy's ``.npz`` or Parquet."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.experiments.dataset import Dataset

__all__ = ["read_dataset"]

NEEDED = ("audio", "lyrics")
KNOWN = (*NEEDED, "label", "group", "ids", "audio_frames", "audio_descriptors")


def read_dataset(path: Path | str) -> Dataset:
    """Read the songs of a comparison from a file of features.

    Parameters
    ----------
    path : path
        ``.npz`` with arrays, or ``.parquet`` with columns (lists for vectors, lists of lists for frames), one row a
        song: ``audio`` and ``lyrics`` (texts, or vectors), and where they are known ``label``, ``group``, ``ids``,
        ``audio_frames`` and ``audio_descriptors``, each as `Dataset` describes it. Other names are left out, and the
        data set's notes say so.

    Raises
    ------
    UsageError
        No such file, or neither of the two formats by its name.
    DataError
        A file that cannot be read as its name says, without audio or lyrics, or with rows that do not fit together.

    Examples
    --------
    >>> import tempfile
    >>> place = tempfile.mkdtemp() + "/songs.npz"
    >>> np.savez(place, audio=np.zeros((2, 3)), lyrics=np.array(["hello darkness", "my old friend"]))
    >>> read_dataset(place).texts
    ('hello darkness', 'my old friend')
    """
    path = Path(path)
    readers = {".npz": _npz, ".parquet": _parquet}
    if path.suffix.lower() not in readers:
        raise UsageError(f"{path}: expected a file of features, .npz or .parquet, or the folder of a library")
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    arrays = readers[path.suffix.lower()](path)
    missing = [name for name in NEEDED if name not in arrays]
    if missing:
        raise DataError(
            f"{path}: has no {' and no '.join(missing)}, only {', '.join(arrays) or 'nothing'}; expected audio and "
            "lyrics, one row a song"
        )
    other = sorted(set(arrays) - set(KNOWN))
    notes = (f"Left out of {path.name}: {', '.join(other)}; known are {', '.join(KNOWN)}.",) if other else ()
    chosen: dict[str, Any] = {name: arrays[name] for name in KNOWN if name in arrays}
    for name in ("label", "group", "ids"):
        if name in chosen:
            chosen[name] = chosen[name].tolist()
    try:
        return Dataset(**chosen, name=path.stem, notes=notes)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _npz(path: Path) -> Mapping[str, NDArray[Any]]:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: is no .npz file; save one with numpy.savez")
    try:
        # Pickled objects can run code of whoever wrote the file.
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        if "allow_pickle" in str(error):
            raise DataError(f"{path}: holds Python objects; save arrays of numbers, or of texts (dtype str)") from error
        raise DataError(f"{path}: is a damaged .npz file ({error}); save it again") from error


def _parquet(path: Path) -> Mapping[str, NDArray[Any]]:
    import pyarrow
    from pyarrow import parquet

    try:
        # By handle: pyarrow takes a path in a folder named like key=value for a partition.
        with path.open("rb") as file:
            table = parquet.ParquetFile(file).read()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: is no Parquet file ({error})") from error
    return {name: _column(path, name, table[name].to_pylist()) for name in table.column_names}


def _column(path: Path, name: str, values: list[Any]) -> NDArray[Any]:
    if not any(isinstance(value, list) for value in values):
        return np.array(values, dtype=object if name not in KNOWN[-2:] else None)
    expected = next(np.shape(value) for value in values if isinstance(value, list))
    for row, value in enumerate(values):
        try:
            shape = np.shape(value)
        except ValueError:
            shape = ("ragged",)
        if shape != expected:
            raise DataError(f"{path}: {name} of row {row} has shape {shape}, that of the first {expected}")
    return np.array(values)
