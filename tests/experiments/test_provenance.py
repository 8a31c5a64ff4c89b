import numpy as np
import pytest

from alcca.experiments.dataset import Dataset
from alcca.experiments.provenance import notes_on_songs


@pytest.mark.parametrize(
    ("transcripts", "expected"),
    [
        (["la", None, "", None], "2 of 4 songs have not been transcribed"),
        (["la", "", "", "lo"], None),
        (None, None),
    ],
)
def test_a_note_counts_songs_without_a_transcript_but_not_those_without_words(transcripts, expected):
    songs = Dataset(np.eye(4), list("abcd"), transcripts=transcripts)
    notes = [note for note in notes_on_songs(songs) if "transcribed" in note]
    assert [note.startswith(expected or "") for note in notes] == [True] * (expected is not None)


@pytest.mark.parametrize(("labels", "said"), [(1, True), (5, True), (6, False), (0, False)])
def test_a_note_says_that_few_labels_show_no_difference(labels, said):
    label = [None] * 12 if not labels else [f"mood {i % labels}" for i in range(12)]
    notes = notes_on_songs(Dataset(np.eye(12), np.eye(12), label=label))
    assert any("no difference can be significant" in note for note in notes) == said
