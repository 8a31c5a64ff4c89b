"""First stages of methods of a comparison: one training for methods that share it, and all folds at once."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.comparison import Comparison
from alcca.experiments.fitting import Begun, labels_in_notes, largest, training_songs
from alcca.experiments.keys import stage_key
from alcca.experiments.rank_tables import Fit
from alcca.experiments.training_runs import training_run

__all__ = ["begin_alike", "begin_together"]


def begin_alike(fits: Sequence[Fit], comparison: Comparison) -> list[list[Fit]]:
    """Group fits that share their songs and the first stage of their methods.

    Methods with a ``first_stage`` share it if its settings are equal. A method without one is trained for them if it is
    their first stage. Two methods without one share nothing, unless they are the same object, and neither does a method
    that chooses its settings in each fit.

    Parameters
    ----------
    fits : sequence of Fit
        The fits to do.
    comparison : Comparison
    """
    methods = {fit.method: comparison.methods[fit.method] for fit in fits}
    # Settings are chosen in each fit, and with them its first stage.
    beginnings: dict[str, Any] = {name: (name,) for name, method in methods.items() if method.candidates}
    others = {name: method for name, method in methods.items() if name not in beginnings}
    beginnings |= _beginnings(others, comparison.components)
    alike: dict[Any, list[Fit]] = defaultdict(list)
    for fit in fits:
        alike[beginnings[fit.method], *fit[1:]].append(fit)
    return list(alike.values())


def _beginnings(named: Mapping[str, ComparedMethod], components: Sequence[int]) -> dict[str, Any]:
    """A key of each method's first stage: equal for methods that can share it."""
    methods = {id(method.estimator): method for method in named.values()}
    stages = [number for number, method in methods.items() if method.says_first_stage]
    others = [number for number in methods if number not in stages] if stages else []
    keys: dict[int, Any] = {number: number for number in methods}
    for number in stages + others:
        # The fit reports errors of the method.
        with suppress(Exception):
            key = stage_key(methods[number].first_stage(largest(components), 0))
            # Only one of the methods without a first stage is trained for the others.
            first = sum(key == keys[other] for other in others) == 0
            if number in stages or (first and any(key == keys[stage] for stage in stages)):
                keys[number] = key
    return {name: keys[id(method.estimator)] for name, method in named.items()}


def begin_together(
    groups: Sequence[Sequence[Fit]], comparison: Comparison, together: bool | None, verbose: bool
) -> dict[Fit, Begun]:
    """Train the first stages of a method in several folds at once, as one batched model.

    Parameters
    ----------
    groups : sequence of sequences of Fit
        Those of each share a first stage.
    comparison : Comparison
    together : bool, optional
        None: if the model's device is CUDA.
    verbose : bool

    Returns
    -------
    dict of Fit to Begun
        For the first fit of each group whose first stage is `alcca.ACMR`. After a failure each group trains its own.
    """
    if together is False:
        return {}
    stages: dict[Fit, Any] = {}
    same: dict[Any, list[Fit]] = defaultdict(list)
    sharing = {group[0]: group for group in groups}
    for fit in sharing:
        stage = _batchable(comparison.methods[fit.method], comparison.components, fit.seed, together)
        if stage is not None:
            stages[fit] = stage
            same[fit.method, fit.control, fit.seed].append(fit)
    begun: dict[Fit, Begun] = {}
    for fits in (group for group in same.values() if len(group) > 1):
        started = time.monotonic()
        runs = [training_run(sharing[fit]) for fit in fits]
        models = _trained_together([stages[fit] for fit in fits], fits, comparison, verbose, runs)
        seconds = (time.monotonic() - started) / len(fits)
        begun |= {fit: Begun(model, seconds) for fit, model in zip(fits, models, strict=False)}
    return begun


def _trained_together(
    models: list[Any],
    fits: Sequence[Fit],
    comparison: Comparison,
    verbose: bool,
    runs: Sequence[tuple[str, dict[str, Any]]],
) -> list[Any]:
    """Fit the models as one batched model; an empty list if that fails."""
    from alcca.models.batched_training import fit_together

    songs = comparison.songs
    trains = [comparison.rows[fit.place][0] for fit in fits]
    given = [
        training_songs(model, fit, songs, comparison.features[fit.place], train)
        for model, fit, train in zip(models, fits, trains, strict=True)
    ]
    groups = [songs.groups[train] for train in trains]
    try:
        with labels_in_notes():
            fit_together(models, [views for views, _ in given], [y for _, y in given], groups, show=verbose, runs=runs)
    except Exception:  # noqa: BLE001  # such as a device without room for all of them
        return []
    return models


def _batchable(method: ComparedMethod, components: Sequence[int], seed: int, together: bool | None) -> Any:
    """The unfitted ACMR that is a method's first stage, if the folds are to be trained together; else None."""
    from alcca.models.acmr import ACMR
    from alcca.models.training import choose_device

    if method.candidates:
        return None
    try:
        stage = method.first_stage(largest(components), seed)
        wanted = type(stage) is ACMR and (together or choose_device(stage.device).type == "cuda")
    except Exception:  # noqa: BLE001  # the fit reports errors of the method
        return None
    return stage if wanted else None
