"""Trainings that methods of a comparison begin with: once for those that begin alike, and all folds of one at once."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from numpy.typing import NDArray

from alcca.experiments.fitting import Begun, Songs, largest, prepared, training_songs
from alcca.experiments.results import Fit
from alcca.models.contract import first_stage, identity

__all__ = ["Comparison", "begin_alike", "begin_together"]

Array = NDArray[Any]


class Comparison(NamedTuple):
    """What the fits of a comparison are made of.

    Parameters
    ----------
    named : mapping of str to estimator
    songs : Songs
    views : mapping of (seed, fold) to array or None
        Lyric features of all songs.
    rows : mapping of (seed, fold) to (train, test)
    components : sequence of int
    """

    named: Mapping[str, Any]
    songs: Songs
    views: Mapping[tuple[int, int], Array | None]
    rows: Mapping[tuple[int, int], tuple[Array, Array]]
    components: Sequence[int]


def begin_alike(which: Sequence[int], fits: Sequence[Fit], comparison: Comparison) -> list[list[int]]:
    """Fits by what they have in common: the songs, and the training that their methods begin with.

    That methods begin alike is said by those with a ``first_stage``, whose settings are then compared. One without is
    trained for them where it is what they begin with. Two without share nothing, unless they are one object.

    Parameters
    ----------
    which : sequence of int
        Numbers of the fits that have to be done.
    fits : sequence of Fit
    comparison : Comparison
    """
    beginnings = _beginnings({fits[i].method: comparison.named[fits[i].method] for i in which}, comparison.components)
    alike: dict[Any, list[int]] = defaultdict(list)
    for i in which:
        alike[beginnings[fits[i].method], *fits[i][1:]].append(i)
    return list(alike.values())


def _beginnings(named: Mapping[str, Any], components: Sequence[int]) -> dict[str, Any]:
    """What each method begins with: the same for those that can share it."""
    methods = {id(method): method for method in named.values()}
    stages = [number for number, method in methods.items() if hasattr(method, "first_stage")]
    others = [number for number in methods if number not in stages] if stages else []
    found: dict[int, Any] = {number: number for number in methods}
    for number in stages + others:
        # What is wrong with it, it is told where it is fitted.
        with suppress(Exception):
            begins = identity(first_stage(prepared(methods[number], largest(components), 0)[0]))
            # Of those without the method one is trained for the others.
            first = sum(begins == found[other] for other in others) == 0
            if number in stages or (first and any(begins == found[stage] for stage in stages)):
                found[number] = begins
    return {name: found[id(method)] for name, method in named.items()}


def begin_together(
    firsts: Sequence[Fit], comparison: Comparison, together: bool | None, verbose: bool
) -> dict[int, Begun]:
    """Train at once, as one batched model, what the same method begins with in several folds.

    Parameters
    ----------
    firsts : sequence of Fit
        One of each group of fits that begin alike.
    comparison : Comparison
    together : bool, optional
        None: where the model's device is CUDA.
    verbose : bool

    Returns
    -------
    dict of int to Begun
        By the number of the fit in ``firsts``, where it begins with `alcca.ACMR`. What fails is left to be trained,
        and to fail, alone.
    """
    if together is False:
        return {}
    stages: dict[int, Any] = {}
    same: dict[Any, list[int]] = defaultdict(list)
    for number, fit in enumerate(firsts):
        stage = _batchable(comparison.named[fit.method], comparison.components, fit.seed, together)
        if stage is not None:
            stages[number] = stage
            same[fit.method, fit.control, fit.seed].append(number)
    begun: dict[int, Begun] = {}
    for numbers in (some for some in same.values() if len(some) > 1):
        from alcca.models.together import fit_together

        started = time.monotonic()
        given = [
            training_songs(
                stages[number], firsts[number], comparison.songs, comparison.views[firsts[number].place],
                comparison.rows[firsts[number].place][0],
            )
            for number in numbers
        ]  # fmt: skip
        models = [stages[number] for number in numbers]
        groups = [comparison.songs.groups[comparison.rows[firsts[number].place][0]] for number in numbers]
        try:
            fit_together(models, [views for views, _ in given], [y for _, y in given], groups, show=verbose)
        except Exception:  # noqa: BLE001  # such as a device without room for all of them
            continue
        seconds = (time.monotonic() - started) / len(numbers)
        begun |= {number: Begun(model, seconds) for number, model in zip(numbers, models, strict=True)}
    return begun


def _batchable(method: Any, components: Sequence[int], seed: int, together: bool | None) -> Any:
    """The unfitted ACMR that a method begins with, if it is to be trained together with those of other folds."""
    from alcca.models.acmr import ACMR
    from alcca.models.training import choose_device

    try:
        stage = first_stage(prepared(method, largest(components), seed)[0])
        wanted = type(stage) is ACMR and (together or choose_device(stage.device).type == "cuda")
    except Exception:  # noqa: BLE001  # it is told what is wrong with it where it is fitted
        return None
    return stage if wanted else None
