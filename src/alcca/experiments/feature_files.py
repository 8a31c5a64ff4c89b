"""Readers of files of features, NumPy's ``.npz`` or Parquet, for the songs of a comparison and for distractors."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.experiments.dataset import AUDIO_VIEWS, Dataset
from alcca.experiments.distractors import Distractors
from alcca.songs.lyrics import clean_lyrics, decode_text, read_lyrics_file

__all__ = ["read_dataset", "read_distractors"]

NUMBERS = ("audio", "audio_frames", "audio_descriptors")
KNOWN = ("audio", "lyrics", "label", "group", "ids", "audio_frames", "audio_descriptors", "transcripts")
DISTRACTORS = ("lyrics", *AUDIO_VIEWS)
TEXTS = (".txt", ".lrc")


def read_dataset(path: Path | str) -> Dataset:
    """Read the songs of a comparison from a file of features.

    Parameters
    ----------
    path : path
        ``.npz`` with arrays, or ``.parquet`` with columns (lists for vectors, lists of lists for frames), one row a
        song: ``audio`` and ``lyrics`` (texts, or vectors), and optionally ``label``, ``group``, ``ids``,
        ``audio_frames``, ``audio_descriptors`` and ``transcripts`` (texts; empty for recordings without words), as in
        `Dataset`. With another view of audio, ``audio`` may be missing. Other names are left out, and listed in the
        data set's notes.

    Raises
    ------
    UsageError
        The file does not exist, or has another suffix.
    DataError
        The file cannot be read, has no audio or no lyrics, or has rows that do not fit together.

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
        raise UsageError(f"{path}: expected a file of features, .npz or .parquet, or the folder of a library")
    arrays = _arrays(path)
    missing = [] if set(arrays) & set(AUDIO_VIEWS) else ["audio"]
    missing += [] if "lyrics" in arrays else ["lyrics"]
    if missing:
        raise DataError(
            f"{path}: has no {' and no '.join(missing)}, only {', '.join(arrays) or 'nothing'}; expected audio and "
            "lyrics, one row a song"
        )
    other = sorted(set(arrays) - set(KNOWN))
    notes = (f"Left out of {path.name}: {', '.join(other)}; known are {', '.join(KNOWN)}.",) if other else ()
    chosen: dict[str, Any] = {"audio": None, **{name: arrays[name] for name in KNOWN if name in arrays}}
    for name in ("label", "group", "ids"):
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
        A folder of lyrics, in ``.txt`` or ``.lrc`` files at any depth; a ``.csv`` file with a column ``lyrics``,
        ``transcripts`` or both; or an ``.npz`` or ``.parquet`` file with one of these or with views of audio, as in
        `read_dataset`. Empty lyrics are left out.

    Raises
    ------
    UsageError
        The path does not exist, or is of another kind.
    DataError
        The file cannot be read, or holds no distractors.

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
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in TEXTS and file.is_file())
        columns: dict[str, Any] = {"lyrics": [clean_lyrics(read_lyrics_file(file)) for file in files]}
    elif path.suffix.lower() in READERS:
        columns = {name: array for name, array in _arrays(path).items() if name in DISTRACTORS}
    elif path.suffix.lower() == ".csv":
        columns = {name: values for name, values in _csv(path).items() if name in ("lyrics", "transcripts")}
    else:
        raise UsageError(
            f"{path}: expected lyrics that match no song: a folder of .txt files, a .csv, .npz or .parquet file with "
            "lyrics, or the folder of a library"
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


def _csv(path: Path) -> dict[str, list[str]]:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    text = decode_text(path.read_bytes())
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: is not a CSV file ({error}); save it again") from error
    names = [name for name in (rows[0] if rows else {}) if name is not None]
    return {name.strip().lower(): [row[name] or "" for row in rows] for name in names}


def _arrays(path: Path) -> Mapping[str, NDArray[Any]]:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    return READERS[path.suffix.lower()](path)


def _npz(path: Path) -> Mapping[str, NDArray[Any]]:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: is not an .npz file; save one with numpy.savez")
    try:
        # Pickled objects can run the code of the file's author.
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
        # By handle: pyarrow takes a folder named key=value in a path as a partition.
        with path.open("rb") as file:
            table = parquet.ParquetFile(file).read()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: is not a Parquet file ({error})") from error
    return {name: _column(path, name, table[name].to_pylist()) for name in table.column_names}


def _column(path: Path, name: str, values: list[Any]) -> NDArray[Any]:
    if not any(isinstance(value, list) for value in values):
        return np.array(values, dtype=None if name in NUMBERS[1:] else object)
    expected = next(np.shape(value) for value in values if isinstance(value, list))
    for row, value in enumerate(values):
        try:
            shape = np.shape(value)
        except ValueError:
            shape = ("ragged",)
        if shape != expected:
            raise DataError(f"{path}: {name} of row {row} has shape {shape}, the first row {expected}")
    return np.array(values)


READERS: dict[str, Callable[[Path], Mapping[str, NDArray[Any]]]] = {".npz": _npz, ".parquet": _parquet}
