"""Parts of a search become one: their bits add up, and say how likely each hit is the song."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alcca.errors import UsageError
from alcca.library.parts.part import Evidence, Part, Query
from alcca.matching.certainty import certainty, posterior

if TYPE_CHECKING:
    from alcca.library.records import Song
    from alcca.library.store import Store

__all__ = ["BOTH", "Fused", "Ranked", "ask_parts", "chosen_parts"]

# What --by says for all parts together.
BOTH = "both"
# How many songs of each part are looked at by all parts.
POOL = 50


class Ranked(NamedTuple):
    """A song that a search found, with what speaks for it.

    Parameters
    ----------
    song : Song
    bits : float
        The evidence of all parts together: a base-2 logarithm of how much likelier than by chance.
    probability : float
        That it is the song that was asked for, in [0, 1].
    certainty : str
        The same in words: "sure", "likely" or "a guess".
    evidence : list of Evidence
        Of each part that says something.
    """

    song: "Song"
    bits: float
    probability: float
    certainty: str
    evidence: list[Evidence]


class Fused(NamedTuple):
    """What a search found.

    Parameters
    ----------
    hits : list of Ranked
        Best first.
    among : int
        With how many songs the query was compared.
    asked : tuple of str
        The parts that answered.
    notes : tuple of str
        Why others did not.
    """

    hits: list[Ranked]
    among: int
    asked: tuple[str, ...]
    notes: tuple[str, ...]


def chosen_parts(parts: Mapping[str, Part], by: str) -> dict[str, Part]:
    """The parts that ``by`` names: one of them, or all for "both".

    Raises
    ------
    UsageError
        No part is called so.
    """
    if by == BOTH:
        return dict(parts)
    if by not in parts:
        raise UsageError(f"by is {by!r}; expected {', '.join(parts)}, or {BOTH}")
    return {by: parts[by]}


def ask_parts(parts: Mapping[str, Part], query: Query, store: "Store", k: int, allowed: frozenset[int] | None) -> Fused:
    """Ask parts of a search and fuse their answers.

    Songs are ranked by the sum of the parts' bits; where those are equal, by each part's own score in the parts' order.

    Parameters
    ----------
    parts : mapping of str to Part
    query : Query
    store : Store
        For reading; no other thread uses it meanwhile.
    k : int
        How many songs.
    allowed : frozenset of int or None
        Only these songs; all when None.

    Returns
    -------
    Fused
        Without hits where no part can answer; its notes say why.
    """
    notes = {name: part.lacks(query) for name, part in parts.items()}
    able = {name: part for name, part in parts.items() if notes[name] is None}
    missing = tuple(f"{part.title}: {notes[name]}" for name, part in parts.items() if notes[name] is not None)
    if not able:
        return Fused([], 0, (), missing)
    answers = {name: part.ask(query, store, max(k, POOL), allowed) for name, part in able.items()}
    pool = np.unique(np.concatenate([answer.best for answer in answers.values()]))
    told = {name: answer.of(pool) for name, answer in answers.items()}
    bits = np.sum([worth for _, worth in told.values()], axis=0) if len(pool) else np.empty(0)
    keys = [np.nan_to_num(-scores, nan=np.inf) for scores, _ in reversed(told.values())]
    order = np.lexsort([*keys, -bits])
    compared = max(len(pool), *(part.among(query, allowed) for part in able.values()))
    likely = posterior(bits[order], compared) if len(pool) else np.empty(0)
    songs = {song.id: song for song in store.songs(pool[order[:k]].tolist())}
    # A song may have gone since the snapshot was taken.
    rows = [(i, row) for i, row in enumerate(order[:k]) if int(pool[row]) in songs]
    shown = [songs[int(pool[row])] for _, row in rows]
    evidence = [part.evidence(query, answers[name], shown, store) for name, part in able.items()]
    hits = [
        Ranked(
            song, float(bits[row]), float(likely[i]), certainty(float(likely[i])),
            [said for one in evidence if (said := one[place]) is not None],
        )
        for place, ((i, row), song) in enumerate(zip(rows, shown, strict=True))
    ]  # fmt: skip
    return Fused(hits, compared, tuple(able), missing)
