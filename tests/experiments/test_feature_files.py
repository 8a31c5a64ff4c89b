"""Features from files: what is in them comes out, and what is wrong with them is said."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from alcca.errors import DataError, UsageError
from alcca.experiments.feature_files import read_dataset, read_distractors

RNG = np.random.default_rng(0)
AUDIO, LYRICS, FRAMES = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2)), RNG.normal(size=(4, 20, 161))
WHOLE = {
    "audio": AUDIO,
    "lyrics": LYRICS,
    "label": np.array(["sad", "", "fun", "sad"]),
    "group": np.array([1, 1, 2, 3]),
    "ids": np.array(["a", "b", "c", "d"]),
    "audio_frames": FRAMES,
    "audio_descriptors": AUDIO * 2,
    "transcripts": np.array(["la la", "", "do", "re"]),
}


def write(path, arrays):
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        parquet.write_table(pa.table({name: pa.array(array.tolist()) for name, array in arrays.items()}), path)
    return path


@pytest.mark.parametrize("name", ["songs.npz", "songs.parquet", "SONGS.PARQUET"])
def test_everything_comes_out_of_both_formats(tmp_path, name):
    songs = read_dataset(write(tmp_path / name, WHOLE))
    np.testing.assert_array_equal(songs.audio, AUDIO)
    np.testing.assert_array_equal(songs.lyrics, LYRICS)
    np.testing.assert_array_equal(songs.audio_view("audio_frames"), FRAMES)
    np.testing.assert_array_equal(songs.audio_view("audio_descriptors"), AUDIO * 2)
    assert songs.label == ("sad", None, "fun", "sad")
    assert songs.group == (1, 1, 2, 3)
    assert songs.ids == ("a", "b", "c", "d")
    assert songs.name.lower() == "songs"
    assert songs.transcripts == ("la la", "", "do", "re")
    assert songs.notes == ()


@pytest.mark.parametrize("name", ["songs.npz", "songs.parquet"])
def test_lyrics_may_be_texts_and_the_rest_may_be_missing(tmp_path, name):
    songs = read_dataset(write(tmp_path / name, {"audio": AUDIO, "lyrics": np.array(["la", "do", "re", "mi"])}))
    assert songs.texts == ("la", "do", "re", "mi")
    assert (songs.label, songs.group, songs.audio_frames, songs.audio_descriptors) == (None,) * 4


@pytest.mark.parametrize("name", ["songs.npz", "songs.parquet"])
def test_transcripts_are_sound_enough(tmp_path, name):
    texts = {"transcripts": np.array(["la", "", "do", "re"]), "lyrics": np.array(["la", "do", "re", "mi"])}
    songs = read_dataset(write(tmp_path / name, texts))
    assert songs.audio is None
    assert songs.words_heard == (True, False, True, True)


@pytest.mark.parametrize("name", ["songs.npz", "songs.parquet"])
def test_what_is_not_known_is_left_out_and_said(tmp_path, name):
    songs = read_dataset(write(tmp_path / name, {**WHOLE, "year": np.arange(4), "mood": np.arange(4)}))
    assert any("mood, year" in note for note in songs.notes)


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("x.npz", {"audio": AUDIO}, "has no lyrics, only audio"),
        ("x.parquet", {"year": np.arange(4)}, "has no audio and no lyrics, only year"),
        ("x.npz", {"audio": AUDIO, "lyrics": LYRICS[:3]}, "x.npz: lyrics: expected one for each of the 4 songs"),
        ("x.npz", {"audio": AUDIO, "lyrics": np.array([{}, 1, 2, 3], dtype=object)}, "holds Python objects"),
        ("x.npz", {**WHOLE, "audio": AUDIO * np.nan}, "x.npz: audio: song 0 holds NaN"),
    ],
)
def test_files_that_hold_something_else_are_refused(tmp_path, name, arrays, message):
    with pytest.raises(DataError, match=message):
        read_dataset(write(tmp_path / name, arrays))


def test_rows_of_different_shapes_are_named(tmp_path):
    path = tmp_path / "x.parquet"
    parquet.write_table(pa.table({"audio": [[1.0, 2.0], [1.0, 2.0, 3.0]], "lyrics": ["a", "b"]}), path)
    with pytest.raises(DataError, match=r"audio of row 1 has shape \(3,\), the first row \(2,\)"):
        read_dataset(path)


@pytest.mark.parametrize("name", ["x.npz", "x.parquet"])
def test_files_of_another_kind_are_refused(tmp_path, name):
    path = write(tmp_path / name, WHOLE)
    for damaged in (path.read_bytes()[:100], b"", b"<html>"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=rf"{name}: is no"):
            read_dataset(path)


def test_a_damaged_file_is_said(tmp_path):
    path = write(tmp_path / "x.npz", WHOLE)
    whole = bytearray(path.read_bytes())
    whole[200:300] = bytes(100)
    path.write_bytes(whole)
    with pytest.raises(DataError, match=r"x\.npz: is a damaged .npz file"):
        read_dataset(path)


def test_a_file_is_found_by_its_name(tmp_path):
    with pytest.raises(UsageError, match=r"songs.csv: expected a file of features"):
        read_dataset(tmp_path / "songs.csv")
    with pytest.raises(UsageError, match=r"songs.npz: no such file"):
        read_dataset(tmp_path / "songs.npz")


def test_distractors_are_the_texts_below_a_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.TXT").write_text("Hello darkness\n")
    (tmp_path / "deep" / "a.lrc").write_text("[00:01.00]My old friend")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "song.mp3").write_bytes(b"no text")
    found = read_distractors(tmp_path)
    assert found.lyrics == ("Hello darkness", "My old friend")
    assert (found.recordings, found.name) == (0, tmp_path.stem)


@pytest.mark.parametrize("text", ['Title,Lyrics,transcripts\nx,"a, b",la\ny,,do\n', "lyrics;transcripts\na, b;la\n;do"])
def test_distractors_are_columns_of_a_table(tmp_path, text):
    (tmp_path / "others.csv").write_text(text, encoding="utf-8-sig")
    found = read_distractors(tmp_path / "others.csv")
    assert found.lyrics == ("a, b",)
    assert found.transcripts == ("la", "do")
    assert found.recordings == 2


@pytest.mark.parametrize("name", ["others.npz", "others.parquet"])
def test_distractors_are_arrays_of_a_file(tmp_path, name):
    found = read_distractors(write(tmp_path / name, WHOLE))
    np.testing.assert_array_equal(found.lyrics, LYRICS)
    np.testing.assert_array_equal(found.audio, AUDIO)
    assert found.transcripts == ("la la", "", "do", "re")
    found = read_distractors(write(tmp_path / name, {"lyrics": np.array(["la", "", "do"])}))
    assert (found.lyrics, found.recordings) == (("la", "do"), 0)


def test_distractors_that_are_none_are_refused(tmp_path):
    with pytest.raises(DataError, match="holds no lyrics and no transcripts"):
        read_distractors(tmp_path)
    (tmp_path / "x.csv").write_text("title\nLa")
    with pytest.raises(DataError, match=r"x.csv: holds no lyrics"):
        read_distractors(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text('lyrics\n"La')
    with pytest.raises(DataError, match=r"x.csv: is not a CSV file"):
        read_distractors(tmp_path / "x.csv")
    for name in ("y.csv", "y.npz"):
        with pytest.raises(UsageError, match=f"{name}: no such file"):
            read_distractors(tmp_path / name)
    with pytest.raises(UsageError, match="expected lyrics that match no song: a folder"):
        read_distractors(tmp_path / "song.mp3")
    with pytest.raises(DataError, match=r"z\.npz: transcripts: expected Transcript, text or None, got int"):
        read_distractors(write(tmp_path / "z.npz", {"lyrics": np.array(["a"]), "transcripts": np.arange(3)}))
