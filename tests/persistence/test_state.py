"""Fitted states on disk: what comes back is what was kept, or a reason."""

import numpy as np
import pytest
from tests.making import change, flip

from alcca.errors import LibraryError
from alcca.persistence import load_state, save_state


def test_arrays_come_back_bit_for_bit_whatever_their_layout(tmp_path):
    arrays = {
        "transposed": np.arange(6.0).reshape(2, 3).T,
        "scalar": np.array(2.5),
        "empty": np.empty((0, 4), np.float32),
        "integers": np.arange(4, dtype=np.int64)[::2],
    }
    save_state(tmp_path / "m", "CCA", arrays, {"ridge": [0.1, None], "name": "Ünï"})
    loaded, state = load_state(tmp_path / "m", "CCA")
    assert state == {"ridge": [0.1, None], "name": "Ünï"}
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded[name], array)


def test_saving_again_replaces_and_leaves_nothing_else(tmp_path):
    for ridge in (1, 2):
        save_state(tmp_path / "m", "CCA", {"a": np.zeros(ridge)}, {"ridge": ridge})
    assert load_state(tmp_path / "m", "CCA")[1] == {"ridge": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_save_that_fails_leaves_the_old_state(tmp_path):
    save_state(tmp_path / "m", "CCA", {}, {"ridge": 1})
    with pytest.raises(TypeError):
        save_state(tmp_path / "m", "CCA", {}, {"ridge": object()})
    assert load_state(tmp_path / "m", "CCA")[1] == {"ridge": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("damage", ["cut arrays", "cut json", "no arrays"])
def test_a_damaged_state_is_named(tmp_path, damage):
    save_state(tmp_path / "m", "CCA", {"a": np.arange(1000.0)}, {})
    arrays, state = tmp_path / "m" / "arrays.safetensors", tmp_path / "m" / "state.json"
    if damage == "cut arrays":
        arrays.write_bytes(arrays.read_bytes()[:-100])
    elif damage == "cut json":
        state.write_text(state.read_text()[:-5])
    else:
        arrays.unlink()
    with pytest.raises(LibraryError, match=str(tmp_path / "m")):
        load_state(tmp_path / "m", "CCA")


def test_another_kind_and_a_newer_format_are_refused(tmp_path):
    save_state(tmp_path / "m", "CCA", {}, {})
    with pytest.raises(LibraryError, match="holds a CCA, expected a ALCCA"):
        load_state(tmp_path / "m", "ALCCA")
    path = tmp_path / "m" / "state.json"
    change(path, format=99)
    with pytest.raises(LibraryError, match="format 99"):
        load_state(tmp_path / "m", "CCA")


@pytest.mark.parametrize("name", ["arrays.safetensors", "state.json", "SHA256SUMS"])
def test_a_flipped_bit_is_told_wherever_it_is(tmp_path, name):
    save_state(tmp_path / "m", "CCA", {"a": np.arange(3.0)}, {"ridge": 1})
    whole = (tmp_path / "m" / name).read_bytes()
    for at in range(0, len(whole), 7):
        flip(tmp_path / "m" / name, at)
        with pytest.raises(LibraryError, match=str(tmp_path / "m")):
            load_state(tmp_path / "m", "CCA")
        (tmp_path / "m" / name).write_bytes(whole)
    assert load_state(tmp_path / "m", "CCA")[1] == {"ridge": 1}


def test_a_state_from_before_there_were_checksums_is_read(tmp_path):
    save_state(tmp_path / "m", "CCA", {"a": np.arange(3.0)}, {"ridge": 1})
    (tmp_path / "m" / "SHA256SUMS").unlink()
    assert load_state(tmp_path / "m", "CCA")[1] == {"ridge": 1}


@pytest.mark.parametrize(
    "fields", [{"shapes": {"b": [3]}}, {"shapes": {"a": [7]}}, {"shapes": 3}, {"state": 3}, {"shapes": {"a": "x"}}]
)
def test_what_does_not_fit_together_is_damaged(tmp_path, fields):
    save_state(tmp_path / "m", "CCA", {"a": np.arange(3.0)}, {})
    change(tmp_path / "m" / "state.json", **fields)
    with pytest.raises(LibraryError, match="the saved CCA is damaged"):
        load_state(tmp_path / "m", "CCA")
