"""Listen for words in the recordings of songs, once for each recording and excerpt of lyrics in a process."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError, MissingExtraError, SpeechModelError, TranscriptionError
from alcca.songs.recording_slice import RecordingSlice
from alcca.speech.recogniser import shared_recogniser
from alcca.transcripts import Listened

__all__ = ["RecordingListener"]

# Excerpts of recordings that are kept, the latest ones.
REMEMBERED = 200_000

_found: dict[tuple[str, RecordingSlice | None, str], Listened] = {}


class RecordingListener:
    """Listens for words in one recording, which is read when it is needed first.

    What was found stays for later fits, and for controls, which ask for most of it again: some 300 bytes an excerpt.

    Parameters
    ----------
    model : str
        The speech model.
    recording : RecordingSlice or None
        None if there is no recording, which it says when it is to listen.
    """

    def __init__(self, model: str, recording: RecordingSlice | None) -> None:
        self._model, self._recording = model, recording
        self._samples: NDArray[np.float32] | None = None

    def __call__(self, texts: Sequence[Sequence[str]]) -> list[Listened]:
        """As `alcca.speech.recogniser.Recogniser.listen`; TranscriptionError if that is not possible."""
        if self._recording is None:
            raise TranscriptionError("no recording of it is known")
        new = list(dict.fromkeys(excerpt for text in texts for excerpt in text if self._key(excerpt) not in _found))
        if new:
            try:
                heard = shared_recogniser(self._model).listen(
                    self._read(self._recording), [[excerpt] for excerpt in new]
                )
            except (AudioError, MissingExtraError, SpeechModelError) as error:
                raise TranscriptionError(str(error)) from error
            _found.update((self._key(excerpt), one) for excerpt, one in zip(new, heard, strict=True))
        found = [
            max((_found[self._key(excerpt)] for excerpt in text), key=lambda one: one.bits, default=Listened(0.0, ""))
            for text in texts
        ]
        for key in list(islice(_found, max(0, len(_found) - REMEMBERED))):
            del _found[key]
        return found

    def _key(self, excerpt: str) -> tuple[str, RecordingSlice | None, str]:
        return self._model, self._recording, excerpt

    def _read(self, recording: RecordingSlice) -> NDArray[np.float32]:
        if self._samples is None:
            self._samples = recording.samples()
        return self._samples
