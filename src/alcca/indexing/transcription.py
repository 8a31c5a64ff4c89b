"""Who hears for a library, how much of each song, and what to say when nobody can."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcca.errors import MissingExtraError, SpeechModelError, UsageError
from alcca.indexing.reports import HearReport
from alcca.indexing.transcribe import EXTENTS, doubtful_songs, hear_songs, songs_to_hear
from alcca.indexing.transcribe_on_cluster import hear_songs_on
from alcca.store.songs import Store
from alcca.store.speech_model import OFF, speech_model_of
from alcca.store.transcripts import SLICE
from alcca.workers.cluster import Cluster

if TYPE_CHECKING:
    from alcca.speech.recogniser import Recogniser

__all__ = ["TranscriptionSettings", "settings_for_adding", "settings_for_hearing"]


@dataclass(frozen=True)
class TranscriptionSettings:
    """A speech model whose weights are at hand, and how much of each song it shall hear.

    Parameters
    ----------
    extent : str
        "slice", "song" or "off".
    model : str
        Its name, or its folder.
    note : str or None
        Why nothing is heard, when nobody said that nothing should be.
    offline : bool
        Whether workers of a cluster may fetch no weights.
    """

    extent: str
    model: str = ""
    note: str | None = None
    offline: bool = False

    @property
    def open(self) -> bool:
        """Whether anything is heard."""
        return self.extent != OFF

    def hear(
        self,
        store: Store,
        *,
        language: str | None,
        again: bool = False,
        doubtful: bool = False,
        progress: bool,
        cluster: Cluster | None = None,
    ) -> HearReport:
        """Hear what is still to be heard, everything ``again``, or what is ``doubtful``; see `alcca.Library.hear`."""
        if doubtful:
            wanted = doubtful_songs(store, self._name)
        else:
            wanted = {self.extent: songs_to_hear(store, extent=self.extent, again=again)}
        report = HearReport(model=self.model)
        workers = os.cpu_count() or 1
        recogniser = self._recogniser(workers) if cluster is None and any(wanted.values()) else None
        for extent, songs in wanted.items():
            how: dict[str, Any] = {"extent": extent, "language": language, "progress": progress}
            if not songs:
                continue
            if recogniser is not None:
                report.add(hear_songs(store, songs, recogniser, workers=workers, **how))
            elif cluster is not None:
                report.add(hear_songs_on(cluster, store, songs, self.model, offline=self.offline, **how))
        if any(wanted.values()):
            with store.transaction():
                store.set_setting("speech_model", self.model)
        return report

    @property
    def _name(self) -> str:
        """What the recogniser calls itself."""
        from alcca.speech.weights import name_of_model

        return name_of_model(self.model)

    def _recogniser(self, workers: int) -> "Recogniser":
        from alcca.speech.recogniser import Recogniser

        return Recogniser(self.model, workers=workers)


def settings_for_hearing(
    store: Store, extent: str, model: str | os.PathLike[str] | None, *, offline: bool
) -> TranscriptionSettings:
    """Find the weights, fetching them when that is needed and allowed; errors as `alcca.Library.hear`."""
    from alcca.speech.weights import find_weights

    if extent not in EXTENTS:
        raise UsageError(f"hear is {extent!r}; expected slice (30 s of each song) or song (all of it)")
    chosen = speech_model_of(store, model)
    find_weights(chosen, offline=offline)
    return TranscriptionSettings(extent, chosen, offline=offline)


def settings_for_adding(
    store: Store, hear: str | None, model: str | os.PathLike[str] | None, *, offline: bool
) -> TranscriptionSettings:
    """The same where hearing is what usually comes along: without ``hear``, a note tells why it does not."""
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
        return TranscriptionSettings(OFF, note=f"the words of the songs were not heard: {error}")
