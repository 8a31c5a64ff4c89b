"""The experiment: grouped folds, everything that learns sees the training fold alone, ranks in the test fold.

The pool of a query is its test fold. A method is fitted once in a fold, with the largest number of components;
smaller numbers are its first columns, because canonical components are nested.
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AlccaError, DataError, UsageError
from alcca.experiments.dataset import Dataset
from alcca.experiments.folds import grouped_folds, song_groups
from alcca.experiments.methods import named_methods
from alcca.experiments.results import DIRECTIONS, Results, ranks_frame
from alcca.progress import Progress
from alcca.retrieval import category_ranks, instance_ranks

__all__ = ["Dataset", "TextFeatures", "cross_validate"]

Array = NDArray[Any]
# The names under which two-view estimators, ours and cca-zoo's, take the dimension of their common space.
DIMENSION_PARAMETERS = ("n_components", "latent_dimensions")


class TextFeatures(Protocol):
    """What turns lyrics into vectors: fitted on the texts of a training fold, applied to both folds."""

    def fit(self, texts: Sequence[str], /) -> Any:
        """Learn from texts."""

    def transform(self, texts: Sequence[str], /) -> Array:
        """Turn texts into an (n, q) array."""


def cross_validate(
    methods: Any,
    dataset: Dataset,
    *,
    folds: int = 5,
    components: Iterable[int] = range(10, 101, 10),
    seed: int = 0,
    shuffled_control: bool = True,
    text_features: Callable[[], TextFeatures] | None = None,
    n_jobs: int = 1,
    verbose: bool = False,
) -> Results:
    """Compare methods by retrieval in both directions, on the same folds.

    Parameters
    ----------
    methods : estimator, name, list of them, or dict of name to estimator
        Unfitted, with ``fit(views, y)`` and ``transform(views)``; never changed, each fold fits a clone. A clone gets
        ``n_components`` (or ``latent_dimensions``) set to the largest number of components and ``random_state`` to
        ``seed``, where it has them. A method without either is measured in the whole of its own space.
    dataset : Dataset
    folds : int
        Songs that share a group or the same words stay in one fold.
    components : iterable of int
        Which numbers of components to measure. What the data cannot give, at most min(p, q, n_train - 1), is left
        out, and `Results.notes` says so.
    seed : int
        Decides the folds, the shuffled pairs and the methods' own randomness.
    shuffled_control : bool
        Fit each method also on training pairs whose lyrics rows are shuffled (labels stay with the audio) and test it
        on the true test pairs: what is left without any pairing to learn from.
    text_features : callable, optional
        Makes a new `TextFeatures` for each fold. Doc2Vec when not given.
    n_jobs : int
        Processes that work on fits at the same time.
    verbose : bool
        Show how far it has come.

    Returns
    -------
    Results
        The rank of every query, with its summary, intervals and tests.

    Raises
    ------
    UsageError
        No methods, two of one name, no possible number of components.
    DataError
        Too few songs; a method that failed, with its name and fold.

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
    named = named_methods(methods)
    wanted = sorted(set(components))
    if not wanted or wanted[0] < 1:
        raise UsageError(f"components: expected one or more numbers, each at least 1, got {wanted}")
    if n_jobs < 1:
        raise UsageError(f"n_jobs: expected 1 or more, got {n_jobs}")
    groups = song_groups(dataset.group, dataset.texts, n=len(dataset))
    fold_of = grouped_folds(groups, folds, seed)
    rows = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(folds)]
    controls = (False, True) if shuffled_control else (False,)
    notes = _notes(dataset, fold_of)
    make = text_features or _doc2vec(seed)
    fits = folds * ((dataset.texts is not None) + len(named) * len(controls))
    with Progress("cross-validating", total=fits, unit="fit", show=verbose) as bar:
        if dataset.texts is not None:
            jobs = [(make, fold, dataset.texts, *rows[fold]) for fold in range(folds)]
            views = dict(_run(_text_features, jobs, n_jobs, bar))
        else:
            views = dict.fromkeys(range(folds), dataset.lyrics)
        limit = min(
            int(np.prod(dataset.audio.shape[1:])),
            *(view.shape[1] for view in views.values()),
            *(len(train) - 1 for train, _ in rows),
        )
        possible = [c for c in wanted if c <= limit]
        if not possible:
            raise UsageError(f"components: the data can give at most {limit}, got {wanted}; ask for fewer")
        if possible != wanted:
            notes.append(
                f"Left out {', '.join(map(str, wanted[len(possible) :]))} components: audio, lyrics and the smallest "
                f"training fold can give at most {limit}."
            )
        trials = [
            (_Fit(name, control, fold, seed), method, dataset, views[fold], *rows[fold], possible)
            for fold in range(folds)
            for name, method in named.items()
            for control in controls
        ]
        order = {trial[0]: i for i, trial in enumerate(trials)}
        parts = sorted(_run(_fit_and_rank, trials, n_jobs, bar), key=lambda part: order[part[0]])
    settings = {
        "dataset": dataset.name,
        "songs": len(dataset),
        "labelled": sum(label is not None for label in dataset.label or ()),
        "groups": int(groups.max()) + 1,
        "folds": folds,
        "fold_sizes": [len(test) for _, test in rows],
        "components": possible,
        "seed": seed,
        "shuffled_control": shuffled_control,
        "lyrics": "features as given" if dataset.texts is None else _describe(make()),
        "methods": {name: _describe(method) for name, method in named.items()},
        "versions": _versions(),
    }
    records = [{**vars(fit), **record} for fit, found in parts for record in found]
    return Results(ranks_frame(records, groups, dataset.ids or ()), settings, tuple(notes))


