"""Two things have one name when they are alike down to the last number and the last line of code."""

import collections
import functools
import importlib
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.base import BaseEstimator

from alcca.models.cca import CCA
from alcca.models.content import content
from alcca.models.contract import identity
from alcca.models.fused import Fused
from alcca.models.scoring import CSLS
from alcca.models.sources import Origins, alcca_source


class Same:
    """Says the same of itself whatever it holds."""

    def __init__(self, held):
        self.held = held

    def __repr__(self):
        return "Same()"


class Holds(BaseEstimator):
    def __init__(self, what=None, verbose=False):
        self.what = what
        self.verbose = verbose

    def fit(self, views, y=None, groups=None):
        return self


def network(seed, *more):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), *more)


def array(last, **more):
    values = np.zeros(2000, **more)
    values[1000] = last
    return values


def scaled(by):
    return lambda x: x * by


def sparse(last):
    return scipy.sparse.csr_matrix(array(last)[None])


def tensor(last):
    return torch.from_numpy(array(last)).to(torch.bfloat16)


TWO = {
    "arrays": (array, 0, 1),
    "arrays of texts": (lambda last: array(last, dtype="U9"), "a", "b"),
    "arrays of objects": (lambda last: array(last, dtype=object), [np.zeros(3)], [np.ones(3)]),
    "precision": (lambda kind: array(1, dtype=kind), np.float32, np.float64),
    "what is nested": (lambda last: [{"a": (array(last),)}], 0, 1),
    "sparse": (sparse, 0, 1),
    "tensors": (tensor, 0, 1),
    "networks": (network, 0, 1),
    "layers": (lambda layer: network(0, layer()), torch.nn.Tanh, torch.nn.ReLU),
    "tables": (lambda last: pd.DataFrame({"a": array(last), "b": "text"}), 0, 1),
    "names of columns": (lambda name: pd.DataFrame({name: [1]}), "a", "b"),
    "lambdas": (lambda by: scaled(by), 2, 3),
    "partials": (lambda by: functools.partial(scaled, by), 2, 3),
    "objects": (Same, 1, 2),
    "subclasses": (lambda count: collections.Counter(a=count), 1, 2),
    "sets": (set, "abc", "abd"),
    "paths": (pathlib.Path, "a", "b"),
    "generators": (np.random.default_rng, 0, 1),
    "old generators": (np.random.RandomState, 0, 1),
    "torch's generators": (lambda seed: torch.Generator().manual_seed(seed), 0, 1),
    "kinds of number": (lambda kind: kind(1), float, int),
    "not a number": (float, "nan", "inf"),
    "classes": (lambda kind: kind, CCA, CSLS),
    "estimators": (lambda inner: CSLS(CCA(2, ridge=inner)), 0.1, 0.2),
    "parts": (lambda inner: Fused({"a": CCA(2, ridge=inner), "b": CCA(3)}), 0.1, 0.2),
}


@pytest.mark.parametrize("name", TWO)
def test_things_are_told_apart_by_what_they_hold(name):
    make, one, other = TWO[name]
    assert content(Holds(make(one))) == content(Holds(make(one))) is not None
    assert content(Holds(make(one))) != content(Holds(make(other)))


def test_how_much_is_shown_is_no_part_of_an_estimator():
    assert content(Holds(1, verbose=True)) == content(Holds(1))
    assert content(CSLS(Holds(1, verbose=True))) == content(CSLS(Holds(1)))
    assert content(Fused({"a": Holds(1, verbose=True)})) == content(Fused({"a": Holds(1)}))


def test_what_was_learned_is_no_part_of_an_estimator_that_is_cloned():
    views = np.random.default_rng(0).normal(size=(2, 30, 4))
    assert content(CCA(2).fit(views)) == content(CCA(2))
    assert content(CSLS(CCA(2).fit(views))) == content(CSLS(CCA(2)))
    # In a mapping it is copied with what it has.
    assert content(Holds({"a": CCA(2).fit(views)})) != content(Holds({"a": CCA(2)}))


def test_what_cannot_be_told_is_like_nothing():
    assert content(Holds(threading.Lock())) is None
    held = Holds(threading.Lock())
    assert identity(held) != identity(held)
    round_ = [1]
    round_.append(round_)
    assert content(round_) is not None


