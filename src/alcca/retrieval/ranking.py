"""Where the right items stand when a gallery is sorted by cosine similarity to a query.

Ties count against the system: an item whose similarity equals the right item's stands before it, so a model
that maps everything to one point gets the worst rank, not the best. Equal means equal up to rounding. A matrix
product may sum the same two rows in a different order in different blocks, so two equal cosines can come out
a few units in the last place apart; computed cosines of d-dimensional unit rows lie within (d + 8) eps of the
true ones, hence every pair closer than ``2 (d + 8) eps`` (4e-14 for d = 80) is taken for a tie.

No similarity matrix of the whole gallery is kept and nothing is sorted: a rank is one plus a count.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError

__all__ = ["category_ranks", "cosines", "instance_ranks", "is_labelled", "row_norms", "rows_by_label", "top_k"]

# Queries per matrix product: 256 rows against 10,000 items are 20 MB of similarities, and larger blocks gain nothing.
BLOCK = 256


def instance_ranks(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    *,
    distractors: NDArray[np.floating] | None = None,
    block: int = BLOCK,
) -> NDArray[np.int64]:
    """Rank of row ``i`` of the gallery for query ``i``, by cosine similarity.

    Parameters
    ----------
    queries, gallery : (n, d) array
        Row ``i`` of both is the same song. A row of zeros has cosine 0 with everything.
    distractors : (k, d) array, optional
        Further items of the gallery, which are right for nobody.
    block : int
        Queries compared at a time; memory is ``8 * block * n`` bytes. The result does not depend on it.

    Returns
    -------
    (n,) array of int64
        1 is best, n + k worst: ``1 + #{j != i : s_ij >= s_ii}``, ties counted against the system.

    Raises
    ------
    DataError
        Different shapes, no rows, NaN or infinite values.

    Examples
    --------
    >>> import numpy as np
    >>> audio = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> lyrics = np.array([[1.0, 0.1], [1.0, 0.0], [1.0, 0.9]])
    >>> instance_ranks(audio, lyrics)
    array([2, 3, 1])
    >>> instance_ranks(np.ones((4, 2)), np.ones((4, 2)))   # a constant scorer
    array([4, 4, 4, 4])
    """
    unit_queries, unit_gallery = _unit_rows(queries, "queries"), _unit_rows(gallery, "gallery")
    if unit_queries.shape != unit_gallery.shape:
        raise DataError(
            f"expected queries and gallery of the same shape (row i of both is one song), got "
            f"{unit_queries.shape} and {unit_gallery.shape}"
        )
    others = None
    if distractors is not None:
        others = _unit_rows(distractors, "distractors")
        if others.shape[1] != unit_gallery.shape[1]:
            raise DataError(
                f"expected distractors with the gallery's {unit_gallery.shape[1]} columns, got {others.shape[1]}"
            )
    n = len(unit_queries)
    # The right item counts itself here, which is the 1 of a 1-based rank.
    right = np.einsum("ij,ij->i", unit_queries, unit_gallery) - _tie(unit_gallery)
    ranks = np.empty(n, dtype=np.int64)
    for start in range(0, n, block):
        rows = slice(start, start + block)
        similarity = unit_queries[rows] @ unit_gallery.T
        ranks[rows] = np.count_nonzero(similarity >= right[rows, None], axis=1)
        if others is not None:
            ranks[rows] += np.count_nonzero(unit_queries[rows] @ others.T >= right[rows, None], axis=1)
    return ranks


def category_ranks(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    query_labels: Sequence[Hashable],
    gallery_labels: Sequence[Hashable],
    *,
    block: int = BLOCK,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rank of the first gallery item that has the query's label, by cosine similarity.

    Parameters
    ----------
    queries : (m, d) array
    gallery : (n, d) array
    query_labels, gallery_labels : sequences of m and n labels
        None, NaN and "" mean unlabelled. An unlabelled query is left out; an unlabelled gallery item stays in the
        gallery and is right for nobody.
    block : int
        Queries compared at a time.

    Returns
    -------
    ranks : (k,) array of int64
        For the k labelled queries: ``1 + #{j of another label : s_j >= best s of the label}``.
    rows : (k,) array of int64
        Which queries these are, ascending.

    Raises
    ------
    DataError
        Shapes that do not fit, NaN or infinite values, a query's label that no gallery item has.

    Examples
    --------
    >>> import numpy as np
    >>> category_ranks(np.eye(3), np.eye(3)[[1, 0, 2]], ["sad", "gay", None], ["sad", "sad", "gay"])
    (array([1, 3]), array([0, 1]))
    """
    unit_queries, unit_gallery = _unit_rows(queries, "queries"), _unit_rows(gallery, "gallery")
    if unit_queries.shape[1] != unit_gallery.shape[1]:
        raise DataError(
            f"expected queries and gallery with the same number of columns, got {unit_queries.shape[1]} and "
            f"{unit_gallery.shape[1]}"
        )
    for name, number, labels in (
        ("queries", len(unit_queries), query_labels),
        ("gallery items", len(unit_gallery), gallery_labels),
    ):
        if number != len(labels):
            raise DataError(f"expected one label for each of the {number} {name}, got {len(labels)}")
    # With equal labels side by side, a label's items are one slice and its queries one run of blocks.
    items = rows_by_label(gallery_labels)
    order = np.concatenate([*items.values(), _unlabelled_rows(gallery_labels)]).astype(np.int64)
    unit_gallery = unit_gallery[order]
    tie = _tie(unit_gallery)
    ends = dict(zip(items, np.cumsum([len(rows) for rows in items.values()]).tolist(), strict=True))
    ranks = np.zeros(len(unit_queries), dtype=np.int64)
    for label, asking in rows_by_label(query_labels).items():
        if label not in items:
            raise DataError(f"no gallery item has the label {label!r} of query {asking[0]}; leave such queries out")
        own = slice(ends[label] - len(items[label]), ends[label])
        for start in range(0, len(asking), block):
            some = asking[start : start + block]
            similarity = unit_queries[some] @ unit_gallery.T
            beats = similarity >= similarity[:, own].max(axis=1, keepdims=True) - tie
            ranks[some] = 1 + np.count_nonzero(beats, axis=1) - np.count_nonzero(beats[:, own], axis=1)
    labelled = np.flatnonzero(ranks)
    return ranks[labelled], labelled


