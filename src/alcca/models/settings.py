"""Checks of settings that several models share."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from alcca.errors import DataError, UsageError

__all__ = [
    "MAX_SEED",
    "Hidden",
    "Seed",
    "Widths",
    "check_choice",
    "check_components",
    "check_flags",
    "check_not_negative",
    "check_positive",
    "check_precision",
    "check_seed",
    "check_whole",
    "draw_seed",
    "is_number",
    "layer_widths",
    "projector_widths",
    "whole_number",
]

# "bf16": the networks multiply in bfloat16.
PRECISIONS = "float32", "bf16"
# scikit-learn's largest seed, the smallest of the libraries that draw random numbers here.
MAX_SEED = 2**32 - 1
Widths: TypeAlias = Sequence[int]
Hidden: TypeAlias = Widths | tuple[Widths, Widths]
# What ``random_state`` may be, as in scikit-learn, and the newer generators of NumPy.
Seed: TypeAlias = int | np.random.RandomState | np.random.Generator | None


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


def check_seed(model: Any) -> None:
    """Refuse a setting ``random_state`` that `draw_seed` cannot draw from; draws nothing.

    Raises
    ------
    UsageError
        It is not a whole number from 0 to 2^32 - 1, None, or a generator of NumPy.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_seed(SimpleNamespace(random_state=-1))
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: random_state=-1: expected a whole number from 0 to 4294967295, None, or a RandomState or \
Generator of NumPy
    """
    state = model.random_state
    if state is None or isinstance(state, np.random.RandomState | np.random.Generator):
        return
    try:
        whole_number("random_state", state, 0, MAX_SEED)
    except UsageError as error:
        raise UsageError(
            f"random_state={state!r}: expected a whole number from 0 to {MAX_SEED}, None, or a RandomState or "
            "Generator of NumPy"
        ) from error


def draw_seed(model: Any) -> int:
    """Return the seed of one fit, 0 to 2^32 - 1, from the setting ``random_state``.

    As in scikit-learn, a number is the seed of every fit, so that fits are repeatable; of a generator each fit draws
    the next seed; None draws a fresh one.

    Raises
    ------
    UsageError
        As raised by `check_seed`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> draw_seed(SimpleNamespace(random_state=np.int64(3)))
    3
    >>> model = SimpleNamespace(random_state=np.random.RandomState(0))
    >>> draw_seed(model), draw_seed(model)
    (2357136044, 2546248239)
    """
    check_seed(model)
    state = np.random.default_rng() if model.random_state is None else model.random_state
    if isinstance(state, np.random.RandomState):
        return int(state.randint(MAX_SEED + 1, dtype=np.int64))
    if isinstance(state, np.random.Generator):
        return int(state.integers(MAX_SEED + 1))
    return int(state)


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
        if not is_number(value) or not 0 <= value < np.inf:
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
        if not is_number(value) or not 0 < value < np.inf:
            raise UsageError(f"{name}={value!r}: expected a number above 0")


def check_flags(model: Any, *names: str) -> None:
    """Refuse settings that are neither True nor False, as a bool of Python or NumPy, or 1 or 0.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_flags(SimpleNamespace(verbose="no"), "verbose")
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: verbose='no': expected True or False
    """
    for name in names:
        value = getattr(model, name)
        if not isinstance(value, bool | np.bool_ | Integral) or value not in (0, 1):
            raise UsageError(f"{name}={value!r}: expected True or False")


def check_choice(model: Any, name: str, choices: Sequence[str]) -> None:
    """Refuse a setting that is none of some texts.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_choice(SimpleNamespace(invariance="pairs"), "invariance", ("triplet", "pair"))
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: invariance='pairs': expected 'triplet' or 'pair'
    """
    value = getattr(model, name)
    if not isinstance(value, str) or value not in choices:
        raise UsageError(f"{name}={value!r}: expected {' or '.join(map(repr, choices))}")


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
    check_choice(model, "precision", PRECISIONS)


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
    one = _widths(hidden)
    pair = (one, one) if one is not None else _pair_of_widths(hidden)
    if pair is None:
        raise UsageError(
            f"hidden={hidden!r}: expected the widths of the hidden layers, such as (512, 512), or two such lists "
            "(audio, lyrics)"
        )
    return pair


def projector_widths(hidden: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the layers of the projectors f_A and f_T, which end in the same width.

    Raises
    ------
    UsageError
        It is not two lists of widths, a list is empty, or the last widths differ.

    Examples
    --------
    >>> projector_widths(((1000, 200), [200]))
    ((1000, 200), (200,))
    """
    pair = _pair_of_widths(hidden)
    if pair is None or not all(pair):
        raise UsageError(
            f"hidden={hidden!r}: expected two lists of layer widths (audio, lyrics), such as ((1000, 200), (200, 200))"
        )
    if pair[0][-1] != pair[1][-1]:
        raise UsageError(f"hidden={hidden!r}: both networks must end in the same width, which is the space's")
    return pair


def _widths(value: Any) -> tuple[int, ...] | None:
    """Whole numbers of at least 1; None for anything else."""
    if not _is_list(value):
        return None
    try:
        return tuple(whole_number("hidden", width) for width in value)
    except UsageError:
        return None


def _pair_of_widths(value: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    if not _is_list(value) or len(value) != 2:
        return None
    audio, lyrics = _widths(value[0]), _widths(value[1])
    return None if audio is None or lyrics is None else (audio, lyrics)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim > 0)


def is_number(value: Any) -> bool:
    """Whether a setting is a number of Python or NumPy, and not a truth value.

    Examples
    --------
    >>> is_number(np.float32(0.5)), is_number(True), is_number("0.5")
    (True, False, False)
    """
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
