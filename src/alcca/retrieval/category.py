"""Measures of queries whose right answers are all gallery items of their label.

Ties are counted against the system, as in `alcca.retrieval.ranking` and `alcca.retrieval.scores`. Queries of one label
have equally many right answers, so that their measures are computed together, and no matrix of the whole gallery, of
similarities or of relevance, is stored.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.retrieval.ranking import BLOCK, label_blocks, rows_by_label
from alcca.retrieval.scores import checked_scores, score_ties

__all__ = ["CategoryMeasures", "category_measures", "score_category_measures"]

# Some queries of one label, their scores, those of the label and of the other items, and the tie of each query.
Scored = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


class CategoryMeasures(NamedTuple):
    """The measures of the k labelled queries among m.

    Parameters
    ----------
    rows : (k,) array of int64
        These queries, ascending.
    ranks : (k,) array of int64
        The rank of the first right answer, as from `alcca.retrieval.category_ranks`.
    average_precision, average_precision_at_r : (k,) arrays of float64
        As from `alcca.retrieval.average_precisions` and `alcca.retrieval.average_precisions_at_r`.
    ndcg : (k,) array of float64
        nDCG of the whole list, every right answer with the gain 1: as from `alcca.retrieval.ndcgs_at`.
    """

    rows: NDArray[np.int64]
    ranks: NDArray[np.int64]
    average_precision: NDArray[np.float64]
    average_precision_at_r: NDArray[np.float64]
    ndcg: NDArray[np.float64]


def category_measures(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    query_labels: Sequence[Hashable],
    gallery_labels: Sequence[Hashable],
    *,
    block: int = BLOCK,
) -> CategoryMeasures:
    """Measures of each labelled query by cosine similarity.

    Parameters
    ----------
    queries : (m, d) array
    gallery : (n, d) array
    query_labels, gallery_labels : sequences of m and n labels
        None, NaN and "" mean unlabelled. An unlabelled query is skipped; an unlabelled gallery item stays in the
        gallery and is right for no query.
    block : int
        Queries compared at a time; memory is ``32 * block * n`` bytes. The result does not depend on it.

    Raises
    ------
    DataError
        The shapes do not fit, values are NaN or infinite, or no gallery item has a query's label.

    Examples
    --------
    >>> gallery = np.array([[1.0, 0.1], [1.0, 1.0], [0.0, 1.0]])
    >>> measures = category_measures(np.eye(2), gallery, ["sad", None], ["sad", "gay", "sad"])
    >>> measures.rows.tolist(), measures.ranks.tolist(), measures.average_precision.round(3).tolist()
    ([0], [1], [0.833])
    """
    return _measures(_by_cosine(queries, gallery, query_labels, gallery_labels, block))


def score_category_measures(
    scores: NDArray[np.floating], query_labels: Sequence[Hashable], gallery_labels: Sequence[Hashable]
) -> CategoryMeasures:
    """Measures of each labelled query by a matrix of scores.

    Parameters
    ----------
    scores : array, shape (m, n)
        Row ``i`` has the scores of all gallery items for query ``i``, higher is better.
    query_labels, gallery_labels : sequences of m and n labels
        As for `category_measures`.

    Raises
    ------
    DataError
        As from `category_measures`.

    Examples
    --------
    >>> score_category_measures(np.array([[3.0, 2.0, 2.0]]), ["sad"], ["sad", "sad", "gay"]).average_precision_at_r
    array([0.5])
    """
    scores = checked_scores(scores)
    if scores.shape != (len(query_labels), len(gallery_labels)):
        raise DataError(
            f"expected one label for each row and column of the scores, {scores.shape}, got {len(query_labels)} and "
            f"{len(gallery_labels)}"
        )
    return _measures(_by_score(scores, query_labels, gallery_labels))


def _by_cosine(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    query_labels: Sequence[Hashable],
    gallery_labels: Sequence[Hashable],
    block: int,
) -> Iterator[Scored]:
    for rows, similarity, own, tie in label_blocks(queries, gallery, query_labels, gallery_labels, block):
        others = np.delete(similarity, own, axis=1)
        yield rows, similarity[:, own], others, np.full(len(rows), tie)


def _by_score(
    scores: NDArray[np.float64], query_labels: Sequence[Hashable], gallery_labels: Sequence[Hashable]
) -> Iterator[Scored]:
    items, ties = rows_by_label(gallery_labels), score_ties(scores)
    for label, asking in rows_by_label(query_labels).items():
        if label not in items:
            raise DataError(f"no gallery item has the label {label!r} of query {asking[0]}; remove such queries")
        others = np.delete(np.arange(scores.shape[1]), items[label])
        for start in range(0, len(asking), BLOCK):
            rows = asking[start : start + BLOCK]
            yield rows, scores[np.ix_(rows, items[label])], scores[np.ix_(rows, others)], ties[rows]


def _measures(blocks: Iterable[Scored]) -> CategoryMeasures:
    columns: list[tuple[NDArray[np.int64], ...]] = []
    values: list[tuple[NDArray[np.float64], ...]] = []
    for rows, right, wrong, ties in blocks:
        ranks = _ranks(right, wrong, ties)
        place = np.arange(1, ranks.shape[1] + 1)
        precision, discount = place / ranks, 1 / np.log2(1 + ranks)
        columns.append((rows, ranks[:, 0]))
        values.append(
            (
                precision.mean(axis=1),
                np.where(ranks <= len(place), precision, 0.0).mean(axis=1),
                discount.sum(axis=1) / (1 / np.log2(1 + place)).sum(),
            )
        )
    if not columns:
        none, nothing = np.empty(0, dtype=np.int64), np.empty(0)
        return CategoryMeasures(none, none, nothing, nothing, nothing)
    numbers, first = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    order = np.argsort(numbers)
    measured = (np.concatenate(parts)[order] for parts in zip(*values, strict=True))
    return CategoryMeasures(numbers[order], first[order], *measured)


def _ranks(right: NDArray[np.float64], wrong: NDArray[np.float64], ties: NDArray[np.float64]) -> NDArray[np.int64]:
    """The ranks of all right answers of each query, ascending, shape (b, R)."""
    right, wrong = np.sort(right, axis=1)[:, ::-1], np.sort(wrong, axis=1)
    reached = right - ties[:, None]
    before = [len(row) - np.searchsorted(row, own, side="left") for row, own in zip(wrong, reached, strict=True)]
    ranks: NDArray[np.int64] = np.array(before, dtype=np.int64) + np.arange(1, right.shape[1] + 1)
    return ranks
