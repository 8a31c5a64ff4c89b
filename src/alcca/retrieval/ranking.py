"""Ranks of the right items when a gallery is sorted by cosine similarity to a query.

Ties count against the system: an item with the same similarity as the right item is ranked before it, so a model that
maps everything to one point gets the worst rank, not the best. Equal means equal up to rounding. A matrix product may
sum the same two rows in a different order in different blocks, so that two equal cosines differ by a few units in the
last place; computed cosines of d-dimensional unit rows are within (d + 8) eps of the true ones, hence every pair closer
than ``2 (d + 8) eps`` (4e-14 for d = 80) counts as a tie.

No similarity matrix of the whole gallery is stored and nothing is sorted: a rank is one plus a count.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError

__all__ = [
    "category_ranks",
    "cosine_tie",
    "cosines",
    "instance_ranks",
    "is_labelled",
    "label_blocks",
    "row_norms",
    "rows_by_label",
    "top_k",
    "unit_rows",
]

# Queries per matrix product: 256 rows against 10,000 items are 20 MB of similarities, and larger blocks gain nothing.
BLOCK = 256
# Rows of a gallery that are read at a time for one query, 20 MB; and values that are represented by their largest.
STRIP, GROUP = 65_536, 512


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
        Further items of the gallery, which are right for no query.
    block : int
        Queries compared at a time; memory is ``8 * block * n`` bytes. The result does not depend on it.

    Returns
    -------
    (n,) array of int64
        1 is best, n + k worst: ``1 + #{j != i : s_ij >= s_ii}``, ties counted against the system.

    Raises
    ------
    DataError
        The shapes differ, there are no rows, or values are NaN or infinite.

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
    unit_queries, unit_gallery = unit_rows(queries, "queries"), unit_rows(gallery, "gallery")
    if unit_queries.shape != unit_gallery.shape:
        raise DataError(
            f"expected queries and gallery of the same shape (row i of both is one song), got "
            f"{unit_queries.shape} and {unit_gallery.shape}"
        )
    others = None
    if distractors is not None:
        others = unit_rows(distractors, "distractors")
        if others.shape[1] != unit_gallery.shape[1]:
            raise DataError(
                f"expected distractors with the gallery's {unit_gallery.shape[1]} columns, got {others.shape[1]}"
            )
    n = len(unit_queries)
    # The count includes the right item itself, which is the 1 of a 1-based rank.
    right = np.einsum("ij,ij->i", unit_queries, unit_gallery) - cosine_tie(unit_gallery)
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
        None, NaN and "" mean unlabelled. An unlabelled query is skipped; an unlabelled gallery item stays in the
        gallery and is right for no query.
    block : int
        Queries compared at a time.

    Returns
    -------
    ranks : (k,) array of int64
        For the k labelled queries: ``1 + #{j of another label : s_j >= best s of the label}``.
    rows : (k,) array of int64
        Indices of these queries, ascending.

    Raises
    ------
    DataError
        The shapes do not fit, values are NaN or infinite, or no gallery item has a query's label.

    Examples
    --------
    >>> import numpy as np
    >>> category_ranks(np.eye(3), np.eye(3)[[1, 0, 2]], ["sad", "gay", None], ["sad", "sad", "gay"])
    (array([1, 3]), array([0, 1]))
    """
    ranks = np.zeros(len(queries), dtype=np.int64)
    for rows, similarity, own, tie in label_blocks(queries, gallery, query_labels, gallery_labels, block):
        beats = similarity >= similarity[:, own].max(axis=1, keepdims=True) - tie
        ranks[rows] = 1 + np.count_nonzero(beats, axis=1) - np.count_nonzero(beats[:, own], axis=1)
    labelled = np.flatnonzero(ranks)
    return ranks[labelled], labelled


