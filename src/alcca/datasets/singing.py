"""A synthetic singer: from words and notes to audio.

eSpeak NG speaks each word at a constant pitch (`espeak`), and WORLD adapts it to the melody and the lengths of the
notes (`vocoder`). As in real singing, a vowel begins with its note and fills it; the consonants before it come before
the beat.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.datasets.espeak import SPEECH_RATE, Phoneme, speak
from alcca.datasets.render import Note
from alcca.datasets.vocoder import FRAME_SECONDS, Frames, analyse, resynthesise

__all__ = ["SungPhoneme", "Word", "align", "check_voice", "sing"]

SPOKEN_PITCH = 150
# Consonants are lengthened by this factor, but leave the vowel this share of the time between two notes.
CONSONANT_STRETCH = 1.3
VOWEL_SHARE = 0.45
BREATH_SECONDS = 0.18
# A longer gap between notes is a rest.
REST_SECONDS = 0.05
PORTAMENTO_SECONDS = 0.06
# Vibrato sets in after the first fifth of a second; its depth is in semitones.
VIBRATO_HERTZ, VIBRATO_DEPTH, VIBRATO_DELAY, VIBRATO_RISE = 5.5, 0.25, 0.2, 0.3
# The part of a spoken vowel that is held; of a diphthong, the first sound.
HELD, HELD_OF_DIPHTHONG = (0.3, 0.7), (0.25, 0.4)
SECOND_SOUNDS = frozenset("IUYaeoEO@3rR")


class Word(NamedTuple):
    """A word of a song.

    Attributes
    ----------
    text : str
        As written, without punctuation.
    syllables : tuple of tuples of Note
        One or more notes for each syllable.
    breath : bool
        Whether the singer breathes after it.
    """

    text: str
    syllables: tuple[tuple[Note, ...], ...]
    breath: bool = False


class SungPhoneme(NamedTuple):
    """A phoneme of the word with the given index, and when it is sung, in seconds."""

    word: int
    spoken: Phoneme
    start: float
    end: float


def check_voice() -> None:
    """Raise `MissingExtraError` if a package that the singer needs is not installed."""
    _spoken("ja", "de")


def sing(words: Sequence[Word], seconds: float, language: str = "de") -> NDArray[np.float32]:
    """Sing words on their notes.

    Parameters
    ----------
    words : sequence of Word
        In the order of their notes, which must not overlap. The pitches are not transposed; from 36 to 60 (65 to 260
        Hz) the voice is intelligible.
    seconds : float
        Length of the result; later notes are cut off.
    language : str
        The language of the pronunciation.

    Returns
    -------
    (seconds * 22050,) array of float32
        Mono; the same for the same arguments.

    Raises
    ------
    MissingExtraError
        espeakng-loader or pyworld is not installed.
    UsageError
        eSpeak NG does not support the language.

    Examples
    --------
    >>> sound = sing([Word("Seele", ((Note(45, 0.5, 1.0),), (Note(47, 1.5, 1.0),)))], seconds=3.0)
    >>> sound.shape, bool(abs(sound[:2000]).max() < 0.001 < abs(sound[22050:24000]).max())
    ((66150,), True)
    """
    n = int(seconds / FRAME_SECONDS)
    voice = Frames.silence(n)
    words = [word for word in words if word.syllables[0][0].start < seconds]
    for sung in align(words, [_spoken(word.text, language)[0] for word in words]):
        first, last = (int(np.ceil(t / FRAME_SECONDS)) for t in (max(sung.start, 0.0), sung.end))
        rows = np.arange(first, min(last, n))
        if len(rows) == 0:
            continue
        spoken = _spoken(words[sung.word].text, language)[1]
        source = np.rint(_stretched(sung, rows * FRAME_SECONDS) / FRAME_SECONDS).astype(int)
        source = source.clip(0, len(spoken.voiced) - 1)
        for whole, part in zip(voice, spoken, strict=True):
            whole[rows] = part[source]
    notes = [note for word in words for syllable in word.syllables for note in syllable]
    sound = np.zeros(int(seconds * SPEECH_RATE), dtype=np.float32)
    if notes:
        sung_samples = resynthesise(voice, _melody(notes, np.arange(n) * FRAME_SECONDS))[: len(sound)]
        sound[: len(sung_samples)] = sung_samples
    return sound


def align(words: Sequence[Word], spoken: Sequence[Sequence[Phoneme]]) -> list[SungPhoneme]:
    """Compute when each phoneme is sung.

    Parameters
    ----------
    words : sequence of Word
    spoken : sequence of sequences of Phoneme
        The pronunciation of each word.

    Returns
    -------
    list of SungPhoneme
        Every vowel begins with the first note of its syllable. Consonants are slightly longer than spoken, unless there
        is too little time.

    Examples
    --------
    >>> word = Word("du", ((Note(45, 1.0, 0.5),),))
    >>> for sung in align([word], [[Phoneme("d", 0.0, 0.1), Phoneme("u:", 0.1, 0.3)]]):
    ...     print(sung.spoken.name, round(sung.start, 2), round(sung.end, 2))
    d 0.87 1.0
    u: 1.0 1.5
    """
    vowels: list[tuple[SungPhoneme, bool]] = []
    # The consonants before each vowel, and those after the last one.
    between: list[list[tuple[int, Phoneme]]] = [[]]
    for index, (word, phonemes) in enumerate(zip(words, spoken, strict=True)):
        count = sum(phoneme.is_vowel for phoneme in phonemes)
        syllables = iter(_fit(word.syllables, count) if count else ())
        left = count
        for phoneme in phonemes:
            if not phoneme.is_vowel:
                between[-1].append((index, phoneme))
                continue
            notes = next(syllables)
            left -= 1
            end = notes[-1].start + notes[-1].seconds
            vowels.append((SungPhoneme(index, phoneme, notes[0].start, end), word.breath and left == 0))
            between.append([])
    if not vowels:
        return []
    sung = list(_before(between[0], vowels[0][0].start, CONSONANT_STRETCH))
    ends = [vowel.start for vowel, _ in vowels[1:]] + [vowels[-1][0].end]
    for (vowel, breath), consonants, following in zip(vowels, between[1:], ends, strict=True):
        sung += _fill(vowel, consonants, following, breath)
    return sung


def _fill(
    vowel: SungPhoneme, consonants: Sequence[tuple[int, Phoneme]], following: float, breath: bool
) -> Iterable[SungPhoneme]:
    """Divide the time up to the following vowel among a vowel, the consonants after it, and a breath."""
    rest = following - vowel.end > REST_SECONDS
    room = following - vowel.start
    gap = min(BREATH_SECONDS, room / 4) if breath or rest else 0.0
    length = CONSONANT_STRETCH * sum(phoneme.end - phoneme.start for _, phoneme in consonants)
    stretch = CONSONANT_STRETCH
    if length > 0:
        stretch *= min(1.0, max(0.0, room * (1 - VOWEL_SHARE) - gap) / length)
    # Within a word, all consonants lead to its next vowel; before a rest or breath, the word's own consonants end it.
    own = [(word, phoneme) for word, phoneme in consonants if word == vowel.word]
    next_words = [(word, phoneme) for word, phoneme in consonants if word != vowel.word]
    onset = list(_before(next_words, following, stretch))
    end = (onset[0].start if onset else following) - gap
    coda = list(_before(own, min(end, vowel.end) if rest else end, stretch))
    return [vowel._replace(end=coda[0].start if coda else min(end, vowel.end)), *coda, *onset]


def _before(consonants: Sequence[tuple[int, Phoneme]], end: float, stretch: float) -> Iterable[SungPhoneme]:
    """Schedule consonants so that the last one ends at ``end``."""
    start = end - stretch * sum(phoneme.end - phoneme.start for _, phoneme in consonants)
    for word, phoneme in consonants:
        length = stretch * (phoneme.end - phoneme.start)
        yield SungPhoneme(word, phoneme, start, start + length)
        start += length


def _fit(syllables: Sequence[Sequence[Note]], count: int) -> list[list[Note]]:
    """Adjust the number of syllables to the pronunciation: join the last ones, or halve the longest note."""
    fitted = [list(notes) for notes in syllables]
    while len(fitted) > count:
        last = fitted.pop()
        fitted[-1] += last
    while len(fitted) < count:
        longest = max(range(len(fitted)), key=lambda i: fitted[i][-1].seconds)
        note = fitted[longest].pop()
        half = note.seconds / 2
        fitted[longest].append(note._replace(seconds=half))
        fitted.insert(longest + 1, [note._replace(start=note.start + half, seconds=half)])
    return fitted


def _stretched(sung: SungPhoneme, times: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The moment of the spoken word that sounds at each of ``times``."""
    start, end = sung.spoken.start, sung.spoken.end
    length, longer = end - start, (sung.end - sung.start) - (end - start)
    if not sung.spoken.is_vowel or longer <= 0:
        return np.asarray(np.interp(times, [sung.start, sung.end], [start, end]))
    # The transitions into and out of a vowel are not stretched, because they identify the consonants beside it.
    name = sung.spoken.name.lstrip("',%=")
    shares = HELD_OF_DIPHTHONG if name[1:2] in SECOND_SOUNDS and name[1:2] else HELD
    held = [start + share * length for share in shares]
    into, out = sung.start + shares[0] * length, sung.end - (1 - shares[1]) * length
    return np.asarray(np.interp(times, [sung.start, into, out, sung.end], [start, *held, end]))


