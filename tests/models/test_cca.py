import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_linnerud

from alcca.errors import DataError, LibraryError, NotFittedError, UsageError
from alcca.models.cca import CCA
from alcca.models.kernel_cca import KernelCCA
from alcca.models.rcca import RCCA
from alcca.models.standardised_cca import StandardisedCCA


def views(n=300, p=12, q=7, seed=0):
    """Two views with three shared factors."""
    rng = np.random.default_rng(seed)
    S = rng.normal(size=(n, 3))
    X = S @ rng.normal(size=(3, p)) + 2 * rng.normal(size=(n, p)) + 5
    Y = S @ rng.normal(size=(3, q)) + 2 * rng.normal(size=(n, q)) - 3
    return X, Y


def naive(X, Y, rx, ry):
    """Eigenvalues of the textbook's product of inverses."""
    p, C = X.shape[1], np.cov(np.hstack([X, Y]).T)
    Cxx, Cyy, Cxy = C[:p, :p] + rx * np.eye(p), C[p:, p:] + ry * np.eye(Y.shape[1]), C[:p, p:]
    values = np.linalg.eigvals(np.linalg.solve(Cxx, Cxy) @ np.linalg.solve(Cyy, Cxy.T))
    return np.sqrt(np.sort(values.real)[::-1][: min(X.shape[1], Y.shape[1])].clip(0))


def exact(rho, n=64):
    """Two views whose sample canonical correlations are exactly ``rho``: orthogonal columns, mixed."""
    k = len(rho)
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 2 * k))]))[0][:, 1:]
    X, E = basis[:, :k], basis[:, k:]
    Y = X * rho + E * np.sqrt(1 - np.square(rho))
    return X @ rng.normal(size=(k, k)) + 4, Y @ rng.normal(size=(k, k)) - 1


def test_closed_form():
    rho = np.array([0.95, 0.8, 0.5, 0.1])
    np.testing.assert_allclose(CCA(4).fit(exact(rho)).correlations_, rho, atol=1e-12)


def test_closed_form_with_a_ridge():
    # One column a view, variances a and b, correlation rho: the ridge shrinks it to
    # rho sqrt(ab / ((a + rx)(b + ry))).
    X, Y = exact(np.array([0.6]))
    a, b = X.var(ddof=1), Y.var(ddof=1)
    expected = 0.6 * np.sqrt(a * b / ((a + 0.5) * (b + 2.0)))
    np.testing.assert_allclose(CCA(1, ridge=(0.5, 2.0)).fit((X, Y)).correlations_, [expected], atol=1e-12)


def test_published_example():
    # Linnerud's exercise and body data, 20 men: the example of the SAS manual's CANCORR procedure.
    data = load_linnerud()
    np.testing.assert_allclose(
        CCA(3).fit((data.data, data.target)).correlations_, [0.795608, 0.200556, 0.072570], atol=5e-7
    )


def test_equals_statsmodels():
    from statsmodels.multivariate.cancorr import CanCorr

    X, Y = views()
    np.testing.assert_allclose(CCA(7).fit((X, Y)).correlations_, CanCorr(X, Y).cancorr, atol=1e-8)


def test_equals_cca_zoo():
    from cca_zoo import linear

    X, Y = views()
    theirs = linear.CCA(n_components=7).fit([X, Y])
    Za, Zt = theirs.transform([X, Y])
    expected = [np.corrcoef(Za[:, k], Zt[:, k])[0, 1] for k in range(7)]
    model = CCA(7).fit((X, Y))
    np.testing.assert_allclose(model.correlations_, expected, atol=1e-8)
    np.testing.assert_allclose(np.abs(model.weights_[0]), np.abs(theirs.weights_[0]), atol=1e-8)


def test_equals_cca_zoo_with_a_ridge():
    # Its shrinkage c keeps w'((1 - c) S + c I)w = 1, which is our ridge c / (1 - c) in other units.
    from cca_zoo.linear import RidgeCCA

    X, Y = views()
    c = np.array([0.3, 0.6])
    theirs = RidgeCCA(n_components=7, shrinkage=c.tolist()).fit([X, Y])
    ours = CCA(7, ridge=tuple(c / (1 - c))).fit((X, Y))
    for which in (0, 1):
        np.testing.assert_allclose(
            np.abs(ours.weights_[which]), np.abs(theirs.weights_[which]) * np.sqrt(1 - c[which]), atol=1e-8
        )


