"""The options of ``evaluate`` from the command line and from a file that describes a comparison."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alcca.experiments.comparison_file import KEYS, read_comparison_file
from alcca.experiments.described_methods import listed_methods
from alcca.experiments.described_trust import check_description
from alcca.experiments.tuning import tuning_of

__all__ = ["complete", "description"]

DEFAULTS: dict[str, Any] = {
    "folds": 5,
    "components": list(range(10, 101, 10)),
    "seeds": [0],
    "control": True,
    "fresh": False,
    "save_runs": False,
    "save_scores": False,
}


def complete(options: argparse.Namespace) -> None:
    """Complete parsed options in place: those of the command line, else of ``--config``, else the defaults.

    ``methods`` become a list of texts, or the tables of the file; ``tune`` what `alcca.cross_validate` takes.

    Raises
    ------
    UsageError
        The file cannot be read, has a key or a value that is wrong, or names code or addresses that are not trusted.
    """
    described = {} if options.config is None else read_comparison_file(options.config)
    given = vars(options)
    if given["methods"] is not None:
        given["methods"] = listed_methods(given["methods"])
    elif isinstance(described.get("methods"), list):
        described["methods"] = listed_methods(described["methods"])
    if given["tune"] is not None:
        # Without a grid, each method has its own.
        given["tune"] = list(filter(None, given["tune"])) or True
        tuning_of(given["tune"])  # refused before songs are read: --tune may have taken DATA for a grid
    if given["library"] is not given["environment"]["library"]:
        # Songs of the command line, which --library names too.
        described.pop("data", None)
    if "cluster" in described and given["cluster"] is given["environment"]["cluster"]:
        given["cluster"] = None
    used = {key: value for key, value in described.items() if given.get(key) is None}
    check_description(options.config, used)
    for key in KEYS:
        if given.get(key) is None:
            given[key] = used.get(key, DEFAULTS.get(key))


def description(options: argparse.Namespace, methods: list[str]) -> dict[str, Any]:
    """Return all that completed options say of a comparison, by the keys of a file.

    Parameters
    ----------
    options : Namespace
    methods : list of str
        Those that were compared, for options that name none.
    """
    described = {key: getattr(options, key) for key in KEYS}
    about = {"data": options.data or options.library, "methods": options.methods or methods}
    return {**described, **about, "tune": _tuning(options.tune)}


def _tuning(tune: Any) -> Any:
    """Grids as tables, or as the texts that were given for those with None, which TOML lacks."""
    if tune is None or isinstance(tune, bool):
        return tune or None
    table = tuning_of(tune)
    if table is not None and not _has_none(table.to_dict()):
        return table.to_dict()
    return [Path(text) if text.lower().endswith(".toml") else text for text in tune]


def _has_none(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_none, value.values()))
    return any(map(_has_none, value)) if isinstance(value, list | tuple) else value is None
