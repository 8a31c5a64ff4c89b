"""Files of MATLAB against SciPy's reader, on files that MATLAB and SciPy wrote, and on damaged ones."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import scipy.io.matlab
from scipy.io import loadmat, savemat
from scipy.sparse import csc_array

from alcca.experiments.matlab_files import MAT_ERRORS, NoArray, read_mat

# Files that came out of MATLAB, of versions 4 to 7.4 and of both orders of bytes, which SciPy brings for its own tests.
FROM_MATLAB = Path(scipy.io.matlab.__file__).parent / "tests" / "data"
READABLE = [
    *(f"test{what}_{version}.mat" for what in ("double", "minus", "matrix", "string", "stringarray", "onechar")
      for version in ("4.2c_SOL2", "6.1_SOL2", "6.5.1_GLNX86", "7.1_GLNX86", "7.4_GLNX86")),
    *(f"test{what}_{version}.mat" for what in ("3dmatrix", "cell")
      for version in ("6.1_SOL2", "6.5.1_GLNX86", "7.1_GLNX86", "7.4_GLNX86")),
    "testmulti_4.2c_SOL2.mat", "testmulti_7.1_GLNX86.mat", "testunicode_7.1_GLNX86.mat", "testunicode_7.4_GLNX86.mat",
    "testvec_4_GLNX86.mat", "testbool_8_WIN64.mat", "testemptycell_7.4_GLNX86.mat",
    "miuint32_for_miint32.mat", "miutf8_array_name.mat", "big_endian.mat",
]  # fmt: skip


class Everything:
    def __contains__(self, name):
        return True


def written(variables, **how):
    file = io.BytesIO()
    savemat(file, variables, **how)
    return file.getvalue()


def assert_same(ours, theirs):
    if ours.dtype == object:
        assert ours.shape == theirs.shape
        for one, other in zip(ours.ravel(), theirs.ravel(), strict=True):
            assert_same(one, other)
    else:
        assert ours.astype(theirs.dtype).tolist() == theirs.tolist()


@pytest.mark.parametrize("name", READABLE)
def test_files_of_matlab_are_read_as_by_scipy(name):
    if not FROM_MATLAB.is_dir():
        pytest.skip("this SciPy was installed without its tests")
    values, names = read_mat((FROM_MATLAB / name).read_bytes(), Everything())
    theirs = {key: value for key, value in loadmat(FROM_MATLAB / name).items() if not key.startswith("__")}
    assert set(names) == set(theirs)
    for key, value in theirs.items():
        assert_same(values[key], value)


@pytest.mark.parametrize("how", [{}, {"do_compression": True}, {"format": "4"}])
def test_numbers_keep_their_type_and_shape(how):
    rng = np.random.default_rng(0)
    types = (
        ["f8", "i4", "u2", "u1"] if how.get("format") else ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]
    )
    variables = {f"v{kind}": (100 * rng.random((4, 3))).astype(kind) for kind in types}
    values, names = read_mat(written(variables, **how), Everything())
    assert names == list(variables)
    for name, expected in variables.items():
        np.testing.assert_array_equal(values[name], expected, strict=True)


def test_arrays_of_more_dimensions_and_truth_values():
    variables = {"frames": np.arange(24.0).reshape(2, 3, 4), "flags": np.array([[True, False, True]])}
    values, _ = read_mat(written(variables), Everything())
    np.testing.assert_array_equal(values["frames"], variables["frames"], strict=True)
    np.testing.assert_array_equal(values["flags"], variables["flags"], strict=True)


def test_only_what_is_asked_for_is_read():
    values, names = read_mat(written({"a": np.eye(2), "b": np.eye(3), "c": {"d": 1}}), ["b", "z"])
    assert list(values) == ["b"]
    assert names == ["a", "b", "c"]
    damaged = characters(b"y", "la la", length=4)
    assert read_mat(header() + damaged + characters(b"x", "la"), ["x"])[0]["x"].tolist() == ["la"]
    values, names = read_mat(written({"a": np.eye(2), "b": np.eye(3)}, format="4"), ["b", "z"])
    assert (list(values), names) == (["b"], ["a", "b"])


@pytest.mark.parametrize(
    ("value", "kind", "versions"),
    [
        ({"a": 1}, "a struct", "5"),
        (csc_array(np.eye(3)), "a sparse matrix (full makes an array of it)", "45"),
        (np.eye(2) + 1j, "complex", "45"),
    ],
)
def test_what_is_no_array_is_said(value, kind, versions):
    for version in versions:
        assert read_mat(written({"x": value}, format=version), ["x"])[0]["x"] == NoArray(kind)


def test_what_is_no_array_in_a_cell_is_said():
    cells = np.array([[np.array([["a"]], dtype=object), {"b": 1}, np.zeros((0, 0)), ""]], dtype=object)
    values, _ = read_mat(written({"x": cells}), ["x"])
    nested, inner, empty, text = values["x"][0]
    assert (nested, inner) == (NoArray("a cell array"), NoArray("a struct"))
    assert (empty.size, text.size, text.dtype.kind) == (0, 0, "U")


def test_cell_arrays_keep_their_shape():
    cells = np.array([["a", "b", "c"], ["d", "e", "f"]], dtype=object)
    values, _ = read_mat(written({"x": cells}), ["x"])
    assert [[cell.item() for cell in row] for row in values["x"]] == cells.tolist()


def test_a_cell_of_no_bytes_is_empty():
    flags, size = element(6, struct.pack("<II", 1, 0)), element(5, struct.pack("<ii", 1, 1))
    values, _ = read_mat(header() + element(14, flags + size + element(1, b"x") + element(14, b"")), ["x"])
    assert values["x"][0, 0].shape == (0, 0)


def element(kind, data, order="<"):
    return struct.pack(f"{order}II", kind, len(data)) + data + bytes(-len(data) % 8)


def header(order="<"):
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(f"{order}HH", 0x0100, 0x4D49)


def characters(name, text, order="<", length=None):
    """A variable with UTF-16 characters as MATLAB saves it, which SciPy does not write."""
    codes = text.encode("utf-16-le" if order == "<" else "utf-16-be")
    length = len(codes) // 2 if length is None else length
    size = element(5, struct.pack(f"{order}ii", 1, length), order)
    flags = element(6, struct.pack(f"{order}II", 4, 0), order)
    return element(14, flags + size + element(1, name, order) + element(4, codes, order), order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("text", ["la la", "Ärger in 日本", "𝄞 do"])
def test_characters_of_utf_16_are_read(order, text):
    values, _ = read_mat(header(order) + characters(b"lyrics", text, order), ["lyrics"])
    assert values["lyrics"].tolist() == [text]


@pytest.mark.parametrize("text", ["Ünü", "日本", "𝄞 do"])
def test_characters_of_utf_8_are_read(text):
    assert read_mat(written({"x": text}), ["x"])[0]["x"].tolist() == [text]
    several = np.array([text, "a"])
    assert [row.rstrip() for row in read_mat(written({"x": several}), ["x"])[0]["x"]] == [text, "a"]


def test_objects_have_their_name_and_class_and_their_contents_none():
    flags = element(6, struct.pack("<II", 17, 0))
    value = flags + element(1, b"label") + element(1, b"MCOS") + element(1, b"string") + characters(b"", "x")
    values, names = read_mat(header() + element(14, value) + characters(b"", "contents"), Everything())
    assert names == ["label"]
    assert values["label"] == NoArray("an object of MATLAB (string)")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"MATLAB", "too short"),
        (b"<html>".ljust(200), "no header of a MATLAB file"),
        (struct.pack("<5i", 7, 1, 1, 0, 2) + b"x\0" + bytes(8), "no header of a variable of version 4"),
        (struct.pack("<5i", 100, 1, 1, 0, 2) + b"x\0" + bytes(8), "no header of a variable of version 4"),
        (struct.pack("<5i", 60, 1, 1, 0, 2) + b"x\0" + bytes(8), "no header of a variable of version 4"),
        (struct.pack("<5i", 0, -1, 1, 0, 2) + b"x\0" + bytes(8), "no header of a variable of version 4"),
        (bytes(400), "no header of a variable of version 4"),
        (bytes(30), "no header of a variable of version 4"),
        (written({"x": np.eye(3)}, format="4") + bytes(12), "the file ends too early"),
        (header() + characters(b"x", "la")[:-8], "the file ends too early"),
        (header() + characters(b"x", "la") + bytes(4), "in the middle of an element"),
        (header() + element(5, bytes(8)), "an element of type 5 in place of a variable"),
        (header() + characters(b"x", "la la", length=4), r"5 characters in a matrix of shape \(1, 4\)"),
        (header() + characters(b"x", "la la", length=-5), r"an array of shape \(1, -5\)"),
        (header() + element(14, element(6, struct.pack("<II", 6, 0))), "a variable ends too early"),
        (header() + struct.pack("<I", (7 << 16) + 5) + bytes(12), "a small element of 7 bytes"),
        (written({"x": np.eye(3)}, format="4")[:-8], "the file ends too early"),
    ],
    ids=range(17),
)
def test_damage_is_said(data, message):
    with pytest.raises(ValueError, match=message):
        read_mat(data, ["x"])


@pytest.mark.parametrize("how", [{}, {"do_compression": True}, {"format": "4"}])
def test_no_damage_does_more_than_raise(how):
    variables = {"audio": np.eye(3), "lyrics": "la la"}
    if not how.get("format"):
        variables["label"] = np.array(["a", "b", 1.0], dtype=object)
    whole = written(variables, **how)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole[: rng.integers(len(whole))] if rng.random() < 0.2 else whole)
        for at in rng.integers(len(damaged), size=3) if damaged else ():
            damaged[at] = rng.integers(256)
        try:
            read_mat(bytes(damaged), Everything())
        except MAT_ERRORS:
            refused += 1
    assert refused > 50
