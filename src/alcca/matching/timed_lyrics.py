"""The time at which each line of lyrics is sung, from a global alignment of the lyrics with a transcript."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold
from alcca.transcripts import Transcript

__all__ = ["TimedLine", "fill_times", "time_lines", "to_lrc"]

TimedLine = tuple[float | None, str]
# A line counts as matched if this share of its letters is aligned with equal ones.
SHARE_HEARD = 0.5
MATCH, MISMATCH, GAP_OPEN, GAP_EXTEND = 2, -1, 3, 1
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def time_lines(heard: Transcript, lyrics: str) -> list[TimedLine]:
    r"""The start of each line of lyrics in the recording, in seconds, from an alignment of all letters.

    A matched line gets the time of its first matched letter, interpolated within its segment. Lines between two matched
    lines get times between theirs; lines before the first and after the last one get None. Times never decrease.

    Parameters
    ----------
    heard : Transcript
    lyrics : str

    Returns
    -------
    list of (float or None, str)
        Every line of the lyrics that contains letters, in order.

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
    line_times: list[float | None] = []
    for begin, end in pairwise(starts.tolist()):
        aligned = opposite[begin:end]
        matched = aligned[aligned >= 0]
        line_times.append(float(times[matched[0]]) if len(matched) >= SHARE_HEARD * len(aligned) else None)
    return list(zip(_between(line_times), lines, strict=True))


def to_lrc(lines: list[TimedLine]) -> str:
    r"""Format lines with their times as an LRC file; lines without a time are omitted.

    Examples
    --------
    >>> to_lrc([(61.5, "Hello"), (None, "again")])
    '[01:01.50]Hello\n'
    >>> to_lrc([(59.996, "Hello")])
    '[01:00.00]Hello\n'
    """
    # Rounded to hundredths first; otherwise 59.996 s would become 60 s of the same minute.
    stamped = ((divmod(round(100 * time), 6000), line) for time, line in lines if time is not None)
    return "".join(f"[{minutes:02d}:{rest / 100:05.2f}]{line}\n" for (minutes, rest), line in stamped)


def _spoken(heard: Transcript) -> tuple[str, NDArray[np.float64]]:
    """All letters of a transcript, and the second at which each is sung."""
    pieces = [(fold(segment.text).letters, segment) for segment in heard.segments]
    times = [
        np.linspace(segment.start, segment.end, len(letters), endpoint=False) for letters, segment in pieces if letters
    ]
    return "".join(letters for letters, _ in pieces), np.concatenate(times) if times else np.empty(0)


def _opposite(written: str, spoken: str) -> NDArray[np.int64]:
    """For each written letter, the position of the equal letter that it is aligned with, or -1."""
    import parasail

    matrix = parasail.matrix_create(ALPHABET, MATCH, MISMATCH)
    trace = parasail.sg_trace_striped_32(written, spoken, GAP_OPEN, GAP_EXTEND, matrix).traceback
    opposite = np.full(len(written), -1, dtype=np.int64)
    row = column = 0
    for left, right in zip(trace.query, trace.ref, strict=True):
        if left != "-" and left == right:
            opposite[row] = column
        row += left != "-"
        column += right != "-"
    return opposite


def fill_times(lines: list[TimedLine]) -> list[TimedLine]:
    """Interpolate the times of lines in singing order: a line without a time, between two with one, gets one between.

    Examples
    --------
    >>> fill_times([(None, "a"), (1.0, "b"), (None, "c"), (3.0, "d")])
    [(None, 'a'), (1.0, 'b'), (2.0, 'c'), (3.0, 'd')]
    """
    return list(zip(_between([time for time, _ in lines]), (line for _, line in lines), strict=True))


def _between(line_times: list[float | None]) -> list[float | None]:
    known = [(i, time) for i, time in enumerate(line_times) if time is not None]
    if not known:
        return line_times
    places = [i for i, _ in known]
    times = np.maximum.accumulate([time for _, time in known])
    return [
        float(np.interp(i, places, times)) if places[0] <= i <= places[-1] else None for i in range(len(line_times))
    ]
