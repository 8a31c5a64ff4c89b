"""The embedder of a library: two encoders and a model, which map audio and lyrics to vectors in the common space."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from alcca.cleaning.lyrics import clean_query
from alcca.errors import LibraryError, LyricsError

if TYPE_CHECKING:
    from alcca.encoders.encoder import AudioEncoder, LyricsEncoder

__all__ = ["AUDIO", "FIRST_ENCODERS", "MODEL", "Embedder", "model_folder"]

AUDIO, LYRICS, MODEL = "audio", "lyrics", "model"
# Folders of lyric features and model in libraries that were trained before either could be chosen.
ONLY_DOC2VEC, ONLY_ALCCA = "doc2vec", "alcca"
# The encoders of those libraries.
FIRST_ENCODERS = {"audio_encoder": "mfcc", "lyrics_encoder": "doc2vec"}


def model_folder(library: Path, model: Mapping[str, Any]) -> Path:
    """The folder of the model that a library's setting names.

    Raises
    ------
    LibraryError
        The setting does not name a folder of the library.
    """
    name = model.get("name")
    if not isinstance(name, str) or name in ("", ".", "..") or name != Path(name).name:
        raise LibraryError(f"{library}: {name!r} is not the name of a model; train again")
    return library / "models" / name


class Embedder:
    """The encoders and the fitted model of one library.

    Parameters
    ----------
    audio : AudioEncoder
    lyrics : LyricsEncoder
        Fitted on the library's lyrics, if it learns.
    model : estimator
        A two-view estimator with a common space (`alcca.models.contract`), fitted on the encoded songs of the library.
    """

    def __init__(self, audio: "AudioEncoder", lyrics: "LyricsEncoder", model: Any) -> None:
        self.audio, self.lyrics, self.model = audio, lyrics, model

    def embed_audio(self, sounds: NDArray[np.float32]) -> NDArray[np.float64]:
        """Vectors (n, d) of recordings, from the audio encoder's output, shape (n, *shape)."""
        return self._transformed(sounds, 0)

    def embed_lyrics(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Vectors (n, d) of lyrics.

        A text without a known word gets the vector of a text without content.
        """
        return self.embed_encoded_lyrics(self.lyrics.encode(texts))

    def embed_encoded_lyrics(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Vectors (n, d) of lyrics, from the lyrics encoder's output, shape (n, q)."""
        return self._transformed(features, 1)

    def _transformed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        # Estimators of other packages take vectors, and require both views: the other view is filled with zeros.
        from alcca.models.base import TwoViewModel

        if isinstance(self.model, TwoViewModel):
            views: list[Any] = [None, None]
            views[which] = view
        else:
            flat = view.reshape(len(view), -1)
            other_encoder = (self.lyrics, self.audio)[which]
            views = [flat, np.zeros((len(flat), int(np.prod(other_encoder.shape))))]
            views = views if which == 0 else views[::-1]
        return np.asarray(self.model.transform(tuple(views))[which], dtype=np.float64)

    def embed_query(self, text: str) -> NDArray[np.float64]:
        """Vector (d,) of the lyrics of a query, as typed or pasted.

        Raises
        ------
        LyricsError
            The query has no words, or none that occurs in the lyrics that the model was trained on.
        """
        return np.asarray(self.embed_lyrics([self.check_query(text)])[0])

    def check_query(self, text: str) -> str:
        """The cleaned text of a query that can be embedded; LyricsError as `embed_query`."""
        text = clean_query(text)
        if not text:
            raise LyricsError("the lyrics to search by are empty; give some words")
        if not self.lyrics.known_words(text):
            shown = text if len(text) <= 60 else text[:57] + "..."
            raise LyricsError(
                f"{shown!r}: no word is known to the model; give more of the lyrics, or search for exact words"
            )
        return text

    def save(self, folder: Path) -> None:
        """Write encoders and model below ``folder``.

        Raises
        ------
        LibraryError
            The model cannot be saved without pickle; the message says why.
        """
        from alcca.encoders.saving import save_encoder
        from alcca.models.saving import save_model

        save_encoder(self.audio, folder / AUDIO)
        save_encoder(self.lyrics, folder / LYRICS)
        save_model(self.model, folder / MODEL)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote, in this or an earlier version.

        Raises
        ------
        LibraryError
            Something is missing or damaged, or an encoder has another version now.
        MissingExtraError
            A package that an encoder needs is not installed.
        """
        from alcca.encoders.saving import load_encoder
        from alcca.models.saving import load_model

        if (folder / ONLY_DOC2VEC).exists():
            return cls(*_first_encoders(folder), _first_model(folder))
        return cls(load_encoder(folder / AUDIO), load_encoder(folder / LYRICS), load_model(folder / MODEL))


def _first_encoders(folder: Path) -> "tuple[AudioEncoder, LyricsEncoder]":
    from alcca.encoders.doc2vec import Doc2VecEncoder
    from alcca.encoders.mfcc import MfccEncoder

    return MfccEncoder(), Doc2VecEncoder.load(folder / ONLY_DOC2VEC)


def _first_model(folder: Path) -> Any:
    if (folder / ONLY_ALCCA).exists() and not (folder / MODEL).exists():
        from alcca.models.alcca import ALCCA

        return ALCCA.load(folder / ONLY_ALCCA)
    from alcca.models.saving import load_model

    return load_model(folder / MODEL)