def label_blocks(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    query_labels: Sequence[Hashable],
    gallery_labels: Sequence[Hashable],
    block: int = BLOCK,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], slice, float]]:
    """Cosines of labelled queries, some of one label at a time, with a gallery in which equal labels are side by side.

    Parameters
    ----------
    queries, gallery, query_labels, gallery_labels, block
        As for `category_ranks`.

    Yields
    ------
    rows : (b,) array of int64
        The queries.
    similarity : (b, n) array of float64
    own : slice
        The columns of the queries' label.
    tie : float
        Largest difference of two cosines that counts as a tie.

    Raises
    ------
    DataError
        As from `category_ranks`.

    Examples
    --------
    >>> import numpy as np
    >>> [(rows, own) for rows, _, own, _ in label_blocks(np.eye(3), np.eye(3), ["a", "b", "a"], ["b", "a", "a"])]
    [(array([0, 2]), slice(1, 3, None)), (array([1]), slice(0, 1, None))]
    """
    unit_queries, unit_gallery = unit_rows(queries, "queries"), unit_rows(gallery, "gallery")
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
    items = rows_by_label(gallery_labels)
    order = np.concatenate([*items.values(), _unlabelled_rows(gallery_labels)]).astype(np.int64)
    unit_gallery = unit_gallery[order]
    tie = cosine_tie(unit_gallery)
    ends = dict(zip(items, np.cumsum([len(rows) for rows in items.values()]).tolist(), strict=True))
    for label, asking in rows_by_label(query_labels).items():
        if label not in items:
            raise DataError(f"no gallery item has the label {label!r} of query {asking[0]}; remove such queries")
        own = slice(ends[label] - len(items[label]), ends[label])
        for start in range(0, len(asking), block):
            rows = asking[start : start + block]
            yield rows, unit_queries[rows] @ unit_gallery.T, own, tie


