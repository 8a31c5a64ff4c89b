"""One fit of one method in one fold: learn from the training songs, rank the test songs."""

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AlccaError, DataError
from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.dataset import LYRICS_VIEWS, Dataset
from alcca.experiments.directed import directed_similarities
from alcca.experiments.distractors import Distractors
from alcca.experiments.rank_tables import Fit, fit_frame
from alcca.experiments.results import AS_A_WHOLE, DIRECTIONS
from alcca.models.contract import (
    embedded,
    first_stage,
    fit_estimator,
    gather,
    has_own_similarity,
    take,
)
from alcca.models.conventions import UnlabelledWarning
from alcca.retrieval import category_ranks, instance_ranks, score_category_ranks, score_instance_ranks

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "Begun",
    "Songs",
    "fit_and_rank",
    "labels_in_notes",
    "largest",
    "reason",
    "training_songs",
]

Array = NDArray[Any]
Ranker = Callable[..., Any]


class Songs(NamedTuple):
    """The input of all fits of a comparison.

    Parameters
    ----------
    dataset : Dataset
    groups : (n,) array of int
        The group of each song.
    distractors : Distractors, optional
    """

    dataset: Dataset
    groups: Array
    distractors: Distractors | None = None

    @property
    def texts(self) -> tuple[str, ...] | None:
        """The lyrics of the songs and, after them, of the distractors; None if they are features."""
        own = self.dataset.texts
        return own if own is None or self.distractors is None else (*own, *map(str, self.distractors.lyrics))

    @property
    def others(self) -> tuple[int, int]:
        """The numbers of recordings and of lyrics among the distractors."""
        return (0, 0) if self.distractors is None else (self.distractors.recordings, len(self.distractors.lyrics))

    def audio(self, name: str) -> Any:
        """Return a view of audio, of the songs and, after them, of the distractors."""
        own = self.dataset.audio_view(name)
        if self.distractors is None or not self.distractors.recordings:
            return own
        more = self.distractors.audio_view(name)
        return np.concatenate([own, more]) if isinstance(own, np.ndarray) else (*own, *more)

    def lyrics(self, name: str, features: Array | None) -> Any:
        """Return a view of lyrics, of the songs and, after them, of the distractors: the ``features``, or the texts."""
        if name not in LYRICS_VIEWS:
            raise DataError(f"lyrics_view: expected one of {', '.join(LYRICS_VIEWS)}, got {name!r}")
        if name == "features":
            return features
        if self.texts is None:
            raise DataError(f"{self.dataset.name} has features as lyrics, and this method reads texts; give texts")
        return self.texts


class Begun(NamedTuple):
    """A fitted first stage of methods (`alcca.models.contract.first_stage`).

    Parameters
    ----------
    model : estimator
    seconds : float
        Its training time.
    """

    model: Any
    seconds: float


def fit_and_rank(
    fits: Sequence[Fit],
    methods: Sequence[Any],
    songs: Songs,
    features: Array | None,
    train: Array,
    test: Array,
    components: Sequence[int],
    begun: Begun | None = None,
) -> list[tuple["DataFrame | str", float]]:
    """Fit methods that share a first stage on the same songs, the stage once, and rank every test query by each.

    A method with a similarity of its own has no components, and is ranked by that similarity.

    Parameters
    ----------
    fits : sequence of Fit
        Of one seed and fold; all or none of them are controls.
    methods : sequence of estimators
        One for each fit, unfitted, with the same `alcca.models.contract.first_stage`.
    songs : Songs
    features : array, optional
        The lyric features of all songs.
    train, test : arrays of int
    components : sequence of int
        The numbers of components at which they are ranked, ascending.
    begun : Begun, optional
        Their first stage, if it is already fitted.

    Returns
    -------
    list of (DataFrame or str, float)
        For each fit the ranks, as from `fit_frame`, or the reason if the method failed; and the seconds that it would
        take alone, including the first stage.
    """
    stage, stage_seconds = begun or (None, 0.0)
    results: list[tuple[DataFrame | str, float]] = []
    for fit, method in zip(fits, methods, strict=True):
        started = time.monotonic()
        try:
            compared = ComparedMethod(fit.method, method)
            model, nested = compared.prepared(largest(components), fit.seed), compared.dimension_parameter is not None
            learn = partial(_fitted, fit=fit, songs=songs, features=features, train=train)
            if len(fits) > 1 and stage is None:
                stage = learn(first_stage(model))
                stage_seconds = time.monotonic() - started
                started += stage_seconds
            model = learn(model, begun=stage)
            result: DataFrame | str = _test_ranks(model, nested, songs, features, test, components)
        except Exception as error:  # noqa: BLE001  # an error of a method is its result; the others go on
            result = reason(error)
        results.append((result, stage_seconds + time.monotonic() - started))
    return results