@pytest.mark.parametrize(("p", "q"), [(12, 7), (7, 12), (5, 5), (1, 4)])
@pytest.mark.parametrize("ridge", [0.0, 0.1, (1.0, 10.0)])
def test_equals_the_textbook(p, q, ridge):
    X, Y = views(p=p, q=q)
    rx, ry = np.broadcast_to(ridge, 2)
    k = min(p, q)
    np.testing.assert_allclose(CCA(k, ridge=ridge).fit((X, Y)).correlations_, naive(X, Y, rx, ry), atol=1e-8)


@pytest.mark.parametrize("ridge", [0.0, (0.5, 2.0)])
def test_variates_are_whitened_in_the_regularised_metric(ridge):
    X, Y = views()
    model = CCA(7, ridge=ridge).fit((X, Y))
    rx, ry = np.broadcast_to(ridge, 2)
    (Wx, Wy), (Za, Zt) = model.weights_, model.transform((X, Y))
    np.testing.assert_allclose(np.cov(Za.T) + rx * Wx.T @ Wx, np.eye(7), atol=1e-10)
    np.testing.assert_allclose(np.cov(Zt.T) + ry * Wy.T @ Wy, np.eye(7), atol=1e-10)
    cross = (Za - Za.mean(0)).T @ (Zt - Zt.mean(0)) / (len(X) - 1)
    np.testing.assert_allclose(cross, np.diag(model.correlations_), atol=1e-10)


def test_variates_of_the_training_songs_have_mean_0():
    X, Y = views()
    for Z in CCA(3).fit((X, Y)).transform((X, Y)):
        np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-12)


def test_components_are_nested():
    few, many = CCA(2, ridge=0.1).fit(views()), CCA(7, ridge=0.1).fit(views())
    for which in (0, 1):
        np.testing.assert_array_equal(few.weights_[which], many.weights_[which][:, :2])


def test_signs_follow_the_largest_weight_of_audio():
    X, Y = views()
    model = CCA(7).fit((X, Y))
    first = model.weights_[0]
    assert (first[np.abs(first).argmax(0), range(7)] > 0).all()
    turned = CCA(7).fit((X, -Y))
    np.testing.assert_allclose(turned.weights_[0], first, atol=1e-10)
    np.testing.assert_allclose(turned.weights_[1], -model.weights_[1], atol=1e-10)


@pytest.mark.parametrize("chunks", [[150], [1, 2, 17, 299], list(range(1, 300, 7))])
@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_partial_fit_equals_fit(chunks, ridge):
    X, Y = views()
    X += 1e4
    whole, parts = CCA(7, ridge=ridge).fit((X, Y)), CCA(7, ridge=ridge)
    for rows in np.split(np.arange(300), chunks):
        parts.partial_fit((X[rows], Y[rows]))
    np.testing.assert_allclose(parts.correlations_, whole.correlations_, atol=1e-10)
    for which in (0, 1):
        np.testing.assert_allclose(parts.weights_[which], whole.weights_[which], atol=1e-9)
        np.testing.assert_allclose(parts.means_[which], whole.means_[which], rtol=1e-12)


def test_partial_fit_goes_on_after_fit_and_after_use():
    X, Y = views()
    model = CCA(3).fit((X[:100], Y[:100]))
    before = model.correlations_
    model.partial_fit((X[100:], Y[100:]))
    assert not np.allclose(model.correlations_, before)
    np.testing.assert_allclose(model.correlations_, CCA(3).fit((X, Y)).correlations_, atol=1e-10)


def test_fit_forgets():
    X, Y = views()
    model = CCA(3).fit((X[:100], Y[:100])).fit((X, Y))
    np.testing.assert_array_equal(model.correlations_, CCA(3).fit((X, Y)).correlations_)


