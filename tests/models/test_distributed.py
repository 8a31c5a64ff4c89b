import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models import sharing

from alcca.cli.main import main
from alcca.errors import UsageError
from alcca.experiments.protocol import cross_validate
from alcca.models.dcca import DCCA
from alcca.models.processes import process_rank, world_size
from alcca.models.training import choose_device

SECONDS = 300


def ended(processes):
    """What processes said, when they have ended; none of them stays."""
    try:
        return [process.communicate(timeout=SECONDS)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def start(*command, **more):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, *map(str, command)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=environment, **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """What two processes make of the same songs, one mapping each; and their folder."""
    out = tmp_path_factory.mktemp("together")
    processes = [start(sharing.__file__, rank, 2, out / "meeting", out) for rank in range(2)]
    said = ended(processes)
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    return [dict(np.load(out / f"{rank}.npz")) for rank in range(2)], out


@pytest.mark.parametrize("name", sharing.MODELS)
def test_processes_that_share_the_batches_fit_what_one_process_fits(together, name):
    # The joint network's maxima over frames pass rounding on as jumps.
    tolerance = 1e-3 if name == "joint" else 2e-5
    for i, expected in enumerate(sharing.fitted(name)):
        for process in together[0]:
            np.testing.assert_allclose(process[f"{name}/{i}"], expected, rtol=0, atol=tolerance)
    if "early" in name:
        assert len(expected) < sharing.MODELS[name].epochs


def test_the_shared_gradient_is_that_of_the_whole_batch(together):
    for i, expected in enumerate(sharing.losses()):
        for process in together[0]:
            np.testing.assert_allclose(process[f"losses/{i}"], expected, rtol=0, atol=1e-12)


def test_all_processes_have_the_same_model(together):
    first, second = together[0]
    for name, array in first.items():
        np.testing.assert_allclose(second[name], array, rtol=0, atol=1e-12)


def test_the_first_process_alone_writes(together):
    _, out = together
    assert [folder.name for folder in out.glob("model of *")] == ["model of 0"]
    model = DCCA.load(out / "model of 0")
    views, _ = sharing.songs()
    np.testing.assert_array_equal(model.transform(views)[0], together[0][0]["dcca/0"])


def test_what_must_not_differ_by_rounding_is_taken_from_the_first_process(together):
    _, out = together
    assert [json.loads((out / f"{rank}.json").read_text())["heard"] for rank in range(2)] == [[0.0, 5.0]] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="threads have names in /proc")
def test_no_thread_of_the_process_group_outlives_it(together):
    _, out = together
    for rank in range(2):
        during, after = json.loads((out / f"{rank}.json").read_text())["threads"]
        assert any("gloo" in name for name in during)
        assert not any("gloo" in name for name in after)


def test_songs_of_ones_own_and_another_order_are_refused_in_every_process(together):
    _, out = together
    for rank in range(2):
        for message in json.loads((out / f"{rank}.json").read_text())["messages"]:
            assert message.startswith("process 1 of 2 was given other songs or settings than process 0; give all songs")


@pytest.mark.slow
def test_under_torchrun_fit_needs_nothing_more(tmp_path):
    (tmp_path / "script.py").write_text(
        textwrap.dedent(
            """
            import numpy as np
            import torch
            from alcca import DCCA

            rng = np.random.default_rng(0)
            shared = rng.normal(size=(60, 3))
            audio, lyrics = (shared @ rng.normal(size=(3, p)) + rng.normal(size=(60, p)) for p in (8, 6))
            model = DCCA(2, (8,), epochs=2, batch_size=30, device="cpu", verbose=True).fit((audio, lyrics))
            model.save("model")
            print(f"process {torch.distributed.get_rank()} of {torch.distributed.get_world_size()}")
            """
        )
    )
    launch = start("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2, "script.py", cwd=tmp_path)
    (said,) = ended([launch])
    assert launch.returncode == 0, said
    # Not by lines: both processes write to one stream, the end of a line apart from what stands in it.
    assert all(f"process {rank} of 2" in said for rank in range(2))
    assert said.count("training DCCA: 2 epochs") == 1
    assert DCCA.load(tmp_path / "model").correlations_.shape == (2,)


@pytest.fixture
def launched(monkeypatch):
    """As if torchrun had started this process as the second of four, two on each machine."""
    for name, value in {"TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)


def test_torchrun_s_processes_know_their_number_and_those_that_they_start_are_none(launched, monkeypatch):
    assert (world_size(), process_rank()) == (4, 3)
    monkeypatch.setattr("multiprocessing.parent_process", lambda: "somebody")
    assert (world_size(), process_rank()) == (1, 0)


def test_each_process_of_a_machine_has_a_device_of_its_own(launched, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "empty", lambda *size, device: device)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [str(choose_device(name)) for name in ("auto", "cuda", "cuda:0", "cpu")] == [
        "cuda:1", "cuda:1", "cuda:0", "cpu",
    ]  # fmt: skip
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UsageError, match=r"process 1 of this machine has none of its 1 CUDA devices; .*per-node 1\)"):
        choose_device("auto")


def test_comparisons_and_the_command_line_are_not_for_torchrun(launched, capsys):
    with pytest.raises(UsageError, match=r"cross_validate cannot be shared by 4 processes.*n_jobs"):
        cross_validate("cca", None)
    assert main(["status", "--library", str(Path("nowhere"))]) == 2
    assert "in one process, but torchrun has started 4" in capsys.readouterr().err
