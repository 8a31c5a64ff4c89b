"""Lyrics that are known, timed by a recording of them."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.languages import check_language
from alcca.matching.folding import fold_letters
from alcca.songs.apart import get_ready, write_whole_apart
from alcca.songs.audio import SPEECH_RATE
from alcca.speech.recogniser import Recogniser, shared_recogniser
from alcca.speech.samples import read_samples
from alcca.texts.timed import TimedLyrics
from alcca.timing.confidence import FOUND, without_doubtful, word_confidences
from alcca.timing.lyric_words import LyricLine, lyric_lines
from alcca.timing.placed_words import place_words
from alcca.timing.repeats import Turn, asked_turns, found_turns, heard_turns
from alcca.timing.timed_words import WordTimes, timed_lines
from alcca.timing.unfound_lines import fill_lines
from alcca.timing.windows import Windows
from alcca.transcripts import Transcript

__all__ = ["Alignment", "align_lyrics", "align_recording", "align_samples"]

# Lyrics of which a smaller share of words is found are of another song, or of another version.
LEAST_SHARE = 0.3
SILENT = "no words were heard in this recording, so the lyrics have no times"
# A transcript is of the whole recording if it misses no more at its ends.
SECONDS_MISSING = 1.0


@dataclass(frozen=True)
class Alignment:
    """Lyrics and a recording of them.

    Parameters
    ----------
    lyrics : TimedLyrics
        With the format "aligned".
    transcript : Transcript
        What was heard in the recording.
    share : float
        The share of the words that was found in the recording, in [0, 1]; of those for which there is room in it.
    fits : bool
        Whether the lyrics are those of the recording.
    reason : str or None
        Why they do not fit, as a sentence for users.
    """

    lyrics: TimedLyrics
    transcript: Transcript
    share: float
    fits: bool
    reason: str | None = None


def align_lyrics(
    path: Path | str,
    lyrics: str,
    *,
    model: str | os.PathLike[str] = "base",
    language: str | None = None,
    repeats: bool = False,
) -> TimedLyrics:
    """When each line and word of lyrics is sung in a recording.

    Parameters
    ----------
    path : path
        An audio file of any format that libsndfile or FFmpeg reads.
    lyrics : str
        The lyrics, in any format; times in them are not used.
    model : str or path
        As for `alcca.transcribe`.
    language : str, optional
        ISO 639-1 code; detected if not given.
    repeats : bool
        Lines that are written once and sung again, such as a chorus, stand in the result for each time: where marks ask
        for it ("(Chorus)", "x2", "bis"), and where they were heard though no line of the text is there.

    Returns
    -------
    TimedLyrics
        Every line that holds letters, and every word of it, once and in the order of the text. ``start`` is None of
        what is not sung. With ``repeats`` the lines are in the order in which they are sung: those of the text in its
        order, and between them, again, those that were found once more.

    Raises
    ------
    AudioError
        There is no usable audio.
    UsageError
        The lyrics hold no words, or the language is unknown.
    MissingExtraError, SpeechModelError
        The speech model or its software is missing.
    """
    check_language(language)
    get_ready()
    return align_recording(path, lyrics, recogniser=shared_recogniser(model), language=language, repeats=repeats).lyrics


def align_recording(
    path: Path | str,
    lyrics: str,
    *,
    recogniser: Recogniser,
    language: str | None = None,
    transcript: Transcript | None = None,
    again: bool = False,
    repeats: bool = False,
) -> Alignment:
    """Do the same as `align_lyrics` with a loaded recogniser, and say how well the lyrics fit.

    Parameters
    ----------
    path, lyrics, language, repeats
        As for `align_lyrics`.
    recogniser : Recogniser
    transcript : Transcript, optional
        Of the same recording; if it is of all of it, the recording is not transcribed once more.
    again : bool
        Transcribe it nevertheless.
    """
    with tempfile.TemporaryDirectory(prefix="alcca-") as folder:
        decoded = Path(folder) / "samples.f32"
        write_whole_apart(path, decoded, SPEECH_RATE)
        return align_samples(
            read_samples(decoded),
            lyrics,
            recogniser=recogniser,
            language=language,
            transcript=transcript,
            again=again,
            repeats=repeats,
        )


def align_samples(
    samples: NDArray[np.float32],
    lyrics: str,
    *,
    recogniser: Recogniser,
    language: str | None = None,
    hints: Sequence[str] = (),
    transcript: Transcript | None = None,
    windows: Windows | None = None,
    again: bool = False,
    repeats: bool = False,
) -> Alignment:
    """Do the same for a recording that is decoded already.

    Parameters
    ----------
    samples : array of shape (n,), float32
        Of the whole recording, mono, 16 kHz; may be memory-mapped.
    lyrics, recogniser, language, transcript, again, repeats
        As for `align_recording`.
    hints : sequence of str
        As for `Recogniser.hear`.
    windows : Windows, optional
        With the encodings of the transcription, which take most of its time:
        ``recogniser.hear(samples, at_window=windows.keep)``.
    """
    lines = lyric_lines(lyrics)
    if not any(word.sung for line in lines for word in line.words):
        raise UsageError("the lyrics hold no words that are sung; give the words of the song")
    sung_in = check_language(language)
    windows = windows or Windows(recogniser, samples)
    heard = transcript
    if heard is None or again or not _covers(heard, windows.seconds):
        heard = recogniser.hear(samples, language=language, hints=hints, at_window=windows.keep)
    spoken = sung_in or heard.language
    if not repeats:
        return _aligned([Turn(number) for number in range(len(lines))], lines, heard, windows, spoken)[1]
    turns, found = _aligned(asked_turns(lines), lines, heard, windows, spoken)
    more = heard_turns(turns, found.lyrics.lines, lines, heard) if found.fits else turns
    return found if len(more) == len(turns) else _aligned(more, lines, heard, windows, spoken)[1]


def _covers(heard: Transcript, seconds: float) -> bool:
    return heard.start <= SECONDS_MISSING and heard.start + heard.seconds >= seconds - SECONDS_MISSING


def _aligned(
    turns: Sequence[Turn], lines: Sequence[LyricLine], heard: Transcript, windows: Windows, language: str | None
) -> tuple[list[Turn], Alignment]:
    """The turns of lines without those that are not sung, of lines that have others, and the times of the lines."""
    rows = [lines[turn.line] for turn in turns]
    words = [[word.sung for word in row.words if word.sung] for row in rows]
    sung = [row for row in words if row]
    parts = [slice(*bounds) for bounds in pairwise(np.cumsum([0, *map(len, words)]).tolist())]
    number = parts[-1].stop
    if not heard.has_words:
        nothing = WordTimes(*(np.full(number, value) for value in (np.nan, np.nan, 0.0)))
        timed = timed_lines(rows, nothing, np.zeros(number), windows.seconds)
        kept = [not turn.again for turn in turns]
        silent = TimedLyrics("aligned", tuple(compress(timed, kept)), None, heard.language)
        return list(compress(turns, kept)), Alignment(silent, heard, 0.0, False, SILENT)
    placed = place_words(sung, heard, windows, language)
    confidences = word_confidences(placed)
    starts = without_doubtful(placed, confidences)
    found = [
        bool(np.isfinite(starts[part]).any() and (not turn.again or confidences[part].mean() >= FOUND))
        for turn, part in zip(turns, parts, strict=True)
    ]
    left = found_turns(turns, found)
    kept = [turn is not None for turn in left]
    in_kept = np.repeat(kept, [len(row) for row in words])
    starts[~in_kept] = np.nan
    counted = placed.sought & in_kept
    share = float(np.mean(confidences[counted] >= FOUND)) if counted.any() else 0.0
    fits = share >= LEAST_SHARE
    reason = None if fits else f"these lyrics do not fit this recording: {share:.0%} of the words were found"
    letters = np.array([len(fold_letters(word)) for row in sung for word in row])
    lasts = np.where(np.isfinite(starts), placed.times.lasts, np.nan)
    starts = fill_lines(starts, lasts, placed.line_of, letters, heard)
    # What is left out leaves no time to the others either.
    starts[~in_kept] = np.nan
    times = replace(placed.times, starts=starts, lasts=lasts)
    timed = timed_lines(rows, times, confidences, windows.seconds)
    lyrics = TimedLyrics("aligned", tuple(compress(timed, kept)), None, language)
    return [turn for turn in left if turn is not None], Alignment(lyrics, heard, share, fits, reason)
