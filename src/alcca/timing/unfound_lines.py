"""Times for lines that were not found, where the lines around them leave hardly another place."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold_letters
from alcca.timing.placed_words import LETTERS_A_SECOND
from alcca.transcripts import Transcript

__all__ = ["fill_lines"]

# A gap between two lines that were found is filled if it is no longer than the first; where a voice was heard in it,
# than the second; and than the third for each line.
CLOSE_SECONDS, VOICED_SECONDS, SECONDS_A_LINE = 10.0, 30.0, 10.0
# Where it is shorter than the time that the lines usually take, times this, they are not sung: without a voice, the
# pause between two lines is no place for a third.
ROOM, VOICED_ROOM = 2.0, 0.6
# The transcript has so many letters there for each of theirs.
LEAST_VOICE = 1 / 3
# The last token of a line lasts some time.
LAST_SECONDS = 0.3
# Transcripts time their segments to within this.
ABOUT_SECONDS = 1.0


def fill_lines(
    starts: NDArray[np.float64],
    lasts: NDArray[np.float64],
    line_of: NDArray[np.int64],
    letters: NDArray[np.int64],
    heard: Transcript,
) -> NDArray[np.float64]:
    """The starts of words, also of lines between two that were found, if these are close and there is room for them.

    A voice that sings without words, or words that the model does not know, are not found; a line that is left out in a
    recording has no room.

    Parameters
    ----------
    starts, lasts : array of shape (n_words,)
        When the first and the last token of each word begin, in seconds; NaN where it was not found.
    line_of, letters : array of int64, shape (n_words,)
        The line of each word, and its number of letters.
    heard : Transcript

    Examples
    --------
    >>> starts = np.array([1.0, 1.5, np.nan, np.nan, 5.0, 5.5])
    >>> fill_lines(starts, starts, np.array([0, 0, 1, 1, 2, 2]), np.array([6, 6, 6, 6, 6, 6]), Transcript()).round(1)
    array([1. , 1.5, 1.8, 2.8, 5. , 5.5])
    >>> starts[4:] -= 3.0
    >>> fill_lines(starts, starts, np.array([0, 0, 1, 1, 2, 2]), np.array([6, 6, 6, 6, 6, 6]), Transcript()).round(1)
    array([1. , 1.5, nan, nan, 2. , 2.5])
    """
    number = int(line_of[-1]) + 1
    bounds = np.searchsorted(line_of, np.arange(number + 1))
    found = [bool(np.isfinite(starts[bounds[line] : bounds[line + 1]]).any()) for line in range(number)]
    pace = _letters_a_second(starts, letters, line_of)
    filled = starts.copy()
    for is_found, group in groupby(range(number), key=found.__getitem__):
        run = list(group)
        if is_found or run[0] == 0 or run[-1] == number - 1:
            continue
        first, last = bounds[run[0]], bounds[run[-1] + 1]
        begin = float(np.nanmax(np.fmax(starts, lasts)[:first][np.isfinite(starts[:first])])) + LAST_SECONDS
        end = float(np.nanmin(starts[last:]))
        needed = float(letters[first:last].sum()) / pace
        is_voiced = _letters_between(heard, begin, end) >= letters[first:last].sum() * LEAST_VOICE
        longest, room = (VOICED_SECONDS, VOICED_ROOM) if is_voiced else (CLOSE_SECONDS, ROOM)
        if room * needed <= end - begin <= min(longest, SECONDS_A_LINE * len(run)):
            for line in run:
                part = slice(bounds[line], bounds[line + 1])
                share = (end - begin) * (line - run[0]) / len(run)
                before = np.cumsum(letters[part]) - letters[part]
                # Each line has as long, and is sung at the usual pace in it.
                length = min((end - begin) / len(run), float(letters[part].sum()) / pace * 2)
                filled[part] = begin + share + length * before / letters[part].sum()
    return filled


def _letters_a_second(starts: NDArray[np.float64], letters: NDArray[np.int64], line_of: NDArray[np.int64]) -> float:
    """Of the lines that were found; as fast as singing can be, if there is none."""
    paces = []
    for line in range(int(line_of[-1]) + 1):
        timed = np.flatnonzero((line_of == line) & np.isfinite(starts))
        if len(timed) > 1 and starts[timed[-1]] > starts[timed[0]]:
            paces.append(letters[timed[0] : timed[-1]].sum() / (starts[timed[-1]] - starts[timed[0]]))
    return float(np.median(paces)) if paces else LETTERS_A_SECOND


def _letters_between(heard: Transcript, begin: float, end: float) -> int:
    return sum(
        len(fold_letters(segment.text))
        for segment in heard.segments
        if begin - ABOUT_SECONDS <= segment.start and segment.end <= end + ABOUT_SECONDS
    )