def made(by, counted=None, name="Mine"):
    class Mine(BaseEstimator):
        kept = 3

        def fit(self, views, y=None):
            if counted is not None:
                counted.append(1)
            Mine.kept += 0
            self.scale_ = by
            return self

    Mine.__qualname__ = name
    return Mine


def test_a_class_of_ones_own_is_its_code_and_what_that_refers_to():
    two = made(2)
    assert content(two()) == content(made(2)())
    assert content(two()) != content(made(3)())

    def otherwise(self, views, y=None):
        return None

    before = content(two())
    two.fit = otherwise
    assert content(two()) != before
    two = made(2)
    two.wide = True
    assert content(two()) != before


def test_a_class_that_counts_what_it_does_stays_the_same():
    counted = []
    counts = made(2, counted)
    before = content(counts())
    counts().fit(None)
    counts.kept += 1
    assert counted == [1]
    assert content(counts()) == before


def test_code_without_a_file_is_told_with_what_it_reads():
    def typed(scale):
        known = {"CCA": CCA, "SCALE": scale, "__name__": "typed"}
        exec("class Mine(CCA):\n    def fit(self, views, y=None):\n        return SCALE", known)
        return known["Mine"]

    assert content(typed(2)()) == content(typed(2)())
    assert content(typed(2)()) != content(typed(3)())


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Write modules and import them, or import them again."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def written(files):
        for name, source in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(source)
        for name in [name for name in sys.modules if name.startswith("mine_")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return importlib.import_module("mine_method").Mine()

    yield written
    for name in [name for name in sys.modules if name.startswith("mine_")]:
        del sys.modules[name]


METHOD = """
from sklearn.base import BaseEstimator
{more}
SCALE = {scale}
class Mine(BaseEstimator):
    def fit(self, views, y=None):
        return SCALE
"""


@pytest.mark.parametrize(
    "edited",
    [
        {"mine_method.py": METHOD.format(more="import mine_helper", scale=2)},
        {"mine_helper.py": "FACTOR = 3\n"},
        {"mine_package/inside.py": "FACTOR = 3\n"},
    ],
)
def test_an_edited_file_makes_another_method(mine, edited):
    """The method's own file, one that it imports, and one of a package that this imports."""
    first = {
        "mine_method.py": METHOD.format(more="import mine_helper", scale=1),
        "mine_helper.py": "    # not yet\nimport json, mine_package\nFACTOR = 2\n",
        "mine_package/__init__.py": "", "mine_package/inside.py": "FACTOR = 2\n",
    }  # fmt: skip
    before = content(mine(first))
    assert content(mine(first)) == before is not None
    assert content(mine(first | edited)) != before
    assert content(mine(first)) == before
    assert not Origins().installed("mine_method")


def test_a_new_version_of_a_package_makes_another_method(mine, tmp_path):
    plain = {"mine_method.py": METHOD.format(more="", scale=1)}
    about = tmp_path / "mine_method-1.dist-info"
    about.mkdir()
    names = []
    for version in ("1.0", "2.0"):
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mine_method\nVersion: {version}\n")
        names.append(content(mine(plain)))
    assert len({*names}) == 2
    assert Origins().of("sklearn.base").startswith("sklearn 1.")
    assert Origins().of("json") == "python"
    assert Origins().of("alcca.models.cca") == "alcca"
    assert alcca_source() == alcca_source()


def test_the_name_is_the_same_in_every_process(tmp_path):
    script = tmp_path / "mine_script.py"
    script.write_text(
        "import numpy as np\nfrom alcca.models.content import content\n"
        "class Mine:\n    scale = {'b', 'a', 'c'}\n    def fit(self, by=frozenset('xyz')):\n"
        "        return {word for word in ('a', 'b')} | {self.scale in {'p', 'q', 'r'}}\n"
        "held = Mine()\n"
        "held.it = [np.arange(2000.0), {'k': {'u', 'v', 'w'}}, lambda x: x + 1, np.random.default_rng(3)]\n"
        "print(content(held))\n"
    )
    said = {
        subprocess.run(
            [sys.executable, script], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert b"None" not in said.pop()
