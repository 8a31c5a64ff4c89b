import numpy as np
import pytest
from sklearn.base import clone

from alcca.datasets.synthetic import make_songs
from alcca.errors import DataError, LibraryError, NotFittedError, UsageError
from alcca.models.base import Standardizer
from alcca.models.cca import CCA
from alcca.models.rcca import RCCA
from alcca.models.ridges import ridge_grids, ridge_scores

# Head length and breadth (mm) of the first and the second adult son of 25 families: Frets (1921), as printed in
# Mardia, Kent and Bibby (1979), Table 5.1.1.
# fmt: off
HEADS = np.array([
    [191, 155, 179, 145, 195, 149, 201, 152, 181, 148, 185, 149, 183, 153, 188, 149, 176, 144, 171, 142],
    [208, 157, 192, 152, 189, 150, 190, 149, 197, 159, 189, 152, 188, 152, 197, 159, 192, 150, 187, 151],
    [179, 158, 186, 148, 183, 147, 174, 147, 174, 150, 185, 152, 190, 159, 195, 157, 188, 151, 187, 158],
    [163, 137, 161, 130, 195, 155, 183, 158, 186, 153, 173, 148, 181, 145, 182, 146, 175, 140, 165, 137],
    [192, 154, 185, 152, 174, 143, 178, 147, 176, 139, 176, 143, 197, 167, 200, 158, 190, 163, 187, 150],
], dtype=float).reshape(25, 4)
# fmt: on


def views(n=100, p=12, q=7, seed=0):
    rng = np.random.default_rng(seed)
    S = rng.normal(size=(n, 3))
    X = S @ rng.normal(size=(3, p)) + 2 * rng.normal(size=(n, p)) + 5
    return X * np.geomspace(1, 1e4, p), S @ rng.normal(size=(3, q)) + 2 * rng.normal(size=(n, q)) - 3


def standardised(*pair):
    return tuple(Standardizer.of(X).apply(X) for X in pair)


@pytest.mark.parametrize("model", [CCA(2), RCCA(2, ridges=0)])
def test_published_example(model):
    # Mardia, Kent and Bibby (1979), chapter 10.
    np.testing.assert_allclose(model.fit((HEADS[:, :2], HEADS[:, 2:])).correlations_, [0.7885, 0.0537], atol=5e-5)


def test_one_pair_of_ridges_is_cca_of_standardised_columns():
    X, Y = views()
    model, plain = RCCA(7, ridges=((3,), (0.5,))).fit((X, Y)), CCA(7, ridge=(3, 0.5)).fit(standardised(X, Y))
    assert model.ridge_ == (3.0, 0.5)
    assert np.isnan(model.scores_).all()
    np.testing.assert_array_equal(model.correlations_, plain.correlations_)
    for mine, theirs in zip(model.transform((X, Y)), plain.transform(standardised(X, Y)), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_equals_cca_zoo():
    # Its shrinkage c keeps w'((1 - c) S + c I)w = 1, which is our ridge c / (1 - c) in other units.
    from cca_zoo.linear import RidgeCCA

    X, Y = views()
    c = np.array([0.3, 0.6])
    ours = RCCA(7, ridges=(c[:1] / (1 - c[:1]), c[1:] / (1 - c[1:]))).fit((X, Y))
    scaled = [(A - A.mean(0)) / A.std(0) for A in (X, Y)]
    theirs = RidgeCCA(n_components=7, shrinkage=c.tolist()).fit(scaled)
    for which, Z in enumerate(theirs.transform(scaled)):
        mine = ours.transform((X, Y))[which]
        np.testing.assert_allclose(np.abs(mine), np.abs(Z) * np.sqrt(1 - c[which]), atol=1e-5)


def test_the_chosen_pair_has_the_highest_score():
    X, Y = views()
    model = RCCA(3, ridges=((0.1, 10, 1000), (1, 100)), folds=4, random_state=2).fit((X, Y))
    grids = ridge_grids(((0.1, 10, 1000), (1, 100)))
    np.testing.assert_array_equal(model.scores_, ridge_scores(*standardised(X, Y), grids, 3, 4, 2))
    i, j = (grid.tolist().index(r) for grid, r in zip(model.ridges_, model.ridge_, strict=True))
    assert model.scores_[i, j] == model.scores_.max()
    assert model.cca_.ridge == model.ridge_


def test_units_of_the_columns_change_nothing():
    X, Y = views()
    one, other = RCCA(3).fit((X, Y)), RCCA(3).fit((X * np.geomspace(1e-3, 1e3, 12) - 50, 7 * Y))
    assert one.ridge_ == other.ridge_
    np.testing.assert_allclose(one.correlations_, other.correlations_, atol=1e-5)


def test_chosen_ridges_find_new_songs_better_than_bad_ones():
    songs = make_songs(500, shared=8, noise=0.6, audio_shape=(400,), lyrics_size=60)
    train, new = ((songs.audio[rows], songs.lyrics[rows]) for rows in (slice(300), slice(300, None)))

    def found(model):
        Za, Zt = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in model.fit(train).transform(new))
        return np.mean((Za @ Zt.T).argmax(1) == np.arange(200))

    assert found(RCCA(20)) > 1.5 * found(RCCA(20, ridges=((1e-3,), (1e-3,))))


