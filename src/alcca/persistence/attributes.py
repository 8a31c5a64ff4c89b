"""Objects of other packages on disk: their attributes as numbers, texts and arrays.

When an object is read, only its constructor runs, with values from JSON; then its attributes are restored.
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
    """Convert attributes to JSON; arrays go to ``arrays``, and types that JSON lacks, such as tuples, are marked.

    Raises
    ------
    LibraryError
        An attribute has another type; the message names it.

    Examples
    --------
    >>> pack({"sizes": (3, None)}, object, {})
    {'sizes': {'tuple': [3, None]}}
    """
    own = f"{owner.__module__}.{owner.__qualname__}"
    return {name: _packed(value, f"{own}.{name}", arrays) for name, value in values.items()}


def unpack(packed: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Restore the attributes that `pack` converted.

    Raises
    ------
    ValueError, TypeError, KeyError, AttributeError
        The values do not come from `pack`.
    """
    for name in packed:
        if not name.isidentifier() or (name.startswith("__") and name.endswith("__")):
            raise ValueError(f"{name!r} is not the name of an attribute")
    return {name: _unpacked(value, arrays) for name, value in packed.items()}


def constructed(kind: type, values: Mapping[str, Any]) -> Any:
    """Create an object by its constructor, with those of the values that it takes and that JSON can represent.

    By scikit-learn's convention, a constructor's arguments are attributes of the same name.

    Examples
    --------
    >>> from fractions import Fraction
    >>> constructed(Fraction, {"numerator": 3, "denominator": 4, "learned": 5})
    Fraction(3, 4)
    """
    parameters = inspect.signature(kind).parameters.values()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return kind(**{name: value for name, value in values.items() if name in named and _is_json(value)})


def put_back(made: Any, values: Mapping[str, Any]) -> Any:
    """Restore an object's attributes, without running any setter of its class."""
    vars(made).update(values)
    return made


def _is_json(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _is_json(item) for name, item in value.items())
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
        items = [_packed(item, f"{name}.{i}", arrays) for i, item in enumerate(value)]
        return {TUPLE if isinstance(value, tuple) else LIST: items}
    if isinstance(value, Mapping):
        pairs = [[key, _packed(item, f"{name}.{key}", arrays)] for key, item in value.items()]
        if all(isinstance(key, PLAIN) for key in value):
            return {MAPPING: pairs}
    raise LibraryError(
        f"{name} is a {type(value).__name__}, which cannot be saved without running code when it is read; "
        "use another method"
    )


def _unpacked(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == ARRAY:
        return arrays[content]
    if kind == MAPPING:
        return {key: _unpacked(item, arrays) for key, item in content}
    return {TUPLE: tuple, LIST: list}[kind](_unpacked(item, arrays) for item in content)
