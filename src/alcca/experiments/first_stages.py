"""Trainings that methods of a comparison begin with: once for those that begin alike, and all folds of one at once."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.comparison import Comparison
from alcca.experiments.fitting import Begun, largest, training_songs
from alcca.experiments.rank_tables import Fit
from alcca.models.contract import identity

__all__ = ["begin_alike", "begin_together"]


def begin_alike(fits: Sequence[Fit], comparison: Comparison) -> list[list[Fit]]:
    """Group fits by what they have in common: the songs, and the training that their methods begin with.

    That methods begin alike is said by those with a ``first_stage``, whose settings are then compared. One without is
    trained for them where it is what they begin with. Two without share nothing, unless they are one object.

    Parameters
    ----------
    fits : sequence of Fit
        Those that have to be done.
    comparison : Comparison
    """
    beginnings = _beginnings({fit.method: comparison.methods[fit.method] for fit in fits}, comparison.components)
    alike: dict[Any, list[Fit]] = defaultdict(list)
    for fit in fits:
        alike[beginnings[fit.method], *fit[1:]].append(fit)
    return list(alike.values())


def _beginnings(named: Mapping[str, ComparedMethod], components: Sequence[int]) -> dict[str, Any]:
    """What each method begins with: the same for those that can share it."""
    methods = {id(method.estimator): method for method in named.values()}
    stages = [number for number, method in methods.items() if method.says_first_stage]
    others = [number for number in methods if number not in stages] if stages else []
    found: dict[int, Any] = {number: number for number in methods}
    for number in stages + others:
        # What is wrong with it, it is told where it is fitted.
        with suppress(Exception):
            begins = identity(methods[number].first_stage(largest(components), 0))
            # Of those without the method one is trained for the others.
            first = sum(begins == found[other] for other in others) == 0
            if number in stages or (first and any(begins == found[stage] for stage in stages)):
                found[number] = begins
    return {name: found[id(method.estimator)] for name, method in named.items()}


def begin_together(
    firsts: Sequence[Fit], comparison: Comparison, together: bool | None, verbose: bool
) -> dict[Fit, Begun]:
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
    dict of Fit to Begun
        Of those in ``firsts`` that begin with `alcca.ACMR`. What fails is left to be trained, and to fail, alone.
    """
    if together is False:
        return {}
    stages: dict[Fit, Any] = {}
    same: dict[Any, list[Fit]] = defaultdict(list)
    for fit in firsts:
        stage = _batchable(comparison.methods[fit.method], comparison.components, fit.seed, together)
        if stage is not None:
            stages[fit] = stage
            same[fit.method, fit.control, fit.seed].append(fit)
    begun: dict[Fit, Begun] = {}
    for fits in (some for some in same.values() if len(some) > 1):
        started = time.monotonic()
        models = _trained_together([stages[fit] for fit in fits], fits, comparison, verbose)
        seconds = (time.monotonic() - started) / len(fits)
        begun |= {fit: Begun(model, seconds) for fit, model in zip(fits, models, strict=False)}
    return begun


def _trained_together(models: list[Any], fits: Sequence[Fit], comparison: Comparison, verbose: bool) -> list[Any]:
    """The models, fitted as one batched model; none where that fails."""
    from alcca.models.batched_training import fit_together

    songs = comparison.songs
    trains = [comparison.rows[fit.place][0] for fit in fits]
    given = [
        training_songs(model, fit, songs, comparison.features[fit.place], train)
        for model, fit, train in zip(models, fits, trains, strict=True)
    ]
    groups = [songs.groups[train] for train in trains]
    try:
        fit_together(models, [views for views, _ in given], [y for _, y in given], groups, show=verbose)
    except Exception:  # noqa: BLE001  # such as a device without room for all of them
        return []
    return models


def _batchable(method: ComparedMethod, components: Sequence[int], seed: int, together: bool | None) -> Any:
    """The unfitted ACMR that a method begins with, if it is to be trained together with those of other folds."""
    from alcca.models.acmr import ACMR
    from alcca.models.training import choose_device

    try:
        stage = method.first_stage(largest(components), seed)
        wanted = type(stage) is ACMR and (together or choose_device(stage.device).type == "cuda")
    except Exception:  # noqa: BLE001  # it is told what is wrong with it where it is fitted
        return None
    return stage if wanted else None
