"""What listening to a recording for lyrics has given, as plain values that can be kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from alcca.texts.lines import TimedLine, TimedWord
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.transcripts import Transcript

__all__ = ["Found", "Heard", "Times"]


@dataclass(frozen=True)
class Times:
    """Lyrics as they were found in a recording.

    Parameters
    ----------
    lyrics : TimedLyrics
        With the times that were heard.
    share : float
        Of the words that were found, in [0, 1].
    fits : bool
        Whether these are the lyrics of the recording.
    reason : str or None
        Why they do not fit, as a sentence for users.
    """

    lyrics: TimedLyrics
    share: float
    fits: bool
    reason: str | None = None


@dataclass(frozen=True)
class Found:
    """Lyrics out of a source that may be those of a recording.

    Parameters
    ----------
    source : str
        The text's file, or the database's.
    title, artist, album : str
        As the source has them; "" where it has none.
    text : str
        The lyrics as the source has them; "" for an instrumental.
    synced : str or None
        The same with times.
    bits : float
        The evidence, as a base-2 logarithm.
    probability : float
        That the recording is of this song, in [0, 1].
    certainty : str
        "sure", "likely" or "a guess".
    instrumental : bool
        The source says that there are no words.
    songs : tuple of str
        Of a recording that holds several songs: when each begins, and what it is.
    """

    source: str
    title: str
    artist: str
    album: str
    text: str
    synced: str | None
    bits: float
    probability: float
    certainty: str
    instrumental: bool = False
    songs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heard:
    """What listening to a recording has given.

    Parameters
    ----------
    transcript : Transcript or None
        None if the recording could not be heard.
    known : Times or None
        The lyrics that were known.
    found : tuple of Found
        Lyrics of sources that may be its own, best first.
    times : Times or None
        The first of these.
    reason : str or None
        Why nothing was heard.
    duration : float or None
        Of the recording, in seconds.
    """

    transcript: Transcript | None = None
    known: Times | None = None
    found: tuple[Found, ...] = ()
    times: Times | None = None
    reason: str | None = None
    duration: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """All but the transcript, in a form for JSON."""
        return asdict(replace(self, transcript=None))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The result of `to_dict`, without a transcript."""
        return cls(
            known=_times(values["known"]),
            found=tuple(Found(**{**one, "songs": tuple(one["songs"])}) for one in values["found"]),
            times=_times(values["times"]),
            reason=values["reason"],
            duration=values["duration"],
        )


def _times(values: Mapping[str, Any] | None) -> Times | None:
    if values is None:
        return None
    lyrics = values["lyrics"]
    lines = tuple(
        TimedLine(**{**line, "words": tuple(TimedWord(**word) for word in line["words"])}) for line in lyrics["lines"]
    )
    return Times(TimedLyrics(**{**lyrics, "lines": lines}), values["share"], values["fits"], values["reason"])
