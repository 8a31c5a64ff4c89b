"""Where the tests find real songs, and how long they may take to end."""

import faulthandler
import os
import sys
import tempfile
from pathlib import Path

# Tests work on small matrices, where threads wait for each other: two take six times as long as one. NumPy and PyTorch
# read this when they are imported.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import pytest
from tests.making import write_music

pytest_plugins = ["tests.libraries", "tests.lyrics.fakes"]

# Nobody sings in most of the songs that tests make, and transcribing each takes a second: tests that transcribe say so.
os.environ["ALCCA_HEAR"] = "off"
# What the user trusts is the user's: tests remember it elsewhere.
CONFIG = tempfile.TemporaryDirectory(prefix="alcca-config-")
os.environ["ALCCA_CONFIG"] = CONFIG.name
SECONDS_TO_END_ALL = 120


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Tell where, and end, when something hangs after the last test."""
    faulthandler.dump_traceback_later(SECONDS_TO_END_ALL, exit=True, file=sys.__stderr__)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder that holds ``cc_songs`` and ``songbook``; skip without it, but never in CI."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ALCCA_TEST_DATA", default))
    if not (folder / "cc_songs").is_dir():
        reason = f"real songs are not at {folder}; set ALCCA_TEST_DATA to the folder that holds cc_songs and songbook"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A music folder of a dozen small songs."""
    return write_music(tmp_path / "music")
