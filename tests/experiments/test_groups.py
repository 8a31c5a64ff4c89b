"""Songs of one group stay together in every choice and validation inside of a fit, of every method there is."""

import functools
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from tests.experiments.test_keys import imported

import alcca.models
from alcca.experiments import Dataset, cross_validate, make_method, method_names
from alcca.models import held_out
from alcca.models.sources import ROOT

N, EACH = 60, 3
# Songs of a group do not stand together.
GROUP = np.random.default_rng(3).permutation(np.arange(N) // EACH)
SMALL = {
    "epochs": 1, "pretrain_epochs": 1, "batch_size": 30, "device": "cpu", "rank": 20, "frame_shape": (4, 5),
    "features": 6, "validation": 0.2, "n_components": 2,
}  # fmt: skip
# Names that keep no song out: they choose nothing and stop on nothing.
FIXED = {"cca", "pretrain-cnn-cca", "heard"}


class Numbers:
    """Lyric features whose first column is the number of the song."""

    def fit(self, texts):
        return self

    def transform(self, texts):
        numbers = [int(text.split()[1]) for text in texts]
        return np.array([[i, *np.random.default_rng(i).normal(size=5)] for i in numbers], dtype=float)


def numbered(seed, *shape):
    view = np.random.default_rng(seed).normal(size=(N, *shape))
    view.reshape(N, -1)[:, 0] = np.arange(N)
    return view


def songs():
    """Songs whose views begin with their number; other recordings of a song have other words."""
    texts = [f"song {i} " + " ".join(np.random.default_rng(i).choice(list("abcdefgh"), 30)) for i in range(N)]
    return Dataset(
        numbered(0, 20), texts, np.arange(N) % 2, [f"tune {g}" for g in GROUP], audio_frames=numbered(1, 4, 5),
        audio_descriptors=numbered(2, 5), transcripts=texts,
    )  # fmt: skip


def small(name):
    method = make_method(name)
    for key in method.get_params():
        setting = key.split("__")[-1]
        if setting in SMALL:
            method.set_params(**{key: SMALL[setting]})
        elif setting == "hidden":
            adversarial = isinstance(method.get_params()[key][0], tuple)
            method.set_params(**{key: ((8, 4), (4,)) if adversarial else (8, 4)})
    return method


def which_songs(views, outer):
    """The numbers of the songs of a fit: from its views, or as of the fit around it; None if they cannot be told."""
    for view in views[::-1]:
        parts = view.values() if isinstance(view, dict) else [view]
        for part in parts:
            first = np.asarray(part)
            if first.dtype.kind == "f":
                numbers = first.reshape(len(first), -1)[:, 0]
                if np.array_equal(numbers, numbers.round()) and len(set(numbers)) == len(numbers):
                    return numbers.astype(int)
    return outer if outer is not None and len(views[0]) == len(outer) else None


@pytest.fixture
def splits(monkeypatch):
    """The songs of each fit that kept songs out, with their groups as it was told, and the rows of each part."""
    fits, found = [], []
    modules = [importlib.import_module(m.name) for m in pkgutil.iter_modules(alcca.models.__path__, "alcca.models.")]

    def watch(fit):
        @functools.wraps(fit)
        def watched(self, views, *args, **named):
            fits.append(which_songs(views, fits[-1] if fits else None))
            try:
                return fit(self, views, *args, **named)
            finally:
                fits.pop()

        return watched

    def keep(split):
        @functools.wraps(split)
        def kept(codes, *args, **named):
            parts = split(codes, *args, **named)
            found.append((fits[-1], codes, parts if isinstance(parts, list) else [parts]))
            return parts

        return kept

    def dealt(codes, folds, order):
        fold_of = deal(codes, folds, order)
        found.append((fits[-1], None, fold_of))
        return fold_of

    deal = held_out.deal
    for module in modules:
        for name, thing in list(vars(module).items()):
            if inspect.isclass(thing) and issubclass(thing, BaseEstimator) and thing.__module__ == module.__name__:
                if "fit" in vars(thing) and not inspect.isabstract(thing):
                    monkeypatch.setattr(thing, "fit", watch(vars(thing)["fit"]))
            elif thing in (held_out.inner_folds, held_out.held_out_rows) and module is not held_out:
                monkeypatch.setattr(module, name, keep(thing))
            elif thing is deal and module is not held_out:
                monkeypatch.setattr(module, name, dealt)
    return found


@pytest.mark.parametrize("name", method_names())
def test_no_choice_and_no_validation_splits_a_group(name, splits):
    cross_validate(
        {name: small(name)}, songs(), folds=2, components=[2], text_features=Numbers, shuffled_control=False,
        together=False,
    )  # fmt: skip
    assert bool(splits) == (name not in FIXED)
    for numbers, codes, parts in splits:
        theirs = GROUP[numbers]
        if codes is None:
            # Groups were dealt: as many as the songs have.
            assert len(parts) == len(set(theirs))
            continue
        # Groups as they were given are groups as they are.
        pairs = set(zip(theirs, codes.tolist(), strict=True))
        assert len(pairs) == len(set(theirs)) == len(set(codes.tolist()))
        assert len(set(theirs)) < len(theirs)
        for rows in parts:
            inside, outside = theirs[rows], np.delete(theirs, rows)
            assert 0 < len(inside) < len(theirs)
            assert not set(inside) & set(outside)


def test_models_keep_songs_out_in_one_place_alone():
    """Only `alcca.models.held_out` deals songs; what else could deal them is not imported."""
    dealers = ("model_selection", "train_test_split", "KFold", "GroupKFold", "ShuffleSplit", "random_split")
    for path in (ROOT / "models").glob("*.py"):
        assert [one for one in imported(path) if any(name in one for name in dealers)] == [], path
