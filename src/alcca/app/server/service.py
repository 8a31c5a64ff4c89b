"""What the API does, without its HTTP: from a query to typed answers."""

import base64
import binascii
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from alcca.app.server.evaluation import is_evaluated
from alcca.app.server.schemas import (
    Facet,
    Hit,
    LibraryStatus,
    Line,
    LyricsQuery,
    ModelStatus,
    Neighbours,
    Passages,
    PassagesQuery,
    Point,
    SearchResult,
    Song,
    SongDetails,
    SongList,
    SongMap,
)
from alcca.errors import UsageError
from alcca.library.clips import ClipReader
from alcca.library.live import LiveLibrary
from alcca.library.passages import best_passage
from alcca.library.records import Song as StoredSong
from alcca.library.search import line_to_show
from alcca.library.snapshot import Filter, Found, Snapshot
from alcca.library.status import counts

__all__ = ["Service"]


class Service:
    """One library and the readers of clips, asked by many threads.

    Parameters
    ----------
    folder : path
        The library's folder.
    max_upload : int
        Bytes that a recording may have.
    """

    def __init__(self, folder: Path, max_upload: int) -> None:
        self.folder, self.max_upload = folder, max_upload
        self.library = LiveLibrary(folder)
        self.clips = ClipReader()

    def close(self) -> None:
        """Stop the workers and close the database."""
        self.clips.close()
        self.library.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Searching

    def search_audio(self, clip: Path, name: str, k: int, where: Filter) -> SearchResult:
        """Songs whose lyrics fit a recording; errors as `ClipReader.read`, UntrainedError, UsageError."""
        started, now = time.perf_counter(), self.library.snapshot
        among = now.among(where)
        embedder = now.embedder
        read = self.clips.read(clip, name)
        place = embedder.embed_audio(read.mfcc[None])[0]
        found = now.search(place, "audio", "lyrics", k, among)
        return SearchResult(
            query=_written(place),
            compared="lyrics",
            among=now.embedded("lyrics", among),
            took_ms=_milliseconds(started),
            notes=list(read.notes),
            hits=self._hits(found),
        )

    def search_lyrics(self, query: LyricsQuery) -> SearchResult:
        """Songs whose sound fits a text; LyricsError, UntrainedError, UsageError."""
        started, now = time.perf_counter(), self.library.snapshot
        among = now.among(Filter(query.label, query.artist))
        place = now.embedder.embed_query(query.lyrics)
        found = now.search(place, "lyrics", "audio", query.k, among)
        return SearchResult(
            query=_written(place),
            compared="audio",
            among=now.embedded("audio", among),
            took_ms=_milliseconds(started),
            notes=[],
            hits=self._hits(found, query.lyrics),
        )

    def neighbours(self, song: StoredSong, view: str, k: int, where: Filter) -> Neighbours:
        """Songs like a song by audio or lyrics; UntrainedError, UsageError."""
        started, now = time.perf_counter(), self.library.snapshot
        among = now.among(where)
        found = now.neighbours(song.id, view, k, among)
        return Neighbours(
            song=_card(song),
            query=_written(now.place(song.id, view)),
            compared="audio" if view == "audio" else "lyrics",
            among=now.embedded(view, among),
            took_ms=_milliseconds(started),
            notes=[],
            hits=self._hits(found),
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
                    for line in best_passage(song.lyrics, place, now.embedder, asked.lyrics)
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
            **_card(song).model_dump(),
            lyrics=song.lyrics,
            lyrics_source=song.lyrics_source and Path(song.lyrics_source).name,
            file=Path(song.paths[0]).name if song.paths else None,
            notes=list(song.notes),
            reasons=list(song.reasons),
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
        return SongList(total=len(ids), offset=offset, songs=[_card(song, words) for song in songs])

    def map(self) -> SongMap:
        """All searchable songs in two dimensions."""
        now = self.library.snapshot
        outlines = [now.outlines[number] for number in now.map.ids]
        labels = list(counts(outline.label for outline in outlines))
        place_of = {label: i for i, label in enumerate(labels)}
        return SongMap(
            labels=labels,
            explained=now.map.explained,
            points=[
                Point(
                    id=outline.id, x=round(x, 4), y=round(y, 4), title=outline.title, artist=outline.artist,
                    label=place_of.get(outline.label or ""),
                )
                for outline, (x, y) in zip(outlines, now.map.places.tolist(), strict=True)
            ],
        )  # fmt: skip

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
            searchable=now.searchable,
            labels=_facets(song.label for song in songs),
            artists=_facets(song.artist for song in songs),
            languages=_facets(song.language for song in songs),
            model=None
            if now.model is None
            else ModelStatus(**{name: now.model[name] for name in ModelStatus.model_fields}),
            max_upload_bytes=self.max_upload,
            evaluated=is_evaluated(self.folder),
        )

    def _hits(self, found: Sequence[Found], words: str = "") -> list[Hit]:
        with self.library.store() as store:
            songs = {song.id: song for song in store.songs([one.id for one in found])}
        # A song may have gone since the snapshot was taken.
        present = [one for one in found if one.id in songs]
        return [
            Hit(rank=i, score=one.score, closer_than=one.closer_than, song=_card(songs[one.id], words))
            for i, one in enumerate(present, 1)
        ]


def _card(song: StoredSong, words: str = "") -> Song:
    return Song(
        id=song.id,
        title=song.title,
        artist=song.artist,
        album=song.album,
        label=song.label,
        language=song.language,
        seconds=song.audio.duration if song.audio else None,
        has_audio=song.audio is not None,
        has_lyrics=song.lyrics is not None,
        line=line_to_show(song.lyrics or "", words),
    )


def _facets(values: Iterable[str | None]) -> list[Facet]:
    return [Facet(name=name, songs=songs) for name, songs in counts(values).items()]


def _milliseconds(started: float) -> float:
    return round(1000 * (time.perf_counter() - started), 1)


def _written(place: NDArray[np.floating]) -> str:
    """A place in the common space as text; the server remembers no query."""
    return base64.urlsafe_b64encode(place.astype("<f4").tobytes()).decode()


def _read(text: str, now: Snapshot) -> NDArray[np.float32]:
    try:
        place = np.frombuffer(base64.urlsafe_b64decode(text.encode("ascii")), "<f4")
    except (ValueError, binascii.Error):
        place = np.empty(0, np.float32)
    if len(place) != now.dimension or not np.isfinite(place).all():
        now.embedder  # noqa: B018  # says it when nothing is trained
        raise UsageError("query: expected what a search has given back as its query; search again and pass that on")
    return place
