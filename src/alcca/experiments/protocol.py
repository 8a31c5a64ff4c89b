"""The experiment: grouped folds, everything that learns sees the training fold alone, ranks in the test fold.

The pool of a query is its test fold. A method is fitted once in a fold, with the largest number of components;
smaller numbers are its first columns, because canonical components are nested.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.experiments.asked import asked_for, check_dataset, possible_components
from alcca.experiments.by_certainty import certainty_notes
from alcca.experiments.by_transcript import word_notes
from alcca.experiments.chosen import tuning_notes, tuning_settings
from alcca.experiments.compared_method import ComparedMethod, audio_views, compared_methods
from alcca.experiments.comparison import Comparison, Protocol
from alcca.experiments.dataset import Dataset
from alcca.experiments.distractors import Distractors, check_views, distractors_for, without_lacking
from alcca.experiments.execution import Execution
from alcca.experiments.fit_cache import ComparisonCache, FitCache
from alcca.experiments.fitting import Songs
from alcca.experiments.folds import grouped_folds, song_groups
from alcca.experiments.keys import versions
from alcca.experiments.provenance import notes_on_folds, notes_on_songs, notes_on_splits
from alcca.experiments.rank_tables import Failure, ranks_frame
from alcca.experiments.results import Results
from alcca.experiments.running import Outcome, median_seconds, run_seeds
from alcca.experiments.saving import ScoreFiles, song_names
from alcca.experiments.splits import Split, predefined_splits, rows_by_place, splits_fingerprint
from alcca.experiments.text_features import TextFeatures, describe_lyrics, features_by_fold
from alcca.models.callbacks import Callback
from alcca.models.processes import world_size
from alcca.workers.opening import opened
from alcca.workers.workers import Workers

__all__ = ["Dataset", "Distractors", "TextFeatures", "cross_validate"]

Array = NDArray[Any]
Place = tuple[int, int]  # seed and fold
Rows = Mapping[Place, tuple[Array, Array]]  # the training and the test songs


def cross_validate(
    methods: Any,
    dataset: Dataset,
    *,
    folds: int = 5,
    cv: Any = None,
    tune: Any = None,
    save_runs: Path | str | None = None,
    save_scores: Path | str | None = None,
    components: Iterable[int] = range(10, 101, 10),
    seed: int | Sequence[int] = 0,
    shuffled_control: bool = True,
    text_features: Callable[[], TextFeatures] | None = None,
    distractors: Distractors | Dataset | Sequence[str] | None = None,
    slow_after: float | None = None,
    keep: Path | str | FitCache | None = None,
    fresh: bool = False,
    n_jobs: int = 1,
    cluster: Workers | str | None = None,
    verbose: bool = False,
    together: bool | None = None,
    callbacks: Callback | Sequence[Callback] = (),
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
    cv : iterable of (train, test), splitter, or sequence of n str, optional
        Predefined splits in place of folds (`alcca.experiments.splits.predefined_splits`): row numbers of the training
        and the test songs of each; scikit-learn's splitters; or "train", "validation" or "test" for each song. Nothing
        is learned from validation songs, or measured on them. By default the data set's `Dataset.split`.
    tune : bool, mapping, text, path, list of texts and paths, or Tuning, optional
        Choose settings of each method inside each training fold, among those of a grid: those with the best retrieval
        of songs held out of it, at the largest number of components. With True each method has its default grid; a
        mapping has grids of its own, as ``{"cca": {"ridge": [0.1, 1]}}``
        (`alcca.experiments.tuning.tuning_of`). Without it all settings are as given.
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
        a method with the same settings, of the same source or package version, with the same versions of alcca and of
        what it computes with (`alcca.experiments.keys`). So a broken comparison goes on where it stopped, and
        `Results.notes` says what was taken. Fits of a method from a notebook or a prompt are not kept.
    fresh : bool
        Take nothing that an earlier call has kept; what is fitted now replaces it.
    n_jobs : int
        Processes that work on fits at the same time, -1 for one per processor; each gets its share of the processors'
        threads.
    cluster : Cluster or str, optional
        Fit on these workers instead, or on those of the Dask scheduler at this address (``tcp://host:8786``), which
        needs the extra ``cluster``. The songs go to each worker once. The results are the same.
    verbose : bool
        Show what is running and about how long the rest will take.
    together : bool, optional
        Train the networks of `alcca.ACMR` and `alcca.ALCCA` of all folds at once, as one batched model
        (`alcca.models.batched_training`). Ranks are the same but for rounding. By default where the model's device is
        CUDA.
    callbacks : Callback or list of them, optional
        They follow the training of each network, such as `alcca.models.loggers.TensorBoard`; runs are named after
        method, seed and fold. They change no result and no kept fit, and a fit that is kept already is not followed.
        With several processes each follows with a copy of them (`alcca.models.callbacks`).
    save_runs, save_scores : path, optional
        Folders for the scores of each fit that is no control, at 80 components or the next lower number: as run files
        and qrels of TREC (``METHOD/seed-S/fold-F/``, `alcca.experiments.trec.write_trec`), and as arrays with the
        embeddings (``METHOD/seed-S/fold-F.npz``, `alcca.experiments.saving`). Kept fits without their scores are
        repeated.

    Returns
    -------
    Results
        The rank of every query, with its summary, intervals and tests. A method that failed in a fold is in
        `Results.failures`, and its ranks of that seed are left out.

    Raises
    ------
    UsageError
        ``cv`` has no splits; no methods, two of one name, a number that is no whole number (3.0, True) or out of range,
        an argument of another type, no possible number of components; a process group of several processes.
    DataError
        Too few songs; splits that overlap, or tear a group; lyric features that failed; methods that failed, when no
        other is left; no distractors left.
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
    _refuse_process_group()
    asked = asked_for(
        folds, components, seed, shuffled_control, text_features, distractors, slow_after, keep, fresh, n_jobs, cluster,
        verbose, together, cv, tune, callbacks, save_runs, save_scores,
    )  # fmt: skip
    check_dataset(dataset)
    compared = compared_methods(methods, asked.tune)
    lyrics = describe_lyrics(dataset, text_features)
    groups = song_groups(dataset.group, dataset.texts, n=len(dataset))
    splits = _predefined(dataset, asked.cv)
    folds = len(splits) if splits else asked.folds
    protocol = Protocol(folds, asked.seed, asked.shuffled_control, asked.slow_after)
    fold_of = {} if splits else {s: grouped_folds(groups, folds, s) for s in protocol.seeds}
    rows: Rows = rows_by_place(splits, protocol.seeds) if splits else _rows(fold_of, folds)
    others, notes = _usable_distractors(dataset, distractors, compared)
    songs = Songs(dataset, groups, others)
    store = keep if isinstance(keep, FitCache) else FitCache(keep, fresh=asked.fresh)
    about: dict[str, Any] = {"folds": folds, "distractors": others.fingerprint if others is not None else ""}
    if splits:
        about["splits"] = splits_fingerprint(splits)
    cache = ComparisonCache(store, compared, dataset, text_features, **about)
    with opened(cluster, asked.n_jobs) as workers:
        execution = Execution(workers, asked.verbose, asked.together, asked.callbacks)
        features: dict[Place, Array | None] = dict.fromkeys(rows)
        if any(method.reads("features") for method in compared.values()):
            features = features_by_fold(songs, text_features, rows, execution, cache)
        possible, left_out = _possible_components(asked.components, compared, dataset, features, rows)
        comparison = Comparison(compared, songs, features, rows, possible)
        files = ScoreFiles(
            asked.save_runs, asked.save_scores, song_names(dataset.ids or ()), dataset.label, songs.others
        )
        outcomes, slow = run_seeds(protocol, comparison, execution, cache, files if files.wanted else None)
    settings = _settings(protocol, comparison, predefined=bool(splits), lyrics=lyrics)
    settings |= tuning_settings(asked.tune, compared, possible, ((outcome.fit, outcome.choice) for outcome in outcomes))
    results = _results(outcomes, songs, settings)
    about_splits = notes_on_splits(dataset, splits) if splits else notes_on_folds(dataset, settings["fold_sizes"])
    notes = [*about_splits, *notes_on_songs(dataset), *notes, *left_out, *slow, *tuning_notes(settings)]
    notes += cache.notes(len(outcomes))
    return replace(results, notes=(*dataset.notes, *notes, *word_notes(results), *certainty_notes(results)))


def _refuse_process_group() -> None:
    if world_size() > 1:
        raise UsageError(
            f"cross_validate cannot be shared by {world_size()} processes that train together; start it in one, "
            "with n_jobs for more: torchrun is for a model's fit"
        )


def _predefined(dataset: Dataset, cv: Any) -> list[Split]:
    """The splits that are given, with the call or with the songs; none for folds.

    Songs with the same words are kept in one fold, but a split that others have published may tear them.
    """
    cv = dataset.split if cv is None else cv
    if cv is None:
        return []
    groups = song_groups(dataset.group, None, n=len(dataset))
    return predefined_splits(cv, groups, y=dataset.label, ids=dataset.ids)


def _rows(fold_of: Mapping[int, Array], folds: int) -> Rows:
    """The training and the test songs of each seed and fold, from the fold of each song by seed."""
    return {
        (seed, fold): (np.flatnonzero(own != fold), np.flatnonzero(own == fold))
        for seed, own in fold_of.items()
        for fold in range(folds)
    }


def _usable_distractors(
    dataset: Dataset, given: Any, compared: Mapping[str, ComparedMethod]
) -> tuple[Distractors | None, list[str]]:
    """The distractors that all methods can be given, for their pools must be the same."""
    found, notes = distractors_for(dataset, given)
    if found is None or not found.recordings:
        return found, notes
    views = audio_views(compared.values())
    check_views(found, dataset, views)
    return without_lacking(found, found.lacking(views), notes)


def _possible_components(
    wanted: list[int],
    compared: Mapping[str, ComparedMethod],
    dataset: Dataset,
    features: Mapping[Place, Array | None],
    rows: Rows,
) -> tuple[list[int], list[str]]:
    """Those numbers of components that the data can give, and what to say of the others; none where no method has any.

    A method that is ranked as a whole may have a dimension, which the data must give too.
    """
    if _as_a_whole(compared) and not any(method.dimension_parameter for method in compared.values()):
        return [], []
    return possible_components(wanted, dataset, features, rows)


def _as_a_whole(compared: Mapping[str, ComparedMethod]) -> bool:
    """Whether each method is ranked as a whole, by a similarity of its own."""
    return all(method.has_own_similarity for method in compared.values())


def _results(outcomes: Sequence[Outcome], songs: Songs, settings: dict[str, Any]) -> Results:
    """The ranks of the methods that did not fail, the failures, and the seconds; without notes.

    Raises
    ------
    DataError
        No method is left.
    """
    failures = [Failure(*outcome.fit, outcome.failure) for outcome in outcomes if outcome.failure]
    broken = {(failure.method, failure.control, failure.seed) for failure in failures}
    ranked = [
        (fit, ranks) for fit, ranks, *_ in outcomes
        if ranks is not None and (fit.method, fit.control, fit.seed) not in broken
    ]  # fmt: skip
    if all(fit.control for fit, _ in ranked):
        raise DataError("; ".join(dict.fromkeys(str(failure) for failure in failures if not failure.control)))
    ranks = ranks_frame(ranked, songs.groups, songs.dataset.label, songs.dataset.ids or ())
    heard = songs.dataset.words_heard
    silent = None if heard is None else tuple(np.flatnonzero(~np.array(heard)).tolist())
    return Results(ranks, settings, (), tuple(failures), median_seconds(outcomes), silent)


def _settings(protocol: Protocol, comparison: Comparison, *, predefined: bool, lyrics: str) -> dict[str, Any]:
    """What stands beside the results, as `Results.settings` says; sizes are those of the first seed."""
    songs, compared = comparison.songs, comparison.methods
    settings = {
        "dataset": str(songs.dataset.name),
        "songs": len(songs.dataset),
        "labelled": sum(label is not None for label in songs.dataset.label or ()),
        "groups": int(songs.groups.max()) + 1,
        "folds": protocol.folds,
        "fold_sizes": [len(comparison.rows[protocol.seeds[0], fold][1]) for fold in range(protocol.folds)],
        "predefined_splits": predefined,
        "components": [] if _as_a_whole(compared) else list(comparison.components),
        "seeds": list(protocol.seeds),
        "shuffled_control": protocol.shuffled_control,
        "lyrics": lyrics,
        "methods": {name: method.description for name, method in compared.items()},
        "word_methods": [name for name, method in compared.items() if method.reads("transcripts")],
        "versions": versions(),
    }
    others = songs.distractors
    if others is not None:
        counts = {"lyrics": len(others.lyrics), "recordings": others.recordings}
        settings["distractors"] = {"name": str(others.name), **counts}
    return settings
