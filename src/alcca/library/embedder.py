"""From a song's sound and words to its two vectors in the common space: Doc2Vec and ALCCA together."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LyricsError
from alcca.songs.lyrics import clean_lyrics

if TYPE_CHECKING:
    from alcca.features.doc2vec import Doc2VecFeatures
    from alcca.models.alcca import ALCCA

__all__ = ["Embedder"]


class Embedder:
    """The fitted lyric features and the fitted model of one library.

    Parameters
    ----------
    doc2vec : Doc2VecFeatures
        Fitted on the library's lyrics.
    model : ALCCA
        Fitted on the library's songs.
    """

    def __init__(self, doc2vec: "Doc2VecFeatures", model: "ALCCA") -> None:
        self.doc2vec, self.model = doc2vec, model

    def embed_audio(self, mfcc: NDArray[np.float32]) -> NDArray[np.float64]:
        """Vectors (n, d) of recordings, from MFCC (n, 20, 161)."""
        vectors = self.model.transform((mfcc, None))[0]
        return np.asarray(vectors)

    def embed_lyrics(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Vectors (n, d) of lyrics.

        A text of which no word is known has the vector of a text without content.
        """
        vectors = self.model.transform((None, self.doc2vec.transform(texts)))[1]
        return np.asarray(vectors)

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
        """Write both parts below ``folder``."""
        self.doc2vec.save(folder / "doc2vec")
        self.model.save(folder / "alcca")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        from alcca.features.doc2vec import Doc2VecFeatures
        from alcca.models.alcca import ALCCA

        return cls(Doc2VecFeatures.load(folder / "doc2vec"), ALCCA.load(folder / "alcca"))
