"""Fuse the parts of a search: the sum of their bits gives the probability of each hit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.matching.posterior import certainty, posterior
from alcca.search.part import Candidates, Evidence, Part, Query
from alcca.search.reader import SongReader

if TYPE_CHECKING:
    from alcca.store.records import Song
    from alcca.store.songs import Store

__all__ = ["BOTH", "Fused", "Ranked", "Ranking", "ask_parts", "chosen_parts", "rank_songs"]

# The value of --by for all parts together.
BOTH = "both"
# Number of candidates of each part that all parts score.
POOL = 50


class Ranked(NamedTuple):
    """A hit with its evidence.

    Parameters
    ----------
    song : Song
    bits : float
        The sum of the evidence of all parts: base-2 logarithm of how much likelier than by chance.
    probability : float
        Probability that this is the song in question, in [0, 1].
    certainty : str
        The probability in words: "sure", "likely" or "a guess".
    evidence : list of Evidence
        The evidence of each part that scored the song.
    """

    song: "Song"
    bits: float
    probability: float
    certainty: str
    evidence: list[Evidence]


class Fused(NamedTuple):
    """The result of a search.

    Parameters
    ----------
    hits : list of Ranked
        Best first.
    among : int
        Number of songs that the query was compared with.
    asked : tuple of str
        The parts that gave a result.
    notes : tuple of str
        Why other parts gave none.
    place : array of shape (d,), optional
        The query's vector, of the first part that has one.
    """

    hits: list[Ranked]
    among: int
    asked: tuple[str, ...]
    notes: tuple[str, ...]
    place: NDArray[np.floating] | None = None


def chosen_parts(parts: Mapping[str, Part], by: str) -> dict[str, Part]:
    """Select parts: the one named ``by``, or all for "both".

    Raises
    ------
    UsageError
        If there is no part with this name.
    """
    if by == BOTH:
        return dict(parts)
    if by not in parts:
        raise UsageError(f"by is {by!r}; expected {', '.join(parts)}, or {BOTH}")
    return {by: parts[by]}


class Ranking(NamedTuple):
    """Songs that fit a query, best first.

    Parameters
    ----------
    songs : array of int64, shape (n,)
        Ids of all songs that a part has proposed.
    bits : array of float64, shape (n,)
        The sum of the evidence of all parts.
    probabilities : array of float64, shape (n,)
        The probability that a song is the right one, in [0, 1].
    ties : array of bool, shape (n,)
        Whether a song has the same bits, and the same scores of all parts, as the one before it.
    among : int
        Number of songs that the query was compared with.
    candidates : dict of str to Candidates
        Those of each part that can search for the query.
    notes : tuple of str
        Why the other parts cannot.
    """

    songs: NDArray[np.int64]
    bits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    ties: NDArray[np.bool_]
    among: int
    candidates: dict[str, Candidates]
    notes: tuple[str, ...]


def rank_songs(
    parts: Mapping[str, Part], query: Query, reader: SongReader, k: int, allowed: frozenset[int] | None
) -> Ranking:
    """Collect the candidates of all parts, and rank them by the sum of the parts' bits.

    Ties are broken by each part's own score, in the order of the parts. Parameters are those of `ask_parts`.
    """
    lacking = {name: part.lacks(query) for name, part in parts.items()}
    able = {name: part for name, part in parts.items() if lacking[name] is None}
    notes = tuple(f"{part.title}: {lacking[name]}" for name, part in parts.items() if lacking[name] is not None)
    candidates = {name: part.ask(query, reader, max(k, POOL), allowed) for name, part in able.items()}
    pool = np.unique(np.concatenate([np.empty(0, np.int64), *(proposed.best for proposed in candidates.values())]))
    if not len(pool):
        among = max((part.among(query, allowed) for part in able.values()), default=0)
        return Ranking(pool, np.empty(0), np.empty(0), np.empty(0, np.bool_), among, candidates, notes)
    scored = {name: proposed.of(pool) for name, proposed in candidates.items()}
    bits: NDArray[np.float64] = np.sum([worth for _, worth in scored.values()], axis=0)
    keys = [*(np.nan_to_num(-scores, nan=np.inf) for scores, _ in reversed(scored.values())), -bits]
    order = np.lexsort(keys)
    sorted_keys = np.stack(keys)[:, order]
    ties = np.concatenate([[False], (sorted_keys[:, 1:] == sorted_keys[:, :-1]).all(axis=0)])
    among = max(len(pool), *(part.among(query, allowed) for part in able.values()))
    return Ranking(pool[order], bits[order], posterior(bits[order], among), ties, among, candidates, notes)


def ask_parts(parts: Mapping[str, Part], query: Query, store: "Store", k: int, allowed: frozenset[int] | None) -> Fused:
    """Collect the candidates of all parts and fuse them.

    Songs are ranked as by `rank_songs`.

    Parameters
    ----------
    parts : mapping of str to Part
    query : Query
    store : Store
        Read during the search; no other thread may use it meanwhile.
    k : int
        Number of hits.
    allowed : frozenset of int or None
        Search only these songs; None allows all.

    Returns
    -------
    Fused
        Without hits if no part can search; its notes give the reasons.
    """
    reader = SongReader(store)
    ranking = rank_songs(parts, query, reader, k, allowed)
    songs = {song.id: song for song in reader.songs(ranking.songs[:k].tolist())}
    # Songs may have been removed since the snapshot was taken.
    rows = [row for row, number in enumerate(ranking.songs[:k].tolist()) if number in songs]
    shown = [songs[int(ranking.songs[row])] for row in rows]
    evidence = [parts[name].evidence(query, proposed, shown, reader) for name, proposed in ranking.candidates.items()]
    hits = [
        Ranked(
            song, float(ranking.bits[row]), probability := float(ranking.probabilities[row]), certainty(probability),
            [entry for column in evidence if (entry := column[place]) is not None],
        )
        for place, (row, song) in enumerate(zip(rows, shown, strict=True))
    ]  # fmt: skip
    place = next((proposed.place for proposed in ranking.candidates.values() if proposed.place is not None), None)
    return Fused(hits, ranking.among, tuple(ranking.candidates), ranking.notes, place)
