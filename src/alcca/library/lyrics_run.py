"""A library's recordings for a run over lyrics, with the transcripts that it has of whole songs."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alcca.errors import DiskError
from alcca.indexing.file_reader import FileTask
from alcca.lyrics.memory import Memory
from alcca.lyrics.recordings import Recording, find_music, read_recordings
from alcca.lyrics.results import Result
from alcca.lyrics.run import Run
from alcca.lyrics.wishes import Wishes
from alcca.metadata.song_text import SongText
from alcca.songs.cut import split_content
from alcca.songs.remote import is_address
from alcca.store.opening import OpenStore
from alcca.store.records import WORDS, FileStamp, Song
from alcca.store.songs import Store
from alcca.store.speech_model import speech_model_of
from alcca.store.transcripts import SONG, Transcripts
from alcca.transcripts import Transcript
from alcca.workers.workers import Workers

__all__ = ["write_library_lyrics"]


def write_library_lyrics(
    opened: OpenStore,
    places: Sequence[str | os.PathLike[str]],
    *,
    formats: Sequence[str],
    sources: Sequence[str | os.PathLike[str]],
    speech_model: str | os.PathLike[str] | None,
    workers: Workers,
    progress: bool,
    notes: list[str],
    wishes: Mapping[str, Any],
) -> Iterator[Result]:
    """Go over the recordings of a library, or of other places with its transcripts; see `Library.write_lyrics`."""
    wanted = Wishes(
        formats=tuple(formats),
        sources=tuple(Path(source) for source in sources),
        model=speech_model_of(opened.store, speech_model),
        **wishes,
    )
    with contextlib.ExitStack() as stack:
        store, writable = opened.store, False
        if places:
            music = find_music(places, wanted.encoding)
            notes += music.problems
            read = (one for those in read_recordings(music.tasks, workers) for one in those)
            recordings = _known(read, store.file_stamps())
        else:
            try:
                store, writable = stack.enter_context(opened.writing_if_made()), True
            except DiskError as error:
                notes.append(f"what is heard is kept in the user's cache, not in the library: {error}")
            recordings = _recordings(store, workers, wanted.encoding)
        memory = stack.enter_context(Memory(opened.path if writable else None))
        shelf = _Shelf(store, writable=writable)
        yield from Run(wanted, workers, memory, shelf, progress, notes).over(recordings)


class _Shelf:
    """The transcripts of whole songs in a library.

    Parameters
    ----------
    store : Store
    writable : bool
        Whether new ones are kept there.
    """

    def __init__(self, store: Store, *, writable: bool) -> None:
        self._store, self._writable = store, writable

    def transcript(self, song: int, model: str) -> Transcript | None:
        """That of a song, if it covers all of it and is by this model."""
        stored = self._store.tables(Transcripts).of([song]).get(song)
        fits = stored is not None and stored.extent == SONG and stored.transcript.model == model
        return stored.transcript if stored is not None and fits else None

    def keep(self, song: int, transcript: Transcript) -> None:
        """Keep one."""
        if self._writable:
            with self._store.transaction():
                self._store.tables(Transcripts).put(song, transcript, SONG)


def _recordings(store: Store, workers: Workers, encoding: str | None) -> list[Recording]:
    """Every file of a library as a recording, with its words as they are now."""
    stamps = store.file_stamps()
    places = sorted(store.setting("places", []), key=len, reverse=True)
    songs = {song.id: song for song in store.songs()}
    found: dict[str, Recording] = {}
    tasks: list[FileTask] = []
    for path, stamp in sorted(stamps.items()):
        song = None if stamp.song is None else songs.get(stamp.song)
        if song is None or song.audio is None:
            why = stamp.unreadable or (song.audio_reason if song is not None else None) or "its sound cannot be used"
            found[path] = replace(_as_stored(path, stamp, song), unreadable=why)
        elif is_address(path) or split_content(song.hash)[1] is not None:
            found[path] = _as_stored(path, stamp, song)
        else:
            root = next((place for place in places if Path(path).is_relative_to(place)), None)
            tasks.append(
                FileTask(path, root or os.path.dirname(path), stamp, None, encoding=encoding, sound=False)  # noqa: PTH120
            )
    for task, read in zip(tasks, read_recordings(tasks, workers), strict=True):
        song = songs[task.stamp.song or 0]
        found[task.path] = _now(_as_stored(task.path, task.stamp, song), read)
    return [found[path] for path in sorted(found)]


def _known(recordings: Iterable[Recording], stamps: "dict[str, FileStamp]") -> list[Recording]:
    """Recordings of a folder with the numbers of the songs that a library knows them as, if they have not changed."""
    found = []
    for one in recordings:
        stamp = stamps.get(one.path)
        same = stamp is not None and (stamp.size, stamp.modified) == (one.size, one.modified)
        found.append(replace(one, song=stamp.song) if stamp is not None and same else one)
    return found


def _as_stored(path: str, stamp: FileStamp, song: Song | None) -> Recording:
    if song is None:
        return Recording(path, size=stamp.size, modified=stamp.modified)
    words = {name: getattr(song, name) for name in WORDS}
    return Recording(path, SongText(**words), stamp.size, stamp.modified, split_content(song.hash)[1], song=song.id)


def _now(stored: Recording, read: Sequence[Recording]) -> Recording:
    """A recording with the words that are beside it now; without any, with those that the library has."""
    if len(read) != 1 or read[0].unreadable is not None:
        return stored
    text = read[0].text
    if text.lyrics is None and text.lyrics_text is None:
        text = stored.text
    return replace(stored, text=text)
