"""The verb ``evaluate``: compare methods on a library or on a file of features, print and write what came out."""

import json
from pathlib import Path
from typing import Any

from alcca.experiments.datafile import read_dataset, read_distractors
from alcca.experiments.dataset import Dataset
from alcca.experiments.distractors import Distractors
from alcca.experiments.grid import compare_encoders
from alcca.experiments.methods import default_methods, parse_methods
from alcca.experiments.report import comparison_text, require_matplotlib, to_json, to_text, write_report
from alcca.library.database import is_library
from alcca.library.library import Library

__all__ = ["compare", "distractors_at"]


def compare(
    methods: str | None,
    epochs: int | None,
    data: Library | Path,
    output: Path | None,
    as_json: bool,
    **protocol: Any,
) -> None:
    """Cross-validate methods and tell the results on standard output.

    Parameters
    ----------
    methods : str, optional
        As `alcca.experiments.methods.parse_methods` takes them; what the data is searched with when not given.
    epochs : int, optional
        Of every method that has epochs.
    data : Library or path
        A library, or a file of features (`alcca.experiments.datafile`).
    output : path, optional
        Folder of the report. Finished fits are kept in it, so that a broken run goes on there.
    as_json : bool
        Print values for programs instead of text.
    **protocol
        Of `alcca.Library.evaluate`, or of `alcca.experiments.grid.compare_encoders`.

    Raises
    ------
    MissingExtraError
        A report was asked for, and figures cannot be drawn.
    UsageError, DataError, LibraryError
        As those two.
    """
    if output is not None:
        require_matplotlib()  # before the work, which takes long
        protocol["keep"] = output / "fits"
    named = None if methods is None else parse_methods(methods, epochs)
    if isinstance(data, Library):
        named = named or default_methods(data.dataset(language=protocol.get("language")), epochs)
        results = data.evaluate(named, **protocol)
    else:
        songs = read_dataset(data)
        named = named or default_methods(songs, epochs)
        # Without encoders this is cross_validate.
        results = compare_encoders(named, songs, **protocol)
    if output is not None:
        results.save(output)
        write_report(results, output)
    if as_json:
        print(json.dumps(to_json(results), indent=2))
        return
    print(to_text(results) if len(named) == 1 else comparison_text(results))
    if output is not None:
        print(f"The report: {output / 'report.html'}")


def distractors_at(path: Path) -> Distractors | Dataset:
    """What is right for nobody: the songs of a library, or the texts of a folder or a file; UsageError, DataError."""
    if is_library(path):
        with Library(path, progress=False) as library:
            return library.dataset()
    return read_distractors(path)
