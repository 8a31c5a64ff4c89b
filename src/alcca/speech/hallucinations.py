"""What a recogniser invents over music, found by measurable signs and taken out.

Whisper was trained on subtitles. Where nobody sings it may repeat a syllable for half a minute, or thank for watching.
No list of phrases can hold all of it, and singers do repeat themselves; so what counts is how it was said. The
thresholds are those of Whisper's authors, or were set on half of what benchmarks/hearing.py makes (docs/hearing.md).
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

from alcca.transcripts import Segment

__all__ = [
    "clean_second_reading",
    "clean_segments",
    "collapse_loops",
    "compression_ratio",
    "letters_of",
    "stands_alone",
]

# Nobody sings there, says the recogniser itself: its own rule (Radford et al. 2022, section 4.5).
NO_SPEECH = 0.6
LOG_PROBABILITY = -1.0
# Below this even loud singing was guessed.
HOPELESS = -1.6
# Who sings, sings in a language: over instruments the recogniser wavers between Breton and Latin.
LANGUAGE = 0.5
# Where all three doubt, a little of each is enough: "Thank you." over a few seconds of instruments.
RATHER_UNLIKELY = -0.8
# Subtitles of one sentence over half a minute of music.
ALONE_LETTERS, ALONE_SECONDS = 32, 20.0
ALONE_LOG_PROBABILITY = -0.7
# The fastest rappers sing some fourteen syllables a second.
LETTERS_A_SECOND = 40.0
# Text that zlib makes this much shorter repeats itself; Whisper's own threshold.
COMPRESSION = 2.4
# What repeats itself in no language that is surer than this is no refrain.
LANGUAGE_OF_REFRAIN = 0.7
# As often a refrain may be repeated.
REPEATS = 4
MAX_PHRASE = 24
# What a reading says at least where somebody sings, loops aside, and of how many different letters that is; and how
# likely one is that may not say what is likeliest twice.
MIN_LETTERS, MIN_DIFFERENT = 20, 8
SECOND_LOG_PROBABILITY = -1.35
# A word or two has to be as likely as this where the recogniser itself says that nobody sings.
LIKELY = -0.5
WORD = re.compile(r"[^\W_]+", re.UNICODE)
# A syllable that is repeated inside of a word, or where a script has no spaces.
STUTTER = re.compile(rf"(\S{{1,12}}?)\1{{{REPEATS},}}")


def clean_segments(segments: Sequence[Segment], language_probability: float = 1.0) -> tuple[Segment, ...]:
    """The segments of one decoding window without what was invented.

    Parameters
    ----------
    segments : sequence of Segment
        What was heard in at most 30 s. Their log-probability and no-speech probability are the window's.
    language_probability : float
        Of the likeliest language, in [0, 1]; also where another one was given.

    Returns
    -------
    tuple of Segment

    Examples
    --------
    >>> clean_segments([Segment(0, 30, "Thank you for watching!", -0.9, 0.5)])
    ()
    >>> clean_segments([Segment(0, 4, "Hello darkness, my old friend", -0.4, 0.1)])[0].text
    'Hello darkness, my old friend'
    >>> clean_segments([Segment(0, 30, "I love you, " * 60, -0.2, 0.5)], language_probability=0.4)
    ()
    """
    kept = [one for one in segments if _letters(one.text)]
    if not kept or _nobody_sings(kept, language_probability):
        return ()
    kept = [replace(one, text=STUTTER.sub(lambda found: found[1] * REPEATS, one.text)) for one in kept]
    kept = _without_loops(kept)
    # Not before: the words that a loop begins with were sung.
    return tuple(one for one in kept if _letters(one.text) <= LETTERS_A_SECOND * max(one.end - one.start, 1.0))


def clean_second_reading(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The same of a reading that was kept from repeating itself.

    Over music such a decoder soon ends, says a word or two, or is unsure of each. Where somebody sings it goes on, also
    in a language that was hard to tell.

    Examples
    --------
    >>> clean_second_reading([Segment(0, 30, "Thank you.", -0.6, 0.5)])
    ()
    >>> clean_second_reading([Segment(0, 9, "Hello darkness, my old friend", -1.1, 0.7)])[0].text
    'Hello darkness, my old friend'
    """
    if not _says_enough(segments) or segments[0].log_probability < SECOND_LOG_PROBABILITY:
        return ()
    return tuple(_without_loops([one for one in segments if _letters(one.text)]))


