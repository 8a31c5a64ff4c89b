"""Kernels of songs as features of few columns: the Nyström method."""

from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alcca.models.base import Standardizer, row_blocks

__all__ = ["NystromMap", "kernel_matrix", "median_gamma"]

Float64: TypeAlias = NDArray[np.float64]

# They give half a million distances, whose median is exact to within 0.2 % of its rank.
SONGS_FOR_MEDIAN = 1000
# Directions whose share of the landmarks' kernel is below this are rounding errors.
NEGLIGIBLE = 1e-12


def kernel_matrix(A: NDArray[np.floating], B: NDArray[np.floating], gamma: float | None) -> Float64:
    r"""Return the kernel of every song of ``A`` with every song of ``B``; about 1 for a song with itself.

    Parameters
    ----------
    A, B : arrays, shapes (n, p) and (m, p)
        Standardised columns.
    gamma : float or None
        The radial basis function :math:`\exp(-\gamma \lVert a - b \rVert^2)`; None for the linear kernel
        :math:`a^\top b / p`.

    Returns
    -------
    array, shape (n, m)

    Examples
    --------
    >>> A = np.array([[1.0, 1.0], [1.0, -1.0]])
    >>> print(kernel_matrix(A, A, None))
    [[1. 0.]
     [0. 1.]]
    >>> print(kernel_matrix(A, A, 0.25).round(3))
    [[1.    0.368]
     [0.368 1.   ]]
    """
    X, Y = np.asarray(A, dtype=np.float64), np.asarray(B, dtype=np.float64)
    return np.asarray(X @ Y.T / X.shape[1] if gamma is None else np.exp(-gamma * _squared_distances(X, Y)))


def _squared_distances(A: Float64, B: Float64) -> Float64:
    squares = (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2 * (A @ B.T)
    return np.asarray(np.maximum(squares, 0.0))  # rounding can make the distance of equal songs negative


def median_gamma(X: NDArray[np.floating], standardizer: Standardizer, rng: np.random.Generator) -> float:
    """Return 1 / (median squared distance of two songs), so that the median value of the kernel is 1/e.

    Parameters
    ----------
    X : array, shape (n, p)
        If there are more than 1,000 songs, 1,000 random ones are used.
    standardizer : Standardizer
        Applied to them first.
    rng : numpy.random.Generator

    Returns
    -------
    float
        1 if the median is 0, as among equal songs.

    Examples
    --------
    >>> X = np.array([[5.0], [9.0]])  # -1 and 1 in units of the standard deviation
    >>> median_gamma(X, Standardizer.of(X), np.random.default_rng(0))
    0.25
    """
    sample = X if len(X) <= SONGS_FOR_MEDIAN else X[rng.choice(len(X), SONGS_FOR_MEDIAN, replace=False)]
    A = standardizer.apply(sample).astype(np.float64)
    median = float(np.median(_squared_distances(A, A)[np.triu_indices(len(A), 1)]))
    return 1 / median if median > 0 else 1.0


class NystromMap(NamedTuple):
    """Features whose inner products approximate a kernel, by means of some songs, the landmarks.

    With K_LL the kernel of the landmarks, the features of a song are k(song, landmarks) K_LL^(-1/2), in the basis of
    the eigenvectors of K_LL. Inner products of features equal the kernel if one of the two songs is a landmark or a
    combination of landmarks in feature space; with every song as a landmark the kernel is exact.

    Parameters
    ----------
    standardizer : Standardizer
        Of the columns of the view.
    landmarks : array of float32, shape (m, p)
        Standardised.
    whitening : array, shape (m, m)
        Columns of 0 for directions that the landmarks do not span.
    gamma : float or None
        As in `kernel_matrix`.

    References
    ----------
    Williams, C. K. I., Seeger, M. (2001). Using the Nyström method to speed up kernel machines. NIPS 13, 682-688.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(5, 40))
    >>> features = NystromMap.of(X, Standardizer.of(X), np.arange(5), gamma=0.01).apply(X)
    >>> Z = Standardizer.of(X).apply(X)
    >>> np.allclose(features @ features.T, kernel_matrix(Z, Z, 0.01))
    True
    """

    standardizer: Standardizer
    landmarks: NDArray[np.float32]
    whitening: Float64
    gamma: float | None

    @classmethod
    def of(cls, X: NDArray[Any], standardizer: Standardizer, rows: NDArray[Any], gamma: float | None) -> Self:
        """Make a map with the songs ``rows`` of ``X``, shape (n, p), as landmarks."""
        landmarks = standardizer.apply(X[rows])
        values, U = np.linalg.eigh(kernel_matrix(landmarks, landmarks, gamma))
        kept = values > NEGLIGIBLE * max(values[-1], 0.0)
        whitening = U * np.divide(1.0, np.sqrt(np.where(kept, values, 1.0)), out=np.zeros_like(values), where=kept)
        return cls(standardizer, landmarks, whitening, gamma)

    def apply(self, X: NDArray[Any]) -> Float64:
        """Return the features of songs, (n, p) to (n, m), without a copy of the view."""
        features = np.empty((len(X), self.whitening.shape[1]))
        for start, block in row_blocks(X):
            kernel = kernel_matrix(self.standardizer.apply(block), self.landmarks, self.gamma)
            np.matmul(kernel, self.whitening, out=features[start : start + len(block)])
        return features
