"""The base of the two-view models: checks of views, encoding of labels, input statistics, saving and loading."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from alcca.errors import DataError
from alcca.models.contract import CosineSimilarity
from alcca.models.conventions import CommonSpace, NotFittedError, RetrievalScore, not_fitted
from alcca.models.processes import process_rank
from alcca.persistence import load_state, save_state

__all__ = [
    "NAMES",
    "Standardizer",
    "TwoViewModel",
    "View",
    "check_pair",
    "check_view",
    "encode_labels",
    "is_missing",
    "json_labels",
    "row_blocks",
]

NAMES = ("audio", "lyrics")
# Rows handled at once where a whole-matrix temporary would double the memory: 2,048 songs of
# 3,220 float64 numbers are 53 MB, small beside the data and large beside the cost of a call.
ROWS_PER_BLOCK = 2048

View: TypeAlias = ArrayLike | None


def check_view(view: Any, name: str, columns: int | None = None) -> NDArray[Any]:
    """Turn one view into a finite array of vectors, one row a song.

    Parameters
    ----------
    view : array-like, shape (n, p) or (n, ...)
        Arrays of more dimensions, such as MFCC of shape (n, 20, 161), are flattened, here to (n, 3220).
    name : str
        ``"audio"`` or ``"lyrics"``; appears in messages.
    columns : int, optional
        The number of columns that the model was fitted on.

    Returns
    -------
    array, shape (n, p)
        float32 or float64; shares memory with the input if possible.

    Raises
    ------
    DataError
        The view is not numeric, has fewer than two dimensions or another number of columns, is empty, or has NaN or
        infinite values.

    Examples
    --------
    >>> check_view([[[1, 2], [3, 4]]], "audio")
    array([[1., 2., 3., 4.]])
    """
    try:
        array = np.asarray(view)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: expected an array of numbers, one row a song; {error}") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name}: expected real numbers, got dtype {array.dtype}; extract features first")
    if array.ndim < 2:
        raise DataError(
            f"{name}: expected shape (songs, features), got {array.shape}; pass one song as an array of one row"
        )
    if array.size == 0:
        raise DataError(f"{name}: expected at least one song and one feature, got shape {array.shape}")
    array = array.reshape(len(array), -1)
    if columns is not None and array.shape[1] != columns:
        raise DataError(
            f"{name}: expected {columns} columns as in fit, got {array.shape[1]}; extract the same features"
        )
    for start, block in row_blocks(array):
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            raise DataError(
                f"{name}: {block[row, column]} in row {start + row}, column {column}; expected finite numbers, "
                "leave that song out or repair it"
            )
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def check_pair(views: Any, at_least: int = 2) -> tuple[NDArray[Any], NDArray[Any]]:
    """Check both views of a training set, each by `check_view`; row i of both is song i.

    Raises
    ------
    DataError
        There are not two views, a view is missing, the numbers of songs differ or are below ``at_least``.

    Examples
    --------
    >>> audio, lyrics = check_pair(([[1, 2], [3, 4]], [[5], [6]]))
    >>> audio.shape, lyrics.shape
    ((2, 2), (2, 1))
    """
    pair = _split(views)
    for view, name in zip(pair, NAMES, strict=True):
        if view is None:
            raise DataError(f"{name}: expected an array, got None; only transform works with one view")
    X, Y = (check_view(view, name) for view, name in zip(pair, NAMES, strict=True))
    if len(X) != len(Y):
        raise DataError(f"audio has {len(X)} songs and lyrics {len(Y)}; expected the same songs in the same order")
    if len(X) < at_least:
        raise DataError(f"expected at least {at_least} songs to learn from, got {len(X)}; add songs")
    return X, Y


def _split(views: Any) -> tuple[View, View]:
    """Unpack ``(audio, lyrics)``; raise DataError if it is not a pair."""
    try:
        audio, lyrics = views
    except (TypeError, ValueError) as error:
        raise DataError(f"views: expected the pair (audio, lyrics), got {type(views).__name__}") from error
    return audio, lyrics


def row_blocks(array: NDArray[Any], rows: int = ROWS_PER_BLOCK) -> Iterator[tuple[int, NDArray[Any]]]:
    """Iterate over an array in blocks of rows: (number of the first row, block).

    Examples
    --------
    >>> [(start, block.tolist()) for start, block in row_blocks(np.arange(3), rows=2)]
    [(0, [0, 1]), (2, [2])]
    """
    for start in range(0, len(array), rows):
        yield start, array[start : start + rows]


def encode_labels(y: Any, n: int) -> tuple[NDArray[np.int64], list[Any]]:
    """Encode categories as numbers; a song without a label gets -1.

    Parameters
    ----------
    y : sequence of hashable, length n, or None
        None, NaN and the empty string mean that a song has no label.
    n : int
        The number of songs.

    Returns
    -------
    codes : array of int, shape (n,)
        -1 to C - 1.
    classes : list
        The C categories, in the order of their codes, which does not depend on the order of the songs.

    Raises
    ------
    DataError
        There are not n labels, or a label cannot be hashed.

    Examples
    --------
    >>> encode_labels(["sad", "fun", None, "sad"], 4)
    (array([ 1,  0, -1,  1]), ['fun', 'sad'])
    """
    if y is None:
        return np.full(n, -1, dtype=np.int64), []
    try:
        labels = [label.item() if isinstance(label, np.generic) else label for label in y]
        classes = sorted({label for label in labels if not is_missing(label)}, key=lambda c: (str(c), repr(c)))
    except TypeError as error:
        raise DataError(f"y: expected one hashable label a song, such as 'sad'; {error}") from error
    if len(labels) != n:
        raise DataError(f"y: expected {n} labels, one a song, got {len(labels)}")
    code = {label: number for number, label in enumerate(classes)}
    return np.array([code.get(label, -1) for label in labels], dtype=np.int64), classes


def json_labels(classes: Sequence[Any]) -> list[Any]:
    """Return labels for JSON: those that it has no type for as text.

    Examples
    --------
    >>> json_labels(["sad", 3, ("sad", 3)])
    ['sad', 3, "('sad', 3)"]
    """
    return [label if isinstance(label, str | int | float) else str(label) for label in classes]


def is_missing(label: Any) -> bool:
    """Whether a label, or the name of a group, is missing: None, NaN or blank text.

    Examples
    --------
    >>> is_missing(float("nan")), is_missing("sad")
    (True, False)
    """
    if isinstance(label, str | Integral):
        return isinstance(label, str) and not label.strip()
    import pandas as pd  # here, because the import takes longer than most fits of a CCA

    missing = pd.isna(label)  # an array for array-likes, which are not labels and fail as unhashable
    return isinstance(missing, bool | np.bool_) and bool(missing)


class Standardizer(NamedTuple):
    """Mean and scale of every column of one view, in float64.

    Parameters
    ----------
    mean : array, shape (p,)
    scale : array, shape (p,)
        Standard deviation (ddof 0); 1 for a constant column, so that it becomes 0 and not NaN.

    Examples
    --------
    >>> statistics = Standardizer.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> statistics.apply(np.array([[1.0, 5.0]]))
    array([[-1.,  0.]], dtype=float32)
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, X: NDArray[Any]) -> Self:
        """Measure the statistics of ``X``, shape (n, p)."""
        mean = X.mean(axis=0, dtype=np.float64)
        squares = np.zeros_like(mean)
        for _, block in row_blocks(X):
            squares += ((block - mean) ** 2).sum(axis=0)
        # Exactly constant: the deviation of equal numbers from their rounded mean need not be 0.
        scale = np.where(X.min(axis=0) == X.max(axis=0), 1.0, np.sqrt(squares / len(X)))
        return cls(mean, np.where(scale > 0, scale, 1.0))

    @classmethod
    def nothing(cls, X: NDArray[Any]) -> Self:
        """Return statistics that change nothing, for the columns of ``X``, shape (n, p): mean 0, scale 1."""
        return cls(np.zeros(X.shape[1]), np.ones(X.shape[1]))

    def apply(self, X: NDArray[Any]) -> NDArray[np.float32]:
        """Standardise ``X``, shape (n, p), with these statistics, to float32, the type that the networks train in."""
        out = np.empty(X.shape, dtype=np.float32)
        for start, block in row_blocks(X):
            out[start : start + len(block)] = (block - self.mean) / self.scale
        return out


