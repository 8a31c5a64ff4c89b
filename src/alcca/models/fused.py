"""Several two-view estimators as one: what each says of a song and its lyrics, weighed and added up."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from alcca.errors import DataError, NotFittedError, UsageError
from alcca.models.contract import (
    dimension_parameter,
    fit_estimator,
    gather,
    similarity_of,
    song_count,
    take,
    view_names,
)
from alcca.models.held_out import MIN_SONGS_IN_A_FOLD, deal, group_codes
from alcca.models.score_weights import learned_weights
from alcca.models.settings import check_seed, whole_number

__all__ = ["Fused"]

SIDES = ("audio", "lyrics")


class Fused(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Estimators that each look at songs in their own way, added up with weights that held-out songs have taught.

    ``similarity = sum_p (weights_[p] * similarity_p + silence_[p] * silent_p)``, where ``silent_p`` is 1 for a
    recording of which part p says 0 whatever the lyrics, as of one in which no words were heard, and else 0: lyrics
    that were heard nowhere are likelier those of such a recording than of one with other words.

    The songs are dealt to folds; of each fold, the parts that were fitted on the others say how well audio and lyrics
    fit, and from that the weights are learned (`alcca.models.score_weights.learned_weights`). A part that does not help
    gets no more than the power to break ties: where the others say the same of all songs, its order is what is left. In
    the end every part is fitted on all songs.

    Parameters
    ----------
    parts : mapping of str to estimator
        Unfitted, never changed. Each has ``fit(views, y)``, and ``similarity(audio, lyrics)`` or ``transform(views)``;
        its attributes ``audio_view`` and ``lyrics_view`` name what it learns from (`alcca.models.contract`).
    folds : int
        At least 2. Songs that belong together are in one of them.
    random_state : int, optional
        Deals the songs, and becomes the ``random_state`` of every part that has one; None leaves them theirs, and
        deals as 0 does.

    Attributes
    ----------
    weights_ : dict of str to float
        By which each part's similarity counts; at least 0.
    silence_ : dict of str to float
        What it counts that a part says nothing of a recording; at least 0.
    parts_ : dict of str to estimator
        Fitted on all songs.

    Notes
    -----
    A part's common space gets no more dimensions than the songs and features inside a fold can give, so that what was
    held out was judged by as many as there are in the end.

    Examples
    --------
    >>> from alcca.datasets.synthetic import make_songs
    >>> from alcca.models.cca import CCA
    >>> songs = make_songs(200, shared=4, audio_shape=(8,), lyrics_size=6, noise=0.3, random_state=0)
    >>> model = Fused({"all": CCA(4), "stiff": CCA(1, ridge=1e6)}).fit((songs.audio, songs.lyrics))
    >>> model.weights_["all"] > 1000 * model.weights_["stiff"] > 0
    True
    >>> model.similarity(songs.audio[:2], songs.lyrics[:3]).shape
    (2, 3)
    """

    weights_: dict[str, float]
    silence_: dict[str, float]
    parts_: dict[str, Any]

    def __init__(self, parts: Mapping[str, Any], folds: int = 3, random_state: int | None = None) -> None:
        self.parts = parts
        self.folds = folds
        self.random_state = random_state

    @property
    def audio_view(self) -> tuple[str, ...]:
        """Names of the views of audio that the parts learn from."""
        return self._view_names("audio")

    @property
    def lyrics_view(self) -> tuple[str, ...]:
        """Names of the views of lyrics that the parts learn from."""
        return self._view_names("lyrics")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings; with ``deep`` those of the parts too, as ``part__setting``."""
        own = {name: getattr(self, name) for name in ("parts", "folds", "random_state")}
        if not deep or not isinstance(self.parts, Mapping):
            return own
        theirs = {
            f"{part}__{name}": value
            for part, estimator in self.parts.items()
            for name, value in estimator.get_params(deep=True).items()
        }
        return {**own, **theirs}

    def set_params(self, **params: Any) -> Self:
        """Change settings, the parts' own as ``part__setting``.

        Raises
        ------
        UsageError
            There is no such setting or part.
        """
        own = self.get_params(deep=False)
        for name, value in params.items():
            part, inside, setting = name.partition("__")
            if name in own:
                setattr(self, name, value)
            elif inside and part in self.parts:
                self.parts[part].set_params(**{setting: value})
            else:
                raise UsageError(f"Fused has no setting {name}; it has {', '.join(sorted(self.get_params()))}")
        return self

    def fit(self, views: Sequence[Any], y: Any = None, groups: Any = None) -> Self:
        """Learn the weights on songs kept out in turn, then fit every part on all songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Each a mapping from the names in ``audio_view`` or ``lyrics_view`` to n songs; where there is but one name,
            the view itself will do.
        y : sequence of n labels, optional
            For the parts that learn from them.
        groups : sequence of hashable, length n, optional
            Songs of one group are kept out together, as two recordings of one song must be; None or "" is a song alone.
            Without it, songs with the same lyrics are. Parts that keep songs out themselves are told.

        Raises
        ------
        UsageError
            No parts, or ``folds`` below 2.
        DataError
            A view that a part names is missing, views or groups of different lengths, songs or groups too few for the
            folds; and whatever the parts raise.
        """
        if not isinstance(self.parts, Mapping) or not self.parts:
            raise UsageError(f"parts: expected a mapping of names to estimators, got {self.parts!r}")
        whole_number("folds", self.folds, 2)
        if self.random_state is not None:
            check_seed(self)
        audio, lyrics = self._checked(views)
        n = song_count(audio)
        labels = None if y is None else np.fromiter(y, dtype=object, count=n)
        codes = _same_lyrics(lyrics) if groups is None else group_codes(groups, n)
        fold_of = self._dealt(codes)
        inside = n - int(np.bincount(fold_of).max())
        held_out: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
        for fold in range(self.folds):
            train, kept_out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            y_train = None if labels is None else labels[train]
            parts = self._fitted(take(audio, train), take(lyrics, train), y_train, codes[train], inside)
            for name, scores in self._each(parts, take(audio, kept_out), take(lyrics, kept_out)).items():
                held_out.setdefault(("similarity", name), []).append(scores)
                held_out.setdefault(("silence", name), []).append(np.broadcast_to(_silent(scores), scores.shape))
        weights = learned_weights(held_out)
        self.weights_, self.silence_ = (
            {name: weights[what, name] for name in self.parts} for what in ("similarity", "silence")
        )
        self.parts_ = self._fitted(audio, lyrics, labels, codes, inside)
        return self

    def similarity(self, audio: Any, lyrics: Any) -> NDArray[np.float64]:
        """How well every song's audio fits every song's lyrics: the parts' similarities, each times its weight.

        Parameters
        ----------
        audio, lyrics : n and m songs
            Views as in `fit`; the rows need not be pairs.

        Returns
        -------
        array of float64, shape (n, m)
            Natural logarithms of odds, up to a number that is the same for all songs of a pool. Whether a part says
            nothing of a recording is judged by these m songs.

        Raises
        ------
        NotFittedError, DataError
        """
        if not hasattr(self, "parts_"):
            raise NotFittedError("this Fused is not fitted; call fit((audio, lyrics)) first")
        views = [self._named(view, side) for view, side in zip((audio, lyrics), SIDES, strict=True)]
        each = self._each(self.parts_, *views)
        worth = [self.weights_[name] * scores + self.silence_[name] * _silent(scores) for name, scores in each.items()]
        together: NDArray[np.float64] = np.sum(worth, axis=0)
        return together

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "parts_")

    def _view_names(self, side: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.parts.values() for name in view_names(part, side)))

    def _checked(self, views: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        try:
            audio, lyrics = views
        except (TypeError, ValueError) as error:
            raise DataError(f"views: expected the pair (audio, lyrics), got {type(views).__name__}") from error
        audio, lyrics = self._named(audio, "audio"), self._named(lyrics, "lyrics")
        counts = {name: len(view) for name, view in [*audio.items(), *lyrics.items()]}
        if len(set(counts.values())) != 1:
            raise DataError(f"expected the same songs in every view, got {counts}")
        return audio, lyrics

    def _named(self, view: Any, side: str) -> Mapping[str, Any]:
        names = self._view_names(side)
        if not isinstance(view, Mapping):
            if len(names) > 1:
                raise DataError(f"{side}: the parts learn from {', '.join(names)}; expected a mapping of these names")
            return {names[0]: view}
        missing = [name for name in names if name not in view]
        if missing:
            raise DataError(f"{side}: expected {', '.join(names)}, got {', '.join(view) or 'nothing'}")
        return {name: view[name] for name in names}

    def _dealt(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The fold that each song is kept out in."""
        sizes = np.bincount(codes)
        order = np.random.default_rng(self.random_state or 0).permutation(len(sizes))
        fold_of = deal(sizes, self.folds, order)[codes]
        if np.bincount(fold_of, minlength=self.folds).min() < MIN_SONGS_IN_A_FOLD:
            raise DataError(
                f"{len(codes)} songs in {len(sizes)} groups are too few to learn on {self.folds} folds how much each "
                f"part counts; expected {MIN_SONGS_IN_A_FOLD} songs or more in each, lower folds or add songs"
            )
        return fold_of

    def _fitted(
        self, audio: Mapping[str, Any], lyrics: Mapping[str, Any], y: Any, groups: NDArray[Any], songs: int
    ) -> dict[str, Any]:
        fitted = {}
        for name, part in self.parts.items():
            estimator = clone(part)
            sound, words = gather(part, "audio", audio.__getitem__), gather(part, "lyrics", lyrics.__getitem__)
            known, dimension = estimator.get_params(deep=False), dimension_parameter(estimator)
            if self.random_state is not None and "random_state" in known:
                estimator.set_params(random_state=self.random_state)
            if dimension is not None:
                columns = [int(np.prod(view.shape[1:])) for view in (sound, words) if isinstance(view, np.ndarray)]
                estimator.set_params(**{dimension: min(known[dimension], songs - 1, *columns)})
            fitted[name] = fit_estimator(estimator, sound, words, y, groups)
        return fitted

    def _each(self, parts: Mapping[str, Any], audio: Mapping[str, Any], lyrics: Mapping[str, Any]) -> dict[str, Any]:
        """What each part says."""
        return {
            name: similarity_of(
                part, gather(part, "audio", audio.__getitem__), gather(part, "lyrics", lyrics.__getitem__)
            )
            for name, part in parts.items()
        }


def _silent(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which recordings a part says nothing of, shape (n, 1)."""
    silent: NDArray[np.float64] = (scores == 0).all(axis=1, keepdims=True).astype(np.float64)
    return silent


def _same_lyrics(lyrics: Mapping[str, Any]) -> NDArray[np.int64]:
    """Number the songs by what their lyrics are, in whichever view."""
    view = next(iter(lyrics.values()))
    if isinstance(view, np.ndarray) and view.dtype.kind in "fiub":
        rows = np.ascontiguousarray(view.reshape(len(view), -1))
        keys: Sequence[Any] = [row.tobytes() for row in rows]
    else:
        # A song without words is like no other.
        keys = [" ".join(str(text or "").split()).casefold() or number for number, text in enumerate(view)]
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