def _melody(notes: Sequence[Note], times: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Frequency in hertz at each of ``times``: the notes, joined by short glides, with vibrato on long ones."""
    starts = np.array([note.start for note in notes])
    pitches = np.array([note.pitch for note in notes], dtype=np.float64)
    now = (np.searchsorted(starts, times, side="right") - 1).clip(0)
    width = max(1, round(PORTAMENTO_SECONDS / FRAME_SECONDS))
    glide = np.hanning(width + 2)[1:-1]
    padded = np.pad(pitches[now], width, mode="edge")
    pitch = np.convolve(padded, glide / glide.sum(), "same")[width:-width]
    swell = ((times - starts[now] - VIBRATO_DELAY) / VIBRATO_RISE).clip(0, 1)
    pitch += VIBRATO_DEPTH * swell * np.sin(2 * np.pi * VIBRATO_HERTZ * times)
    return np.asarray(440 * 2 ** ((pitch - 69) / 12))


# The words of hymns recur often; this many take about 100 MB.
@lru_cache(maxsize=512)
def _spoken(text: str, language: str) -> tuple[tuple[Phoneme, ...], Frames]:
    """A spoken word: its phonemes and its frames."""
    samples, phonemes = speak(text, language, pitch=SPOKEN_PITCH)
    if not phonemes:
        return (), Frames.silence(1)
    return phonemes, analyse(samples, SPOKEN_PITCH)
