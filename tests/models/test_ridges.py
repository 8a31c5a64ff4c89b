import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.models import ridges
from alcca.models.cca import CCA
from alcca.models.ridges import chosen_ridges, ridge_grids, ridge_scores


def views(n=60, p=12, q=7, seed=0):
    rng = np.random.default_rng(seed)
    S = rng.normal(size=(n, 3))
    X = S @ rng.normal(size=(3, p)) + 2 * rng.normal(size=(n, p)) + 5
    return X, S @ rng.normal(size=(3, q)) + 2 * rng.normal(size=(n, q)) - 3


def naive_score(Za, Zt):
    """Mean reciprocal rank of the right song, one query after the other."""
    reciprocal = []
    Za, Zt = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (Za, Zt))
    for Q, D in ((Za, Zt), (Zt, Za)):
        for i, query in enumerate(Q):
            cosine = [query @ d for d in D]
            reciprocal.append(1 / sum(c >= cosine[i] for c in cosine))
    return np.mean(reciprocal)


def refitted_scores(X, Y, grids, k, folds, seed):
    """Score of each pair of ridges from a CCA of its own in every fold."""
    order = np.random.default_rng(seed).permutation(len(X))
    scores = np.zeros([len(grid) for grid in grids])
    for held_out in np.array_split(order, folds):
        train = np.setdiff1d(order, held_out)
        for i, rx in enumerate(grids[0]):
            for j, ry in enumerate(grids[1]):
                model = CCA(k, ridge=(rx, ry)).fit((X[train], Y[train]))
                scores[i, j] += naive_score(*model.transform((X[held_out], Y[held_out]))) * len(held_out) / len(X)
    return scores


@pytest.mark.parametrize(("p", "q"), [(12, 7), (7, 12), (100, 9), (9, 100), (100, 80), (50, 45), (1, 4)])
def test_scores_are_those_of_refits(p, q):
    X, Y = views(p=p, q=q)
    grids, k = ridge_grids(((0.1, 3.0, 100.0), (0.01, 1.0))), min(p, q, 5)
    np.testing.assert_allclose(
        ridge_scores(X, Y, grids, k, folds=4, random_state=3), refitted_scores(X, Y, grids, k, 4, 3), rtol=1e-12
    )


@pytest.mark.parametrize(("p", "q"), [(12, 7), (7, 12), (100, 9), (9, 100)])
def test_choice_and_fit_agree_on_directions_without_correlation(p, q):
    # Columns that vary in one song only, or never, or repeat others: as those of rare words.
    X, Y = views(p=p, q=q)
    for view in (X, Y):
        view[:, 1] = view[:, 2] = 3.0
        view[:5, 1], view[0, 3:5] = 30.0, 50.0
        view[1:, 3:5] = 0.0
        view[:, 5] = view[:, 0]
    grids = ridge_grids(((1e-3, 0.1, 10.0), (1e-3, 1.0)))
    np.testing.assert_allclose(ridge_scores(X, Y, grids, 7, 4, 0), refitted_scores(X, Y, grids, 7, 4, 0), rtol=1e-12)


def test_folds_of_different_sizes_weigh_by_their_songs():
    X, Y = views(n=11)
    grids = ridge_grids((1.0, 10.0))
    np.testing.assert_allclose(ridge_scores(X, Y, grids, 2, 3, 0), refitted_scores(X, Y, grids, 2, 3, 0), rtol=1e-12)


def test_no_ridge_is_a_ridge_of_0():
    X, Y = views()
    grids = ridge_grids((0.0, 1.0))
    np.testing.assert_allclose(ridge_scores(X, Y, grids, 7, 4, 0), refitted_scores(X, Y, grids, 7, 4, 0), rtol=1e-12)


def test_more_components_than_a_fold_has_are_left_out():
    X, Y = views(n=12, p=40, q=30)
    assert np.isfinite(ridge_scores(X, Y, ridge_grids((0.0, 1.0)), 30, 4, 0)).all()


