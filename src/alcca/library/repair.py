"""The repair of a library: what can be derived is made anew, and what cannot is left to be read again.

Indexes, vectors and the map are derived from songs; a damaged row is removed, so that the next ``add`` reads its song
again, or transcribes it. A database that SQLite cannot read as a whole is copied row by row (`alcca.library.salvage`).
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alcca.errors import AlccaError, LibraryError
from alcca.indexing.embed import embed_new
from alcca.library.check_files import leftovers
from alcca.library.faiss_files import damaged_files
from alcca.library.salvage import salvage
from alcca.search.engines.faiss import FOLDER as FAISS
from alcca.search.learned_space import model_in_use
from alcca.space.embedder import Embedder, model_folder
from alcca.space.map_layout import FOLDER as MAP
from alcca.space.map_layout import Layout
from alcca.store.database import Access
from alcca.store.embeddings import Embeddings
from alcca.store.opening import OpenStore
from alcca.store.seal import seal_is_broken
from alcca.store.songs import Store
from alcca.training.map import lay_out_songs
from alcca.workers.local import LocalWorkers

__all__ = ["repair_library"]


def repair_library(folder: Path) -> list[str]:
    """Repair what can be repaired; return a line for each thing that was done.

    Raises
    ------
    LibraryError
        Another process is writing, the library cannot be written, or nothing of its database can be read.
    """
    done = []
    broken, structure = _state(folder)
    if structure:
        done += salvage(folder)
    with contextlib.closing(OpenStore(folder)) as opened, opened.writing() as store:
        if broken and not structure:
            done.append("built all indexes anew; the next alcca add reads all files again, without decoding them")
        elif store.stale_indexes():
            with store.transaction():
                store.rebuild_indexes()
            done.append("built all indexes anew")
        done += _repair_rows(store)
        model = _model(store)
        if model is not None:
            done += _repair_space(store, folder, model)
        for path in list(leftovers(folder, model)):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            done.append(f"removed {path}, which interrupted work had left")
    return done


def _state(folder: Path) -> tuple[bool, bool]:
    """Whether the database has changed since alcca wrote it, and whether its structure is damaged."""
    try:
        with contextlib.closing(Store(folder, Access.THERE)) as store:
            return store.seal_is_broken, bool(store.structural_damage())
    except LibraryError as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError) or seal_is_broken(folder):
            return True, True
        raise


def _repair_rows(store: Store) -> Iterator[str]:
    songs = {song.id: song for song in store.songs()}
    with store.transaction():
        orphans = store.drop_orphans()
        damage = store.drop_damage()
    if orphans:
        yield f"removed {orphans} rows of songs that are gone"
    whole = damage.pop("songs")
    bare = damage.pop("features") - whole
    for numbers, what in (whole, "songs"), (bare, "features of songs"):
        if numbers:
            folders = sorted({str(Path(path).parent) for number in numbers for path in songs[number].paths})
            where = " and ".join(folders) or "their folder"
            yield f"removed {len(numbers)} damaged {what}; run alcca add on {where} to read them again"
    for what, numbers in damage.items():
        if numbers - whole:
            yield f"{what}: removed {len(numbers - whole)} damaged rows; alcca add makes them again"


def _model(store: Store) -> dict[str, Any] | None:
    with contextlib.suppress(LibraryError):
        return model_in_use(store)
    return None


def _repair_space(store: Store, library: Path, model: dict[str, Any]) -> Iterator[str]:
    """Repair vectors, map and the files for faster search of the model in use."""
    name, folder = str(model["name"]), model_folder(library, model)
    embeddings = store.tables(Embeddings)
    sizes, others = embeddings.sizes(name)
    if others:
        with store.transaction():
            embeddings.keep_only(name)
        yield f"removed {others} vectors of models that are not in use"
    if len(sizes) > 1:
        with store.transaction():
            embeddings.clear()
        yield "removed all vectors, which did not fit together"
    try:
        embedder = Embedder.load(folder)
    except AlccaError:
        return
    if embeddings.missing(name):
        before = len(embeddings.missing(name))
        embed_new(store, name, embedder, LocalWorkers(), progress=False)
        yield f"embedded {before - len(embeddings.missing(name))} songs again"
    try:
        Layout.load(folder)
    except LibraryError:
        shutil.rmtree(folder / MAP)
        laid = lay_out_songs(store, name, folder, random_state=int(model.get("random_state") or 0))
        yield "removed the damaged map" if laid is None else "laid out the map anew"
    if damaged_files(folder):
        shutil.rmtree(folder / FAISS)
        yield "removed the damaged files for faster search; the next search with --index faiss builds them anew"
