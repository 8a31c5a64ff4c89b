"""Ranks of all relevant items of each query, for mean average precision, and which items are relevant.

A query may have several relevant items: at the category level, the songs that share at least one label with it. Ties
are counted against the system: an irrelevant item with the same score as a relevant one is ranked before it. Which
scores are equal is said in `alcca.retrieval.ranking` for cosines, and in `alcca.retrieval.scores` for other scores. So
the first of a query's ranks is that of `category_ranks`.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alcca.errors import DataError
from alcca.retrieval.ranking import BLOCK, cosine_tie, is_labelled, unit_rows
from alcca.retrieval.scores import checked_scores, score_ties

__all__ = [
    "checked_gains",
    "cosine_blocks",
    "relevant_ranks",
    "score_blocks",
    "score_order",
    "score_relevant_ranks",
    "shared_labels",
]

SEVERAL = (set, frozenset, list, tuple, np.ndarray)
# Rows of scores, the queries that they belong to, and the largest difference that is a tie, for each query.
Block = tuple[NDArray[np.float64], slice, NDArray[np.float64]]


def shared_labels(query_labels: Sequence[Any], gallery_labels: Sequence[Any]) -> NDArray[np.int32]:
    """Count the labels that each query shares with each gallery item.

    The count is a graded gain for nDCG; where it is above 0, the item is relevant.

    Parameters
    ----------
    query_labels, gallery_labels : sequences of m and n entries
        An entry is one label, or several in a set, list, tuple or array. None, NaN, "" and entries without any label
        mean unlabelled: they share nothing.

    Returns
    -------
    (m, n) array of int32
        0 where no label is shared. The row of a query that no item shares a label with is all 0.

    Raises
    ------
    DataError
        A label is not hashable, such as a dict; or the labels are a two-dimensional array.

    Examples
    --------
    >>> shared_labels(["sad", {"sad", "slow"}, None], [["slow", "sad"], "sad", "", "fast"])
    array([[1, 1, 0, 0],
           [2, 1, 0, 0],
           [0, 0, 0, 0]], dtype=int32)
    """
    from scipy.sparse import csr_array

    number: dict[Hashable, int] = {}
    sides = []
    for name, entries in (("query", query_labels), ("gallery", gallery_labels)):
        if isinstance(entries, np.ndarray) and entries.ndim != 1:
            raise DataError(
                f"{name}_labels: expected one entry for each item, got an array of shape {entries.shape}; for "
                "indicator matrices Q (m, l) and G (n, l), the shared labels are Q @ G.T"
            )
        found = [sorted(_numbers(number, entry, f"{name}_labels[{row}]")) for row, entry in enumerate(entries)]
        sides.append((np.cumsum([0, *map(len, found)]), np.array([n for own in found for n in own], dtype=np.int64)))
    queries, gallery = (
        csr_array((np.ones(len(columns), np.int32), columns, ends), shape=(len(ends) - 1, max(len(number), 1)))
        for ends, columns in sides
    )
    shared = np.empty((queries.shape[0], gallery.shape[0]), dtype=np.int32)
    for start in range(0, len(shared), BLOCK):
        shared[start : start + BLOCK] = (queries[start : start + BLOCK] @ gallery.T).toarray()
    return shared


def _numbers(number: dict[Hashable, int], entry: Any, name: str) -> set[int]:
    """The numbers of an entry's labels; new labels get the next ones."""
    labels = entry if isinstance(entry, SEVERAL) else [entry]
    try:
        return {number.setdefault(label, len(number)) for label in labels if is_labelled(label)}
    except TypeError as error:
        raise DataError(f"{name}: expected a label, or several in a list, got {entry!r} ({error})") from error


def relevant_ranks(
    queries: NDArray[np.floating], gallery: NDArray[np.floating], relevant: ArrayLike, *, block: int = BLOCK
) -> list[NDArray[np.int64]]:
    """Ranks of all relevant items of each query, by cosine similarity.

    Parameters
    ----------
    queries : (m, d) array
    gallery : (n, d) array
    relevant : (m, n) array
        Above 0 (or True) where the item is relevant for the query, as from `shared_labels`.
    block : int
        Queries compared at a time; memory is ``8 * block * n`` bytes. The result does not depend on it.

    Returns
    -------
    list of m arrays of int64
        For each query its relevant items' ranks, ascending: the k-th best of them has the rank
        ``k + #{j irrelevant : s_j >= its s}``, ties counted against the system.

    Raises
    ------
    DataError
        The shapes do not fit, values are NaN, infinite or (relevant) negative, or a query has no relevant item.

    Examples
    --------
    >>> relevant_ranks(np.eye(2), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), [[1, 1, 0], [0, 1, 1]])
    [array([1, 3]), array([1, 2])]
    """
    blocks = cosine_blocks(queries, gallery, block)
    return _all_ranks(blocks, checked_gains(relevant, (len(queries), len(gallery))) > 0)


def score_relevant_ranks(scores: NDArray[np.floating], relevant: ArrayLike) -> list[NDArray[np.int64]]:
    """Ranks of all relevant items of each query, by a matrix of scores.

    Parameters
    ----------
    scores : (m, n) array
        Row ``i`` has the scores of all gallery items for query ``i``, higher is better.
    relevant : (m, n) array
        Above 0 (or True) where the item is relevant for the query, as from `shared_labels`.

    Returns
    -------
    list of m arrays of int64
        As from `relevant_ranks`.

    Raises
    ------
    DataError
        The shapes do not fit, values are NaN, infinite or (relevant) negative, or a query has no relevant item.

    Examples
    --------
    >>> scores = np.array([[3.0, 2.0, 2.0, 1.0]])
    >>> score_relevant_ranks(scores, [[1, 1, 0, 0]])
    [array([1, 3])]
    """
    scores = checked_scores(scores)
    return _all_ranks(score_blocks(scores), checked_gains(relevant, scores.shape) > 0)


