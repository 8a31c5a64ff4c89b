"""Fuse the parts of a search: the sum of their bits gives the probability of each hit."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.cleaning.lyrics import clean_lyrics, clean_query
from alcca.errors import TranscriptionError, UsageError
from alcca.matching.passages import find_passages
from alcca.matching.posterior import certainty, posterior
from alcca.matching.second_listening import (
    CAREFUL_SONGS,
    LISTENING,
    Found,
    find_by_listening,
    find_in_recordings,
    is_unsure,
)
from alcca.search.part import HEARD, Candidates, Evidence, Part, Query
from alcca.search.reader import SongReader
from alcca.store.transcripts import Transcripts

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
    found : dict of int to Found
        What a second listening found, by song; empty without one.
    """

    songs: NDArray[np.int64]
    bits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    ties: NDArray[np.bool_]
    among: int
    candidates: dict[str, Candidates]
    notes: tuple[str, ...]
    found: Mapping[int, Found] = MappingProxyType({})


def rank_songs(
    parts: Mapping[str, Part], query: Query, reader: SongReader, k: int, allowed: frozenset[int] | None
) -> Ranking:
    """Collect the candidates of all parts, and rank them by the sum of the parts' bits.

    Ties are broken by each part's own score, in the order of the parts. Parameters are those of `ask_parts`.
    """
    ranking = _rank(parts, query, reader, k, allowed)
    listens = query.listening is not None or query.listen_to is not None
    return _refined(ranking, parts, query, reader, allowed) if listens and is_unsure(ranking.probabilities) else ranking


def _rank(
    parts: Mapping[str, Part], query: Query, reader: SongReader, k: int, allowed: frozenset[int] | None
) -> Ranking:
    lacking = {name: part.lacks(query) for name, part in parts.items()}
    able = {name: part for name, part in parts.items() if lacking[name] is None}
    notes = tuple(f"{part.title}: {lacking[name]}" for name, part in parts.items() if lacking[name] is not None)
    candidates = {name: part.ask(query, reader, max(k, POOL), allowed) for name, part in able.items()}
    pool = np.unique(np.concatenate([np.empty(0, np.int64), *(proposed.best for proposed in candidates.values())]))
    among = max((part.among(query, allowed) for part in able.values()), default=0)
    return _ordered(pool, Ranking(pool, np.empty(0), np.empty(0), np.empty(0, np.bool_), among, candidates, notes))


def _ordered(pool: NDArray[np.int64], ranking: Ranking) -> Ranking:
    """Rank a pool of songs by the evidence of the parts, and of a second listening if there was one."""
    if not len(pool):
        return ranking
    scored = [proposed.of(pool) for proposed in ranking.candidates.values()]
    found = [ranking.found.get(number) for number in pool.tolist()]
    bits = np.array([0.0 if one is None else one.bits for one in found])
    for _, worth in scored:
        bits = bits + worth
    keys = [*(np.nan_to_num(-scores, nan=np.inf) for scores, _ in reversed(scored)), -bits]
    order = np.lexsort(keys)
    sorted_keys = np.stack(keys)[:, order]
    ties = np.concatenate([[False], (sorted_keys[:, 1:] == sorted_keys[:, :-1]).all(axis=0)])
    among = max(len(pool), ranking.among)
    return ranking._replace(
        songs=pool[order], bits=bits[order], probabilities=posterior(bits[order], among), ties=ties, among=among
    )


def _refined(
    ranking: Ranking, parts: Mapping[str, Part], query: Query, reader: SongReader, allowed: frozenset[int] | None
) -> Ranking:
    """Rank songs again by the second listening of a query, if a part searches by words."""
    if all(part.takes != HEARD for part in parts.values()):
        return ranking
    considered = [number for part in parts.values() for number in part.consider(query, reader, POOL, allowed)]
    candidates = list(dict.fromkeys([*ranking.songs[:POOL].tolist(), *considered]))
    if query.listen_to is not None and query.text is not None:
        songs = [song for song in reader.songs(candidates) if song.audio is not None]
        heard_in = reader.tables(Transcripts).of([song.id for song in songs])
        words = {number: stored.transcript.every_text for number, stored in heard_in.items()}
        listening_to = {song.id: query.listen_to(song) for song in songs}
        found, failures = find_in_recordings(listening_to, clean_query(query.text), words, progress=query.progress)
        if failures:
            note = f"{len(failures)} of {len(songs)} songs could not be listened to, such as: {failures[0]}"
            ranking = ranking._replace(notes=(*ranking.notes, note))
        return _with(ranking, found, ranking.among)
    listening, heard = query.listening, query.recording.get(HEARD)
    if listening is None or heard is None:
        return ranking
    among = max(ranking.among, *(part.considered(query, allowed) for part in parts.values()))
    if listening.careful:
        everything = {number for part in parts.values() for number in part.consider(query, reader, None, allowed)}
        candidates += sorted(everything)
    songs = reader.songs(list(dict.fromkeys(candidates))[:CAREFUL_SONGS])
    lyrics = {song.id: clean_lyrics(song.lyrics) for song in songs if song.lyrics}
    try:
        found = find_by_listening(listening, heard.every_text, lyrics, among)
    except TranscriptionError as error:
        return ranking._replace(notes=(*ranking.notes, f"no second listening: {error}"))
    return _with(ranking, found, among)


def _with(ranking: Ranking, found: Mapping[int, Found], among: int) -> Ranking:
    """Add what a second listening found; where nothing speaks for any song, there is no hit."""
    if not len(ranking.songs) and all(one.bits <= 0 for one in found.values()):
        return ranking
    pool = np.union1d(ranking.songs, np.fromiter(found, np.int64, len(found)))
    return _ordered(pool, ranking._replace(found=found, among=among))


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
            [*(entry for column in evidence if (entry := column[place]) is not None), *_listened(ranking, song)],
        )
        for place, (row, song) in enumerate(zip(rows, shown, strict=True))
    ]  # fmt: skip
    asked = (*ranking.candidates, *((LISTENING,) if ranking.found else ()))
    place = next((proposed.place for proposed in ranking.candidates.values() if proposed.place is not None), None)
    return Fused(hits, ranking.among, asked, ranking.notes, place)


def _listened(ranking: Ranking, song: "Song") -> list[Evidence]:
    """The evidence of a second listening for a song, with the lines in which the words were found."""
    found = ranking.found.get(song.id)
    if found is None:
        return []
    passages = find_passages(found.words, song.lyrics or "") if found.bits > 0 else []
    return [Evidence(LISTENING, found.score, found.bits, passages)]
