"""From the places of tokens to the times of words and lines, and how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold_letters
from alcca.texts.timed import TimedLine, TimedWord
from alcca.timing.lyric_words import LyricLine
from alcca.timing.path import Path
from alcca.timing.windows import STEPS_A_SECOND

__all__ = ["WordTimes", "timed_lines", "word_times"]

# A word whose first tokens were left out begins this much before the next one, for each token.
SECONDS_A_TOKEN = 0.12
# Words that were left out get times between their neighbours in the line only if these are so close.
CLOSE_SECONDS = 3.0
# A word lasts until the next one, but not for longer than this behind its last token, which says when that begins.
SECONDS_A_LETTER, LEAST_LAST, LONG_WORD = 0.12, 0.3, 6


@dataclass(frozen=True)
class WordTimes:
    """When words are sung.

    Parameters
    ----------
    starts, lasts : array of shape (n_words,)
        When the first and the last token of each begin, in seconds; NaN of what was not found.
    shares : array of shape (n_words,)
        The mean share of the attention at the places of its tokens, in [0, 1].
    """

    starts: NDArray[np.float64]
    lasts: NDArray[np.float64]
    shares: NDArray[np.float64]


def word_times(path: Path, number_of_words: int) -> WordTimes:
    """The times of words, from those of their tokens.

    Examples
    --------
    >>> path = Path(np.array([0, 0, 2]), np.array([0, 1, 0]), np.array([50, 60, -1]), np.array([0.5, 0.7, 0.0]))
    >>> found = word_times(path, 3)
    >>> found.starts.tolist(), found.lasts.tolist(), found.shares.tolist()
    ([1.0, nan, nan], [1.2, nan, nan], [0.6, 0.0, 0.0])
    """
    starts, lasts = np.full(number_of_words, np.nan), np.full(number_of_words, np.nan)
    sums, counts = np.zeros(number_of_words), np.zeros(number_of_words)
    np.add.at(sums, path.words, path.shares)
    np.add.at(counts, path.words, 1)
    before = 0.0
    for word, number, step in zip(path.words.tolist(), path.numbers.tolist(), path.steps.tolist(), strict=True):
        if step < 0:
            continue
        time = step / STEPS_A_SECOND
        if np.isnan(starts[word]):
            starts[word] = time if number == 0 else max(before, time - SECONDS_A_TOKEN * number)
        lasts[word] = before = time
    return WordTimes(starts, lasts, sums / np.maximum(counts, 1.0))


def timed_lines(
    lines: Sequence[LyricLine], times: WordTimes, confidences: NDArray[np.float64], seconds: float
) -> tuple[TimedLine, ...]:
    """Lines with the times of their words, of which ``times`` has those that are sung.

    Parameters
    ----------
    lines : sequence of LyricLine
    times : WordTimes
    confidences : array of shape (n_words,)
    seconds : float
        The length of the recording.
    """
    found, place, before = [], 0, 0.0
    for line in lines:
        letters = [len(fold_letters(word.sung)) for word in line.words if word.sung]
        part = slice(place, place + len(letters))
        place = part.stop
        following = times.starts[place:]
        until = float(np.min(following[np.isfinite(following)], initial=seconds))
        own = _filled(times.starts[part], letters, before, until)
        ends = _ends(letters, own, times.lasts[part], until)
        before = float(np.max(own[np.isfinite(own)], initial=before))
        found.append(_timed_line(line, own, ends, confidences[part]))
    return tuple(found)


def _filled(starts: NDArray[np.float64], letters: list[int], before: float, until: float) -> NDArray[np.float64]:
    """Times for words without one, if their neighbours in the line are close."""
    known = np.flatnonzero(np.isfinite(starts))
    if not len(known) or len(known) == len(starts):
        return starts
    filled = starts.copy()
    begins = np.cumsum([0, *letters[:-1]]).astype(float)
    for one, other in pairwise(known.tolist()):
        if other - one > 1 and starts[other] - starts[one] <= CLOSE_SECONDS:
            inner = slice(one + 1, other)
            filled[inner] = np.interp(begins[inner], begins[[one, other]], starts[[one, other]])
    first, last = int(known[0]), int(known[-1])
    pace = SECONDS_A_LETTER
    if last > first and begins[last] > begins[first]:
        pace = min(pace, float(starts[last] - starts[first]) / float(begins[last] - begins[first]))
    # The words before the first and behind the last one, at the pace of the line, if they are few.
    ahead, behind = starts[first] - pace * (begins[first] - begins[:first]), pace * (begins[last + 1 :] - begins[last])
    if first and starts[first] - ahead[0] <= CLOSE_SECONDS:
        filled[:first] = ahead.clip(min=min(before, starts[first]))
    if len(behind) and behind[-1] <= CLOSE_SECONDS:
        filled[last + 1 :] = (starts[last] + behind).clip(max=max(until, starts[last]))
    return filled


def _ends(
    letters: list[int], starts: NDArray[np.float64], lasts: NDArray[np.float64], until: float
) -> list[float | None]:
    ends: list[float | None] = []
    for number, (start, last) in enumerate(zip(starts.tolist(), lasts.tolist(), strict=True)):
        if np.isnan(start):
            ends.append(None)
            continue
        later = starts[number + 1 :]
        later = later[np.isfinite(later)]
        limit = float(later[0]) if len(later) else until
        begun = start if np.isnan(last) else max(start, last)
        longest = begun + max(LEAST_LAST, SECONDS_A_LETTER * min(letters[number], LONG_WORD))
        ends.append(max(start, min(limit, longest)))
    return ends


def _timed_line(
    line: LyricLine, starts: NDArray[np.float64], ends: list[float | None], confidences: NDArray[np.float64]
) -> TimedLine:
    words: list[TimedWord] = []
    number = 0
    for word in line.words:
        if not word.sung:
            words.append(_beside(word.text, words, starts[number:], confidences[number:]))
            continue
        start = float(starts[number])
        timed = np.isfinite(start)
        words.append(
            TimedWord(
                round(start, 2) if timed else None,
                word.text,
                None if ends[number] is None else round(float(ends[number] or 0.0), 2),
                round(float(confidences[number]), 2) if timed else 0.0,
            )
        )
        number += 1
    begun = [word.start for word in words if word.start is not None]
    ended = [word.end for word in words if word.end is not None]
    confidence = round(float(np.mean(confidences)), 2) if len(confidences) else None
    return TimedLine(line.text, begun[0] if begun else None, max(ended) if ended else None, tuple(words), confidence)


def _beside(
    text: str, before: Sequence[TimedWord], starts: NDArray[np.float64], confidences: NDArray[np.float64]
) -> TimedWord:
    """What is not sung inside of a line, with the time of the word behind it; at its end, when that before it ends."""
    if len(starts) and np.isfinite(starts[0]):
        start = round(float(starts[0]), 2)
        return TimedWord(start, text, start, round(float(confidences[0]), 2))
    if before and before[-1].end is not None:
        return TimedWord(before[-1].end, text, before[-1].end, before[-1].confidence)
    return TimedWord(None, text)
