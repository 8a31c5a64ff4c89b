"""The arguments of a comparison: checked before anything is computed, and converted to Python's types."""

import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.experiments.dataset import Dataset
from alcca.experiments.distractors import check_kind
from alcca.experiments.fit_cache import FitCache
from alcca.experiments.tuning import Tuning, tuning_of
from alcca.models.callbacks import Callback, check_callbacks
from alcca.models.settings import whole_number
from alcca.workers.workers import Workers

__all__ = ["Asked", "asked_for", "check_dataset", "checked", "possible_components"]

# The table of ranks stores seeds in four bytes.
MAX_SEED = 2**31 - 1
ALL_PROCESSORS = -1


class Asked(NamedTuple):
    """The arguments of a comparison, beside methods and songs, as `alcca.cross_validate` describes them.

    Parameters
    ----------
    folds : int
        At least 2.
    components : list of int
        Ascending, each at least 1.
    seed : tuple of int
        At least one, all different.
    shuffled_control : bool
    text_features : callable or None
    distractors : Distractors, Dataset, sequence of texts, or None
    slow_after : float or None
        Seconds, above 0.
    keep : path, FitCache or None
    fresh : bool
    n_jobs : int
        At least 1.
    cluster : Workers, str or None
    verbose : bool
    together : bool or None
    cv : object
        Checked when the songs are known (`alcca.experiments.splits.predefined_splits`).
    callbacks : tuple of Callback
    tune : Tuning or None
        Its names are checked when the methods are known.
    save_runs, save_scores : path or None
    """

    folds: int
    components: list[int]
    seed: tuple[int, ...]
    shuffled_control: bool
    text_features: Any
    distractors: Any
    slow_after: float | None
    keep: Any
    fresh: bool
    n_jobs: int
    cluster: Any
    verbose: bool
    together: bool | None
    cv: Any
    tune: Tuning | None
    callbacks: tuple[Callback, ...]
    save_runs: Path | None
    save_scores: Path | None


def asked_for(
    folds: Any = 5,
    components: Any = (10,),
    seed: Any = 0,
    shuffled_control: Any = True,
    text_features: Any = None,
    distractors: Any = None,
    slow_after: Any = None,
    keep: Any = None,
    fresh: Any = False,
    n_jobs: Any = 1,
    cluster: Any = None,
    verbose: Any = False,
    together: Any = None,
    cv: Any = None,
    tune: Any = None,
    callbacks: Any = (),
    save_runs: Any = None,
    save_scores: Any = None,
) -> Asked:
    """Check the arguments of a comparison, given as for `alcca.cross_validate`: Python's, NumPy's, or arrays of these.

    Raises
    ------
    UsageError
        A number is out of range or not whole, such as 3.0, True or a text; another argument is of the wrong type.

    Examples
    --------
    >>> asked = asked_for(np.int64(3), components=np.arange(20, 0, -10), seed=range(2))
    >>> asked.folds, asked.components, asked.seed
    (3, [10, 20], (0, 1))
    >>> asked_for(folds=2.5)
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: folds=2.5: expected a whole number of at least 2
    """
    wanted = _several("components", components, 1, None)
    if not wanted:
        raise UsageError("components: expected one or more numbers, each at least 1, got none")
    seeds = _several("seed", seed, 0, MAX_SEED)
    if not seeds or len(set(seeds)) != len(seeds):
        raise UsageError(f"seed: expected a whole number of at least 0, or several different ones, got {seeds}")
    if slow_after is not None and not (_is_real(slow_after) and slow_after > 0):
        raise UsageError(f"slow_after={slow_after!r}: expected seconds, above 0, or None")
    if text_features is not None and not callable(text_features):
        raise UsageError(
            f"text_features={text_features!r}: expected a callable that makes an unfitted object with fit and "
            "transform, such as its class, or None"
        )
    check_kind(distractors)
    if not (cluster is None or isinstance(cluster, Workers | str)):
        raise UsageError(f"cluster={cluster!r}: expected a Cluster, the address of a scheduler, or None")
    return Asked(
        folds=whole_number("folds", folds, 2),
        components=sorted(set(wanted)),
        seed=tuple(seeds),
        shuffled_control=_flag("shuffled_control", shuffled_control),
        text_features=text_features,
        distractors=distractors,
        slow_after=None if slow_after is None else float(slow_after),
        keep=keep if isinstance(keep, FitCache) else _place("keep", keep),
        fresh=_flag("fresh", fresh),
        n_jobs=_processes("n_jobs", n_jobs),
        cluster=cluster,
        verbose=_flag("verbose", verbose),
        together=None if together is None else _flag("together", together),
        cv=cv,
        tune=tuning_of(tune),
        callbacks=_callbacks(callbacks, n_jobs, cluster),
        save_runs=_place("save_runs", save_runs),
        save_scores=_place("save_scores", save_scores),
    )


