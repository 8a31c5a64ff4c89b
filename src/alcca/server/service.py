"""The operations of the API, independent of HTTP: from a query to a typed response."""

import base64
import binascii
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.library.status import count_library
from alcca.matching.timed_lyrics import time_lines
from alcca.media.song_files import SongFiles
from alcca.sandbox.clip_reader import ClipReader
from alcca.sandbox.transcriber import NoTranscription, TranscriptionQueue, transcription_queue_for
from alcca.search.best_lines import best_passage
from alcca.search.clip_query import text_query
from alcca.search.engines.by_name import EXACT
from alcca.search.filters import Filter
from alcca.search.live import LiveLibrary
from alcca.search.part import HEARD
from alcca.search.snapshot import Snapshot
from alcca.server.clip_search import ClipSearch
from alcca.server.evaluation import is_evaluated
from alcca.server.responses import Wanted, card, facets, heard_in, milliseconds, search, song_map, written
from alcca.server.schemas import (
    HearingStatus,
    LibraryStatus,
    ModelStatus,
    PartStatus,
    SongDetails,
    SongHeard,
    SongList,
    TimedLine,
)
from alcca.server.search_schemas import Line, LyricsQuery, Near, Neighbours, Passages, PassagesQuery, SearchResult
from alcca.songs.cut import file_of
from alcca.store.records import Song as StoredSong

__all__ = ["Service"]


