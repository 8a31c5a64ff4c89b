"""What the API does, without its HTTP: from a query to typed answers."""

import base64
import binascii
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from alcca.app.server.clip_search import ClipSearch
from alcca.app.server.evaluation import is_evaluated
from alcca.app.server.schemas import (
    Facet,
    HearingStatus,
    LibraryStatus,
    ModelStatus,
    PartStatus,
    SongDetails,
    SongHeard,
    SongList,
    TimedLine,
)
from alcca.app.server.search_schemas import Line, LyricsQuery, Near, Neighbours, Passages, PassagesQuery, SearchResult
from alcca.app.server.telling import Wanted, card, facets, heard_in, milliseconds, search, song_map, written
from alcca.errors import UsageError
from alcca.library.clips import ClipReader
from alcca.library.engines.choosing import EXACT
from alcca.library.filtering import Filter
from alcca.library.hearer import Deaf, Hearer, hearer_for
from alcca.library.live import LiveLibrary
from alcca.library.parts.part import HEARD, Query
from alcca.library.parts.transcripts import StoredTranscript, Transcripts
from alcca.library.passages import best_passage
from alcca.library.records import Song as StoredSong
from alcca.library.snapshot import Snapshot
from alcca.library.status import hearing
from alcca.matching.timing import time_lines

__all__ = ["Service"]


