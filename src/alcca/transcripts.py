"""What was heard in a recording: words with their times, and how sure the recogniser was of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

__all__ = ["Segment", "Transcript", "text_of"]


@dataclass(frozen=True)
class Segment:
    """A stretch of sound and the words that were heard in it.

    Parameters
    ----------
    start, end : float
        In seconds from the beginning of the recording.
    text : str
        What was heard, as the recogniser writes it.
    log_probability : float
        Mean natural logarithm of the probabilities of its tokens, at most 0.
    no_speech : float
        The recogniser's probability that nobody speaks or sings there, in [0, 1].
    """

    start: float
    end: float
    text: str
    log_probability: float = 0.0
    no_speech: float = 0.0


@dataclass(frozen=True)
class Transcript:
    r"""What was heard in a recording, or in a part of it.

    Parameters
    ----------
    segments : tuple of Segment
        In the order of time; empty where no words were heard.
    language : str or None
        ISO 639-1 code of the language that was given or detected; None where nobody sings.
    language_probability : float
        How sure the recogniser is of the language, in [0, 1]; 1 when it was given.
    model : str
        The recogniser's name.
    start, seconds : float
        Which part of the recording was heard: where it begins, and how long it is.
    alternatives : tuple of Segment
        What other readings of the same sound say, where the likeliest one was in doubt; may be empty.
    doubtful : bool or None
        Whether some of it stayed in doubt after a second reading; None where nobody has read it a second time.

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

    @property
    def text(self) -> str:
        """All words, a line for each segment."""
        return _lines(self.segments)

    @property
    def all_text(self) -> str:
        """The words of all readings, those of ``text`` first: what is matched with lyrics."""
        return _lines(self.all_segments)

    @property
    def all_segments(self) -> tuple[Segment, ...]:
        """The segments of all readings, in the order of ``all_text``."""
        return self.segments + self.alternatives

    @property
    def has_words(self) -> bool:
        """Whether any words were heard."""
        return any(segment.text.strip() for segment in self.segments)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Take over what `to_dict` gave."""
        about = dict(values)
        for name in ("segments", "alternatives"):
            about[name] = tuple(Segment(**segment) for segment in about.get(name, ()))
        return cls(**about)


def _lines(segments: tuple[Segment, ...]) -> str:
    return "\n".join(segment.text.strip() for segment in segments)


def text_of(heard: "Transcript | str | None") -> str:
    """The words of all readings of a transcript, or of a text that stands for one; "" for None.

    Examples
    --------
    >>> text_of(Transcript()), text_of("hello"), text_of(None)
    ('', 'hello', '')
    """
    if heard is None:
        return ""
    return heard if isinstance(heard, str) else heard.all_text
