import json

import numpy as np
import pytest
from sklearn.base import clone

from alcca.errors import DataError, LibraryError, NotFittedError, UsageError
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA, _largest_of_the_best
from alcca.models.cca import CCA
from alcca.models.held_out import held_out_fifth
from alcca.retrieval import instance_ranks, mrr1

SMALL = {"hidden": ((24, 8), (16, 8)), "epochs": 3, "batch_size": 20, "lr": 1e-3, "margin": 3.0, "device": "cpu"}


def songs(n=120, p=30, q=12, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    S = np.column_stack([2 * np.eye(4)[y], rng.normal(size=(n, 2))])
    X, Y = S @ rng.normal(size=(6, p)), S @ rng.normal(size=(6, q))
    return (X + rng.normal(size=(n, p)) + 10, Y + rng.normal(size=(n, q)) - 10), y


def test_it_is_cca_of_what_acmr_gives():
    views, y = songs()
    model = ALCCA(n_components=5, ridge=0.01, **SMALL).fit(views, y)
    acmr = ACMR(**SMALL).fit(views, y)
    cca = CCA(5, ridge=0.01).fit(acmr.transform(views))
    np.testing.assert_array_equal(model.correlations_, cca.correlations_)
    others = songs(seed=1)[0]
    for ours, theirs in zip(model.transform(others), cca.transform(acmr.transform(others)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(model.project(others), acmr.transform(others), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert model.history_ == acmr.history_


def test_every_setting_reaches_its_part():
    settings = {
        "n_components": 3, "hidden": ((9, 4), (4,)), "invariance": "pair", "alpha": 0.1, "beta": 0.2,
        "regularization": 0.3, "adversary": 0.4, "margin": 0.5, "k": 2, "epochs": 2, "batch_size": 33, "lr": 0.01,
        "standardize": False, "momentum": 0.6, "lr_decay": True, "opponent_steps": 3,
        "ridge": 0.7, "validation": 0.1, "patience": 5, "random_state": 8, "device": "cpu",
        "precision": "bf16", "verbose": False,
    }  # fmt: skip
    assert set(settings) == set(ALCCA().get_params())
    model = ALCCA(**settings).fit(*songs())
    assert model.acmr_.get_params() | model.cca_.get_params() == settings


def test_defaults_are_those_of_acmr():
    assert ALCCA().get_params() | ACMR().get_params() == ALCCA().get_params()


def test_cca_takes_all_training_songs_the_validation_ones_too():
    views, y = songs()
    model = ALCCA(n_components=5, validation=0.3, **SMALL).fit(views, y)
    for Z in model.transform(views):
        np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-10)


def test_the_ridge_is_chosen_on_songs_that_the_projectors_have_not_seen(monkeypatch):
    views, y = songs()
    seen = []
    fit = ACMR.fit
    monkeypatch.setattr(ACMR, "fit", lambda self, views, y=None: seen.append(views[0]) or fit(self, views, y))
    model = ALCCA(n_components=5, ridge="auto", **SMALL).fit(views, y)
    first, last = seen
    assert len(first) == 96
    np.testing.assert_array_equal(last, views[0])
    # By hand: the projectors of those 96, CCA of what they give, and the others ranked.
    train = np.array([np.flatnonzero((views[0] == row).all(axis=1))[0] for row in first])
    held_out = np.setdiff1d(np.arange(120), train)
    acmr = ACMR(**SMALL)
    fit(acmr, [view[train] for view in views], y[train])
    given = acmr.transform(views)
    reciprocal = {}
    for ridge, score in model.ridge_scores_.items():
        cca = CCA(5, ridge=ridge).fit([view[train] for view in given])
        Za, Zt = cca.transform([view[held_out] for view in given])
        ranks = [instance_ranks(Za, Zt), instance_ranks(Zt, Za)]
        assert score == pytest.approx(np.mean([mrr1(one) for one in ranks]), abs=1e-12)
        reciprocal[ridge] = np.mean([1 / one for one in ranks], axis=0)
    assert model.ridge_ == _largest_of_the_best(reciprocal)
    same = ALCCA(n_components=5, ridge=model.ridge_, **SMALL).fit(views, y)
    for ours, theirs in zip(model.transform(views), same.transform(views), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("worse_by", "chosen"), [(0.001, 10.0), (0.03, 10.0), (0.05, 1.0)])
def test_of_ridges_that_are_about_as_good_the_largest_is_taken(worse_by, chosen):
    # The differences have a spread of 0.4 over 100 songs, so a standard error of 0.04.
    spread = np.tile([0.4, -0.4], 50)
    best = np.full(100, 0.5)
    assert _largest_of_the_best({0.1: best - 0.2, 1.0: best, 10.0: best - worse_by + spread}) == chosen
    assert _largest_of_the_best({0.1: best, 1.0: best, 10.0: best - 0.2}) == 1.0


def test_groups_stay_together_where_the_ridge_is_chosen():
    groups = np.repeat(np.arange(40), 3)
    train, held_out = held_out_fifth(groups, 3, what="choose a ridge on")
    assert not set(groups[train]) & set(groups[held_out])
    assert len(held_out) == 24
    assert sorted([*train, *held_out]) == list(range(120))
    views, y = songs()
    one, other = (ALCCA(n_components=5, ridge="auto", **SMALL).fit(views, y, groups=g) for g in (groups, None))
    assert one.ridge_scores_ != other.ridge_scores_


@pytest.mark.parametrize(
    ("ridge", "n", "groups", "error", "message"),
    [
        ("best", 120, None, UsageError, "expected a number of at least 0, two of them, or 'auto'"),
        ("auto", 8, None, DataError, "too few to choose a ridge on"),
        ("auto", 120, [0] * 120, DataError, "120 songs in 1 groups are too few"),
        ("auto", 120, [0] * 7, DataError, "expected one for each of 120 songs, got 7"),
    ],
)
def test_ridges_that_cannot_be_chosen(ridge, n, groups, error, message):
    views, y = songs(n)
    with pytest.raises(error, match=message):
        ALCCA(n_components=2, ridge=ridge, **SMALL).fit(views, y, groups=groups)


def test_a_chosen_ridge_is_saved(tmp_path):
    views, y = songs()
    model = ALCCA(n_components=5, ridge="auto", **SMALL).fit(views, y)
    model.save(tmp_path / "model")
    loaded = ALCCA.load(tmp_path / "model")
    assert (loaded.ridge, loaded.ridge_, loaded.ridge_scores_) == ("auto", model.ridge_, model.ridge_scores_)
    np.testing.assert_array_equal(loaded.transform(views)[0], model.transform(views)[0])


def test_a_first_stage_that_was_fitted_is_not_trained_again(monkeypatch):
    views, y = songs()
    settings = SMALL | {"n_components": 5, "ridge": 0.1, "random_state": 3}
    alone = ALCCA(**settings).fit(views, y)
    stage = ALCCA(**settings).first_stage()
    assert stage.get_params() == alone.acmr_.get_params()
    stage.fit(views, y)
    monkeypatch.setattr(ACMR, "fit", None)
    with_it = ALCCA(**settings).fit(views, y, first_stage=stage)
    for ours, theirs in zip(with_it.transform(views), alone.transform(views), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(UsageError, match="expected ACMR"):
        ALCCA(**settings | {"random_state": 4}).fit(views, y, first_stage=stage)


def test_components_are_nested():
    views, y = songs()
    few, many = (ALCCA(n_components=k, **SMALL).fit(views, y).transform(views) for k in (2, 8))
    for a, b in zip(few, many, strict=True):
        np.testing.assert_array_equal(a, b[:, :2])


def test_it_finds_the_song_on_the_other_side():
    # The shared factors are linear here, so songs the model has not seen are found far above chance.
    (X, Y), y = songs(n=400)
    model = ALCCA(n_components=5, ridge=1e-2, **(SMALL | {"epochs": 30})).fit((X[:300], Y[:300]), y[:300])
    Za, Zt = model.transform((X[300:], Y[300:]))
    Za, Zt = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (Za, Zt))
    scores = Za @ Zt.T
    ranks = (scores >= scores.diagonal()[:, None]).sum(1)
    chance = (1 / np.arange(1, 101)).mean()
    assert (1 / ranks).mean() > 3 * chance


def test_either_view_alone():
    views, y = songs()
    model = ALCCA(n_components=5, **SMALL).fit(views, y)
    both = model.transform(views)
    assert [Z.dtype for Z in both] == [np.float64] * 2
    np.testing.assert_array_equal(model.transform((views[0], None))[0], both[0])
    assert model.transform((None, views[1]))[0] is None


def test_save_and_load_give_the_same_bits(tmp_path):
    views, y = songs()
    model = ALCCA(n_components=5, ridge=(0.1, 0.2), **SMALL).fit(views, y)
    model.save(tmp_path / "alcca")
    again = ALCCA.load(tmp_path / "alcca")
    assert again.get_params() == model.get_params()
    assert again.history_ == model.history_
    np.testing.assert_array_equal(again.correlations_, model.correlations_)
    for way in ("transform", "project"):
        for ours, theirs in zip(getattr(model, way)(views), getattr(again, way)(views), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert sorted(path.name for path in (tmp_path / "alcca").iterdir()) == [
        "SHA256SUMS",
        "arrays.safetensors",
        "state.json",
    ]
    assert json.loads((tmp_path / "alcca" / "state.json").read_text())["kind"] == "ALCCA"
    with pytest.raises(LibraryError):
        CCA.load(tmp_path / "alcca")


def test_models_saved_before_there_were_these_settings_load_with_what_they_were_trained_with(tmp_path):
    views, y = songs()
    model = ALCCA(n_components=5, **SMALL).fit(views, y)
    model.save(tmp_path / "alcca")
    written = tmp_path / "alcca" / "state.json"
    state = json.loads(written.read_text())
    params = state["state"]["params"]
    for name in ("standardize", "momentum", "lr_decay", "opponent_steps"):
        del params[name]
    written.write_text(json.dumps(state))
    (written.parent / "SHA256SUMS").unlink()  # there were none either
    again = ALCCA.load(tmp_path / "alcca")
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.transform(views)[0], model.transform(views)[0])


def test_same_seed_same_bits():
    views, y = songs()
    first, second = (ALCCA(n_components=5, **SMALL).fit(views, y).transform(views) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_too_many_components_are_refused_before_the_training(monkeypatch):
    monkeypatch.setattr(ACMR, "fit", None)
    views, y = songs()
    with pytest.raises(DataError, match="n_components=9: expected 1 to 8"):
        ALCCA(n_components=9, **SMALL).fit(views, y)
    with pytest.raises(DataError, match="n_components=8: 6 songs allow at most 5; lower n_components or add songs"):
        ALCCA(n_components=8, **SMALL).fit((views[0][:6], views[1][:6]))
    with pytest.raises(UsageError, match="ridge=-1"):
        ALCCA(n_components=2, ridge=-1, **SMALL).fit(views, y)


def test_not_fitted():
    for use in (lambda m: m.correlations_, lambda m: m.history_, lambda m: m.project(songs()[0])):
        with pytest.raises(NotFittedError, match="this ALCCA is not fitted"):
            use(ALCCA())


def test_scikit_learn_conventions():
    model = ALCCA(n_components=5, **SMALL)
    assert clone(model).get_params() == model.get_params()


@pytest.mark.slow
def test_the_papers_shapes():
    rng = np.random.default_rng(0)
    audio, lyrics = rng.normal(size=(250, 20, 161)).astype(np.float32), rng.normal(size=(250, 300))
    model = ALCCA(epochs=2).fit((audio, lyrics), rng.integers(20, size=250))
    Za, Zt = model.transform((audio, lyrics))
    assert Za.shape == Zt.shape == (250, 80)
    assert model.project((audio, None))[0].shape == (250, 200)
