"""What happens to songs that are added: they are read, embedded with the model in use, and transcribed."""

import os
from collections.abc import Callable
from pathlib import Path

from alcca.errors import AlccaError, UsageError
from alcca.indexing.add import add_folder
from alcca.indexing.embed import embed_new
from alcca.indexing.local_music import check_place
from alcca.indexing.reports import AddReport
from alcca.indexing.transcription_settings import settings_for_adding
from alcca.persistence.trusted import trust
from alcca.songs.remote import is_address
from alcca.space.embedder import Embedder
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store
from alcca.store.transcripts import SLICE
from alcca.workers.workers import Workers

__all__ = ["add_songs", "checked_music"]


def checked_music(folder: str | os.PathLike[str], offset: float | None, jobs: int | None) -> str | Path:
    """The place of the music, once it and the numbers of an `add_songs` are seen to be possible.

    Raises
    ------
    UsageError
        The folder does not exist; a negative offset; jobs below 1.
    """
    if offset is not None and not 0 <= offset < float("inf"):
        raise UsageError(f"offset is {offset}; expected seconds from the start of the song, 0 or more")
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}; expected the number of worker processes, 1 or more")
    music: str | Path = os.fspath(folder) if is_address(folder) else Path(folder).expanduser()
    if is_address(music):
        # Its songs are read again later, when only the library names them.
        trust(os.fspath(music))
    if isinstance(music, Path):
        check_place(music)
    return music


def add_songs(
    store: Store,
    music: str | Path,
    *,
    offset: float | None,
    retry: bool,
    encoding: str | None,
    hear: str | None,
    speech_model: str | os.PathLike[str] | None,
    offline: bool,
    embedder: Callable[[], Embedder],
    progress: bool,
    workers: Workers,
) -> AddReport:
    """Read songs into a store that nothing else writes to, embed those that are new, and transcribe them.

    Parameters and errors as of `alcca.Library.add`; ``embedder`` gives the model in use, where there is one.
    """
    settings = settings_for_adding(store, hear, speech_model, offline=offline)
    remembered = store.setting("offset")
    chosen = remembered if offset is None else offset
    report = add_folder(
        store,
        music,
        offset=chosen,
        retry=retry or chosen != remembered,
        encoding=encoding,
        keep_sound=settings.extent == SLICE,
        progress=progress,
        workers=workers,
    )
    with store.transaction():
        store.set_setting("offset", chosen)
        # Below these, a server sends recordings.
        store.set_setting("places", sorted({*store.setting("places", []), *report.places}))
    report.notes += _embed(store, embedder, progress, workers)
    if settings.note:
        report.notes.append((str(store.folder), settings.note))
    if settings.open:
        report.hearing = settings.transcribe(store, workers, language=None, progress=progress)
    return report


def _embed(store: Store, embedder: Callable[[], Embedder], progress: bool, workers: Workers) -> list[tuple[str, str]]:
    """Embed new songs; return the files whose songs could not be embedded, and the reasons."""
    model = store.setting("model")
    if model is None or not store.tables(Embeddings).missing(model["name"]):
        return []
    try:
        loaded = embedder()
    except AlccaError as error:
        return [(str(store.folder), f"new songs cannot be put into the learned space: {error}")]
    return embed_new(store, model["name"], loaded, workers, progress=progress)