class Service:
    """One library, the readers of clips and who listens to them, asked by many threads.

    Parameters
    ----------
    folder : path
        The library's folder.
    max_upload : int
        Bytes that a recording may have.
    hearer : Hearer or Deaf, optional
        Who listens to recordings; closed with the service. As the library says when not given.
    index : str
        Where songs are searched, as of `alcca.Library`.
    """

    def __init__(self, folder: Path, max_upload: int, hearer: Hearer | Deaf | None = None, index: str = EXACT) -> None:
        self.folder, self.max_upload = folder, max_upload
        self.library = LiveLibrary(folder, index)
        self.clips = ClipReader(encoder=self.library.snapshot.space.sound_encoder_folder)
        with self.library.store() as store:
            self.hearer = hearer or hearer_for(store)
        self._map: tuple[Snapshot | None, bytes] = None, b""

    def close(self) -> None:
        """Stop the workers and close the database."""
        self.hearer.close()
        self.clips.close()
        self.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Searching

    def search_audio(self, clip: Path, name: str, k: int, where: Filter, by: str, explain: bool) -> ClipSearch:
        """A search by a recording, which the caller closes; errors as `ClipSearch`, UsageError for a filter."""
        wanted = Wanted(k, self.library.snapshot.among(where), by, explain)
        return ClipSearch(self.library, self.clips, self.hearer, clip, name, wanted)

    def search_lyrics(self, asked: LyricsQuery) -> SearchResult:
        """Songs in which the words of a text are sung or written, or whose sound fits; as `Snapshot.search`."""
        started, now = time.perf_counter(), self.library.snapshot
        wanted = Wanted(asked.k, now.among(Filter(asked.label, asked.artist)), asked.by, asked.explain)
        with self.library.store() as store:
            return search(now, store, Query(text=asked.lyrics), wanted, started=started)

    def neighbours(self, song: StoredSong, view: str, k: int, where: Filter) -> Neighbours:
        """Songs like a song by audio or lyrics; UntrainedError, UsageError."""
        started, now = time.perf_counter(), self.library.snapshot
        among = now.among(where)
        found = now.space.neighbours(song.id, view, k, among)
        with self.library.store() as store:
            songs = {one.id: one for one in store.songs([one.id for one in found])}
        # A song may have gone since the snapshot was taken.
        present = [one for one in found if one.id in songs]
        return Neighbours(
            song=card(song),
            query=written(now.space.place(song.id, view)),
            compared="audio" if view == "audio" else "lyrics",
            among=now.space.embedded(view, among),
            took_ms=milliseconds(started),
            notes=[],
            hits=[
                Near(rank=rank, score=one.score, closer_than=one.closer_than, song=card(songs[one.id]))
                for rank, one in enumerate(present, 1)
            ],
        )

    def passages(self, asked: PassagesQuery) -> Passages:
        """The lines of songs that fit a query best; UsageError for a query that no search has given."""
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

    def song(self, number: int) -> StoredSong | None:
        """The song with this id, or None."""
        with self.library.store() as store:
            return next(iter(store.songs([number])), None)

    def details(self, song: StoredSong) -> SongDetails:
        """Everything about a song but where on this machine its files are."""
        return SongDetails(
            **card(song).model_dump(),
            heard=self._heard(song),
            lyrics=song.lyrics,
            lyrics_source=song.lyrics_source and Path(song.lyrics_source).name,
            file=Path(song.paths[0]).name if song.paths else None,
            notes=list(song.notes),
            reasons=list(song.reasons),
        )

    def recording(self, song: StoredSong) -> tuple[Path, Path] | None:
        """The file of a song with sound, by its own name and where its links lead; None when none is as it was added.

        A link may have led anywhere when it was added; one that leads elsewhere now is not followed.
        """
        with self.library.store() as store:
            stamps = store.stamps_of(song.id)
        for stamp in stamps:
            here = Path(os.path.realpath(stamp.path))
            try:
                now = here.stat()
            except OSError:
                continue
            same = (now.st_size, now.st_mtime_ns) == (stamp.size, stamp.modified)
            if stat.S_ISREG(now.st_mode) and same and not stamp.unreadable:
                return Path(stamp.path), here
        return None

    def _heard(self, song: StoredSong) -> SongHeard | None:
        with self.library.store() as store:
            stored: StoredTranscript | None = store.kept(Transcripts).of([song.id]).get(song.id)
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
        """A page of all songs, or of those that hold every word; UsageError for an unknown label or artist."""
        now = self.library.snapshot
        among = now.among(where)
        with self.library.store() as store:
            if words.strip():
                ids: Sequence[int] = store.search_words(words, among)
            else:
                ids = [number for number in now.outlines if among is None or number in among]
            songs = store.songs(ids[offset : offset + k])
        return SongList(total=len(ids), offset=offset, songs=[card(song, words) for song in songs])

    def map(self) -> bytes:
        """All searchable songs in two dimensions: a `SongMap` as JSON, written once for each state of the library."""
        now = self.library.snapshot
        snapshot, told = self._map
        if snapshot is not now:
            told = song_map(now).model_dump_json().encode()
            self._map = now, told
        return told

    def status(self, version: str) -> LibraryStatus:
        """What the library holds."""
        now = self.library.snapshot
        songs = list(now.outlines.values())
        return LibraryStatus(
            name=self.folder.absolute().name,
            version=version,
            songs=len(songs),
            usable=sum(song.has_audio and song.has_lyrics for song in songs),
            audio_only=sum(song.has_audio and not song.has_lyrics for song in songs),
            lyrics_only=sum(song.has_lyrics and not song.has_audio for song in songs),
            searchable=now.space.searchable,
            labels=facets(song.label for song in songs),
            artists=facets(song.artist for song in songs),
            languages=facets(song.language for song in songs),
            model=None
            if now.model is None
            else ModelStatus(**{name: now.model[name] for name in ModelStatus.model_fields}),
            hearing=self._hearing(now),
            parts=[
                PartStatus(name=name, title=part.title, hears=part.takes == HEARD) for name, part in now.parts.items()
            ],
            max_upload_bytes=self.max_upload,
            evaluated=is_evaluated(self.folder),
        )

    def _hearing(self, now: Snapshot) -> HearingStatus:
        with self.library.store() as store:
            told = hearing(store, [song.id for song in now.outlines.values() if song.has_audio])
        return HearingStatus(
            **{name: told[name] for name in ("heard", "without_words", "not_heard", "doubtful")},
            languages=[Facet(name=name, songs=songs) for name, songs in told["languages"].items()],
            models=[Facet(name=name, songs=songs) for name, songs in told["models"].items()],
            lacks=self.hearer.lacks,
        )


def _read(text: str, now: Snapshot) -> NDArray[np.float32]:
    try:
        place = np.frombuffer(base64.urlsafe_b64decode(text.encode("ascii")), "<f4")
    except (ValueError, binascii.Error):
        place = np.empty(0, np.float32)
    if len(place) != now.space.dimension or not np.isfinite(place).all():
        now.space.embedder  # noqa: B018  # says it when nothing is trained
        raise UsageError("query: expected what a search has given back as its query; search again and pass that on")
    return place
