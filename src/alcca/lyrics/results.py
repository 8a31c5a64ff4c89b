"""What came of each recording of a run, and the sum of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["FIELDS", "STATUSES", "Result", "counted"]

#: Every recording has one of these; the sentences are those of the summary.
STATUSES = {
    "timed": "lyrics that were known, now with times",
    "found": "lyrics found in a source, now with times",
    "transcribed": "written as it was heard",
    "retimed": "times that were off, now corrected",
    "checked": "times that were there already, and are right",
    "off": "times that were there already, and are off",
    "done": "nothing to do: the files are there",
    "unwritten": "lyrics with times that are in no file yet",
    "doubtful": "lyrics that may be of another song, not written",
    "nothing": "no lyrics",
    "instrumental": "no words are sung",
    "left": "lyrics known, not asked for (--missing)",
    "unreadable": "cannot be read or heard",
}


@dataclass(frozen=True)
class Result:
    """What came of a recording.

    Parameters
    ----------
    recording : str
        Its path; of a track of a file, with ``#`` and its number.
    status : str
        One of `STATUSES`.
    title, artist : str or None
        Of its tags; of a song that was found, as the source has them.
    source : str or None
        Where the lyrics come from.
    certainty : str or None
        Of lyrics that were found: "sure", "likely" or "a guess".
    probability : float or None
        The same, in [0, 1].
    share : float or None
        Of the words of the lyrics, how many were found in the recording, in [0, 1].
    lines : int
        Of the lyrics.
    unsung : tuple of str
        The lines that were not found in the recording.
    offset, drift : float or None
        Of times that were there already: seconds by which the words are sung later, and how much more of them for each
        second.
    written : tuple of str
        The files that were written, or would be in a dry run.
    kept : tuple of str
        Files that were there already and stay.
    failed : tuple of str
        Why files could not be written, a sentence each.
    reason : str or None
        Why nothing was written, or what else should be known, as a sentence for users.
    remembered : bool
        An earlier run has listened to it.
    songs : tuple of str
        Of a recording that holds several songs: when each begins, and what it is.
    lyrics : TimedLyrics or None
        The lyrics with their times.
    """

    recording: str
    status: str
    title: str | None = None
    artist: str | None = None
    source: str | None = None
    certainty: str | None = None
    probability: float | None = None
    share: float | None = None
    lines: int = 0
    unsung: tuple[str, ...] = ()
    offset: float | None = None
    drift: float | None = None
    written: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    reason: str | None = None
    remembered: bool = False
    songs: tuple[str, ...] = ()
    lyrics: TimedLyrics | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All but the lyrics, in a form for JSON."""
        return {name: _plain(value) for name, value in vars(self).items() if name != "lyrics"}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


#: The columns of a table of results.
FIELDS = tuple(Result("", "nothing").to_dict())


def counted(results: Iterable[Result]) -> dict[str, int]:
    """How many recordings have each status, in the order of `STATUSES`.

    Examples
    --------
    >>> counted([Result("a", "timed"), Result("b", "nothing"), Result("c", "timed")])
    {'timed': 2, 'nothing': 1}
    """
    counts = Counter(result.status for result in results)
    return {status: counts[status] for status in STATUSES if counts[status]}
