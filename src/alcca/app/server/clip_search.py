"""A search by a recording, in its steps: read, found at once, heard, found with its words."""

import time
from collections.abc import Callable
from pathlib import Path

from alcca.app.server.schemas import Heard
from alcca.app.server.search_schemas import SearchResult
from alcca.app.server.telling import Wanted, heard_in, search
from alcca.errors import UntrainedError, UsageError
from alcca.library.clips import ClipReader
from alcca.library.hearer import Deaf, Hearer, HearingError
from alcca.library.live import LiveLibrary
from alcca.library.parts.fusion import chosen_parts
from alcca.library.parts.part import HEARD, SOUND, Query

__all__ = ["ClipSearch"]


class ClipSearch:
    """One search. Close it: until then it keeps a place before the recogniser.

    Parameters
    ----------
    library : LiveLibrary
    clips : ClipReader
    hearer : Hearer or Deaf
    clip : path
        The recording; read here.
    name : str
        What messages call it.
    wanted : Wanted

    Raises
    ------
    UsageError
        No part of the search is called so.
    BusyError
        Too many recordings wait to be heard.
    AudioError
        The recording cannot be used.
    """

    def __init__(
        self, library: LiveLibrary, clips: ClipReader, hearer: Hearer | Deaf, clip: Path, name: str, wanted: Wanted
    ) -> None:
        self._started, self._library, self._now, self._wanted = time.perf_counter(), library, library.snapshot, wanted
        takes = {part.takes for part in chosen_parts(self._now.parts, wanted.by).values()}
        sound = SOUND in takes and self._now.model is not None
        encoder = self._now.space.sound_encoder_folder if sound else None
        self._place = hearer.place() if HEARD in takes else None
        try:
            self._clip = clips.read(clip, name, sound=sound, encoder=encoder)
        except BaseException:
            self.close()
            raise
        self._query = Query(self._clip.sound)

    def at_once(self) -> SearchResult:
        """What is found before anybody has listened; nothing where that needs words."""
        try:
            return self._search()
        except (UntrainedError, UsageError):
            return SearchResult(
                query=None, compared="lyrics", among=0, took_ms=0.0, notes=[], heard=None, asked=[], hits=[]
            )

    def hear(self, at_first: Callable[[Heard], object] = lambda first: None) -> Heard | None:
        """What is heard; None when nobody listens, which the result's notes explain.

        ``at_first`` is called, in another thread, with a first reading that is in doubt: another one follows.
        """
        if self._place is None:
            return None
        try:
            heard = self._place.hear(self._clip.speech, self._clip.start, lambda first: at_first(heard_in(first)))
        except HearingError as error:
            self._query = Query(self._clip.sound, unheard=str(error))
            return None
        self._query = Query(self._clip.sound, heard)
        return heard_in(heard)

    def result(self) -> SearchResult:
        """What is found by all that is known of the recording now; errors as `Snapshot.search`."""
        return self._search()

    def close(self) -> None:
        """Give back the place before the recogniser; whoever waits there is told."""
        if self._place is not None:
            self._place.leave()

    def _search(self) -> SearchResult:
        with self._library.store() as store:
            return search(self._now, store, self._query, self._wanted, started=self._started, notes=self._clip.notes)
