"""Choice of the two ridges of a canonical correlation analysis by retrieval of held-out songs."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from alcca.errors import DataError, UsageError
from alcca.models.covariance import correlated
from alcca.models.held_out import group_codes, inner_folds
from alcca.models.settings import is_number, whole_number

__all__ = ["Grids", "Ridges", "chosen_ridges", "ridge_grids", "ridge_scores"]

Float64: TypeAlias = NDArray[np.float64]
Grids: TypeAlias = tuple[Float64, Float64]
Ridges: TypeAlias = float | Sequence[float] | Sequence[float | Sequence[float]]

# Held-out songs that are ranked against each other. Memory is the square of this; the error of the mean of 2,000
# reciprocal ranks is smaller than the differences between steps of a grid.
MAX_RANKED = 2000
# Eigenvalues below this share of the largest are rounding errors.
NEGLIGIBLE = 1e-12


def ridge_grids(ridges: Ridges) -> Grids:
    """Convert a number, one grid, or a pair of grids to (grid of audio, grid of lyrics), each ascending.

    Raises
    ------
    UsageError
        The ridges are none of these, a grid is empty, or a number is negative, NaN or infinite.

    Examples
    --------
    >>> ridge_grids((10, 1))
    (array([ 1., 10.]), array([ 1., 10.]))
    >>> ridge_grids(((100, 10), 1))
    (array([ 10., 100.]), array([1.]))
    """
    members = _members(ridges)
    one = _grid(members)
    pair = [_grid(_members(grid)) for grid in members] if one is None else [one, one]
    gx, gy = pair if len(pair) == 2 else (None, None)
    if gx is None or gy is None:
        raise UsageError(
            f"ridges={ridges!r}: expected numbers of at least 0, one grid for both views or a pair of grids "
            "(audio, lyrics)"
        )
    return gx, gy


def _members(grid: Any) -> list[Any]:
    plain = grid.tolist() if isinstance(grid, np.ndarray) else grid
    return list(plain) if isinstance(plain, Iterable) else [plain]


def _grid(members: list[Any]) -> Float64 | None:
    """Numbers of at least 0, ascending, without repetitions; None for anything else."""
    if not members or not all(is_number(member) and 0 <= member < np.inf for member in members):
        return None
    return np.unique(np.array(members, dtype=np.float64))


def ridge_scores(
    X: NDArray[np.floating],
    Y: NDArray[np.floating],
    grids: Grids,
    k: int,
    folds: int,
    random_state: int,
    groups: Any = None,
) -> Float64:
    """Score every pair of ridges by the retrieval of held-out songs.

    The score is the mean reciprocal rank of the right song, by cosine of k canonical variates, over both directions
    and all folds; ties count against the pair, and other songs of the right song's group are wrong, as in the test
    folds of a comparison. Each fold needs one eigendecomposition a view, as a ridge only shifts the eigenvalues; each
    pair of ridges then needs one of a Gram matrix of the smaller view.

    Parameters
    ----------
    X, Y : arrays, shapes (n, p) and (n, q)
        Standardised columns or kernel features; row i of both is song i.
    grids : (array, array)
        From `ridge_grids`.
    k : int
        Components of the cosine, at least 1.
    folds : int
        At least 2; the songs are dealt to them at random. At most 2,000 songs of a fold are ranked.
    random_state : int
        Seeds the dealing.
    groups : sequence of hashable, length n, optional
        Songs of one group are held out together (`alcca.models.held_out.inner_folds`).

    Returns
    -------
    array, shape (ridges of audio, ridges of lyrics)
        In (0, 1].

    Raises
    ------
    DataError
        There are fewer than two songs a fold, the groups do not fill two folds, or there are not as many groups as
        songs.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> ridge_scores(X, 3 - 2 * X, ridge_grids((0, 100)), k=2, folds=3, random_state=0).shape
    (2, 2)
    """
    n = len(X)
    if n < 2 * folds:
        raise DataError(
            f"{n} songs are too few to choose ridges on {folds} folds; expected at least {2 * folds}, "
            "lower folds or give one ridge a view"
        )
    views = _Songs(X), _Songs(Y)
    scores = np.zeros((len(grids[0]), len(grids[1])))
    for held_out in inner_folds(group_codes(groups, n), folds, random_state):
        train, ranked = np.setdiff1d(np.arange(n), held_out), held_out[:MAX_RANKED]
        audio, lyrics = (view.principal_scores(train, ranked) for view in views)
        # The Gram matrices have the size of the second view: make it the smaller one.
        if len(audio[0]) >= len(lyrics[0]):
            scores += len(held_out) / n * _fold_scores(audio, lyrics, grids, k)
        else:
            scores += len(held_out) / n * _fold_scores(lyrics, audio, grids[::-1], k).T
    return scores


def chosen_ridges(
    X: NDArray[np.floating],
    Y: NDArray[np.floating],
    grids: Grids,
    k: int,
    folds: int,
    random_state: int,
    groups: Any = None,
) -> tuple[tuple[float, float], Float64]:
    """Return the pair of ridges with the highest of `ridge_scores`, and the scores.

    Of pairs with equal scores, the one with the largest ridges, which fits the data least, is returned. If the grids
    hold only one pair, it is returned, with the score NaN.

    Raises
    ------
    UsageError
        There are fewer than two folds.
    DataError
        As raised by `ridge_scores`.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> chosen_ridges(X, 3 - 2 * X, ridge_grids((5,)), k=2, folds=3, random_state=0)
    ((5.0, 5.0), array([[nan]]))
    """
    folds = whole_number("folds", folds, 2)
    gx, gy = grids
    if len(gx) == len(gy) == 1:
        return (float(gx[0]), float(gy[0])), np.full((1, 1), np.nan)
    scores = ridge_scores(X, Y, grids, k, folds, random_state, groups)
    i, j = max(np.argwhere(scores == scores.max()).tolist(), key=lambda pair: (gx[pair[0]] * gy[pair[1]], pair))
    return (float(gx[i]), float(gy[j])), scores


class _Songs:
    """One view of all songs, for projections on the principal axes of some of them."""

    def __init__(self, X: NDArray[np.floating]) -> None:
        self.X, self.gram = X, None
        # With more columns than songs, inner products of songs suffice for any ridge.
        if X.shape[1] > len(X):
            centred = X - X.mean(axis=0, dtype=np.float64)
            self.gram = centred @ centred.T

    def principal_scores(self, train: NDArray[Any], others: NDArray[Any]) -> tuple[Float64, Float64, Float64]:
        """Return variances (r,) along the principal axes of ``train``, its scores (m, r) and those of ``others``."""
        m = len(train)
        if self.gram is None:
            mean = self.X[train].mean(axis=0, dtype=np.float64)
            A = self.X[train] - mean
            variances, V = _spectrum(A.T @ A / (m - 1))
            return variances, A @ V, (self.X[others] - mean) @ V
        K = self.gram[np.ix_(train, train)]
        mean = K.mean(axis=0)
        variances, U = _spectrum((K - mean - mean[:, None] + mean.mean()) / (m - 1))
        length = np.sqrt(variances * (m - 1))
        # Constants over the training songs vanish, as the columns of U sum to 0.
        outside = (self.gram[np.ix_(others, train)] - mean) @ U
        return variances, U * length, np.divide(outside, length, out=np.zeros_like(outside), where=length > 0)


def _spectrum(C: Float64) -> tuple[Float64, Float64]:
    """Eigenvalues and eigenvectors without rounding errors; at least one, which is 0 if nothing varies."""
    values, vectors = eigh(C, check_finite=False)
    kept = values > NEGLIGIBLE * max(values[-1], 0.0)
    kept[-1] = True
    return values[kept].clip(0), vectors[:, kept]


def _fold_scores(
    first: tuple[Float64, Float64, Float64], second: tuple[Float64, Float64, Float64], grids: Grids, k: int
) -> Float64:
    """Score the grid on the held-out songs of one fold; each view comes from `_Songs.principal_scores`."""
    (lx, Tx, Hx), (ly, Ty, Hy) = first, second
    M = Tx.T @ Ty / (len(Tx) - 1)
    k = min(k, len(ly))
    scores = np.empty((len(grids[0]), len(grids[1])))
    for i, rx in enumerate(grids[0]):
        shrunk = _inverse(lx + rx)[:, None] * M
        G, P = M.T @ shrunk, Hx @ shrunk
        for j, ry in enumerate(grids[1]):
            whitening = np.sqrt(_inverse(ly + ry))
            # T'T for the whitened cross-covariance T of CCA: its eigenvalues are the squared correlations.
            squares, Q = eigh(
                whitening[:, None] * G * whitening,
                subset_by_index=(len(ly) - k, len(ly) - 1),
                check_finite=False,
                overwrite_a=True,
            )
            # As in the fit; an inverse would amplify the rounding errors of the rest.
            squares[~correlated(squares)] = 0
            weights = whitening[:, None] * Q * (squares > 0)
            scores[i, j] = _mean_reciprocal_rank(P @ (weights * np.sqrt(_inverse(squares))), Hy @ weights)
    return scores


def _inverse(values: Float64) -> Float64:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def _mean_reciprocal_rank(Za: Float64, Zt: Float64) -> float:
    """Mean over both directions of 1 / rank of the right song by cosine; ties count against it."""
    # Divided, not multiplied by an inverse: with one component every cosine is exactly 1 or -1, so ties are exact.
    Za, Zt = (
        np.divide(Z, length, out=np.zeros_like(Z), where=length > 0)
        for Z, length in ((Z, np.linalg.norm(Z, axis=1, keepdims=True)) for Z in (Za, Zt))
    )
    cosines = Za @ Zt.T
    own = cosines.diagonal()
    lyrics_for_audio, audio_for_lyrics = (cosines >= own[:, None]).sum(axis=1), (cosines >= own).sum(axis=0)
    return float((1 / lyrics_for_audio).mean() + (1 / audio_for_lyrics).mean()) / 2
