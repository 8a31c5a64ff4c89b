"""Listening to a recording for its lyrics: one decoding and one transcription, whatever is asked."""

import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from alcca.cleaning.lyrics import clean_lyrics
from alcca.errors import AlccaError, DiskError, TranscriptionError
from alcca.languages import language_codes
from alcca.lyrics.heard import Found, Heard, Times
from alcca.lyrics.sources import About, Sources
from alcca.persistence import disk_error
from alcca.songs.apart import write_whole_apart
from alcca.songs.audio import SPEECH_RATE
from alcca.songs.cut import Cut, file_of
from alcca.speech.samples import read_samples
from alcca.timing.align_lyrics import align_samples
from alcca.timing.windows import Windows
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alcca.speech.decoder import Encoded
    from alcca.speech.recogniser import Recogniser

__all__ = ["Listening", "killed", "listen", "may_be_written", "stopping"]

# Set once this process is to end: a song takes minutes, a window of it seconds.
stopping = threading.Event()

# A longer recording may hold several songs.
SECONDS_OF_A_SONG = 600.0


@dataclass(frozen=True)
class Listening:
    """What is asked of a recording; all of it can be sent to another process.

    Parameters
    ----------
    path : str
        As of `alcca.lyrics.recordings.Recording`.
    cut : Cut or None
    about : About
        What its tags say; the duration is not known yet.
    lyrics : str or None
        Its lyrics, cleaned, if they are known.
    tagged : str or None
        The language that its tags say.
    language : str or None
        ISO 639-1 code of what is sung, if it was given.
    transcript : Transcript or None
        Of all of it, if it was transcribed before.
    """

    path: str
    cut: Cut | None
    about: About
    lyrics: str | None = None
    tagged: str | None = None
    language: str | None = None
    transcript: Transcript | None = None


def listen(
    recogniser: "Recogniser", tasks: Sequence[Listening], *, sources: Sources | None, likely: bool = False
) -> list[Heard]:
    """Listen to recordings, for their own lyrics and, where these are not known or do not fit, for those of sources.

    Parameters
    ----------
    recogniser : Recogniser
    tasks : sequence of Listening
    sources : Sources or None
        Asked with what was heard.
    likely : bool
        Lyrics that are likely are timed as well as those that are sure.

    Raises
    ------
    DiskError
        The disk of temporary files is full.
    """
    return [_listen(recogniser, task, sources, likely) for task in tasks]


def _listen(recogniser: "Recogniser", task: Listening, sources: Sources | None, likely: bool) -> Heard:
    try:
        with tempfile.TemporaryDirectory(prefix="alcca-") as folder:
            sound = _Sound(task, Path(folder) / "samples.f32")
            return _heard(recogniser, task, sound, sources, likely)
    except DiskError:
        raise
    except OSError as error:
        if said := disk_error(error, tempfile.gettempdir()):
            raise said from error
        return Heard(task.transcript, reason=f"{_name(task)}: cannot be read ({error.strerror or error})")
    except AlccaError as error:
        return Heard(task.transcript, reason=str(error))


class _Sound:
    """The samples of a recording, decoded when they are first needed, and their encodings, made once."""

    def __init__(self, task: Listening, place: Path) -> None:
        self._task, self._place = task, place
        self._samples: NDArray[np.float32] | None = None
        self._windows: Windows | None = None

    def samples(self) -> "NDArray[np.float32]":
        if self._samples is None:
            write_whole_apart(file_of(self._task.path), self._place, SPEECH_RATE, self._task.cut)
            self._samples = read_samples(self._place)
        return self._samples

    def windows(self, recogniser: "Recogniser") -> Windows:
        if self._windows is None:
            self._windows = Windows(recogniser, self.samples())
        return self._windows


def _heard(recogniser: "Recogniser", task: Listening, sound: _Sound, sources: Sources | None, likely: bool) -> Heard:
    hints = language_codes(task.tagged)
    transcript = task.transcript
    if transcript is None:
        transcript = recogniser.hear(
            sound.samples(), language=task.language, hints=hints, at_window=_until_stopped(sound.windows(recogniser))
        )
    heard = Heard(transcript, duration=transcript.start + transcript.seconds)

    def timed(lyrics: str) -> Times:
        _check_stopped()
        one = align_samples(
            sound.samples(),
            lyrics,
            recogniser=recogniser,
            language=task.language,
            hints=hints,
            transcript=transcript,
            windows=sound.windows(recogniser),
        )
        return Times(one.lyrics, one.share, one.fits, one.reason)

    if task.lyrics is not None:
        heard = replace(heard, known=timed(task.lyrics))
    if sources is not None and transcript.has_words and not (heard.known and heard.known.fits):
        found = sources.identify(transcript, replace(task.about, duration=heard.duration))
        if (heard.duration or 0.0) > SECONDS_OF_A_SONG and (several := sources.songs_in(transcript)) is not None:
            found = (several, *found)
        heard = replace(heard, found=found)
        if found and may_be_written(found[0], likely) and (words := _words(found[0])):
            heard = replace(heard, times=timed(words))
    return heard


def _until_stopped(windows: Windows) -> "Callable[[float, Encoded], None]":
    def keep(start: float, encoded: "Encoded") -> None:
        _check_stopped()
        windows.keep(start, encoded)

    return keep


def _check_stopped() -> None:
    if stopping.is_set():
        raise TranscriptionError("interrupted")


def may_be_written(found: Found, likely: bool) -> bool:
    """Whether lyrics of a source are sure enough to be written."""
    return not found.instrumental and (found.certainty == "sure" or (likely and found.certainty == "likely"))


def _words(found: Found) -> str:
    # The lines of the text with times, so that these can be compared with those that are heard.
    return clean_lyrics(found.synced or found.text)


def _name(task: Listening) -> str:
    return os.path.basename(task.path)  # noqa: PTH119 - a text


def killed(tasks: Sequence[Listening]) -> list[Heard]:
    """What is said of recordings that have killed each worker which listened to them."""
    return [
        Heard(reason=f"{_name(task)}: the processes that listened to it were ended, as happens without memory")
        for task in tasks
    ]
