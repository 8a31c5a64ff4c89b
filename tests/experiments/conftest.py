"""Small stand-ins for methods and lyric features."""

from collections import Counter

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from alcca.experiments import Dataset


class Truncate(BaseEstimator):
    """The first columns of both views as they are: a method that learns nothing."""

    def __init__(self, n_components=2):
        self.n_components = n_components

    def fit(self, views, y=None):
        return self

    def transform(self, views):
        return tuple(None if view is None else view[:, : self.n_components] for view in views)


class WordCounts:
    """Lyric features that know the words of the texts they were fitted on."""

    def fit(self, texts):
        self.words = [word for word, _ in Counter(" ".join(texts).split()).most_common(12)]
        return self

    def transform(self, texts):
        return np.array([[float(text.split().count(word)) for word in self.words] for text in texts])


@pytest.fixture
def truncate():
    return Truncate


@pytest.fixture
def word_counts():
    return WordCounts


@pytest.fixture
def random_songs():
    """Views that share nothing."""
    rng = np.random.default_rng(0)
    labels = [f"mood {i}" for i in rng.integers(6, size=300)]
    return Dataset(rng.standard_normal((300, 12)), rng.standard_normal((300, 9)), labels, name="random")


@pytest.fixture
def texts():
    """Forty songs with texts, some with the same words; audio is what the words are."""
    rng = np.random.default_rng(1)
    words = [f"word{i}" for i in range(15)]
    lyrics = [" ".join(rng.choice(words, 30)) for _ in range(40)]
    lyrics[30:35] = lyrics[0:5]
    audio = WordCounts().fit(lyrics).transform(lyrics) + 0.1 * rng.standard_normal((40, 12))
    return Dataset(audio, lyrics, label=["a", "b"] * 20, name="texts")
