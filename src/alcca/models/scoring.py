"""Alternatives to the cosine in a common space, for any two-view estimator that has one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from alcca.errors import DataError, UsageError
from alcca.models.contract import (
    CosineSimilarity,
    cosines,
    embedded,
    fit_estimator,
    inner_grid,
    is_estimator,
    view_names,
)
from alcca.models.conventions import CommonSpace, RetrievalScore, not_fitted
from alcca.models.processes import process_rank
from alcca.models.saving import load_model, save_model
from alcca.models.settings import check_not_negative, check_whole
from alcca.persistence import load_state, save_state

__all__ = ["CSLS", "CorrelationWeighted"]

Float64 = NDArray[np.float64]
WEIGHTS, INNER = "weights", "estimator"
KNOWN = "audio", "lyrics"


class _Around(RetrievalScore, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Base of estimators that fit a clone of another one."""

    estimator: Any
    estimator_: Any

    @property
    def audio_view(self) -> str | tuple[str, ...]:
        """The views of audio that the estimator learns from."""
        names = view_names(self.estimator, "audio")
        return names[0] if len(names) == 1 else names

    @property
    def lyrics_view(self) -> str | tuple[str, ...]:
        """The views of lyrics that the estimator learns from."""
        names = view_names(self.estimator, "lyrics")
        return names[0] if len(names) == 1 else names

    @property
    def default_grid(self) -> list[dict[str, Sequence[Any]]]:
        """The grids of the estimator (`alcca.models.contract.default_grid`)."""
        return inner_grid(self.estimator, f"{INNER}__")

    def first_stage(self) -> Any:
        """The unfitted estimator, which a comparison may also contain on its own."""
        return clone(self.estimator)

    def _fit_estimator(self, views: Sequence[Any], y: Any, groups: Any, fitted: Any) -> tuple[Float64, Float64]:
        """Fit a clone, unless a fitted one is given; return the embeddings of the training songs, float64."""
        if not is_estimator(self.estimator, "transform"):
            raise UsageError(
                f"estimator={self.estimator!r} has no common space; expected an unfitted estimator with fit and "
                "transform"
            )
        audio, lyrics = views
        self.estimator_ = fit_estimator(self.first_stage(), audio, lyrics, y, groups) if fitted is None else fitted
        places = embedded(self.estimator_, audio, lyrics)
        return np.asarray(places[0], np.float64), np.asarray(places[1], np.float64)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def _check_fitted(self) -> None:
        if not hasattr(self, "estimator_"):
            raise not_fitted(self)

    @property
    def n_features_in_(self) -> Any:
        """The columns that the estimator learned from, as it counts them; AttributeError if it does not."""
        self._check_fitted()
        return self.estimator_.n_features_in_

    def _save(self, folder: Path | str, arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> None:
        """Write arrays and settings, and the estimator beside them."""
        if process_rank() == 0:
            save_state(folder, type(self).__name__, arrays, settings)
            save_model(self.estimator_, Path(folder) / INNER)


class CorrelationWeighted(CosineSimilarity, CommonSpace, _Around):
    r"""A common space in which each dimension is weighted by the correlation of its two sides.

    .. math:: z'_k = \max(0, \rho_k)^p \, z_k

    Parameters
    ----------
    estimator : two-view estimator
        With ``transform``; a clone is fitted.
    power : float
        p, at least 0; Gong et al. use 4, and 0 changes nothing.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    correlations_ : array, shape (d,)
        ρ_k of the training songs, Pearson's, of the two sides in dimension k of the space.

    References
    ----------
    Gong, Y., Ke, Q., Isard, M., Lazebnik, S. (2014). A multi-view embedding space for modeling internet images, tags,
    and their semantics. IJCV 106, 210-233.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> rng = np.random.default_rng(0)
    >>> audio = rng.normal(size=(100, 4))
    >>> lyrics = audio + [0.1, 1.0, 2.0, 3.0] * rng.normal(size=(100, 4))
    >>> model = CorrelationWeighted(CCA(3)).fit((audio, lyrics))
    >>> plain, weighted = (one.transform((audio, None))[0] for one in (model.estimator_, model))
    >>> bool(np.allclose(weighted, plain * model.estimator_.correlations_))
    True
    """

    def __init__(self, estimator: Any, power: float = 1.0) -> None:
        self.estimator = estimator
        self.power = power

    def fit(self, views: Sequence[Any], y: Any = None, groups: Any = None, first_stage: Any = None) -> Self:
        """Fit the estimator, and compute the correlations of its dimensions.

        Parameters
        ----------
        views, y, groups
            As for the estimator.
        first_stage : estimator, optional
            The result of `first_stage`, fitted on the same songs; it is not fitted again.

        Raises
        ------
        UsageError
            The power is not a number of at least 0, or the estimator is none with ``transform``.
        AlccaError
            As raised by the estimator.
        """
        check_not_negative(self, "power")
        audio, lyrics = (z - z.mean(axis=0) for z in self._fit_estimator(views, y, groups, first_stage))
        spread = np.sqrt((audio**2).sum(axis=0) * (lyrics**2).sum(axis=0))
        self.correlations_: Float64 = (audio * lyrics).sum(axis=0) / np.where(spread > 0, spread, 1.0)
        return self

    def transform(self, views: Sequence[Any]) -> tuple[Float64 | None, Float64 | None]:
        """Embed songs in the weighted space; arguments as in the estimator's ``transform``.

        Raises
        ------
        NotFittedError, DataError
        """
        self._check_fitted()
        weights = np.maximum(self.correlations_, 0.0) ** self.power
        both = all(view is not None for view in views)
        places = embedded(self.estimator_, *views) if both else self.estimator_.transform(views)
        audio, lyrics = (None if z is None else np.asarray(z) * weights for z in places)
        return audio, lyrics

    @property
    def _dimensions(self) -> int:
        self._check_fitted()
        return len(self.correlations_)

    def save(self, folder: Path | str) -> None:
        """Write the fitted model to ``folder``, without pickle.

        Raises
        ------
        NotFittedError
        LibraryError
            The estimator cannot be saved (`alcca.models.saving`).
        """
        self._check_fitted()
        self._save(folder, {WEIGHTS: self.correlations_}, {"power": float(self.power)})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a model that `save` wrote. Raises LibraryError."""
        arrays, state = load_state(folder, cls.__name__)
        fitted = load_model(Path(folder) / INNER)
        model = cls(clone(fitted), state["power"])
        model.estimator_, model.correlations_ = fitted, arrays[WEIGHTS]
        return model


class CSLS(_Around):
    r"""Cross-domain similarity local scaling: the cosine, reduced for points that are near to many others.

    .. math:: s(a, t) = 2 \cos(a, t) - r_T(a) - r_A(t)

    r_T(a) is the mean cosine of a with its k nearest lyrics, r_A(t) that of t with its k nearest audio. In a space of
    many dimensions a few points are among the nearest of nearly all others (hubs: Radovanović et al. 2010), and rank
    before the right ones.

    The neighbours are training songs, while Conneau et al. take those of the pool. So a song's rank does not depend on
    other queries, and a single query can be answered.

    Parameters
    ----------
    estimator : two-view estimator
        With ``transform``; a clone is fitted.
    k : int
        Number of neighbours, at least 1; all training songs if there are fewer.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    known_ : (array, array)
        Embeddings of the training songs' audio and lyrics.

    References
    ----------
    Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jégou, H. (2018). Word translation without parallel data. ICLR.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> rng = np.random.default_rng(0)
    >>> audio = rng.normal(size=(100, 4))
    >>> model = CSLS(CCA(3), k=5).fit((audio, audio + rng.normal(size=(100, 4))))
    >>> model.similarity(audio[:2], audio[:3]).shape
    (2, 3)
    """

    def __init__(self, estimator: Any, k: int = 10) -> None:
        self.estimator = estimator
        self.k = k

    def fit(self, views: Sequence[Any], y: Any = None, groups: Any = None, first_stage: Any = None) -> Self:
        """Fit the estimator, and keep the embeddings of the training songs.

        Parameters
        ----------
        views, y, groups
            As for the estimator.
        first_stage : estimator, optional
            The result of `first_stage`, fitted on the same songs; it is not fitted again.

        Raises
        ------
        UsageError
            k is not a whole number of at least 1, or the estimator is none with ``transform``.
        AlccaError
            As raised by the estimator.
        """
        check_whole(self, "k")
        self.known_ = self._fit_estimator(views, y, groups, first_stage)
        return self

    def similarity(self, audio: Any, lyrics: Any) -> Float64:
        """Compute how well every song's audio fits every song's lyrics.

        Parameters
        ----------
        audio, lyrics : n and m songs
            As for the estimator; the rows need not be pairs.

        Returns
        -------
        array of float64, shape (n, m)
            In [-4, 4].

        Raises
        ------
        NotFittedError, DataError
        """
        self._check_fitted()
        a, t = embedded(self.estimator_, audio, lyrics)
        known_audio, known_lyrics = self.known_
        scores: Float64 = 2 * cosines(a, t) - self._nearness(a, known_lyrics)[:, None] - self._nearness(t, known_audio)
        return scores

    def save(self, folder: Path | str) -> None:
        """Write the fitted model to ``folder``, without pickle.

        Raises
        ------
        NotFittedError
        LibraryError
            The estimator cannot be saved (`alcca.models.saving`).
        """
        self._check_fitted()
        self._save(folder, dict(zip(KNOWN, self.known_, strict=True)), {"k": int(self.k)})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a model that `save` wrote. Raises LibraryError."""
        arrays, state = load_state(folder, cls.__name__)
        fitted = load_model(Path(folder) / INNER)
        model = cls(clone(fitted), state["k"])
        model.estimator_, model.known_ = fitted, (arrays[KNOWN[0]], arrays[KNOWN[1]])
        return model

    def _nearness(self, places: NDArray[Any], known: Float64) -> Float64:
        """Mean cosine of each embedding with its k nearest known ones, shape (n,)."""
        similarities = cosines(places, known)
        if not np.isfinite(similarities).all():
            raise DataError("a place in the common space is NaN or infinite; check the estimator")
        k = min(self.k, similarities.shape[1])
        nearness: Float64 = np.partition(similarities, -k, axis=1)[:, -k:].mean(axis=1)
        return nearness
