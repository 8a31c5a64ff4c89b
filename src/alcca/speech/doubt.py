"""Whether a reading of a window is in doubt, so that a second reading is worth its time.

A decoder in a loop, or one that stopped after a phrase from subtitles, misses most of the sung words with high
confidence. So the criteria are the length of the reading and the share that cleaning leaves, beside its likelihood.
"""

from collections.abc import Sequence

from alcca.speech.hallucinations import COMPRESSION, compression_ratio, letters_of
from alcca.transcripts import Segment, Transcript

__all__ = ["can_be_heard_better", "is_doubtful"]

# A shorter window, such as the tail of a clip, holds too little for a second reading.
MIN_SECONDS = 4.0
# Sung text has at least this many letters a second over 30 s, pauses included; the slowest of 20 recordings has two.
MIN_LETTERS_PER_SECOND = 2.0
# For a first reading, and for a second one, which may not repeat the likeliest words.
LOG_PROBABILITY, SECOND_LOG_PROBABILITY = -0.7, -1.0
# Cleaning leaves less than this share of a loop.
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
        The length of the sound.
    log_probability : float
        A reading below this log-probability is in doubt.

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
    """Whether transcribing a recording again may find more words: it is in doubt, and was not yet read twice.

    Parameters
    ----------
    heard : Transcript
    model : str, optional
        The name of another model to transcribe with, which may also improve a transcript that was read twice.

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
        or any(segment.log_probability < LOG_PROBABILITY for segment in heard.segments)
        or compression_ratio(heard.text) > COMPRESSION
    )
