"""Who hears for a library, how much of each song, and what to say when nobody can."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcca.cluster import Cluster
from alcca.errors import MissingExtraError, SpeechModelError, UsageError
from alcca.library.hearing import EXTENTS, HearReport, hear_songs, songs_to_hear
from alcca.library.hearing_there import hear_songs_on
from alcca.library.parts.transcripts import SLICE
from alcca.library.store import Store

if TYPE_CHECKING:
    from alcca.hearing.recogniser import Recogniser

__all__ = ["OFF", "Ears", "ears_for_adding", "ears_for_hearing", "speech_model_of"]

OFF = "off"
DEFAULT_MODEL = "base"


@dataclass(frozen=True)
class Ears:
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
        self, store: Store, *, language: str | None, again: bool, progress: bool, cluster: Cluster | None = None
    ) -> HearReport:
        """Hear what is still to be heard, or everything ``again``; see `alcca.Library.hear`."""
        songs = songs_to_hear(store, extent=self.extent, again=again)
        if not songs:
            return HearReport(model=self.model)
        how: dict[str, Any] = {"extent": self.extent, "language": language, "progress": progress}
        if cluster is None:
            workers = os.cpu_count() or 1
            report = hear_songs(store, songs, self._recogniser(workers), workers=workers, **how)
        else:
            report = hear_songs_on(cluster, store, songs, self.model, offline=self.offline, **how)
        with store.transaction():
            store.set_setting("speech_model", self.model)
        return report

    def _recogniser(self, workers: int) -> "Recogniser":
        from alcca.hearing.recogniser import Recogniser

        return Recogniser(self.model, workers=workers)


def ears_for_hearing(store: Store, extent: str, model: str | os.PathLike[str] | None, *, offline: bool) -> Ears:
    """Find the weights, fetching them when that is needed and allowed; errors as `alcca.Library.hear`."""
    from alcca.hearing.weights import find_weights

    if extent not in EXTENTS:
        raise UsageError(f"hear is {extent!r}; expected slice (30 s of each song) or song (all of it)")
    chosen = speech_model_of(store, model)
    find_weights(chosen, offline=offline)
    return Ears(extent, chosen, offline=offline)


def ears_for_adding(store: Store, hear: str | None, model: str | os.PathLike[str] | None, *, offline: bool) -> Ears:
    """The same where hearing is what usually comes along: without ``hear``, a note tells why it does not."""
    asked = hear if hear is not None else os.environ.get("ALCCA_HEAR")
    extent = asked or SLICE
    if extent == OFF:
        return Ears(OFF)
    if extent not in EXTENTS:
        raise UsageError(f"hear is {extent!r}; expected slice (30 s of each song), song (all of it) or off")
    try:
        return ears_for_hearing(store, extent, model, offline=offline)
    except (MissingExtraError, SpeechModelError) as error:
        if asked or model is not None:
            raise
        return Ears(OFF, note=f"the words of the songs were not heard: {error}")


def speech_model_of(store: Store, model: str | os.PathLike[str] | None = None) -> str:
    """The model that was named, else $ALCCA_SPEECH_MODEL, else the one that the library was heard with, else base."""
    if model is not None:
        return str(Path(model).expanduser()) if os.sep in str(model) else str(model)
    remembered: str | None = store.setting("speech_model")
    return os.environ.get("ALCCA_SPEECH_MODEL") or remembered or DEFAULT_MODEL
