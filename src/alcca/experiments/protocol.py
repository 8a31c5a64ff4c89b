"""The experiment: grouped folds, everything that learns sees the training fold alone, ranks in the test fold.

The pool of a query is its test fold. A method is fitted once in a fold, with the largest number of components;
smaller numbers are its first columns, because canonical components are nested.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.cluster import Cluster, opened
from alcca.errors import DataError, UsageError
from alcca.experiments.asked import asked_for, possible_components
from alcca.experiments.beginnings import Comparison, begin_alike, begin_together
from alcca.experiments.dataset import Dataset
from alcca.experiments.distractors import Distractors, distractors_for, without_lacking
from alcca.experiments.fitting import Songs, TextFeatures, fit_and_rank, lyric_features, make_doc2vec
from alcca.experiments.folds import grouped_folds, song_groups
from alcca.experiments.frames import ranks_frame
from alcca.experiments.heard import word_notes
from alcca.experiments.kept import Keep, KeptFits, MethodKey, kept_notes, lyrics_key, method_keys
from alcca.experiments.methods import named_methods
from alcca.experiments.provenance import computed_with, describe, notes_on_songs, versions
from alcca.experiments.results import Failure, Fit, Results
from alcca.experiments.running import Job, died, run_jobs
from alcca.models.contract import dimension_parameter, has_own_similarity, view_names
from alcca.models.processes import world_size
from alcca.progress import Progress

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Dataset", "Distractors", "TextFeatures", "cross_validate"]

Array = NDArray[Any]
Place = tuple[int, int]  # seed and fold
Rows = Mapping[Place, tuple[Array, Array]]  # the training and the test songs
Views = Mapping[Place, Array | None]  # the lyric features of all songs, where some method learns from them
KILLED = "its process was killed, as happens when no memory is left; free some, or work with fewer processes (n_jobs)"


def cross_validate(
    methods: Any,
    dataset: Dataset,
    *,
    folds: int = 5,
    components: Iterable[int] = range(10, 101, 10),
    seed: int | Sequence[int] = 0,
    shuffled_control: bool = True,
    text_features: Callable[[], TextFeatures] | None = None,
    distractors: Distractors | Dataset | Sequence[str] | None = None,
    slow_after: float | None = None,
    keep: Path | str | Keep | None = None,
    fresh: bool = False,
    n_jobs: int = 1,
    cluster: Cluster | str | None = None,
    verbose: bool = False,
    together: bool | None = None,
) -> Results:
    """Compare methods by retrieval in both directions, on the same folds.

    Parameters
    ----------
    methods : estimator, name, list of them, or dict of name to estimator
        Unfitted, with ``fit(views, y)`` and ``transform(views)``; never changed, each fold fits a clone. A clone gets
        ``n_components`` (or ``latent_dimensions``) set to the largest number of components and ``random_state`` to the
        seed, where it has them. A method without the former is measured in the whole of its own space. One with a
        ``similarity(audio, lyrics)`` of its own is ranked by that, as a whole: 0 components. The attributes
        ``audio_view`` and ``lyrics_view`` say what of the data set it learns from (`alcca.models.contract`).
    dataset : Dataset
    folds : int
        At least 2. Songs that share a group or the same words stay in one fold.
    components : int or iterable of int
        Which numbers of components to measure. What the data cannot give, at most min(p, q, n_train - 1), is left
        out, and `Results.notes` says so.
    seed : int or sequence of int
        Decides the folds, the shuffled pairs, Doc2Vec and the methods' own randomness. With several, the whole
        cross-validation is done once for each.
    shuffled_control : bool
        Fit each method also on training pairs whose lyrics rows are shuffled (labels stay with the audio) and test it
        on the true test pairs: what is left without any pairing to learn from.
    text_features : callable, optional
        Makes a new `TextFeatures` for each fold; where it has a method ``with_seed``, what that makes of the seed does.
        Doc2Vec when not given.
    distractors : Distractors, Dataset or sequence of texts, optional
        Lyrics, and recordings where they have all views that the methods learn from, that are added to every pool and
        are right for nobody. Nothing is learned from them. Those with the words of a song are left out.
    slow_after : float, optional
        Seconds. A method whose fits of the first seed took longer (their median) is measured with that seed alone,
        and `Results.notes` says so.
    keep : path, optional
        A folder for finished fits. A later call takes from there what it would compute again: the same songs and folds,
        a method with the same settings, of the same source or package version (`alcca.models.content`), with the same
        versions of alcca and of what it computes with. So a broken comparison goes on where it stopped, and
        `Results.notes` says what was taken.
    fresh : bool
        Take nothing that an earlier call has kept; what is fitted now replaces it.
    n_jobs : int
        Processes that work on fits at the same time; each gets its share of the processors' threads.
    cluster : Cluster or str, optional
        Fit on these workers instead, or on those of the Dask scheduler at this address (``tcp://host:8786``), which
        needs the extra ``cluster``. The songs go to each worker once. The results are the same.
    verbose : bool
        Show what is running and about how long the rest will take.
    together : bool, optional
        Train the networks of `alcca.ACMR` and `alcca.ALCCA` of all folds at once, as one batched model
        (`alcca.models.together`). Ranks are the same but for rounding. By default where the model's device is CUDA.

    Returns
    -------
    Results
        The rank of every query, with its summary, intervals and tests. A method that failed in a fold is in
        `Results.failures`, and its ranks of that seed are left out.

    Raises
    ------
    UsageError
        No methods, two of one name, a number that is no whole number (3.0, True) or out of range, no possible number
        of components; a process group of several processes.
    DataError
        Too few songs; lyric features that failed; methods that failed, when no other is left; no distractors left.
    ClusterError, MissingExtraError
        The cluster cannot be worked with; Dask is not installed.

    Examples
    --------
    >>> from alcca.datasets.synthetic import make_songs
    >>> from alcca.models.cca import CCA
    >>> songs = make_songs(200, shared=4, audio_shape=(8,), lyrics_size=6, noise=0.3, random_state=0)
    >>> data = Dataset(songs.audio, songs.lyrics, songs.label)
    >>> results = cross_validate({"cca": CCA()}, data, components=[2, 4])
    >>> row = results.summary().query("components == 4 and level == 'instance' and direction == 'audio'").iloc[0]
    >>> bool(row["MRR1_low"] > row["MRR1_chance"])
    True
    """
    if world_size() > 1:
        raise UsageError(
            f"cross_validate cannot be shared by {world_size()} processes that train together; start it in one, "
            "with n_jobs for more: torchrun is for a model's fit"
        )
    named = named_methods(methods)
    folds, wanted, seeds, n_jobs, slow_after = asked_for(folds, components, seed, n_jobs, slow_after)
    described = {name: describe(method) for name, method in named.items()}
    groups = song_groups(dataset.group, dataset.texts, n=len(dataset))
    fold_of = {s: grouped_folds(groups, folds, s) for s in seeds}
    rows = {
        (s, fold): (np.flatnonzero(fold_of[s] != fold), np.flatnonzero(fold_of[s] == fold))
        for s in seeds
        for fold in range(folds)
    }
    others, notes = _usable_distractors(dataset, distractors, named)
    songs = Songs(dataset, groups, others)
    reads = {name: {*view_names(method, "audio"), *view_names(method, "lyrics")} for name, method in named.items()}
    lyrics = _lyrics_from(dataset, text_features)
    store = keep if isinstance(keep, Keep) else Keep(keep, fresh=fresh)
    about = {"folds": folds, "with": computed_with(), "distractors": others.fingerprint if others is not None else ""}
    kept, words = (KeptFits(store, name, **about) for name in (dataset.fingerprint, dataset.words_fingerprint))
    keys = method_keys(named, dataset, text_features) if store.folder is not None else {}
    with opened(cluster) as workers:
        work = _Work(n_jobs, workers, verbose, together, kept, words, keys)
        views: Views = dict.fromkeys(rows)
        if any("features" in read for read in reads.values()):
            views = _views(songs, text_features, rows, work)
        possible: list[int] = []
        as_a_whole = all(map(has_own_similarity, named.values()))
        if not as_a_whole or any(map(dimension_parameter, named.values())):
            possible, left_out = possible_components(wanted, dataset, views, rows)
            notes += left_out
        controls = (False, True) if shuffled_control else (False,)

        def run(names: Iterable[str], seeds: Iterable[int]) -> list[_Outcome]:
            places = [(s, f) for s in seeds for f in range(folds)]
            fits = [Fit(name, control, f, s) for s, f in places for name in names for control in controls]
            return _run_fits(fits, Comparison(named, songs, views, rows, possible), work)

        outcomes = run(named, seeds[:1])
        seconds = _median_seconds(outcomes)
        slow = [name for name in named if slow_after is not None and seconds.get(name, 0.0) > slow_after]
        if slow and seeds[1:]:
            notes.append(
                f"Measured with seed {seeds[0]} alone, because one fit takes more than {slow_after:g} s: "
                f"{', '.join(slow)}."
            )
        outcomes += run([name for name in named if name not in slow], seeds[1:])
    failures = [Failure(*outcome.fit, outcome.failure) for outcome in outcomes if outcome.failure]
    broken = {(failure.method, failure.control, failure.seed) for failure in failures}
    whole = [o for o in outcomes if o.ranks is not None and (o.fit.method, o.fit.control, o.fit.seed) not in broken]
    if all(outcome.fit.control for outcome in whole):
        raise DataError("; ".join(dict.fromkeys(str(failure) for failure in failures if not failure.control)))
    first = fold_of[seeds[0]]
    settings = {
        "dataset": str(dataset.name),
        "songs": len(dataset),
        "labelled": sum(label is not None for label in dataset.label or ()),
        "groups": int(groups.max()) + 1,
        "folds": folds,
        "fold_sizes": np.bincount(first).tolist(),
        "components": [] if as_a_whole else possible,
        "seeds": list(seeds),
        "shuffled_control": bool(shuffled_control),
        "lyrics": lyrics,
        "methods": described,
        "word_methods": [name for name in named if "transcripts" in reads[name]],
        "versions": versions(),
    }
    if others is not None:
        counts = {"lyrics": len(others.lyrics), "recordings": others.recordings}
        settings["distractors"] = {"name": str(others.name), **counts}
    ranks = ranks_frame([(o.fit, o.ranks) for o in whole if o.ranks is not None], groups, dataset.ids or ())
    heard = dataset.words_heard
    silent = None if heard is None else tuple(np.flatnonzero(~np.array(heard)).tolist())
    results = Results(ranks, settings, (), tuple(failures), _median_seconds(outcomes), silent)
    notes += kept_notes(store, len(outcomes), kept, words, keys)
    said = (*dataset.notes, *notes_on_songs(dataset, first), *notes, *word_notes(results))
    return replace(results, notes=said)


class _Work(NamedTuple):
    """How the work is done, which changes no result."""

    n_jobs: int
    cluster: Cluster | None
    verbose: bool
    together: bool | None
    kept: KeptFits
    # Lyric features, which another description of the sound does not change.
    words: KeptFits
    # Of each method, what its ranks depend on; empty where nothing is kept.
    keys: Mapping[str, MethodKey]

    def shared(self, value: Any) -> Any:
        """What many jobs are given, as they have to be given it: on a cluster it is sent to each worker once."""
        return value if self.cluster is None or value is None else self.cluster.share(value)


class _Outcome(NamedTuple):
    """What became of one fit: ranks, or the reason why there are none."""

    fit: Fit
    ranks: "DataFrame | None"
    failure: str
    seconds: float


def _usable_distractors(dataset: Dataset, given: Any, named: Mapping[str, Any]) -> tuple[Distractors | None, list[str]]:
    """The distractors that all methods can be given, for their pools must be the same."""
    found, notes = distractors_for(dataset, given)
    if found is None or not found.recordings:
        return found, notes
    lacking = sorted({view for method in named.values() for view in view_names(method, "audio")
                      if found.audio_view(view) is None})  # fmt: skip
    return without_lacking(found, lacking, notes)


def _views(
    songs: Songs, text_features: Callable[[], TextFeatures] | None, rows: Rows, work: _Work
) -> dict[Place, Array | None]:
    """Lyric features of all songs and distractors for each seed and fold, learned from its training texts."""
    texts = songs.texts
    if texts is None:
        given = np.asarray(songs.dataset.lyrics)
        if songs.others[1]:
            given = np.concatenate([given, np.asarray(songs.distractors.lyrics)])  # type: ignore[union-attr]
        return dict.fromkeys(rows, given)
    views: dict[Place, Array | None] = {}
    lyrics = lyrics_key(songs.dataset, text_features)
    for seed, fold in rows:
        # In the second place they stood before there was more than one description of the sound.
        for kept in (work.words, work.kept):
            view = kept.features(seed=seed, fold=fold, lyrics=lyrics)
            if view is not None:
                views[seed, fold] = view
                break
    missing = [place for place in rows if place not in views]
    shared = work.shared(texts)
    jobs = [
        Job("lyrics", f"lyric features of fold {fold}", lyric_features,
            (_maker(text_features, seed), fold, shared, *rows[seed, fold]))
        for seed, fold in missing
    ]  # fmt: skip
    with Progress("learning lyric features", total=len(jobs), unit="fold", show=work.verbose and bool(jobs)) as bar:
        for number, view, _ in run_jobs(jobs, work.n_jobs, bar, work.cluster):
            seed, fold = missing[number]
            if died(view):
                raise DataError(f"lyric features failed in fold {fold}: {KILLED}")
            views[seed, fold] = view
            work.words.put_features(view, seed=seed, fold=fold, lyrics=lyrics)
    return views


def _maker(text_features: Callable[[], TextFeatures] | None, seed: int) -> Callable[[], TextFeatures]:
    if text_features is None:
        return partial(make_doc2vec, seed)
    seeded: Callable[[], TextFeatures] = getattr(text_features, "with_seed", lambda _: text_features)(seed)
    return seeded


def _run_fits(fits: Sequence[Fit], comparison: Comparison, work: _Work) -> list[_Outcome]:
    """Fit and rank, or take what an earlier run has kept; in the order of ``fits``."""
    named, songs, views, rows, components = comparison
    what = [
        {"fit": fit[1:], "components": list(components), **(work.keys[fit.method]._asdict() if work.keys else {})}
        for fit in fits
    ]
    outcomes: dict[int, _Outcome] = {}
    for i, fit in enumerate(fits):
        found = work.kept.ranks(**what[i])
        if found is not None:
            outcomes[i] = _Outcome(fit, found[0], "", found[1])
    said = f"cross-validating ({len(outcomes)} kept before)" if outcomes else "cross-validating"
    not_kept = [i for i in range(len(fits)) if i not in outcomes]
    missing = begin_alike(not_kept, fits, comparison)
    begun = begin_together([fits[some[0]] for some in missing], comparison, work.together, work.verbose)
    everything = work.shared(songs)
    # Vectors that were given are the same ones in each fold.
    features = {id(view): view for view in views.values()}
    features = {which: work.shared(view) for which, view in features.items()}
    jobs = [
        Job(
            tuple(fits[i].method for i in some), " and ".join(str(fits[i]) for i in some), fit_and_rank,
            ([fits[i] for i in some], [named[fits[i].method] for i in some], everything,
             features[id(views[fits[some[0]].place])], *rows[fits[some[0]].place], components, begun.get(number)),
            steps=len(some),
        )
        for number, some in enumerate(missing)
    ]  # fmt: skip
    with Progress(said, total=len(fits), unit="fit", show=work.verbose and bool(fits)) as bar:
        bar.update(len(outcomes), note="kept before" if outcomes else "")
        for number, results, _ in run_jobs(jobs, work.n_jobs, bar, work.cluster):
            some = missing[number]
            for i, (result, seconds) in zip(
                some, [(KILLED, 0.0)] * len(some) if died(results) else results, strict=True
            ):
                failure = result if isinstance(result, str) else ""
                outcomes[i] = _Outcome(fits[i], None if failure else result, failure, seconds)
                if not failure:
                    work.kept.put_ranks(result, seconds, **what[i])
    return [outcomes[i] for i in range(len(fits))]


def _median_seconds(outcomes: Iterable[_Outcome]) -> dict[str, float]:
    took: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        if not outcome.failure:
            took[outcome.fit.method].append(outcome.seconds)
    return {method: median(seconds) for method, seconds in took.items()}


def _lyrics_from(dataset: Dataset, text_features: Callable[[], TextFeatures] | None) -> str:
    if dataset.texts is None:
        return "features as given"
    return describe((text_features or partial(make_doc2vec, 0))())
