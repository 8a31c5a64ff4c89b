"""Whatever is damaged in a library: alcca gives the results of the undamaged one, or says in one line what is wrong."""

import os

import pytest
from tests.damage import make_library, trials

# A thousand take minutes: ALCCA_DAMAGE_TRIALS=1000 ALCCA_DAMAGE_SEED=7 .venv/bin/pytest tests/library/test_damage.py
TRIALS = int(os.environ.get("ALCCA_DAMAGE_TRIALS", "45"))
SEED = int(os.environ.get("ALCCA_DAMAGE_SEED", "0"))


@pytest.mark.slow
def test_a_damaged_file_gives_right_results_or_one_clear_line(tmp_path):
    library = make_library(tmp_path / "made")
    (tmp_path / "work").mkdir()
    assert [trial for trial in trials(library, tmp_path / "work", TRIALS, SEED) if trial.wrong] == []
