"""The verb ``evaluate``: compare methods on a library or on a file of features, print and write what came out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alcca.experiments.datafile import read_dataset
from alcca.experiments.protocol import cross_validate
from alcca.experiments.report import comparison_text, require_matplotlib, to_json, to_text, write_report
from alcca.library.library import Library

__all__ = ["compare"]


def compare(
    methods: Mapping[str, Any], data: Library | Path, output: Path | None, as_json: bool, **protocol: Any
) -> None:
    """Cross-validate methods and tell the results on standard output.

    Parameters
    ----------
    methods : mapping of str to estimator
    data : Library or path
        A library, or a file of features (`alcca.experiments.datafile`).
    output : path, optional
        Folder of the report. Finished fits are kept in it, so that a broken run goes on there.
    as_json : bool
        Print values for programs instead of text.
    **protocol
        Of `alcca.Library.evaluate`, or of `alcca.cross_validate`.

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
    if isinstance(data, Library):
        results = data.evaluate(methods, **protocol)
    else:
        results = cross_validate(methods, read_dataset(data), **protocol)
    if output is not None:
        results.save(output)
        write_report(results, output)
    if as_json:
        print(json.dumps(to_json(results), indent=2))
        return
    print(to_text(results) if len(methods) == 1 else comparison_text(results))
    if output is not None:
        print(f"The report: {output / 'report.html'}")
