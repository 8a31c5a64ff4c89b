"""Whether a reading of some seconds is in doubt, so that another one is worth its time.

A decoder that has fallen into a loop, or has ended after a subtitle's phrase, says little of what is sung, and says it
surely. So what counts is how much was said, and how much of that the cleaning has left, beside how likely it was.
"""

from collections.abc import Sequence

from alcca.speech.hallucinations import COMPRESSION, compression_ratio, letters_of
from alcca.transcripts import Segment, Transcript

__all__ = ["can_be_heard_better", "is_doubtful"]

# A moment, as the tail of a clip, tells too little for a second try.
MIN_SECONDS = 4.0
# Whoever sings has as many letters a second over half a minute, pauses included; the slowest of 20 recordings has two.
MIN_LETTERS_PER_SECOND = 2.0
# Of a first reading; and of a second one, which may not say what is likeliest twice.
LOG_PROBABILITY, SECOND_LOG_PROBABILITY = -0.7, -1.0
# What the cleaning leaves of a loop.
LEFT_OF_LOOP = 0.8


def is_doubtful(
    read: Sequence[Segment], kept: Sequence[Segment], seconds: float, log_probability: float = LOG_PROBABILITY
) -> bool:
    """Whether a reading is in doubt.

    Parameters
    ----------
    read, kept : sequences of Segment
        The reading, before and after `alcca.speech.hallucinations.clean_segments`.
    seconds : float
        How much sound was read.
    log_probability : float
        Below which it is in doubt.

    Examples
    --------
    >>> verse = [Segment(0, 9, "Hello darkness, my old friend, I've come to talk with you again", -0.3)]
    >>> is_doubtful(verse, verse, 10.0), is_doubtful(verse, [], 10.0), is_doubtful(verse, verse, 30.0)
    (False, True, True)
    """
    if seconds < MIN_SECONDS:
        return False
    left = letters_of(kept)
    return (
        left < MIN_LETTERS_PER_SECOND * seconds
        or left < LEFT_OF_LOOP * letters_of(read)
        or kept[0].log_probability < log_probability
    )


def can_be_heard_better(heard: Transcript, model: str | None = None) -> bool:
    """Whether hearing a recording again may find more words: it was left in doubt, and was not yet read twice.

    Parameters
    ----------
    heard : Transcript
    model : str, optional
        The name of another model to hear with, which may find more also where this one has read twice.

    Examples
    --------
    >>> verse = Segment(0, 4, "Hello darkness, my old friend", -0.3)
    >>> can_be_heard_better(Transcript((verse,), seconds=5.0)), can_be_heard_better(Transcript(seconds=30.0))
    (False, True)
    """
    if heard.doubtful is not None:
        return heard.doubtful and model not in (None, heard.model)
    return (
        is_doubtful(heard.segments, heard.segments, heard.seconds)
        or any(one.log_probability < LOG_PROBABILITY for one in heard.segments)
        or compression_ratio(heard.text) > COMPRESSION
    )