@dataclass(frozen=True)
class _Fit:
    """Which fit this is; the first columns of the per-query ranks."""

    method: str
    control: bool
    fold: int
    seed: int


def _text_features(
    make: Callable[[], TextFeatures], fold: int, texts: Sequence[str], train: Array, test: Array
) -> tuple[int, Array]:
    """Lyric features of all songs, learned from the training fold's texts."""
    try:
        features = make()
        features.fit([texts[i] for i in train])
        parts = [np.asarray(features.transform([texts[i] for i in rows])) for rows in (train, test)]
    except Exception as error:
        raise _failed("lyric features", fold, error) from error
    view = np.empty((len(texts), parts[0].shape[1]), dtype=parts[0].dtype)
    view[train], view[test] = parts
    return fold, view


def _fit_and_rank(
    fit: _Fit, method: Any, dataset: Dataset, lyrics: Array, train: Array, test: Array, components: Sequence[int]
) -> tuple[_Fit, list[dict[str, Any]]]:
    """Fit one method in one fold and rank every test query at every number of components."""
    try:
        model, nested = _clone(method, components[-1], fit.seed)
        labels = None if dataset.label is None else np.fromiter(dataset.label, dtype=object)
        pairs = train
        if fit.control:
            pairs = np.random.default_rng([fit.seed, fit.fold]).permutation(train)
        model.fit((dataset.audio[train], lyrics[pairs]), None if labels is None else labels[train])
        embedded = [np.asarray(view) for view in model.transform((dataset.audio[test], lyrics[test]))]
        depth = min(view.shape[1] for view in embedded)
        records: list[dict[str, Any]] = []
        for c in [c for c in components if c <= depth] if nested else [depth]:
            for direction, (queries, gallery) in zip(DIRECTIONS, ((0, 1), (1, 0)), strict=True):
                records += _ranked(
                    embedded[queries][:, :c], embedded[gallery][:, :c], labels, test,
                    {"components": c, "direction": direction},
                )  # fmt: skip
    except Exception as error:
        raise _failed(fit.method + (" on shuffled pairs" if fit.control else ""), fit.fold, error) from error
    return fit, records


def _ranked(
    queries: Array, gallery: Array, labels: Array | None, test: Array, which: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    pool = len(test)
    yield {
        **which, "level": "instance", "query": test, "rank": instance_ranks(queries, gallery),
        "pool": pool, "relevant": np.ones(pool, dtype=np.int64),
    }  # fmt: skip
    if labels is None:
        return
    own = labels[test].tolist()
    ranks, rows = category_ranks(queries, gallery, own, own)
    sizes = Counter(own)
    relevant = np.array([sizes[own[row]] for row in rows], dtype=np.int64)
    yield {**which, "level": "category", "query": test[rows], "rank": ranks, "pool": pool, "relevant": relevant}


def _clone(method: Any, components: int, seed: int) -> tuple[Any, bool]:
    """Clone a method for one fold; the flag says whether its columns are nested components."""
    from sklearn.base import clone

    model = clone(method)
    known = model.get_params(deep=False)
    dimension = next((name for name in DIMENSION_PARAMETERS if name in known), None)
    changes = {"random_state": seed} if "random_state" in known else {}
    model.set_params(**changes, **({dimension: components} if dimension else {}))
    return model, dimension is not None


def _run(work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], n_jobs: int, bar: Progress) -> list[Any]:
    """Do the jobs here or in processes that share the cores; in no particular order."""
    results: Iterable[Any]
    if n_jobs == 1:
        results = (work(*job) for job in jobs)
    else:
        from joblib import Parallel, cpu_count, delayed, parallel_config

        with parallel_config("loky", inner_max_num_threads=max(1, cpu_count() // n_jobs)):
            results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(delayed(work)(*job) for job in jobs)
    collected = []
    for result in results:
        collected.append(result)
        bar.update()
    return collected


def _doc2vec(seed: int) -> Callable[[], TextFeatures]:
    from functools import partial

    from alcca.features.doc2vec import Doc2VecFeatures

    return partial(Doc2VecFeatures, random_state=seed)


def _failed(what: str, fold: int, error: Exception) -> DataError:
    kind = "" if isinstance(error, AlccaError) else f"{type(error).__name__}: "
    return DataError(f"{what} failed in fold {fold}: {kind}{error}")


def _notes(dataset: Dataset, fold_of: Array) -> list[str]:
    notes = []
    sizes = np.bincount(fold_of)
    if sizes.max() > 1.5 * sizes.min():
        notes.append(
            f"The test folds have {sizes.min()} to {sizes.max()} songs, because groups of songs are not torn apart."
        )
    twins = len(dataset) - len(set(song_groups(None, dataset.texts, n=len(dataset)).tolist()))
    if twins:
        notes.append(
            f"{twins} songs have the same words as an earlier one. They share a test fold and tie there; ties count "
            "against the system, so where audio asks for lyrics, results can stand below the chance given here."
        )
    labelled = sum(label is not None for label in dataset.label or ())
    if labelled == 0:
        notes.append("No song has a label: no category level.")
    elif labelled < len(dataset):
        notes.append(
            f"{len(dataset) - labelled} of {len(dataset)} songs have no label: they ask no query at the category "
            "level, and stand in its galleries as wrong answers."
        )
    return notes


def _describe(thing: object) -> str:
    return " ".join(repr(thing).split())


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in ("alcca", "numpy", "scipy", "scikit-learn", "torch", "gensim", "librosa"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
