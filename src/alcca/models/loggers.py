"""Loggers of training: the losses of every epoch in TensorBoard, MLflow or Weights & Biases.

Each training of a network is one run, named after its method, seed and fold. Their packages are extras.
"""

import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alcca.errors import MissingExtraError, UsageError
from alcca.models.callbacks import Callback, TrainingRun

__all__ = ["LOGGERS", "MLflow", "TensorBoard", "WandB", "make_logger"]

PROJECT = "alcca"


class _Logger(Callback):
    """A logger that keeps something open for each run that it follows; a copy in another process opens its own."""

    package: str

    def __init__(self) -> None:
        if find_spec(self.package) is None:
            raise MissingExtraError(
                f"logging to {type(self).__name__} needs {self.package}, which is not installed; run: "
                f"pip install 'alcca[{self.package}]'"
            )
        self._open: dict[TrainingRun, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}


class TensorBoard(_Logger):
    """Writes event files for TensorBoard, a folder for each run. Needs the extra ``tensorboard``.

    Parameters
    ----------
    folder : path
        Show it with ``tensorboard --logdir FOLDER``. A run of the same name replaces the one before.

    Raises
    ------
    MissingExtraError
        TensorBoard is not installed.
    UsageError
        The folder is a file.

    Examples
    --------
    >>> import tempfile
    >>> from alcca.models.alcca import ALCCA
    >>> from alcca.models.callbacks import training_callbacks
    >>> with training_callbacks(TensorBoard(tempfile.mkdtemp()), name="first try"):
    ...     pass  # ALCCA().fit((audio, lyrics), labels)
    """

    package = "tensorboard"

    def __init__(self, folder: Path | str = "runs") -> None:
        super().__init__()
        # Processes that train may work in another folder.
        self.folder = Path(folder).absolute()
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{folder} is a file; choose a folder for TensorBoard")

    def on_fit_start(self, run: TrainingRun) -> None:
        """Open the run's event file."""
        from torch.utils.tensorboard import SummaryWriter

        # Events of an earlier run in this folder are hidden from step 0 on.
        writer = SummaryWriter(str(self.folder / run.name), purge_step=0)
        self._open[run] = writer
        rows = "\n".join(f"| {key} | {value} |" for key, value in {**run.about, **run.settings}.items())
        writer.add_text("settings", f"| setting | value |\n|---|---|\n{rows}")

    def on_epoch_end(self, run: TrainingRun, epoch: int, losses: Mapping[str, float]) -> None:
        """Write the losses at the step of this epoch."""
        for name, value in losses.items():
            self._open[run].add_scalar(name, value, epoch)

    def on_fit_end(self, run: TrainingRun, error: BaseException | None) -> None:
        """Close the event file."""
        self._open.pop(run).close()


