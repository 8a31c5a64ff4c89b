"""The check of a library's files beside its database: the model, its map and indexes, the evaluation, leftovers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alcca.errors import AlccaError, LibraryError, MissingExtraError
from alcca.experiments.results import Results
from alcca.library.faiss_files import damaged_files, unused_files
from alcca.library.findings import CheckReport
from alcca.persistence.files import SUMS, check_files
from alcca.search.engines.faiss import FOLDER as FAISS
from alcca.space.embedder import Embedder, model_folder
from alcca.space.map_layout import FOLDER as MAP
from alcca.space.map_layout import Layout

__all__ = ["EVALUATION", "check_evaluation", "check_model", "leftovers"]

EVALUATION, MODELS = "evaluation", "models"
TRAIN = "train again: alcca train"
REPAIR = "alcca check --repair"
# Files of these names come and go while alcca works.
PASSING = {".lock"}


def check_model(report: CheckReport, library: Path, model: dict[str, Any] | None) -> Embedder | None:
    """Check all files of the model in use; return the model if it can be loaded."""
    if model is None:
        return None
    folder = model_folder(library, model)
    if not folder.is_dir():
        report.found(folder, "the model's folder is missing", TRAIN)
        return None
    own = [path for path in _folders(folder) if not {MAP, FAISS} & set(path.relative_to(folder).parts)]
    sound = True
    for part in own:
        sound &= _check_folder(report, part, TRAIN)
    _check_map(report, folder)
    report.files += sum(path.is_file() for path in (folder / FAISS).rglob("*"))
    for path in damaged_files(folder):
        report.found(path, "the files for faster search are damaged", f"build them anew: {REPAIR}")
    return _loaded(report, folder) if sound else None


def _loaded(report: CheckReport, folder: Path) -> Embedder | None:
    try:
        return Embedder.load(folder)
    except MissingExtraError as error:
        report.notes.append(f"{folder}: the model was not loaded: {error}")
    except AlccaError as error:
        if "--trust" in str(error):
            report.notes.append(f"the model was not loaded: {error}")
        else:
            report.found(folder, f"the model cannot be loaded: {error}", TRAIN)
    return None


def _check_map(report: CheckReport, folder: Path) -> None:
    if (folder / MAP).exists() and _check_folder(report, folder / MAP, f"lay it out anew: {REPAIR}"):
        try:
            Layout.load(folder)
        except LibraryError as error:
            report.found(folder / MAP, str(error), f"lay it out anew: {REPAIR}")


def _check_folder(report: CheckReport, folder: Path, remedy: str) -> bool:
    """Check one folder's files by their checksums; whether all are as they were written."""
    names = [path.name for path in folder.iterdir() if not path.is_dir()]
    if not names:
        return True
    report.files += len(names)
    if SUMS not in names:
        report.notes.append(f"{folder}: has no checksums; an older version of alcca wrote it")
        return True
    try:
        check_files(folder, remedy)
    except (LibraryError, OSError) as error:
        problem = f"{error.filename} is missing" if isinstance(error, FileNotFoundError) else str(error)
        report.found(folder, problem, remedy)
        return False
    return True


def check_evaluation(report: CheckReport, library: Path) -> None:
    """Check the results of the last evaluation."""
    folder = library / EVALUATION
    again = "evaluate again: alcca evaluate"
    if folder.is_dir() and _check_folder(report, folder, again):
        try:
            Results.load(folder)
        except LibraryError as error:
            if "no saved results" not in str(error):
                report.found(folder, str(error), again)


def leftovers(library: Path, model: dict[str, Any] | None) -> Iterator[Path]:
    """Files and folders that interrupted work has left, and nothing needs; only while nothing writes."""
    folders = [library, library / MODELS, library / EVALUATION]
    used = None if model is None else model_folder(library, model)
    if used is not None and used.is_dir():
        folders += _folders(used)
        yield from unused_files(used)
    for folder in filter(Path.is_dir, folders):
        yield from (path for path in folder.glob(".*") if path.name not in PASSING)
    # Without a model in use, another one may be the one that was.
    if used is not None:
        yield from (path for path in (library / MODELS).glob("[!.]*") if path != used)


def _folders(folder: Path) -> list[Path]:
    return [folder, *sorted(path for path in folder.rglob("[!.]*") if path.is_dir() and not path.is_symlink())]