def stands_alone(segments: Sequence[Segment], language_probability: float = 1.0) -> bool:
    """Whether what the cleaning left of a first reading was sung, although a second reading says nothing.

    Parameters
    ----------
    segments : sequence of Segment
        As `clean_segments` gives them.
    language_probability : float
        Of the likeliest language, in [0, 1].

    Examples
    --------
    >>> stands_alone([Segment(0, 4, "You", -0.9, 0.7)]), stands_alone([Segment(0, 9, "Hallelujah", -0.3, 0.2)])
    (False, True)
    """
    if _says_enough(segments):
        return True
    likely = bool(segments) and segments[0].log_probability >= LIKELY
    return likely and language_probability >= LANGUAGE_OF_REFRAIN


def compression_ratio(text: str) -> float:
    """How much shorter zlib makes a text.

    Examples
    --------
    >>> compression_ratio("la " * 100) > 10
    True
    """
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def collapse_loops(text: str, repeats: int = REPEATS) -> str:
    """A text in which no phrase is repeated more often than ``repeats`` times in a row.

    Case and punctuation do not matter; phrases of up to 24 words are looked at, the longest first.

    Examples
    --------
    >>> collapse_loops("oh la la la la la la la baby", 3)
    'oh la la la baby'
    >>> collapse_loops("Let it be, let it be, let it be, let it be.", 2)
    'Let it be, let it be,'
    """
    words = text.split()
    plain = ["".join(WORD.findall(word.lower())) for word in words]
    size = min(MAX_PHRASE, len(words) // (repeats + 1))
    while size:
        place, kept, kept_plain = 0, [], []
        while place < len(words):
            phrase = plain[place : place + size]
            count = 1
            while plain[place + count * size : place + (count + 1) * size] == phrase and len(phrase) == size:
                count += 1
            taken = size * min(count, repeats) if count > repeats else 1
            kept += words[place : place + taken]
            kept_plain += plain[place : place + taken]
            place += size * count if count > repeats else 1
        words, plain = kept, kept_plain
        size -= 1
    return " ".join(words)


def letters_of(segments: Sequence[Segment]) -> int:
    """How many letters and digits segments hold."""
    return sum(_letters(one.text) for one in segments)


def _says_enough(segments: Sequence[Segment]) -> bool:
    letters = [letter for one in segments for letter in one.text.lower() if letter.isalpha()]
    return len(letters) >= MIN_LETTERS and len(set(letters)) >= MIN_DIFFERENT


def _nobody_sings(segments: Sequence[Segment], language_probability: float) -> bool:
    first, last = segments[0], segments[-1]
    guessed = first.log_probability < LOG_PROBABILITY
    silent = first.no_speech > NO_SPEECH
    in_no_language = language_probability < LANGUAGE
    if first.log_probability < HOPELESS or (guessed and (silent or in_no_language)):
        return True
    if silent and in_no_language and first.log_probability < RATHER_UNLIKELY:
        return True
    if silent and letters_of(segments) < MIN_LETTERS and first.log_probability < LIKELY:
        return True
    loops = compression_ratio(" ".join(one.text for one in segments)) > COMPRESSION
    if loops and (guessed or language_probability < LANGUAGE_OF_REFRAIN):
        return True
    alone = letters_of(segments) <= ALONE_LETTERS and last.end - first.start >= ALONE_SECONDS
    doubtful = first.log_probability < ALONE_LOG_PROBABILITY or language_probability < LANGUAGE_OF_REFRAIN
    return alone and doubtful


def _without_loops(segments: Sequence[Segment]) -> list[Segment]:
    """Collapse loops inside of segments, and runs of segments that say the same."""
    kept: list[Segment] = []
    for one in segments:
        same = [other for other in kept[-REPEATS:] if _plain(other.text) == _plain(one.text)]
        if len(same) < REPEATS:
            text = one.text if len(one.text.split()) <= REPEATS else collapse_loops(one.text)
            kept.append(replace(one, text=text.strip()))
    return kept


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _plain(text: str) -> str:
    return " ".join(WORD.findall(text.lower()))
