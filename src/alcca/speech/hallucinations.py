"""Removal of words that a recogniser hallucinates over music, by measurable signs.

Whisper was trained on subtitles. Over instruments it may repeat a syllable for half a minute, or write "thank you for
watching". No list of phrases can cover this, and singers do repeat themselves, so the criteria are probabilities,
lengths and repetition. The thresholds are those of Whisper's authors, or were set on half of the data of
benchmarks/hearing.py (docs/hearing.md).
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

# The recogniser's own rule for a window without speech (Radford et al. 2022, section 4.5).
NO_SPEECH = 0.6
LOG_PROBABILITY = -1.0
# Below this, the words are a guess even under loud singing.
HOPELESS = -1.6
# Singing has a language; over instruments the recogniser is undecided, for example between Breton and Latin.
LANGUAGE = 0.5
# If all three signs are present, weak ones are enough: "Thank you." over a few seconds of instruments.
RATHER_UNLIKELY = -0.8
# A single sentence over half a minute of music, as subtitles have it.
ALONE_LETTERS, ALONE_SECONDS = 32, 20.0
ALONE_LOG_PROBABILITY = -0.7
# The fastest rappers reach about fourteen syllables a second.
LETTERS_A_SECOND = 40.0
# A text that zlib compresses by this factor is repetitive; Whisper's own threshold.
COMPRESSION = 2.4
# Repetitive text is a refrain only if the language is at least this probable.
LANGUAGE_OF_REFRAIN = 0.7
# A refrain may be repeated this often.
REPEATS = 4
MAX_PHRASE = 24
# A reading of singing has at least this many letters in words, loops aside, and this many different ones; and the least
# log-probability of a second reading, which may not repeat the likeliest words. Single letters are no words: a decoder
# that may not repeat itself spells over instruments, "U.S., U.S.A.R., U.L., U.C.".
MIN_LETTERS, MIN_DIFFERENT = 20, 8
SECOND_LOG_PROBABILITY = -1.35
# Whisper's rule for silence, stricter: it reports up to 0.82 for voices covered by music that is three times as loud,
# and 0.95 for faint noise, in which a second reading was Welsh.
SECOND_NO_SPEECH = 0.9
# A word or two must be at least this likely if the recogniser itself reports no speech.
LIKELY = -0.5
WORD = re.compile(r"[^\W_]+", re.UNICODE)
# A syllable that is repeated inside a word, or in a script without spaces.
STUTTER = re.compile(rf"(\S{{1,12}}?)\1{{{REPEATS},}}")


def clean_segments(segments: Sequence[Segment], language_probability: float = 1.0) -> tuple[Segment, ...]:
    """Remove hallucinated words from the segments of one decoding window.

    Parameters
    ----------
    segments : sequence of Segment
        The reading of at most 30 s. Their log-probability and no-speech probability are the window's.
    language_probability : float
        Probability of the likeliest language, in [0, 1]; also if another language was given.

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
    kept = [segment for segment in segments if _letters(segment.text)]
    if not kept or _is_instrumental(kept, language_probability):
        return ()
    kept = [replace(segment, text=STUTTER.sub(lambda match: match[1] * REPEATS, segment.text)) for segment in kept]
    kept = _without_loops(kept)
    # Only now: the words with which a loop begins were sung.
    return tuple(
        segment
        for segment in kept
        if _letters(segment.text) <= LETTERS_A_SECOND * max(segment.end - segment.start, 1.0)
    )


def clean_second_reading(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Remove hallucinated words from a second reading, whose decoder could not repeat itself.

    Over instruments such a decoder stops soon, after a word or two, or is unsure of each word. Over singing it goes on,
    even if the language was hard to detect.

    Examples
    --------
    >>> clean_second_reading([Segment(0, 30, "Thank you.", -0.6, 0.5)])
    ()
    >>> clean_second_reading([Segment(0, 9, "Hello darkness, my old friend", -1.1, 0.7)])[0].text
    'Hello darkness, my old friend'
    """
    if not _is_long_enough(segments):
        return ()
    first = segments[0]
    silent = first.no_speech > SECOND_NO_SPEECH and first.log_probability < LOG_PROBABILITY
    if silent or first.log_probability < SECOND_LOG_PROBABILITY:
        return ()
    return tuple(_without_loops([segment for segment in segments if _letters(segment.text)]))


def stands_alone(segments: Sequence[Segment], language_probability: float = 1.0) -> bool:
    """Whether the cleaned first reading is credible even if the second reading is empty.

    Parameters
    ----------
    segments : sequence of Segment
        As returned by `clean_segments`.
    language_probability : float
        Probability of the likeliest language, in [0, 1].

    Examples
    --------
    >>> stands_alone([Segment(0, 4, "You", -0.9, 0.7)]), stands_alone([Segment(0, 9, "Hallelujah", -0.3, 0.2)])
    (False, True)
    """
    if _is_long_enough(segments):
        return True
    likely = bool(segments) and segments[0].log_probability >= LIKELY
    return likely and language_probability >= LANGUAGE_OF_REFRAIN


def compression_ratio(text: str) -> float:
    """The factor by which zlib compresses a text.

    Examples
    --------
    >>> compression_ratio("la " * 100) > 10
    True
    """
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def collapse_loops(text: str, repeats: int = REPEATS) -> str:
    """Shorten a text so that no phrase occurs more than ``repeats`` times in a row.

    Case and punctuation are ignored; phrases of up to 24 words are considered, the longest first.

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
    """The number of letters and digits in segments."""
    return sum(_letters(segment.text) for segment in segments)


def _is_long_enough(segments: Sequence[Segment]) -> bool:
    words = [word for segment in segments for word in WORD.findall(segment.text.lower()) if len(word) > 1]
    letters = [letter for word in words for letter in word if letter.isalpha()]
    return len(letters) >= MIN_LETTERS and len(set(letters)) >= MIN_DIFFERENT


def _is_instrumental(segments: Sequence[Segment], language_probability: float) -> bool:
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
    loops = compression_ratio(" ".join(segment.text for segment in segments)) > COMPRESSION
    if loops and (guessed or language_probability < LANGUAGE_OF_REFRAIN):
        return True
    alone = letters_of(segments) <= ALONE_LETTERS and last.end - first.start >= ALONE_SECONDS
    doubtful = first.log_probability < ALONE_LOG_PROBABILITY or language_probability < LANGUAGE_OF_REFRAIN
    return alone and doubtful


def _without_loops(segments: Sequence[Segment]) -> list[Segment]:
    """Collapse loops inside segments, and runs of segments with the same text."""
    kept: list[Segment] = []
    for segment in segments:
        same = [earlier for earlier in kept[-REPEATS:] if _plain(earlier.text) == _plain(segment.text)]
        if len(same) < REPEATS:
            text = segment.text if len(segment.text.split()) <= REPEATS else collapse_loops(segment.text)
            kept.append(replace(segment, text=text.strip()))
    return kept


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _plain(text: str) -> str:
    return " ".join(WORD.findall(text.lower()))
