"""From what the library finds to what the API tells."""

import base64
import time
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.app.server.schemas import Facet, Heard, Neighbourhood, Point, Segment, Song, SongMap
from alcca.app.server.search_schemas import Evidence, Hit, Passage, SearchResult
from alcca.library.hits import line_to_show
from alcca.library.parts.fusion import Ranked
from alcca.library.parts.part import Query
from alcca.library.parts.space import SpacePart
from alcca.library.records import Song as StoredSong
from alcca.library.snapshot import Snapshot
from alcca.library.status import counts
from alcca.library.store import Store
from alcca.matching.passages import Passage as FoundPassage
from alcca.transcripts import Transcript

__all__ = ["Wanted", "card", "facets", "heard_in", "milliseconds", "search", "song_map", "written"]


class Wanted:
    """How many songs somebody wants to have found, among which, by which parts, and how much is told of them.

    Parameters
    ----------
    k : int
    among : frozenset of int or None
        As `Snapshot.among` gives it.
    by : str
        A part of the search, or "both".
    explain : bool
        Tell the evidence of each part.
    """

    def __init__(self, k: int, among: frozenset[int] | None, by: str, explain: bool) -> None:
        self.k, self.among, self.by, self.explain = k, among, by, explain


def search(
    now: Snapshot, store: Store, query: Query, wanted: Wanted, *, started: float, notes: Sequence[str] = ()
) -> SearchResult:
    """Search, and tell what was found; errors as `Snapshot.search`.

    ``started`` is when the query came, by `time.perf_counter`; ``notes`` are what is doubtful about it.
    """
    found = now.search(query, store, wanted.k, wanted.among, wanted.by)
    return SearchResult(
        query=written(now.space.place_of(query)) if SpacePart.name in found.asked else None,
        compared="lyrics" if query.text is None else "audio",
        among=found.among,
        took_ms=milliseconds(started),
        # Where the library is on this machine is nobody's business.
        notes=[*notes, *(note.replace(str(now.folder), now.folder.name) for note in found.notes)],
        heard=None if query.heard is None else heard_in(query.heard),
        asked=list(found.asked),
        hits=[_hit(rank, one, query.text or "", now, wanted.explain) for rank, one in enumerate(found.hits, 1)],
    )


def _hit(rank: int, found: Ranked, words: str, now: Snapshot, explain: bool) -> Hit:
    space = next((one for one in found.evidence if one.part == SpacePart.name), None)
    return Hit.model_validate(
        {
            "rank": rank,
            "score": space and space.score,
            "closer_than": space and space.closer_than,
            "bits": found.bits,
            "probability": found.probability,
            "certainty": found.certainty,
            "passages": [_passage(passage) for one in found.evidence for passage in one.passages],
            "evidence": [
                Evidence(
                    part=one.part, title=now.parts[one.part].title, score=one.score, bits=one.bits,
                    closer_than=one.closer_than, passages=[_passage(passage) for passage in one.passages],
                )
                for one in found.evidence
            ]
            if explain
            else None,
            "song": card(found.song, words),
        }
    )  # fmt: skip


def _passage(found: FoundPassage) -> Passage:
    return Passage(**{**found._asdict(), "words": list(found.words)})


def heard_in(transcript: Transcript) -> Heard:
    """What was heard in a recording."""
    return Heard(
        text=transcript.text,
        doubtful=transcript.doubtful,
        has_words=transcript.has_words,
        language=transcript.language,
        model=transcript.model,
        start=transcript.start,
        seconds=transcript.seconds,
        segments=[Segment(start=one.start, end=one.end, text=one.text) for one in transcript.segments],
    )


def card(song: StoredSong, words: str = "") -> Song:
    """A song as a card shows it, with the line of its lyrics that holds one of ``words``, or the first."""
    return Song(
        id=song.id,
        title=song.title,
        artist=song.artist,
        album=song.album,
        label=song.label,
        language=song.language,
        seconds=song.audio.duration if song.audio else None,
        has_audio=song.audio is not None,
        has_lyrics=song.lyrics is not None,
        line=line_to_show(song.lyrics or "", words),
    )


def facets(values: Iterable[str | None]) -> list[Facet]:
    """How often each value occurs, the most frequent first."""
    return [Facet(name=name, songs=songs) for name, songs in counts(values).items()]


def song_map(now: Snapshot) -> SongMap:
    """All searchable songs in two dimensions, and what the places are called."""
    laid = now.space.map
    outlines = [now.outlines[number] for number in laid.ids]
    labels = list(counts(outline.label for outline in outlines))
    place_of = {label: i for i, label in enumerate(labels)}
    return SongMap(
        labels=labels,
        neighbourhoods=[
            Neighbourhood(**{**one._asdict(), "x": round(one.x, 4), "y": round(one.y, 4), "words": list(one.words)})
            for one in laid.neighbourhoods
        ],
        note=laid.note,
        explained=laid.explained,
        points=[
            Point(
                id=outline.id, x=round(x, 4), y=round(y, 4), title=outline.title, artist=outline.artist,
                label=place_of.get(outline.label or ""),
            )
            for outline, (x, y) in zip(outlines, laid.places.tolist(), strict=True)
        ],
    )  # fmt: skip


def milliseconds(started: float) -> float:
    """Since ``started``, a time of `time.perf_counter`."""
    return round(1000 * (time.perf_counter() - started), 1)


def written(place: NDArray[np.floating]) -> str:
    """A place in the common space as text; the server remembers no query."""
    return base64.urlsafe_b64encode(place.astype("<f4").tobytes()).decode()
