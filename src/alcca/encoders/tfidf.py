"""TF-IDF vectors of lyrics: term frequency times inverse document frequency."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import LyricsEncoder
from alcca.errors import DataError, NotFittedError
from alcca.persistence import load_state, save_state
from alcca.songs.lyrics import tokenize

__all__ = ["TfidfEncoder"]


class TfidfEncoder(LyricsEncoder):
    """TF-IDF of the most frequent words, by scikit-learn; vocabulary and weights are learned from the training texts.

    A text's vector has norm 1: (1 + ln tf) · (1 + ln((1 + n) / (1 + df))), where tf is the word's count in the text and
    df the number of training texts, out of n, that contain it.

    Parameters
    ----------
    max_features : int
        Number of words to keep, the most frequent first, > 0. Every method gets a dense vector of this size, and CCA
        inverts a matrix of this size.
    min_df : int
        A word is kept if at least this many training texts contain it, >= 1. If there is no such word, as for a few
        songs in as many languages, all words are kept.

    References
    ----------
    Salton, Buckley: Term-weighting approaches in automatic text retrieval. Information Processing & Management 24(5),
    1988.

    Examples
    --------
    >>> encoder = TfidfEncoder(min_df=1).fit(["hello darkness", "hello old friend"])
    >>> encoder.shape, encoder.known_words("hello strange friend")
    ((4,), 2)
    """

    name = "tfidf"
    learns: ClassVar[bool] = True

    def __init__(self, max_features: int = 2_000, *, min_df: int = 2) -> None:
        self.max_features = max_features
        self.min_df = min_df

    @property
    def shape(self) -> tuple[int, ...]:
        """(words,), at most ``max_features``; NotFittedError."""
        return (len(self._fitted().vocabulary_),)

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn words and weights.

        Raises
        ------
        DataError
            A setting is out of range, or the texts contain no word.
        """
        if self.max_features < 1 or self.min_df < 1:
            raise DataError(f"max_features and min_df: expected 1 or more, got {self.max_features} and {self.min_df}")
        if isinstance(texts, str):
            raise DataError("TF-IDF is fitted on a sequence of texts, got one string; put it into a list")
        counts = Counter(word for text in texts for word in set(tokenize(text)))
        if not counts:
            raise DataError(f"no word is in the {len(texts)} texts; add lyrics")
        shared = max(counts.values()) >= self.min_df
        self._learned = self._vectorizer(min_df=self.min_df if shared else 1).fit(texts)
        return self

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts to TF-IDF vectors, shape (n, words), 0 to 1; NotFittedError."""
        if isinstance(texts, str):
            raise DataError("TF-IDF encodes a sequence of texts, got one string; put it into a list")
        fitted = self._fitted()
        if not len(texts):
            return np.zeros((0, *self.shape), np.float32)
        return np.asarray(fitted.transform(texts).toarray(), np.float32)

    def known_words(self, text: str) -> int:
        """Count the words of a text that are in the vocabulary; NotFittedError."""
        known = self._fitted().vocabulary_
        return sum(word in known for word in tokenize(text))

    def weight(self, word: str) -> float:
        """A word's inverse document frequency relative to the rarest word's; 1 for an unknown word; NotFittedError."""
        fitted = self._fitted()
        column = fitted.vocabulary_.get(word)
        return 1.0 if column is None else float(fitted.idf_[column] / fitted.idf_.max())

    def save(self, folder: Path | str) -> None:
        """Write words and weights to a folder; NotFittedError."""
        fitted = self._fitted()
        words = sorted(fitted.vocabulary_, key=fitted.vocabulary_.__getitem__)
        save_state(folder, type(self).__name__, {"idf": fitted.idf_}, {"settings": self.settings, "words": words})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote; LibraryError."""
        arrays, state = load_state(folder, cls.__name__)
        self = cls(**state["settings"])
        vectorizer = self._vectorizer(vocabulary={word: column for column, word in enumerate(state["words"])})
        vectorizer.idf_ = arrays["idf"]
        self._learned = vectorizer
        return self

    def _vectorizer(self, **more: Any) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        # The same words as for Doc2Vec; scikit-learn's own pattern does not split scripts without spaces.
        return TfidfVectorizer(
            tokenizer=tokenize, token_pattern=None, lowercase=False, sublinear_tf=True, dtype=np.float64,
            max_features=self.max_features, **more,
        )  # fmt: skip

    def _fitted(self) -> Any:
        if not hasattr(self, "_learned"):
            raise NotFittedError("tfidf was not fitted; call fit with the training lyrics first")
        return self._learned
