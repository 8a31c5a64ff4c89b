"""Several two-view estimators as one: the weighted sum of their similarities."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from alcca.errors import DataError, UsageError
from alcca.models.contract import (
    dimension_parameter,
    fit_estimator,
    gather,
    inner_grid,
    is_estimator,
    label_array,
    similarity_of,
    song_count,
    take,
    view_names,
)
from alcca.models.conventions import RetrievalScore, not_fitted
from alcca.models.held_out import MIN_SONGS_IN_A_FOLD, deal, group_codes
from alcca.models.processes import process_rank
from alcca.models.saving import load_model, save_model
from alcca.models.score_weights import learned_weights
from alcca.models.settings import Seed, check_seed, draw_seed, whole_number
from alcca.persistence import load_state, save_state
from alcca.persistence.classes import making

__all__ = ["Fused"]

SIDES = ("audio", "lyrics")
# The setting with which parts keep the seeds of their own.
OWN = "parts"


class Fused(RetrievalScore, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The sum of several estimators' similarities, with weights learned on held-out songs.

    ``similarity = sum_p (weights_[p] * similarity_p + silence_[p] * silent_p)``, where ``silent_p`` is 1 for a
    recording that part p gives 0 with all lyrics, such as one without recognised words, and else 0: lyrics that no
    transcript contains are likelier those of such a recording than of one with other words.

    The songs are dealt to folds; parts that are fitted on the other folds score the songs of each, and the weights are
    learned from these scores (`alcca.models.score_weights.learned_weights`). A part that does not help only breaks
    ties: its order counts where the scores of the others are equal. Finally every part is fitted on all songs.

    Parameters
    ----------
    parts : mapping of str to estimator
        Unfitted, never changed; by names without "__". Each has ``fit(views, y)``, and ``similarity(audio, lyrics)`` or
        ``transform(views)``; its attributes ``audio_view`` and ``lyrics_view`` name its views
        (`alcca.models.contract`).
    folds : int
        At least 2. Songs of a group are in one fold.
    random_state : int, RandomState, Generator, None or "parts"
        Draws a seed for each fit, as in `alcca.models.base.TwoViewModel`, which deals the songs and becomes the
        ``random_state`` of every part that has one. With "parts" each part keeps its own, and songs are dealt as by 0.

    Attributes
    ----------
    weights_ : dict of str to float
        The weight of each part's similarity; at least 0.
    silence_ : dict of str to float
        The weight of each part's silence about a recording; at least 0.
    parts_ : dict of str to estimator
        Fitted on all songs.

    Notes
    -----
    There is no ``n_features_in_``: parts may learn from texts.

    A part's common space gets no more dimensions than the songs and features inside a fold allow, so that held-out
    songs are scored with as many dimensions as the final fit has.

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

    def __init__(self, parts: Mapping[str, Any], folds: int = 3, random_state: Seed | str = OWN) -> None:
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

    @property
    def default_grid(self) -> list[dict[str, Sequence[Any]]]:
        """The grids of the parts, every combination of them (`alcca.models.contract.default_grid`)."""
        grids = [grids for name, part in self.parts.items() if (grids := inner_grid(part, f"{name}__"))]
        return [dict(ChainMap(*several)) for several in product(*grids)] if grids else []

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings; with ``deep`` also those of the parts, as ``part__setting``."""
        own = {name: getattr(self, name) for name in ("parts", "folds", "random_state")}
        if not deep or not isinstance(self.parts, Mapping):
            return own
        theirs = {
            f"{part}__{name}": value
            for part, estimator in self.parts.items()
            if hasattr(estimator, "get_params") and not isinstance(estimator, type)
            for name, value in estimator.get_params(deep=True).items()
        }
        return {**own, **theirs}

    def set_params(self, **params: Any) -> Self:
        """Change settings, those of parts as ``part__setting``.

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
        """Learn the weights on songs held out in turn, then fit every part on all songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Each a mapping from the names in ``audio_view`` or ``lyrics_view`` to n songs, or the view itself if there
            is only one name.
        y : sequence of n labels, optional
            For the parts that learn from them.
        groups : sequence of hashable, length n, optional
            Songs of one group, such as two recordings of a song, are held out together; None or "" is a song without a
            group. Without it, songs with the same lyrics are a group. Parts that keep songs out themselves get it too.

        Raises
        ------
        UsageError
            There are no parts, a part is no estimator or has an invalid name, or another setting is invalid.
        DataError
            A view that a part names is missing, views or groups differ in length, or there are too few songs or groups
            for the folds.
        AlccaError
            As raised by the parts.
        """
        self._check_settings()
        audio, lyrics = self._checked(views)
        n = song_count(audio)
        labels = None if y is None else label_array(y)
        if labels is not None and len(labels) != n:
            raise DataError(f"y: expected {n} labels, one a song, got {len(labels)}")
        codes = _same_lyrics(lyrics) if groups is None else group_codes(groups, n)
        seed = None if self._parts_keep_their_seeds else draw_seed(self)
        fold_of = self._dealt(codes, seed or 0)
        inside = n - int(np.bincount(fold_of).max())
        held_out: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
        for fold in range(self.folds):
            train, kept_out = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            y_train = None if labels is None else labels[train]
            parts = self._fitted(take(audio, train), take(lyrics, train), y_train, codes[train], inside, seed)
            for name, scores in self._each(parts, take(audio, kept_out), take(lyrics, kept_out)).items():
                held_out.setdefault(("similarity", name), []).append(scores)
                held_out.setdefault(("silence", name), []).append(np.broadcast_to(_silent(scores), scores.shape))
        weights = learned_weights(held_out)
        self.weights_, self.silence_ = (
            {name: weights[what, name] for name in self.parts} for what in ("similarity", "silence")
        )
        self.parts_ = self._fitted(audio, lyrics, labels, codes, inside, seed)
        return self

    def similarity(self, audio: Any, lyrics: Any) -> NDArray[np.float64]:
        """Compute how well every song's audio fits every song's lyrics: the weighted sum of the parts' similarities.

        Parameters
        ----------
        audio, lyrics : n and m songs
            Views as in `fit`; the rows need not be pairs.

        Returns
        -------
        array of float64, shape (n, m)
            Natural logarithms of odds, up to a constant for all songs of a pool. A part is silent about a recording if
            it gives 0 with all of these m songs.

        Raises
        ------
        NotFittedError, DataError
        """
        self._check_fitted()
        views = [self._named(view, side) for view, side in zip((audio, lyrics), SIDES, strict=True)]
        each = self._each(self.parts_, *views)
        weighted = [
            self.weights_[name] * scores + self.silence_[name] * _silent(scores) for name, scores in each.items()
        ]
        total: NDArray[np.float64] = np.sum(weighted, axis=0)
        return total

    def save(self, folder: Path | str) -> None:
        """Write the fitted model to ``folder``, without pickle: each part by `alcca.models.saving.save_model`.

        If several processes train together, only the first writes.

        Raises
        ------
        NotFittedError
        LibraryError
            A part cannot be saved.
        """
        self._check_fitted()
        if process_rank() > 0:
            return
        seed = self.random_state if isinstance(self.random_state, int | np.integer | str) else None
        parts = [
            {"name": name, "weight": self.weights_[name], "silence": self.silence_[name], "given": _given(part)}
            for name, part in self.parts.items()
        ]
        state = {"folds": int(self.folds), "random_state": seed, "parts": parts}
        save_state(folder, type(self).__name__, {}, state)
        for number, part in enumerate(self.parts_.values()):
            save_model(part, Path(folder) / f"part {number}")

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a model that `save` wrote.

        The code of another package runs only if the user trusts the package (`alcca.trust`).

        Raises
        ------
        LibraryError
            The folder has no model, or a damaged one, or a part may not or cannot be read.
        """
        folder = Path(folder)
        _, state = load_state(folder, cls.__name__)

        def read() -> Any:
            fitted = {part["name"]: load_model(folder / f"part {n}") for n, part in enumerate(state["parts"])}
            parts = {part["name"]: clone(fitted[part["name"]]).set_params(**part["given"]) for part in state["parts"]}
            if not parts:
                raise ValueError("it has no parts")
            model = cls(parts, state["folds"], state["random_state"])
            model.parts_ = fitted
            model.weights_, model.silence_ = (
                {part["name"]: float(part[what]) for part in state["parts"]} for what in ("weight", "silence")
            )
            return model

        model: Self = making("the model", folder, read)
        return model

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "parts_")

    def _check_fitted(self) -> None:
        if not hasattr(self, "parts_"):
            raise not_fitted(self)

    def _check_settings(self) -> None:
        if not isinstance(self.parts, Mapping) or not self.parts:
            raise UsageError(f"parts={self.parts!r}: expected a mapping of names to estimators")
        for name, part in self.parts.items():
            if not isinstance(name, str) or "__" in name:
                raise UsageError(f"parts={{{name!r}: ...}}: expected a text without '__' as the name of a part")
            if not (is_estimator(part, "similarity") or is_estimator(part, "transform")):
                raise UsageError(
                    f"parts={{{name!r}: {part!r}}}: expected an unfitted estimator with fit, and similarity or "
                    "transform"
                )
        whole_number("folds", self.folds, 2)
        if isinstance(self.random_state, str) and not self._parts_keep_their_seeds:
            raise UsageError(
                f"random_state={self.random_state!r}: expected a whole number, None, a generator of NumPy, or {OWN!r}"
            )
        if not self._parts_keep_their_seeds:
            check_seed(self)

    @property
    def _parts_keep_their_seeds(self) -> bool:
        return isinstance(self.random_state, str) and self.random_state == OWN

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

    def _dealt(self, codes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
        """Deal the songs to folds; return the fold of each."""
        sizes = np.bincount(codes)
        order = np.random.default_rng(seed).permutation(len(sizes))
        fold_of = deal(sizes, self.folds, order)[codes]
        if np.bincount(fold_of, minlength=self.folds).min() < MIN_SONGS_IN_A_FOLD:
            raise DataError(
                f"{len(codes)} songs in {len(sizes)} groups are too few to learn on {self.folds} folds how much each "
                f"part counts; expected {MIN_SONGS_IN_A_FOLD} songs or more in each, lower folds or add songs"
            )
        return fold_of

    def _fitted(
        self,
        audio: Mapping[str, Any],
        lyrics: Mapping[str, Any],
        y: Any,
        groups: NDArray[Any],
        songs: int,
        seed: int | None,
    ) -> dict[str, Any]:
        fitted = {}
        for name, part in self.parts.items():
            estimator = clone(part)
            sound, words = gather(part, "audio", audio.__getitem__), gather(part, "lyrics", lyrics.__getitem__)
            known, dimension = estimator.get_params(), dimension_parameter(estimator)
            if seed is not None and "random_state" in known:
                estimator.set_params(random_state=seed)
            if dimension is not None:
                columns = [int(np.prod(view.shape[1:])) for view in (sound, words) if isinstance(view, np.ndarray)]
                estimator.set_params(**{dimension: min(known[dimension], songs - 1, *columns)})
            fitted[name] = fit_estimator(estimator, sound, words, y, groups)
        return fitted

    def _each(self, parts: Mapping[str, Any], audio: Mapping[str, Any], lyrics: Mapping[str, Any]) -> dict[str, Any]:
        """The similarities of each part."""
        return {
            name: similarity_of(
                part, gather(part, "audio", audio.__getitem__), gather(part, "lyrics", lyrics.__getitem__)
            )
            for name, part in parts.items()
        }


def _given(part: Any) -> dict[str, Any]:
    """The settings of an unfitted part that `Fused` changes before it fits."""
    known = part.get_params()
    names = [name for name in (dimension_parameter(part), "random_state") if name is not None and name in known]
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in known.items()}
    return {name: plain[name] if isinstance(plain[name], int | str) else None for name in names}


def _silent(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for recordings that a part is silent about, else 0; shape (n, 1)."""
    silent: NDArray[np.float64] = (scores == 0).all(axis=1, keepdims=True).astype(np.float64)
    return silent


def _same_lyrics(lyrics: Mapping[str, Any]) -> NDArray[np.int64]:
    """Number the songs by their lyrics, in the first view."""
    view = next(iter(lyrics.values()))
    if isinstance(view, np.ndarray) and view.dtype.kind in "fiub":
        rows = np.ascontiguousarray(view.reshape(len(view), -1))
        keys: Sequence[Any] = [row.tobytes() for row in rows]
    else:
        # A song without words is a group of its own.
        keys = [" ".join(str(text or "").split()).casefold() or number for number, text in enumerate(view)]
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
