"""Songs kept out of a training: whole groups, and the very songs of before where every song is alone."""

import numpy as np
import pytest
import torch

from alcca.errors import DataError
from alcca.models import acmr, clip, cnn, dcca
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.clip import CLIP
from alcca.models.dcca import DCCA, SpotifyDCCA
from alcca.models.held_out import deal, group_codes, held_out_rows, inner_folds
from alcca.models.joint_train_dcca import JointTrainDCCA
from alcca.models.kernel_cca import KernelCCA
from alcca.models.pretrain_cnn_dcca import PretrainCNNDCCA
from alcca.models.rcca import RCCA

ADVERSARIAL = {"hidden": ((8, 4), (4,)), "epochs": 2, "batch_size": 30, "device": "cpu"}
CORRELATING = {"n_components": 2, "epochs": 2, "batch_size": 40, "device": "cpu"}
FRAMES = {"frame_shape": (4, 5), "features": 6}
# Those that keep songs out to stop on.
STOPPING = {
    "acmr": ACMR(**ADVERSARIAL, validation=0.2),
    "alcca": ALCCA(2, **ADVERSARIAL, validation=0.2),
    "alcca, tuned": ALCCA(2, **ADVERSARIAL, validation=0.2, ridge="auto"),
    "dcca": DCCA(hidden=(8,), **CORRELATING, validation=0.2),
    "spotify": SpotifyDCCA(hidden=(8,), **CORRELATING, validation=0.2),
    "joint": JointTrainDCCA(hidden=(8,), **FRAMES, **CORRELATING, validation=0.2),
    "pretrained": PretrainCNNDCCA(hidden=(8,), pretrain_epochs=1, **FRAMES, **CORRELATING, validation=0.2),
    "clip": CLIP(hidden=(8, 4), epochs=2, batch_size=30, device="cpu", validation=0.2),
}
CHOOSING = {"rcca": RCCA(2), "kernel-cca": KernelCCA(2, rank=20)}


def songs(n=120, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 3))
    audio, lyrics = (shared @ rng.normal(size=(3, p)) + rng.normal(size=(n, p)) for p in (20, 6))
    return (audio, lyrics), np.arange(n) % 3


def uneven(n=120, seed=1):
    """Names of groups, of one to six songs and one of half of them, in no order; some songs are alone."""
    rng = np.random.default_rng(seed)
    names = ["hit"] * (n // 2) + [f"song {i}" for i in range(n) for _ in range(1 + i % 6)][: n - n // 2 - 6]
    names += [None, "", float("nan"), None, "", None]
    return [names[i] for i in rng.permutation(n)]


def versions(songs=200, each=4, p=300, q=100, shared=10, seed=1):
    """Songs of several versions each: what both sides share, what is a song's own on each, and noise of a version."""
    rng = np.random.default_rng(seed)
    S, which = rng.normal(size=(songs, shared)), np.repeat(np.arange(songs), each)
    audio, lyrics = (
        (0.5 * S @ rng.normal(size=(shared, columns)) + 2 * rng.normal(size=(songs, columns)))[which]
        + 0.5 * rng.normal(size=(len(which), columns))
        for columns in (p, q)
    )
    return audio, lyrics, which


def reciprocal_ranks(model, views):
    scores = model.similarity(*views)
    own = scores.diagonal()
    return (1 / (scores >= own[:, None]).sum(1) + 1 / (scores >= own).sum(0)) / 2


@pytest.fixture
def trained(monkeypatch):
    """The songs that each training with validation was given, the number in the first column, and those kept out."""
    seen = []
    for module in (acmr, clip, dcca):

        def watched(network, objective, data, settings, train=module.train, **named):
            seen.append(named["validation_rows"].numpy())
            return train(network, objective, data, settings, **named)

        monkeypatch.setattr(module, "train", watched)
    return seen


def test_groups_are_numbered_as_they_appear_and_songs_without_one_are_alone():
    assert group_codes(None, 3).tolist() == [0, 1, 2]
    assert group_codes(["b", None, "a", "b", "", None, float("nan"), " ", np.nan], 9).tolist() == [
        0, 1, 2, 0, 3, 4, 5, 6, 7,
    ]  # fmt: skip
    for given in ([7, 3, 7], np.array([7, 3, 7]), torch.tensor([7, 3, 7]), [(1, 2), (1, 3), (1, 2)], ("x", 3, "x")):
        assert group_codes(given, 3).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([1, 2], "groups: expected one for each of 3 songs, got 2"),
        ([[1], [2], [3]], "groups: expected one hashable a song"),
        (np.eye(3), "groups: expected one hashable a song"),
        (5, "groups: expected one hashable a song"),
    ],
)
@pytest.mark.parametrize("name", [*STOPPING, *CHOOSING])
def test_groups_that_are_none_of_the_songs_are_refused_before_the_training(name, groups, message, monkeypatch):
    for module in (acmr, clip, cnn, dcca):
        monkeypatch.setattr(module, "train", None)
    (audio, lyrics), y = songs(n=3)
    model = (STOPPING | CHOOSING)[name]
    small = {"n_components": 1} if "n_components" in model.get_params() else {}
    with pytest.raises(DataError, match=message):
        type(model)(**model.get_params() | small).fit((audio, lyrics), y, groups=groups)