class MLflow(_Logger):
    """Logs to an MLflow tracking server or store. Needs the extra ``mlflow``.

    Parameters
    ----------
    uri : str, optional
        Such as ``http://HOST:5000`` or ``sqlite:///mlflow.db``. By default MLflow's own, as $MLFLOW_TRACKING_URI says.
    experiment : str
        Made at once if it is missing, before processes that train could do so at the same time.

    Raises
    ------
    MissingExtraError
        MLflow is not installed.
    UsageError
        The server or store cannot be used.
    """

    package = "mlflow"

    def __init__(self, uri: str | None = None, experiment: str = PROJECT) -> None:
        super().__init__()
        from mlflow import MlflowClient

        self.uri, self.experiment = uri, experiment
        try:
            self._number = self._made(MlflowClient(tracking_uri=uri))
        except Exception as error:  # of the network, a database, or MLflow
            raise UsageError(
                f"MLflow at {uri or 'its default address'} cannot be used ({' '.join(str(error).split())}); start its "
                "server, or correct the address"
            ) from error

    def on_fit_start(self, run: TrainingRun) -> None:
        """Create the run, with settings as parameters and the method, seed and fold as tags."""
        from mlflow import MlflowClient
        from mlflow.entities import Param

        # A client of its own: the fluent interface has one active run a thread, and networks train side by side.
        client = MlflowClient(tracking_uri=self.uri)
        tags = {name: str(value) for name, value in run.about.items()}
        created = client.create_run(self._number, run_name=run.name, tags=tags)
        self._open[run] = client, created.info.run_id
        client.log_batch(created.info.run_id, params=[Param(name, str(value)) for name, value in run.settings.items()])

    def _made(self, client: Any) -> str:
        """The experiment's id."""
        from mlflow.exceptions import MlflowException

        known = client.get_experiment_by_name(self.experiment)
        if known is None:
            try:
                return str(client.create_experiment(self.experiment))
            except MlflowException:  # another process was faster
                known = client.get_experiment_by_name(self.experiment)
                if known is None:
                    raise
        return str(known.experiment_id)

    def on_epoch_end(self, run: TrainingRun, epoch: int, losses: Mapping[str, float]) -> None:
        """Log the losses as metrics at the step of this epoch, in one request."""
        from mlflow.entities import Metric

        client, number = self._open[run]
        now = int(1000 * time.time())
        client.log_batch(number, metrics=[Metric(name, value, now, epoch) for name, value in losses.items()])

    def on_fit_end(self, run: TrainingRun, error: BaseException | None) -> None:
        """Set the status of the run."""
        client, number = self._open.pop(run)
        client.set_terminated(number, status="FINISHED" if error is None else "FAILED")


class WandB(_Logger):
    """Logs to Weights & Biases. Needs the extra ``wandb``, and ``wandb login`` or WANDB_MODE=offline.

    Parameters
    ----------
    project : str
        ``PROJECT`` or ``ENTITY/PROJECT``. Runs are grouped by method.

    Raises
    ------
    MissingExtraError
        The package wandb is not installed.
    """

    package = "wandb"

    def __init__(self, project: str = PROJECT) -> None:
        super().__init__()
        self.project = project

    def on_fit_start(self, run: TrainingRun) -> None:
        """Start the run, with the settings, method, seed and fold as its configuration."""
        import wandb

        entity, _, project = self.project.rpartition("/")
        self._open[run] = wandb.init(
            entity=entity or None,
            project=project,
            name=run.name,
            group=None if "method" not in run.about else str(run.about["method"])[:128],
            config={**run.about, **run.settings},
            # Networks that train side by side have runs side by side.
            reinit="create_new",
            settings=wandb.Settings(silent=True, console="off"),
        )

    def on_epoch_end(self, run: TrainingRun, epoch: int, losses: Mapping[str, float]) -> None:
        """Log the losses at the step of this epoch."""
        self._open[run].log(dict(losses), step=epoch)

    def on_fit_end(self, run: TrainingRun, error: BaseException | None) -> None:
        """Finish the run."""
        self._open.pop(run).finish(exit_code=0 if error is None else 1)


LOGGERS: dict[str, Callable[..., Callback]] = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WandB}


def make_logger(text: str) -> Callback:
    """Make the logger that a text of the command line names: KIND or KIND:WHERE.

    Parameters
    ----------
    text : str
        ``tensorboard:FOLDER``, ``mlflow:URI``, ``wandb:PROJECT``, or one of these without its second part.

    Raises
    ------
    UsageError
        There is no such kind.
    MissingExtraError
        Its package is not installed.

    Examples
    --------
    >>> make_logger("tensorbord:runs")
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: log: 'tensorbord:runs': expected tensorboard:FOLDER, mlflow:URI or wandb:PROJECT
    """
    kind, _, where = text.partition(":") if isinstance(text, str) else (None, "", "")
    if kind not in LOGGERS:
        raise UsageError(f"log: {text!r}: expected tensorboard:FOLDER, mlflow:URI or wandb:PROJECT")
    return LOGGERS[kind](where) if where else LOGGERS[kind]()
