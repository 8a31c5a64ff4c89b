"""Lyrics vectors of a sentence-transformers model, which reflect the meaning of words."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import LyricsEncoder
from alcca.encoders.pretrained import Pretrained
from alcca.songs.lyrics import tokenize

__all__ = ["SentenceEncoder"]


class SentenceEncoder(Pretrained, LyricsEncoder):
    """The vector that a sentence-transformers model gives to a text; needs the extra ``text``.

    A model reads only the first ``max_seq_length`` tokens of a text (often 256 or 512). The same text gets the same
    vector up to rounding, whatever other texts are encoded with it. A text without a word gets zeros.

    Parameters
    ----------
    model : str
        A model's folder, or its name on the hub, the owner included: ``sentence-transformers/all-MiniLM-L6-v2``.

    References
    ----------
    Reimers, Gurevych: Sentence-BERT: sentence embeddings using Siamese BERT-networks. EMNLP 2019.
    """

    name = "sentence"
    package: ClassVar[str] = "sentence_transformers"
    extra: ClassVar[str] = "text"
    file: ClassVar[str] = "modules.json"

    @property
    def shape(self) -> tuple[int, ...]:
        """(d,), given by the model."""
        return (int(self._network().get_embedding_dimension()),)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts to vectors, shape (n, d)."""
        vectors = np.zeros((len(texts), *self.shape), np.float32)
        rows = [row for row, text in enumerate(texts) if self.known_words(text)]
        if rows:
            worded = [texts[row] for row in rows]
            vectors[rows] = self._network().encode(worded, convert_to_numpy=True, show_progress_bar=False)
        return vectors

    def prepare(self) -> None:
        """Load the model, and encode a word."""
        self.encode(["la"])

    def known_words(self, text: str) -> int:
        """Count all words: such a model splits unknown ones into known pieces."""
        return len(tokenize(text))

    def _network(self) -> Any:
        if not hasattr(self, "_loaded"):
            from sentence_transformers import SentenceTransformer

            self._loaded = SentenceTransformer(self.model, trust_remote_code=False)
        return self._loaded