def test_collinear_and_constant_columns_change_nothing():
    X, Y = views()
    expected = CCA(7).fit((X, Y)).correlations_
    worse = np.column_stack([X[:, :3], np.full(len(X), 0.1), X[:, 3:], X @ np.arange(12), 3 * X[:, 0]])
    model = CCA(7).fit((worse, Y))
    np.testing.assert_allclose(model.correlations_, expected, atol=1e-9)
    assert np.isfinite(model.weights_[0]).all()
    Za, Zt = model.transform((worse, Y))
    np.testing.assert_allclose([np.corrcoef(Za[:, k], Zt[:, k])[0, 1] for k in range(7)], expected, atol=1e-8)


def test_collinear_float32_columns_change_nothing():
    X, Y = (A.astype(np.float32) for A in views())
    worse = np.column_stack([X, X[:, 0] + X[:, 1]])
    np.testing.assert_allclose(CCA(7).fit((worse, Y)).correlations_, CCA(7).fit((X, Y)).correlations_, atol=1e-6)


def test_components_beyond_the_rank_are_zero():
    X, Y = views()
    X[:, 2:] = X[:, :2] @ np.ones((2, 10))
    model = CCA(5).fit((X, Y))
    assert (model.correlations_[:2] > 0).all()
    assert (model.correlations_[2:] == 0).all()
    for W in model.weights_:
        assert (W[:, 2:] == 0).all()


@pytest.mark.parametrize("p", [6, 402])  # the columns as they are, and in the span of the songs
@pytest.mark.parametrize("ridge", [1e-3, (1e-3, 0.0), (0.0, 1e-3), 10.0])
@pytest.mark.parametrize("learn", ["fit", "partial_fit"])
def test_a_ridge_gives_directions_without_correlation_no_weight(p, ridge, learn):
    # While training two columns never vary, and the others repeat three, which the lyrics share.
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(300, 3))
    X, Y = np.tile(shared, p // 3), shared @ rng.normal(size=(3, 6)) + rng.normal(size=(300, 6))
    X[:200, 0] = X[:200, 4] = 7.0
    model, fewer = (getattr(CCA(k, ridge=ridge), learn)((X[:200], Y[:200])) for k in (6, 3))
    assert (model.correlations_[:3] > 1e-3).all()
    assert (model.correlations_[3:] == 0).all()
    for mine, theirs in zip(model.weights_, fewer.weights_, strict=True):
        assert (mine[:, 3:] == 0).all()
        np.testing.assert_array_equal(mine[:, :3], theirs)
    # New songs vary where the training songs did not, and rank as with the components that correlate.
    new = X[200:], Y[200:]
    np.testing.assert_allclose(model.similarity(*new), fewer.similarity(*new), atol=1e-12)


@pytest.mark.parametrize(
    "variant", [StandardisedCCA(6, ridge=1.0), RCCA(6, ridges=1.0), RCCA(6), KernelCCA(6, kernel="linear", ridges=1e-3)]
)
def test_all_variants_leave_directions_without_correlation_out(variant):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(100, 6)), rng.normal(size=(100, 7))
    X[:, 4], X[:, 5] = X[:, 0], 3.0
    model = variant.fit((X, Y))
    assert (model.cca_.correlations_[:4] > 0).all()
    for weights in (model.cca_.correlations_, *model.cca_.weights_):
        assert (weights[..., 4:] == 0).all()


@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_a_view_that_never_varies_correlates_with_nothing(ridge):
    X, Y = views()
    model = CCA(2, ridge=ridge).fit((np.ones_like(X), Y))
    np.testing.assert_allclose(model.correlations_, 0, atol=1e-15)
    Za, _ = model.transform((np.ones((3, 12)), None))
    np.testing.assert_array_equal(Za, 0)


@pytest.mark.parametrize(("p", "q"), [(80, 6), (6, 80), (80, 70)])
def test_more_columns_than_songs_with_a_ridge(p, q):
    X, Y = views(n=40, p=p, q=q)
    model, primal = CCA(6, ridge=0.5).fit((X, Y)), CCA(6, ridge=0.5).partial_fit((X, Y))
    np.testing.assert_allclose(model.correlations_, naive(X, Y, 0.5, 0.5)[:6], atol=1e-7)
    np.testing.assert_allclose(model.correlations_, primal.correlations_, atol=1e-10)
    for which in (0, 1):
        np.testing.assert_allclose(model.weights_[which], primal.weights_[which], atol=1e-9)
        np.testing.assert_allclose(model.means_[which], primal.means_[which], atol=1e-12)


