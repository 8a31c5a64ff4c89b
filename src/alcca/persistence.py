"""Fitted state on disk: arrays as safetensors, everything else as JSON, never pickle.

A state is a folder with ``arrays.safetensors`` and ``state.json``. It is written under a temporary name,
flushed to the disk and renamed, so that a reader sees a whole state or none.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError

__all__ = ["load_class", "load_state", "replace_file", "save_state"]

FORMAT = 1
ARRAYS, STATE = "arrays.safetensors", "state.json"


def load_class(path: Path, key: str, what: str) -> tuple[Any, dict[str, Any]]:
    """Read which class something was of, from a JSON file that names its module and, under ``key``, its name there.

    Parameters
    ----------
    path : path
    key : str
    what : str
        What it is called in an error: "the model".

    Returns
    -------
    (class, dict)
        The class as it is now, and all that the file says.

    Raises
    ------
    LibraryError
        The file is missing or damaged, or there is no such class.
    """
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        kind: Any = import_module(about["module"])
        for name in about[key].split("."):
            kind = getattr(kind, name)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LibraryError(f"{path.parent}: {what} is missing or damaged ({error}); train again") from error
    except (ImportError, AttributeError) as error:
        raise LibraryError(
            f"{path.parent}: {what}'s class is not there ({error}); install it, or train again"
        ) from error
    return kind, about


def save_state(folder: Path | str, kind: str, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
    """Write a fitted state to ``folder``, replacing what was there.

    Parameters
    ----------
    folder : path
        Made by this call; its parent is made when missing.
    kind : str
        What the state belongs to (the class name); `load_state` insists on it.
    arrays : mapping of str to array
        Numeric arrays of any shape; they come back bit for bit.
    state : mapping
        Everything else; must be representable in JSON.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> place = pathlib.Path(tempfile.mkdtemp()) / "model"
    >>> save_state(place, "CCA", {"mean": np.arange(3.0)}, {"ridge": 0.1})
    >>> load_state(place, "CCA")
    ({'mean': array([0., 1., 2.])}, {'ridge': 0.1})
    """
    from safetensors.numpy import save_file

    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        # safetensors refuses views whose memory is not contiguous.
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, part / ARRAYS)
        # A 0-d array becomes 1-d in ascontiguousarray: keep the shapes to give back what was given.
        shapes = {name: list(a.shape) for name, a in arrays.items()}
        text = json.dumps({"format": FORMAT, "kind": kind, "shapes": shapes, "state": state}, ensure_ascii=False)
        (part / STATE).write_text(text, encoding="utf-8")
        for path in (part / ARRAYS, part / STATE, part):
            _flush(path)
        part.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.rename(old / "state")
            part.rename(folder)
            shutil.rmtree(old)
        else:
            part.rename(folder)
        _flush(folder.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def load_state(folder: Path | str, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `save_state` wrote.

    Raises
    ------
    LibraryError
        The folder holds no state, a damaged one, one of another kind or of a newer format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    folder = Path(folder)
    try:
        head = json.loads((folder / STATE).read_text(encoding="utf-8"))
        arrays = load_file(folder / ARRAYS)
    except FileNotFoundError as error:
        missing = " and ".join(name for name in (ARRAYS, STATE) if not (folder / name).exists())
        raise LibraryError(f"{folder}: no saved {kind} here ({missing} is missing)") from error
    except (SafetensorError, ValueError, OSError) as error:
        raise LibraryError(f"{folder}: the saved {kind} is damaged ({error}); train and save it again") from error
    if head.get("format") != FORMAT:
        raise LibraryError(f"{folder}: saved in format {head.get('format')}, this alcca reads {FORMAT}; update alcca")
    if head.get("kind") != kind:
        raise LibraryError(f"{folder}: holds a {head.get('kind')}, expected a {kind}")
    return {name: arrays[name].reshape(shape) for name, shape in head["shapes"].items()}, head["state"]


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name beside ``path``, then rename it: a reader sees the old one or the new one.

    Parameters
    ----------
    path : Path
        In a folder that exists.
    write : callable
        Writes the content to the path that it is given, which has the same ending.

    Examples
    --------
    >>> place = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> replace_file(place, lambda part: part.write_text("whole"))
    >>> place.read_text(), len(list(place.parent.iterdir()))
    ('whole', 1)
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    os.close(descriptor)
    part = Path(name)
    try:
        write(part)
        part.chmod(0o644)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