class TwoViewModel(CosineSimilarity, RetrievalScore, CommonSpace, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """Base of the models that learn a common space of audio and lyrics.

    A subclass stores its settings in ``__init__`` and nothing else (scikit-learn's convention, so that
    ``get_params``, ``set_params`` and ``clone`` work), learns in `fit`, and converts its fitted state to and from
    arrays in `_get_state` and `_set_state`. If it keeps songs out of its own training, its `fit` takes ``groups`` too,
    and keeps each group whole (`alcca.models.held_out`).

    A setting ``random_state`` is a seed from 0 to 2^32 - 1, which makes fits repeatable; a ``RandomState`` or
    ``Generator`` of NumPy, from which each fit draws a seed; or None, with which each fit draws a fresh one. Several
    processes that train together need a number.

    ``audio_view`` names the audio features that `fit` and `transform` take (`alcca.models.contract`).
    """

    audio_view: ClassVar[str] = "audio"

    @abstractmethod
    def fit(self, views: Sequence[View], y: Any = None) -> Self:
        """Learn from ``views = (audio, lyrics)``, arrays (n, p) and (n, q); row i of both is song i."""

    @abstractmethod
    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        """Map one checked view (0 audio, 1 lyrics) into the common space."""

    @abstractmethod
    def _columns(self) -> tuple[int, int]:
        """Return the number of columns of each view in fit."""

    @abstractmethod
    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the fitted state: arrays, and values for JSON."""

    @abstractmethod
    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        """Restore the fitted state from `_get_state`."""

    @property
    @abstractmethod
    def _is_fitted(self) -> bool:
        """Whether the model is fitted."""

    def __sklearn_is_fitted__(self) -> bool:
        return self._is_fitted

    def _check_fitted(self) -> None:
        if not self._is_fitted:
            raise self._not_fitted()

    def _not_fitted(self) -> NotFittedError:
        return not_fitted(self)

    @property
    def n_features_in_(self) -> tuple[int, int]:
        """Columns of audio and lyrics in `fit`, (p, q), flattened: scikit-learn's attribute, for two views."""
        self._check_fitted()
        return self._columns()

    @property
    def _dimensions(self) -> int:
        self._check_fitted()
        return len(self._embed(np.zeros((1, self._columns()[0])), 0)[0])

    def transform(self, views: Sequence[View]) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Map songs into the common space, where the cosine measures how well audio and lyrics fit.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) and (m, q) with the columns of `fit`; either may be None. The rows need not be pairs.

        Returns
        -------
        (Za, Zt) : arrays of float64, shapes (n, d) and (m, d)
            None for a view that is None.

        Raises
        ------
        NotFittedError, DataError
        """
        self._check_fitted()
        out: list[NDArray[np.float64] | None] = []
        for which, view in enumerate(_split(views)):
            if view is None:
                out.append(None)
                continue
            checked = check_view(view, NAMES[which], columns=self._columns()[which])
            out.append(self._embed(checked, which))
        return out[0], out[1]

    def save(self, folder: Path | str) -> None:
        """Write the fitted model to ``folder`` (safetensors and JSON); `load` restores the same numbers.

        If several processes train together, only the first writes; the others return at once. A generator in
        ``random_state`` is written as None.

        Raises
        ------
        NotFittedError
        """
        self._check_fitted()
        if process_rank() > 0:
            return
        arrays, state = self._get_state()
        params = _plain(self.get_params(deep=False))
        save_state(folder, type(self).__name__, arrays, {"params": params, "fitted": state})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a model that `save` wrote.

        Raises
        ------
        LibraryError
            The folder has no model, or a damaged one, or one of another class.
        """
        arrays, state = load_state(folder, cls.__name__)
        model = cls(**{name: _tupled(value) for name, value in state["params"].items()})
        model._set_state(arrays, state["fitted"])
        return model


def _plain(value: Any) -> Any:
    """Convert settings for JSON; grids of parameters contain NumPy scalars."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.random.RandomState | np.random.Generator):
        return None  # its next seed would need its state, and the fitted model needs neither
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple | np.ndarray) else value


def _tupled(value: Any) -> Any:
    """Convert lists back to tuples: JSON has no tuples, and settings have no lists."""
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
