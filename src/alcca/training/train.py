"""Training a model on a library's songs, and taking it into use."""

import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.errors import LibraryError
from alcca.indexing.embed import embed_songs
from alcca.indexing.features import encode_all, files_of
from alcca.models.settings import MAX_SEED, whole_number
from alcca.space.embedder import Embedder
from alcca.store.embeddings import Embeddings
from alcca.store.songs import Store
from alcca.training.candidates import DEFAULT_METHOD, encoders_for, methods_to_train, trust_methods, usual_encoders
from alcca.training.map import lay_out_songs
from alcca.training.selection import Choice, choose
from alcca.training.training_set import TrainingSet, usable_training_set
from alcca.workers.workers import Workers

__all__ = ["TrainReport", "learn_space", "require_songs", "train_model"]

# Fewer pairs than this say nothing about any correlation.
MIN_SONGS = 10


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
    audio_encoder, lyrics_encoder : str
        What it learned the sound and the lyrics from.
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
    left_out : list of (file, reason)
        Songs that could not be encoded: they were not trained on, and cannot be found by that side of theirs.
    trusted : list of str
        Packages and models of others that it was told to use, and that are trusted since (`alcca.trust`).
    seconds : float
        Time taken.
    """

    songs: int
    embedded: int
    method: str
    audio_encoder: str
    lyrics_encoder: str
    components: int
    epochs: int | None
    seconds: float
    chosen_on: int = 0
    held_out_mrr1: float | None = None
    held_out_chance: float | None = None
    compared: dict[str, float] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    trusted: list[str] = field(default_factory=list)


def require_songs(folder: Path, found: int, what: str) -> None:
    """Raise `LibraryError` when the library has too few usable songs to ``what`` (train, evaluate)."""
    if found < MIN_SONGS:
        raise LibraryError(
            f"{folder}: {found} songs have both audio and lyrics, and to {what} it takes at least {MIN_SONGS}; add "
            "more songs, or see in the status why songs cannot be used"
        )


def learn_space(
    candidates: Mapping[str, Any],
    training_set: TrainingSet,
    audio: AudioEncoder,
    components: int | None,
    *,
    random_state: int,
    verbose: bool = False,
) -> tuple[Embedder, Choice, NDArray[np.float32]]:
    """Choose a method and its components on a fifth of the songs, then fit them on all.

    Parameters
    ----------
    candidates : mapping of str to unfitted estimator
        From `alcca.training.candidates.methods_to_train`.
    training_set : TrainingSet
    audio : AudioEncoder
        The encoder of the training set's sounds.
    components : int or None
        None chooses them too.
    random_state : int
    verbose : bool

    Returns
    -------
    (Embedder, Choice, array of shape (n, q))
        What was learned, what was chosen, and the encoded lyrics.

    Raises
    ------
    LibraryError
        There are several methods, and too few songs to choose.
    """
    settings: dict[str, Any] = {"random_state": random_state, "verbose": verbose}
    choice = choose(candidates, training_set, audio, components, **settings)
    learned = training_set.learned(**settings)
    features = training_set.features(learned)
    size = choice.components if components else min(choice.components, training_set.most_components(features))
    model = training_set.fit(candidates[choice.method], features, size, **settings)
    embedder = Embedder(audio, learned, model)
    # A method without components has the dimensions that it has.
    dimensions = embedder.embed_encoded_lyrics(features[:1]).shape[1]
    return embedder, replace(choice, components=dimensions), features


def train_model(
    store: Store,
    folder: Path,
    *,
    method: str | None,
    audio_encoder: str | AudioEncoder | None,
    lyrics_encoder: str | LyricsEncoder | None,
    components: int | None,
    epochs: int | None,
    random_state: int,
    progress: bool,
    workers: Workers,
) -> TrainReport:
    """Fit the encoder of lyrics and a model, embed every song, and only then take the new model into use."""
    started = time.monotonic()
    random_state = whole_number("random_state", random_state, 0, MAX_SEED)
    components = None if components is None else whole_number("components", components)
    epochs = None if epochs is None else whole_number("epochs", epochs)
    candidates = methods_to_train(DEFAULT_METHOD if method is None else method, epochs)
    audio, lyrics = encoders_for(candidates, audio_encoder, lyrics_encoder, usual_encoders(method))
    songs = store.songs()
    require_songs(folder, sum(song.usable for song in songs), "train")
    trusted = trust_methods(candidates.values(), (audio, lyrics))
    failed = encode_all(store, songs, audio, lyrics, workers, progress=progress)
    training_set = usable_training_set(store, audio, lyrics, failed)
    require_songs(folder, len(training_set), "train")
    settings: dict[str, Any] = {"random_state": random_state, "verbose": progress}
    embedder, choice, features = learn_space(candidates, training_set, audio, components, **settings)
    name = uuid.uuid4().hex
    embedder.save(folder / "models" / name)
    ids = [song.id for song in store.songs() if song.audio is not None or song.lyrics is not None]
    read = (
        {song.id: row for song, row in zip(training_set.songs, features, strict=True)}
        if embedder.lyrics.learns
        else None
    )
    embed_songs(store, name, embedder, ids, workers, progress=progress, read=read)
    lay_out_songs(store, name, folder / "models" / name, random_state=random_state)
    passes = embedder.model.get_params().get("epochs")
    encoders: dict[str, Any] = {"audio_encoder": audio.label, "lyrics_encoder": lyrics.label}
    about = {"name": name, "songs": len(training_set), "epochs": passes, **encoders, **vars(choice)}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with store.transaction():
        store.set_setting("model", {**about, "random_state": random_state, "trained": when})
        store.tables(Embeddings).keep_only(name)
    for other in (folder / "models").iterdir():
        if other.name != name:
            shutil.rmtree(other)
    chosen = {key: value for key, value in vars(choice).items() if key != "evidence"}
    return TrainReport(
        len(training_set),
        len(ids) - sum(song.lyrics is None for song, _ in failed),
        epochs=passes,
        seconds=time.monotonic() - started,
        left_out=files_of(failed),
        trusted=trusted,
        **encoders,
        **chosen,
    )
