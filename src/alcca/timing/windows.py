"""What the speech model's attention says of where words are sung, window by window."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.speech.decoder import RATE, SECONDS_A_STEP, WINDOW_SECONDS, Encoded
from alcca.speech.recogniser import Recogniser
from alcca.timing.places import Places

__all__ = ["STEPS_A_SECOND", "Evidence", "Window", "Windows", "spans", "words_in"]

STEPS_A_SECOND = round(1 / SECONDS_A_STEP)
# Encodings that are kept, of 3 MB with the base model; of longer recordings some are made anew.
KEPT = 120
# Windows overlap by as much where they are chosen here; those of a transcription get one between where they do not.
OVERLAP_SECONDS = 8.0
LEAST_OVERLAP = 2.5
SEAM_SECONDS = 10.0
# The last part of a recording is no window of its own.
LEAST_SECONDS = 1.0


class Window(NamedTuple):
    """A part of a recording: start and end in seconds."""

    start: float
    end: float


class Evidence(NamedTuple):
    """What one window says of the words that were looked for in it.

    Parameters
    ----------
    first : int
        The recording's step at which the window begins.
    words : array of shape (n_tokens,)
        The number of the word that each token is of.
    attention : array of shape (n_tokens, n_steps)
    """

    first: int
    words: NDArray[np.int64]
    attention: NDArray[np.float32]


class Windows:
    """The windows of one recording, encoded once each.

    Parameters
    ----------
    recogniser : Recogniser
    samples : array of shape (n,), float32
        Of the whole recording, 16 kHz.
    """

    def __init__(self, recogniser: Recogniser, samples: NDArray[np.float32]) -> None:
        self._recogniser, self._samples = recogniser, samples
        self._kept: OrderedDict[Window, Encoded | None] = OrderedDict()
        self.seconds = len(samples) / RATE

    def keep(self, start: float, encoded: Encoded) -> None:
        """Keep the encoding of a window that was transcribed."""
        # A short last one was encoded with less silence behind it, which does not matter here.
        self._put(Window(start, start + encoded.seconds), encoded)

    @property
    def transcribed(self) -> list[Window]:
        """The windows that are kept, in order."""
        return sorted(self._kept)

    def look_for(
        self, window: Window, words: Sequence[str], numbers: NDArray[np.int64], language: str | None
    ) -> Evidence:
        """Where the model looks in a window for words that have these numbers."""
        first = round(window.start * STEPS_A_SECOND)
        encoded = self._encoded(window)
        if encoded is None:
            return Evidence(first, np.empty(0, np.int64), np.empty((0, 0), np.float32))
        found = self._recogniser.attend(encoded, words, language=language)
        # Steps behind the sound are of silence that was added.
        steps = round(encoded.seconds * STEPS_A_SECOND)
        return Evidence(first, numbers[found.words], found.attention[:, :steps])

    def _encoded(self, window: Window) -> Encoded | None:
        if window not in self._kept:
            piece = self._samples[round(window.start * RATE) : round(window.end * RATE)]
            is_short = window.end - window.start < WINDOW_SECONDS / 2 and window.end < self.seconds
            self._put(window, self._recogniser.encode(piece, is_short=is_short))
        return self._kept[window]

    def _put(self, window: Window, encoded: Encoded | None) -> None:
        self._kept[window] = encoded
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def spans(seconds: float, transcribed: Iterable[Window] = ()) -> list[Window]:
    """Windows that cover a recording: those that were transcribed, and others between them and where there are none.

    Examples
    --------
    >>> [window.start for window in spans(60.0)]
    [0.0, 22.0, 44.0]
    >>> spans(58.0, [Window(0.0, 30.0), Window(28.0, 58.0)])
    [Window(start=0.0, end=30.0), Window(start=24.0, end=34.0), Window(start=28.0, end=58.0)]
    """
    found: list[Window] = []
    place = 0.0
    for window in [*sorted(transcribed), Window(seconds, seconds)]:
        if window.start - place > LEAST_SECONDS:
            found += _covering(place, window.start, seconds)
        elif found and window.end > window.start and place - window.start < LEAST_OVERLAP:
            middle = (place + window.start) / 2
            begin = round(middle - SEAM_SECONDS / 2, 2)
            found.append(Window(begin, min(seconds, begin + SEAM_SECONDS)))
        if window.end > window.start:
            found.append(window)
        place = max(place, window.end)
    return found or _covering(0.0, seconds, seconds)


def _covering(begin: float, end: float, seconds: float) -> list[Window]:
    """Windows that cover a part, each of which overlaps the one before."""
    found = []
    place = max(0.0, begin - OVERLAP_SECONDS / 2)
    while True:
        until = min(seconds, place + WINDOW_SECONDS)
        found.append(Window(place, until))
        if until >= end - LEAST_SECONDS:
            return found
        place = round(until - OVERLAP_SECONDS, 2)


def words_in(window: Window, places: Places) -> NDArray[np.int64]:
    """The numbers of the words that may be sung in a window."""
    inside = np.flatnonzero((places.latest >= window.start) & (places.earliest <= window.end))
    return np.arange(inside[0], inside[-1] + 1) if len(inside) else inside
