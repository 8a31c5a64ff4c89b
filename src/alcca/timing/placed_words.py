"""Where all words of a song are sung, in two looks: the second one leaves out lines that the first did not find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold_letters
from alcca.timing.path import likeliest_path
from alcca.timing.places import Places, rough_places
from alcca.timing.timed_words import WordTimes, word_times
from alcca.timing.windows import Evidence, Window, Windows, spans, words_in
from alcca.transcripts import Transcript

__all__ = ["PlacedWords", "place_words"]

# The mean share of attention, and of words that the transcript has, below which a line counts as not found.
WEAK_SHARE, WEAK_HEARD = 0.12, 0.3
# Nobody sings as many letters a second: where a line has no room, its words are all looked for at one place.
LETTERS_A_SECOND = 30.0


@dataclass(frozen=True)
class PlacedWords:
    """The words of a song, and what is known of them.

    Parameters
    ----------
    times : WordTimes
    line_of : array of int64, shape (n_words,)
        The number of the line of each.
    line_shares : array of float64, shape (n_lines,)
        The mean share of the attention at the places of its words; 0 of a line that has no room there.
    line_heard : array of float64, shape (n_lines,)
        The share of its words that the transcript has.
    sought : array of bool, shape (n_words,)
        Whether there is room for the word in the recording; not for all, if it is a part of the song.
    """

    times: WordTimes
    line_of: NDArray[np.int64]
    line_shares: NDArray[np.float64]
    line_heard: NDArray[np.float64]
    sought: NDArray[np.bool_]


def place_words(
    lines: Sequence[Sequence[str]], heard: Transcript, windows: Windows, language: str | None
) -> PlacedWords:
    """Find the words of all lines in a recording.

    Parameters
    ----------
    lines : sequence of sequence of str
        The words of each line that is sung, at least one.
    heard : Transcript
        Of the whole recording.
    windows : Windows
    language : str or None
        That of the words; detected in each window if it is not known.
    """
    words = [word for line in lines for word in line]
    line_of = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    line_starts = frozenset(np.searchsorted(line_of, np.arange(len(lines))).tolist())
    places = rough_places(heard, words, windows.seconds)
    asked = [
        (window, numbers)
        for window in spans(windows.seconds, windows.transcribed)
        if len(numbers := words_in(window, places))
    ]

    def look(window: Window, numbers: NDArray[np.int64]) -> Evidence:
        return windows.look_for(window, [words[number] for number in numbers], numbers, language)

    def placed(evidence: Sequence[Evidence]) -> PlacedWords:
        times = word_times(likeliest_path(evidence, line_starts), len(words))
        return _placed(times, line_of, places, windows.seconds, words)

    evidence = [look(window, numbers) for window, numbers in asked]
    found = placed(evidence)
    # Words that are not sung mislead the decoder, which looks for the words behind them in the wrong place.
    weak = (found.line_shares < WEAK_SHARE) & (found.line_heard < WEAK_HEARD)
    if not weak.any() or weak.all():
        return found
    return placed(
        [
            _replaced(first, look(window, kept), weak[line_of[first.words]])
            if 0 < len(kept := numbers[~weak[line_of[numbers]]]) < len(numbers)
            else first
            for (window, numbers), first in zip(asked, evidence, strict=True)
        ]
    )


def _placed(
    times: WordTimes, line_of: NDArray[np.int64], places: Places, seconds: float, words: Sequence[str]
) -> PlacedWords:
    number = int(line_of[-1]) + 1
    counts = np.bincount(line_of, minlength=number)
    shares = np.bincount(line_of, times.shares, number) / counts
    for line in range(number):
        first, last = np.searchsorted(line_of, [line, line + 1])
        timed = np.flatnonzero(np.isfinite(times.starts[first:last])) + first
        if len(timed) > 1:
            letters = sum(len(fold_letters(word)) for word in words[timed[0] : timed[-1]])
            if letters > LETTERS_A_SECOND * (times.starts[timed[-1]] - times.starts[timed[0]]):
                shares[line] = 0.0
    heard = np.bincount(line_of, places.heard.astype(float), number) / counts
    sought = (places.latest >= 0) & (places.earliest <= seconds)
    return PlacedWords(times, line_of, shares, heard, sought)


def _replaced(first: Evidence, second: Evidence, weak: NDArray[np.bool_]) -> Evidence:
    """What the second look says of the words that it looked for, and the first one of the others."""
    words = np.concatenate([second.words, first.words[weak]])
    order = np.argsort(words, kind="stable")
    attention = np.concatenate([second.attention, first.attention[weak]])
    return Evidence(second.first, words[order], attention[order])
