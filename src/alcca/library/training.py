"""Training on a library's songs, and putting songs into the common space."""

import shutil
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.errors import LibraryError
from alcca.library.choosing import choose
from alcca.library.embedder import Embedder
from alcca.library.encoding import encoded, kept_as
from alcca.library.layout import lay_out_songs
from alcca.library.learners import DEFAULT_METHOD, encoders_for, learners, usual_encoders
from alcca.library.material import encode_all, usable_material
from alcca.library.parts.embeddings import Embeddings
from alcca.library.records import Song
from alcca.library.store import Store
from alcca.progress import Progress

__all__ = ["TrainReport", "embed_new", "embed_songs", "require_songs", "train_model"]

# Fewer pairs than this say nothing about any correlation.
FEWEST_SONGS = 10
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
    method: str | None,
    audio_encoder: str | AudioEncoder | None,
    lyrics_encoder: str | LyricsEncoder | None,
    components: int | None,
    epochs: int | None,
    random_state: int,
    progress: bool,
) -> TrainReport:
    """Fit the encoder of lyrics and a model, embed every song, and only then take the new model into use."""
    started = time.monotonic()
    candidates = learners(DEFAULT_METHOD if method is None else method, epochs)
    audio, lyrics = encoders_for(candidates, audio_encoder, lyrics_encoder, usual_encoders(method))
    songs = store.songs()
    require_songs(folder, sum(song.usable for song in songs), "train")
    failed = encode_all(store, songs, audio, lyrics, progress=progress)
    material = usable_material(store, audio, lyrics, failed)
    require_songs(folder, len(material), "train")
    settings: dict[str, Any] = {"random_state": random_state, "verbose": progress}
    choice = choose(candidates, material, audio, components, **settings)
    learned = material.learned(**settings)
    features = material.features(learned)
    size = choice.components if components else min(choice.components, material.most_components(features))
    model = material.fit(candidates[choice.method], features, size, **settings)
    embedder = Embedder(audio, learned, model)
    name = uuid.uuid4().hex
    embedder.save(folder / "models" / name)
    ids = [song.id for song in store.songs() if song.audio is not None or song.lyrics is not None]
    embed_songs(store, name, embedder, ids, progress=progress)
    lay_out_songs(store, name, folder / "models" / name, random_state=random_state)
    # A method without components has the dimensions that it has.
    choice = replace(choice, components=embedder.embed_encoded_lyrics(features[:1]).shape[1])
    passes = model.get_params().get("epochs")
    encoders: dict[str, Any] = {"audio_encoder": audio.label, "lyrics_encoder": lyrics.label}
    about = {"name": name, "songs": len(material), "epochs": passes, **encoders, **vars(choice)}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with store.transaction():
        store.set_setting("model", {**about, "random_state": random_state, "trained": when})
        store.kept(Embeddings).keep_only(name)
    for other in (folder / "models").iterdir():
        if other.name != name:
            shutil.rmtree(other)
    chosen = {key: value for key, value in vars(choice).items() if key != "evidence"}
    return TrainReport(
        len(material),
        len(ids) - sum(song.lyrics is None for song, _ in failed),
        epochs=passes,
        seconds=time.monotonic() - started,
        left_out=_files(failed),
        **encoders,
        **chosen,
    )


def _files(failed: Sequence[tuple[Song, str]]) -> list[tuple[str, str]]:
    return [(song.paths[0] if song.paths else song.title, reason) for song, reason in failed]


def embed_new(store: Store, name: str, embedder: Embedder, *, progress: bool) -> list[tuple[str, str]]:
    """Put songs that came after the training into the space of the model in use; files that cannot be, and why."""
    new = store.kept(Embeddings).missing(name)
    failed = encode_all(store, store.songs(new), embedder.audio, embedder.lyrics, progress=progress)
    embed_songs(store, name, embedder, new, progress=progress)
    return [(file, f"cannot be found by its {embedder.audio.name}: {reason}") for file, reason in _files(failed)]


def embed_songs(store: Store, name: str, embedder: Embedder, ids: Sequence[int], *, progress: bool) -> None:
    """Store the vectors of songs, of each view that a song has, under the model's ``name``.

    What their encoders make of the songs is kept already (`alcca.library.material.encode_all`); a song of which that
    could not be made has no vector of this view.
    """
    with Progress("embedding songs", total=len(ids), show=progress and bool(ids)) as bar:
        for start in range(0, len(ids), CHUNK):
            songs = store.songs(ids[start : start + CHUNK])
            audio = _embedded_audio(store, embedder, [song for song in songs if song.audio is not None])
            lyrics = _embedded_lyrics(store, embedder, [song for song in songs if song.lyrics is not None])
            numbers = [song.id for song in songs]
            with store.transaction():
                store.kept(Embeddings).put(name, numbers, map(audio.get, numbers), map(lyrics.get, numbers))
            bar.update(len(songs))


def _embedded_audio(store: Store, embedder: Embedder, songs: Sequence[Song]) -> dict[int, NDArray[np.float64]]:
    ids = encoded(store, songs, embedder.audio)
    if not ids:
        return {}
    return dict(zip(ids, embedder.embed_audio(store.features(kept_as(embedder.audio), ids)), strict=True))


def _embedded_lyrics(store: Store, embedder: Embedder, songs: Sequence[Song]) -> dict[int, NDArray[np.float64]]:
    if embedder.lyrics.learns:
        ids, features = [song.id for song in songs], embedder.lyrics.encode([song.lyrics or "" for song in songs])
    else:
        ids = encoded(store, songs, embedder.lyrics)
        features = store.features(kept_as(embedder.lyrics), ids)
    return dict(zip(ids, embedder.embed_encoded_lyrics(features), strict=True)) if ids else {}
