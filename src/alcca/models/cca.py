"""Linear canonical correlation analysis of two views, with a ridge, in one pass over the songs."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.models.base import NAMES, TwoViewModel, View, check_pair
from alcca.models.contract import Grid
from alcca.models.covariance import RunningCovariance, correlated, song_span, whitener
from alcca.models.settings import is_number, whole_number

__all__ = ["CCA", "Ridge", "ridge_pair"]

Float64: TypeAlias = NDArray[np.float64]
Ridge: TypeAlias = float | tuple[float, float]


class _Solution(NamedTuple):
    correlations: Float64
    weights: tuple[Float64, Float64]
    means: tuple[Float64, Float64]


class CCA(TwoViewModel):
    r"""Canonical correlation analysis: the directions of two views whose projections correlate most.

    .. math:: \max_{w_x, w_y} \; w_x^\top C_{xy} w_y \quad \text{subject to} \quad
              w_x^\top (C_{xx} + \lambda_x I) w_x = w_y^\top (C_{yy} + \lambda_y I) w_y = 1

    which is Eq. 13 of the paper if both ridges are 0. The covariances (ddof 1) are factored by Cholesky, and
    the whitened cross-covariance by SVD. Components are nested: the first ten of a hundred are those of a model with
    ten.

    Parameters
    ----------
    n_components : int
        1 to min(p, q). Components whose correlation is 0, or below a millionth of the first, get correlation 0 and
        weights 0: those beyond the rank of a view, with a ridge too.
    ridge : float or (float, float)
        Added to the diagonals of the covariances of audio and lyrics, at least 0. Without a ridge, if a view has as
        many independent columns as songs - 1, every correlation is 1 and meaningless; `fit` warns.

    Attributes
    ----------
    correlations_ : array, shape (n_components,)
        Canonical correlations of the training songs, descending, 0 to 1. With a ridge they are the singular values of
        the regularised whitened cross-covariance, below the plain correlation of the projections. They measure the
        fit, not what the views share: random views have large ones too.
    weights_ : (array, array), shapes (p, n_components) and (q, n_components)
        Variates are ``(X - mean) @ weights``, of variance 1 if the ridge is 0. In every component the weight of
        audio that is largest in magnitude is positive.
    means_ : (array, array), shapes (p,) and (q,)

    References
    ----------
    Hotelling, H. (1936). Relations between two sets of variates. Biometrika 28, 321-377.
    Vinod, H. D. (1976). Canonical ridge and econometrics of joint production. J. of Econometrics 4, 147-166.
    Chan, T. F., Golub, G. H., LeVeque, R. J. (1983). Algorithms for computing the sample variance.
    The American Statistician 37, 242-247 (the merging of chunks).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(500, 1))
    >>> audio, lyrics = shared + rng.normal(size=(500, 4)), shared + rng.normal(size=(500, 3))
    >>> model = CCA(n_components=2).fit((audio, lyrics))
    >>> print(model.correlations_.round(2))
    [0.8  0.08]
    >>> Za, Zt = model.transform((audio, None))
    >>> Za.shape, Zt
    ((500, 2), None)
    """

    default_grid: ClassVar[Grid] = {"ridge": (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)}

    def __init__(self, n_components: int = 10, ridge: Ridge = 0.0) -> None:
        self.n_components = n_components
        self.ridge = ridge

    _covariance: RunningCovariance | None = None  # of all songs so far, for partial_fit
    _solution: _Solution | None = None  # computed on first use after partial_fit

    def fit(self, views: Sequence[View], y: Any = None) -> Self:
        """Learn the canonical directions of ``views``; replaces an earlier fit.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) and (n, q), n at least 2; row i of both is song i.
        y : ignored

        Raises
        ------
        UsageError
            n_components is not a whole number of at least 1, or a ridge is not a number of at least 0.
        DataError
            n_components is above min(p, q), a view has NaN, the numbers of songs differ or are below two.
        """
        X, Y = check_pair(views)
        ridges = self._checked_ridges((X.shape[1], Y.shape[1]))
        covariance = RunningCovariance()
        # With more columns than songs the weights lie in the span of the songs. Computing them there costs as much as
        # there are songs, not columns; a ridge means the same in any orthonormal basis.
        bases = song_span(X), song_span(Y)
        covariance.add(*(A if B is None else A @ B for A, B in zip((X, Y), bases, strict=True)))
        correlations, weights = _canonical_directions(covariance, self.n_components, ridges)
        if all(basis is None for basis in bases):
            self._covariance, means = covariance, covariance.means()
        else:
            self._covariance, means = None, (X.mean(axis=0, dtype=np.float64), Y.mean(axis=0, dtype=np.float64))
            Wx, Wy = (w if B is None else B @ w for w, B in zip(weights, bases, strict=True))
            weights = Wx, Wy
        self._solution = _Solution(correlations, _oriented(*weights), means)
        return self

    def partial_fit(self, views: Sequence[View], y: Any = None) -> Self:
        """Learn from one more chunk of songs; after the last chunk the model equals that of one `fit` on all songs.

        Memory does not grow with the number of songs: (p + q)^2 numbers are kept. The directions are computed on first
        use.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (m, p) and (m, q), m at least 1.
        y : ignored

        Raises
        ------
        UsageError
            As raised by `fit`.
        DataError
            As raised by `fit`; or the model has no covariances to add to, because it was loaded, or fitted on fewer
            songs than columns.
        """
        X, Y = check_pair(views, at_least=1)
        columns = (X.shape[1], Y.shape[1])
        self._checked_ridges(columns)
        if self._is_fitted and columns != self._columns():
            raise DataError(f"expected {self._columns()} columns as in the songs before, got {columns}")
        if self._is_fitted and self._covariance is None:
            raise DataError(
                "this CCA keeps no covariances to add songs to (it was loaded, or fitted on fewer songs than columns); "
                "give all chunks to partial_fit of a new model"
            )
        self._covariance = self._covariance or RunningCovariance()
        self._covariance.add(X, Y)
        self._solution = None
        return self

    def merge(self, other: "CCA") -> Self:
        """Add the songs of another model; the model then equals that of one `fit` on the songs of both.

        This lets other processes or machines learn from chunks of songs: `alcca.models.cca_chunks`.

        Parameters
        ----------
        other : CCA
            Not changed. Its settings are ignored.

        Raises
        ------
        DataError
            The columns differ, a model has no covariances (see `partial_fit`), or the other has seen no songs.
        """
        if other._covariance is None or (self._is_fitted and self._covariance is None):
            raise DataError(
                "a CCA that keeps no covariances cannot be merged (it was loaded, not fitted, or fitted on fewer songs "
                "than columns); give all chunks to partial_fit of new models"
            )
        if self._is_fitted and other._columns() != self._columns():
            raise DataError(f"expected {self._columns()} columns as in the songs before, got {other._columns()}")
        self._checked_ridges(other._columns())
        self._covariance = self._covariance or RunningCovariance()
        self._covariance.merge(other._covariance)
        self._solution = None
        return self

    @property
    def correlations_(self) -> Float64:
        """Canonical correlations, shape (n_components,)."""
        return self._solved().correlations

    @property
    def weights_(self) -> tuple[Float64, Float64]:
        """Weights of audio and lyrics, shapes (p, n_components) and (q, n_components)."""
        return self._solved().weights

    @property
    def means_(self) -> tuple[Float64, Float64]:
        """Means of audio and lyrics, shapes (p,) and (q,)."""
        return self._solved().means

    def _solved(self) -> _Solution:
        if self._solution is None and self._covariance is not None:
            ridges = self._checked_ridges(self._columns())
            correlations, weights = _canonical_directions(self._covariance, self.n_components, ridges)
            self._solution = _Solution(correlations, _oriented(*weights), self._covariance.means())
        if self._solution is None:
            raise self._not_fitted()
        return self._solution

    def _checked_ridges(self, columns: tuple[int, int]) -> tuple[float, float]:
        ridges = ridge_pair(self.ridge)
        whole_number("n_components", self.n_components)
        if self.n_components > min(columns):
            raise DataError(
                f"n_components={self.n_components}: expected 1 to {min(columns)}, the columns of the smaller view "
                f"(audio {columns[0]}, lyrics {columns[1]})"
            )
        return ridges

    def _embed(self, view: NDArray[Any], which: int) -> Float64:
        return (view - self.means_[which]) @ self.weights_[which]

    def _columns(self) -> tuple[int, int]:
        if self._solution is not None:
            return len(self._solution.means[0]), len(self._solution.means[1])
        return self._covariance.columns if self._covariance is not None else (0, 0)

    @property
    def _is_fitted(self) -> bool:
        return self._solution is not None or self._covariance is not None

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        correlations, weights, means = self._solved()
        arrays = {"correlations": correlations}
        for which, name in enumerate(NAMES):
            arrays |= {f"weights.{name}": weights[which], f"means.{name}": means[which]}
        return arrays, {}

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        weights, means = ((arrays[f"{what}.{NAMES[0]}"], arrays[f"{what}.{NAMES[1]}"]) for what in ("weights", "means"))
        self._solution = _Solution(arrays["correlations"], weights, means)


def ridge_pair(ridge: Any) -> tuple[float, float]:
    """Return the ridges of audio and lyrics; one number is for both.

    Raises
    ------
    UsageError
        It is neither a finite number of at least 0 nor two of them.

    Examples
    --------
    >>> ridge_pair(10), ridge_pair((0.1, 2))
    ((10.0, 10.0), (0.1, 2.0))
    """
    plain = ridge.tolist() if isinstance(ridge, np.ndarray) else ridge
    pair = list(plain) if isinstance(plain, Sequence) else [plain, plain]
    if len(pair) != 2 or not all(is_number(one) and 0 <= one < np.inf for one in pair):
        raise UsageError(f"ridge={ridge!r}: expected a number of at least 0, or two (audio, lyrics)")
    return float(pair[0]), float(pair[1])


def _canonical_directions(
    covariance: RunningCovariance, k: int, ridges: tuple[float, float]
) -> tuple[Float64, tuple[Float64, Float64]]:
    """Whiten both views; the directions are the singular vectors of their cross-covariance."""
    if covariance.n < 2:
        raise DataError(f"expected at least 2 songs to learn from, got {covariance.n}; add songs")
    Cxx, Cyy, Cxy = covariance.covariances()
    Wx, Wy = whitener(Cxx, ridges[0]), whitener(Cyy, ridges[1])
    for W, ridge, name in zip((Wx, Wy), ridges, NAMES, strict=True):
        if ridge == 0 and W.shape[1] == covariance.n - 1:
            warnings.warn(
                f"{name} has as many independent columns as {covariance.n} songs allow, so that it fits the other view "
                "perfectly and the canonical correlations are meaningless; give a ridge, or more songs",
                stacklevel=3,
            )
    U, rho, Vt = np.linalg.svd(Wx.T @ Cxy @ Wy, full_matrices=False)
    rank = min(k, int(np.count_nonzero(correlated(rho**2))))
    weights = np.zeros((len(Wx), k)), np.zeros((len(Wy), k))
    weights[0][:, :rank] = Wx @ U[:, :rank]
    weights[1][:, :rank] = Wy @ Vt[:rank].T
    # Rounding can raise a correlation of 1 above 1.
    return np.pad(np.minimum(rho[:rank], 1.0), (0, k - rank)), weights


def _oriented(Wx: Float64, Wy: Float64) -> tuple[Float64, Float64]:
    """Make the largest weight of the first view positive in each component, as the SVD leaves the sign open."""
    sign = np.where(Wx[np.abs(Wx).argmax(axis=0), np.arange(Wx.shape[1])] < 0, -1.0, 1.0)
    return Wx * sign, Wy * sign