@pytest.mark.parametrize("n", [10, 23, 60])
def test_songs_that_are_alone_are_dealt_as_a_random_permutation(n):
    expected = np.array_split(np.random.default_rng(7).permutation(n), 5)
    for found, fold in zip(inner_folds(group_codes(None, n), 5, 7), expected, strict=True):
        np.testing.assert_array_equal(found, fold)


@pytest.mark.parametrize("seed", range(5))
def test_every_song_is_held_out_once_and_with_its_group(seed):
    codes = group_codes(np.random.default_rng(seed).integers(40, size=150), 150)
    folds = inner_folds(codes, 5, seed)
    assert sorted(np.concatenate(folds)) == list(range(150))
    assert sum(len(set(codes[fold])) for fold in folds) == codes.max() + 1
    assert max(map(len, folds)) - min(map(len, folds)) <= np.bincount(codes).max()
    assert any((np.diff(fold) < 0).any() for fold in folds)  # of many songs the first are ranked: at random


def test_a_group_of_half_of_the_songs_is_a_fold_and_too_few_groups_make_fewer():
    folds = inner_folds(group_codes([0] * 50 + list(range(1, 51)), 100), 5, 0)
    assert sorted(map(len, folds)) == [12, 12, 13, 13, 50]
    assert sorted(map(len, inner_folds(np.repeat([0, 1, 2], [90, 4, 6]), 5, 0))) == [4, 6, 90]
    assert sorted(map(len, inner_folds(group_codes([0] * 96 + [1, 2, 3, 4], 100), 5, 0))) == [2, 2, 96]
    for codes in (np.zeros(100, dtype=np.int64), group_codes([0] * 99 + [1], 100)):
        with pytest.raises(DataError, match=r"100 songs in [12] groups do not fill two inner folds with 2 songs each"):
            inner_folds(codes, 5, 0)


def test_the_share_is_filled_by_whole_groups_in_their_random_order():
    order = np.random.default_rng(0).permutation(30)
    np.testing.assert_array_equal(held_out_rows(np.arange(30), 6, order), order[:6])
    np.testing.assert_array_equal(held_out_rows(np.repeat(np.arange(30), 3)[::-1], 10, order), np.concatenate(
        [np.flatnonzero(np.repeat(np.arange(30), 3)[::-1] == group) for group in order[:3]]))  # fmt: skip
    # One that no longer fits ends it; but what is too large for the half that is missing is passed over.
    codes = np.repeat([0, 1, 2, 3, 4], [3, 4, 20, 2, 71])
    assert codes[held_out_rows(codes, 6, [0, 1, 3, 2, 4])].tolist() == [0] * 3
    assert codes[held_out_rows(codes, 10, [4, 2, 0, 1, 3])].tolist() == [0] * 3 + [1] * 4 + [3] * 2
    assert codes[held_out_rows(codes, 1, [4, 2, 0, 1, 3])].tolist() == [3] * 2
    assert len(held_out_rows(np.zeros(9, dtype=np.int64), 3, [0])) == 0


@pytest.mark.parametrize("name", STOPPING)
def test_no_group_stands_on_both_sides_where_songs_are_kept_out_to_stop_on(name, trained):
    views, y = songs()
    groups = uneven()
    codes = group_codes(groups, 120)
    STOPPING[name].fit(views, y, groups=groups)
    kept = trained[-1]
    assert 12 <= len(kept) <= 24
    assert set(codes[kept]).isdisjoint(np.delete(codes, kept))
    assert len(trained) == (2 if "tuned" in name else 1)


