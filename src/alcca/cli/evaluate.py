"""The verb ``evaluate``: compare methods on a library or a file of features, then print and save the results."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alcca.cli.described import description
from alcca.errors import UsageError
from alcca.experiments.comparison_file import write_comparison
from alcca.experiments.dataset import Dataset
from alcca.experiments.described_methods import described_methods
from alcca.experiments.distractors import Distractors
from alcca.experiments.feature_files import read_dataset, read_distractors
from alcca.experiments.grid import SEPARATOR, compare_encoders
from alcca.experiments.methods import default_methods, named_methods
from alcca.experiments.report import comparison_text, require_matplotlib, to_json, to_text, write_report
from alcca.library.evaluation import SEARCH
from alcca.library.library import Library
from alcca.models.settings import whole_number
from alcca.store.database import is_library

__all__ = ["compare", "distractors_at"]


def compare(
    options: argparse.Namespace,
    data: Library | Path,
    **protocol: Any,
) -> None:
    """Cross-validate methods and print the results.

    Parameters
    ----------
    options : Namespace
        Completed (`alcca.cli.described.complete`): methods, of a library also "search", by default as for
        `alcca.Library.evaluate` and `alcca.experiments.methods.default_methods`; epochs; output, the folder of the
        report, in which finished fits are saved too, so an interrupted run can resume; json.
    data : Library or path
        A library, or a file of features (`alcca.experiments.feature_files`).
    **protocol
        Passed to `alcca.Library.evaluate` or `alcca.experiments.grid.compare_encoders`.

    Raises
    ------
    MissingExtraError
        If ``output`` is given and matplotlib is not installed.
    UsageError, DataError, LibraryError
        As raised by those two functions.
    """
    output, epochs = options.output, options.epochs
    if epochs is not None:
        whole_number("epochs", epochs)
    methods = _methods(options, isinstance(data, Library))
    for name, folder in (("save_runs", "runs"), ("save_scores", "scores")):
        if getattr(options, name):
            if output is None:
                raise UsageError(f"--{name.replace('_', '-')} writes into the report's folder; name it with --output")
            protocol[name] = output / folder
    if output is not None:
        require_matplotlib()  # fail before the long run, not after it
        protocol["keep"] = output / "fits"
    if isinstance(data, Library):
        results = data.evaluate(methods, epochs=epochs, **protocol)
    else:
        named = None if methods is None else named_methods(methods, epochs)
        songs = read_dataset(data)
        # Without encoders, this is the same as cross_validate.
        results = compare_encoders(named or default_methods(songs, epochs), songs, **protocol)
    if output is not None:
        results.save(output)
        names = dict.fromkeys(name.split(SEPARATOR)[0] for name in results.settings["methods"])
        described = description(options, list(names))
        write_report(results, output, write_comparison(described, output, results.settings["versions"]))
    if options.json:
        print(json.dumps(to_json(results), indent=2))
        return
    print(to_text(results) if len(results.settings["methods"]) == 1 else comparison_text(results))
    if output is not None:
        print(f"The report: {output / 'report.html'}")


def _methods(options: argparse.Namespace, of_library: bool) -> Any:
    """The methods as a text, or of a file that has a table for each as estimators; None by default."""
    if isinstance(options.methods, Mapping):
        return described_methods(options.methods, options.epochs, [SEARCH] if of_library else [])
    return None if options.methods is None else ",".join(options.methods)


def distractors_at(path: Path) -> Distractors | Dataset:
    """Read distractors from a library, a folder of texts, or a file. Raises UsageError or DataError."""
    if is_library(path):
        with Library(path, progress=False) as library:
            return library.dataset()
    return read_distractors(path)