def score_order(
    scores: NDArray[np.floating], gains: ArrayLike, *, tie: float | None = None
) -> Iterator[NDArray[np.int64]]:
    """The gallery in ranked order for each query, where equal scores are ordered by ascending gain.

    This is the one order of the items in which the ranks are those of `score_relevant_ranks`.

    Parameters
    ----------
    scores, gains : (m, n) arrays
        As for `score_relevant_ranks`; gains may be graded.
    tie : float, optional
        The largest difference of two scores that counts as a tie, such as `alcca.retrieval.ranking.cosine_tie` of
        cosines; by default that of `alcca.retrieval.scores`.

    Yields
    ------
    (n,) array of int64
        Columns of the scores, best first; m times.

    Raises
    ------
    DataError
        As from `score_relevant_ranks`.

    Examples
    --------
    >>> [order.tolist() for order in score_order(np.array([[1.0, 2.0, 2.0]]), [[0, 1, 0]])]
    [[2, 1, 0]]
    """
    scores = checked_scores(scores)
    gains = checked_gains(gains, scores.shape)
    ties = score_ties(scores).tolist() if tie is None else [tie] * len(scores)
    for own_scores, own_gains, tie in zip(scores, gains, ties, strict=True):
        order = np.argsort(-own_scores, kind="stable")
        right = order[own_gains[order] > 0]
        # Relevant items that tie among one another, in ascending order of gain.
        run = np.cumsum(np.append(0, own_scores[right[1:]] < own_scores[right[:-1]] - tie))
        right = right[np.lexsort((own_gains[right], run))]
        places = _ranks(own_scores, own_gains > 0, tie) - 1
        ranked = np.empty(len(order), dtype=np.int64)
        ranked[places] = right
        ranked[np.delete(np.arange(len(order)), places)] = order[own_gains[order] == 0]
        yield ranked


def cosine_blocks(queries: NDArray[np.floating], gallery: NDArray[np.floating], block: int = BLOCK) -> Iterator[Block]:
    """Cosines of an (m, d) and an (n, d) array, some queries at a time: cosines, queries, and the tie of each.

    Raises
    ------
    DataError
        The shapes do not fit, or values are NaN or infinite.

    Examples
    --------
    >>> [(scores.shape, rows) for scores, rows, _ in cosine_blocks(np.eye(3), np.eye(3)[:1], 2)]
    [((2, 1), slice(0, 2, None)), ((1, 1), slice(2, 3, None))]
    """
    unit_queries, unit_gallery = unit_rows(queries, "queries"), unit_rows(gallery, "gallery")
    if unit_queries.shape[1] != unit_gallery.shape[1]:
        raise DataError(
            f"expected queries and gallery with the same number of columns, got {unit_queries.shape[1]} and "
            f"{unit_gallery.shape[1]}"
        )
    tie = cosine_tie(unit_gallery)
    for start in range(0, len(unit_queries), block):
        rows = slice(start, min(start + block, len(unit_queries)))
        scores = unit_queries[rows] @ unit_gallery.T
        yield scores, rows, np.full(len(scores), tie)


def score_blocks(scores: NDArray[np.floating]) -> Iterator[Block]:
    """An (m, n) matrix of scores as `cosine_blocks` yields cosines, here in one block.

    Raises
    ------
    DataError
        The array is not two-dimensional, is empty, or has NaN or infinite scores.

    Examples
    --------
    >>> [rows for _, rows, _ in score_blocks(np.eye(3))]
    [slice(0, 3, None)]
    """
    scores = checked_scores(scores)
    yield scores, slice(0, len(scores)), score_ties(scores)


def checked_gains(gains: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return gains of relevant items, one for each query and gallery item, after their check.

    Raises
    ------
    DataError
        The array has another shape than ``shape``, NaN, infinite or negative values, or a row without any gain.

    Examples
    --------
    >>> checked_gains([[0, 2]], (1, 2))
    array([[0, 2]])
    """
    values = np.asarray(gains)
    if values.dtype.kind not in "fiub" or values.shape != shape:
        raise DataError(
            f"expected relevance as numbers of shape {shape}, one for each query and gallery item, got "
            f"{values.dtype} of shape {values.shape}"
        )
    if values.dtype.kind in "fi" and not (np.isfinite(values).all() and (values >= 0).all()):
        bad = np.argmin((np.isfinite(values) & (values >= 0)).all(axis=1))
        raise DataError(f"row {bad} of the relevance is negative, NaN or infinite; expected 0 for irrelevant items")
    without = np.flatnonzero(~values.any(axis=1))
    if len(without):
        named = ", ".join(map(str, without[:5])) + (", …" if len(without) > 5 else "")
        raise DataError(
            f"{len(without)} of {len(values)} queries have no relevant item (rows {named}); leave out these queries"
        )
    return values


def _all_ranks(blocks: Iterable[Block], relevant: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    return [
        _ranks(*query)
        for scores, rows, ties in blocks
        for query in zip(scores, relevant[rows], ties.tolist(), strict=True)
    ]


def _ranks(scores: NDArray[np.float64], relevant: NDArray[np.bool_], tie: float) -> NDArray[np.int64]:
    """The ranks of one query's relevant items, ascending."""
    wrong = np.sort(scores[~relevant])
    right = np.sort(scores[relevant])[::-1]
    before = len(wrong) - np.searchsorted(wrong, right - tie, side="left")
    return (before + np.arange(1, len(right) + 1)).astype(np.int64)
