import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from alcca.models import kernels
from alcca.models.base import ROWS_PER_BLOCK, Standardizer
from alcca.models.kernels import NystromMap, kernel_matrix, median_gamma


def standardised(X):
    return Standardizer.of(X).apply(X)


def songs(n=50, p=6, seed=0):
    return np.random.default_rng(seed).normal(3, 2, size=(n, p))


def test_equals_scikit_learn():
    A, B = songs(), songs(30, seed=1)
    np.testing.assert_allclose(kernel_matrix(A, B, 0.07), rbf_kernel(A, B, gamma=0.07), atol=1e-12)
    np.testing.assert_allclose(kernel_matrix(A, B, None), A @ B.T / 6, atol=1e-12)


def test_float32_songs_get_kernels_of_float64():
    A = songs(p=3000).astype(np.float32)
    assert kernel_matrix(A, A, 1e-4).dtype == np.float64
    np.testing.assert_allclose(kernel_matrix(A, A, 1e-4), rbf_kernel(A.astype(np.float64), gamma=1e-4), atol=1e-12)


def test_a_song_is_no_further_than_0_from_itself():
    A = 1e4 + songs(p=300)
    assert (kernel_matrix(A, A, 1e3) <= 1).all()


@pytest.mark.parametrize("gamma", [None, 0.1])
def test_a_song_with_itself_is_about_1(gamma):
    Z = standardised(songs())
    assert kernel_matrix(Z, Z, gamma).diagonal().mean() == pytest.approx(1, abs=1e-6)


def test_the_median_of_the_distances():
    X = songs(7)
    Z = standardised(X)
    squared = [((Z[i] - Z[j]) ** 2).sum() for i in range(7) for j in range(i)]
    gamma = median_gamma(X, Standardizer.of(X), np.random.default_rng(0))
    assert gamma == pytest.approx(1 / np.median(squared), rel=1e-6)


def test_the_median_of_many_songs_is_that_of_some(monkeypatch):
    X = songs(2000)
    whole = median_gamma(X[:1000], Standardizer.of(X), np.random.default_rng(0))
    some = median_gamma(X, Standardizer.of(X), np.random.default_rng(0))
    assert some == pytest.approx(whole, rel=0.05)
    monkeypatch.setattr(kernels, "SONGS_FOR_MEDIAN", 2)
    assert median_gamma(X, Standardizer.of(X), np.random.default_rng(0)) != some


def test_songs_that_are_all_the_same_have_a_width():
    X = np.ones((5, 2))
    assert median_gamma(X, Standardizer.of(X), np.random.default_rng(0)) == 1.0


@pytest.mark.parametrize("gamma", [None, 0.05])
@pytest.mark.parametrize("p", [6, 80])
def test_all_songs_as_landmarks_give_the_kernel(gamma, p):
    X = songs(p=p)
    Phi = NystromMap.of(X, Standardizer.of(X), np.arange(50), gamma).apply(X)
    assert Phi.shape == (50, 50)
    np.testing.assert_allclose(Phi @ Phi.T, kernel_matrix(standardised(X), standardised(X), gamma), atol=1e-8)


def test_a_linear_kernel_has_as_many_features_as_columns():
    X = songs()
    Phi = NystromMap.of(X, Standardizer.of(X), np.arange(50), None).apply(X)
    assert Phi.any(axis=0).sum() == 6


def test_landmarks_have_their_kernel_with_every_song():
    X, new = songs(), songs(20, seed=1)
    statistics, rows = Standardizer.of(X), np.array([3, 8, 40])
    learned = NystromMap.of(X, statistics, rows, 0.05)
    np.testing.assert_allclose(
        learned.apply(new) @ learned.apply(X[rows]).T,
        kernel_matrix(statistics.apply(new), statistics.apply(X[rows]), 0.05),
        atol=1e-10,
    )


def test_equal_landmarks_count_once():
    X = songs()
    X[1] = X[0]
    Phi = NystromMap.of(X, Standardizer.of(X), np.array([0, 1]), 0.05).apply(X)
    alone = NystromMap.of(X, Standardizer.of(X), np.array([0]), 0.05).apply(X)
    assert (Phi == 0).all(axis=0).sum() == 1
    np.testing.assert_allclose(Phi @ Phi.T, alone @ alone.T, atol=1e-12)


def test_songs_go_through_in_blocks():
    X = songs(ROWS_PER_BLOCK + 5)
    learned = NystromMap.of(X, Standardizer.of(X), np.arange(4), 0.05)
    np.testing.assert_allclose(learned.apply(X)[-7:], learned.apply(X[-7:]), atol=1e-12)
