"""Bach's chorales from music21's corpus: the notes of each voice, and the words on the notes of one voice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

from alcca.datasets.render import Note
from alcca.datasets.singing import Word
from alcca.errors import LyricsError, MissingExtraError

__all__ = ["Chorale", "bwv", "read_score", "scores_with_words"]

# The scores have no tempo. At this one, half a minute holds the words of three to five lines, which are recognised
# better than slower singing.
QUARTERS_PER_MINUTE = 100
BEAT = 60 / QUARTERS_PER_MINUTE
# Two songs with this many equal opening words, or equal steps of the melody, are versions of one chorale.
OPENING_WORDS = 4
OPENING_STEPS = 8
# A bass sings the soprano: the many harmonics of a low voice make its vowels intelligible.
OCTAVES_BELOW = 2


@dataclass(frozen=True)
class Chorale:
    """A chorale, ready to be sung and played.

    Attributes
    ----------
    bwv : str
        Its number in the catalogue of Bach's works.
    title : str
        The opening words.
    lyrics : str
        The words in lines.
    label : str
        "major" or "minor".
    melody : str
        The first steps of the melody, in semitones.
    voices : tuple of lists of Note
        The notes of the instruments, repeated until ``seconds`` are full; soprano first.
    words : tuple of Word
        The sung words; a second verse in the score is sung in the second pass.
    line_starts : tuple of float
        When each line of the lyrics is first sung, in seconds, ascending.
    """

    bwv: str
    title: str
    lyrics: str
    label: str
    melody: str
    voices: tuple[list[Note], ...]
    words: tuple[Word, ...]
    line_starts: tuple[float, ...]


def scores_with_words() -> list[Path]:
    """Paths of the corpus' chorales whose score has words."""
    import zipfile

    try:
        from music21 import corpus
    except ImportError as error:
        raise MissingExtraError(
            "the Bach chorales come with music21, which is not installed; run: pip install 'alcca[demo]'"
        ) from error
    scores = []
    for path in sorted(corpus.getComposer("bach")):
        # Parsing a score takes a tenth of a second, this test for words a thousandth.
        if path.suffix == ".mxl":
            with zipfile.ZipFile(path) as archive:
                if any(b"<lyric" in archive.read(name) for name in archive.namelist() if name.endswith("xml")):
                    scores.append(Path(path))
    return scores