class Service:
    """One library, with processes that read and transcribe recordings. Thread-safe.

    Parameters
    ----------
    folder : path
        The library's folder.
    max_upload : int
        Largest recording that is accepted, in bytes.
    transcriber : TranscriptionQueue or NoTranscription, optional
        Transcribes recordings; closed with the service. By default, chosen by the library's settings.
    index : str
        The search index, as for `alcca.Library`.
    """

    def __init__(
        self,
        folder: Path,
        max_upload: int,
        transcriber: TranscriptionQueue | NoTranscription | None = None,
        index: str = EXACT,
    ) -> None:
        self.folder, self.max_upload = folder, max_upload
        self.library = LiveLibrary(folder, index)
        self.clips = ClipReader(encoder=self.library.snapshot.space.sound_encoder_folder)
        with self.library.store() as store:
            self.transcriber = transcriber or transcription_queue_for(store)
        self.files = SongFiles(self.library)
        self._map: tuple[Snapshot | None, bytes] = None, b""

    def close(self) -> None:
        """Stop the workers and close the database."""
        self.transcriber.close()
        self.files.close()
        self.clips.close()
        self.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Searching

    def search_audio(
        self, clip: Path, name: str, k: int, where: Filter, by: str, explain: bool, careful: bool
    ) -> ClipSearch:
        """Start a search by a recording; the caller must close it.

        Raises the errors of `ClipSearch`, and UsageError for an unknown label or artist.
        """
        wanted = Wanted(k, self.library.snapshot.among(where), by, explain, careful)
        return ClipSearch(self.library, self.clips, self.transcriber, clip, name, wanted)

    def search_lyrics(self, asked: LyricsQuery) -> SearchResult:
        """Search by lyrics, as `Snapshot.search`."""
        started, now = time.perf_counter(), self.library.snapshot
        wanted = Wanted(asked.k, now.among(Filter(asked.label, asked.artist)), asked.by, asked.explain)
        with self.library.store() as store:
            return search(now, store, text_query(asked.lyrics), wanted, started=started)

    def neighbours(self, song: StoredSong, view: str, k: int, where: Filter) -> Neighbours:
        """Find songs similar to a song, in audio or lyrics. Raises UntrainedError or UsageError."""
        started, now = time.perf_counter(), self.library.snapshot
        among = now.among(where)
        found = now.space.neighbours(song.id, view, k, among)
        with self.library.store() as store:
            songs = {stored.id: stored for stored in store.songs([near.id for near in found])}
        # Songs may have been removed since the snapshot was taken.
        present = [near for near in found if near.id in songs]
        return Neighbours(
            song=card(song),
            query=written(now.space.place(song.id, view)),
            compared="audio" if view == "audio" else "lyrics",
            among=now.space.embedded(view, among),
            took_ms=milliseconds(started),
            notes=[],
            hits=[
                Near(rank=rank, score=near.score, closer_than=near.closer_than, song=card(songs[near.id]))
                for rank, near in enumerate(present, 1)
            ],
        )

    def passages(self, asked: PassagesQuery) -> Passages:
        """Find the lines of songs that fit a query best. Raises UsageError for a query that no search returned."""
        now = self.library.snapshot
        place = _read(asked.query, now)
        with self.library.store() as store:
            songs = store.songs(list(dict.fromkeys(asked.songs)))
        return Passages(
            passages={
                song.id: [
                    Line(text=line.text, words=list(line.words))
                    for line in best_passage(song.lyrics, place, now.space.embedder, asked.lyrics)
                ]
                if song.lyrics
                else []
                for song in songs
            }
        )

    # Songs

    def details(self, song: StoredSong) -> SongDetails:
        """Return the details of a song, without the paths of its files."""
        return SongDetails(
            **card(song).model_dump(),
            heard=self._heard(song),
            lyrics=song.lyrics,
            lyrics_source=song.lyrics_source and Path(song.lyrics_source).name,
            file=Path(file_of(song.paths[0])).name if song.paths else None,
            notes=list(song.notes),
            reasons=list(song.reasons),
        )

    def _heard(self, song: StoredSong) -> SongHeard | None:
        stored = self.files.transcript(song)
        if stored is None:
            return None
        heard = stored.transcript
        lines = time_lines(heard, song.lyrics) if heard.has_words and song.lyrics else []
        return SongHeard.model_validate(
            {
                **heard_in(heard).model_dump(),
                "extent": stored.extent,
                "lines": [TimedLine(text=text, start=start) for start, text in lines],
            }
        )

    def songs(self, words: str, where: Filter, k: int, offset: int) -> SongList:
        """Return a page of all songs, or of those with every word. Raises UsageError for an unknown label or artist."""
        now = self.library.snapshot
        among = now.among(where)
        with self.library.store() as store:
            if words.strip():
                ids: Sequence[int] = store.search_words(words, among)
            else:
                ids = [number for number in now.summaries if among is None or number in among]
            songs = store.songs(ids[offset : offset + k])
        return SongList(total=len(ids), offset=offset, songs=[card(song, words) for song in songs])

    def map(self) -> bytes:
        """Return the map, a `SongMap` as JSON; it is cached until the library changes."""
        now = self.library.snapshot
        snapshot, content = self._map
        if snapshot is not now:
            content = song_map(now).model_dump_json().encode()
            self._map = now, content
        return content

    def status(self, version: str) -> LibraryStatus:
        """Return what the library holds."""
        now = self.library.snapshot
        with self.library.store() as store:
            counted = count_library(store, list(now.summaries.values()))
        return LibraryStatus(
            name=self.folder.absolute().name,
            version=version,
            songs=counted.songs,
            usable=counted.usable,
            audio_only=counted.audio_only,
            lyrics_only=counted.lyrics_only,
            searchable=now.space.searchable,
            labels=facets(counted.labels),
            artists=facets(counted.artists),
            languages=facets(counted.languages),
            model=None
            if now.model is None
            else ModelStatus(**{name: now.model[name] for name in ModelStatus.model_fields}),
            hearing=HearingStatus(
                **{name: counted.hearing[name] for name in ("heard", "without_words", "not_heard", "doubtful")},
                languages=facets(counted.hearing["languages"]),
                models=facets(counted.hearing["models"]),
                lacks=self.transcriber.lacks,
            ),
            parts=[
                PartStatus(name=name, title=part.title, hears=part.takes == HEARD) for name, part in now.parts.items()
            ],
            max_upload_bytes=self.max_upload,
            evaluated=is_evaluated(self.folder),
        )


def _read(text: str, now: Snapshot) -> NDArray[np.float32]:
    try:
        place = np.frombuffer(base64.urlsafe_b64decode(text.encode("ascii")), "<f4")
    except (ValueError, binascii.Error):
        place = np.empty(0, np.float32)
    if len(place) != now.space.dimension or not np.isfinite(place).all():
        now.space.embedder  # noqa: B018  # raises UntrainedError if there is no model
        raise UsageError("query: expected the 'query' of a search result; search again and pass its value unchanged")
    return place
