"""The choice of a method's settings inside a training fold, by retrieval of songs held out of it.

Only training songs are seen: the settings are fixed before the test songs are ranked.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.directed import directed_similarities
from alcca.experiments.execution import reason
from alcca.experiments.keys import stage_key
from alcca.experiments.provenance import describe
from alcca.experiments.tuning import MEASURES, Candidates
from alcca.models.contract import embedded, first_stage, fit_estimator, has_own_similarity, take
from alcca.models.held_out import group_codes, held_out_fifth, inner_folds
from alcca.retrieval import instance_ranks, score_instance_ranks

__all__ = ["Choice", "TrainingSongs", "choose_settings", "held_out_measure", "json_settings", "settings_text"]

Array = NDArray[Any]


class TrainingSongs(NamedTuple):
    """The songs of a training fold: n pairs, as `alcca.models.contract.gather` collects them.

    Parameters
    ----------
    audio, lyrics : n songs
    labels : sequence of n, optional
    groups : (n,) array of int
    """

    audio: Any
    lyrics: Any
    labels: Any
    groups: Array

    def of(self, rows: Array) -> "TrainingSongs":
        """Select some of the songs."""
        labels = None if self.labels is None else self.labels[rows]
        return TrainingSongs(take(self.audio, rows), take(self.lyrics, rows), labels, self.groups[rows])


class Choice(NamedTuple):
    """The settings that were chosen for one fit.

    Parameters
    ----------
    settings : dict of str to object
    scores : tuple of float or None
        The measure of each candidate on the held-out songs, in the order of the grid; None if its fit failed. Empty if
        there was one candidate.
    failures : tuple of str
        Why candidates failed, each with its settings.
    songs : int
        How many songs were held out, in all inner folds together.
    """

    settings: dict[str, Any]
    scores: tuple[float | None, ...]
    failures: tuple[str, ...]
    songs: int

    def to_dict(self) -> dict[str, Any]:
        """Return the choice as values for JSON; settings that JSON has no type for become texts."""
        lists = {"scores": list(self.scores), "failures": list(self.failures)}
        return {**self._asdict(), **lists, "settings": json_settings(self.settings)}


def choose_settings(
    method: ComparedMethod, candidates: Candidates, songs: TrainingSongs, components: int, seed: int
) -> Choice:
    """Choose the settings with the highest measure on held-out songs; of equal ones, the first of the grid.

    Each candidate is fitted on the songs that are not held out, with the same seed and split. Candidates with equal
    first stages (`alcca.models.contract.first_stage`) share its training. One that fails loses.

    Parameters
    ----------
    method : ComparedMethod
    candidates : Candidates
    songs : TrainingSongs
    components : int
        The number at which it is measured; fewer if the songs that are left cannot give as many.
    seed : int
        Of the methods, and of the draw of the held-out songs.

    Raises
    ------
    DataError
        There are too few songs or groups to hold some out, or every candidate failed.
    """
    if not candidates.fits:
        return Choice(candidates.settings[0], (), (), 0)
    splits = _splits(songs.groups, candidates.folds, seed)
    scores = np.zeros((len(candidates.settings), len(splits)))
    failures: dict[int, str] = {}
    for fold, (train, held_out) in enumerate(splits):
        most = min(components, len(train) - 1)
        stages: dict[str, Any] = {}
        for number, settings in enumerate(candidates.settings):
            if number in failures:
                continue
            try:
                model = method.with_settings(settings).prepared(most, seed)
                fitted = _fitted(model, songs.of(train), stages)
                scores[number, fold] = held_out_measure(fitted, songs.of(held_out), candidates.measure)
            except Exception as error:  # noqa: BLE001  # such as a step with which training diverges
                failures[number] = f"{settings_text(settings)}: {reason(error)}"
    if len(failures) == len(candidates.settings):
        raise DataError(f"no setting of the grid can be fitted; {failures[0]}")
    held_out_songs = [len(held_out) for _, held_out in splits]
    means = np.average(scores, axis=1, weights=held_out_songs)
    means[list(failures)] = np.nan
    best = int(np.nanargmax(means))
    found = tuple(None if number in failures else float(mean) for number, mean in enumerate(means))
    return Choice(candidates.settings[best], found, tuple(failures.values()), sum(held_out_songs))


def _splits(groups: Array, folds: int, seed: int) -> list[tuple[Array, Array]]:
    """The rows to learn from and those to measure on, in each inner fold; groups are whole."""
    codes, n = group_codes(groups, len(groups)), len(groups)
    if folds == 1:
        what = "choose settings on; leave out the grid"
        return [held_out_fifth(codes, seed, what=what)]
    if n < 2 * folds:
        raise DataError(f"{n} songs are too few to choose settings on {folds} inner folds; ask for fewer, or add songs")
    held_out = [np.sort(rows) for rows in inner_folds(codes, folds, seed)]
    return [(np.setdiff1d(np.arange(n), rows), rows) for rows in held_out]


def _fitted(model: Any, songs: TrainingSongs, stages: dict[str, Any]) -> Any:
    """Fit a candidate; ``stages`` has the fitted first stages of others, on the same songs."""
    begun = None
    if hasattr(model, "first_stage"):
        stage = first_stage(model)
        key = stage_key(stage)
        if key not in stages:
            stages[key] = fit_estimator(stage, *songs)
        begun = stages[key]
    return fit_estimator(model, *songs, begun)


def held_out_measure(model: Any, songs: TrainingSongs, measure: str) -> float:
    """Measure a fitted model on songs that it has not seen: the mean of both directions, with ties against it.

    Parameters
    ----------
    model : estimator
    songs : TrainingSongs
    measure : str
        One of `alcca.experiments.tuning.MEASURES`.
    """
    if has_own_similarity(model):
        ranks = [score_instance_ranks(one.scores) for one in directed_similarities(model, songs.audio, songs.lyrics)]
    else:
        audio, lyrics = embedded(model, songs.audio, songs.lyrics)
        ranks = [instance_ranks(audio, lyrics), instance_ranks(lyrics, audio)]
    both = np.concatenate(ranks)
    if measure == MEASURES[0]:
        return float((1 / both).mean())
    return float((both <= int(measure.partition("@")[2])).mean())


def json_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Convert settings to values for JSON.

    Examples
    --------
    >>> json_settings({"ridge": (10, 1), "kernel": dict})
    {'ridge': [10, 1], 'kernel': "<class 'dict'>"}
    """

    def converted(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [converted(one) for one in value]
        return value if value is None or isinstance(value, bool | int | float | str) else describe(value)

    return {name: converted(value) for name, value in settings.items()}


def settings_text(settings: Mapping[str, Any]) -> str:
    """Write settings in one line; lists, as JSON has them, as tuples.

    Examples
    --------
    >>> settings_text({"lr": 0.001, "ridge": [10, 1]})
    'lr=0.001, ridge=(10, 1)'
    """

    def shown(value: Any) -> Any:
        return tuple(map(shown, value)) if isinstance(value, list | tuple) else value

    return ", ".join(f"{name}={describe(shown(value))}" for name, value in settings.items())
