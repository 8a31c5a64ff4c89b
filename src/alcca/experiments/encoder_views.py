"""Songs of a comparison as encoders describe them: the audio view, and lyric features inside each training fold."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.encoders.encoder import MFCC, AudioEncoder, LyricsEncoder
from alcca.errors import DataError, UsageError
from alcca.experiments.dataset import Dataset
from alcca.experiments.distractors import Distractors

__all__ = ["EncodedTexts", "encoded_audio", "with_audio"]

S = TypeVar("S", Dataset, Distractors)


def encoded_audio(songs: Dataset | Distractors, encoder: AudioEncoder) -> NDArray[np.floating]:
    """Return an encoder's output for songs: stored with the songs, or computed from their MFCC.

    Raises
    ------
    DataError
        The songs have neither.

    Examples
    --------
    >>> from alcca.encoders.registry import audio_encoder
    >>> songs = Dataset(np.zeros((2, 20, 161)), ["hello darkness", "my old friend"])
    >>> encoded_audio(songs, audio_encoder("mfcc-stats")).shape
    (2, 80)
    """
    encoded = songs.encoded.get(encoder.key) if isinstance(songs, Dataset) else None
    if encoded is None and encoder.view is not None:
        encoded = songs.audio_view(encoder.view)
    elif encoded is None and encoder.reads == MFCC:
        frames = songs.audio_view("audio_frames")
        encoded = None if frames is None else encoder.encode(frames)
    if encoded is None:
        raise DataError(f"{songs.name} has no sound that the audio encoder {encoder.name} reads; evaluate a library, "
                        "which has the recordings")  # fmt: skip
    return encoded


def with_audio(songs: S, encoder: AudioEncoder) -> S:
    """Return the songs with an encoder's output as their audio; the same object if it already is their audio.

    Raises
    ------
    DataError
        As raised by `encoded_audio`.
    """
    encoded = encoded_audio(songs, encoder)
    if encoded is songs.audio:
        return songs
    frames = songs.audio_frames
    if frames is None and songs.audio is not None and songs.audio.ndim == 3:
        frames = songs.audio
    return replace(songs, audio=encoded, audio_frames=frames)


class EncodedTexts:
    """A lyrics encoder as ``text_features`` of `alcca.cross_validate`: fitted anew in each training fold.

    Parameters
    ----------
    encoder : LyricsEncoder
        Never changed; if it learns, each fold fits a copy.
    known : mapping of str to (d,) array, optional
        Vectors of texts, computed before, for an encoder that does not learn.

    Examples
    --------
    >>> from alcca.encoders.registry import lyrics_encoder
    >>> make = EncodedTexts(lyrics_encoder("tfidf:min_df=1"))
    >>> features = make().fit(["hello darkness", "hello friend"])
    >>> features.transform(["my friend"]).shape
    (1, 3)
    """

    def __init__(self, encoder: LyricsEncoder, known: Mapping[str, NDArray[np.floating]] | None = None) -> None:
        if known is not None and encoder.learns:
            raise UsageError(f"{encoder.name} learns from texts; its vectors are not known before a fold is fitted")
        self._encoder, self._known, self._key = encoder, known, encoder.key

    @classmethod
    def of(cls, encoder: LyricsEncoder, songs: Dataset, texts: Sequence[str]) -> "EncodedTexts | None":
        """Make the features of a comparison's songs and of other texts; None for the paper's Doc2Vec, the default.

        The vectors of an encoder that does not learn are computed here, once for all folds.
        """
        if isinstance(encoder, Doc2VecEncoder) and encoder.key == Doc2VecEncoder().key:
            return None
        if encoder.learns:
            return cls(encoder)
        own = songs.texts or ()
        known: dict[str, NDArray[np.floating]] = {}
        if encoder.key in songs.encoded:
            known = dict(zip(own, songs.encoded[encoder.key], strict=True))
        missing = [text for text in dict.fromkeys((*own, *texts)) if text not in known]
        if missing:
            known |= dict(zip(missing, encoder.encode(missing), strict=True))
        return cls(encoder, known)

    def with_seed(self, seed: int) -> "EncodedTexts":
        """Return a copy with another seed, if the encoder has one."""
        if "random_state" not in self._encoder.settings:
            return self
        encoder = copy.deepcopy(self._encoder)
        encoder.random_state = seed  # type: ignore[attr-defined]
        return EncodedTexts(encoder, self._known)

    def __call__(self) -> "_Features":
        """Make the unfitted lyric features of one fold."""
        return _Features(self._encoder, self._known, self._key)

    def __getstate__(self) -> dict[str, Any]:
        # Another process does not need a network's weights if the vectors are known.
        return {**vars(self), "_encoder": self._encoder if self._known is None else None}


class _Features:
    """Lyric features of one fold."""

    def __init__(self, encoder: Any, known: Mapping[str, NDArray[np.floating]] | None, key: str) -> None:
        self._encoder, self._known, self._key = encoder, known, key

    def fit(self, texts: Sequence[str]) -> "_Features":
        if self._known is None:
            self._encoder = copy.deepcopy(self._encoder).fit(texts)
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.floating]:
        if self._known is None:
            encoded: NDArray[np.floating] = self._encoder.encode(texts)
            return encoded
        return np.stack([self._known[text] for text in texts])

    def __repr__(self) -> str:
        return self._key
