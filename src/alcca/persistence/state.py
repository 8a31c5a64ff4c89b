"""Fitted state on disk: arrays as safetensors, everything else as JSON, never pickle.

A state is a folder with ``arrays.safetensors``, ``state.json`` and the checksums of both. It is written under a
temporary name, flushed to the disk and renamed, so that a reader sees a whole state or none.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.persistence.files import read_checked, replace_folder

__all__ = ["load_state", "plain", "save_state"]

FORMAT = 1
ARRAYS, STATE = "arrays.safetensors", "state.json"


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
        Everything else; must be representable in JSON, but for NumPy's numbers, which become Python's.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> place = pathlib.Path(tempfile.mkdtemp()) / "model"
    >>> save_state(place, "CCA", {"mean": np.arange(3.0)}, {"ridge": 0.1})
    >>> load_state(place, "CCA")
    ({'mean': array([0., 1., 2.])}, {'ridge': 0.1})
    """
    from safetensors.numpy import save_file

    def write(part: Path) -> None:
        # safetensors refuses views whose memory is not contiguous.
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, part / ARRAYS)
        # A 0-d array becomes 1-d in ascontiguousarray: keep the shapes to give back what was given.
        shapes = {name: list(a.shape) for name, a in arrays.items()}
        about = {"format": FORMAT, "kind": kind, "shapes": shapes, "state": state}
        text = json.dumps(about, ensure_ascii=False, default=plain)
        (part / STATE).write_text(text, encoding="utf-8")

    replace_folder(Path(folder), write)


def plain(value: Any) -> Any:
    """NumPy's numbers and arrays as JSON takes them; TypeError for anything else that it does not know.

    Examples
    --------
    >>> import numpy as np
    >>> json.dumps({"epochs": np.int64(3)}, default=plain)
    '{"epochs": 3}'
    """
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def load_state(folder: Path | str, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `save_state` wrote.

    Raises
    ------
    LibraryError
        The folder holds no state, a damaged one, one of another kind or of a newer format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    folder = Path(folder)
    try:
        head = json.loads(read_checked(folder / STATE))
        if head["format"] != FORMAT:
            raise LibraryError(f"{folder}: saved in format {head['format']}, this alcca reads {FORMAT}; update alcca")
        if head["kind"] != kind:
            raise LibraryError(f"{folder}: holds a {head['kind']}, expected a {kind}")
        arrays = load(read_checked(folder / ARRAYS))
        return {name: arrays[name].reshape(shape) for name, shape in head["shapes"].items()}, dict(head["state"])
    except FileNotFoundError as error:
        missing = " and ".join(name for name in (ARRAYS, STATE) if not (folder / name).exists())
        raise LibraryError(f"{folder}: no saved {kind} here ({missing} is missing)") from error
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise LibraryError(f"{folder}: the saved {kind} is damaged ({error}); train and save it again") from error
