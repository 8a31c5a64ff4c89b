"""Features from files: what is in them comes out, and what is wrong with them is said."""

import struct
import sys
import zipfile
from contextlib import suppress
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy.io import savemat
from scipy.sparse import csc_array

from alcca.errors import DataError, MissingExtraError, UsageError
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
    suffix = path.suffix.lower()
    if suffix == ".npz":
        np.savez(path, **arrays)
    elif suffix == ".parquet":
        parquet.write_table(pa.table({name: pa.array(array.tolist()) for name, array in arrays.items()}), path)
    elif suffix == ".mat":
        cells = {name: array.astype(object) if array.dtype.kind == "U" else array for name, array in arrays.items()}
        savemat(path, cells, oned_as="column")
    else:
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array.tolist() if array.dtype.kind == "U" else array
    return path


def write_matlab_73(path, arrays):
    """What MATLAB's ``save -v7.3`` writes: HDF5 after 512 bytes, dimensions in the opposite order, texts as UTF-16."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w", userblock_size=512) as file:

        def put(where, value):
            if isinstance(value, list):
                cells = [put(f"#refs#/{where}{i}", cell).ref for i, cell in enumerate(value)]
                item = file.create_dataset(where, data=np.array([cells], dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)
                kind = "cell"
            elif isinstance(value, str) or value.size == 0:
                codes = np.frombuffer(("" if not isinstance(value, str) else value).encode("utf-16-le"), "<u2")
                item = file.create_dataset(where, data=codes[:, None] if len(codes) else np.zeros(2, "u8"))
                kind = "char" if isinstance(value, str) else "double"
                if not len(codes):
                    item.attrs["MATLAB_empty"] = np.uint32(1)
            else:
                item = file.create_dataset(where, data=np.atleast_2d(value).T)
                kind = {"f": "double", "i": "int64", "b": "logical"}[value.dtype.kind]
            item.attrs["MATLAB_class"] = np.bytes_(kind)
            return item

        for name, value in arrays.items():
            put(name, value)
    whole = path.read_bytes()
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + whole[512:])
    return path


FORMATS = [f"songs.{suffix}" for suffix in ("npz", "parquet", "mat", "h5", "hdf5")]


@pytest.mark.parametrize("name", [*FORMATS, "SONGS.PARQUET", "SONGS.MAT"])
def test_everything_comes_out_of_all_formats(tmp_path, name):
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


@pytest.mark.parametrize("name", FORMATS)
def test_lyrics_may_be_texts_and_the_rest_may_be_missing(tmp_path, name):
    songs = read_dataset(write(tmp_path / name, {"audio": AUDIO, "lyrics": np.array(["la", "do", "re", "mi"])}))
    assert songs.texts == ("la", "do", "re", "mi")
    assert (songs.label, songs.group, songs.audio_frames, songs.audio_descriptors) == (None,) * 4


@pytest.mark.parametrize("name", FORMATS)
def test_transcripts_are_sound_enough(tmp_path, name):
    texts = {"transcripts": np.array(["la", "", "do", "re"]), "lyrics": np.array(["la", "do", "re", "mi"])}
    songs = read_dataset(write(tmp_path / name, texts))
    assert songs.audio is None
    assert songs.words_heard == (True, False, True, True)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_not_known_is_left_out_and_said(tmp_path, name):
    songs = read_dataset(write(tmp_path / name, {**WHOLE, "year": np.arange(4), "mood": np.arange(4)}))
    known = "audio, lyrics, label, group, split, ids, audio_frames, audio_descriptors, transcripts"
    assert songs.notes == (f"Left out of {name}: mood, year; known are {known}.",)


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("x.npz", {"audio": AUDIO}, "has no lyrics, only audio"),
        ("x.parquet", {"year": np.arange(4)}, "has no audio and no lyrics, only year"),
        ("x.npz", {"audio": AUDIO, "lyrics": LYRICS[:3]}, "x.npz: lyrics: expected one for each of the 4 songs"),
        ("x.npz", {"audio": AUDIO, "lyrics": np.array([{}, 1, 2, 3], dtype=object)}, "holds Python objects"),
        ("x.npz", {**WHOLE, "audio": AUDIO * np.nan}, "x.npz: audio: song 0 holds NaN"),
        ("x.mat", {"audio": AUDIO, "mood": np.arange(4)}, "x.mat: has no lyrics, only audio, mood; expected"),
        ("x.h5", {"audio": AUDIO, "mood": np.arange(4)}, "x.h5: has no lyrics, only audio, mood; expected"),
        ("x.mat", {"audio": AUDIO, "lyrics": LYRICS[:3]}, "x.mat: lyrics: expected one for each of the 4 songs"),
        ("x.h5", {"audio": AUDIO, "lyrics": LYRICS[:3]}, "x.h5: lyrics: expected one for each of the 4 songs"),
        ("x.mat", {**WHOLE, "audio": AUDIO * np.nan}, "x.mat: audio: song 0 holds NaN"),
        ("x.mat", {**WHOLE, "label": AUDIO}, r"x.mat: label has shape \(4, 3\); expected a vector, one entry a song"),
        ("x.h5", {**WHOLE, "label": AUDIO}, r"x.h5: label has shape \(4, 3\); expected a vector, one entry a song"),
        ("x.h5", {**WHOLE, "lyrics": AUDIO.astype("U9")}, r"x.h5: lyrics has shape \(4, 3\); expected a vector"),
        (
            "x.mat",
            {**WHOLE, "lyrics": LYRICS + 1j},
            "x.mat: lyrics is complex; expected an array of numbers, or of texts",
        ),
        ("x.h5", {**WHOLE, "lyrics": LYRICS + 1j}, "x.h5: lyrics is complex128; expected an array of numbers"),
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


def test_a_first_row_with_lists_of_different_lengths_is_named(tmp_path):
    frames = [[[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0, 4.0]]]
    parquet.write_table(pa.table({"audio": frames, "lyrics": ["a", "b"]}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet: audio of row 0 has lists of different lengths"):
        read_dataset(tmp_path / "x.parquet")


def test_a_header_that_claims_more_than_memory_is_named(tmp_path):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (48000000000000,), }"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        file.writestr("audio.npy", head)
        file.writestr("lyrics.npy", head)
    with pytest.raises(DataError, match=r"x\.npz: claims to hold more than fits into memory"):
        read_dataset(tmp_path / "x.npz")


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_is_damaged_is_read_or_named(tmp_path, name):
    path = write(tmp_path / name, WHOLE)
    whole, random = path.read_bytes(), Random(0)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(random.randint(1, 3)):
            damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        path.write_bytes(damaged[: random.randrange(len(damaged))] if random.random() < 0.2 else damaged)
        with suppress(DataError):
            read_dataset(path)


@pytest.mark.parametrize("name", ["x.npz", "x.parquet", "x.mat", "x.h5"])
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
    with pytest.raises(UsageError, match=r"songs.txt: expected a file of features"):
        read_dataset(tmp_path / "songs.txt")
    with pytest.raises(UsageError, match=r"songs.npz: no such file"):
        read_dataset(tmp_path / "songs.npz")


def test_a_folder_of_distractors_is_read_whole_or_not_at_all(tmp_path):
    (tmp_path / "a.txt").write_text("Hello darkness\n")
    (tmp_path / "b.txt").symlink_to("nowhere")
    with pytest.raises(DataError, match=r"b\.txt: cannot be read \(No such file or directory\)"):
        read_distractors(tmp_path)


def test_distractors_are_the_texts_below_a_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.TXT").write_text("Hello darkness\n")
    (tmp_path / "deep" / "a.lrc").write_text("[00:01.00]My old friend")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "song.mp3").write_bytes(b"no text")
    (tmp_path / "._b.txt").write_bytes(b"\0\5\x16\7")
    (tmp_path / "@eaDir").mkdir()
    (tmp_path / "@eaDir" / "b.txt").write_text("A preview")
    found = read_distractors(tmp_path)
    assert found.lyrics == ("Hello darkness", "My old friend")
    assert (found.recordings, found.name) == (0, tmp_path.stem)


@pytest.mark.parametrize(
    "text",
    [
        'Title,Lyrics,transcripts\nx,"a, b",la\ny,,do\n',
        "lyrics;transcripts\na, b;la\n;do",
        'sep=|\nlyrics | transcripts\n"a, b" | "la" \n|do',
    ],
)
def test_distractors_are_columns_of_a_table(tmp_path, text):
    (tmp_path / "others.csv").write_text(text, encoding="utf-8-sig")
    found = read_distractors(tmp_path / "others.csv")
    assert found.lyrics == ("a, b",)
    assert found.transcripts == ("la", "do")
    assert found.recordings == 2


@pytest.mark.parametrize("name", ["others.npz", "others.parquet", "others.mat", "others.h5"])
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


def test_a_variable_that_nobody_asks_for_may_be_of_any_kind(tmp_path):
    odd = np.array([{}, 1, 2, 3], dtype=object)
    songs = read_dataset(write(tmp_path / "x.npz", {**WHOLE, "odd": odd}))
    assert "odd" in songs.notes[0]
    savemat(tmp_path / "x.mat", {"audio": AUDIO, "lyrics": LYRICS, "odd": {"a": 1}, "thin": csc_array(LYRICS)})
    assert "odd, thin" in read_dataset(tmp_path / "x.mat").notes[0]


@pytest.mark.parametrize("turn", [np.transpose, np.asarray])
def test_vectors_of_matlab_are_rows_or_columns(tmp_path, turn):
    cells = np.array([["sad"], [""], [np.empty((0, 0))], [2.0]], dtype=object)
    columns = {"label": cells, "ids": np.array([[1.0], [2.0], [3.0], [4.0]]), "group": np.array([[0.5], [1], [1], [2]])}
    savemat(tmp_path / "x.mat", {"audio": AUDIO, "lyrics": LYRICS, **{k: turn(v) for k, v in columns.items()}})
    songs = read_dataset(tmp_path / "x.mat")
    assert songs.label == ("sad", None, None, 2.0)
    assert songs.ids == ("1", "2", "3", "4")
    assert songs.group == (0.5, 1.0, 1.0, 2.0)


def test_rows_of_characters_of_matlab_are_texts(tmp_path):
    savemat(tmp_path / "x.mat", {"audio": AUDIO, "lyrics": np.array(["la", "do re", "mi", "Ünü"])})
    assert read_dataset(tmp_path / "x.mat").texts == ("la", "do re", "mi", "Ünü")


@pytest.mark.parametrize("oned_as", ["row", "column"])
def test_old_files_of_matlab_are_read(tmp_path, oned_as):
    savemat(
        tmp_path / "x.mat", {"audio": AUDIO, "lyrics": LYRICS, "group": np.arange(4.0)}, format="4", oned_as=oned_as
    )
    songs = read_dataset(tmp_path / "x.mat")
    np.testing.assert_array_equal(songs.audio, AUDIO)
    assert songs.group == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("lyrics", "message"),
    [
        ({"a": 1}, "lyrics is a struct; expected an array of numbers, or of texts"),
        (csc_array(LYRICS), "lyrics is a sparse matrix"),
        (np.array([["la"], ["do"], [np.zeros((2, 2))], ["mi"]], dtype=object), r"lyrics of row 2 has float64 of shape"),
        (
            np.array([["la"], ["do"], [{"a": 1}], ["mi"]], dtype=object),
            "lyrics of row 2 has a struct; expected one text or number",
        ),
        (np.array([["la", "do"], ["re", "mi"]], dtype=object), r"lyrics has shape \(2, 2\); expected a vector"),
    ],
)
def test_what_is_no_array_in_a_file_of_matlab_is_refused(tmp_path, lyrics, message):
    savemat(tmp_path / "x.mat", {"audio": AUDIO, "lyrics": lyrics})
    with pytest.raises(DataError, match=rf"x\.mat: {message}"):
        read_dataset(tmp_path / "x.mat")


def test_a_damaged_file_of_matlab_is_said(tmp_path):
    path = write(tmp_path / "x.mat", WHOLE)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"x\.mat: is not a MATLAB file, or a damaged one \(the file ends too early\)"):
        read_dataset(path)


def test_version_73_of_matlab_has_its_dimensions_in_order(tmp_path):
    songs = read_dataset(
        write_matlab_73(
            tmp_path / "songs.mat",
            {
                "audio_frames": FRAMES,
                "audio": AUDIO,
                "lyrics": ["la la", "Ärger in 日本", "𝄞 do", "re"],
                "label": ["sad", "", np.empty((0, 0)), np.array([[2.0]])],
                "group": np.array([[1.0], [1.0], [2.0], [3.0]]),
                "transcripts": ["la", "", np.empty((0, 0)), "re"],
                "year": np.array([[1, 2, 3, 4]]),
            },
        )
    )
    np.testing.assert_array_equal(songs.audio, AUDIO)
    np.testing.assert_array_equal(songs.audio_view("audio_frames"), FRAMES)
    assert songs.texts == ("la la", "Ärger in 日本", "𝄞 do", "re")
    assert songs.label == ("sad", None, None, 2.0)
    assert songs.group == (1, 1, 2, 3)
    assert songs.transcripts == ("la", "", None, "re")
    assert "songs.mat: year;" in songs.notes[0]


def test_what_is_no_array_in_version_73_of_matlab_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = write_matlab_73(tmp_path / "x.mat", {"audio": AUDIO, "lyrics": ["la", AUDIO, "do", "re"]})
    with pytest.raises(DataError, match=r"x\.mat: lyrics of row 1 has float64 of shape \(4, 3\)"):
        read_dataset(path)
    for kind in ("string", "function_handle"):
        with h5py.File(path, "r+") as file:
            file["lyrics"].attrs["MATLAB_class"] = np.bytes_(kind)
        with pytest.raises(DataError, match=rf"x\.mat: lyrics is an object of MATLAB \({kind}\); expected an array"):
            read_dataset(path)
    with h5py.File(path, "r+") as file:
        file["audio"].attrs["MATLAB_class"] = np.bytes_("string")
        file["lyrics"].attrs["MATLAB_class"] = np.bytes_("cell")
    with pytest.raises(DataError, match=r"x\.mat: audio is an object of MATLAB \(string\)"):
        read_dataset(path)
    (tmp_path / "raw").write_bytes(b"la")
    with h5py.File(path, "r+") as file:
        file["audio"].attrs["MATLAB_class"] = np.bytes_("double")
        cell = file.create_dataset("#refs#/other", (1, 1), "u2", external=str(tmp_path / "raw"))
        file["lyrics"][0, 0] = cell.ref
    with pytest.raises(DataError, match=r"x\.mat: lyrics points to another file"):
        read_dataset(path)
    with h5py.File(path, "r+") as file:
        file["lyrics"].attrs["MATLAB_empty"] = np.uint32(1)
    with pytest.raises(DataError, match=r"x\.mat: lyrics: expected"):
        read_dataset(path)
    with h5py.File(path, "r+") as file:
        del file["lyrics"]
        file.create_group("lyrics").attrs["MATLAB_sparse"] = np.uint64(4)
    with pytest.raises(DataError, match="lyrics is a sparse matrix"):
        read_dataset(path)


def test_hdf5_that_is_no_array_or_of_another_file_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    other = write(tmp_path / "other.h5", {"lyrics": LYRICS})
    (tmp_path / "raw").write_bytes(LYRICS.tobytes())
    layout = h5py.VirtualLayout((4, 2), float)
    layout[:] = h5py.VirtualSource(other, "lyrics", (4, 2))
    elsewhere = "lyrics points to another file, which is not read; copy"
    for put, message in (
        (lambda file: file.create_group("lyrics/block0"), "lyrics is a group of block0; expected"),
        (lambda file: file.__setitem__("lyrics", h5py.ExternalLink(str(other), "lyrics")), elsewhere),
        (lambda file: file.create_virtual_dataset("lyrics", layout), elsewhere),
        (lambda file: file.create_dataset("lyrics", (4, 2), float, external=str(tmp_path / "raw")), elsewhere),
        (lambda file: file.__setitem__("lyrics", np.zeros(4, [("a", int)])), "lyrics is .*'a'.*; expected an array"),
        (
            lambda file: file.__setitem__("lyrics", [b"la", b"\xff", b"do", b"re"]),
            "is not an HDF5 file, or a damaged one",
        ),
        (lambda file: file.__setitem__("lyrics", h5py.SoftLink("/nowhere")), "is not an HDF5 file, or a damaged one"),
    ):
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["audio"] = AUDIO
            put(file)
        with pytest.raises(DataError, match=rf"x\.h5: {message}") as found:
            read_dataset(tmp_path / "x.h5")
        assert str(found.value).count("x.h5: ") == 1


def test_without_h5py_the_message_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "x.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n")
    for name in ("x.h5", "x.mat"):
        with pytest.raises(
            MissingExtraError, match=rf"{name}: .* h5py reads; install it with: pip install 'alcca\[hdf5\]'"
        ):
            read_dataset(tmp_path / name)
