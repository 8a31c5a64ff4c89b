"""Covariances of two views: accumulated over chunks of songs, and factored at any rank."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, qr
from scipy.linalg.lapack import dtrtri

from alcca.models.base import ROWS_PER_BLOCK, row_blocks

__all__ = ["RunningCovariance", "correlated", "song_span", "whitener"]

Float64: TypeAlias = NDArray[np.float64]

# A column is collinear if the other columns explain all but this share of its variance: 1e-12 is a residual of 1e-6,
# above the rounding errors of float32 features and float64 covariances.
COLLINEAR = 1e-12
# A squared correlation below this share of the largest is a rounding error, or that of a direction without variance
# that only the ridge whitens: the squares come from an eigendecomposition, which is exact to 1e-15 of the largest.
UNCORRELATED = 1e-12
FEW_COLUMNS = 1000
# With a variance of a quarter of the squared mean, subtracting the mean costs three of 52 bits.
MIN_SPREAD = 0.25
MIN_FOR_PRODUCTS = 1000


class RunningCovariance:
    """Means and covariances of two views over chunks of songs, in memory that does not grow with the songs.

    Chunks are merged by the method of Chan, Golub and LeVeque (1983), which stays accurate if the mean is large beside
    the spread. Values are measured from the first song, so that a constant column has a variance of exactly 0.

    Examples
    --------
    >>> running = RunningCovariance()
    >>> running.add(np.array([[1.0], [3.0]]), np.array([[0.0], [2.0]]))
    >>> running.add(np.array([[5.0]]), np.array([[7.0]]))
    >>> Cxx, Cyy, Cxy = running.covariances()
    >>> print(Cxx, Cyy, Cxy, *running.means())
    [[4.]] [[13.]] [[7.]] [3.] [3.]
    """

    def __init__(self) -> None:
        self.n = 0
        self.columns = (0, 0)

    def add(self, X: NDArray[np.floating], Y: NDArray[np.floating]) -> None:
        """Add songs: finite arrays (m, p) and (m, q)."""
        if not self.n:
            self.columns = (X.shape[1], Y.shape[1])
            self._origin = np.concatenate([X[0], Y[0]], dtype=np.float64)
            self._mean = np.zeros(sum(self.columns))
            self._comoment = np.zeros((len(self._mean), len(self._mean)))
        direct = _comoments(X, Y)
        if direct is not None:
            self._merge(len(X), direct[0] - self._origin, direct[1])
            return
        p = self.columns[0]
        buffer = np.empty((min(len(X), ROWS_PER_BLOCK), len(self._mean)))
        for start, block in row_blocks(X):
            m = len(block)
            Z = buffer[:m]
            np.subtract(block, self._origin[:p], out=Z[:, :p])
            np.subtract(Y[start : start + m], self._origin[p:], out=Z[:, p:])
            mean = Z.mean(axis=0)
            Z -= mean
            # One product for both views and the cross terms: a symmetric product costs half of a general one.
            self._merge(m, mean, Z.T @ Z)

    def _merge(self, m: int, mean: Float64, comoment: Float64) -> None:
        """Add ``m`` songs with this mean, measured from the first song, and these products about it."""
        delta = mean - self._mean
        self._comoment += comoment
        self._comoment += np.outer(delta * (self.n * m / (self.n + m)), delta)
        self._mean += delta * (m / (self.n + m))
        self.n += m

    def merge(self, other: "RunningCovariance") -> None:
        """Add the songs of another, which has the same columns; exact, as if `add` had been given its songs.

        Examples
        --------
        >>> halves = RunningCovariance(), RunningCovariance()
        >>> halves[0].add(np.array([[1.0], [3.0]]), np.array([[0.0], [2.0]]))
        >>> halves[1].add(np.array([[5.0]]), np.array([[7.0]]))
        >>> halves[0].merge(halves[1])
        >>> print(*halves[0].covariances(), *halves[0].means())
        [[4.]] [[13.]] [[7.]] [3.] [3.]
        """
        if not other.n:
            return
        if not self.n:
            self.columns, self._origin = other.columns, other._origin.copy()
            self._mean, self._comoment = other._mean.copy(), other._comoment.copy()
            self.n = other.n
            return
        n, m = self.n, other.n
        # The difference of the origins first: of a constant column it is exactly 0, however large the column.
        delta = (other._origin - self._origin) + other._mean - self._mean
        self._comoment += other._comoment
        self._comoment += np.outer(delta * (n * m / (n + m)), delta)
        self._mean += delta * (m / (n + m))
        self.n = n + m

    def means(self) -> tuple[Float64, Float64]:
        """Return the means of both views, shapes (p,) and (q,)."""
        mean, p = self._origin + self._mean, self.columns[0]
        return mean[:p], mean[p:]

    def covariances(self) -> tuple[Float64, Float64, Float64]:
        """Return C_xx (p, p), C_yy (q, q) and C_xy (p, q), with ddof 1; needs two songs."""
        C, p = self._comoment / (self.n - 1), self.columns[0]
        return C[:p, :p], C[p:, p:], C[:p, p:]


def _comoments(X: NDArray[np.floating], Y: NDArray[np.floating]) -> tuple[Float64, Float64] | None:
    """Mean (p + q,) of both views and their products about it, from products of the uncentred views.

    No song is copied, so this is as fast as the products themselves. None if it would cost digits: for a column with a
    mean that is large beside its spread, such as a constant one, and for float32, whose products would be rounded.
    """
    (n, p), q = X.shape, Y.shape[1]
    if X.dtype != np.float64 or Y.dtype != np.float64 or n < MIN_FOR_PRODUCTS:
        return None
    ones = np.ones(n)
    mean = np.concatenate([ones @ X, ones @ Y]) / n
    products = np.empty((p + q, p + q))
    np.matmul(X.T, X, out=products[:p, :p])
    np.matmul(Y.T, Y, out=products[p:, p:])
    np.matmul(X.T, Y, out=products[:p, p:])
    products[p:, :p] = products[:p, p:].T
    products -= np.outer(mean * n, mean)
    # The rest of a column's sum of squares without its mean; each halving costs a bit.
    if not (products.diagonal() >= MIN_SPREAD * n * mean**2).all():
        return None
    return mean, products


def whitener(C: Float64, ridge: float = 0.0) -> Float64:
    """Compute W with W' (C + ridge I) W = I; its number of columns is the rank of C + ridge I.

    Parameters
    ----------
    C : array, shape (p, p)
        A covariance.
    ridge : float
        At least 0.

    Returns
    -------
    array, shape (p, rank)
        Column j of a full-rank result depends only on the first j + 1 columns of the data (Cholesky). Otherwise the
        directions that vary are kept, independent of the units of the columns (eigenvectors of the correlation matrix).

    Examples
    --------
    >>> whitener(np.diag([4.0, 0.25])).diagonal()
    array([0.5, 2. ])
    >>> whitener(np.ones((2, 2))).shape  # two columns that are the same
    (2, 1)
    """
    C = C + ridge * np.eye(len(C))
    variance = C.diagonal()
    try:
        L = np.linalg.cholesky(C)
        # L_jj^2 is the variance of column j that the columns before it do not explain.
        if (L.diagonal() ** 2 > COLLINEAR * variance).all():
            # SciPy has a BLAS of its own. For a few columns, waking its threads beside NumPy's costs more than
            # inverting L as a full matrix.
            inverse = np.tril(np.linalg.inv(L)) if len(L) <= FEW_COLUMNS else dtrtri(L, lower=1)[0]
            return np.ascontiguousarray(inverse.T)
    except np.linalg.LinAlgError:
        pass
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    values, vectors = eigh(C / np.outer(scale, scale), check_finite=False)
    kept = values > COLLINEAR * values[-1] if values[-1] > 0 else np.zeros(len(values), dtype=bool)
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]) / scale[:, None])


def correlated(squares: Float64) -> NDArray[np.bool_]:
    """Return which components correlate: the fit of a CCA and the choice of its ridges keep these, and no others.

    A ridge also whitens directions in which the training songs do not vary, such as constant columns, or the difference
    of equal ones. They tell nothing about pairs, but new songs may vary there, and their weights are large: up to
    1 / sqrt(ridge).

    Parameters
    ----------
    squares : array, shape (k,)
        Squared canonical correlations, as computed.

    Returns
    -------
    array of bool, shape (k,)

    Examples
    --------
    >>> correlated(np.array([0.25, 1e-4, 1e-17, 0.0, -1e-18]))
    array([ True,  True, False, False, False])
    """
    return np.asarray(squares > UNCORRELATED * squares.max(initial=0.0))


def song_span(X: NDArray[np.floating]) -> Float64 | None:
    """Return an orthonormal basis (p, r) of the space that n < p songs span about their mean, else None.

    r is n, although the songs span n - 1 dimensions at most; or their rank, if they span fewer, as with columns that
    repeat each other.

    Examples
    --------
    >>> song_span(np.zeros((3, 2))) is None, song_span(np.eye(2, 5)).shape
    (True, (5, 2))
    """
    if X.shape[1] <= len(X):
        return None
    centred = X - X.mean(axis=0, dtype=np.float64)
    # The deviation of equal numbers from their rounded mean need not be 0.
    centred[:, X.min(axis=0) == X.max(axis=0)] = 0.0
    Q, R = qr(centred.T, mode="economic", overwrite_a=True, check_finite=False)
    # The songs are R in this basis. Where no song has more than a rounding error, the direction is arbitrary, and
    # rounding errors of different directions are independent: without a ridge they would count as columns.
    length = np.linalg.norm(R, axis=1)
    kept = length > max(X.shape) * np.finfo(np.float64).eps * length.max()
    kept[0] = True  # for songs that do not vary
    return np.ascontiguousarray(Q[:, kept]) if np.count_nonzero(kept) < len(X) - 1 else np.asarray(Q)
