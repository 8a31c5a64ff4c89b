"""Objects of other packages on disk: what they hold, as numbers, texts and arrays.

Of their code only the constructor runs when they are read, with values that JSON has; then their attributes are put
back as they were.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError

__all__ = ["constructed", "pack", "put_back", "unpack"]

ARRAY, MAPPING, TUPLE, LIST = "array", "mapping", "tuple", "list"
PLAIN = (str, int, float, bool, type(None))


def pack(values: Mapping[str, Any], owner: type, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Attributes as JSON takes them; arrays go aside, and their kind is kept, as JSON knows neither tuples nor keys.

    Raises
    ------
    LibraryError
        One of them is something else; the message names it.

    Examples
    --------
    >>> pack({"sizes": (3, None)}, object, {})
    {'sizes': {'tuple': [3, None]}}
    """
    own = f"{owner.__module__}.{owner.__qualname__}"
    return {name: _packed(value, f"{own}.{name}", arrays) for name, value in values.items()}


def unpack(packed: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """What `pack` was given.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        It is nothing that `pack` makes.
    """
    for name in packed:
        if not name.isidentifier() or (name.startswith("__") and name.endswith("__")):
            raise ValueError(f"{name!r} is no attribute's name")
    return {name: _unpacked(value, arrays) for name, value in packed.items()}


def constructed(kind: type, values: Mapping[str, Any]) -> Any:
    """An object of a class, by its constructor, which is given those of the values that it asks for and JSON has.

    By scikit-learn's convention a constructor's arguments are attributes of the same name.

    Examples
    --------
    >>> from fractions import Fraction
    >>> constructed(Fraction, {"numerator": 3, "denominator": 4, "learned": 5})
    Fraction(3, 4)
    """
    asked = inspect.signature(kind).parameters.values()
    named = {one.name for one in asked if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    return kind(**{name: value for name, value in values.items() if name in named and _is_json(value)})


def put_back(made: Any, values: Mapping[str, Any]) -> Any:
    """The object with attributes as they were; no setter of its class runs."""
    vars(made).update(values)
    return made


def _is_json(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _is_json(one) for name, one in value.items())
    return all(map(_is_json, value)) if isinstance(value, list | tuple) else isinstance(value, PLAIN)


def _packed(value: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        arrays[name] = value
        return {ARRAY: name}
    if isinstance(value, list | tuple):
        ones = [_packed(one, f"{name}.{i}", arrays) for i, one in enumerate(value)]
        return {TUPLE if isinstance(value, tuple) else LIST: ones}
    if isinstance(value, Mapping):
        pairs = [[key, _packed(one, f"{name}.{key}", arrays)] for key, one in value.items()]
        if all(isinstance(key, PLAIN) for key in value):
            return {MAPPING: pairs}
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
    if kind == MAPPING:
        return {key: _unpacked(one, arrays) for key, one in held}
    return {TUPLE: tuple, LIST: list}[kind](_unpacked(one, arrays) for one in held)