def test_more_columns_than_songs_without_a_ridge_is_said_to_mean_nothing():
    X, Y = views(n=20, p=30, q=5)
    with pytest.warns(UserWarning, match="audio has as many independent columns as 20 songs allow"):
        model = CCA(5).fit((X, Y))
    np.testing.assert_allclose(model.correlations_, 1, atol=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CCA(5, ridge=0.1).fit((X, Y))
        CCA(5, ridge=0.1).fit((X[:, :19], Y))  # one column less than songs


def test_correlations_never_exceed_1():
    for seed in range(20):
        X = np.random.default_rng(seed).normal(size=(50, 8))
        assert (CCA(8).fit((X, X[:, ::-1])).correlations_ <= 1).all()


def test_either_view_alone():
    X, Y = views()
    model = CCA(3).fit((X, Y))
    both = model.transform((X, Y))
    assert model.transform((X, None))[1] is None
    np.testing.assert_array_equal(model.transform((X, None))[0], both[0])
    np.testing.assert_array_equal(model.transform((None, Y))[1], both[1])


def test_too_many_components_are_refused():
    with pytest.raises(DataError, match=r"n_components=8: expected 1 to 7.*\(audio 12, lyrics 7\)"):
        CCA(8).fit(views())


@pytest.mark.parametrize("ridge", [-1, (0.1, -0.1), np.nan, np.inf, (1, 2, 3), (), "much", "1", ("1", 2), None, True])
def test_bad_ridges_are_refused(ridge):
    with pytest.raises(UsageError, match=r"ridge=.*expected a number of at least 0"):
        CCA(1, ridge=ridge).fit(views())


@pytest.mark.parametrize("ridge", [2, np.float32(2), np.array(2.0), [2, 2], np.array([2, 2.0])])
def test_ridges_of_any_kind_of_number(ridge):
    assert CCA(1, ridge=ridge).fit(views()).correlations_ == CCA(1, ridge=2.0).fit(views()).correlations_


def test_partial_fit_refuses_other_columns_and_models_without_covariances(tmp_path):
    X, Y = views()
    with pytest.raises(DataError, match=r"expected \(12, 7\) columns"):
        CCA(3).partial_fit((X, Y)).partial_fit((X[:, :5], Y))
    CCA(3).fit((X, Y)).save(tmp_path / "cca")
    with pytest.raises(DataError, match="keeps no covariances"):
        CCA.load(tmp_path / "cca").partial_fit((X, Y))
    with pytest.raises(DataError, match="at least 2 songs"):
        _ = CCA(3).partial_fit((X[:1], Y[:1])).correlations_


def test_not_fitted(tmp_path):
    with pytest.raises(NotFittedError, match="this CCA is not fitted"):
        CCA(3).transform(views())
    with pytest.raises(NotFittedError):
        CCA(3).save(tmp_path / "cca")
    with pytest.raises(NotFittedError):
        _ = CCA(3).weights_


def test_save_and_load_give_the_same_numbers(tmp_path):
    X, Y = views()
    model = CCA(3, ridge=(0.1, np.float64(2))).fit((X, Y))
    model.save(tmp_path / "cca")
    again = CCA.load(tmp_path / "cca")
    assert again.get_params() == {"n_components": 3, "ridge": (0.1, 2.0)}
    np.testing.assert_array_equal(again.correlations_, model.correlations_)
    for mine, other in zip(model.transform((X, Y)), again.transform((X, Y)), strict=True):
        np.testing.assert_array_equal(mine, other)
    with pytest.raises(LibraryError):
        CCA.load(tmp_path / "nowhere")


def test_scikit_learn_conventions():
    model = clone(CCA(3, ridge=0.5).fit(views()))
    assert model.set_params(n_components=4).get_params() == {"n_components": 4, "ridge": 0.5}
    with pytest.raises(NotFittedError):
        model.transform(views())
    assert repr(CCA(3)) == "CCA(n_components=3)"