def top_k(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    k: int,
    *,
    norms: NDArray[np.floating] | None = None,
    block: int = 64,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The ``k`` gallery rows nearest to each query by cosine similarity, best first.

    A float32 gallery is searched in float32 and its best items are compared again in float64.

    Parameters
    ----------
    queries : (m, d) array
    gallery : (n, d) array
    k : int
        1 <= k <= n.
    norms : (n,) array, optional
        `row_norms` of the gallery, for a caller that asks the same gallery again and again: without them, every
        call reads the gallery once more to find them.
    block : int
        Queries compared at a time.

    Returns
    -------
    scores : (m, k) array of float64
        Cosines, descending.
    indices : (m, k) array of int64
        Rows of the gallery; of equal rows, the lower index comes first.

    Raises
    ------
    DataError
        Shapes that do not fit, ``k`` out of range, NaN or infinite values.

    Examples
    --------
    >>> import numpy as np
    >>> scores, indices = top_k(np.array([[2.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0], [3.0, 0.0]]), k=2)
    >>> indices
    array([[1, 2]])
    >>> scores
    array([[1., 1.]])
    """
    unit_queries = _unit_rows(queries, "queries")
    gallery = np.asarray(gallery)
    norms = row_norms(gallery) if norms is None else np.asarray(norms)
    if gallery.ndim != 2 or gallery.shape[1] != unit_queries.shape[1] or norms.shape != (len(gallery),):
        raise DataError(
            f"expected queries (m, d), gallery (n, d) and norms (n,), got {unit_queries.shape}, {gallery.shape} and "
            f"{norms.shape}"
        )
    if not 1 <= k <= len(gallery):
        raise DataError(f"expected k between 1 and the gallery's {len(gallery)} rows, got {k}")
    dtype = np.float32 if gallery.dtype == np.float32 else np.float64
    tie = _tie(gallery, dtype)
    scale = np.where(norms > 0, norms, 1).astype(dtype)
    scores = np.empty((len(unit_queries), k), dtype=np.float64)
    indices = np.empty((len(unit_queries), k), dtype=np.int64)
    for start in range(0, len(unit_queries), block):
        similarity = unit_queries[start : start + block].astype(dtype) @ gallery.T.astype(dtype, copy=False)
        similarity /= scale
        least = np.partition(similarity, len(gallery) - k, axis=1)[:, len(gallery) - k] - tie
        for row, (values, lowest) in enumerate(zip(similarity, least, strict=True), start):
            near = np.flatnonzero(values >= lowest)
            exact = _cosines(unit_queries[row], gallery, near)
            best = np.lexsort((near, -exact))[:k]
            scores[row], indices[row] = exact[best], near[best]
    return scores, indices


def cosines(query: NDArray[np.floating], vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine of a query (d,) with each row of an (n, d) array, (n,), to the bit as `top_k` tells it.

    Raises
    ------
    DataError
        No rows, NaN or infinite values.

    Examples
    --------
    >>> cosines(np.array([2.0, 0.0]), np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    array([1., 0., 0.])
    """
    return _cosines(_unit_rows(np.asarray(query)[None], "queries")[0], vectors, np.arange(len(vectors)))


def row_norms(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean norm of each row of an (n, d) array.

    Raises
    ------
    DataError
        Not two-dimensional, NaN or infinite values, or values so large that their squares overflow.

    Examples
    --------
    >>> import numpy as np
    >>> row_norms(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([5., 0.])
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2:
        raise DataError(f"expected vectors as rows of a two-dimensional array, got shape {vectors.shape}")
    squares: NDArray[np.float64] = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    if not np.isfinite(squares).all():
        raise DataError(f"row {np.argmin(np.isfinite(squares))} of the vectors is NaN, infinite or over 1e150")
    norms: NDArray[np.float64] = np.sqrt(squares)
    return norms


def _cosines(
    unit_query: NDArray[np.float64], gallery: NDArray[np.floating], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Cosines of one query with some rows; equal rows give equal values to the bit, unlike a matrix product."""
    pieces = [
        (_unit_rows(gallery[rows[start : start + 65_536]], "gallery") * unit_query).sum(axis=1)
        for start in range(0, len(rows), 65_536)
    ]
    return np.concatenate(pieces)


def _tie(vectors: NDArray[np.floating], dtype: type[np.floating] = np.float64) -> float:
    """Largest difference of two computed cosines that may be a tie."""
    eps = float(np.finfo(dtype).eps)
    return 2 * eps * (int(vectors.shape[1]) + 8)


def _unit_rows(vectors: NDArray[np.floating], name: str) -> NDArray[np.float64]:
    """Rows scaled to length one in float64; rows of zeros stay zeros."""
    rows: NDArray[np.float64] = np.asarray(vectors, dtype=np.float64)
    if rows.ndim != 2 or 0 in rows.shape:
        raise DataError(f"expected {name} as a non-empty two-dimensional array (n, d), got shape {rows.shape}")
    # Dividing by the largest entry first keeps the squares of very large and very small rows in range.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not np.isfinite(largest).all():
        raise DataError(f"row {np.argmin(np.isfinite(largest))} of {name} holds NaN or infinite values")
    rows = rows / np.where(largest > 0, largest, 1)
    norms = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    rows /= np.where(norms > 0, norms, 1)
    return rows


def is_labelled(label: Hashable) -> bool:
    """Whether a label says something: None, NaN and "" do not."""
    return label is not None and label != "" and not (isinstance(label, float) and np.isnan(label))


def rows_by_label(labels: Sequence[Hashable]) -> dict[Hashable, NDArray[np.int64]]:
    """The rows of each label, ascending; unlabelled ones are left out."""
    rows: dict[Hashable, list[int]] = {}
    for row, label in enumerate(labels):
        if is_labelled(label):
            rows.setdefault(label, []).append(row)
    return {label: np.array(found, dtype=np.int64) for label, found in rows.items()}


def _unlabelled_rows(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    return np.array([row for row, label in enumerate(labels) if not is_labelled(label)], dtype=np.int64)
