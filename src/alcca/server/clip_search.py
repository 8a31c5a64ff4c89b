"""A search by a recording, step by step: read it, search by audio, transcribe it, search by its words, listen again."""

import time
from collections.abc import Callable
from pathlib import Path

from alcca.errors import UntrainedError, UsageError
from alcca.matching.posterior import SURE
from alcca.sandbox.clip_reader import ClipReader
from alcca.sandbox.transcriber import NoPlace, NoTranscription, Place, TranscriptionQueue
from alcca.search.clip import Clip
from alcca.search.clip_query import ClipQuery
from alcca.search.live import LiveLibrary
from alcca.search.part import HEARD, SOUND
from alcca.server.responses import Wanted, heard_in, search
from alcca.server.schemas import Heard
from alcca.server.search_schemas import SearchResult

__all__ = ["ClipSearch"]


class ClipSearch:
    """One search by a recording. It holds a place in the transcription queue until it is closed.

    Parameters
    ----------
    library : LiveLibrary
    clips : ClipReader
    transcriber : TranscriptionQueue or NoTranscription
    clip : path
        The recording. It is read when the search is created.
    name : str
        Name of the recording in messages.
    wanted : Wanted

    Raises
    ------
    UsageError
        If there is no part of the search with this name.
    BusyError
        If too many recordings are waiting for transcription.
    AudioError
        If the recording cannot be used.
    """

    def __init__(
        self,
        library: LiveLibrary,
        clips: ClipReader,
        transcriber: TranscriptionQueue | NoTranscription,
        clip: Path,
        name: str,
        wanted: Wanted,
    ) -> None:
        self._started, self._library, self._now, self._wanted = time.perf_counter(), library, library.snapshot, wanted
        self._place: Place | NoPlace | None = None

        def read(needed: frozenset[str]) -> Clip:
            encoder = self._now.space.sound_encoder_folder if SOUND in needed else None
            # Before the recording is read: if the queue is full, its sender must not wait.
            self._place = transcriber.place() if HEARD in needed else None
            return clips.read(clip, name, sound=SOUND in needed, encoder=encoder)

        try:
            self._query = ClipQuery(self._now, wanted.by, read, careful=wanted.careful)
        except BaseException:
            self.close()
            raise

    def at_once(self) -> SearchResult:
        """Search before transcription; the result is empty if the search needs words."""
        return self._search_so_far()

    def hear(self, at_first: Callable[[Heard], object] = lambda first: None) -> Heard | None:
        """Transcribe the recording. Returns None if it was not transcribed; the notes of the result give the reason.

        If the first pass is doubtful, ``at_first`` is called with it in another thread, and a second pass follows.
        """
        place = self._place
        if place is None:
            return None
        transcript = self._query.transcribe(
            lambda clip: place.hear(clip.speech, clip.start, lambda first: at_first(heard_in(first)))
        )
        return None if transcript is None else heard_in(transcript)

    def before_listening(self) -> SearchResult | None:
        """The hits before a second listening; None if there will be none, because the best hit is sure.

        It prepares the second listening, which `result` then waits for. The result is empty if nothing could search.
        """
        place = self._place
        if place is None or HEARD not in self._query.query.recording:
            return None
        result = self._search_so_far()
        if result.hits and result.hits[0].probability >= SURE:
            return None
        self._query.listen(lambda clip, texts: place.listen(clip.speech, texts))
        return result

    def result(self) -> SearchResult:
        """Search by everything known of the recording so far; raises the errors of `Snapshot.search`."""
        return self._search()

    def close(self) -> None:
        """Leave the transcription queue; a thread that waits in `hear` or `result` is woken."""
        if self._place is not None:
            self._place.leave()

    def _search_so_far(self) -> SearchResult:
        try:
            return self._search()
        except (UntrainedError, UsageError):
            return SearchResult(
                query=None, compared="lyrics", among=0, took_ms=0.0, notes=[], heard=None, asked=[], hits=[]
            )

    def _search(self) -> SearchResult:
        with self._library.store() as store:
            return search(
                self._now, store, self._query.query, self._wanted, started=self._started, notes=self._query.notes
            )
