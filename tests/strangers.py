"""A package of somebody else's, made on the spot, that leaves a file PROOF when its code runs."""

import sys

import pytest

CODE = """
import pathlib
import numpy as np
from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.encoders.sentence import SentenceEncoder
from sklearn.base import BaseEstimator
from sklearn.cross_decomposition import CCA as Elsewhere

PLACE = pathlib.Path(__file__).parent
(PLACE / "IMPORTED").touch()

def proof(*_, **__):
    (PLACE / "PROOF").touch()

class Method(BaseEstimator):
    def __init__(self, scale=1.0, sizes=()):
        self.scale, self.sizes = scale, sizes

    def fit(self, views, y=None):
        self.means_ = [view.reshape(len(view), -1).mean(axis=0) for view in views]
        return self

    def transform(self, views):
        return [self.scale * (np.asarray(v).reshape(len(v), -1) - m)[:, :2] for v, m in zip(views, self.means_)]

    # None of these is called.
    save = load = __setstate__ = proof
    trap = property(lambda self: 1, proof)

class Words(LyricsEncoder):
    name, learns = "words", True
    shape = property(lambda self: (len(self.known_),))

    def __init__(self, most=5):
        self.most = most

    def fit(self, texts):
        self.known_ = sorted({word for text in texts for word in text.split()})[: self.most]
        return self

    def encode(self, texts):
        return np.array([[text.split().count(word) for word in self.known_] for text in texts], np.float32)

    def known_words(self, text):
        return sum(word in self.known_ for word in text.split())

    save = load = proof

class Network(SentenceEncoder):
    name = "network"

class Nothing:
    load = fit = transform = proof

    def __init__(self, **_):
        proof()

def factory(*_):
    proof()

class Keyed(dict):
    class Inner(Method):
        pass

def __getattr__(name):
    proof()
    return Method
"""


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    """The folder of a package ``stranger`` that can be imported; nothing is trusted before the test says so."""
    place = tmp_path / "elsewhere" / "stranger"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(CODE)
    (place / "__main__.py").write_text("import stranger; stranger.proof()")
    monkeypatch.syspath_prepend(str(place.parent))
    monkeypatch.setenv("ALCCA_CONFIG", str(tmp_path / "config"))
    yield place
    sys.modules.pop("stranger", None)
