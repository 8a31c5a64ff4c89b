"""Which speech model transcribes a library, how much of each song, and why nothing is transcribed."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcca.errors import MissingExtraError, SpeechModelError, UsageError
from alcca.indexing.reports import TranscriptionReport
from alcca.indexing.transcribe import EXTENTS, doubtful_songs, songs_to_transcribe, transcribe_songs
from alcca.store.songs import Store
from alcca.store.speech_model import OFF, speech_model_of, trust_speech_model
from alcca.store.transcripts import SLICE
from alcca.workers.workers import Room, Workers

if TYPE_CHECKING:
    from alcca.speech.recogniser import Recogniser

__all__ = ["TranscriptionSettings", "settings_for_adding", "settings_for_hearing"]


@dataclass(frozen=True)
class TranscriptionSettings:
    """A speech model whose weights are on this machine, and how much of each song it transcribes.

    Parameters
    ----------
    extent : str
        "slice", "song" or "off".
    model : str
        Its name, or its folder.
    note : str or None
        Why nothing is transcribed, unless that was asked for.
    offline : bool
        Workers of a cluster download no weights.
    """

    extent: str
    model: str = ""
    note: str | None = None
    offline: bool = False

    @property
    def open(self) -> bool:
        """Whether anything is transcribed."""
        return self.extent != OFF

    def transcribe(
        self,
        store: Store,
        workers: Workers,
        *,
        language: str | None,
        again: bool = False,
        doubtful: bool = False,
        progress: bool,
    ) -> TranscriptionReport:
        """Transcribe songs without a transcript, all ``again``, or ``doubtful`` ones; see `alcca.Library.hear`."""
        if doubtful:
            wanted = doubtful_songs(store, self._name)
        else:
            wanted = {self.extent: songs_to_transcribe(store, extent=self.extent, again=again)}
        load = LoadRecogniser(self.model, self.offline)
        report = transcribe_songs(store, wanted, load, workers, model=self._name, language=language, progress=progress)
        if any(wanted.values()):
            with store.transaction():
                store.set_setting("speech_model", self.model)
        return report

    @property
    def _name(self) -> str:
        """The recogniser's name for the model."""
        from alcca.speech.weights import name_of_model

        return name_of_model(self.model)


@dataclass(frozen=True)
class LoadRecogniser:
    """Loads a speech model by its name or folder; ``offline``, nothing is downloaded."""

    model: str
    offline: bool

    def __call__(self, room: Room) -> "Recogniser":
        """Load it for as many threads as have room."""
        from alcca.speech.recogniser import Recogniser

        return Recogniser(self.model, threads=room.threads, workers=room.slots, offline=self.offline)


def settings_for_hearing(
    store: Store, extent: str, model: str | os.PathLike[str] | None, *, offline: bool
) -> TranscriptionSettings:
    """Find the weights, or download them unless ``offline``; errors as `alcca.Library.hear`."""
    from alcca.speech.weights import find_weights

    if extent not in EXTENTS:
        raise UsageError(f"hear is {extent!r}; expected slice (30 s of each song) or song (all of it)")
    chosen = speech_model_of(store, model)
    find_weights(chosen, offline=offline)
    trust_speech_model(chosen)
    return TranscriptionSettings(extent, chosen, offline=offline)


def settings_for_adding(
    store: Store, hear: str | None, model: str | os.PathLike[str] | None, *, offline: bool
) -> TranscriptionSettings:
    """The same for `alcca.Library.add`: if ``hear`` is not given, a note tells why nothing is transcribed."""
    asked = hear if hear is not None else os.environ.get("ALCCA_HEAR")
    extent = asked or SLICE
    if extent == OFF:
        return TranscriptionSettings(OFF)
    if extent not in EXTENTS:
        raise UsageError(f"hear is {extent!r}; expected slice (30 s of each song), song (all of it) or off")
    try:
        return settings_for_hearing(store, extent, model, offline=offline)
    except (MissingExtraError, SpeechModelError) as error:
        if asked or model is not None:
            raise
        return TranscriptionSettings(OFF, note=f"the songs were not transcribed: {error}")
