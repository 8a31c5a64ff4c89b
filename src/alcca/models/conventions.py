"""What scikit-learn asks of estimators, for two views: errors, scores, and the names and numbers of columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import exceptions

from alcca import errors
from alcca.errors import DataError
from alcca.models.contract import similarity_of, song_count
from alcca.models.score_weights import mean_reciprocal_ranks

__all__ = ["CommonSpace", "NotFittedError", "RetrievalScore", "UnlabelledWarning", "not_fitted"]


class UnlabelledWarning(UserWarning):
    """A method that learns from labels is fitted without labels of two categories or more."""


class NotFittedError(errors.NotFittedError, exceptions.NotFittedError):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator was used before `fit`; also scikit-learn's error of this name, a ValueError and AttributeError.

    Examples
    --------
    >>> issubclass(NotFittedError, errors.AlccaError), issubclass(NotFittedError, exceptions.NotFittedError)
    (True, True)
    """


def not_fitted(estimator: Any) -> NotFittedError:
    """Return the error for an estimator that was used before `fit`.

    Examples
    --------
    >>> raise not_fitted([])
    Traceback (most recent call last):
        ...
    alcca.models.conventions.NotFittedError: this list is not fitted; call fit((audio, lyrics)) first
    """
    return NotFittedError(f"this {type(estimator).__name__} is not fitted; call fit((audio, lyrics)) first")


class RetrievalScore:
    """Mixin with the `score` of an estimator that measures how well audio fits lyrics."""

    def score(self, views: Sequence[Any], y: Any = None) -> float:
        """Compute the mean reciprocal rank of the right song among these songs, over both directions.

        Parameters
        ----------
        views : (audio, lyrics)
            n songs, as in `fit`; row i of both is song i. Memory is n squared.
        y : ignored

        Returns
        -------
        float
            In (0, 1]; ties count against the right song. Chance is the n-th harmonic number divided by n.

        Raises
        ------
        NotFittedError
        DataError
            There are not two views, or they differ in the number of songs.

        Examples
        --------
        >>> from alcca.models.cca import CCA
        >>> audio = np.random.default_rng(0).normal(size=(50, 3))
        >>> CCA(n_components=3).fit((audio, -audio)).score((audio, -audio))
        1.0
        """
        try:
            audio, lyrics = views
        except (TypeError, ValueError) as error:
            raise DataError(f"views: expected the pair (audio, lyrics), got {type(views).__name__}") from error
        if audio is None or lyrics is None:
            raise DataError("score: expected both views, got None; a score compares audio with lyrics")
        similarities = similarity_of(self, audio, lyrics)
        if song_count(audio) != song_count(lyrics):
            raise DataError(
                f"audio has {song_count(audio)} songs and lyrics {song_count(lyrics)}; expected the same songs in the "
                "same order"
            )
        return float(mean_reciprocal_ranks([similarities]).mean())


class CommonSpace:
    """Mixin of an estimator whose `transform` maps into a common space, with one column for each dimension."""

    @property
    def _dimensions(self) -> int:
        """The number of dimensions of the fitted space."""
        raise NotImplementedError

    def fit_transform(self, views: Sequence[Any], y: Any = None, **fit_params: Any) -> Any:
        """Fit, and return the embeddings of the training songs, as ``fit(views, y, ...).transform(views)``."""
        return self.fit(views, y, **fit_params).transform(views)  # type: ignore[attr-defined]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name the columns that `transform` returns, the same for audio and lyrics: the class and a number.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        array of str, shape (d,)

        Raises
        ------
        NotFittedError

        Examples
        --------
        >>> from alcca.models.cca import CCA
        >>> audio = np.random.default_rng(0).normal(size=(50, 3))
        >>> CCA(n_components=2).fit((audio, audio)).get_feature_names_out()
        array(['cca0', 'cca1'], dtype=object)
        """
        name = type(self).__name__.lower()
        return np.array([f"{name}{number}" for number in range(self._dimensions)], dtype=object)
