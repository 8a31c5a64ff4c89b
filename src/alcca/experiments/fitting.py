"""One fit of one method in one fold: learn from the training songs, rank the test songs."""

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.experiments.choosing import Choice, TrainingSongs, choose_settings
from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.dataset import LYRICS_VIEWS, Dataset
from alcca.experiments.distractors import Distractors
from alcca.experiments.execution import reason
from alcca.experiments.fold_scores import FoldScores
from alcca.experiments.measuring import FoldSongs, measured
from alcca.experiments.rank_tables import Fit
from alcca.experiments.training_runs import training_run
from alcca.models.callbacks import training_callbacks
from alcca.models.contract import first_stage, fit_estimator, gather, take
from alcca.models.conventions import UnlabelledWarning

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "Begun",
    "Fitted",
    "Songs",
    "fit_and_rank",
    "labels_in_notes",
    "largest",
    "training_songs",
]

Array = NDArray[Any]


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


class Fitted(NamedTuple):
    """The result of one fit.

    Parameters
    ----------
    ranks : DataFrame or str
        As from `alcca.experiments.rank_tables.fit_frame`, or the reason if the method failed.
    seconds : float
        The time that the fit would take alone, including the first stage.
    scores : FoldScores, optional
        If they were asked for.
    choice : Choice, optional
        The settings that the method chose among others.
    """

    ranks: "DataFrame | str"
    seconds: float
    scores: FoldScores | None = None
    choice: Choice | None = None


def fit_and_rank(
    fits: Sequence[Fit],
    methods: Sequence[ComparedMethod],
    songs: Songs,
    features: Array | None,
    train: Array,
    test: Array,
    components: Sequence[int],
    begun: Begun | None = None,
    save_at: int | None = None,
) -> list[Fitted]:
    """Fit methods that share a first stage on the same songs, the stage once, and rank every test query by each.

    A method with a similarity of its own has no components, and is ranked by that similarity.

    Parameters
    ----------
    fits : sequence of Fit
        Of one seed and fold; all or none of them are controls.
    methods : sequence of ComparedMethod
        One for each fit, with the same `alcca.models.contract.first_stage`; one with candidates is alone.
    songs : Songs
    features : array, optional
        The lyric features of all songs.
    train, test : arrays of int
    components : sequence of int
        The numbers of components at which they are ranked, ascending.
    begun : Begun, optional
        Their first stage, if it is already fitted.
    save_at : int, optional
        Return the scores of the fits that are no controls, at this number of components or the next lower one.

    Returns
    -------
    list of Fitted
    """
    stage, stage_seconds = begun or (None, 0.0)
    results: list[Fitted] = []
    for fit, method in zip(fits, methods, strict=True):
        started = time.monotonic()
        try:
            choice = _choice(method, fit, songs, features, train, components)
            chosen = method if choice is None else method.with_settings(choice.settings)
            model, nested = chosen.prepared(largest(components), fit.seed), chosen.dimension_parameter is not None
            learn = partial(_fitted, fit=fit, songs=songs, features=features, train=train)
            if len(fits) > 1 and stage is None:
                stage = learn(first_stage(model), sharing=fits)
                stage_seconds = time.monotonic() - started
                started += stage_seconds
            model = learn(model, begun=stage)
            at = components if nested else None
            ranks, scores = measured(
                model, _fold_songs(model, songs, features, test), at, None if fit.control else save_at
            )
            results.append(Fitted(ranks, stage_seconds + time.monotonic() - started, scores, choice))
        except Exception as error:  # noqa: BLE001  # an error of a method is its result; the others go on
            results.append(Fitted(reason(error), stage_seconds + time.monotonic() - started))
    return results


def _choice(
    method: ComparedMethod, fit: Fit, songs: Songs, features: Array | None, train: Array, components: Sequence[int]
) -> Choice | None:
    """Choose the settings of a method by the training songs; None if it has no candidates."""
    if method.candidates is None:
        return None
    (audio, lyrics), y = training_songs(method.estimator, fit, songs, features, train)
    name, about = training_run([fit])
    with labels_in_notes(), training_callbacks(name=f"{name}/choosing", **about):
        given = TrainingSongs(audio, lyrics, y, songs.groups[train])
        return choose_settings(method, method.candidates, given, largest(components), fit.seed)


def _fitted(
    model: Any,
    *,
    fit: Fit,
    songs: Songs,
    features: Array | None,
    train: Array,
    begun: Any = None,
    sharing: Sequence[Fit] = (),
) -> Any:
    """Fit a model on the training songs, or on shuffled pairs of them, for one fit or for those that share it."""
    (audio, lyrics), y = training_songs(model, fit, songs, features, train)
    name, about = training_run(sharing or [fit])
    with labels_in_notes(), training_callbacks(name=name, **about):
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


def _fold_songs(model: Any, songs: Songs, features: Array | None, test: Array) -> FoldSongs:
    """The test songs, and the distractors after them, as a model reads them."""
    audio = gather(model, "audio", songs.audio)
    lyrics = gather(model, "lyrics", partial(songs.lyrics, features=features))
    pools = [np.concatenate([test, len(songs.dataset) + np.arange(count)]) for count in songs.others]
    labels = _labels(songs)
    own = None if labels is None else labels[test].tolist()
    return FoldSongs(take(audio, pools[0]), take(lyrics, pools[1]), test, own)


def largest(components: Sequence[int]) -> int:
    """The largest number of components; 1 if there is none, as all methods have a similarity of their own."""
    return max(components, default=1)
