"""Lyric features of a comparison: for each fold, learned only from its training texts."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.experiments.dataset import Dataset
from alcca.experiments.execution import KILLED, Execution, reason
from alcca.experiments.fit_cache import ComparisonCache
from alcca.experiments.fitting import Songs
from alcca.experiments.provenance import describe
from alcca.progress import Progress
from alcca.workers.jobs import Job, died

__all__ = ["TextFeatures", "describe_lyrics", "features_by_fold", "lyric_features", "make_doc2vec"]

Array = NDArray[Any]
Place = tuple[int, int]  # seed and fold


class TextFeatures(Protocol):
    """A converter of lyrics to vectors: fitted on the texts of a training fold, applied to both folds."""

    def fit(self, texts: Sequence[str], /) -> Any:
        """Learn from texts."""

    def transform(self, texts: Sequence[str], /) -> Array:
        """Turn texts into an (n, q) array."""


def make_doc2vec(seed: int) -> TextFeatures:
    """Make an unfitted converter to the paper's lyric features."""
    from alcca.features.doc2vec import Doc2VecFeatures

    return Doc2VecFeatures(random_state=seed)


def describe_lyrics(dataset: Dataset, text_features: Callable[[], TextFeatures] | None) -> str:
    """Describe the maker of the lyric features, and its settings, in one line.

    Raises
    ------
    UsageError
        ``text_features`` is not needed, fails, or makes something without ``fit`` and ``transform``.
    """
    if dataset.texts is None:
        if text_features is not None:
            raise UsageError(f"text_features: the lyrics of {dataset.name} are features already; leave it out")
        return "features as given"
    try:
        made = _maker(text_features, 0)()
    except Exception as error:
        raise UsageError(f"text_features: making one failed: {reason(error)}") from error
    if not all(callable(getattr(made, verb, None)) for verb in ("fit", "transform")):
        raise UsageError(f"text_features: expected a maker of objects with fit and transform, it made {made!r}")
    return describe(made)


def features_by_fold(
    songs: Songs,
    text_features: Callable[[], TextFeatures] | None,
    rows: Mapping[Place, tuple[Array, Array]],
    execution: Execution,
    cache: ComparisonCache,
) -> dict[Place, Array | None]:
    """Compute lyric features of all songs and distractors for each seed and fold, learned from its training texts.

    Parameters
    ----------
    songs : Songs
    text_features : callable, optional
        Makes their converter, as in `alcca.cross_validate`.
    rows : mapping of (seed, fold) to (train, test)
    execution : Execution
    cache : ComparisonCache
        Returns kept features, and keeps new ones.

    Raises
    ------
    DataError
        The features failed; the message names the fold.
    """
    texts = songs.texts
    if texts is None:
        return dict.fromkeys(rows, _given_features(songs))
    kept = {place: cache.features(*place) for place in rows}
    by_fold: dict[Place, Array | None] = {place: view for place, view in kept.items() if view is not None}
    missing = [place for place in rows if place not in by_fold]
    shared = execution.shared(texts)
    jobs = [
        Job("lyrics", f"lyric features of fold {fold}", lyric_features,
            (_maker(text_features, seed), fold, shared, *rows[seed, fold]))
        for seed, fold in missing
    ]  # fmt: skip
    show = execution.verbose and bool(jobs)
    with Progress("learning lyric features", total=len(jobs), unit="fold", show=show) as bar:
        for number, view, _ in execution.run(jobs, bar):
            seed, fold = missing[number]
            if died(view):
                raise DataError(f"lyric features failed in fold {fold}: {KILLED}")
            by_fold[seed, fold] = view
            cache.put_features(seed, fold, view)
    return by_fold


def _given_features(songs: Songs) -> Array:
    given = np.asarray(songs.dataset.lyrics)
    if not songs.others[1]:
        return given
    return np.concatenate([given, np.asarray(songs.distractors.lyrics)])  # type: ignore[union-attr]


def _maker(text_features: Callable[[], TextFeatures] | None, seed: int) -> Callable[[], TextFeatures]:
    if text_features is None:
        return partial(make_doc2vec, seed)
    seeded: Callable[[], TextFeatures] = getattr(text_features, "with_seed", lambda _: text_features)(seed)
    return seeded


def lyric_features(
    make: Callable[[], TextFeatures], fold: int, texts: Sequence[str], train: Array, test: Array
) -> Array:
    """Compute lyric features of all texts, learned from the training fold; texts in neither fold are distractors.

    Raises
    ------
    DataError
        The features failed; the message names the fold.
    """
    try:
        features = make()
        features.fit([texts[i] for i in train])
        # Folds and distractors in separate calls, so that features of songs do not depend on the distractors.
        others = np.setdiff1d(np.arange(len(texts)), np.concatenate([train, test]))
        parts = [(rows, np.asarray(features.transform([texts[i] for i in rows]))) for rows in (train, test, others)
                 if len(rows)]  # fmt: skip
    except Exception as error:
        raise DataError(f"lyric features failed in fold {fold}: {reason(error)}") from error
    view = np.empty((len(texts), parts[0][1].shape[1]), dtype=parts[0][1].dtype)
    for rows, vectors in parts:
        view[rows] = vectors
    return view
