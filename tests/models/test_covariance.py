import numpy as np
import pytest

from alcca.models.base import ROWS_PER_BLOCK
from alcca.models.covariance import RunningCovariance, correlated, song_span, whitener


def test_chunks_give_numpys_covariance():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(5000, 4)), rng.normal(size=(5000, 3))  # more than two blocks
    running = RunningCovariance()
    for rows in np.split(np.arange(5000), [1, 7, 900, 901]):
        running.add(X[rows], Y[rows])
    C = np.cov(np.hstack([X, Y]).T)
    for got, expected in zip(running.covariances(), (C[:4, :4], C[4:, 4:], C[:4, 4:]), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-12)
    np.testing.assert_allclose(np.concatenate(running.means()), np.hstack([X, Y]).mean(0), atol=1e-12)


@pytest.mark.parametrize("mean", [0.0, 1.9, 30.0])  # as they are, still as they are, and block by block
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_call_on_many_songs(mean, order):
    X = np.asarray(np.random.default_rng(0).normal(mean, size=(2 * ROWS_PER_BLOCK + 5, 3)), order=order)
    running = RunningCovariance()
    running.add(X, X[:, :2])
    for got, columns in zip(running.covariances(), ((3, 3), (2, 2), (3, 2)), strict=True):
        np.testing.assert_allclose(got, np.cov(X.T)[: columns[0], : columns[1]], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(running.means()[0], X.mean(axis=0), rtol=1e-12, atol=1e-15)


def test_float32_is_not_summed_in_float32():
    X = np.random.default_rng(0).normal(size=(5000, 2)).astype(np.float32)
    running = RunningCovariance()
    running.add(X, X)
    np.testing.assert_allclose(running.covariances()[2], np.cov(X.T, dtype=np.float64), rtol=1e-12)


@pytest.mark.parametrize("chunks", [2, 8])
def test_a_large_mean_does_not_drown_the_spread(chunks):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3))
    running = RunningCovariance()
    for rows in np.split(np.arange(4000), chunks):
        running.add(X[rows] + 1e9, X[rows])
    np.testing.assert_allclose(running.covariances()[0], np.cov(X.T), atol=1e-6)


@pytest.mark.parametrize("songs", [777, 1777])
def test_constant_columns_have_no_variance_at_all(songs):
    running = RunningCovariance()
    for value in (0.1, 0.1, 0.1):
        running.add(np.full((songs, 1), value), np.ones((songs, 1)))
    assert running.covariances()[0] == 0


@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("units", [1.0, 1e-7])
def test_whitened(ridge, units):
    X = np.random.default_rng(0).normal(size=(50, 5)) * [units, 1, 1, 1, 1 / units]
    C = np.cov(X.T)
    W = whitener(C, ridge)
    assert W.shape == (5, 5)
    np.testing.assert_allclose(W.T @ (C + ridge * np.eye(5)) @ W, np.eye(5), atol=1e-8)


@pytest.mark.parametrize("units", [1.0, 1e-9, 1e6])
def test_collinear_columns_are_left_out_whatever_their_units(units):
    X = np.random.default_rng(0).normal(size=(50, 4))
    X = np.column_stack([X, X @ [1, 2, 3, 4], np.full(50, 7.0)])
    X[:, 0] *= units
    C = np.cov(X.T)
    C[5] = C[:, 5] = 0
    W = whitener(C)
    assert W.shape == (6, 4)
    np.testing.assert_allclose(W.T @ C @ W, np.eye(4), atol=1e-8)


def test_nothing_to_whiten():
    assert whitener(np.zeros((3, 3))).shape == (3, 0)


def test_song_span_holds_the_songs():
    X = np.random.default_rng(0).normal(3, 1, size=(10, 40))
    Q = song_span(X)
    np.testing.assert_allclose(Q.T @ Q, np.eye(10), atol=1e-12)
    centred = X - X.mean(0)
    np.testing.assert_allclose(centred @ Q @ Q.T, centred, atol=1e-12)


@pytest.mark.parametrize("units", [1.0, 1e-9])
def test_song_span_of_songs_that_span_little(units):
    X = np.tile(np.random.default_rng(0).normal(3, 1, size=(10, 4)) * [1, 1, 1, units], 10)
    X[:, 0] = 1e6 / 3
    Q = song_span(X)
    assert Q.shape == (40, 4)
    np.testing.assert_allclose(Q.T @ Q, np.eye(4), atol=1e-12)
    centred = X - X.mean(0)
    np.testing.assert_allclose(centred @ Q @ Q.T, centred, atol=1e-9)
    assert song_span(np.ones((3, 7))).shape == (7, 1)


def test_few_and_many_columns_are_whitened_alike(monkeypatch):
    C = np.cov(np.random.default_rng(0).normal(size=(30, 200)))
    few = whitener(C, 0.1)
    monkeypatch.setattr("alcca.models.covariance.FEW_COLUMNS", 0)
    many = whitener(C, 0.1)
    np.testing.assert_allclose(few, many, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(few.T @ (C + 0.1 * np.eye(30)) @ few, np.eye(30), atol=1e-12)


def test_components_that_correlate():
    assert correlated(np.array([1.0, 2e-12, 5e-13])).tolist() == [True, True, False]
    # Large ridges shrink all correlations alike.
    assert correlated(np.array([1e-30, 1e-36, 0.0])).tolist() == [True, True, False]
    assert correlated(np.zeros(2)).tolist() == [False, False]
    assert correlated(np.array([-1e-20])).tolist() == [False]
    assert correlated(np.empty(0)).tolist() == []
