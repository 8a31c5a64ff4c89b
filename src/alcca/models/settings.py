"""Checks of settings that several models share."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from alcca.errors import DataError, UsageError

__all__ = [
    "MAX_SEED",
    "Hidden",
    "Widths",
    "check_components",
    "check_not_negative",
    "check_positive",
    "check_precision",
    "check_seed",
    "check_whole",
    "layer_widths",
    "whole_number",
]

# "bf16": the networks multiply in bfloat16.
PRECISIONS = "float32", "bf16"
# scikit-learn's largest seed, the smallest of the libraries that draw random numbers here.
MAX_SEED = 2**32 - 1
Widths: TypeAlias = Sequence[int]
Hidden: TypeAlias = Widths | tuple[Widths, Widths]


def whole_number(name: str, value: Any, at_least: int | None = 1, at_most: int | None = None) -> int:
    """Check a whole number of Python or NumPy, and return it as Python's.

    Parameters
    ----------
    name : str
        Its name in an error.
    value : object
    at_least, at_most : int, optional
        Its range.

    Raises
    ------
    UsageError
        The value is out of range, or not a whole number, such as 3.0, True or a text.

    Examples
    --------
    >>> whole_number("folds", np.int64(5))
    5
    >>> whole_number("folds", 5.0)
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: folds=5.0: expected a whole number of at least 1
    """
    number = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
    is_whole = isinstance(number, Integral) and not isinstance(number, bool)
    if is_whole and (at_least is None or number >= at_least) and (at_most is None or number <= at_most):
        return int(number)
    limits = [f"{side} {limit}" for side, limit in (("at least", at_least), ("at most", at_most)) if limit is not None]
    raise UsageError(
        f"{name}={int(number) if is_whole else value!r}: expected a whole number"
        + (f" of {' and '.join(limits)}" if limits else "")
    )


def check_whole(model: Any, *names: str) -> None:
    """Refuse settings that are not whole numbers of at least 1.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_whole(SimpleNamespace(epochs=0), "epochs")
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: epochs=0: expected a whole number of at least 1
    """
    for name in names:
        whole_number(name, getattr(model, name))


def check_seed(model: Any) -> int:
    """Check the setting ``random_state``, and return it as a Python int.

    Raises
    ------
    UsageError
        It is not a whole number of at least 0.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_seed(SimpleNamespace(random_state=np.int64(3)))
    3
    """
    return whole_number("random_state", model.random_state, 0, MAX_SEED)


def check_components(n_components: int, n: int) -> None:
    """Refuse more components than n centred songs can span.

    Raises
    ------
    DataError

    Examples
    --------
    >>> check_components(50, 51)
    """
    if n_components > n - 1:
        raise DataError(
            f"n_components={n_components}: {n} songs allow at most {n - 1}; lower n_components or add songs"
        )


def check_not_negative(model: Any, *names: str) -> None:
    """Refuse settings that are not finite numbers of at least 0.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_not_negative(SimpleNamespace(regularization=0.0), "regularization")
    """
    for name in names:
        value = getattr(model, name)
        if not _is_number(value) or not 0 <= value < np.inf:
            raise UsageError(f"{name}={value!r}: expected a number of at least 0")


def check_positive(model: Any, *names: str) -> None:
    """Refuse settings that are not finite numbers above 0.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_positive(SimpleNamespace(lr=1e-3), "lr")
    """
    for name in names:
        value = getattr(model, name)
        if not _is_number(value) or not 0 < value < np.inf:
            raise UsageError(f"{name}={value!r}: expected a number above 0")


def check_precision(model: Any) -> None:
    """Refuse an unknown ``precision``.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_precision(SimpleNamespace(precision="bf16"))
    """
    if model.precision not in PRECISIONS:
        raise UsageError(f"precision={model.precision!r}: expected {' or '.join(map(repr, PRECISIONS))}")


def layer_widths(hidden: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the hidden layers of the networks of audio and lyrics; one list is for both.

    Raises
    ------
    UsageError
        It is neither a list of widths nor two such lists.

    Examples
    --------
    >>> layer_widths((512, 256))
    ((512, 256), (512, 256))
    >>> layer_widths(((512, 256), ()))
    ((512, 256), ())
    """
    try:
        pair = list(hidden)
        pair = [pair, pair] if all(isinstance(width, Integral) for width in pair) else [list(widths) for widths in pair]
    except TypeError:
        pair = []
    if len(pair) != 2 or not all(
        isinstance(width, Integral) and int(width) >= 1 for widths in pair for width in widths
    ):
        raise UsageError(
            f"hidden={hidden!r}: expected the widths of the hidden layers, such as (512, 512), or two such lists "
            "(audio, lyrics)"
        )
    audio, lyrics = (tuple(int(width) for width in widths) for widths in pair)
    return audio, lyrics


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
