"""What is in a library, in plain values."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alcca.persistence.files import has_checksums
from alcca.search.engines.faiss import kept_in
from alcca.search.filters import counts
from alcca.songs.remote import exists, is_address
from alcca.space.embedder import FIRST_ENCODERS, MODEL, model_folder
from alcca.store.songs import Store
from alcca.store.transcripts import SONG, Transcripts

__all__ = ["describe", "hearing"]


def describe(store: Store, folder: Path) -> dict[str, Any]:
    """Everything that `Library.status` tells."""
    with store.named_errors():
        return _described(store, folder)


def _described(store: Store, folder: Path) -> dict[str, Any]:
    songs = store.songs()
    usable = [song for song in songs if song.usable]
    rejects = [{"file": path, "reason": reason} for song in songs for path in song.paths for reason in song.reasons]
    stamps = store.file_stamps().values()
    rejects += [{"file": s.path, "reason": s.unreadable} for s in stamps if s.unreadable]
    model = store.setting("model")
    if model is not None:
        kept = model_folder(folder, model)
        about = {"songs_since": len(usable) - model["songs"], "checksums": has_checksums(kept / MODEL)}
        model = {**FIRST_ENCODERS, **model, **about}
    return {
        "library": str(folder),
        "songs": len(songs),
        "usable": len(usable),
        "audio_only": sum(song.audio is not None and song.lyrics is None for song in songs),
        "lyrics_only": sum(song.audio is None and song.lyrics is not None for song in songs),
        "labels": counts(song.label for song in usable),
        "languages": counts(song.language for song in usable),
        "lyrics_sources": counts(Path(song.lyrics_source or "").suffix or song.lyrics_source for song in usable),
        # To ask for each file at an address would take minutes.
        "missing_files": sorted(s.path for s in stamps if not is_address(s.path) and not exists(s.path)),
        "damaged": len(store.damaged()),
        "offset": store.setting("offset"),
        "model": model,
        "indexes": [] if model is None else kept_in(kept),
        "hearing": hearing(store, [song.id for song in songs if song.audio is not None]),
        "rejects": rejects,
    }


def hearing(store: Store, with_audio: Iterable[int]) -> dict[str, Any]:
    """Count transcribed songs; ``with_audio`` are the ids of the songs with a recording."""
    heard = store.tables(Transcripts).extents()
    return {
        "heard": len(heard),
        "without_words": sum(not words for _, words, _, _ in heard.values()),
        "not_heard": sum(song not in heard for song in with_audio),
        "doubtful": len(store.tables(Transcripts).doubtful()),
        "whole_songs": sum(extent == SONG for extent, *_ in heard.values()),
        "languages": counts(language for *_, language, _ in heard.values()),
        "models": counts(model for *_, model in heard.values()),
    }
