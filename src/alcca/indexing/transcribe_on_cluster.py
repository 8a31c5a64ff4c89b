"""Hearing a library's songs on a cluster: its workers decode and listen, each with a speech model of its own."""

import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alcca.errors import ClusterError, MissingExtraError, SpeechModelError
from alcca.indexing.reports import HearReport
from alcca.indexing.speech_samples import Recording, Unheard
from alcca.indexing.transcribe import hear_recording, keep_heard
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.transcripts import Transcript
from alcca.workers.cluster import Cluster, slots_here, threads_here

if TYPE_CHECKING:
    from alcca.speech.recogniser import Recogniser

__all__ = ["hear_songs_on"]


class _Order(NamedTuple):
    """How all songs are to be heard."""

    model: str
    offline: bool
    extent: str
    language: str | None


def hear_songs_on(
    cluster: Cluster,
    store: Store,
    songs: Sequence[Song],
    model: str,
    *,
    offline: bool,
    extent: str,
    language: str | None,
    progress: bool,
) -> HearReport:
    """Hear songs on the workers of a cluster and store their transcripts; all else as `hear_songs`.

    Parameters
    ----------
    cluster : Cluster
        Its workers see the songs' files.
    store : Store
        Nothing else may write to it meanwhile.
    songs : sequence of Song
        With sound.
    model : str
        A Whisper model by name, or its folder, which is there on the workers.
    offline : bool
        Workers fetch no weights.
    extent, language, progress
        As `hear_songs`.

    Raises
    ------
    ClusterError
        A worker has nothing to hear with, or as `Cluster.each`.
    """
    from alcca.speech.weights import name_of_model

    order = _Order(model, offline, extent, language)
    report = HearReport(model=name_of_model(model))
    return keep_heard(store, _heard(cluster, songs, order), len(songs), report, extent=extent, progress=progress)


def _heard(cluster: Cluster, songs: Sequence[Song], order: _Order) -> Iterator[tuple[Recording, Transcript | str]]:
    def crashed(number: int) -> str:
        return Unheard(Path()).crashed((songs[number], order.extent)).reason or ""

    heard = cluster.each(_hear, [(song, order) for song in songs], crashed)
    for song, found in zip(songs, heard, strict=True):
        yield Recording(song, reason=found if isinstance(found, str) else None), found


# On the workers


def _hear(song: Song, order: _Order) -> Transcript | str:
    """What is heard in a song, or why nothing can be."""
    recogniser = _recogniser_here(order.model, order.offline)
    with tempfile.TemporaryDirectory(prefix="alcca-") as folder:
        recording = Unheard(Path(folder)).read((song, order.extent))
        return recording.reason or hear_recording(recording, recogniser, order.language)


# Two first songs at once shall load one model, not two.
_loading = threading.Lock()


def _recogniser_here(model: str, offline: bool) -> "Recogniser":
    with _loading:
        return _loaded(model, offline)


@lru_cache(maxsize=1)
def _loaded(model: str, offline: bool) -> "Recogniser":
    from alcca.speech.recogniser import Recogniser

    try:
        return Recogniser(model, threads=threads_here(), workers=slots_here(), offline=offline)
    except (MissingExtraError, SpeechModelError) as error:
        raise ClusterError(f"the worker on {socket.gethostname()} cannot hear: {error}") from error
