"""Rough places of the words of lyrics in a recording, from an alignment of all letters with a transcript."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold_letters
from alcca.matching.timed_lyrics import letter_times
from alcca.transcripts import Transcript

__all__ = ["Places", "rough_places"]

# A word is heard if this share of its letters is; a short one only beside another that is.
SHARE_HEARD = 0.5
SHORT = 5
# Between two words that are heard the others lie in proportion to their letters, give or take this share of the gap.
SLACK = 0.25
# Transcripts time their words to within some seconds.
SECONDS_ABOUT = 2.0
# Of singing, where a recording does not tell it.
LETTERS_A_SECOND = 8.0
# Parts of a song may be faster than its middle by as much.
FAST = 1.5


@dataclass(frozen=True)
class Places:
    """Where each word can be.

    Parameters
    ----------
    likely, earliest, latest : array of shape (n_words,)
        In seconds, never decreasing; outside of the recording where there is no room for the word in it.
    heard : array of bool, shape (n_words,)
        Whether the transcript has the word there.
    """

    likely: NDArray[np.float64]
    earliest: NDArray[np.float64]
    latest: NDArray[np.float64]
    heard: NDArray[np.bool_]


def rough_places(heard: Transcript, words: Sequence[str], seconds: float) -> Places:
    """Where the words of lyrics can be in a recording of this length.

    Examples
    --------
    >>> from alcca.transcripts import Segment
    >>> heard = Transcript((Segment(10.0, 14.0, "copper lanterns"), Segment(20.0, 22.0, "singing out")))
    >>> places = rough_places(heard, ["Copper", "lanterns", "swing", "singing", "out"], 30.0)
    >>> places.likely.round(1).tolist(), places.heard.tolist()
    ([10.0, 11.7, 16.8, 20.0, 21.4], [True, True, False, True, True])
    """
    letters = [fold_letters(word) for word in words]
    times = letter_times(heard, "".join(letters))
    ends = np.cumsum([len(one) for one in letters])
    begins = ends - [len(one) for one in letters]
    starts = np.full(len(words), np.nan)
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        found = times[begin:end][np.isfinite(times[begin:end])]
        if len(found) >= SHARE_HEARD * (end - begin):
            starts[number] = found[0]
    is_heard = np.isfinite(starts)
    beside = np.concatenate([[False], is_heard[:-1]]) | np.concatenate([is_heard[1:], [False]])
    is_heard &= beside | (ends - begins >= SHORT)
    anchors = np.flatnonzero(is_heard)
    rate = _letters_a_second(starts[anchors], begins[anchors])
    # The words before the first and after the last one that was heard, at a fast pace: they may lie outside of a
    # recording that is a part of the song.
    total = float(ends[-1]) if len(ends) else 0.0
    first, last = (starts[anchors[0]], starts[anchors[-1]]) if len(anchors) else (0.0, 0.0)
    head, tail = (begins[anchors[0]], begins[anchors[-1]]) if len(anchors) else (0.0, 0.0)
    places = [-1.0, *begins[anchors], total]
    seconds_at = [first - head / (FAST * rate), *starts[anchors], last + (total - tail) / (FAST * rate)]
    if not len(anchors):
        places, seconds_at = [0.0, total], [0.0, seconds]
    likely = np.maximum.accumulate(np.interp(begins, places, seconds_at))
    gaps = np.diff(np.concatenate([[0.0], starts[anchors], [seconds]]))
    between = np.searchsorted(anchors, np.arange(len(words)), side="right")
    slack = np.where(is_heard, SECONDS_ABOUT, SECONDS_ABOUT + SLACK * gaps[between].clip(min=0.0))
    return Places(
        likely,
        np.minimum.accumulate((likely - slack)[::-1])[::-1],
        np.maximum.accumulate(likely + slack),
        is_heard,
    )


def _letters_a_second(starts: NDArray[np.float64], begins: NDArray[np.int64]) -> float:
    pairs = [
        (later - earlier, place - before)
        for (earlier, before), (later, place) in pairwise(zip(starts.tolist(), begins.tolist(), strict=True))
        if later > earlier
    ]
    if not pairs:
        return LETTERS_A_SECOND
    return float(np.median([letters / seconds for seconds, letters in pairs]))
