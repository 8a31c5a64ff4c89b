"""Passages in which a transcript and lyrics match: the lines of the lyrics, their matched words, and the times."""

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.alignment import MATCH, Stretch, align
from alcca.matching.bits import LAMBDA, K
from alcca.matching.folding import Folded, fold, fold_letters
from alcca.transcripts import Transcript, text_of

__all__ = ["Passage", "find_passages", "find_passages_aloud"]

# A further stretch is shown beside the best one if it has at least this many bits.
MIN_BITS = 6.0
# A word counts as matched if this share of its letters is aligned with equal ones.
SHARE_OF_WORD = 0.6


class Passage(NamedTuple):
    """A line of lyrics that matches a transcript.

    Parameters
    ----------
    line : str
        As written in the lyrics.
    line_number : int
        Among all lines of the lyrics, from 0.
    words : tuple of str
        The matched words of the line, as written in the lyrics.
    start, end : float or None
        When it is sung, in seconds of the recording; None if a plain text was given instead of a transcript.
    bits : float
        The bits of its matched letters.
    """

    line: str
    line_number: int
    words: tuple[str, ...]
    start: float | None
    end: float | None
    bits: float


def find_passages(heard: Transcript | str, lyrics: str, most: int = 3) -> list[Passage]:
    r"""Find the lines of lyrics that match a transcript, the best first.

    The transcript is aligned with the lyrics, then the unmatched rest of it again, as long as the match is better than
    chance: a repeated chorus or skipped lines give several stretches.

    Parameters
    ----------
    heard : Transcript or str
    lyrics : str
    most : int
        The maximum number of lines.

    Examples
    --------
    >>> from alcca.transcripts import Segment
    >>> heard = Transcript((Segment(12, 15, "hello darkness my old fend"),))
    >>> [(p.line, p.words, p.start) for p in find_passages(heard, "Hello darkness, my old friend\nI've come to talk")]
    [('Hello darkness, my old friend', ('Hello', 'darkness', 'my', 'old', 'friend'), 12.0)]
    """
    spoken, written = fold(text_of(heard)), fold(lyrics)
    times = _times(heard, spoken) if isinstance(heard, Transcript) else None
    pairs = _pairs(spoken.letters, written.letters, most)
    if not len(pairs):
        return []
    pairs_of_line: dict[int, list[tuple[int, int]]] = {}
    starts = _line_starts(lyrics)
    line_of = np.searchsorted(starts, written.places[pairs[:, 1]], side="right") - 1
    for number, (heard_at, written_at) in zip(line_of.tolist(), pairs.tolist(), strict=True):
        pairs_of_line.setdefault(number, []).append((heard_at, written_at))
    lines = lyrics.split("\n")
    passages = [
        _passage(lines[number], number, starts[number], matched, written, times)
        for number, matched in pairs_of_line.items()
    ]
    return sorted((passage for passage in passages if passage.words), key=lambda passage: -passage.bits)[:most]


def find_passages_aloud(heard: Transcript | str, aloud: str, lyrics: str) -> list[Passage]:
    r"""As `find_passages` in lyrics as they are read aloud, but with the lines as they are written, without words.

    Examples
    --------
    >>> found = find_passages_aloud("ginga no tetsudou", "ぎんがのてつどう\nはしる", "銀河の鉄道\n走る")
    >>> found[0].line
    '銀河の鉄道'
    """
    lines = lyrics.split("\n")
    return [
        passage._replace(line=lines[passage.line_number].strip(), words=())
        if passage.line_number < len(lines)
        else passage
        for passage in find_passages(heard, aloud)
    ]


def _pairs(spoken: str, written: str, most: int) -> NDArray[np.int64]:
    """Positions of aligned equal letters in all stretches that are better than chance."""
    least = np.log(K * max(len(spoken) * len(written), 1)) + MIN_BITS * np.log(2)
    pairs: list[NDArray[np.int64]] = []
    pieces = [(0, len(spoken))]
    while pieces and len(pairs) < 2 * most:
        begin, end = pieces.pop(0)
        stretch: Stretch | None = align(spoken[begin:end], written)
        if stretch is None or (pairs and LAMBDA * stretch.score < least):
            continue
        core = _core(stretch.pairs) + np.array([begin, 0])
        pairs.append(core)
        pieces += [(begin, int(core[0, 0])), (int(core[-1, 0]) + 1, end)]
        pieces.sort(key=lambda piece: piece[0] - piece[1])
    return np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=np.int64)


def _core(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs without scattered ones at both ends, which belong to words of other lines."""
    together = (np.diff(pairs, axis=0) == 1).all(axis=1)
    runs = np.flatnonzero(together[:-1] & together[1:])
    return pairs[runs[0] : runs[-1] + 3] if len(runs) else pairs


def _passage(
    line: str,
    number: int,
    start: int,
    matched: list[tuple[int, int]],
    written: Folded,
    times: NDArray[np.float64] | None,
) -> Passage:
    heard_at = np.array([place for place, _ in matched])
    written_at = {place for _, place in matched}
    worth = LAMBDA * MATCH * len(written_at) / np.log(2)
    words = tuple(_words(line, start, written_at, written))
    if times is None:
        return Passage(line.strip(), number, words, None, None, float(worth))
    begin, end = float(times[heard_at.min(), 0]), float(times[heard_at.max(), 1])
    return Passage(line.strip(), number, words, begin, end, float(worth))


def _words(line: str, start: int, matched: set[int], written: Folded) -> list[str]:
    """The words of a line with most letters matched."""
    first, last = np.searchsorted(written.places, [start, start + len(line)])
    begins = [*(first + np.flatnonzero(written.words[first:last])).tolist(), int(last)]
    words = []
    for begin, end in itertools.pairwise(begins):
        if sum(place in matched for place in range(begin, end)) >= SHARE_OF_WORD * (end - begin):
            a, b = written.places[begin] - start, written.places[end - 1] - start + 1
            words.append(line[a:b])
    return words


def _line_starts(text: str) -> NDArray[np.int64]:
    lengths = [len(line) + 1 for line in text.split("\n")]
    return np.cumsum([0, *lengths[:-1]])


def _times(heard: Transcript, spoken: Folded) -> NDArray[np.float64]:
    """Start and end of each letter of a transcript, shape (letters, 2), spread evenly over its segment."""
    sizes = np.array([len(fold_letters(segment.text.strip())) for segment in heard.all_segments], dtype=np.int64)
    starts, ends = np.array([(segment.start, segment.end) for segment in heard.all_segments]).reshape(-1, 2).T
    step = np.repeat((ends - starts) / np.maximum(sizes, 1), sizes)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begins = np.repeat(starts, sizes) + within * step
    return np.column_stack([begins, begins + step])
