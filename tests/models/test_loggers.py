"""What loggers write, read back by the packages themselves, or by stand-ins with the signatures of those."""

import pickle
import sys
import types
from importlib.util import find_spec

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from alcca.errors import MissingExtraError, UsageError
from alcca.models import loggers
from alcca.models.callbacks import training_callbacks
from alcca.models.dcca import DCCA
from alcca.models.loggers import MLflow, TensorBoard, WandB, make_logger

ABOUT = {"method": "dcca", "seed": 0, "fold": 2, "shuffled": False}
NAME = "dcca/seed-0/fold-2"
RUN = f"{NAME}/training-DCCA"


def fitted(callback, epochs=3, lr=1e-3):
    """The history of a training that a logger has followed."""
    audio, lyrics = np.random.default_rng(0).normal(size=(2, 60, 4))
    with training_callbacks(callback, name=NAME, **ABOUT):
        return DCCA(2, hidden=(4,), epochs=epochs, lr=lr, batch_size=30, device="cpu").fit((audio, lyrics)).history_


def read(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_tensorboard_reads_the_losses_of_every_epoch(tmp_path):
    history = fitted(TensorBoard(tmp_path / "runs"))
    found = read(tmp_path / "runs" / RUN)
    assert set(found) == set(history[0])
    for name, events in found.items():
        assert [step for step, _ in events] == [1, 2, 3]
        np.testing.assert_allclose([value for _, value in events], [losses[name] for losses in history], rtol=1e-6)


def test_a_run_of_the_same_name_replaces_the_one_before(tmp_path):
    callback = TensorBoard(tmp_path)
    fitted(callback, epochs=5)
    history = fitted(callback, epochs=2, lr=1e-2)
    events = read(tmp_path / RUN)["total"]
    np.testing.assert_allclose([value for _, value in events], [losses["total"] for losses in history], rtol=1e-6)


def test_a_logger_that_follows_can_be_copied_to_another_process(tmp_path):
    callback = TensorBoard(tmp_path)
    callback._open["a run"] = open(tmp_path / "file", "w")  # noqa: SIM115, PTH123  # which cannot be pickled
    copy = pickle.loads(pickle.dumps(callback))
    assert (copy.folder, copy._open) == (callback.folder, {})
    callback._open.pop("a run").close()


def test_the_folder_does_not_depend_on_where_a_process_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert TensorBoard("runs").folder == tmp_path / "runs"
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is a file; choose a folder"):
        TensorBoard("file")


class MlflowStandIn(types.ModuleType):
    """The parts of mlflow 3.17 that we use, with its signatures."""

    def __init__(self):
        super().__init__("mlflow")
        self.experiments, self.runs = {}, []
        server = self

        class MlflowError(Exception):
            pass

        class MlflowClient:
            def __init__(self, tracking_uri=None, registry_uri=None, workspace_store_uri=None):
                self.uri = tracking_uri

            def get_experiment_by_name(self, name):
                number = server.experiments.get(name)
                return None if number is None else types.SimpleNamespace(experiment_id=number)

            def create_experiment(self, name, artifact_location=None, tags=None):
                if name in server.experiments:
                    raise MlflowError("exists")
                server.experiments[name] = str(len(server.experiments))
                return server.experiments[name]

            def create_run(self, experiment_id, start_time=None, tags=None, run_name=None):
                assert all(isinstance(value, str) for value in tags.values())
                run = {"experiment": experiment_id, "name": run_name, "tags": tags, "params": {}, "metrics": []}
                server.runs.append(run)
                return types.SimpleNamespace(info=types.SimpleNamespace(run_id=len(server.runs) - 1))

            def log_batch(self, run_id, metrics=(), params=(), tags=(), synchronous=None):
                server.runs[run_id]["params"] |= {one["key"]: one["value"] for one in params}
                server.runs[run_id]["metrics"] += metrics

            def set_terminated(self, run_id, status=None, end_time=None):
                server.runs[run_id]["status"] = status

        def metric(key, value, timestamp, step, model_id=None):
            return {"key": key, "value": value, "timestamp": timestamp, "step": step}

        def param(key, value):
            assert isinstance(value, str)
            return {"key": key, "value": value}

        self.MlflowClient = MlflowClient
        self.entities = types.SimpleNamespace(Metric=metric, Param=param)
        self.exceptions = types.SimpleNamespace(MlflowException=MlflowError)


@pytest.fixture
def installed(monkeypatch):
    """Put stand-ins for packages in place."""

    def put(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(loggers, "find_spec", lambda name: name if name in modules else None)

    return put


@pytest.mark.parametrize("another_was_faster", [False, True])
def test_mlflow_gets_settings_losses_and_status(installed, another_was_faster, monkeypatch):
    server = MlflowStandIn()
    installed(mlflow=server, **{f"mlflow.{part}": getattr(server, part) for part in ("entities", "exceptions")})
    if another_was_faster:
        look = server.MlflowClient.get_experiment_by_name
        answers = iter([None])
        monkeypatch.setattr(server.MlflowClient, "get_experiment_by_name", lambda *given: next(answers, look(*given)))
        server.experiments["alcca"] = "0"
    history = fitted(MLflow("http://localhost:5000"))
    (run,) = server.runs
    assert (run["experiment"], run["name"], run["status"]) == ("0", RUN, "FINISHED")
    assert run["tags"] == {"method": "dcca", "seed": "0", "fold": "2", "shuffled": "False"}
    assert run["params"]["epochs"] == "3"
    found = [(metric["step"], metric["key"], metric["value"]) for metric in run["metrics"]]
    assert found == [(step, *item) for step, losses in enumerate(history, start=1) for item in losses.items()]


def test_an_mlflow_that_does_not_answer_is_said_before_the_work(installed, monkeypatch):
    server = MlflowStandIn()
    installed(mlflow=server, **{f"mlflow.{part}": getattr(server, part) for part in ("entities", "exceptions")})

    def refuse(*_):
        raise ConnectionError("refused")

    monkeypatch.setattr(server.MlflowClient, "get_experiment_by_name", refuse)
    with pytest.raises(UsageError, match=r"MLflow at http://there cannot be used \(refused\); start its server"):
        make_logger("mlflow:http://there")


def wandb_stand_in(runs):
    """The parts of wandb 0.31 that we use, with its signatures."""

    class Run:
        def __init__(self, about):
            self.about, self.logged, self.code = about, [], None

        def log(self, data, step=None, commit=None):
            self.logged.append((step, data))

        def finish(self, exit_code=None):
            self.code = exit_code

    def init(entity=None, project=None, dir=None, id=None, name=None, notes=None, tags=None, config=None, group=None,
             job_type=None, mode=None, reinit=None, settings=None):  # fmt: skip
        about = {"entity": entity, "project": project, "name": name, "group": group, "config": config, "reinit": reinit}
        runs.append(Run(about))
        return runs[-1]

    module = types.ModuleType("wandb")
    module.init, module.Settings = init, lambda silent, console: None
    return module


def test_wandb_gets_settings_losses_and_status(installed):
    runs = []
    installed(wandb=wandb_stand_in(runs))
    history = fitted(WandB("us/songs"))
    (run,) = runs
    assert {name: run.about[name] for name in ("entity", "project", "name", "group", "reinit")} == {
        "entity": "us", "project": "songs", "name": RUN, "group": "dcca", "reinit": "create_new",
    }  # fmt: skip
    assert run.about["config"].items() >= {**ABOUT, "epochs": 3}.items()
    assert run.logged == list(enumerate(history, start=1))
    assert run.code == 0


@pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow is not among the extras of dev")
def test_mlflow_itself(tmp_path):
    from mlflow import MlflowClient

    address = f"sqlite:///{tmp_path}/mlflow.db"
    history = fitted(MLflow(address))
    client = MlflowClient(tracking_uri=address)
    (run,) = client.search_runs([client.get_experiment_by_name("alcca").experiment_id])
    assert (run.info.run_name, run.info.status, run.data.params["epochs"]) == (RUN, "FINISHED", "3")
    found = [metric.value for metric in client.get_metric_history(run.info.run_id, "total")]
    assert found == [losses["total"] for losses in history]


@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not among the extras of dev")
def test_wandb_itself_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.chdir(tmp_path)
    fitted(WandB("songs"))
    assert len(list(tmp_path.glob("wandb/offline-run-*/*.wandb"))) == 1


@pytest.mark.parametrize(("text", "said"), [
    ("tensorbord", "expected tensorboard:FOLDER, mlflow:URI or wandb:PROJECT"), ("", "expected tensorboard"),
])  # fmt: skip
def test_another_kind_is_refused(text, said):
    with pytest.raises(UsageError, match=said):
        make_logger(text)


@pytest.mark.parametrize("kind", ["tensorboard", "mlflow", "wandb"])
def test_a_missing_package_is_said_before_the_work(kind, installed):
    installed()
    with pytest.raises(MissingExtraError, match=rf"needs {kind}, .* pip install 'alcca\[{kind}\]'"):
        make_logger(f"{kind}:here")


def test_what_follows_the_kind_is_where(installed, tmp_path, monkeypatch):
    server = MlflowStandIn()
    parts = {f"mlflow.{part}": getattr(server, part) for part in ("entities", "exceptions")}
    installed(tensorboard=None, mlflow=server, wandb=None, **parts)
    monkeypatch.chdir(tmp_path)
    assert make_logger("tensorboard").folder == tmp_path / "runs"
    assert make_logger("mlflow").uri is None
    assert make_logger("mlflow:sqlite:///a.db").uri == "sqlite:///a.db"
    assert (make_logger("wandb").project, make_logger("wandb:us/songs").project) == ("alcca", "us/songs")
