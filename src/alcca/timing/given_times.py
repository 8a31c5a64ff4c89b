"""Times that lyrics have already, checked against those that were heard."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold_letters
from alcca.texts.timed import TimedLine, TimedLyrics

__all__ = ["GivenTimes", "check_times", "retime"]

# Lines that were heard with less confidence are not compared.
LEAST_CONFIDENCE = 0.5
# A drift needs this many lines, over so many seconds, and has to move the last of them by more than chance may.
LINES_FOR_DRIFT, SECONDS_FOR_DRIFT, LEAST_DRIFTED = 8, 60.0, 0.25
# Offsets below this are not heard by people, and hardly measured.
EXACT_SECONDS = 0.15
# If half of the lines are further from offset and drift, the times are of another recording of the song, and each is
# moved by itself.
LINEAR_SECONDS = 0.5


@dataclass(frozen=True)
class GivenTimes:
    """How far given times are from those that were heard.

    Parameters
    ----------
    offset : float
        In seconds, at the start of the recording: positive if the words are sung later than the given times say.
    drift : float
        Seconds that are to be added for each second of the given times.
    lines_compared : int
        Lines with a given time that were heard clearly.
    spread : float
        Median of the distances that offset and drift leave, in seconds.
    """

    offset: float
    drift: float
    lines_compared: int
    spread: float

    @property
    def is_linear(self) -> bool:
        """Whether offset and drift correct the times."""
        return self.spread <= LINEAR_SECONDS

    @property
    def sentence(self) -> str:
        """What was found, for users.

        Examples
        --------
        >>> GivenTimes(-0.5, 0.0, 20, 0.1).sentence
        'the words are sung 0.5 s earlier than the lyrics say (20 lines compared)'
        >>> GivenTimes(0.02, 0.0, 20, 0.1).sentence
        'the times of the lyrics are right (20 lines compared)'
        """
        compared = f"({self.lines_compared} line{'' if self.lines_compared == 1 else 's'} compared)"
        if not self.lines_compared:
            return "no line of the lyrics that has a time was heard clearly"
        if not self.is_linear:
            return (
                f"the times of the lyrics are those of another recording: half of the lines are more than "
                f"{self.spread:.1f} s off {compared}"
            )
        way = "later" if self.drift > 0 else "earlier"
        drifts = f", and {abs(self.drift) * 60:.2f} s a minute {way} as the song goes on"
        drift = drifts if self.drift else ""
        if abs(self.offset) < EXACT_SECONDS:
            if not drift:
                return f"the times of the lyrics are right {compared}"
            return f"the words are sung as the lyrics say at the start{drift} {compared}"
        way = "later" if self.offset > 0 else "earlier"
        return f"the words are sung {abs(self.offset):.1f} s {way} than the lyrics say{drift} {compared}"

    def moved(self, time: float) -> float:
        """A given time, corrected by offset and drift; at least 0."""
        return max(0.0, round(time + self.offset + self.drift * time, 3))


def check_times(given: TimedLyrics, aligned: TimedLyrics) -> GivenTimes:
    """Compare given times with those that were heard.

    Parameters
    ----------
    given : TimedLyrics
        With times of lines.
    aligned : TimedLyrics
        The same words, of `alcca.timing.align_lyrics.align_lyrics`.

    References
    ----------
    Theil: A rank-invariant method of linear and polynomial regression analysis. Indagationes Mathematicae 12, 1950. The
    drift is the median of the slopes of all pairs of lines; the offset is the median of what it leaves.
    """
    pairs = _pairs(given, aligned)
    if not pairs:
        return GivenTimes(0.0, 0.0, 0, 0.0)
    times = np.array([time for time, _ in pairs])
    apart = np.array([heard for _, heard in pairs]) - times
    drift = _drift(times, apart)
    offset = float(np.median(apart - drift * times))
    spread = float(np.median(np.abs(apart - offset - drift * times)))
    return GivenTimes(round(offset, 3), drift, len(pairs), round(spread, 3))


def retime(given: TimedLyrics, aligned: TimedLyrics) -> TimedLyrics:
    """The given lyrics with all times moved to where the words are sung.

    All lines and words are moved by offset and drift; where these do not explain the times, each line to the place at
    which it was heard, and lines that were not heard with the lines around them.
    """
    found = check_times(given, aligned)
    if not found.lines_compared:
        return given
    move = found.moved if found.is_linear else _moved_apiece(_pairs(given, aligned))
    return replace(given, lines=tuple(_moved(line, move) for line in given.lines))


def _drift(times: NDArray[np.float64], apart: NDArray[np.float64]) -> float:
    if len(times) < LINES_FOR_DRIFT or np.ptp(times) < SECONDS_FOR_DRIFT:
        return 0.0
    first, second = np.triu_indices(len(times), 1)
    # Pairs of lines that are close say little of a drift.
    far = np.abs(times[second] - times[first]) > np.ptp(times) / 4
    slopes = (apart[second] - apart[first])[far] / (times[second] - times[first])[far]
    drift = float(np.median(slopes))
    return round(drift, 6) if abs(drift) * np.ptp(times) >= LEAST_DRIFTED else 0.0


def _moved_apiece(pairs: list[tuple[float, float]]) -> Callable[[float], float]:
    places = sorted(dict(pairs).items())
    times = [time for time, _ in places]
    apart = np.array([heard - time for time, heard in places])

    def move(time: float) -> float:
        # Between two lines that were heard as the one before it.
        at = bisect_left(times, time)
        before = at if at < len(times) and times[at] == time else max(0, at - 1)
        return max(0.0, round(time + float(apart[before]), 3))

    return move


def _moved(line: TimedLine, move: Callable[[float], float]) -> TimedLine:
    def moved(time: float | None) -> float | None:
        return None if time is None else move(time)

    words = tuple(replace(word, start=moved(word.start), end=moved(word.end)) for word in line.words)
    return replace(line, start=moved(line.start), end=moved(line.end), words=words)


def _pairs(given: TimedLyrics, aligned: TimedLyrics) -> list[tuple[float, float]]:
    """The given and the heard time of each line that has both, with a line in one that is missing in the other."""
    mine, found = _lettered(given), _lettered(aligned)
    blocks = SequenceMatcher(None, [key for key, _ in mine], [key for key, _ in found], autojunk=False)
    pairs = []
    for at, to, length in blocks.get_matching_blocks():
        for (_, one), (_, other) in zip(mine[at : at + length], found[to : to + length], strict=True):
            clear = other.confidence is None or other.confidence >= LEAST_CONFIDENCE
            if one.start is not None and other.start is not None and clear:
                pairs.append((one.start, other.start))
    return pairs


def _lettered(lyrics: TimedLyrics) -> list[tuple[str, TimedLine]]:
    return [(key, line) for line in lyrics.lines if (key := fold_letters(line.text))]
