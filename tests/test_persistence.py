import json

import numpy as np
import pytest

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
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(LibraryError, match="format 99"):
        load_state(tmp_path / "m", "CCA")
