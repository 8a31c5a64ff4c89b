"""Any fitted two-view estimator on disk, without pickle: ours, or one of another package."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError, UsageError
from alcca.persistence import load_class, load_state, save_state

__all__ = ["check_storable", "load_model", "save_model"]

CLASS, FITTED = "class.json", "fitted"
ARRAY = "array"
PLAIN = (str, int, float, bool, type(None))


def check_storable(model: Any) -> None:
    """Refuse an estimator whose class `load_model` could not find again; before a training, which takes long.

    Raises
    ------
    UsageError
        A class made inside of a function, or in a script.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> check_storable(CCA())
    """
    place = type(model)
    if place.__module__ == "__main__" or "<locals>" in place.__qualname__:
        raise UsageError(f"{place.__qualname__} cannot be kept: put the class into a module that can be imported")


def save_model(model: Any, folder: Path | str) -> None:
    """Write a fitted estimator to ``folder``: safetensors and JSON.

    Parameters
    ----------
    model : object
        One with ``save`` and ``load`` of its own, as ours; or any that follows scikit-learn's conventions, settings in
        ``get_params`` and what it has learned in attributes, if these are numbers, texts, arrays, and lists, tuples
        and mappings of such.
    folder : path
        Made by this call.

    Raises
    ------
    LibraryError
        An attribute is something else; the message names it.

    Examples
    --------
    >>> import tempfile
    >>> from alcca.models.cca import CCA
    >>> views = np.eye(4), np.eye(4)[::-1]
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> save_model(CCA(1, ridge=0.1).fit(views), folder)
    >>> load_model(folder).correlations_.shape
    (1,)
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if hasattr(model, "save"):
        model.save(folder / FITTED)
    else:
        arrays: dict[str, NDArray[Any]] = {}
        own = f"{type(model).__module__}.{type(model).__qualname__}"
        state = {name: _packed(value, f"{own}.{name}", arrays) for name, value in vars(model).items()}
        save_state(folder / FITTED, type(model).__name__, arrays, state)
    place = {"module": type(model).__module__, "name": type(model).__qualname__}
    (folder / CLASS).write_text(json.dumps(place), encoding="utf-8")


def load_model(folder: Path | str) -> Any:
    """Read an estimator that `save_model` wrote.

    Raises
    ------
    LibraryError
        There is none, it is damaged, or its class cannot be imported.
    """
    folder = Path(folder)
    kind, _ = load_class(folder / CLASS, "name", "the model")
    if hasattr(kind, "load"):
        return kind.load(folder / FITTED)
    arrays, state = load_state(folder / FITTED, kind.__name__)
    model = kind.__new__(kind)
    vars(model).update({name: _unpacked(value, arrays) for name, value in state.items()})
    return model


def _packed(value: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """The value as JSON takes it; arrays go aside, and their kind is kept, as JSON knows neither tuples nor keys."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        arrays[name] = value
        return {ARRAY: name}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_packed(one, f"{name}.{i}", arrays) for i, one in enumerate(value)]}
    if isinstance(value, Mapping):
        pairs = [[key, _packed(one, f"{name}.{key}", arrays)] for key, one in value.items()]
        if all(isinstance(key, PLAIN) for key in value):
            return {"mapping": pairs}
    raise LibraryError(
        f"{name} is a {type(value).__name__}, which cannot be kept without running code when it is read; "
        "take another method"
    )


def _unpacked(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == ARRAY:
        return arrays[held]
    if kind == "mapping":
        return {key: _unpacked(one, arrays) for key, one in held}
    return (tuple if kind == "tuple" else list)(_unpacked(one, arrays) for one in held)