def test_components_that_are_rounding_are_left_out():
    # The second column of lyrics is orthogonal to audio: only the first component is there, and 1/rounding is noise.
    rng = np.random.default_rng(0)
    E = np.linalg.qr(rng.normal(size=(20, 5)))[0]
    audio = np.ones(3), E[:, :3], rng.normal(size=(15, 3))
    lyrics = np.ones(2), np.column_stack([E[:, 0], E[:, 3]]), rng.normal(size=(15, 2))
    expected = naive_score(audio[2][:, :1], lyrics[2][:, :1])
    np.testing.assert_allclose(ridges._fold_scores(audio, lyrics, ridge_grids(1), 2), expected, rtol=1e-12)


@pytest.mark.parametrize("p", [3, 100])
def test_constant_views_score_as_ties(p):
    X, Y = np.ones((60, p)), views()[1]
    # All 20 songs of a fold are at cosine 0: the right one counts as the last.
    np.testing.assert_allclose(ridge_scores(X, Y, ridge_grids((0.0, 1.0)), 2, 3, 0), 1 / 20)


def test_only_some_of_many_songs_are_ranked(monkeypatch):
    X, _ = views(n=300)
    monkeypatch.setattr(ridges, "MAX_RANKED", 1)
    assert ridge_scores(X, X[:, ::-1], ridge_grids((1.0, 2.0)), 2, 2, 0).tolist() == [[1, 1], [1, 1]]  # one among one


def test_the_seed_deals_the_songs():
    X, Y = views()
    first, again, other = (ridge_scores(X, Y, ridge_grids((1.0, 10.0)), 3, 4, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_best_pair_is_chosen(monkeypatch):
    monkeypatch.setattr(ridges, "ridge_scores", lambda *_: np.array([[0.1, 0.2, 0.1], [0.1, 0.1, 0.3]]))
    assert chosen_ridges(None, None, ridge_grids(((1, 2), (3, 4, 5))), 1, 2, 0)[0] == (2.0, 5.0)


def test_of_equal_pairs_the_largest_is_chosen(monkeypatch):
    monkeypatch.setattr(ridges, "ridge_scores", lambda *_: np.array([[0.1, 0.3, 0.1], [0.3, 0.1, 0.1]]))
    assert chosen_ridges(None, None, ridge_grids(((1, 2), (3, 4, 5))), 1, 2, 0)[0] == (2.0, 3.0)


def test_one_pair_is_not_scored():
    ridge, scores = chosen_ridges(np.ones((2, 1)), np.ones((2, 1)), ridge_grids(((3,), (0,))), 1, 5, 0)
    assert ridge == (3.0, 0.0)
    assert scores.shape == (1, 1)
    assert np.isnan(scores).all()


@pytest.mark.parametrize(
    ("given", "audio", "lyrics"),
    [
        (2, [2], [2]),
        ([3, 1, 3], [1, 3], [1, 3]),
        (np.logspace(0, 2, 3), [1, 10, 100], [1, 10, 100]),
        (((5,), (1, 0)), [5], [0, 1]),
        ((5, (1, 0)), [5], [0, 1]),
        (np.array([[1, 2], [3, 4]]), [1, 2], [3, 4]),
    ],
)
def test_grids(given, audio, lyrics):
    gx, gy = ridge_grids(given)
    assert (gx.tolist(), gy.tolist()) == (audio, lyrics)


@pytest.mark.parametrize("given", [-1, (), ((1,), ()), ((1,), (2,), (3,)), (1, np.nan), np.inf, "much", None, ((1,),)])
def test_bad_grids_are_refused(given):
    with pytest.raises(UsageError, match=r"ridges=.*expected numbers of at least 0, one grid for both views or a pair"):
        ridge_grids(given)


@pytest.mark.parametrize("folds", [1, 0, 2.5, "5"])
def test_bad_folds_are_refused(folds):
    with pytest.raises(UsageError, match=r"folds=.*expected a whole number of at least 2"):
        chosen_ridges(*views(), ridge_grids(1), 1, folds, 0)


def test_too_few_songs_are_refused():
    with pytest.raises(DataError, match="9 songs are too few to choose ridges on 5 folds; expected at least 10"):
        ridge_scores(*views(n=9), ridge_grids((1, 2)), 1, 5, 0)
    assert np.isfinite(ridge_scores(*views(n=10), ridge_grids((1, 2)), 1, 5, 0)).all()
