"""What a search gives back: songs with a line of their words, and what speaks for each."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alcca.library.parts.space import SpacePart

if TYPE_CHECKING:
    from alcca.library.parts.fusion import Ranked
    from alcca.library.parts.part import Evidence
    from alcca.library.records import Song
    from alcca.matching.passages import Passage
    from alcca.transcripts import Transcript

__all__ = ["Hit", "Hits", "found_words", "hit", "line_to_show"]

# Of a pasted text, enough words to find a line by.
MOST_WORDS = 64
# What fits beside a rank in a terminal, or on a phone in three lines.
LONGEST_LINE = 100


@dataclass(frozen=True)
class Hit:
    """One song that a search found.

    Attributes
    ----------
    rank : int
        1 for the best.
    score : float or None
        Cosine of the query and the song in the common space, in [-1, 1]; None where the space says nothing of it, and
        for a search by exact words.
    line : str
        A line of the song's lyrics that matches: the best that was heard or typed, or the first that holds a searched
        word, else the first; at most 100 characters of it.
    path : str
        A file that holds the song.
    bits : float or None
        The evidence of all parts of the search together: a base-2 logarithm of how much likelier the query and the song
        belong together than by chance. Hits are ranked by it. None for a search by exact words.
    probability : float or None
        That it is the song that was asked for, in [0, 1]; None for a search by exact words.
    certainty : str or None
        The same in words: "sure", "likely" or "a guess".
    evidence : tuple of Evidence
        What each part of the search says; see `alcca.library.parts.part.Evidence`.
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
    def passages(self) -> "list[Passage]":
        """Where the words of the query and of the song match, best first."""
        return [passage for one in self.evidence for passage in one.passages]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**vars(self), "evidence": [one.to_dict() for one in self.evidence]}


class Hits(list[Hit]):
    """What a search found, best first, and what is to be known of it.

    Attributes
    ----------
    heard : Transcript or None
        What was heard in the recording that was searched by; None where nobody listened.
    asked : tuple of str
        The parts of the search that answered.
    notes : tuple of str
        What was doubtful about the query, and why other parts did not answer.
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
        """Everything, as JSON can hold it: ``hits`` and the attributes."""
        heard = None if self.heard is None else {"text": self.heard.text, **self.heard.to_dict()}
        hits = [one.to_dict() for one in self]
        return {"hits": hits, "heard": heard, "asked": list(self.asked), "notes": list(self.notes)}


def hit(rank: int, found: "Ranked") -> Hit:
    """A song that parts of a search found."""
    song, passages = found.song, [passage for one in found.evidence for passage in one.passages]
    line = line_to_show(passages[0].line if passages else song.lyrics or "")
    return Hit(
        rank,
        next((one.score for one in found.evidence if one.part == SpacePart.name), None),
        song.title,
        song.artist,
        song.label,
        line,
        song.paths[0] if song.paths else "",
        song.id,
        found.bits,
        found.probability,
        found.certainty,
        tuple(found.evidence),
    )


def found_words(rank: int, song: "Song", words: str) -> Hit:
    """A song that holds all of the words."""
    path = song.paths[0] if song.paths else ""
    return Hit(rank, None, song.title, song.artist, song.label, line_to_show(song.lyrics or "", words), path, song.id)


def line_to_show(lyrics: str, words: str = "") -> str:
    """The first line of lyrics, or the first that holds one of ``words``, whatever its case and accents.

    Of a long line it is the part about the word, with "…" where something was left out.

    Examples
    --------
    >>> line_to_show("Früh am Morgen", "fruh")
    'Früh am Morgen'
    >>> len(line_to_show("la " * 100))
    100
    """
    lines = [line.strip() for line in lyrics.splitlines() if line.strip()]
    plain = _plain_words(words)
    found = ((line, _first(line, plain)) for line in lines)
    line, at = next(((line, at) for line, at in found if at >= 0), (lines[0] if lines else "", 0))
    if len(line) <= LONGEST_LINE:
        return line
    room = LONGEST_LINE - 2
    start = min(max(at - room // 3, 0), len(line) - room)
    end = start + room
    return ("…" if start else "") + line[start : end + (not start)] + ("…" if end < len(line) else "")


@lru_cache(maxsize=16)
def _plain_words(text: str) -> tuple[str, ...]:
    """The first different words of a text, which is the same for all songs of a search."""
    return tuple(dict.fromkeys(_plain(text).split()))[:MOST_WORDS]


def _first(line: str, words: tuple[str, ...]) -> int:
    """Where the first of ``words`` stands in a line, or -1."""
    plain = _plain(line) if words else ""
    return min((at for word in words if (at := plain.find(word)) >= 0), default=-1)


def _plain(text: str) -> str:
    # One letter for one letter, so that places in the plain text are places in the text.
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] for letter in text)