def _fitted(model: Any, *, fit: Fit, songs: Songs, features: Array | None, train: Array, begun: Any = None) -> Any:
    """Fit a model on the training songs, or on shuffled pairs of them."""
    (audio, lyrics), y = training_songs(model, fit, songs, features, train)
    with labels_in_notes():
        return fit_estimator(model, audio, lyrics, y, songs.groups[train], begun)


@contextmanager
def labels_in_notes() -> Iterator[None]:
    """Fit without `UnlabelledWarning`: the notes of the results say how many songs have labels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnlabelledWarning)
        yield


def training_songs(
    model: Any, fit: Fit, songs: Songs, features: Array | None, train: Array
) -> tuple[tuple[Any, Any], Array | None]:
    """The input of a fit: both views of the training songs, for a control as shuffled pairs, and their labels."""
    audio = gather(model, "audio", songs.audio)
    lyrics = gather(model, "lyrics", partial(songs.lyrics, features=features))
    labels = _labels(songs)
    pairs = np.random.default_rng([fit.seed, fit.fold]).permutation(train) if fit.control else train
    y = None if labels is None else labels[train]
    return (take(audio, train), take(lyrics, pairs)), y


def _labels(songs: Songs) -> Array | None:
    label = songs.dataset.label
    return None if label is None else np.fromiter(label, dtype=object)


def _test_ranks(
    model: Any, nested: bool, songs: Songs, features: Array | None, test: Array, components: Sequence[int]
) -> "DataFrame":
    """Rank all test queries with a fitted model."""
    audio = gather(model, "audio", songs.audio)
    lyrics = gather(model, "lyrics", partial(songs.lyrics, features=features))
    pools = [np.concatenate([test, len(songs.dataset) + np.arange(count)]) for count in songs.others]
    views = take(audio, pools[0]), take(lyrics, pools[1])
    rankers = (
        _by_similarity(model, *views, len(test))
        if has_own_similarity(model)
        else _by_cosine(model, *views, len(test), components if nested else None)
    )
    labels = _labels(songs)
    records: list[dict[str, Any]] = []
    for which, by_song, by_label in rankers:
        pool = len(pools[1 - DIRECTIONS.index(which["direction"])])
        records += _ranked(by_song, by_label, labels, test, pool, which)
    return fit_frame(records)


def _by_cosine(
    model: Any, audio: Any, lyrics: Any, n: int, components: Sequence[int] | None
) -> Iterator[tuple[dict[str, Any], Ranker, Ranker]]:
    """The rankers of both levels in a common space: with its first components, or with all (None)."""
    places = embedded(model, audio, lyrics)
    depth = min(view.shape[1] for view in places)
    for c in [depth] if components is None else [c for c in components if c <= depth]:
        for direction, (queries, gallery) in zip(DIRECTIONS, ((0, 1), (1, 0)), strict=True):
            query_places, gallery_places = places[queries][:n, :c], places[gallery][:, :c]
            others = gallery_places[n:] if len(gallery_places) > n else None
            yield (
                {"components": c, "direction": direction},
                partial(instance_ranks, query_places, gallery_places[:n], distractors=others),
                partial(category_ranks, query_places, gallery_places),
            )


def _by_similarity(model: Any, audio: Any, lyrics: Any, n: int) -> Iterator[tuple[dict[str, Any], Ranker, Ranker]]:
    """The rankers of both levels by a model's own similarity."""
    for direction, found in zip(DIRECTIONS, directed_similarities(model, audio, lyrics), strict=True):
        which: dict[str, Any] = {"components": AS_A_WHOLE, "direction": direction}
        if found.probabilities is not None:
            which["probability"] = found.probabilities[:n]
        scores = found.scores[:n]
        yield which, partial(score_instance_ranks, scores), partial(score_category_ranks, scores)


def _ranked(
    by_song: Ranker, by_label: Ranker, labels: Array | None, test: Array, pool: int, which: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    yield {
        **which, "level": "instance", "query": test, "rank": by_song(),
        "pool": pool, "relevant": np.ones(len(test), dtype=np.int64),
    }  # fmt: skip
    which = {name: value for name, value in which.items() if name != "probability"}
    if labels is None:
        return
    own = labels[test].tolist()
    ranks, rows = by_label(own, own + [None] * (pool - len(test)))
    sizes = Counter(own)
    relevant = np.array([sizes[own[row]] for row in rows], dtype=np.int64)
    yield {**which, "level": "category", "query": test[rows], "rank": ranks, "pool": pool, "relevant": relevant}


def largest(components: Sequence[int]) -> int:
    """The largest number of components; 1 if there is none, as all methods have a similarity of their own."""
    return max(components, default=1)


def reason(error: Exception) -> str:
    """The text of an error in results: the message, for errors that are not alcca's with the class."""
    return str(error) if isinstance(error, AlccaError) else f"{type(error).__name__}: {error}"
