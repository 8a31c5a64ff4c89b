"""Where two texts match: which lines of the lyrics were heard, which of their words, and when."""

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.alignment import MATCH, Stretch, align
from alcca.matching.folding import Folded, fold, fold_letters
from alcca.matching.scoring import LAMBDA, K
from alcca.transcripts import Transcript, text_of

__all__ = ["Passage", "find_passages"]

# A further stretch has to be worth this many bits to be shown beside the best.
MIN_BITS = 6.0
# A word was matched when this share of its letters stands opposite equal ones.
SHARE_OF_WORD = 0.6


class Passage(NamedTuple):
    """A line of lyrics that was heard.

    Parameters
    ----------
    line : str
        As it is written.
    line_number : int
        Of all lines of the text, from 0.
    words : tuple of str
        The words of the line that were heard, as they are written.
    start, end : float or None
        When it is sung, in seconds in the recording; None where a text stands for what was heard.
    bits : float
        What its letters are worth.
    """

    line: str
    line_number: int
    words: tuple[str, ...]
    start: float | None
    end: float | None
    bits: float


def find_passages(heard: Transcript | str, lyrics: str, most: int = 3) -> list[Passage]:
    r"""The lines of lyrics that were heard, the best first.

    What was heard is aligned with the lyrics, then what is left of it again, as long as that is better than chance: a
    chorus that is sung twice and lines that were left out are several stretches.

    Parameters
    ----------
    heard : Transcript or str
    lyrics : str
    most : int
        At most so many lines.

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
    found: dict[int, list[tuple[int, int]]] = {}
    starts = _line_starts(lyrics)
    line_of = np.searchsorted(starts, written.places[pairs[:, 1]], side="right") - 1
    for line, (here, there) in zip(line_of.tolist(), pairs.tolist(), strict=True):
        found.setdefault(line, []).append((here, there))
    lines = lyrics.split("\n")
    passages = [_passage(lines[line], line, starts[line], matched, written, times) for line, matched in found.items()]
    return sorted((one for one in passages if one.words), key=lambda one: -one.bits)[:most]


def _pairs(spoken: str, written: str, most: int) -> NDArray[np.int64]:
    """Places of equal letters in all stretches that are better than chance."""
    least = np.log(K * max(len(spoken) * len(written), 1)) + MIN_BITS * np.log(2)
    pairs: list[NDArray[np.int64]] = []
    pieces = [(0, len(spoken))]
    while pieces and len(pairs) < 2 * most:
        begin, end = pieces.pop(0)
        found: Stretch | None = align(spoken[begin:end], written)
        if found is None or (pairs and LAMBDA * found.score < least):
            continue
        core = _core(found.pairs) + np.array([begin, 0])
        pairs.append(core)
        pieces += [(begin, int(core[0, 0])), (int(core[-1, 0]) + 1, end)]
        pieces.sort(key=lambda piece: piece[0] - piece[1])
    return np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=np.int64)


def _core(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs without those at the ends that match here and there only: they belong to the words of another line."""
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
    here = np.array([one for one, _ in matched])
    there = {other for _, other in matched}
    worth = LAMBDA * MATCH * len(there) / np.log(2)
    words = tuple(_words(line, start, there, written))
    if times is None:
        return Passage(line.strip(), number, words, None, None, float(worth))
    return Passage(line.strip(), number, words, float(times[here.min(), 0]), float(times[here.max(), 1]), float(worth))


def _words(line: str, start: int, there: set[int], written: Folded) -> list[str]:
    """Words of a line of which most letters were matched."""
    first, last = np.searchsorted(written.places, [start, start + len(line)])
    begins = [*(first + np.flatnonzero(written.words[first:last])).tolist(), int(last)]
    words = []
    for begin, end in itertools.pairwise(begins):
        if sum(place in there for place in range(begin, end)) >= SHARE_OF_WORD * (end - begin):
            a, b = written.places[begin] - start, written.places[end - 1] - start + 1
            words.append(line[a:b])
    return words


def _line_starts(text: str) -> NDArray[np.int64]:
    lengths = [len(line) + 1 for line in text.split("\n")]
    return np.cumsum([0, *lengths[:-1]])


def _times(heard: Transcript, spoken: Folded) -> NDArray[np.float64]:
    """When each heard letter begins and ends, shape (letters, 2): evenly within its segment."""
    sizes = np.array([len(fold_letters(segment.text.strip())) for segment in heard.all_segments], dtype=np.int64)
    starts, ends = np.array([(segment.start, segment.end) for segment in heard.all_segments]).reshape(-1, 2).T
    step = np.repeat((ends - starts) / np.maximum(sizes, 1), sizes)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    begins = np.repeat(starts, sizes) + within * step
    return np.column_stack([begins, begins + step])
