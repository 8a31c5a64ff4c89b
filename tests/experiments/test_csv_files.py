"""Tables as text: vectors from numbered columns, in any of the usual dialects."""

import numpy as np
import pandas as pd
import pytest

from alcca.errors import DataError
from alcca.experiments.feature_files import read_dataset, read_distractors


def table(n=6):
    rng = np.random.default_rng(0)
    audio, lyrics = rng.normal(size=(n, 12)), rng.normal(size=(n, 3))
    frame = pd.DataFrame(
        {
            # In the order of their names, audio_10 stands before audio_2.
            **{name: audio[:, int(name[6:])] for name in sorted(f"audio_{i}" for i in range(12))},
            **{f"lyrics_{i + 1}": lyrics[:, i] for i in range(3)},
            "label": [f"mood {i % 2}" if i else "" for i in range(n)],
            "split": ["train"] * (n - 2) + ["test"] * 2,
            "ids": [f"song, {i}" for i in range(n)],
            "year": 1999,
        }
    )
    return frame, audio, lyrics


@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_vectors_are_read_in_the_order_of_their_numbers(sep, tmp_path):
    frame, audio, lyrics = table()
    frame.to_csv(tmp_path / "songs.csv", index=False, sep=sep)
    songs = read_dataset(tmp_path / "songs.csv")
    np.testing.assert_array_equal(songs.audio, audio)
    np.testing.assert_array_equal(songs.lyrics, lyrics)
    assert songs.label == (None, "mood 1", "mood 0", "mood 1", "mood 0", "mood 1")
    assert songs.split == tuple(frame["split"])
    assert songs.ids == tuple(frame["ids"])
    assert songs.notes == ("Left out of songs.csv: year; known are audio, lyrics, label, group, split, ids, "
                           "audio_frames, audio_descriptors, transcripts.",)  # fmt: skip


def test_lyrics_may_be_texts_and_names_have_any_case(tmp_path):
    (tmp_path / "songs.CSV").write_text("Audio.0,AUDIO.1,Lyrics\n1,2,tea for two\n3,4e-1,\u00fcber\n", encoding="utf-8")
    songs = read_dataset(tmp_path / "songs.CSV")
    assert songs.audio.tolist() == [[1, 2], [3, 0.4]]
    assert songs.texts == ("tea for two", "\u00fcber")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("audio_0,audio_2,lyrics\n1,2,la", "audio has the columns audio_0, audio_2, but none for number 1"),
        ("audio_5,lyrics\n1,la", "audio has the columns audio_5, but none for number 1"),
        ("audio_0,lyrics\n1,la\n,la", "audio_0 has a cell that is no number"),
        ("audio_0,lyrics\nloud,la", "audio_0 has a cell that is no number"),
        ("audio,lyrics\n1,la", "has no audio, only lyrics, audio; expected audio and lyrics"),
        ("", "has no audio and no lyrics, only nothing"),
    ],
)
def test_tables_that_are_no_features_are_refused(text, said, tmp_path):
    (tmp_path / "songs.csv").write_text(text)
    with pytest.raises(DataError, match=said):
        read_dataset(tmp_path / "songs.csv")


def test_distractors_may_be_vectors(tmp_path):
    (tmp_path / "others.csv").write_text("lyrics_0,lyrics_1\n1,2\n3,4\n")
    assert read_distractors(tmp_path / "others.csv").lyrics.tolist() == [[1, 2], [3, 4]]
