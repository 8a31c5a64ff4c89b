"""The paper's lyric feature as an encoder."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import LyricsEncoder
from alcca.errors import NotFittedError
from alcca.features.doc2vec import Doc2VecFeatures

__all__ = ["Doc2VecEncoder"]


class Doc2VecEncoder(LyricsEncoder):
    """Paragraph vectors (`alcca.features.doc2vec`), which learn from the training texts.

    Parameters
    ----------
    vector_size, epochs, min_count, random_state : int
        As in `Doc2VecFeatures`; its defaults.

    Examples
    --------
    >>> texts = ["hello darkness my old friend", "hello sunshine my new friend"] * 5
    >>> Doc2VecEncoder(vector_size=8).fit(texts).encode(["hello old friend"]).shape
    (1, 8)
    """

    name = "doc2vec"
    learns: ClassVar[bool] = True

    def __init__(self, vector_size: int = 300, *, epochs: int = 20, min_count: int = 2, random_state: int = 0) -> None:
        self.vector_size = vector_size
        self.epochs = epochs
        self.min_count = min_count
        self.random_state = random_state

    @property
    def shape(self) -> tuple[int, ...]:
        """(vector_size,)."""
        return (self.vector_size,)

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn from texts; DataError as `Doc2VecFeatures.fit`."""
        self._features = Doc2VecFeatures(**self.settings, verbose=self.verbose).fit(texts)
        return self

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Infer vectors, shape (n, vector_size); NotFittedError."""
        return self._fitted().transform(texts)

    def known_words(self, text: str) -> int:
        """Count the words that were in the training texts; NotFittedError."""
        return self._fitted().known_words(text)

    def weight(self, word: str) -> float:
        """1 / log2(2 + n) for a word that occurs n times in the training texts; NotFittedError."""
        return 1.0 / math.log2(2.0 + self._fitted().vocabulary_.get(word, 0))

    def save(self, folder: Path | str) -> None:
        """Write the fitted encoder to a folder, in the form of `Doc2VecFeatures`; NotFittedError."""
        self._fitted().save(folder)

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` or `Doc2VecFeatures.save` wrote; LibraryError."""
        features = Doc2VecFeatures.load(folder)
        own = ("vector_size", "epochs", "min_count", "random_state")
        self = cls(**{name: value for name, value in features.get_params().items() if name in own})
        self._features = features
        return self

    def _fitted(self) -> Doc2VecFeatures:
        if not hasattr(self, "_features"):
            raise NotFittedError("doc2vec was not fitted; call fit with the training lyrics first")
        return self._features
