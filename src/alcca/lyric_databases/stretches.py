"""Several songs in one recording, such as a concert: which stretch of it is of which song."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.lyric_databases.candidate import Candidate
from alcca.lyric_databases.identifying import Clues, Identifier
from alcca.matching.alignment import local_scores
from alcca.matching.bits import LAMBDA, K
from alcca.matching.folding import fold_letters
from alcca.transcripts import Segment, Transcript

__all__ = ["Stretch", "songs_in"]

# Letters of a piece, which is of one song: some lines.
PIECE = 45
# Seconds without words that end a piece.
PAUSE = 10.0
# Pieces of a window, in which candidates are looked for, and how many windows a piece is in.
WINDOW, OVERLAP = 10, 2
CANDIDATES = 12
# A text takes part if it has so many bits in some window.
LEAST_BITS = 25.0
# Bits that another song must have more, to be one: a line that two songs share has 20 to 30.
CHANGE = 30.0
# A piece fits no song worse than this: what was misheard, or said between songs.
WORST = -3.0
# A song begins and ends with a piece of so many bits at least.
FITS = 5.0


@dataclass(frozen=True)
class Stretch:
    """A part of a recording with one song.

    Parameters
    ----------
    start, end : float
        From its first to its last word, in seconds of the recording.
    candidates : list of Candidate
        As `alcca.lyric_databases.database.LyricDatabase.identify` finds them; empty for words of no song of the
        database.
    """

    start: float
    end: float
    candidates: list[Candidate]


class _Piece(NamedTuple):
    segments: tuple[Segment, ...]
    letters: str


def songs_in(identifier: Identifier, transcript: Transcript, k: int) -> list[Stretch]:
    """Part a transcript into songs, in order of time.

    Each piece of some lines is aligned with each text that shares n-grams with the words about it. Of all ways to give
    each piece a text or none, the one with most bits is chosen, where each change costs some (Viterbi 1967,
    doi:10.1109/TIT.1967.1054010).
    """
    pieces = _pieces(transcript)
    if not pieces:
        return []
    texts = _texts(identifier, pieces)
    bits = _bits(pieces, texts)
    way = _trimmed(_best_way(bits), bits)
    bounds = [0, *(np.flatnonzero(np.diff(way)) + 1).tolist(), len(pieces)]
    found = []
    for begin, end in pairwise(bounds):
        segments = tuple(segment for piece in pieces[begin:end] for segment in piece.segments)
        start, stop = segments[0].start, segments[-1].end
        known = way[begin] > 0
        part = replace(
            transcript,
            segments=segments,
            alternatives=tuple(one for one in transcript.alternatives if start <= one.start < stop),
            guesses=tuple(one for one in transcript.guesses if start <= one.start < stop),
        )
        found.append(Stretch(start, stop, identifier.identify(Clues(part), k) if known else []))
    return _joined(found)


def _pieces(transcript: Transcript) -> list[_Piece]:
    pieces: list[_Piece] = []
    held: list[Segment] = []
    letters = ""
    for segment in sorted(transcript.segments, key=lambda segment: segment.start):
        if held and (len(letters) >= PIECE or segment.start - held[-1].end > PAUSE):
            pieces.append(_Piece(tuple(held), letters))
            held, letters = [], ""
        held.append(segment)
        letters += fold_letters(segment.text)
    return [*pieces, _Piece(tuple(held), letters)] if held else pieces


def _texts(identifier: Identifier, pieces: list[_Piece]) -> list[str]:
    """The folded letters of the texts that may be sung somewhere."""
    found: dict[int, str] = {}
    for begin in range(0, len(pieces), WINDOW // OVERLAP):
        letters = "".join(piece.letters for piece in pieces[begin : begin + WINDOW])
        numbers = identifier.texts_by_words(letters, CANDIDATES)
        written = [identifier.words(number)[1].decode("ascii") for number in numbers]
        for number, text, bits in zip(numbers, written, _worth(letters, written).tolist(), strict=True):
            if bits >= LEAST_BITS:
                found[number] = text
    return [*found.values()]


def _bits(pieces: list[_Piece], texts: list[str]) -> NDArray[np.float64]:
    """Bits of each piece with no text, in the first column, and with each text."""
    bits = np.zeros((len(pieces), 1 + len(texts)))
    for row, piece in enumerate(pieces):
        bits[row, 1:] = np.maximum(_worth(piece.letters, texts), WORST)
    return bits


def _worth(letters: str, texts: list[str]) -> NDArray[np.float64]:
    sizes = np.array([max(len(text), 1) for text in texts], np.float64)
    chance = np.log(np.maximum(K * max(len(letters), 1) * sizes, 1.0))
    bits: NDArray[np.float64] = (LAMBDA * local_scores(letters, texts) - chance) / np.log(2)
    return bits


def _best_way(bits: NDArray[np.float64]) -> NDArray[np.int64]:
    """The column of each row with the largest sum, where each change of column costs `CHANGE`."""
    count, states = bits.shape
    best = bits[0].copy()
    before = np.zeros((count, states), np.int64)
    for row in range(1, count):
        top = int(np.argmax(best))
        changed = best < best[top] - CHANGE
        before[row] = np.where(changed, top, np.arange(states))
        best = np.where(changed, best[top] - CHANGE, best) + bits[row]
    way = np.empty(count, np.int64)
    way[-1] = np.argmax(best)
    for row in range(count - 1, 0, -1):
        way[row - 1] = before[row, way[row]]
    return way


def _trimmed(way: NDArray[np.int64], bits: NDArray[np.float64]) -> NDArray[np.int64]:
    """The same without the pieces at both ends of a song that do not fit it: what is said before and after."""
    fits = bits[np.arange(len(way)), way] >= FITS
    trimmed = np.zeros_like(way)
    bounds = [0, *(np.flatnonzero(np.diff(way)) + 1).tolist(), len(way)]
    for begin, end in pairwise(bounds):
        inside = begin + np.flatnonzero(fits[begin:end])
        if inside.size:
            trimmed[inside[0] : inside[-1] + 1] = way[begin]
    return trimmed


def _joined(stretches: list[Stretch]) -> list[Stretch]:
    """Stretches of one song after another as one: versions of a song are texts of their own."""
    joined: list[Stretch] = []
    for stretch in stretches:
        last = joined[-1] if joined else None
        if last is not None and _song(last) == _song(stretch):
            joined[-1] = Stretch(last.start, stretch.end, max(last.candidates, stretch.candidates, key=_first_bits))
        else:
            joined.append(stretch)
    return joined


def _song(stretch: Stretch) -> tuple[str, str] | None:
    return (stretch.candidates[0].title, stretch.candidates[0].artist) if stretch.candidates else None


def _first_bits(candidates: list[Candidate]) -> float:
    return candidates[0].bits if candidates else 0.0
