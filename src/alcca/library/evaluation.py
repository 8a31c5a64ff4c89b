"""A library's songs as the data of a comparison, and the comparison's results kept beside them."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from alcca.cluster import Cluster
from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
from alcca.experiments.dataset import Dataset
from alcca.experiments.encoded import with_audio
from alcca.experiments.grid import compare_encoders
from alcca.experiments.protocol import cross_validate
from alcca.experiments.results import Results
from alcca.library.descriptors import library_descriptors, undescribed
from alcca.library.encoding import encode_songs, is_kept, unencoded
from alcca.library.parts.transcripts import Transcripts
from alcca.library.records import Song
from alcca.library.store import Store
from alcca.library.training import require_songs
from alcca.transcripts import Transcript

__all__ = ["evaluate_songs", "make_dataset"]


def make_dataset(
    store: Store,
    folder: Path,
    *,
    language: str | None,
    descriptors: bool,
    csv: Path | None,
    encoders: Sequence[Encoder],
    progress: bool,
    cluster: Callable[[], Cluster | None],
    alone: Callable[[], AbstractContextManager[None]],
) -> Dataset:
    """Put the usable songs into arrays, as `alcca.Library.dataset` says; ``alone`` keeps other writers away.

    The ``cluster`` is asked for when there is something to do.
    """

    def usable() -> list[Song]:
        songs = [song for song in store.songs() if song.usable and language in (None, song.language)]
        require_songs(folder, len(songs), "evaluate")
        return songs

    songs = usable()
    with ExitStack() as stack:
        kept = [encoder for encoder in encoders if is_kept(encoder)]
        missing = any(unencoded(store, songs, encoder) for encoder in kept)
        missing = missing or (descriptors and csv is None and bool(undescribed(store, songs)))
        if missing:
            stack.enter_context(alone())
            # As they are now that nobody changes them.
            songs = usable()
        how: dict[str, Any] = {"progress": progress, "cluster": cluster() if missing else None}
        described = library_descriptors(store, songs, csv=csv, **how) if descriptors else None
        encoded = {encoder.key: encode_songs(store, songs, encoder, **how) for encoder in kept}
    return Dataset(
        audio=store.features("mfcc", [song.id for song in songs]),
        lyrics=[song.lyrics or "" for song in songs],
        label=[song.label for song in songs],
        group=[song.group or song.hash for song in songs],
        ids=[song.title for song in songs],
        audio_descriptors=described,
        transcripts=_transcripts(store, songs),
        encoded=encoded,
        name=folder.name,
    )


def _transcripts(store: Store, songs: list[Song]) -> list[Transcript | None] | None:
    """What was heard in each song; None where nobody has listened to any."""
    heard = store.kept(Transcripts).of([song.id for song in songs])
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
    results.save(folder)
    current = {songs.words_fingerprint, songs.fingerprint}
    current |= {with_audio(songs, encoder).fingerprint for encoder in audio_encoders.values()}
    for other in fits.glob("*"):
        if other.name not in current:
            shutil.rmtree(other)
    return results
