"""What a fitted method finds in a test fold: the rank and the measures of each query, and the scores behind them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.experiments.directed import Directed, directed_similarities
from alcca.experiments.fold_scores import FoldScores
from alcca.experiments.rank_tables import HUB_NEIGHBOURS, fit_frame
from alcca.experiments.results import AS_A_WHOLE, DIRECTIONS
from alcca.models.contract import embedded, has_own_similarity, song_count
from alcca.retrieval import (
    CategoryMeasures,
    category_measures,
    hubness,
    instance_ranks,
    k_occurrences,
    score_category_measures,
    score_instance_ranks,
    score_k_occurrences,
)
from alcca.retrieval.ranking import cosine_tie, unit_rows

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["FoldSongs", "measured"]

Array = NDArray[Any]


class FoldSongs(NamedTuple):
    """The songs that ask and are asked for, as a method reads them.

    Parameters
    ----------
    audio, lyrics
        The n songs of the fold, as `alcca.models.contract.gather` collects them, and after them the distractors.
    songs : (n,) array of int
        Their rows in the data set.
    labels : sequence of n, optional
        Their labels; without them there is no category level.
    """

    audio: Any
    lyrics: Any
    songs: Array
    labels: Sequence[Any] | None


class _Ranker(NamedTuple):
    """How queries of one direction are ranked."""

    about: dict[str, Any]  # what else the table of ranks says of them
    ranks: Callable[[], Array]
    category: Callable[..., CategoryMeasures]
    occurrences: Callable[[int], Array]


def measured(
    model: Any, fold: FoldSongs, components: Sequence[int] | None, save_at: int | None = None
) -> tuple["DataFrame", FoldScores | None]:
    """Rank and measure all queries of a test fold by a fitted method.

    Parameters
    ----------
    model : estimator
        Fitted. One with a similarity of its own is ranked by that, as a whole.
    fold : FoldSongs
    components : sequence of int, optional
        The numbers of first components at which it is ranked, ascending; None: in the whole of its space.
    save_at : int, optional
        Also return the scores, at this number of components, or the next lower one that it is ranked at, or its
        smallest.

    Returns
    -------
    (DataFrame, FoldScores or None)
        The ranks are those of `alcca.experiments.rank_tables.fit_frame`.
    """
    n = len(fold.songs)
    if has_own_similarity(model):
        directed = directed_similarities(model, fold.audio, fold.lyrics)
        ranks = _table(_by_similarity(directed, n), fold)
        return ranks, None if save_at is None else _own_scores(model, fold, directed)
    places = embedded(model, fold.audio, fold.lyrics)
    depth = min(view.shape[1] for view in places)
    counts = [depth] if components is None else [c for c in components if c <= depth]
    ranks = _table(_by_cosine(places, n, counts), fold)
    if save_at is None:
        return ranks, None
    return ranks, _cosine_scores(places, n, max((c for c in counts if c <= save_at), default=counts[0]))


def _by_cosine(places: tuple[Array, Array], n: int, counts: Sequence[int]) -> Iterator[_Ranker]:
    """The rankers in a common space, with each number of its first components."""
    for c in counts:
        for direction, (queries, gallery) in zip(DIRECTIONS, ((0, 1), (1, 0)), strict=True):
            query_places, gallery_places = places[queries][:n, :c], places[gallery][:, :c]
            others = gallery_places[n:] if len(gallery_places) > n else None
            yield _Ranker(
                {"components": c, "direction": direction},
                partial(instance_ranks, query_places, gallery_places[:n], distractors=others),
                partial(category_measures, query_places, gallery_places),
                partial(k_occurrences, query_places, gallery_places),
            )


def _by_similarity(directed: tuple[Directed, Directed], n: int) -> Iterator[_Ranker]:
    """The rankers by a method's own similarity."""
    for direction, found in zip(DIRECTIONS, directed, strict=True):
        about: dict[str, Any] = {"components": AS_A_WHOLE, "direction": direction}
        if found.probabilities is not None:
            about["probability"] = found.probabilities[:n]
        scores = found.scores[:n]
        yield _Ranker(
            about,
            partial(score_instance_ranks, scores),
            partial(score_category_measures, scores),
            partial(score_k_occurrences, scores),
        )


def _table(rankers: Iterator[_Ranker], fold: FoldSongs) -> "DataFrame":
    return fit_frame(record for ranker in rankers for record in _records(ranker, fold))


def _records(ranker: _Ranker, fold: FoldSongs) -> Iterator[dict[str, Any]]:
    galleries = {"audio": fold.lyrics, "lyrics": fold.audio}
    pool = song_count(galleries[ranker.about["direction"]])
    yield {
        **ranker.about, "level": "instance", "query": fold.songs, "rank": ranker.ranks(),
        "pool": pool, "relevant": np.ones(len(fold.songs), dtype=np.int64),
        "hubness": hubness(ranker.occurrences(min(HUB_NEIGHBOURS, pool))),
    }  # fmt: skip
    if fold.labels is None:
        return
    own = list(fold.labels)
    found = ranker.category(own, own + [None] * (pool - len(own)))
    sizes = Counter(own)
    relevant = np.array([sizes[own[row]] for row in found.rows], dtype=np.int64)
    yield {
        **{name: value for name, value in ranker.about.items() if name != "probability"},
        "level": "category", "query": fold.songs[found.rows], "rank": found.ranks, "pool": pool, "relevant": relevant,
        "average_precision": found.average_precision, "average_precision_at_r": found.average_precision_at_r,
        "ndcg": found.ndcg,
    }  # fmt: skip


def _own_scores(model: Any, fold: FoldSongs, directed: tuple[Directed, Directed]) -> FoldScores:
    n = len(fold.songs)
    places = embedded(model, fold.audio, fold.lyrics) if hasattr(model, "transform") else (None, None)
    return FoldScores(AS_A_WHOLE, directed[0].scores[:n], directed[1].scores[:n], None, *places)


def _cosine_scores(places: tuple[Array, Array], n: int, components: int) -> FoldScores:
    audio, lyrics = (view[:, :components] for view in places)
    unit_audio, unit_lyrics = unit_rows(audio, "audio"), unit_rows(lyrics, "lyrics")
    by_audio, by_lyrics = unit_audio[:n] @ unit_lyrics.T, unit_lyrics[:n] @ unit_audio.T
    return FoldScores(components, by_audio, by_lyrics, cosine_tie(unit_lyrics), audio, lyrics)
