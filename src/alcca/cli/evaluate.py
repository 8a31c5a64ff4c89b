"""The verb ``evaluate``: compare methods on a library or a file of features, then print and save the results."""

import json
from pathlib import Path
from typing import Any

from alcca.experiments.dataset import Dataset
from alcca.experiments.distractors import Distractors
from alcca.experiments.feature_files import read_dataset, read_distractors
from alcca.experiments.grid import compare_encoders
from alcca.experiments.methods import default_methods, parse_methods
from alcca.experiments.report import comparison_text, require_matplotlib, to_json, to_text, write_report
from alcca.library.library import Library
from alcca.store.database import is_library

__all__ = ["compare", "distractors_at"]


def compare(
    methods: str | None,
    epochs: int | None,
    data: Library | Path,
    output: Path | None,
    as_json: bool,
    **protocol: Any,
) -> None:
    """Cross-validate methods and print the results.

    Parameters
    ----------
    methods : str, optional
        Methods, as for `alcca.experiments.methods.parse_methods`, and of a library "search". By default as for
        `alcca.Library.evaluate` and `alcca.experiments.methods.default_methods`.
    epochs : int, optional
        Training epochs of every method that has epochs.
    data : Library or path
        A library, or a file of features (`alcca.experiments.feature_files`).
    output : path, optional
        Folder of the report. Finished fits are saved there too, so an interrupted run can resume.
    as_json : bool
        Print JSON instead of text.
    **protocol
        Passed to `alcca.Library.evaluate` or `alcca.experiments.grid.compare_encoders`.

    Raises
    ------
    MissingExtraError
        If ``output`` is given and matplotlib is not installed.
    UsageError, DataError, LibraryError
        As raised by those two functions.
    """
    if output is not None:
        require_matplotlib()  # fail before the long run, not after it
        protocol["keep"] = output / "fits"
    if isinstance(data, Library):
        results = data.evaluate(methods, epochs=epochs, **protocol)
    else:
        named = None if methods is None else parse_methods(methods, epochs)
        songs = read_dataset(data)
        # Without encoders, this is the same as cross_validate.
        results = compare_encoders(named or default_methods(songs, epochs), songs, **protocol)
    if output is not None:
        results.save(output)
        write_report(results, output)
    if as_json:
        print(json.dumps(to_json(results), indent=2))
        return
    print(to_text(results) if len(results.settings["methods"]) == 1 else comparison_text(results))
    if output is not None:
        print(f"The report: {output / 'report.html'}")


def distractors_at(path: Path) -> Distractors | Dataset:
    """Read distractors from a library, a folder of texts, or a file. Raises UsageError or DataError."""
    if is_library(path):
        with Library(path, progress=False) as library:
            return library.dataset()
    return read_distractors(path)
