"""A library's songs as the data of a comparison, and the comparison's results kept beside them."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from alcca.encoders.descriptors import DescriptorsEncoder
from alcca.encoders.encoder import SAMPLES, AudioEncoder, Encoder, LyricsEncoder
from alcca.encoders.registry import audio_encoder, lyrics_encoder, named_encoders
from alcca.errors import DiskError, LibraryError, MissingExtraError, SpeechModelError
from alcca.experiments.asked import checked
from alcca.experiments.compared_method import compared_methods
from alcca.experiments.dataset import Dataset
from alcca.experiments.encoder_views import with_audio
from alcca.experiments.grid import compare_encoders
from alcca.experiments.methods import named_methods
from alcca.experiments.protocol import cross_validate
from alcca.experiments.results import Results
from alcca.indexing.descriptor_table import read_descriptors_csv
from alcca.indexing.features import encode_songs, is_kept, unencoded
from alcca.library.search_method import SearchMethod
from alcca.models.contract import view_names
from alcca.persistence.files import SUMS, write_checksums
from alcca.search.learned_space import model_in_use
from alcca.space.embedder import Embedder, model_folder
from alcca.specification import split_outside_brackets
from alcca.speech.weights import find_weights
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.store.speech_model import OFF, speech_model_of
from alcca.store.transcripts import Transcripts
from alcca.training.train import require_songs
from alcca.transcripts import Transcript
from alcca.workers.local import LocalWorkers
from alcca.workers.workers import Workers

__all__ = ["SEARCH", "evaluate_library", "evaluate_songs", "library_methods", "make_dataset"]

# The name of a library's own search among the methods of a comparison.
SEARCH = "search"


def evaluate_library(
    dataset: Callable[..., Dataset],
    store: Store,
    methods: Any,
    *,
    csv: Path | str | None,
    audio_encoders: Any,
    lyrics_encoders: Any,
    keep: Path | str | None,
    epochs: int | None,
    n_jobs: int,
    cluster: Callable[[], Workers | None],
    verbose: bool,
    protocol: Mapping[str, Any],
) -> Results:
    """Compare methods on a library's songs; parameters and errors as of `alcca.Library.evaluate`.

    Parameters
    ----------
    dataset : function
        `alcca.Library.dataset`.
    store : Store
        The library's; results are kept in its folder, if it can be written.
    """
    settings = checked(protocol)  # before songs are described, which takes long
    audio = named_encoders(audio_encoders, audio_encoder)
    lyrics = named_encoders(lyrics_encoders, lyrics_encoder)
    named, lacking = library_methods(store, methods, epochs)
    compared_methods(named, settings.get("tune"))  # refuses grids that do not fit
    views = {view for method in named.values() for view in view_names(method, "audio")}
    described = "audio_descriptors" in views | {encoder.view for encoder in audio.values()}
    # A search may read the sound through an encoder whose output is none of the usual views.
    own = [method.encoders[0] for method in named.values() if isinstance(method, SearchMethod)]
    encoders = [*audio.values(), *lyrics.values(), *(encoder for encoder in own if encoder.reads == SAMPLES)]
    try:
        songs = dataset(descriptors=described, csv=csv, encoders=encoders)
    except LibraryError as error:
        if isinstance(error, DiskError) and store.hindrance is None:
            raise
        # Without them one method fails and says so; the others do not need them.
        songs = replace(dataset(encoders=encoders), notes=(f"Without descriptors: {error}.",))
    songs = replace(songs, notes=(*songs.notes, *lacking))
    folder = store.folder / "evaluation" if store.hindrance is None else None
    if folder is None:
        songs = replace(songs, notes=(*songs.notes, f"Not kept in the library: {store.hindrance}."))
    usual = {"n_jobs": n_jobs, "cluster": cluster(), "verbose": verbose}
    return evaluate_songs(
        named,
        songs,
        folder,
        keep,
        audio_encoders=audio,
        lyrics_encoders=lyrics,
        **{**usual, **settings},
    )


def library_methods(
    store: Store, methods: Any = None, epochs: int | None = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the methods of a comparison on a library by name; "search" is what `alcca.Library.search` does with it.

    Parameters
    ----------
    store : Store
    methods : as for `alcca.Library.evaluate`
    epochs : int, optional
        Replaces the epochs of every method that has them and is given by name.

    Returns
    -------
    (dict of str to estimator, tuple of str)
        The methods, and a note on the search if none was asked for by name and the model cannot be read.

    Raises
    ------
    UsageError
        As `alcca.experiments.methods.named_methods`.
    LibraryError, MissingExtraError
        The search is asked for, and the model cannot be read.
    """
    heard = store.tables(Transcripts).extents()
    words = any(song.usable and song.id in heard for song in store.songs())
    if methods is not None and not _lists_search(methods):
        return named_methods(methods, epochs), ()
    ready: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    try:
        ready[SEARCH] = search_method(store, words=words)
    except (LibraryError, MissingExtraError) as error:
        if methods is not None:
            raise
        notes = (f"The search was not measured: {error}.",)
    usual = ",".join([*ready, *(["heard"] if words else []), "alcca"])
    return named_methods(usual if methods is None else methods, epochs, ready), notes


