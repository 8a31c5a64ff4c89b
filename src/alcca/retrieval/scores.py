"""Ranks of the right items when a gallery is sorted by a matrix of scores, of any origin.

As in `alcca.retrieval.ranking`, ties count against the system, and scores that are equal up to rounding are ties: sums
of the same terms in another order differ by some units in the last place of the largest term. So scores of one query
count as equal if they differ by no more than ``4096 eps`` (1e-12) of its largest absolute score.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.retrieval.ranking import is_labelled, rows_by_label

__all__ = ["checked_scores", "score_category_ranks", "score_instance_ranks", "score_ties"]

TIE = 4096 * float(np.finfo(np.float64).eps)
# Queries at a time; a mask of 256 rows of 10,000 items is 2.5 MB.
BLOCK = 256


def score_instance_ranks(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Rank of column ``i`` for query ``i``.

    Parameters
    ----------
    scores : array, shape (n, m), m >= n
        Row ``i`` has the scores of all gallery items for query ``i``, higher is better. Its right item is column ``i``;
        columns from n on are right for no query.

    Returns
    -------
    (n,) array of int64
        1 is best, m worst: ``1 + #{j != i : s_ij >= s_ii}``, ties counted against the system.

    Raises
    ------
    DataError
        The array is not two-dimensional, is empty, has fewer columns than rows, or has NaN or infinite scores.

    Examples
    --------
    >>> score_instance_ranks(np.array([[3.0, 1.0, 0.0], [5.0, 5.0, 7.0]]))
    array([1, 3])
    """
    scores = checked_scores(scores)
    n, m = scores.shape
    if m < n:
        raise DataError(f"expected scores of shape (n, m) with m >= n (column i is right for query i), got ({n}, {m})")
    right = scores.diagonal() - score_ties(scores)
    ranks = np.empty(n, dtype=np.int64)
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        # The count includes the right item itself, which is the 1 of a 1-based rank.
        ranks[rows] = np.count_nonzero(scores[rows] >= right[rows, None], axis=1)
    return ranks


def score_category_ranks(
    scores: NDArray[np.floating], query_labels: Sequence[Hashable], gallery_labels: Sequence[Hashable]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rank of the first gallery item that has the query's label.

    Parameters
    ----------
    scores : array, shape (n, m)
        Row ``i`` has the scores of all gallery items for query ``i``, higher is better.
    query_labels, gallery_labels : sequences of n and m labels
        None, NaN and "" mean unlabelled. An unlabelled query is skipped; an unlabelled gallery item stays in the
        gallery and is right for no query.

    Returns
    -------
    ranks : (k,) array of int64
        For the k labelled queries: ``1 + #{j of another label : s_j >= best s of the label}``.
    rows : (k,) array of int64
        Indices of these queries, ascending.

    Raises
    ------
    DataError
        The shapes do not fit, scores are NaN or infinite, or no gallery item has a query's label.

    Examples
    --------
    >>> score_category_ranks(np.array([[1.0, 2.0], [3.0, 3.0]]), ["sad", "gay"], ["sad", "gay"])
    (array([2, 2]), array([0, 1]))
    """
    scores = checked_scores(scores)
    if scores.shape != (len(query_labels), len(gallery_labels)):
        raise DataError(
            f"expected one label for each row and column of the scores, {scores.shape}, got {len(query_labels)} and "
            f"{len(gallery_labels)}"
        )
    items, tie = rows_by_label(gallery_labels), score_ties(scores)
    rows = np.array([row for row, label in enumerate(query_labels) if is_labelled(label)], dtype=np.int64)
    ranks = np.empty(len(rows), dtype=np.int64)
    for place, row in enumerate(rows.tolist()):
        label = query_labels[row]
        if label not in items:
            raise DataError(f"no gallery item has the label {label!r} of query {row}; remove such queries")
        beats = scores[row] >= scores[row, items[label]].max() - tie[row]
        ranks[place] = 1 + np.count_nonzero(beats) - np.count_nonzero(beats[items[label]])
    return ranks, rows


def score_ties(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest difference of two scores that counts as a tie, for each query.

    Examples
    --------
    >>> float(score_ties(np.array([[1.0, -2.0]]))[0] / np.finfo(np.float64).eps)
    8192.0
    """
    ties: NDArray[np.float64] = TIE * np.maximum(scores.max(axis=1), -scores.min(axis=1))
    return ties


def checked_scores(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return scores in float64, one row a query and one column a gallery item.

    Raises
    ------
    DataError
        The array is not two-dimensional, is empty, or has NaN or infinite scores.

    Examples
    --------
    >>> checked_scores([[1, 2]])
    array([[1., 2.]])
    """
    checked: NDArray[np.float64] = np.asarray(scores, dtype=np.float64)
    if checked.ndim != 2 or 0 in checked.shape:
        raise DataError(f"expected scores as a non-empty two-dimensional array (n, m), got shape {checked.shape}")
    bad = ~np.isfinite(checked).all(axis=1)
    if bad.any():
        raise DataError(f"row {np.argmax(bad)} of the scores holds NaN or infinite values")
    return checked
