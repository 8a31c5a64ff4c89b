"""Transcription of an audio file."""

import math
import os
import tempfile
from pathlib import Path

from alcca.errors import AudioError, UsageError
from alcca.languages import check_language
from alcca.songs.apart import get_ready, read_slices_apart, write_whole_apart
from alcca.songs.audio import SLICE_SECONDS, SPEECH_RATE
from alcca.speech.recogniser import Recogniser, shared_recogniser
from alcca.speech.samples import read_samples
from alcca.transcripts import Transcript

__all__ = ["transcribe"]

# A longer part is decoded to disk, not to memory.
MAX_SLICE_SECONDS = 120.0


def transcribe(
    path: Path | str,
    *,
    model: str | os.PathLike[str] = "base",
    language: str | None = None,
    offset: float | None = None,
    seconds: float | None = SLICE_SECONDS,
) -> Transcript:
    """Transcribe a recording.

    The recording is decoded in a process of its own, which stays for the next call and ends with this process: a file
    that crashes its decoder ends only that process.

    Parameters
    ----------
    path : path
        An audio file of any format that libsndfile or FFmpeg reads.
    model : str or path
        A Whisper model by name, "tiny" … "large-v3", or its folder; it must be on this machine. $ALCCA_SPEECH_MODEL,
        if set, replaces "base".
    language : str, optional
        ISO 639-1 code; detected if not given.
    offset : float, optional
        Where to begin, in seconds; by default the middle of the recording is transcribed.
    seconds : float or None
        How much to transcribe, > 0; if None, everything from ``offset`` on.

    Returns
    -------
    Transcript
        With times in seconds from the beginning of the recording.

    Raises
    ------
    AudioError
        There is no usable audio, or the decoder crashes, hangs or takes too much memory; the message names the file
        and the cause.
    UsageError
        The language is unknown, ``offset`` is negative, or ``seconds`` is not positive.
    MissingExtraError, SpeechModelError
        The speech model or its software is missing; the message says what to do.
    """
    check_language(language)
    _check_part(offset, seconds)
    get_ready()
    recogniser = shared_recogniser(model)
    if seconds is None or seconds > MAX_SLICE_SECONDS:
        return _hear_long(Path(path), recogniser, language, offset, seconds)
    (part,) = read_slices_apart(path, offset=offset, seconds=seconds, rates=(SPEECH_RATE,))
    return recogniser.hear(part.decoded, language=language, start=part.start)


def _check_part(offset: float | None, seconds: float | None) -> None:
    if offset is not None and not (math.isfinite(offset) and offset >= 0):
        raise UsageError(f"invalid offset {offset}; give seconds from the start of the song, 0 or more")
    if seconds is not None and not seconds > 0:
        raise UsageError(
            f"cannot transcribe {seconds} seconds; give a positive number, or None for the whole recording"
        )


def _hear_long(
    path: Path, recogniser: Recogniser, language: str | None, offset: float | None, seconds: float | None
) -> Transcript:
    with tempfile.TemporaryDirectory(prefix="alcca-") as folder:
        decoded = Path(folder) / "samples.f32"
        write_whole_apart(path, decoded, SPEECH_RATE)
        samples = read_samples(decoded)
        length = len(samples) if seconds is None else min(len(samples), round(seconds * SPEECH_RATE))
        first = (len(samples) - length) // 2 if offset is None else round(offset * SPEECH_RATE)
        if first >= len(samples):
            end = len(samples) / SPEECH_RATE
            raise AudioError(
                f"{path.name}: offset {offset:g} s is beyond its end at {end:.1f} s; choose a smaller offset"
            )
        return recogniser.hear(samples[first : first + length], language=language, start=first / SPEECH_RATE)
