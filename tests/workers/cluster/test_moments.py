"""The moments of chunks of songs, learned on a cluster: the same model bit for bit, whatever becomes of the workers."""

import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.models.test_cca_chunks import made, state

from alcca.errors import DataError
from alcca.models.cca import CCA
from alcca.models.cca_chunks import CHUNKS_A_BRANCH, fit_chunks

COUNT = 3 * CHUNKS_A_BRANCH + 2


def made_by_the_living(number, mark, once):
    """A chunk; the process that makes the twentieth is killed, the first or each time."""
    if number == 20 and not (once and Path(mark).exists()):
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return made(number)


def test_a_worker_that_dies_changes_no_bit(cluster, tmp_path):
    chunks = [partial(made_by_the_living, number, str(tmp_path / "mark"), True) for number in range(COUNT)]
    found = fit_chunks(CCA(2), chunks, cluster=cluster)
    assert (tmp_path / "mark").exists()
    for part, whole in zip(state(found), state(fit_chunks(CCA(2), [made(i) for i in range(COUNT)])), strict=True):
        np.testing.assert_array_equal(part, whole)


def test_chunks_that_end_every_worker_are_named(on_living_workers, tmp_path):
    chunks = [partial(made_by_the_living, number, str(tmp_path / "mark"), False) for number in range(COUNT)]
    with pytest.raises(DataError, match="chunks 16 to 31 ended each worker"):
        on_living_workers(lambda address: fit_chunks(CCA(2), chunks, cluster=address))
