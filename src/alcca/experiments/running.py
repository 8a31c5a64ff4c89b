"""Running the fits of a comparison: kept fits are reused, and fits that share a first stage are one job."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from alcca.experiments.comparison import Comparison, Protocol
from alcca.experiments.execution import KILLED, Execution
from alcca.experiments.first_stages import begin_alike, begin_together
from alcca.experiments.fit_cache import ComparisonCache
from alcca.experiments.fitting import Fitted, fit_and_rank
from alcca.experiments.rank_tables import Fit
from alcca.experiments.saving import ScoreFiles
from alcca.experiments.significance import FIXED_COMPONENTS
from alcca.experiments.training_runs import followed
from alcca.progress import Progress
from alcca.workers.jobs import Job, died

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Outcome", "median_seconds", "run_seeds"]


class Outcome(NamedTuple):
    """The outcome of one fit: ranks, or the reason of its failure; and what it chose, as of `Choice.to_dict`."""

    fit: Fit
    ranks: "DataFrame | None"
    failure: str
    seconds: float
    choice: dict[str, Any] | None = None


def run_seeds(
    protocol: Protocol,
    comparison: Comparison,
    execution: Execution,
    cache: ComparisonCache,
    files: ScoreFiles | None = None,
) -> tuple[list[Outcome], list[str]]:
    """Do the fits of the first seed, then those of the other seeds for the methods that are not slow.

    The scores of each fit are written to ``files`` when it is done.

    Returns
    -------
    (list of Outcome, list of str)
        The outcomes, and a note on slow methods if there are several seeds.
    """
    first, *others = protocol.seeds
    outcomes = _run(protocol.fits(comparison.methods, [first]), comparison, execution, cache, files)
    slow = _slow_methods(outcomes, protocol.slow_after)
    notes = []
    if slow and others:
        names = [name for name in comparison.methods if name in slow]
        notes.append(
            f"Measured with seed {first} alone, because one fit takes more than {protocol.slow_after:g} s: "
            f"{', '.join(names)}."
        )
    rest = [name for name in comparison.methods if name not in slow]
    outcomes += _run(protocol.fits(rest, others), comparison, execution, cache, files)
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


def _run(
    fits: Sequence[Fit],
    comparison: Comparison,
    execution: Execution,
    cache: ComparisonCache,
    files: ScoreFiles | None,
) -> list[Outcome]:
    """Reuse kept outcomes, or fit and rank; in the order of ``fits``."""
    outcomes = _kept_outcomes(fits, comparison, cache, files)
    groups = begin_alike([fit for fit in fits if fit not in outcomes], comparison)
    jobs = _jobs(groups, comparison, execution, None if files is None else FIXED_COMPONENTS)
    what = f"cross-validating ({len(outcomes)} kept before)" if outcomes else "cross-validating"
    with Progress(what, total=len(fits), unit="fit", show=execution.verbose and bool(fits)) as bar:
        bar.update(len(outcomes), note="kept before" if outcomes else "")
        for number, results, _ in execution.run(jobs, bar):
            results = [Fitted(KILLED, 0.0)] * len(groups[number]) if died(results) else results
            for outcome, found in zip(_outcomes(groups[number], results), results, strict=True):
                outcomes[outcome.fit] = outcome
                if outcome.ranks is not None:
                    if files is not None and found.scores is not None:
                        cache.put_scores(outcome.fit, comparison.components, found.scores)
                        files.write(outcome.fit, comparison.rows[outcome.fit.place][1], found.scores)
                    cache.put_ranks(outcome.fit, comparison.components, outcome.ranks, outcome.seconds, outcome.choice)
    return [outcomes[fit] for fit in fits]


def _kept_outcomes(
    fits: Sequence[Fit], comparison: Comparison, cache: ComparisonCache, files: ScoreFiles | None
) -> dict[Fit, Outcome]:
    """The outcomes of the fits that are kept, with their scores if ``files`` want them; they are written there."""
    outcomes = {}
    for fit in fits:
        if files is not None and not fit.control:
            scores = cache.scores(fit, comparison.components)
            if scores is None:
                continue
            files.write(fit, comparison.rows[fit.place][1], scores)
        kept = cache.ranks(fit, comparison.components)
        if kept is not None:
            outcomes[fit] = Outcome(fit, kept.ranks, "", kept.seconds, kept.choice)
    return outcomes


def _jobs(
    groups: Sequence[Sequence[Fit]], comparison: Comparison, execution: Execution, save_at: int | None
) -> list[Job]:
    """Make one job for each group of fits that share a first stage."""
    work = followed(fit_and_rank, execution.callbacks)
    begin = followed(begin_together, execution.callbacks)
    begun = begin(groups, comparison, execution.together, execution.verbose)
    songs = execution.shared(comparison.songs)
    # Given vectors are the same object in each fold, and are sent once.
    features = {id(view): view for view in comparison.features.values()}
    features = {which: execution.shared(view) for which, view in features.items()}
    jobs = []
    for group in groups:
        place = group[0].place
        methods = [comparison.methods[fit.method] for fit in group]
        arguments = (
            group, methods, songs, features[id(comparison.features[place])], *comparison.rows[place],
            comparison.components, begun.get(group[0]), save_at,
        )  # fmt: skip
        kind = tuple(fit.method for fit in group)
        jobs.append(Job(kind, " and ".join(map(str, group)), work, arguments, steps=len(group)))
    return jobs


def _outcomes(group: Sequence[Fit], results: Sequence[Fitted]) -> list[Outcome]:
    """The outcomes of the fits of one job."""
    return [
        Outcome(fit, None, found.ranks, found.seconds)
        if isinstance(found.ranks, str)
        else Outcome(fit, found.ranks, "", found.seconds, found.choice and found.choice.to_dict())
        for fit, found in zip(group, results, strict=True)
    ]