def checked(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of `alcca.cross_validate` as `asked_for` checks and converts them.

    Raises
    ------
    UsageError
        As raised by `asked_for`; or there is no such argument.

    Examples
    --------
    >>> checked({"seed": np.arange(2), "verbose": True})
    {'seed': (0, 1), 'verbose': True}
    >>> checked({"fold": 3})
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: a comparison has no argument 'fold'; it has folds, components, seed, shuffled_control, \
text_features, distractors, slow_after, keep, fresh, n_jobs, cluster, verbose, together, cv, tune, callbacks, \
save_runs, save_scores
    """
    known = list(Asked._fields)
    unknown = next((name for name in protocol if name not in known), None)
    if unknown is not None:
        raise UsageError(f"a comparison has no argument {unknown!r}; it has {', '.join(known)}")
    asked = asked_for(**protocol)._asdict()
    return {name: asked[name] for name in protocol}


def check_dataset(dataset: Any) -> None:
    """Refuse songs that are not an `alcca.Dataset`.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> check_dataset((np.zeros((2, 3)), ["la", "do"]))
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: dataset: expected an alcca.Dataset, got tuple; make one with Dataset(audio, lyrics)
    """
    if not isinstance(dataset, Dataset):
        raise UsageError(
            f"dataset: expected an alcca.Dataset, got {type(dataset).__name__}; make one with Dataset(audio, lyrics)"
        )


def _several(name: str, given: Any, at_least: int, at_most: int | None) -> list[int]:
    """Return one number or several as a list."""
    single = isinstance(given, str | bytes | Mapping) or (isinstance(given, np.ndarray) and given.ndim == 0)
    several = isinstance(given, Iterable) and not single
    return [whole_number(name, value, at_least, at_most) for value in (given if several else [given])]


def _processes(name: str, given: Any) -> int:
    number = whole_number(name, given, None)
    if number != ALL_PROCESSORS and number < 1:
        raise UsageError(f"{name}={number}: expected a whole number of at least 1, or -1 for all processors")
    return os.cpu_count() or 1 if number == ALL_PROCESSORS else number


def _flag(name: str, given: Any) -> bool:
    if not isinstance(given, bool | np.bool_):
        raise UsageError(f"{name}={given!r}: expected True or False")
    return bool(given)


def _place(name: str, given: Any) -> Path | None:
    """A folder, which may not exist yet."""
    if given is None:
        return None
    if not isinstance(given, str | os.PathLike):
        raise UsageError(f"{name}={given!r}: expected the path of a folder, or None")
    if Path(given).exists() and not Path(given).is_dir():
        raise UsageError(f"{name}={str(given)!r}: is a file; expected the path of a folder")
    return Path(given)


def _callbacks(given: Any, n_jobs: Any, cluster: Any) -> tuple[Callback, ...]:
    callbacks = () if given is None else check_callbacks(given)
    if cluster is not None or _processes("n_jobs", n_jobs) > 1:
        # As the workers' tasks are pickled.
        from joblib.externals.loky.backend.reduction import dumps

        for callback in callbacks:
            try:
                dumps(callback)
            except Exception as error:  # an object of the caller may raise anything
                raise UsageError(
                    f"callbacks: {callback!r} cannot be sent to other processes ({error}); leave what it has open out "
                    "of its __getstate__, or take n_jobs=1"
                ) from error
    return callbacks


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
