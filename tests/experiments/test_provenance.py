import numpy as np
import pytest

from alcca.experiments.dataset import Dataset
from alcca.experiments.provenance import notes_on_songs


@pytest.mark.parametrize(
    ("transcripts", "expected"),
    [
        (["la", None, "", None], "2 of 4 songs were not listened to yet"),
        (["la", "", "", "lo"], None),
        (None, None),
    ],
)
def test_songs_that_nobody_listened_to_are_told_from_songs_without_words(transcripts, expected):
    songs = Dataset(np.eye(4), list("abcd"), transcripts=transcripts)
    said = [note for note in notes_on_songs(songs, np.arange(4) % 2) if "listened" in note]
    assert [note.startswith(expected or "") for note in said] == [True] * (expected is not None)
