"""From an audio file to the words that are sung in it."""

import os
import tempfile
from pathlib import Path

from alcca.hearing.languages import check_language
from alcca.hearing.recogniser import Recogniser, shared_recogniser
from alcca.hearing.sound import read_samples, write_song
from alcca.songs.audio import SLICE_SECONDS, SPEECH_RATE, read_slice
from alcca.transcripts import Transcript

__all__ = ["transcribe"]


def transcribe(
    path: Path | str,
    *,
    model: str | os.PathLike[str] = "base",
    language: str | None = None,
    offset: float | None = None,
    seconds: float | None = SLICE_SECONDS,
) -> Transcript:
    """Hear the words in a recording.

    Parameters
    ----------
    path : path
        An audio file of any format that libsndfile or FFmpeg reads.
    model : str or path
        A Whisper model by name, "tiny" … "large-v3", or its folder; it has to be on this machine.
    language : str, optional
        ISO 639-1 code; detected when not given.
    offset : float, optional
        Where to begin, in seconds; by default the middle of the recording is taken.
    seconds : float or None
        How much to hear, > 0; the whole recording when None.

    Returns
    -------
    Transcript
        Its times are seconds from the beginning of the recording.

    Raises
    ------
    AudioError
        There is no usable audio; the message names the file and the cause.
    UsageError
        An unknown language, a negative offset, ``seconds`` that are not positive.
    MissingExtraError, SpeechModelError
        There is nothing to hear with; the message says what to do.
    """
    check_language(language)
    recogniser = shared_recogniser(os.fspath(model))
    if seconds is None:
        return _whole(Path(path), recogniser, language)
    part = read_slice(path, offset=offset, seconds=seconds, rate=SPEECH_RATE)
    return recogniser.hear(part.decoded, language=language, start=part.start)


def _whole(path: Path, recogniser: Recogniser, language: str | None) -> Transcript:
    with tempfile.TemporaryDirectory(prefix="alcca-") as folder:
        samples = Path(folder) / "samples.f32"
        write_song(path, samples)
        return recogniser.hear(read_samples(samples), language=language)
