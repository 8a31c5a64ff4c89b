"""What a library's model learns from: songs as two encoders describe them."""

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
from alcca.training.methods import set_up
from alcca.workers.local import LocalWorkers

__all__ = ["TrainingSet", "usable_training_set"]


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Songs with audio and lyrics; row i of everything is song i.

    Parameters
    ----------
    songs : sequence of n Song
    sounds : array, shape (n, *shape)
        What the audio encoder makes of them.
    encoder : LyricsEncoder
        One that learns is not fitted, and no song's lyrics are encoded.
    encoded : array of shape (n, q), or None
        What it makes of the lyrics; None where it learns.
    """

    songs: Sequence[Song]
    sounds: NDArray[np.float32]
    encoder: LyricsEncoder
    encoded: NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.songs)

    @property
    def texts(self) -> list[str]:
        """Their lyrics."""
        return [song.lyrics or "" for song in self.songs]

    @property
    def groups(self) -> NDArray[np.int64]:
        """Numbers (n,), the same for songs that must not be torn apart."""
        return song_groups([song.group or song.hash for song in self.songs], self.texts)

    def of(self, rows: NDArray[np.integer]) -> "TrainingSet":
        """Some of the songs."""
        return replace(
            self,
            songs=[self.songs[int(row)] for row in rows],
            sounds=self.sounds[rows],
            encoded=None if self.encoded is None else self.encoded[rows],
        )

    def learned(self, random_state: int, *, verbose: bool = False) -> LyricsEncoder:
        """The lyrics encoder, fitted on these songs if it learns."""
        if not self.encoder.learns:
            return self.encoder
        encoder = copy.deepcopy(self.encoder.with_seed(random_state))
        encoder.verbose = verbose
        return encoder.fit(self.texts)

    def features(self, learned: LyricsEncoder) -> NDArray[np.float32]:
        """What a lyrics encoder that `learned` of some songs makes of the lyrics of these, shape (n, q)."""
        if self.encoded is not None:
            return self.encoded
        return read_texts(learned, self.texts, LocalWorkers(), show=learned.verbose)

    def most_components(self, features: NDArray[np.float32] | None) -> int:
        """How many components these songs, and the ``features`` of their lyrics if they are known, can give."""
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
        """A clone of a model, fitted on these songs and the ``features`` of their lyrics.

        ``begun`` holds what models that were fitted before began with (`alcca.models.contract.first_stage`), and gets
        what this one begins with: models that begin alike train it once.
        """
        # No method of ours minds; those of other packages take vectors.
        sounds = self.sounds if isinstance(model, TwoViewModel) else self.sounds.reshape(len(self), -1)
        made = set_up(model, components=components, **settings)
        labels, groups = [song.label for song in self.songs], self.groups
        if begun is None:
            return fit_estimator(made, sounds, features, labels, groups)
        beginning = first_stage(made)
        key = identity(beginning)
        if key not in begun:
            begun[key] = fit_estimator(beginning, sounds, features, labels, groups)
        return fit_estimator(made, sounds, features, labels, groups, begun[key])


def usable_training_set(
    store: Store, audio: AudioEncoder, lyrics: LyricsEncoder, failed: Sequence[tuple[Song, str]]
) -> TrainingSet:
    """The usable songs of a library but for those that could not be encoded.

    Raises
    ------
    LibraryError
        No song could be encoded, or what is kept of one is damaged.
    """
    without = {song.id for song, _ in failed}
    usable = [song for song in store.songs() if song.usable]
    songs = [song for song in usable if song.id not in without]
    if usable and not songs:
        raise LibraryError(f"{store.folder}: no song can be encoded with {audio.name}, the first: {failed[0][1]}")
    ids = [song.id for song in songs]
    encoded = None if lyrics.learns else store.features(kept_as(lyrics), ids)
    return TrainingSet(songs, store.features(kept_as(audio), ids), lyrics, encoded)
