"""When each line of lyrics is sung: the lyrics aligned with what was heard, as a whole."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold
from alcca.transcripts import Transcript

__all__ = ["TimedLine", "fill_times", "time_lines", "to_lrc"]

TimedLine = tuple[float | None, str]
# A line counts as heard when this share of its letters stands opposite the same letters.
SHARE_HEARD = 0.5
MATCH, MISMATCH, GAP_OPEN, GAP_EXTEND = 2, -1, 3, 1
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def time_lines(heard: Transcript, lyrics: str) -> list[TimedLine]:
    r"""Seconds in the recording at which each line of lyrics begins, from an alignment of all letters.

    Lines that were heard get the time of their first letter, interpolated within its segment. Lines between two that
    were heard get times between theirs; lines before the first and after the last get None. Times never decrease.

    Parameters
    ----------
    heard : Transcript
    lyrics : str

    Returns
    -------
    list of (float or None, str)
        Every line of the lyrics that holds letters, in order.

    References
    ----------
    Needleman, Wunsch: A general method applicable to the search for similarities in the amino acid sequence of two
    proteins. Journal of Molecular Biology 48(3), 1970. Here with affine gaps, free at the ends.

    Examples
    --------
    >>> from alcca.transcripts import Segment
    >>> heard = Transcript((Segment(10, 12, "hello darkness my old friend"), Segment(15, 18, "to talk with you again")))
    >>> time_lines(heard, "Hello darkness, my old friend\nI've come\nto talk with you again")
    [(10.0, 'Hello darkness, my old friend'), (12.5, "I've come"), (15.0, 'to talk with you again')]
    """
    lines = [line.strip() for line in lyrics.splitlines() if fold(line).letters]
    letters = [fold(line).letters for line in lines]
    spoken, times = _spoken(heard)
    if not spoken or not lines:
        return [(None, line) for line in lines]
    opposite = _opposite("".join(letters), spoken)
    starts = np.cumsum([0, *map(len, letters)])
    found: list[float | None] = []
    for begin, end in pairwise(starts.tolist()):
        own = opposite[begin:end]
        there = own[own >= 0]
        found.append(float(times[there[0]]) if len(there) >= SHARE_HEARD * len(own) else None)
    return list(zip(_between(found), lines, strict=True))


def to_lrc(lines: list[TimedLine]) -> str:
    r"""Lines with their times as an LRC file; lines without a time are left out.

    Examples
    --------
    >>> to_lrc([(61.5, "Hello"), (None, "again")])
    '[01:01.50]Hello\n'
    >>> to_lrc([(59.996, "Hello")])
    '[01:00.00]Hello\n'
    """
    # In hundredths first: rounded later, 59.996 s would be 60 s of the same minute.
    stamped = ((divmod(round(100 * time), 6000), line) for time, line in lines if time is not None)
    return "".join(f"[{minutes:02d}:{rest / 100:05.2f}]{line}\n" for (minutes, rest), line in stamped)


def _spoken(heard: Transcript) -> tuple[str, NDArray[np.float64]]:
    """All letters that were heard, and the second at which each is sung."""
    pieces = [(fold(segment.text).letters, segment) for segment in heard.segments]
    times = [
        np.linspace(segment.start, segment.end, len(letters), endpoint=False) for letters, segment in pieces if letters
    ]
    return "".join(letters for letters, _ in pieces), np.concatenate(times) if times else np.empty(0)


def _opposite(written: str, spoken: str) -> NDArray[np.int64]:
    """For each written letter the place of the equal letter that it stands opposite of, or -1."""
    import parasail

    matrix = parasail.matrix_create(ALPHABET, MATCH, MISMATCH)
    traced = parasail.sg_trace_striped_32(written, spoken, GAP_OPEN, GAP_EXTEND, matrix).traceback
    opposite = np.full(len(written), -1, dtype=np.int64)
    row = column = 0
    for one, other in zip(traced.query, traced.ref, strict=True):
        if one != "-" and one == other:
            opposite[row] = column
        row += one != "-"
        column += other != "-"
    return opposite


def fill_times(lines: list[TimedLine]) -> list[TimedLine]:
    """Lines in the order in which they are sung; those without a time, between two with one, get times between theirs.

    Examples
    --------
    >>> fill_times([(None, "a"), (1.0, "b"), (None, "c"), (3.0, "d")])
    [(None, 'a'), (1.0, 'b'), (2.0, 'c'), (3.0, 'd')]
    """
    return list(zip(_between([time for time, _ in lines]), (line for _, line in lines), strict=True))


def _between(found: list[float | None]) -> list[float | None]:
    known = [(i, time) for i, time in enumerate(found) if time is not None]
    if not known:
        return found
    places = [i for i, _ in known]
    times = np.maximum.accumulate([time for _, time in known])
    return [float(np.interp(i, places, times)) if places[0] <= i <= places[-1] else None for i in range(len(found))]
