"""The numeric arguments of a comparison: checked before anything is computed, and converted to Python's types."""

from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.experiments.dataset import Dataset
from alcca.models.settings import whole_number

__all__ = ["Asked", "asked_for", "checked", "possible_components"]

# The table of ranks stores seeds in four bytes.
MAX_SEED = 2**31 - 1


class Asked(NamedTuple):
    """The numbers of a comparison.

    Parameters
    ----------
    folds : int
        At least 2.
    components : list of int
        Ascending, each at least 1.
    seeds : tuple of int
        At least one, all different.
    n_jobs : int
        At least 1.
    slow_after : float or None
        Seconds, above 0.
    """

    folds: int
    components: list[int]
    seeds: tuple[int, ...]
    n_jobs: int
    slow_after: float | None


def asked_for(folds: Any = 5, components: Any = (10,), seed: Any = 0, n_jobs: Any = 1, slow_after: Any = None) -> Asked:
    """Check the numbers of a comparison, given as for `alcca.cross_validate`: Python's, NumPy's, or arrays of these.

    Raises
    ------
    UsageError
        A number is out of range or not whole, such as 3.0, True or a text.

    Examples
    --------
    >>> asked_for(np.int64(3), components=np.arange(20, 0, -10), seed=range(2))
    Asked(folds=3, components=[10, 20], seeds=(0, 1), n_jobs=1, slow_after=None)
    """
    wanted = _several("components", components, 1, None)
    if not wanted:
        raise UsageError("components: expected one or more numbers, each at least 1, got none")
    seeds = _several("seed", seed, 0, MAX_SEED)
    if not seeds or len(set(seeds)) != len(seeds):
        raise UsageError(f"seed: expected a whole number of at least 0, or several different ones, got {seeds}")
    if slow_after is not None and not (_is_real(slow_after) and slow_after > 0):
        raise UsageError(f"slow_after={slow_after!r}: expected seconds, above 0")
    return Asked(
        whole_number("folds", folds, 2),
        sorted(set(wanted)),
        tuple(seeds),
        whole_number("n_jobs", n_jobs),
        None if slow_after is None else float(slow_after),
    )


def checked(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of `alcca.cross_validate` with its numbers checked by `asked_for`. Raises UsageError.

    Examples
    --------
    >>> checked({"seed": np.arange(2), "verbose": True})
    {'seed': (0, 1), 'verbose': True}
    """
    numbers = {name: value for name, value in protocol.items() if name in signature(asked_for).parameters}
    asked = asked_for(**numbers)._asdict()
    asked["seed"] = asked.pop("seeds")
    return {**protocol, **{name: asked[name] for name in numbers}}


def _several(name: str, given: Any, at_least: int, at_most: int | None) -> list[int]:
    """Return one number or several as a list."""
    single = isinstance(given, str | bytes | Mapping) or (isinstance(given, np.ndarray) and given.ndim == 0)
    several = isinstance(given, Iterable) and not single
    return [whole_number(name, value, at_least, at_most) for value in (given if several else [given])]


def _is_real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def possible_components(
    wanted: Sequence[int],
    dataset: Dataset,
    views: Mapping[Any, NDArray[Any] | None],
    rows: Mapping[Any, tuple[NDArray[Any], NDArray[Any]]],
) -> tuple[list[int], list[str]]:
    """Return the numbers of components that the data allow, and a note on the others.

    Parameters
    ----------
    wanted : sequence of int
        Ascending.
    dataset : Dataset
    views : mapping of (seed, fold) to array or None
        Lyric features of all songs.
    rows : mapping of (seed, fold) to (train, test)

    Raises
    ------
    UsageError
        The data allow none of the numbers.
    """
    audio = () if dataset.audio is None else (int(np.prod(dataset.audio.shape[1:])),)
    lyrics = (view.shape[1] for view in views.values() if view is not None)
    limit = min([*audio, *lyrics, *(len(train) - 1 for train, _ in rows.values())])
    possible = [c for c in wanted if c <= limit]
    if not possible:
        raise UsageError(f"components: the data can give at most {limit}, got {list(wanted)}; ask for fewer")
    if possible == list(wanted):
        return possible, []
    return possible, [
        f"Left out {', '.join(map(str, wanted[len(possible) :]))} components: audio, lyrics and the smallest "
        f"training fold can give at most {limit}."
    ]
