"""Training on a library's songs, and putting songs into the common space."""

import shutil
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.experiments.folds import grouped_folds, song_groups
from alcca.features.doc2vec import Doc2VecFeatures
from alcca.library.embedder import Embedder
from alcca.library.parts.embeddings import Embeddings
from alcca.library.records import Song
from alcca.library.store import Store
from alcca.models.alcca import ALCCA
from alcca.progress import Progress
from alcca.retrieval import chance_mrr1, cosine_evidence, instance_ranks, mrr1

__all__ = ["TrainReport", "embed_songs", "require_songs", "train_model"]

# Fewer pairs than this say nothing about any correlation.
FEWEST_SONGS = 10
# The paper's numbers of components, and how many songs it takes to choose among them.
COMPONENTS = range(10, 101, 10)
FEWEST_TO_CHOOSE = 100
FOLDS = 5
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
    chosen_on : int
        How many songs, kept out of a first training, the components were chosen on; 0 when they were not chosen.
    held_out_mrr1, held_out_chance : float or None
        Instance MRR1 on those songs, mean of both directions, with the chosen components; and what chance gives. It
        is the best of a few, so a little flattering: `Library.evaluate` measures without choosing.
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
    chosen_on: int = 0
    held_out_mrr1: float | None = None
    held_out_chance: float | None = None


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
    mfcc = store.features("mfcc", [song.id for song in songs])
    settings: dict[str, Any] = {"epochs": epochs, "random_state": random_state, "verbose": progress}
    choice = _choose_components(songs, mfcc, **settings) if components is None else _Choice(components)
    embedder = _fit(songs, mfcc, choice.components, **settings)
    name = uuid.uuid4().hex
    embedder.save(folder / "models" / name)
    ids = [song.id for song in store.songs() if song.audio is not None or song.lyrics is not None]
    embed_songs(store, name, embedder, ids, progress=progress)
    about = {"name": name, "method": "ALCCA", "songs": len(songs), "epochs": epochs, **vars(choice)}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with store.transaction():
        store.set_setting("model", {**about, "random_state": random_state, "trained": when})
        store.kept(Embeddings).keep_only(name)
    for other in (folder / "models").iterdir():
        if other.name != name:
            shutil.rmtree(other)
    chosen = {key: value for key, value in vars(choice).items() if key != "evidence"}
    return TrainReport(len(songs), len(ids), epochs=epochs, seconds=time.monotonic() - started, **chosen)


@dataclass(frozen=True)
class _Choice:
    components: int
    chosen_on: int = 0
    held_out_mrr1: float | None = None
    held_out_chance: float | None = None
    # What a cosine is worth in bits, slope and offset; unknown where nothing was kept out.
    evidence: tuple[float, float] | None = None


def _fit(songs: Sequence[Song], mfcc: NDArray[np.float32], components: int, **settings: Any) -> Embedder:
    texts = [song.lyrics or "" for song in songs]
    chatty = {name: settings[name] for name in ("random_state", "verbose")}
    doc2vec = Doc2VecFeatures(**chatty).fit(texts)
    model = ALCCA(n_components=components, **settings)
    model.fit((mfcc, doc2vec.transform(texts)), [song.label for song in songs])
    return Embedder(doc2vec, model)


def _choose_components(songs: Sequence[Song], mfcc: NDArray[np.float32], **settings: Any) -> _Choice:
    """Train on four fifths of the songs; take the components that find the songs of the last fifth best."""
    from sklearn.metrics.pairwise import cosine_similarity

    texts = [song.lyrics or "" for song in songs]
    groups = song_groups([song.group or song.hash for song in songs], texts)
    if len(songs) < FEWEST_TO_CHOOSE or len(set(groups)) < FOLDS:
        return _Choice(min(COMPONENTS[0], len(songs) - 1))
    fold = grouped_folds(groups, FOLDS, settings["random_state"])
    learned, held = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    possible = [c for c in COMPONENTS if c < len(learned)]
    embedder = _fit([songs[int(i)] for i in learned], mfcc[learned], possible[-1], **settings)
    audio, lyrics = embedder.embed_audio(mfcc[held]), embedder.embed_lyrics([texts[i] for i in held])

    def held_out(c: int) -> float:
        ranks = instance_ranks(audio[:, :c], lyrics[:, :c]), instance_ranks(lyrics[:, :c], audio[:, :c])
        return float(np.mean([mrr1(r) for r in ranks]))

    best = max(possible, key=held_out)
    worth = cosine_evidence(cosine_similarity(audio[:, :best], lyrics[:, :best]))
    return _Choice(best, len(held), held_out(best), float(chance_mrr1(len(held))), worth)


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
                store.kept(Embeddings).put(name, numbers, map(audio.get, numbers), map(lyrics.get, numbers))
            bar.update(len(songs))