def test_components_are_nested():
    few, many = (RCCA(k, ridges=10).fit(views()) for k in (2, 7))
    for a, b in zip(few.transform(views()), many.transform(views()), strict=True):
        np.testing.assert_allclose(a, b[:, :2], atol=1e-10)


def test_either_view_of_new_songs():
    model = RCCA(3).fit(views())
    X, Y = views(n=5, seed=1)
    both = model.transform((X, Y))
    assert both[0].shape == both[1].shape == (5, 3)
    assert model.transform((X, None))[1] is None
    np.testing.assert_array_equal(model.transform((None, Y))[1], both[1])
    with pytest.raises(DataError, match="audio: expected 12 columns as in fit, got 7"):
        model.transform((Y, None))


@pytest.mark.parametrize(("p", "q"), [(12, 7), (200, 7), (200, 150)])
def test_duplicate_and_constant_columns_stay_finite(p, q):
    X, Y = views(n=40, p=p, q=q)
    X[:, 1], X[:, 2], Y[:, 0] = X[:, 0], 7.0, -1e9
    model = RCCA(7).fit((X, Y))
    assert np.isfinite(model.scores_).all()
    for Z in model.transform((X, Y)):
        assert np.isfinite(Z).all()
        assert Z.any()


def test_frames_are_flattened():
    X, Y = views()
    assert RCCA(2, ridges=1).fit((X.reshape(100, 3, 4), Y)).transform((X, None))[0].shape == (100, 2)


def test_too_many_components_are_refused():
    with pytest.raises(DataError, match=r"n_components=8: expected 1 to 7.*\(audio 12, lyrics 7\)"):
        RCCA(8).fit(views())


def test_bad_data_and_settings_are_refused():
    X, Y = views()
    with pytest.raises(DataError, match="audio has 100 songs and lyrics 99"):
        RCCA(2).fit((X, Y[1:]))
    with pytest.raises(UsageError, match="ridges=-1"):
        RCCA(2, ridges=-1).fit((X, Y))
    with pytest.raises(UsageError, match="folds=1"):
        RCCA(2, folds=1).fit((X, Y))
    with pytest.raises(DataError, match="7 songs are too few"):
        RCCA(2).fit((X[:7], Y[:7]))


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    X, Y = views()
    model = RCCA(2).fit((X, Y))
    before = model.transform((X, Y))[0]
    with pytest.raises(DataError):
        model.fit((X[:7], Y[:7]))
    np.testing.assert_array_equal(model.transform((X, Y))[0], before)


def test_save_and_load_give_the_same_numbers(tmp_path):
    X, Y = views()
    model = RCCA(3, ridges=(np.array([1.0, 10.0]), [5]), random_state=np.int64(4)).fit((X, Y))
    model.save(tmp_path / "rcca")
    again = RCCA.load(tmp_path / "rcca")
    assert again.get_params() == {"n_components": 3, "ridges": ((1.0, 10.0), (5,)), "folds": 5, "random_state": 4}
    assert again.ridge_ == model.ridge_
    np.testing.assert_array_equal(again.correlations_, model.correlations_)
    np.testing.assert_array_equal(again.scores_, model.scores_)
    for mine, other in zip(
        (*model.ridges_, *model.transform((X, Y))), (*again.ridges_, *again.transform((X, Y))), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    with pytest.raises(LibraryError):
        CCA.load(tmp_path / "rcca")


def test_not_fitted_and_clone():
    model = clone(RCCA(3, ridges=1).fit(views()))
    assert model.get_params()["ridges"] == 1
    with pytest.raises(NotFittedError, match="this RCCA is not fitted"):
        model.transform(views())
    with pytest.raises(NotFittedError):
        _ = model.correlations_
