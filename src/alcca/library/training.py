"""Training on a library's songs, and putting songs into the common space."""

import shutil
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alcca.errors import LibraryError
from alcca.features.doc2vec import Doc2VecFeatures
from alcca.library.embedder import Embedder
from alcca.library.store import Store
from alcca.models.alcca import ALCCA
from alcca.progress import Progress

__all__ = ["TrainReport", "current_model", "embed_songs", "load_embedder", "require_songs", "train_model"]

# Fewer pairs than this say nothing about any correlation.
FEWEST_SONGS = 10
# Where Table 1 of the paper has its maximum.
COMPONENTS = 80
# Lyrics are inferred one by one, so a chunk is only the step of the progress bar and of a commit.
CHUNK = 64


@dataclass(frozen=True)
class TrainReport:
    """What one ``train`` did.

    Attributes
    ----------
    songs : int
        Songs with audio and lyrics, which the model was trained on.
    embedded : int
        Songs that can now be found, by their audio, their lyrics or both.
    components : int
        Canonical components of the common space.
    epochs : int
        Passes over the songs.
    seconds : float
        Time taken.
    """

    songs: int
    embedded: int
    components: int
    epochs: int
    seconds: float


def require_songs(folder: Path, found: int, what: str) -> None:
    """Raise `LibraryError` when the library has too few usable songs to ``what`` (train, evaluate)."""
    if found < FEWEST_SONGS:
        raise LibraryError(
            f"{folder}: {found} songs have both audio and lyrics, and to {what} it takes at least {FEWEST_SONGS}; add "
            "more songs, or see in the status why songs cannot be used"
        )


def train_model(
    store: Store, folder: Path, *, components: int | None, epochs: int, random_state: int, progress: bool
) -> TrainReport:
    """Fit lyric features and ALCCA, embed every song, and only then take the new model into use."""
    started = time.monotonic()
    songs = [song for song in store.songs() if song.usable]
    require_songs(folder, len(songs), "train")
    if components is None:
        components = min(COMPONENTS, len(songs) - 1)
    texts = [song.lyrics or "" for song in songs]
    doc2vec = Doc2VecFeatures(random_state=random_state, verbose=progress).fit(texts)
    model = ALCCA(n_components=components, epochs=epochs, random_state=random_state, verbose=progress)
    mfcc = store.features("mfcc", [song.id for song in songs])
    model.fit((mfcc, doc2vec.transform(texts)), [song.label for song in songs])
    embedder = Embedder(doc2vec, model)
    name = uuid.uuid4().hex
    embedder.save(folder / "models" / name)
    ids = [song.id for song in store.songs() if song.audio is not None or song.lyrics is not None]
    embed_songs(store, name, embedder, ids, progress=progress)
    about = {"name": name, "method": "ALCCA", "songs": len(songs), "components": components, "epochs": epochs}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with store.transaction():
        store.set_setting("model", {**about, "random_state": random_state, "trained": when})
        store.keep_embeddings(name)
    for other in (folder / "models").iterdir():
        if other.name != name:
            shutil.rmtree(other)
    return TrainReport(len(songs), len(ids), components, epochs, time.monotonic() - started)


def current_model(store: Store, folder: Path) -> str:
    """The name of the model in use; `LibraryError` when there is none."""
    model = store.setting("model")
    if model is None:
        raise LibraryError(f"{folder}: has no model yet; train it first (alcca train)")
    return str(model["name"])


def load_embedder(folder: Path, name: str) -> Embedder:
    """The named model of the library in ``folder``."""
    return Embedder.load(folder / "models" / name)


def embed_songs(store: Store, name: str, embedder: Embedder, ids: Sequence[int], *, progress: bool) -> None:
    """Store the vectors of songs, of each view that a song has, under the model's ``name``."""
    with Progress("embedding songs", total=len(ids), show=progress and bool(ids)) as bar:
        for start in range(0, len(ids), CHUNK):
            songs = store.songs(ids[start : start + CHUNK])
            heard = [song.id for song in songs if song.audio is not None]
            texts = {song.id: song.lyrics for song in songs if song.lyrics is not None}
            audio = dict(zip(heard, embedder.embed_audio(store.features("mfcc", heard)), strict=True)) if heard else {}
            lyrics = dict(zip(texts, embedder.embed_lyrics(list(texts.values())), strict=True)) if texts else {}
            numbers = [song.id for song in songs]
            with store.transaction():
                store.put_embeddings(name, numbers, map(audio.get, numbers), map(lyrics.get, numbers))
            bar.update(len(songs))
