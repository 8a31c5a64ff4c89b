"""The time at which each line of lyrics is sung, from a global alignment of the lyrics with a transcript."""

from itertools import compress, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold
from alcca.transcripts import Transcript

__all__ = ["MatchingPart", "TimedLine", "fill_times", "left_letters", "letter_times", "matching_part", "time_lines"]

TimedLine = tuple[float | None, str]
# A line counts as matched if this share of its letters is aligned with equal ones.
SHARE_HEARD = 0.5
MATCH, MISMATCH, GAP_OPEN, GAP_EXTEND = 2, -1, 3, 1
# Of a part of a text: unlike letters end it, so that other words are no part.
PART_MISMATCH, PART_GAP_OPEN, PART_GAP_EXTEND = -2, 4, 2
LETTERS_BESIDE = 3
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
    times = letter_times(heard, "".join(letters))
    starts = np.cumsum([0, *map(len, letters)])
    line_times: list[float | None] = []
    for begin, end in pairwise(starts.tolist()):
        found = times[begin:end]
        matched = found[np.isfinite(found)]
        line_times.append(float(matched[0]) if 0 < SHARE_HEARD * len(found) <= len(matched) else None)
    return list(zip(_between(line_times), lines, strict=True))


def letter_times(heard: Transcript, letters: str) -> NDArray[np.float64]:
    """The second at which each letter of folded lyrics is sung, NaN where none that was heard is aligned with it.

    Examples
    --------
    >>> from alcca.transcripts import Segment
    >>> letter_times(Transcript((Segment(10.0, 14.0, "oh la"),)), "ohmyla")
    array([10., 11., nan, nan, 12., 13.])
    """
    spoken, times = _spoken(heard)
    if not spoken or not letters:
        return np.full(len(letters), np.nan)
    opposite = _opposite(letters, spoken)
    return np.where(opposite >= 0, times[opposite], np.nan)


def left_letters(spoken: str, written: str) -> str:
    """Folded letters that were heard, without those that are aligned with folded letters of a text.

    Examples
    --------
    >>> left_letters("copperlanternsswingalong", "lanternswing")
    'copperalong'
    """
    if not spoken or not written:
        return spoken
    aligned = np.zeros(len(spoken) + 2 * LETTERS_BESIDE)
    opposite = _opposite(written, spoken)
    aligned[opposite[opposite >= 0] + LETTERS_BESIDE] = 1.0
    # A letter is taken if most of those around it are: single ones are equal by chance, or were misheard.
    taken = np.convolve(aligned, np.ones(2 * LETTERS_BESIDE + 1), "valid") > LETTERS_BESIDE
    return "".join(compress(spoken, ~taken))


class MatchingPart(NamedTuple):
    """A part of what was heard that is like a part of a text.

    Parameters
    ----------
    begin, end : int
        In the letters that were heard; the end is behind the last one.
    equal : array of int64
        The places in the written letters that have an equal one.
    """

    begin: int
    end: int
    equal: NDArray[np.int64]


def matching_part(written: str, spoken: str) -> MatchingPart:
    """The part of folded letters that were heard that is most like a part of folded lyrics; empty if none is.

    References
    ----------
    Smith, Waterman: Identification of common molecular subsequences. Journal of Molecular Biology 147(1), 1981.

    Examples
    --------
    >>> begin, end, equal = matching_part("coppersingoutofkey", "xxsingout")
    >>> begin, end, equal.tolist()
    (2, 9, [6, 7, 8, 9, 10, 11, 12])
    """
    import parasail

    nothing = MatchingPart(0, 0, np.empty(0, dtype=np.int64))
    if not written or not spoken:
        return nothing
    matrix = parasail.matrix_create(ALPHABET, MATCH, PART_MISMATCH)
    found = parasail.sw_trace_striped_32(written, spoken, PART_GAP_OPEN, PART_GAP_EXTEND, matrix)
    if found.score <= 0:
        return nothing
    trace = found.traceback
    row = found.end_query + 1 - sum(left != "-" for left in trace.query)
    begin = found.end_ref + 1 - sum(right != "-" for right in trace.ref)
    equal = []
    for left, right in zip(trace.query, trace.ref, strict=True):
        if left == right:
            equal.append(row)
        row += left != "-"
    return MatchingPart(begin, found.end_ref + 1, np.array(equal, dtype=np.int64))


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
