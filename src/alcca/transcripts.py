"""What is heard in recordings: words with their times and the recogniser's probabilities, and given words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

__all__ = ["Listened", "Segment", "Transcript", "text_of"]


@dataclass(frozen=True)
class Segment:
    """A segment of a recording, and its words.

    Parameters
    ----------
    start, end : float
        In seconds from the beginning of the recording.
    text : str
        The words, as the recogniser writes them.
    log_probability : float
        Mean natural logarithm of the probabilities of its tokens, at most 0.
    no_speech : float
        The recogniser's probability that the segment contains no speech or singing, in [0, 1].
    """

    start: float
    end: float
    text: str
    log_probability: float = 0.0
    no_speech: float = 0.0


@dataclass(frozen=True)
class Transcript:
    r"""The transcript of a recording, or of a part of it.

    Parameters
    ----------
    segments : tuple of Segment
        In order of time; empty if no words were recognised.
    language : str or None
        ISO 639-1 code of the given or detected language; None if no words were recognised.
    language_probability : float
        The recogniser's probability of the language, in [0, 1]; 1 if it was told to take it.
    model : str
        The recogniser's name.
    start, seconds : float
        Start and length of the transcribed part of the recording.
    alternatives : tuple of Segment
        Other readings of the same parts, where the first one was in doubt; may be empty.
    guesses : tuple of Segment
        The next likely texts of second readings, where these were in doubt too. They are never shown. Without any
        other words they are no evidence, and only choose the lyrics that a second listening looks for.
    doubtful : bool or None
        Whether some of it is still in doubt after a second reading; None if there was no second reading.
    notes : tuple of str
        What is doubtful otherwise, as sentences for users.

    Examples
    --------
    >>> heard = Transcript((Segment(12.0, 14.5, "Hello darkness"), Segment(14.5, 16.0, "my old friend")), "en")
    >>> heard.text
    'Hello darkness\nmy old friend'
    >>> Transcript.from_dict(heard.to_dict()) == heard
    True
    >>> Transcript().has_words
    False
    """

    segments: tuple[Segment, ...] = ()
    language: str | None = None
    language_probability: float = 0.0
    model: str = ""
    start: float = 0.0
    seconds: float = 0.0
    alternatives: tuple[Segment, ...] = ()
    doubtful: bool | None = None
    guesses: tuple[Segment, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All words, one line per segment."""
        return _lines(self.segments)

    @property
    def all_text(self) -> str:
        """The words of all readings, those of ``text`` first; this text is matched with lyrics.

        Guesses are among them if any words were recognised.
        """
        return _lines(self.all_segments)

    @property
    def every_text(self) -> str:
        """The words of all readings and guesses."""
        return _lines(self.segments + self.alternatives + self.guesses)

    @property
    def all_segments(self) -> tuple[Segment, ...]:
        """The segments of all readings, in the order of ``all_text``."""
        return self.segments + self.alternatives + (self.guesses if self.has_words else ())

    @property
    def has_words(self) -> bool:
        """Whether any words were recognised."""
        return any(segment.text.strip() for segment in self.segments)

    def to_dict(self) -> dict[str, Any]:
        """All fields, in a form for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Create a transcript from the result of `to_dict`."""
        fields = dict(values)
        for name in ("segments", "alternatives", "guesses"):
            fields[name] = tuple(Segment(**segment) for segment in fields.get(name, ()))
        fields["notes"] = tuple(fields.get("notes", ()))
        return cls(**fields)


class Listened(NamedTuple):
    """What a second listening finds of a text in a recording.

    Parameters
    ----------
    bits : float
        How much likelier its best stretch is over the recording than over silence: pointwise mutual information of
        words and sound, in bits, at least 0.
    words : str
        The words of this stretch.
    """

    bits: float
    words: str


def _lines(segments: tuple[Segment, ...]) -> str:
    return "\n".join(segment.text.strip() for segment in segments)


def text_of(heard: "Transcript | str | None") -> str:
    """The words of all readings of a transcript; a text is returned unchanged, and "" for None.

    Examples
    --------
    >>> text_of(Transcript()), text_of("hello"), text_of(None)
    ('', 'hello', '')
    """
    if heard is None:
        return ""
    return heard if isinstance(heard, str) else heard.all_text