def test_where_a_ridge_is_chosen_the_first_training_tears_no_group_either(monkeypatch):
    views, y = songs()
    views[0][:, 0] = np.arange(120)
    codes = group_codes(uneven(), 120)
    seen, start = [], ACMR._start

    def watched(self, views, y, groups):
        started = start(self, views, y, groups)
        rows = np.asarray(views[0])[:, 0].astype(int)
        seen.append((rows, rows[started.validation_rows.numpy()], group_codes(groups, len(rows))))
        return started

    monkeypatch.setattr(ACMR, "_start", watched)
    STOPPING["alcca, tuned"].fit(views, y, groups=uneven())
    first, last = seen
    assert 12 <= 120 - len(first[0]) <= 24
    assert len(last[0]) == 120
    assert set(codes[first[0]]).isdisjoint(np.delete(codes, first[0]))
    for rows, kept, _ in seen:
        assert 0.1 * len(rows) <= len(kept) <= 0.2 * len(rows)
        assert set(codes[kept]).isdisjoint(codes[np.setdiff1d(rows, kept)])


@pytest.mark.parametrize("name", STOPPING)
def test_songs_of_one_group_alone_cannot_be_kept_out(name, monkeypatch):
    for module in (acmr, clip, cnn, dcca):
        monkeypatch.setattr(module, "train", None)
    views, y = songs()
    message = "120 songs in 1 groups are too few" if "tuned" in name else r"validation=0\.2: all 120 songs are of one"
    with pytest.raises(DataError, match=message):
        STOPPING[name].fit(views, y, groups=["one"] * 120)


@pytest.mark.parametrize("name", [*STOPPING, *CHOOSING])
def test_songs_that_are_all_alone_give_what_no_groups_give(name):
    views, y = songs()
    model = (STOPPING | CHOOSING)[name]
    without = model.fit(views, y).transform(views)
    for alone in (np.arange(120)[::-1], [None] * 120):
        for ours, theirs in zip(model.fit(views, y, groups=alone).transform(views), without, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    torn = model.fit(views, y, groups=np.arange(120) // 3).transform(views)
    changed = any((ours != theirs).any() for ours, theirs in zip(torn, without, strict=True))
    assert changed or name in CHOOSING  # the same ridges may be the best


@pytest.mark.parametrize(
    ("model", "grid"), [(RCCA(20), (1.0, 100.0, 1e4)), (KernelCCA(20, rank=150), (1e-5, 1e-2, 1.0))]
)
def test_ridges_chosen_with_groups_are_those_that_find_new_songs(model, grid):
    audio, lyrics, song = versions()
    old, new = song < 100, song >= 100
    model = type(model)(**model.get_params() | {"ridges": (grid, grid)})
    found, chosen = {}, {}
    for name, groups in (("torn", None), ("whole", song[old])):
        model.fit((audio[old], lyrics[old]), groups=groups)
        found[name] = reciprocal_ranks(model, (audio[new], lyrics[new]))
        chosen[name] = model.ridge_
    gain = (found["whole"] - found["torn"]).reshape(100, 4).mean(axis=1)
    assert gain.mean() > 4 * gain.std(ddof=1) / 10  # standard errors of a hundred songs
    fixed = {
        (rx, ry): reciprocal_ranks(
            type(model)(**model.get_params() | {"ridges": ((rx,), (ry,))}).fit((audio[old], lyrics[old])),
            (audio[new], lyrics[new]),
        ).mean()
        for rx in grid
        for ry in grid
    }
    assert fixed[chosen["whole"]] > 0.95 * max(fixed.values())
    assert fixed[chosen["torn"]] < 0.9 * max(fixed.values())
    assert chosen["torn"][0] < chosen["whole"][0]


def test_folds_are_dealt_the_largest_group_first():
    assert deal(np.array([1, 5, 2, 2, 1]), 2, [4, 3, 2, 1, 0]).tolist() == [0, 0, 1, 1, 1]
    assert deal(np.array([2, 2, 2]), 3, [2, 0, 1]).tolist() == [1, 2, 0]
