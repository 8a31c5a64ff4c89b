"""Fitted state on disk: arrays as safetensors, everything else as JSON, never pickle.

A state is a folder with ``arrays.safetensors``, ``state.json`` and the checksums of both. It is written under a
temporary name, flushed to disk and renamed, so that a reader sees a complete state or none.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.persistence.files import read_checked, replace_folder, unreadable

__all__ = ["load_state", "plain", "save_state"]

FORMAT = 1
ARRAYS, STATE = "arrays.safetensors", "state.json"


def save_state(folder: Path | str, kind: str, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
    """Write a fitted state to ``folder``, replacing an earlier one.

    Parameters
    ----------
    folder : path
        Created by this call, with its parent if missing.
    kind : str
        The name of the class that the state belongs to; `load_state` requires the same.
    arrays : mapping of str to array
        Numeric arrays of any shape; they are restored bit for bit.
    state : mapping
        Everything else; must be representable in JSON, except that NumPy's numbers become Python's.

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
        # safetensors does not accept views with non-contiguous memory.
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, part / ARRAYS)
        # ascontiguousarray makes a 0-d array 1-d, so the original shapes are saved too.
        shapes = {name: list(a.shape) for name, a in arrays.items()}
        head = {"format": FORMAT, "kind": kind, "shapes": shapes, "state": state}
        text = json.dumps(head, ensure_ascii=False, default=plain)
        (part / STATE).write_text(text, encoding="utf-8")

    replace_folder(Path(folder), write)


def plain(value: Any) -> Any:
    """Convert NumPy's numbers and arrays for JSON; TypeError for any other type that JSON cannot represent.

    Examples
    --------
    >>> import numpy as np
    >>> json.dumps({"epochs": np.int64(3)}, default=plain)
    '{"epochs": 3}'
    """
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be represented in JSON")


def load_state(folder: Path | str, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what `save_state` wrote.

    Raises
    ------
    LibraryError
        The folder holds no state, or one that is damaged, of another kind, or of a newer format.
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
    except OSError as error:
        raise unreadable(error, folder) or LibraryError(f"{folder}: no saved {kind} here") from error
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LibraryError(f"{folder}: the saved {kind} is damaged ({error}); train and save it again") from error
