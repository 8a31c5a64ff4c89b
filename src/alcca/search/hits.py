"""The hits of a search: songs with a line of their lyrics, and the evidence for each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcca.matching.lines import line_to_show

if TYPE_CHECKING:
    from alcca.matching.passages import Passage
    from alcca.search.fusion import Ranked
    from alcca.search.part import Evidence
    from alcca.store.records import Song
    from alcca.transcripts import Transcript

__all__ = ["Hit", "Hits", "found_words", "hit"]


@dataclass(frozen=True)
class Hit:
    """One hit of a search.

    Attributes
    ----------
    rank : int
        1 for the best.
    score : float or None
        Cosine of the query and the song in the learned space, in [-1, 1]; None if the space did not score it, and for a
        search by exact words.
    line : str
        A line of the song's lyrics: the best matching line, or the line with most of the searched words, else the first
        line; at most 100 characters.
    path : str
        Path of a file of the song.
    bits : float or None
        The sum of the evidence of all parts, which ranks the hits: base-2 logarithm of how much likelier the query and
        the song belong together than by chance. None for a search by exact words.
    probability : float or None
        Probability that this is the song in question, in [0, 1]; None for a search by exact words.
    certainty : str or None
        The probability in words: "sure", "likely" or "a guess".
    evidence : tuple of Evidence
        The evidence of each part; see `alcca.search.part.Evidence`.
    """

    rank: int
    score: float | None
    title: str
    artist: str | None
    label: str | None
    line: str
    path: str
    id: int
    bits: float | None = None
    probability: float | None = None
    certainty: str | None = None
    evidence: "tuple[Evidence, ...]" = ()

    @property
    def closer_than(self) -> float | None:
        """The share of the library's pairs of different songs with a lower score, in [0, 1]; None without it."""
        compared = _compared(self.evidence)
        return None if compared is None else compared.closer_than

    @property
    def passages(self) -> "list[Passage]":
        """Matching passages of the query and the song, those of the strongest evidence first."""
        return _passages(self.evidence)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values."""
        return {**vars(self), "evidence": [evidence.to_dict() for evidence in self.evidence]}


class Hits(list[Hit]):
    """The hits of a search, best first, with the transcript of the query and notes.

    Attributes
    ----------
    heard : Transcript or None
        Transcript of the query recording; None if it was not transcribed.
    asked : tuple of str
        The parts of the search that gave a result.
    notes : tuple of str
        Remarks on the query, and why other parts gave no result.
    """

    def __init__(
        self,
        hits: Iterable[Hit] = (),
        *,
        heard: "Transcript | None" = None,
        asked: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(hits)
        self.heard, self.asked, self.notes = heard, asked, notes

    def to_dict(self) -> dict[str, Any]:
        """Return ``hits`` and the attributes as JSON values."""
        heard = None if self.heard is None else {"text": self.heard.text, **self.heard.to_dict()}
        hits = [hit.to_dict() for hit in self]
        return {"hits": hits, "heard": heard, "asked": list(self.asked), "notes": list(self.notes)}


def hit(rank: int, ranked: "Ranked") -> Hit:
    """Make the hit of a search by parts."""
    song, compared, passages = ranked.song, _compared(ranked.evidence), _passages(ranked.evidence)
    return Hit(
        rank=rank,
        score=None if compared is None else compared.score,
        title=song.title,
        artist=song.artist,
        label=song.label,
        line=line_to_show(passages[0].line if passages else song.lyrics or ""),
        path=song.paths[0] if song.paths else "",
        id=song.id,
        bits=ranked.bits,
        probability=ranked.probability,
        certainty=ranked.certainty,
        evidence=tuple(ranked.evidence),
    )


def _passages(evidence: "Iterable[Evidence]") -> "list[Passage]":
    found = [passage for part in sorted(evidence, key=lambda part: -part.bits) for passage in part.passages]
    # A second listening does not know when a line is sung, but the transcript may.
    timed = {(one.line_number, one.line): one for one in reversed(found) if one.start is not None}
    return list(
        dict.fromkeys(timed.get((one.line_number, one.line), one) if one.start is None else one for one in found)
    )


def _compared(evidence: "Iterable[Evidence]") -> "Evidence | None":
    """The first evidence whose score is compared with other pairs of songs (`Evidence.closer_than`), if any."""
    return next((part for part in evidence if part.closer_than is not None), None)


def found_words(rank: int, song: "Song", words: str) -> Hit:
    """Make the hit of a search by exact words."""
    path = song.paths[0] if song.paths else ""
    line = line_to_show(song.lyrics or "", words, song.lyrics_aloud)
    return Hit(rank, None, song.title, song.artist, song.label, line, path, song.id)
