"""Fuse the parts of a search: the sum of their bits gives the probability of each hit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.matching.posterior import certainty, posterior
from alcca.search.part import Evidence, Part, Query
from alcca.search.reader import SongReader

if TYPE_CHECKING:
    from alcca.store.records import Song
    from alcca.store.songs import Store

__all__ = ["BOTH", "Fused", "Ranked", "ask_parts", "chosen_parts"]

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


def ask_parts(parts: Mapping[str, Part], query: Query, store: "Store", k: int, allowed: frozenset[int] | None) -> Fused:
    """Collect the candidates of all parts and fuse them.

    Songs are ranked by the sum of the parts' bits. Ties are broken by each part's own score, in the order of the parts.

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
    notes = {name: part.lacks(query) for name, part in parts.items()}
    able = {name: part for name, part in parts.items() if notes[name] is None}
    missing = tuple(f"{part.title}: {notes[name]}" for name, part in parts.items() if notes[name] is not None)
    if not able:
        return Fused([], 0, (), missing)
    reader = SongReader(store)
    proposed = {name: part.ask(query, reader, max(k, POOL), allowed) for name, part in able.items()}
    pool = np.unique(np.concatenate([candidates.best for candidates in proposed.values()]))
    scored = {name: candidates.of(pool) for name, candidates in proposed.items()}
    bits = np.sum([worth for _, worth in scored.values()], axis=0) if len(pool) else np.empty(0)
    keys = [np.nan_to_num(-scores, nan=np.inf) for scores, _ in reversed(scored.values())]
    order = np.lexsort([*keys, -bits])
    compared = max(len(pool), *(part.among(query, allowed) for part in able.values()))
    likely = posterior(bits[order], compared) if len(pool) else np.empty(0)
    songs = {song.id: song for song in reader.songs(pool[order[:k]].tolist())}
    # Songs may have been removed since the snapshot was taken.
    rows = [(i, row) for i, row in enumerate(order[:k]) if int(pool[row]) in songs]
    shown = [songs[int(pool[row])] for _, row in rows]
    evidence = [part.evidence(query, proposed[name], shown, reader) for name, part in able.items()]
    hits = [
        Ranked(
            song, float(bits[row]), float(likely[i]), certainty(float(likely[i])),
            [entry for column in evidence if (entry := column[place]) is not None],
        )
        for place, ((i, row), song) in enumerate(zip(rows, shown, strict=True))
    ]  # fmt: skip
    place = next((candidates.place for candidates in proposed.values() if candidates.place is not None), None)
    return Fused(hits, compared, tuple(able), missing, place)