def _lists_search(methods: Any) -> bool:
    if isinstance(methods, Mapping):
        return any(isinstance(method, str) and method == SEARCH for method in methods.values())
    texts = [methods] if isinstance(methods, str) else methods if isinstance(methods, list | tuple) else []
    listed = (part for text in texts if isinstance(text, str) for part in split_outside_brackets(text, ","))
    return any(part.strip().split(":")[0] == SEARCH for part in listed)


def search_method(store: Store, *, words: bool) -> SearchMethod:
    """Make the search of a library as a method: trained as the model in use was, else as `alcca.Library.train` does.

    Parameters
    ----------
    store : Store
    words : bool
        Whether a song has been transcribed.

    Raises
    ------
    LibraryError, MissingExtraError
        The encoders of the model in use cannot be read.
    """
    about, speech_model = model_in_use(store), speech_model_at_hand(store) if words else None
    if about is None:
        return SearchMethod(words=words, speech_model=speech_model)
    # Chosen anew in each training fold, if they were chosen.
    components = None if about.get("chosen_on") else about.get("components")
    embedder = Embedder.load(model_folder(store.folder, about))
    lyrics = embedder.lyrics
    return SearchMethod(
        about.get("method") or "alcca",  # libraries that were trained before there was a choice
        audio_encoder=embedder.audio,
        # What it has learned is of songs of all folds.
        lyrics_encoder=type(lyrics)(**lyrics.settings) if lyrics.learns else lyrics,
        components=components,
        words=words,
        speech_model=speech_model,
    )


def speech_model_at_hand(store: Store) -> str | None:
    """The speech model of a library for second listenings; None if it is not here, or $ALCCA_HEAR is off."""
    if os.environ.get("ALCCA_HEAR") == OFF:
        return None
    try:
        model = speech_model_of(store)
        find_weights(model, offline=True)
    except (MissingExtraError, SpeechModelError):
        return None
    return model


def make_dataset(
    store: Store,
    folder: Path,
    *,
    language: str | None,
    descriptors: bool,
    csv: Path | None,
    encoders: Sequence[Encoder],
    progress: bool,
    workers: Callable[[], Workers],
    alone: Callable[[], AbstractContextManager[object]],
) -> Dataset:
    """Put the usable songs into arrays, as `alcca.Library.dataset` says; ``alone`` keeps other writers away.

    The ``workers`` are asked for if there is something to compute.
    """

    def usable() -> list[Song]:
        songs = [song for song in store.songs() if song.usable and language in (None, song.language)]
        require_songs(folder, len(songs), "evaluate")
        return songs

    songs = usable()
    with ExitStack() as stack:
        kept = [encoder for encoder in encoders if is_kept(encoder)]
        computed = [*kept, DescriptorsEncoder()] if descriptors and csv is None else kept
        place: Workers = LocalWorkers()
        if any(unencoded(store, songs, encoder) for encoder in computed):
            stack.enter_context(alone())
            # As they are now that no other process changes them.
            songs = usable()
            place = workers()
        table = None if csv is None else read_descriptors_csv(csv).of(songs)
        outputs = {encoder.key: encode_songs(store, songs, encoder, place, progress=progress) for encoder in computed}
    return Dataset(
        audio=store.features("mfcc", [song.id for song in songs]),
        lyrics=[song.lyrics or "" for song in songs],
        label=[song.label for song in songs],
        group=[song.group or song.hash for song in songs],
        ids=[song.title for song in songs],
        audio_descriptors=outputs.pop(DescriptorsEncoder().key, None) if table is None else table,
        transcripts=_transcripts(store, songs),
        recordings=store.tables(Transcripts).recordings(songs),
        encoded=outputs,
        name=folder.name,
    )


def _transcripts(store: Store, songs: list[Song]) -> list[Transcript | None] | None:
    """The transcript of each song; None if no song has been transcribed."""
    heard = store.tables(Transcripts).of([song.id for song in songs])
    if not heard:
        return None
    return [heard[song.id].transcript if song.id in heard else None for song in songs]


def evaluate_songs(
    methods: Mapping[str, Any],
    songs: Dataset,
    folder: Path | None,
    keep: Path | str | None,
    *,
    audio_encoders: Mapping[str, AudioEncoder],
    lyrics_encoders: Mapping[str, LyricsEncoder],
    **protocol: Any,
) -> Results:
    """Cross-validate, with each pair of encoders where there are any, and keep the results in ``folder``, if any.

    Finished fits go to ``keep``, or into ``folder``, where those of songs as they were before are then removed.
    """
    fits = None if folder is None else folder / "fits"
    kept = fits if keep is None else keep
    if not audio_encoders and not lyrics_encoders:
        results = cross_validate(methods, songs, keep=kept, **protocol)
    else:
        results = compare_encoders(
            methods, songs, audio_encoders=audio_encoders, lyrics_encoders=lyrics_encoders, keep=kept, **protocol
        )
    if folder is None or fits is None:
        return results
    # While files are replaced, none is compared with a checksum.
    (folder / SUMS).unlink(missing_ok=True)
    results.save(folder)
    write_checksums(folder)
    current = {songs.words_fingerprint, songs.fingerprint}
    current |= {with_audio(songs, encoder).fingerprint for encoder in audio_encoders.values()}
    for other in fits.glob("*"):
        if other.name not in current:
            shutil.rmtree(other)
    return results
