"""What is in a library, in plain values."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alcca.errors import LibraryError
from alcca.library.faiss_files import kept_in
from alcca.persistence.files import has_checksums
from alcca.search.filters import counts
from alcca.search.learned_space import model_in_use
from alcca.songs.cut import file_of
from alcca.songs.remote import exists, is_address
from alcca.space.embedder import MODEL, model_folder
from alcca.store.records import SongSummary
from alcca.store.songs import Store
from alcca.store.transcripts import SONG, Transcripts

__all__ = ["LibraryCounts", "count_library", "describe"]


class LibraryCounts(NamedTuple):
    """Counts of a library's songs and transcripts, for `Library.status` and the API.

    Parameters
    ----------
    songs : int
        All songs, including unusable ones.
    usable, audio_only, lyrics_only : int
        Songs with audio and lyrics, and with one of them alone.
    labels, artists, languages : dict of str to int
        Songs with each value, most frequent first.
    hearing : dict
        Counts of songs with and without transcripts; see `Library.status`.
    """

    songs: int
    usable: int
    audio_only: int
    lyrics_only: int
    labels: dict[str, int]
    artists: dict[str, int]
    languages: dict[str, int]
    hearing: dict[str, Any]


def count_library(store: Store, songs: Sequence[SongSummary], *, tags_of_usable: bool = False) -> LibraryCounts:
    """Count songs, by their summaries, and their transcripts, which are read from the store.

    Parameters
    ----------
    store : Store
    songs : sequence of SongSummary
        All songs.
    tags_of_usable : bool
        Count labels, artists and languages of usable songs only.
    """
    usable = [song for song in songs if song.has_audio and song.has_lyrics]
    tagged = usable if tags_of_usable else songs
    return LibraryCounts(
        songs=len(songs),
        usable=len(usable),
        audio_only=sum(song.has_audio and not song.has_lyrics for song in songs),
        lyrics_only=sum(song.has_lyrics and not song.has_audio for song in songs),
        labels=counts(song.label for song in tagged),
        artists=counts(song.artist for song in tagged),
        languages=counts(song.language for song in tagged),
        hearing=_count_transcripts(store, songs),
    )


def _count_transcripts(store: Store, songs: Sequence[SongSummary]) -> dict[str, Any]:
    heard = store.tables(Transcripts).extents()
    return {
        "heard": len(heard),
        "without_words": sum(not words for _, words, _, _ in heard.values()),
        "not_heard": sum(song.has_audio and song.id not in heard for song in songs),
        "doubtful": len(store.tables(Transcripts).doubtful()),
        "whole_songs": sum(extent == SONG for extent, *_ in heard.values()),
        "languages": counts(language for *_, language, _ in heard.values()),
        "models": counts(model for *_, model in heard.values()),
    }


def describe(store: Store, folder: Path) -> dict[str, Any]:
    """Return the result of `Library.status`."""
    with store.named_errors():
        return _described(store, folder)


def _described(store: Store, folder: Path) -> dict[str, Any]:
    songs = store.songs()
    rejects = [{"file": path, "reason": reason} for song in songs for path in song.paths for reason in song.reasons]
    stamps = store.file_stamps().values()
    files = {file_of(stamp.path) for stamp in stamps}
    rejects += [{"file": stamp.path, "reason": stamp.unreadable} for stamp in stamps if stamp.unreadable]
    # Not `Store.summaries`: the lyrics and audio of a damaged row do not count.
    summaries = [
        SongSummary(
            song.id,
            song.title,
            song.artist,
            song.label,
            song.language,
            has_audio=song.audio is not None,
            has_lyrics=song.lyrics is not None,
        )
        for song in songs
    ]
    counted = count_library(store, summaries, tags_of_usable=True)
    model, indexes = model_in_use(store), []
    if model is not None:
        model_files = model_folder(folder, model)
        missing = [name for name in ("method", "components", "songs", "trained") if name not in model]
        if missing or type(model["songs"]) is not int:
            raise LibraryError(f"{folder}: the description of its model is damaged; train again")
        model["songs_since"] = counted.usable - model["songs"]
        model["checksums"] = has_checksums(model_files / MODEL)
        indexes = kept_in(model_files)
    sources = (song.lyrics_source for song in songs if song.usable)
    return {
        "library": str(folder),
        "songs": counted.songs,
        "usable": counted.usable,
        "audio_only": counted.audio_only,
        "lyrics_only": counted.lyrics_only,
        "labels": counted.labels,
        "languages": counted.languages,
        "lyrics_sources": counts(Path(source or "").suffix or source for source in sources),
        # A request for each file at an address would take minutes.
        "missing_files": sorted(path for path in files if not is_address(path) and not exists(path)),
        "damaged": len(store.damaged()),
        "offset": store.setting("offset"),
        "model": model,
        "indexes": indexes,
        "hearing": counted.hearing,
        "rejects": rejects,
    }
