"""Convert results of the library to the models of the API."""

import base64
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.matching.lines import line_to_show
from alcca.matching.second_listening import LISTENING
from alcca.search.filters import counts
from alcca.search.hits import Hit as FoundHit
from alcca.search.hits import hit
from alcca.search.part import HEARD, Part, Query
from alcca.search.snapshot import Snapshot
from alcca.server.schemas import Cut, Facet, Heard, Neighbourhood, Point, Segment, Song, SongMap
from alcca.server.search_schemas import Hit, SearchResult
from alcca.songs.cut import split_content
from alcca.store.records import Song as StoredSong
from alcca.store.songs import Store
from alcca.transcripts import Transcript

__all__ = ["Wanted", "card", "facets", "heard_in", "milliseconds", "search", "song_map", "written"]

# Fields of the API's hit that are attributes of `alcca.Hit`.
SAME_IN_HIT = ("rank", "score", "closer_than", "bits", "probability", "certainty")


class Wanted:
    """Options of a search: how many hits, among which songs, by which parts, and how much detail.

    Parameters
    ----------
    k : int
    among : frozenset of int or None
        Songs to search, as returned by `Snapshot.among`.
    by : str
        A part of the search, or "both".
    explain : bool
        Include the evidence of each part.
    careful : bool
        As of `alcca.Library.search`.
    """

    def __init__(self, k: int, among: frozenset[int] | None, by: str, explain: bool, careful: bool = False) -> None:
        self.k, self.among, self.by, self.explain, self.careful = k, among, by, explain, careful


def search(
    now: Snapshot, store: Store, query: Query, wanted: Wanted, *, started: float, notes: Sequence[str] = ()
) -> SearchResult:
    """Search, and return the result as the API sends it; raises the errors of `Snapshot.search`.

    ``started`` is the time of the request, from `time.perf_counter`; ``notes`` are remarks on the query.
    """
    found = now.search(query, store, wanted.k, wanted.among, wanted.by)
    return SearchResult(
        query=None if found.place is None else written(found.place),
        compared="lyrics" if query.text is None else "audio",
        among=found.among,
        took_ms=milliseconds(started),
        # Do not disclose the path of the library.
        notes=[*notes, *(note.replace(str(now.folder), now.folder.name) for note in found.notes)],
        heard=None if (heard := query.recording.get(HEARD)) is None else heard_in(heard),
        asked=list(found.asked),
        hits=[
            _hit(hit(rank, ranked), card(ranked.song, query.text or ""), now.parts, wanted.explain)
            for rank, ranked in enumerate(found.hits, 1)
        ],
    )


def _hit(found: FoundHit, song: Song, parts: Mapping[str, Part], explain: bool) -> Hit:
    titles = {LISTENING: "the second listening", **{name: part.title for name, part in parts.items()}}
    evidence = [{**part.to_dict(), "title": titles[part.part]} for part in found.evidence] if explain else None
    return Hit.model_validate(
        {
            **{name: getattr(found, name) for name in SAME_IN_HIT},
            "passages": [passage._asdict() for passage in found.passages],
            "evidence": evidence,
            "song": song,
        }
    )


def heard_in(transcript: Transcript) -> Heard:
    """Convert a transcript."""
    return Heard(
        text=transcript.text,
        doubtful=transcript.doubtful,
        has_words=transcript.has_words,
        language=transcript.language,
        model=transcript.model,
        start=transcript.start,
        seconds=transcript.seconds,
        segments=[Segment(start=segment.start, end=segment.end, text=segment.text) for segment in transcript.segments],
    )


def card(song: StoredSong, words: str = "") -> Song:
    """Convert a song for a card, with the line of its lyrics that contains one of ``words``, or the first line."""
    _, cut = split_content(song.hash)
    return Song(
        id=song.id,
        title=song.title,
        artist=song.artist,
        album=song.album,
        label=song.label,
        language=song.language,
        seconds=song.audio.duration if song.audio else None,
        cut=None if cut is None else Cut(start=cut.start, end=cut.end),
        has_audio=song.audio is not None,
        has_lyrics=song.lyrics is not None,
        line=line_to_show(song.lyrics or "", words, song.lyrics_aloud),
    )


def facets(counted: Mapping[str, int]) -> list[Facet]:
    """Convert the counts of values, in their order."""
    return [Facet(name=name, songs=songs) for name, songs in counted.items()]


def song_map(now: Snapshot) -> SongMap:
    """The map: all searchable songs in two dimensions, and named neighbourhoods."""
    laid = now.space.map
    summaries = [now.summaries[number] for number in laid.ids]
    labels = list(counts(summary.label for summary in summaries))
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
                id=summary.id, x=round(x, 4), y=round(y, 4), title=summary.title, artist=summary.artist,
                label=place_of.get(summary.label or ""),
            )
            for summary, (x, y) in zip(summaries, laid.places.tolist(), strict=True)
        ],
    )  # fmt: skip


def milliseconds(started: float) -> float:
    """Milliseconds since ``started``, a time of `time.perf_counter`."""
    return round(1000 * (time.perf_counter() - started), 1)


def written(place: NDArray[np.floating]) -> str:
    """Encode a vector of the learned space as text; the client sends it back, as the server stores no queries."""
    return base64.urlsafe_b64encode(place.astype("<f4").tobytes()).decode()
