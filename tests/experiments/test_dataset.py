"""What a data set accepts and what it says about the rest."""

import numpy as np
import pytest

from alcca.errors import DataError
from alcca.experiments import Dataset


def test_missing_labels_and_groups_become_none():
    songs = Dataset(np.ones((4, 2)), np.ones((4, 3)), label=["sad", "", float("nan"), None], group=[1, " ", 0, None])
    assert songs.label == ("sad", None, None, None)
    assert songs.group == (1, None, 0, None)
    assert songs.ids == ("0", "1", "2", "3")
    assert songs.texts is None


def test_an_array_of_texts_is_texts():
    assert Dataset(np.ones((2, 2)), np.array(["la", "do"])).texts == ("la", "do")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lyrics": ["a", "b"]}, "lyrics: expected one for each of the 3 songs of audio, got 2"),
        ({"lyrics": ["a", None, "b"]}, "got NoneType for song 1"),
        ({"lyrics": np.array([[1.0], [np.nan], [2.0]])}, "lyrics: song 1 holds NaN"),
        ({"audio": np.array([[1.0], [2.0], [np.inf]])}, "audio: song 2 holds NaN"),
        ({"audio": np.ones(3)}, r"audio: .* got float64 of shape \(3,\)"),
        ({"audio": np.array([["a"], ["b"], ["c"]])}, "audio: expected a non-empty numeric array"),
        ({"audio": np.ones((0, 3))}, "audio: expected a non-empty"),
        ({"label": ["a"]}, "label: expected one for each of the 3 songs of audio, got 1"),
        ({"group": []}, "group: .*got 0"),
        ({"ids": "ab"}, "ids: .*got 2"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    good = {"audio": np.ones((3, 2)), "lyrics": ["a", "b", "c"]}
    with pytest.raises(DataError, match=message):
        Dataset(**{**good, **change})
