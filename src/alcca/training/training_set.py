"""The training songs of a library's model, encoded by two encoders."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.errors import LibraryError
from alcca.experiments.folds import song_groups
from alcca.indexing.features import kept_as
from alcca.indexing.lyrics_features import read_texts
from alcca.models.base import TwoViewModel
from alcca.models.contract import first_stage, fit_estimator, identity
from alcca.store.records import Song
from alcca.store.songs import Store
from alcca.training.candidates import set_up
from alcca.workers.local import LocalWorkers

__all__ = ["TrainingSet", "usable_training_set"]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Songs with audio and lyrics; row i of everything is song i.

    Parameters
    ----------
    songs : sequence of n Song
    sounds : array, shape (n, *shape)
        The output of the audio encoder.
    encoder : LyricsEncoder
        Unfitted if it learns.
    encoded : array of shape (n, q), or None
        Its output for the lyrics; None if it learns.
    """

    songs: Sequence[Song]
    sounds: NDArray[np.float32]
    encoder: LyricsEncoder
    encoded: NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.songs)

    @property
    def texts(self) -> list[str]:
        """The lyrics of the songs."""
        return [song.lyrics or "" for song in self.songs]

    @property
    def groups(self) -> NDArray[np.int64]:
        """Group numbers (n,), the same for songs that must stay together."""
        return song_groups([song.group or song.hash for song in self.songs], self.texts)

    def of(self, rows: NDArray[np.integer]) -> "TrainingSet":
        """Return the songs of some rows."""
        return replace(
            self,
            songs=[self.songs[int(row)] for row in rows],
            sounds=self.sounds[rows],
            encoded=None if self.encoded is None else self.encoded[rows],
        )

    def learned(self, random_state: int, *, verbose: bool = False) -> LyricsEncoder:
        """Return the lyrics encoder, fitted on these songs if it learns."""
        if not self.encoder.learns:
            return self.encoder
        encoder = copy.deepcopy(self.encoder.with_seed(random_state))
        encoder.verbose = verbose
        return encoder.fit(self.texts)

    def features(self, learned: LyricsEncoder) -> NDArray[np.float32]:
        """Encode the lyrics of these songs, shape (n, q), with a lyrics encoder from `learned`."""
        if self.encoded is not None:
            return self.encoded
        return read_texts(learned, self.texts, LocalWorkers(), show=learned.verbose)

    def most_components(self, features: NDArray[np.float32] | None) -> int:
        """The largest number of components that these songs, and the ``features`` of their lyrics if known, allow."""
        sizes = [len(self) - 1, int(np.prod(self.sounds.shape[1:]))]
        return min(sizes if features is None else [*sizes, features.shape[1]])

    def fit(
        self,
        model: Any,
        features: NDArray[np.float32],
        components: int,
        begun: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Any:
        """Fit a clone of a model on these songs and the ``features`` of their lyrics.

        ``begun`` holds the fitted first stages of earlier models (`alcca.models.contract.first_stage`), and gets that
        of this model: models with equal first stages train it once.
        """
        # Our methods flatten the sounds themselves; those of other packages take vectors.
        sounds = self.sounds if isinstance(model, TwoViewModel) else self.sounds.reshape(len(self), -1)
        unfitted = set_up(model, components=components, **settings)
        labels, groups = [song.label for song in self.songs], self.groups
        if begun is None:
            return fit_estimator(unfitted, sounds, features, labels, groups)
        stage = first_stage(unfitted)
        key = identity(stage)
        if key not in begun:
            begun[key] = fit_estimator(stage, sounds, features, labels, groups)
        return fit_estimator(unfitted, sounds, features, labels, groups, begun[key])


def usable_training_set(
    store: Store, audio: AudioEncoder, lyrics: LyricsEncoder, failed: Sequence[tuple[Song, str]]
) -> TrainingSet:
    """Return the usable songs of a library without those that could not be encoded.

    Raises
    ------
    LibraryError
        No song could be encoded, or the stored features of one are damaged.
    """
    without = {song.id for song, _ in failed}
    usable = [song for song in store.songs() if song.usable]
    songs = [song for song in usable if song.id not in without]
    if usable and not songs:
        raise LibraryError(f"{store.folder}: no song can be encoded with {audio.name}, the first: {failed[0][1]}")
    ids = [song.id for song in songs]
    encoded = None if lyrics.learns else store.features(kept_as(lyrics), ids)
    return TrainingSet(songs, store.features(kept_as(audio), ids), lyrics, encoded)
