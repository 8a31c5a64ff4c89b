"""Which warnings reach people."""

import os
import subprocess
import sys
import warnings

import pytest

from alcca.cli.warned import quiet_libraries
from alcca.workers.process import is_debugging

SAY = """
import sys, warnings
warnings.warn_explicit("of a library", RuntimeWarning, "numpy/x.py", 1, "numpy.x")
warnings.warn_explicit("in our lines", RuntimeWarning, "alcca/x.py", 1, "alcca.models.x")
warnings.warn_explicit("of loky", UserWarning, "loky/x.py", 1, "joblib.externals.loky.x")
warnings.warn_explicit("ours", UserWarning, "alcca/x.py", 1, "alcca.models.cca")
"""


@pytest.mark.filterwarnings("default")
def test_only_our_own_are_shown_in_a_line_each(capsys):
    with quiet_libraries(False):
        exec(SAY)
    assert capsys.readouterr().err == "alcca: ours\n"


def test_all_are_shown_when_asked_for(recwarn, monkeypatch):
    monkeypatch.delenv("ALCCA_DEBUG", raising=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with quiet_libraries(True):
            exec(SAY)
            assert is_debugging()
    assert len(said) == 4
    assert not is_debugging()


@pytest.mark.parametrize(("debug", "shown"), [(False, ["ours"]), (True, ["in our lines", "of a library", "ours"])])
def test_processes_that_are_started_follow(monkeypatch, debug, shown):
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    with quiet_libraries(debug):
        done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    assert [one for one in ("in our lines", "of a library", "ours") if one in done.stderr] == shown
    assert "PYTHONWARNINGS" not in os.environ
