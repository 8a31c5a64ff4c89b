"""The library's last evaluation, in the format of the API."""

import json
import time
from pathlib import Path
from typing import Any

from alcca.errors import LibraryError
from alcca.experiments.results import FILES, MEASURES
from alcca.persistence.files import check_files
from alcca.server.schemas import Evaluation, EvaluationRow

__all__ = ["is_evaluated", "read_evaluation"]


def is_evaluated(folder: Path) -> bool:
    """Whether the library in ``folder`` has been evaluated."""
    return _summary(folder).is_file()


def read_evaluation(folder: Path) -> Evaluation:
    """Read the evaluation that `alcca.Library.evaluate` saved in the library in ``folder``.

    Raises
    ------
    LibraryError
        If there is none, or it is damaged.
    """
    import pandas as pd

    summary = _summary(folder)
    try:
        check_files(summary.parent, "run alcca evaluate again")
        when = summary.stat().st_mtime
        state = json.loads((summary.parent / FILES[2]).read_text(encoding="utf-8"))
        table = pd.read_csv(summary)
        settings = state["settings"]
        return Evaluation(
            evaluated=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when)),
            songs=settings["songs"],
            folds=settings["folds"],
            pool=float(table.loc[table["level"] == "instance", "pool"].mean()),
            seeds=settings["seeds"],
            methods=list(dict.fromkeys(table["method"])),
            notes=state["notes"],
            rows=[figure for row in table.to_dict("records") for figure in _figures(row)],
        )
    except FileNotFoundError as error:
        raise LibraryError(f"{folder}: this library has not been evaluated yet; run alcca evaluate") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LibraryError(f"{folder}: the saved evaluation is damaged ({error}); run alcca evaluate again") from error


def _summary(folder: Path) -> Path:
    return folder / "evaluation" / FILES[1]


def _figures(row: dict[Any, Any]) -> list[EvaluationRow]:
    return [
        EvaluationRow.model_validate(
            {name: row[name] for name in ("method", "components", "direction", "level", "pool")}
            | {"measure": measure, "value": row[measure], "low": row[f"{measure}_low"], "high": row[f"{measure}_high"]}
            | {name: _known(row[f"{measure}_{name}"]) for name in ("chance", "shuffled")}
        )
        for measure in MEASURES
    ]


def _known(value: float) -> float | None:
    return None if value != value else value