def read_score(score: Path, seconds: float) -> Chorale:
    """Read a score.

    Parameters
    ----------
    score : path
        A MusicXML file of four voices, one of which has words.
    seconds : float
        Length of the music, which is repeated until then.

    Returns
    -------
    Chorale

    Raises
    ------
    LyricsError
        No part has words.
    """
    from music21 import converter, text

    # Without music21's cache of pickles, which would be written but never read.
    parsed: Any = converter.parse(score, forceSource=True, storePickle=False)
    parts = parsed.parts
    sung = next((part for part in parts if part.lyrics()), None)
    if sung is None:
        raise LyricsError("no part of the score has words")
    lyrics = _lines(text.assembleAllLyrics(sung))  # type: ignore[no-untyped-call]
    voices = [_voice(part) for part in parts]
    melody = [note.pitch for note in _voice(sung)]
    steps = [round(b - a) for a, b in pairwise(melody)]
    # A verse is sung again until the recording is full.
    length = max(note.start + note.seconds for voice in voices for note in voice) + BEAT
    passes = int(seconds // length) + 1
    verses = sorted({lyric.number for note in sung.flatten().notes for lyric in note.lyrics})
    words = [
        _later(word, length * again) for again in range(passes) for word in _words(sung, verses[again % len(verses)])
    ]
    return Chorale(
        bwv=bwv(score),
        title=_title(lyrics),
        lyrics=lyrics,
        label=_mode(sung, parts[-1]),
        melody=" ".join(map(str, steps[:OPENING_STEPS])),
        voices=tuple(
            [note._replace(start=note.start + length * again) for again in range(passes) for note in voice]
            for voice in voices
        ),
        words=tuple(words),
        line_starts=_line_starts(lyrics, words, seconds),
    )


def _words(part: Any, verse: int) -> list[Word]:
    """The words of one verse on their notes."""
    words: list[tuple[str, list[list[Note]], bool]] = []
    end = 0.0
    for element in part.flatten().notes:
        start, seconds = float(element.offset) * BEAT, float(element.duration.quarterLength) * BEAT
        if seconds <= 0:
            continue
        pitch = max(float(pitch.midi) for pitch in element.pitches) - 12 * OCTAVES_BELOW
        # A syllable that all verses share may have the number of any verse.
        lyric = next((lyric for lyric in element.lyrics if lyric.number == verse), next(iter(element.lyrics), None))
        letters, position = (_letters(lyric.text or ""), lyric.syllabic) if lyric is not None else ("", None)
        if letters and position in ("middle", "end") and words:
            text, syllables, _ = words[-1]
            words[-1] = (text + letters, [*syllables, []], False)
        elif letters:
            words.append((letters, [[]], False))
        if not words:
            continue
        text, syllables, breath = words[-1]
        breath = breath or any("Fermata" in type(mark).__name__ for mark in element.expressions)
        last = syllables[-1]
        if last and last[-1].pitch == pitch and element.tie is not None and element.tie.type in ("stop", "continue"):
            last[-1] = last[-1]._replace(seconds=start + seconds - last[-1].start)
        # Of simultaneous notes, as in a divided voice, only one is sung.
        elif start >= end - 1e-6:
            last.append(Note(pitch, start, seconds))
        end = max(end, start + seconds)
        words[-1] = (text, syllables, breath)
    return [
        Word(text, tuple(tuple(notes) for notes in syllables if notes), breath)
        for text, syllables, breath in words
        if any(syllables)
    ]


def _letters(text: str) -> str:
    """A syllable without verse numbers and punctuation, which would be spoken."""
    return re.sub(r"[\W\d_]", "", text)


def _later(word: Word, seconds: float) -> Word:
    moved = ((note._replace(start=note.start + seconds) for note in notes) for notes in word.syllables)
    return word._replace(syllables=tuple(map(tuple, moved)))


def _line_starts(lyrics: str, words: Sequence[Word], seconds: float) -> tuple[float, ...]:
    """The start of each line; a line that is not sung gets the start of the line before it."""
    lines = [[letters for word in line.split() if (letters := _letters(word))] for line in lyrics.splitlines()]
    written = [letters for line in lines for letters in line]
    same = SequenceMatcher(None, written, [word.text for word in words], autojunk=False).get_matching_blocks()
    begins = {block.a + i: words[block.b + i].syllables[0][0].start for block in same for i in range(block.size)}
    starts: list[float] = []
    place = 0
    for line in lines:
        begin = next((begins[i] for i in range(place, place + len(line)) if i in begins), None)
        starts.append(min(begin, seconds) if begin is not None else max(starts, default=0.0))
        place += len(line)
    return tuple(starts)


def _voice(part: Any) -> list[Note]:
    """The notes of a part in seconds, with tied notes joined."""
    notes: list[Note] = []
    for element in part.flatten().notes:
        start, seconds = float(element.offset) * BEAT, float(element.duration.quarterLength) * BEAT
        tied = element.tie is not None and element.tie.type in ("stop", "continue")
        for pitch in element.pitches:
            last = next((i for i, note in enumerate(notes) if tied and _continues(note, pitch.midi, start)), None)
            if last is None:
                notes.append(Note(float(pitch.midi), start, seconds))
            else:
                notes[last] = notes[last]._replace(seconds=notes[last].seconds + seconds)
    return [note for note in notes if note.seconds > 0]


def _continues(note: Note, pitch: float, start: float) -> bool:
    return note.pitch == pitch and abs(note.start + note.seconds - start) < 1e-6


def _mode(sung: Any, lowest: Any) -> str:
    """Major or minor, from the key signature, else by whether the last bass note is the tonic of the major key."""
    signature = next(iter(sung.flatten().getElementsByClass("KeySignature")), None)
    mode = getattr(signature, "mode", None)
    if mode in ("major", "minor"):
        return str(mode)
    tonic = (signature.sharps * 7) % 12 if signature is not None else 0
    return "major" if round(_voice(lowest)[-1].pitch) % 12 == tonic else "minor"


def _lines(words: str) -> str:
    """Break verses into lines at their punctuation, and remove the verse numbers."""
    verses = [re.sub(r"^\s*\d+\.\s*", "", verse) for verse in words.splitlines()]
    lines = [line.strip() for verse in verses for line in re.split(r"(?<=[,;.:?!])\s+", verse)]
    return "\n".join(line for line in lines if re.search(r"\w", line))


def _title(lyrics: str) -> str:
    """The opening words, after which chorales are named: six, or fewer if a phrase ends after the fourth or fifth."""
    words = lyrics.split()[:6]
    ends = (i for i, word in enumerate(words, 1) if i >= OPENING_WORDS and word[-1] in ",;.:?!")
    return " ".join(words[: next(ends, 6)]).strip(" ,;.:?!")


def bwv(score: Path) -> str:
    """The number of a chorale in the catalogue, from the file's name.

    Examples
    --------
    >>> bwv(Path("bwv80.8.mxl"))
    '80.8'
    """
    return score.stem.removeprefix("bwv")
