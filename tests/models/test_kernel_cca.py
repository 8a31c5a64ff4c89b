import numpy as np
import pytest
from sklearn.base import clone

from alcca.errors import DataError, LibraryError, NotFittedError, UsageError
from alcca.models.base import Standardizer
from alcca.models.cca import CCA
from alcca.models.kernel_cca import KernelCCA
from alcca.models.kernels import kernel_matrix, median_gamma
from alcca.models.ridges import ridge_grids, ridge_scores


def views(n=60, p=5, q=4, seed=0):
    """Audio whose squares lyrics share."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    Y = np.column_stack([X[:, :2] ** 2, rng.normal(size=(n, q - 2))]) + 0.2 * rng.normal(size=(n, q))
    return X * np.geomspace(1, 1e3, p) + 7, Y


def standardised(*pair):
    return tuple(Standardizer.of(X).apply(X).astype(np.float64) for X in pair)


def dense(Kx, Ky, rx, ry):
    """Kernel CCA of Hardoon et al.: eigenvectors of (Kx + a I)^-1 Ky (Ky + b I)^-1 Kx, a = (n - 1) rx."""
    n = len(Kx)
    H = np.eye(n) - 1 / n
    Kx, Ky = H @ Kx @ H, H @ Ky @ H
    a, b = (n - 1) * rx, (n - 1) * ry
    half = np.linalg.solve(Ky + b * np.eye(n), Kx)
    squares, alpha = np.linalg.eig(np.linalg.solve(Kx + a * np.eye(n), Ky @ half))
    order = np.argsort(-squares.real)
    alpha = alpha.real[:, order]
    return np.sqrt(squares.real[order].clip(0)), Kx @ alpha, Ky @ half @ alpha


def aligned(Z, other):
    """Scale the columns of Z to those of the other: eigenvectors have no length and no sign."""
    return Z * ((Z * other).sum(0) / (Z**2).sum(0))


@pytest.mark.parametrize("kernel", ["rbf", "linear", ("linear", "rbf")])
@pytest.mark.parametrize(("n", "p"), [(60, 5), (30, 80)])
def test_with_all_landmarks_equals_dense_kernel_cca(kernel, n, p):
    X, Y = views(n=n, p=p)
    model = KernelCCA(3, kernel=kernel, gamma=(0.1, 0.2), ridges=((0.01,), (0.05,))).fit((X, Y))
    Kx, Ky = (kernel_matrix(Z, Z, g) for Z, g in zip(standardised(X, Y), model.gammas_, strict=True))
    rho, Zx, Zy = dense(Kx, Ky, 0.01, 0.05)
    np.testing.assert_allclose(model.correlations_, rho[:3], atol=1e-7)
    for Z, mine in zip((Zx, Zy), model.transform((X, Y)), strict=True):
        np.testing.assert_allclose(aligned(Z[:, :3], mine), mine, atol=1e-5)


def test_equals_cca_zoo():
    # Its constraint is (1 - c) K^2 / (n - 1) + c K: ours in other units, with ridge c / (1 - c).
    from cca_zoo.nonparametric import KCCA

    X, Y = views()
    new, c, gamma = standardised(*views(seed=1)), np.array([0.02, 0.05]), [0.1, 0.2]
    ours = KernelCCA(3, gamma=tuple(gamma), ridges=tuple((r,) for r in c / (1 - c))).fit((X, Y))
    scales = [Standardizer.of(A) for A in (X, Y)]
    theirs = KCCA(n_components=3, kernel="rbf", gamma=gamma, shrinkage=c.tolist(), center=False)
    theirs.fit(list(standardised(X, Y)))
    raw = [Z * scale.scale + scale.mean for Z, scale in zip(new, scales, strict=True)]
    for Z, mine in zip(theirs.transform(list(new)), ours.transform(raw), strict=True):
        np.testing.assert_allclose(aligned(Z, mine), mine, atol=1e-4)


@pytest.mark.parametrize("rank", [20, 60])
def test_linear_kernel_is_cca_with_a_ridge_of_p_times_as_much(rank):
    # Features are the standardised columns, rotated and divided by sqrt(p): covariances are divided by p.
    X, Y = views()
    model = KernelCCA(4, kernel="linear", rank=rank, ridges=((0.02,), (0.03,))).fit((X, Y))
    plain = CCA(4, ridge=(5 * 0.02, 4 * 0.03)).fit(standardised(X, Y))
    np.testing.assert_allclose(model.correlations_, plain.correlations_, atol=1e-10)
    # Ridge and covariance are both p times as large, so that variates are the same but for their sign.
    for mine, theirs in zip(model.transform((X, Y)), plain.transform(standardised(X, Y)), strict=True):
        np.testing.assert_allclose(np.abs(mine), np.abs(theirs), atol=1e-6)


def test_finds_what_is_not_linear():
    X, Y = views(n=160)
    new = views(n=300, seed=1)

    def held_out(model):
        Za, Zt = model.fit((X, Y)).transform(new)
        return abs(np.corrcoef(Za[:, 0], Zt[:, 0])[0, 1])

    assert held_out(KernelCCA(2)) > 0.8
    assert held_out(KernelCCA(2, kernel="linear")) < 0.4


def test_more_landmarks_come_nearer_to_the_kernel():
    X, Y = views(n=300)
    exact = KernelCCA(2, rank=300, ridges=0.01).fit((X, Y)).correlations_
    near, far = (np.abs(KernelCCA(2, rank=r, ridges=0.01).fit((X, Y)).correlations_ - exact).max() for r in (150, 5))
    assert near < 0.02 < far


def test_the_median_rule():
    X, Y = views()
    model = KernelCCA(2, kernel=("rbf", "linear"), ridges=0.01).fit((X, Y))
    assert model.gammas_ == (median_gamma(X, Standardizer.of(X), np.random.default_rng(0)), None)
    assert KernelCCA(2, gamma=(None, 0.5), ridges=0.01).fit((X, Y)).gammas_ == (model.gammas_[0], 0.5)


def test_ridges_are_chosen_as_in_rcca():
    X, Y = views()
    model = KernelCCA(3, ridges=((1e-3, 1e-1), (1e-2, 1)), folds=4, random_state=5).fit((X, Y))
    features = [view.apply(A) for view, A in zip(model.maps_, (X, Y), strict=True)]
    grids = ridge_grids(((1e-3, 1e-1), (1e-2, 1)))
    np.testing.assert_array_equal(model.scores_, ridge_scores(*features, grids, 3, 4, 5))
    i, j = (grid.tolist().index(r) for grid, r in zip(model.ridges_, model.ridge_, strict=True))
    assert model.scores_[i, j] == model.scores_.max()
    assert model.cca_.ridge == model.ridge_


def test_the_seed_draws_the_landmarks():
    X, Y = views()
    first, again, other = (KernelCCA(2, rank=20, ridges=0.01, random_state=s).fit((X, Y)) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.correlations_, again.correlations_)
    assert (first.maps_[0].landmarks != other.maps_[0].landmarks).any()


def test_landmarks_are_not_the_first_songs_that_are_held_out():
    X, Y = views()
    model = KernelCCA(2, rank=12, ridges=0.01).fit((X, Y))
    held_out = np.sort(np.random.default_rng(0).permutation(60)[:12])
    assert (model.maps_[0].landmarks != Standardizer.of(X).apply(X[held_out])).any()


def test_components_are_nested():
    few, many = (KernelCCA(k, ridges=0.01).fit(views()) for k in (2, 30))
    for a, b in zip(few.transform(views()), many.transform(views()), strict=True):
        np.testing.assert_allclose(a, b[:, :2], atol=1e-9)


def test_either_view_of_new_songs():
    model = KernelCCA(3, rank=20).fit(views())
    X, Y = views(n=5, seed=1)
    both = model.transform((X, Y))
    assert both[0].shape == both[1].shape == (5, 3)
    assert model.transform((X, None))[1] is None
    np.testing.assert_array_equal(model.transform((None, Y))[1], both[1])
    with pytest.raises(DataError, match="audio: expected 5 columns as in fit, got 4"):
        model.transform((Y, None))


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
@pytest.mark.parametrize("p", [5, 200])
def test_duplicate_and_constant_columns_and_songs_stay_finite(kernel, p):
    X, Y = views(n=30, p=p)
    X[:, 1], X[:, 2], Y[:, 0] = X[:, 0], 7.0, -1e9
    X[:12], Y[:12] = X[0], Y[0]
    model = KernelCCA(10, kernel=kernel).fit((X, Y))
    assert np.isfinite(model.scores_).all()
    for Z in model.transform((X, Y)):
        assert np.isfinite(Z).all()
        assert Z.any()


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_a_view_that_never_varies_correlates_with_nothing(kernel):
    X, Y = views()
    model = KernelCCA(2, kernel=kernel).fit((np.ones_like(X), Y))
    np.testing.assert_allclose(model.correlations_, 0, atol=1e-12)
    assert all(np.isfinite(Z).all() for Z in model.transform((X, Y)))


@pytest.mark.parametrize(("k", "rank", "most"), [(61, 500, 60), (21, 20, 20)])
def test_too_many_components_are_refused(k, rank, most):
    with pytest.raises(
        DataError, match=rf"n_components={k}: expected 1 to {most}, the landmarks \(rank {rank}, songs 60\)"
    ):
        KernelCCA(k, rank=rank).fit(views())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kernel", "poly"),
        ("kernel", ("rbf",)),
        ("kernel", None),
        ("gamma", 0),
        ("gamma", -1.0),
        ("gamma", np.nan),
        ("gamma", "scale"),
        ("gamma", (1.0,)),
        ("rank", 0),
        ("rank", 2.5),
        ("ridges", -1),
        ("folds", 1),
    ],
)
def test_bad_settings_are_refused(setting, value):
    with pytest.raises(UsageError, match=f"{setting}=.*expected"):
        KernelCCA(2, **{setting: value}).fit(views())


def test_bad_data_are_refused():
    X, Y = views()
    with pytest.raises(DataError, match="audio has 60 songs and lyrics 59"):
        KernelCCA(2).fit((X, Y[1:]))
    with pytest.raises(DataError, match="7 songs are too few"):
        KernelCCA(2).fit((X[:7], Y[:7]))


def test_save_and_load_give_the_same_numbers(tmp_path):
    X, Y = views()
    model = KernelCCA(3, kernel=("rbf", "linear"), rank=20, ridges=(0.01, 0.1)).fit((X, Y))
    model.save(tmp_path / "kernel")
    again = KernelCCA.load(tmp_path / "kernel")
    assert again.get_params() == model.get_params()
    assert (again.ridge_, again.gammas_) == (model.ridge_, model.gammas_)
    np.testing.assert_array_equal(again.correlations_, model.correlations_)
    np.testing.assert_array_equal(again.scores_, model.scores_)
    for mine, other in zip(
        (*model.ridges_, *model.transform((X, Y))), (*again.ridges_, *again.transform((X, Y))), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    with pytest.raises(LibraryError):
        CCA.load(tmp_path / "kernel")


def test_not_fitted_and_clone():
    model = clone(KernelCCA(3, gamma=(0.1, None), ridges=0.01).fit(views()))
    assert model.get_params()["gamma"] == (0.1, None)
    with pytest.raises(NotFittedError, match="this KernelCCA is not fitted"):
        model.transform(views())
    with pytest.raises(NotFittedError):
        _ = model.correlations_
    with pytest.raises(NotFittedError):
        _ = model.gammas_
