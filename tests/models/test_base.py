import numpy as np
import pandas as pd
import pytest

from alcca.errors import DataError
from alcca.models.base import Standardizer, check_pair, check_view, encode_labels, json_labels


def test_frames_are_flattened_row_by_row():
    frames = np.random.default_rng(0).normal(size=(5, 20, 161))
    flat = check_view(frames, "audio")
    assert flat.shape == (5, 3220)
    np.testing.assert_array_equal(flat[3], frames[3].ravel())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_are_not_copied(dtype):
    X = np.ones((4, 3), dtype=dtype)
    assert np.shares_memory(check_view(X, "audio"), X)


@pytest.mark.parametrize("dtype", ["float16", "int32", "uint8", "bool"])
def test_other_numbers_become_float64(dtype):
    assert check_view(np.ones((4, 3), dtype=dtype), "audio").dtype == np.float64


def test_data_frames_are_views():
    assert check_view(pd.DataFrame({"a": [1, 2], "b": [0.5, 1]}), "audio").tolist() == [[1, 0.5], [2, 1]]


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (np.ones(3), r"lyrics: expected shape \(songs, features\), got \(3,\)"),
        (np.ones((0, 3)), r"lyrics: expected at least one song.*\(0, 3\)"),
        (np.ones((3, 0)), r"lyrics: expected at least one song.*\(3, 0\)"),
        ([["a", "b"]], "lyrics: expected real numbers, got dtype <U1"),
        ([[1, 2], [3]], "lyrics: expected an array of numbers"),
        ([[1, object()]], "lyrics: expected an array of numbers"),
        ([[1j, 2]], "lyrics: expected real numbers, got dtype complex128"),
    ],
)
def test_bad_views_are_named(view, message):
    with pytest.raises(DataError, match=message):
        check_view(view, "lyrics")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_located(value):
    X = np.zeros((5000, 3))
    X[4321, 2] = value
    with pytest.raises(DataError, match=rf"audio: {value} in row 4321, column 2"):
        check_view(X, "audio")


def test_other_columns_than_in_fit_are_refused():
    with pytest.raises(DataError, match="audio: expected 4 columns as in fit, got 3"):
        check_view(np.ones((2, 3)), "audio", columns=4)


@pytest.mark.parametrize(
    ("views", "message"),
    [
        ((np.ones((3, 2)), np.ones((4, 2))), "audio has 3 songs and lyrics 4"),
        ((np.ones((1, 2)), np.ones((1, 2))), "at least 2 songs to learn from, got 1"),
        ((np.ones((3, 2)), None), "lyrics: expected an array, got None"),
        ((np.ones((3, 2)),), "expected the pair"),
        (7, "expected the pair"),
    ],
)
def test_bad_pairs_are_refused(views, message):
    with pytest.raises(DataError, match=message):
        check_pair(views)


@pytest.mark.parametrize("nothing", [None, "", "  ", float("nan"), np.nan, pd.NA, pd.NaT])
def test_missing_labels_get_minus_one(nothing):
    codes, classes = encode_labels(["b", nothing, "a", "b"], 4)
    assert codes.tolist() == [1, -1, 0, 1]
    assert classes == ["a", "b"]


def test_any_hashable_is_a_label():
    codes, classes = encode_labels([("x", 1), 3, "x", 3, ("x", 1)], 5)
    assert codes[0] == codes[4] != codes[1] == codes[3] != codes[2]
    assert {classes[c] for c in codes} == {("x", 1), 3, "x"}


def test_codes_do_not_depend_on_the_order_of_songs():
    labels = np.array(["sad", "fun", "calm", "fun"])
    codes, _ = encode_labels(labels, 4)
    turned, _ = encode_labels(pd.Series(labels[::-1]), 4)
    np.testing.assert_array_equal(codes, turned[::-1])


def test_classes_are_sorted():
    # By text, not by hash: Python's hashes of text differ between processes, and the weights would with them.
    moods = [f"mood {number:02}" for number in range(20)]
    assert encode_labels(moods[::-1], 20)[1] == moods


def test_numpy_integers_are_plain_classes():
    codes, classes = encode_labels(np.array([5, 3, 5]), 3)
    assert codes.tolist() == [1, 0, 1]
    assert [type(c) for c in classes] == [int, int]


@pytest.mark.parametrize(
    ("y", "message"), [(["a"], "expected 2 labels, one a song, got 1"), ([[1, 0], [0, 1]], "hashable"), (3, "hashable")]
)
def test_bad_labels_are_refused(y, message):
    with pytest.raises(DataError, match=message):
        encode_labels(y, 2)


def test_standardised_columns_have_mean_0_and_deviation_1():
    X = np.random.default_rng(0).normal(1000, 3, size=(5000, 4)).astype(np.float32)
    Z = Standardizer.of(X).apply(X)
    np.testing.assert_allclose(Z.mean(axis=0, dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(Z.std(axis=0, dtype=np.float64), 1, atol=1e-6)


def test_statistics_that_change_nothing():
    X = np.random.default_rng(0).normal(3, 7, size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(Standardizer.nothing(X).apply(X), X)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e6 / 3])
def test_constant_columns_become_zero(value):
    statistics = Standardizer.of(np.full((1001, 1), value))
    assert statistics.scale.tolist() == [1.0]
    np.testing.assert_allclose(statistics.apply(np.full((3, 1), value)), 0, atol=1e-9)


def test_labels_for_json():
    assert json_labels(["sad", 1, 2.5, ("a", 1)]) == ["sad", 1, 2.5, "('a', 1)"]
