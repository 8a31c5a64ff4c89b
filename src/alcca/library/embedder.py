"""From a song's sound and words to its two vectors in the common space: lyric features and a model together."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LyricsError
from alcca.features.mfcc import N_FRAMES, N_MFCC
from alcca.songs.lyrics import clean_lyrics

if TYPE_CHECKING:
    from alcca.features.doc2vec import Doc2VecFeatures

__all__ = ["Embedder"]

MODEL = "model"
# Where the model is in libraries that were trained before there was a choice.
ONLY_ALCCA = "alcca"


class Embedder:
    """The fitted lyric features and the fitted model of one library.

    Parameters
    ----------
    doc2vec : Doc2VecFeatures
        Fitted on the library's lyrics.
    model : estimator
        A two-view estimator with a common space (`alcca.models.contract`), fitted on the library's songs.
    """

    def __init__(self, doc2vec: "Doc2VecFeatures", model: Any) -> None:
        self.doc2vec, self.model = doc2vec, model

    def embed_audio(self, mfcc: NDArray[np.float32]) -> NDArray[np.float64]:
        """Vectors (n, d) of recordings, from MFCC (n, 20, 161)."""
        return self._placed(mfcc, 0)

    def embed_lyrics(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Vectors (n, d) of lyrics.

        A text of which no word is known has the vector of a text without content.
        """
        return self._placed(self.doc2vec.transform(texts), 1)

    def _placed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        # Estimators of other packages take vectors, and both views or none: what is not asked for may be anything.
        from alcca.models.base import TwoViewModel

        if isinstance(self.model, TwoViewModel):
            views: list[Any] = [None, None]
            views[which] = view
        else:
            flat = view.reshape(len(view), -1)
            views = [flat, np.zeros((len(flat), self._columns(1 - which)))]
            views = views if which == 0 else views[::-1]
        return np.asarray(self.model.transform(tuple(views))[which], dtype=np.float64)

    def _columns(self, which: int) -> int:
        return self.doc2vec.vector_size if which else N_MFCC * N_FRAMES

    def embed_query(self, text: str) -> NDArray[np.float64]:
        """Vector (d,) of the lyrics that somebody searches by, as they were typed or pasted.

        Raises
        ------
        LyricsError
            No words, or none that occurs in the lyrics that the model was trained on.
        """
        return np.asarray(self.embed_lyrics([self.check_query(text)])[0])

    def check_query(self, text: str) -> str:
        """The cleaned text of a query that can be embedded; LyricsError as `embed_query`."""
        text = clean_lyrics(text)
        if not text:
            raise LyricsError("the lyrics to search by are empty; give some words")
        if not self.doc2vec.known_words(text):
            shown = text if len(text) <= 60 else text[:57] + "..."
            raise LyricsError(
                f"{shown!r}: the model knows none of these words; give more of the lyrics, or search for exact words"
            )
        return text

    def save(self, folder: Path) -> None:
        """Write both parts below ``folder``.

        Raises
        ------
        LibraryError
            The model cannot be kept without pickle; the message says why.
        """
        from alcca.models.stored import save_model

        self.doc2vec.save(folder / "doc2vec")
        save_model(self.model, folder / MODEL)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote, now or in an earlier version.

        Raises
        ------
        LibraryError
            Something is missing or damaged.
        """
        from alcca.features.doc2vec import Doc2VecFeatures
        from alcca.models.stored import load_model

        doc2vec = Doc2VecFeatures.load(folder / "doc2vec")
        if not (folder / MODEL).exists() and (folder / ONLY_ALCCA).exists():
            from alcca.models.alcca import ALCCA

            return cls(doc2vec, ALCCA.load(folder / ONLY_ALCCA))
        return cls(doc2vec, load_model(folder / MODEL))