def top_k(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    k: int,
    *,
    norms: NDArray[np.floating] | None = None,
    block: int = 64,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The ``k`` gallery rows nearest to each query by cosine similarity, best first.

    A float32 gallery is searched in float32, and the cosines of its best items are recomputed in float64.

    Parameters
    ----------
    queries : (m, d) array
    gallery : (n, d) array
    k : int
        1 <= k <= n.
    norms : (n,) array, optional
        `row_norms` of the gallery, in its own precision or a higher one. If given, repeated calls with the same gallery
        need not compute them again.
    block : int
        Queries compared at a time.

    Returns
    -------
    scores : (m, k) array of float64
        Cosines, descending.
    indices : (m, k) array of int64
        Rows of the gallery; among equal rows, lower indices come first.

    Raises
    ------
    DataError
        The shapes do not fit, ``k`` is out of range, or values are NaN or infinite.

    Examples
    --------
    >>> import numpy as np
    >>> scores, indices = top_k(np.array([[2.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0], [3.0, 0.0]]), k=2)
    >>> indices
    array([[1, 2]])
    >>> scores
    array([[1., 1.]])
    """
    unit_queries = unit_rows(queries, "queries")
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
    scores = np.empty((len(unit_queries), k), dtype=np.float64)
    indices = np.empty((len(unit_queries), k), dtype=np.int64)
    for start in range(0, len(unit_queries), block):
        batch: NDArray[np.floating] = unit_queries[start : start + block].astype(dtype)
        for row, near in enumerate(_near_each(batch, gallery, norms, k), start):
            exact = _cosines(unit_queries[row], gallery, near)
            best = np.lexsort((near, -exact))[:k]
            scores[row], indices[row] = exact[best], near[best]
    return scores, indices


def cosines(query: NDArray[np.floating], vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine of a query (d,) with each row of an (n, d) array, (n,), equal to those of `top_k` to the bit.

    Raises
    ------
    DataError
        There are no rows, or values are NaN or infinite.

    Examples
    --------
    >>> cosines(np.array([2.0, 0.0]), np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    array([1., 0., 0.])
    """
    return _cosines(unit_rows(np.asarray(query)[None], "queries")[0], vectors, np.arange(len(vectors)))


def row_norms(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean norm of each row of an (n, d) array.

    Raises
    ------
    DataError
        The array is not two-dimensional, or values are NaN, infinite, or so large that their squares overflow.

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


def _near_each(
    queries: NDArray[np.floating], gallery: NDArray[np.floating], norms: NDArray[np.floating], k: int
) -> Iterator[NDArray[np.intp]]:
    """For each unit query, the rows, ascending, of the ``k`` nearest items and of all that tie up to rounding."""
    tie = cosine_tie(gallery, queries.dtype.type)
    if len(queries) == 1:
        yield _near_one(queries[0], gallery, norms, k, tie)
        return
    similarity = queries @ gallery.T.astype(queries.dtype, copy=False)
    similarity /= _divisors(norms, queries.dtype)
    yield from (_near(values, k, tie) for values in similarity)


def _near_one(
    query: NDArray[np.floating], gallery: NDArray[np.floating], norms: NDArray[np.floating], k: int, tie: float
) -> NDArray[np.intp]:
    """As `_near_each` for one query, in the time of reading the gallery: all other data stays in the cache."""
    rows, values, low = np.empty(0, np.intp), np.empty(0, query.dtype), -np.inf
    for start in range(0, len(gallery), STRIP):
        strip = gallery[start : start + STRIP]
        similarity = np.empty(len(strip), query.dtype)
        # This is faster than BLAS's product of a matrix and a vector.
        np.einsum("ij,j->i", strip, query, out=similarity, casting="same_kind")
        similarity /= _divisors(norms[start : start + STRIP], query.dtype)
        near = _near(similarity, min(k, len(strip)), tie) if len(values) < k else np.flatnonzero(similarity >= low)
        rows, values = np.concatenate([rows, near + start]), np.concatenate([values, similarity[near]])
        if len(near) and len(values) >= k:
            low = np.partition(values, -k)[-k] - tie
            rows, values = rows[values >= low], values[values >= low]
    return rows


def _divisors(norms: NDArray[np.floating], dtype: np.dtype[Any]) -> NDArray[np.floating]:
    # The products of a zero row are 0, so any positive divisor is right for it.
    divisors: NDArray[np.floating] = np.maximum(norms.astype(dtype, copy=False), np.finfo(dtype).smallest_subnormal)
    return divisors


def _near(values: NDArray[np.floating], k: int, tie: float) -> NDArray[np.intp]:
    """The rows, ascending, of the ``k`` largest values and of all that tie up to rounding."""
    near = np.arange(len(values))
    whole = len(values) // GROUP * GROUP
    if k <= whole // GROUP:
        # At least k values reach the k-th largest of the groups' maxima, which excludes nearly all others at once.
        largest = values[:whole].reshape(-1, GROUP).max(axis=1)
        near = np.flatnonzero(values >= np.partition(largest, -k)[-k] - tie)
    few = values[near]
    largest_rows: NDArray[np.intp] = near[few >= np.partition(few, -k)[-k] - tie]
    return largest_rows


def _cosines(
    unit_query: NDArray[np.float64], gallery: NDArray[np.floating], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Cosines of one query with given rows; unlike in a matrix product, equal rows give equal values to the bit."""
    pieces = [
        (unit_rows(gallery[rows[start : start + 65_536]], "gallery") * unit_query).sum(axis=1)
        for start in range(0, len(rows), 65_536)
    ]
    return np.concatenate(pieces)


def cosine_tie(vectors: NDArray[np.floating], dtype: type[np.floating] = np.float64) -> float:
    """Largest difference of two computed cosines of the rows of an (n, d) array that counts as a tie.

    Examples
    --------
    >>> cosine_tie(np.ones((1, 80))) / float(np.finfo(np.float64).eps)
    176.0
    """
    eps = float(np.finfo(dtype).eps)
    return 2 * eps * (int(vectors.shape[1]) + 8)


def unit_rows(vectors: NDArray[np.floating], name: str) -> NDArray[np.float64]:
    """Scale the rows of an (n, d) array to length one, in float64; rows of zeros stay zeros.

    Parameters
    ----------
    vectors : (n, d) array
    name : str
        What they are called in errors.

    Raises
    ------
    DataError
        The array is not two-dimensional, is empty, or has NaN or infinite values.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]), "queries")
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
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
    """Whether a label is present: None, NaN, pandas' NA and blank texts mean unlabelled.

    Examples
    --------
    >>> is_labelled("sad"), is_labelled(0), is_labelled(" "), is_labelled(float("nan"))
    (True, True, False, False)
    """
    if label is None or isinstance(label, str):
        return bool(label and label.strip())
    try:
        return bool(label == label)  # NaN and NaT do not equal themselves
    except TypeError:  # pandas' NA, of which no comparison is true or false
        return False


def rows_by_label(labels: Sequence[Hashable]) -> dict[Hashable, NDArray[np.int64]]:
    """Find the rows of each label, ascending, without unlabelled ones.

    Examples
    --------
    >>> rows_by_label(["sad", None, "sad"])
    {'sad': array([0, 2])}
    """
    rows: dict[Hashable, list[int]] = {}
    for row, label in enumerate(labels):
        if is_labelled(label):
            rows.setdefault(label, []).append(row)
    return {label: np.array(labelled, dtype=np.int64) for label, labelled in rows.items()}


def _unlabelled_rows(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    return np.array([row for row, label in enumerate(labels) if not is_labelled(label)], dtype=np.int64)
