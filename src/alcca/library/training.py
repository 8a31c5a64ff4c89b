"""Training on a library's songs, and putting songs into the common space."""

import shutil
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.experiments.folds import grouped_folds, song_groups
from alcca.features.doc2vec import Doc2VecFeatures
from alcca.library.embedder import Embedder
from alcca.library.layout import lay_out_songs
from alcca.library.learners import learners, set_up
from alcca.library.parts.embeddings import Embeddings
from alcca.library.records import Song
from alcca.library.store import Store
from alcca.models.base import TwoViewModel
from alcca.models.contract import dimension_parameter, fit_estimator
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
    method : str
        Which method learned the space.
    components : int
        Dimensions of the common space.
    chosen_on : int
        How many songs, kept out of a first training, the components, or the method, were chosen on; 0 when nothing was
        chosen.
    held_out_mrr1, held_out_chance : float or None
        Instance MRR1 on those songs, mean of both directions, with what was chosen; and what chance gives. It
        is the best of a few, so a little flattering: `Library.evaluate` measures without choosing.
    compared : dict of str to float
        Of each method that was compared, that MRR1; empty where the method was given.
    epochs : int or None
        Passes over the songs; None for a method that makes none.
    seconds : float
        Time taken.
    """

    songs: int
    embedded: int
    method: str
    components: int
    epochs: int | None
    seconds: float
    chosen_on: int = 0
    held_out_mrr1: float | None = None
    held_out_chance: float | None = None
    compared: dict[str, float] = field(default_factory=dict)


def require_songs(folder: Path, found: int, what: str) -> None:
    """Raise `LibraryError` when the library has too few usable songs to ``what`` (train, evaluate)."""
    if found < FEWEST_SONGS:
        raise LibraryError(
            f"{folder}: {found} songs have both audio and lyrics, and to {what} it takes at least {FEWEST_SONGS}; add "
            "more songs, or see in the status why songs cannot be used"
        )


def train_model(
    store: Store,
    folder: Path,
    *,
    method: str,
    components: int | None,
    epochs: int | None,
    random_state: int,
    progress: bool,
) -> TrainReport:
    """Fit lyric features and a model, embed every song, and only then take the new model into use."""
    started = time.monotonic()
    candidates = learners(method, epochs)
    songs = [song for song in store.songs() if song.usable]
    require_songs(folder, len(songs), "train")
    mfcc = store.features("mfcc", [song.id for song in songs])
    settings: dict[str, Any] = {"random_state": random_state, "verbose": progress}
    choice = _choose(candidates, songs, mfcc, components, **settings)
    embedder = _fit(candidates[choice.method], songs, mfcc, choice.components, **settings)
    name = uuid.uuid4().hex
    embedder.save(folder / "models" / name)
    ids = [song.id for song in store.songs() if song.audio is not None or song.lyrics is not None]
    embed_songs(store, name, embedder, ids, progress=progress)
    lay_out_songs(store, name, folder / "models" / name, random_state=random_state)
    # A method without components has the dimensions that it has.
    choice = replace(choice, components=embedder.embed_lyrics([songs[0].lyrics or ""]).shape[1])
    passes = embedder.model.get_params().get("epochs")
    about = {"name": name, "songs": len(songs), "epochs": passes, **vars(choice)}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with store.transaction():
        store.set_setting("model", {**about, "random_state": random_state, "trained": when})
        store.kept(Embeddings).keep_only(name)
    for other in (folder / "models").iterdir():
        if other.name != name:
            shutil.rmtree(other)
    chosen = {key: value for key, value in vars(choice).items() if key != "evidence"}
    return TrainReport(len(songs), len(ids), epochs=passes, seconds=time.monotonic() - started, **chosen)


@dataclass(frozen=True)
class _Choice:
    method: str
    components: int
    chosen_on: int = 0
    held_out_mrr1: float | None = None
    held_out_chance: float | None = None
    # What a cosine is worth in bits, slope and offset; unknown where nothing was kept out.
    evidence: tuple[float, float] | None = None
    compared: dict[str, float] = field(default_factory=dict)


def _fit(model: Any, songs: Sequence[Song], mfcc: NDArray[np.float32], components: int, **settings: Any) -> Embedder:
    """Lyric features, and a clone of the model, fitted on songs."""
    doc2vec = Doc2VecFeatures(**settings).fit([song.lyrics or "" for song in songs])
    return Embedder(doc2vec, _fitted(model, doc2vec, songs, mfcc, components, **settings))


def _fitted(
    model: Any,
    doc2vec: Doc2VecFeatures,
    songs: Sequence[Song],
    mfcc: NDArray[np.float32],
    components: int,
    **settings: Any,
) -> Any:
    lyrics = doc2vec.transform([song.lyrics or "" for song in songs])
    # No method of ours minds; those of other packages take vectors.
    audio = mfcc if isinstance(model, TwoViewModel) else mfcc.reshape(len(mfcc), -1)
    made = set_up(model, components=components, **settings)
    return fit_estimator(made, audio, lyrics, [song.label for song in songs], _groups(songs))


def _groups(songs: Sequence[Song]) -> NDArray[np.int64]:
    return song_groups([song.group or song.hash for song in songs], [song.lyrics or "" for song in songs])


def _choose(
    candidates: Mapping[str, Any],
    songs: Sequence[Song],
    mfcc: NDArray[np.float32],
    components: int | None,
    **settings: Any,
) -> _Choice:
    """Train on four fifths of the songs; take the method and the components that find the songs of the last fifth best.

    Nothing is kept out where there is nothing to choose.
    """
    first, *others = candidates
    groups = _groups(songs)
    if len(songs) < FEWEST_TO_CHOOSE or len(set(groups)) < FOLDS:
        if others:
            raise LibraryError(f"{len(songs)} songs are too few to find the best method on; take one, such as {first}")
        return _Choice(first, components or min(COMPONENTS[0], len(songs) - 1))
    if components is not None and not others:
        return _Choice(first, components)
    fold = grouped_folds(groups, FOLDS, settings["random_state"])
    learned, held = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    train = [songs[int(i)] for i in learned]
    doc2vec = Doc2VecFeatures(**settings).fit([song.lyrics or "" for song in train])
    possible = [components] if components else [c for c in COMPONENTS if c < len(learned)]
    choices = []
    for name, model in candidates.items():
        embedder = Embedder(doc2vec, _fitted(model, doc2vec, train, mfcc[learned], possible[-1], **settings))
        views = embedder.embed_audio(mfcc[held]), embedder.embed_lyrics([songs[int(i)].lyrics or "" for i in held])
        choices.append(_best_components(name, *views, possible if dimension_parameter(model) else None))
    best = max(choices, key=lambda choice: choice.held_out_mrr1 or 0.0)
    told = {choice.method: choice.held_out_mrr1 or 0.0 for choice in choices} if others else {}
    return replace(best, compared=told)


def _best_components(
    name: str, audio: NDArray[np.float64], lyrics: NDArray[np.float64], possible: Sequence[int] | None
) -> _Choice:
    """How well songs kept out are found in a space, by the best of the possible first columns; None: by all."""
    from sklearn.metrics.pairwise import cosine_similarity

    def held_out(c: int) -> float:
        ranks = instance_ranks(audio[:, :c], lyrics[:, :c]), instance_ranks(lyrics[:, :c], audio[:, :c])
        return float(np.mean([mrr1(r) for r in ranks]))

    best = max(possible or [audio.shape[1]], key=held_out)
    worth = cosine_evidence(cosine_similarity(audio[:, :best], lyrics[:, :best]))
    return _Choice(name, best, len(audio), held_out(best), float(chance_mrr1(len(audio))), worth)


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
