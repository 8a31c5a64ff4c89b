"""Running the fits of a comparison: kept fits are reused, and fits that share a first stage are one job."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from alcca.experiments.comparison import Comparison, Protocol
from alcca.experiments.execution import KILLED, Execution
from alcca.experiments.first_stages import begin_alike, begin_together
from alcca.experiments.fit_cache import ComparisonCache
from alcca.experiments.fitting import fit_and_rank
from alcca.experiments.rank_tables import Fit
from alcca.progress import Progress
from alcca.workers.jobs import Job, died

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Outcome", "median_seconds", "run_seeds"]


class Outcome(NamedTuple):
    """The outcome of one fit: ranks, or the reason of its failure."""

    fit: Fit
    ranks: "DataFrame | None"
    failure: str
    seconds: float


def run_seeds(
    protocol: Protocol, comparison: Comparison, execution: Execution, cache: ComparisonCache
) -> tuple[list[Outcome], list[str]]:
    """Do the fits of the first seed, then those of the other seeds for the methods that are not slow.

    Returns
    -------
    (list of Outcome, list of str)
        The outcomes, and a note on slow methods if there are several seeds.
    """
    first, *others = protocol.seeds
    outcomes = _run(protocol.fits(comparison.methods, [first]), comparison, execution, cache)
    slow = _slow_methods(outcomes, protocol.slow_after)
    notes = []
    if slow and others:
        names = [name for name in comparison.methods if name in slow]
        notes.append(
            f"Measured with seed {first} alone, because one fit takes more than {protocol.slow_after:g} s: "
            f"{', '.join(names)}."
        )
    rest = [name for name in comparison.methods if name not in slow]
    outcomes += _run(protocol.fits(rest, others), comparison, execution, cache)
    return outcomes, notes


def _slow_methods(outcomes: Iterable[Outcome], slow_after: float | None) -> set[str]:
    if slow_after is None:
        return set()
    return {method for method, seconds in median_seconds(outcomes).items() if seconds > slow_after}


def median_seconds(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """The median seconds of each method's fits that did not fail."""
    by_method: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        if not outcome.failure:
            by_method[outcome.fit.method].append(outcome.seconds)
    return {method: median(seconds) for method, seconds in by_method.items()}


def _run(fits: Sequence[Fit], comparison: Comparison, execution: Execution, cache: ComparisonCache) -> list[Outcome]:
    """Reuse kept outcomes, or fit and rank; in the order of ``fits``."""
    outcomes = _kept_outcomes(fits, comparison.components, cache)
    groups = begin_alike([fit for fit in fits if fit not in outcomes], comparison)
    jobs = _jobs(groups, comparison, execution)
    what = f"cross-validating ({len(outcomes)} kept before)" if outcomes else "cross-validating"
    with Progress(what, total=len(fits), unit="fit", show=execution.verbose and bool(fits)) as bar:
        bar.update(len(outcomes), note="kept before" if outcomes else "")
        for number, results, _ in execution.run(jobs, bar):
            for outcome in _outcomes(groups[number], results):
                outcomes[outcome.fit] = outcome
                if outcome.ranks is not None:
                    cache.put_ranks(outcome.fit, comparison.components, outcome.ranks, outcome.seconds)
    return [outcomes[fit] for fit in fits]


def _kept_outcomes(fits: Sequence[Fit], components: Sequence[int], cache: ComparisonCache) -> dict[Fit, Outcome]:
    cached = {fit: cache.ranks(fit, components) for fit in fits}
    return {fit: Outcome(fit, kept[0], "", kept[1]) for fit, kept in cached.items() if kept is not None}


def _jobs(groups: Sequence[Sequence[Fit]], comparison: Comparison, execution: Execution) -> list[Job]:
    """Make one job for each group of fits that share a first stage."""
    begun = begin_together([group[0] for group in groups], comparison, execution.together, execution.verbose)
    songs = execution.shared(comparison.songs)
    # Given vectors are the same object in each fold, and are sent once.
    features = {id(view): view for view in comparison.features.values()}
    features = {which: execution.shared(view) for which, view in features.items()}
    jobs = []
    for group in groups:
        place = group[0].place
        estimators = [comparison.methods[fit.method].estimator for fit in group]
        arguments = (
            group, estimators, songs, features[id(comparison.features[place])], *comparison.rows[place],
            comparison.components, begun.get(group[0]),
        )  # fmt: skip
        kind = tuple(fit.method for fit in group)
        jobs.append(Job(kind, " and ".join(map(str, group)), fit_and_rank, arguments, steps=len(group)))
    return jobs


def _outcomes(group: Sequence[Fit], results: Any) -> list[Outcome]:
    """The outcomes of the fits of one job."""
    results = [(KILLED, 0.0)] * len(group) if died(results) else results
    return [
        Outcome(fit, None, result, seconds) if isinstance(result, str) else Outcome(fit, result, "", seconds)
        for fit, (result, seconds) in zip(group, results, strict=True)
    ]
