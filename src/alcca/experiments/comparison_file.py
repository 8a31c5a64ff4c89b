"""A comparison described by one TOML file: its songs, methods and settings, as `alcca evaluate --config FILE` reads it.

Keys have the names of the options of `alcca evaluate`; paths are relative to the file. Every report contains the file
that makes it again.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from alcca.errors import UsageError
from alcca.experiments.described_methods import nearest
from alcca.models.settings import is_number
from alcca.specification import split_outside_brackets

__all__ = ["KEYS", "NAME", "read_comparison_file", "write_comparison"]

# The name of the file in a report's folder.
NAME = "comparison.toml"


def _path(value: Any, folder: Path) -> Path:
    return folder / Path(_text(value, folder)).expanduser()


def _text(value: Any, folder: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected a text")
    return value


def _texts(value: Any, folder: Path) -> list[str]:
    several = value if isinstance(value, list) else split_outside_brackets(_text(value, folder), ",")
    if not several:
        raise ValueError("expected one or more texts")
    return [_text(one, folder).strip() for one in several]


def _methods(value: Any, folder: Path) -> list[str] | dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        return _texts(value, folder)
    if not value or not all(isinstance(settings, dict) for settings in value.values()):
        raise ValueError("expected names, or a table for each method, such as [methods.cca]")
    return {name: {setting: _tuples(given) for setting, given in own.items()} for name, own in value.items()}


def _whole(value: Any, folder: Path) -> int:
    # Their ranges are checked where they are used.
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("expected a whole number")
    return value


def _wholes(value: Any, folder: Path) -> list[int]:
    try:
        return [_whole(one, folder) for one in (value if isinstance(value, list) else [value])]
    except ValueError as error:
        raise ValueError("expected a whole number, or several, such as [0, 1]") from error


def _number(value: Any, folder: Path) -> float:
    if not is_number(value):
        raise ValueError("expected a number")
    return float(value)


def _flag(value: Any, folder: Path) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _tune(value: Any, folder: Path) -> Any:
    """As `alcca.experiments.tuning.tuning_of` takes it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {name: _grid(grid) for name, grid in value.items()}
    return [str(folder / text) if text.lower().endswith(".toml") else text for text in _texts(value, folder)]


def _grid(grid: Any) -> Any:
    if isinstance(grid, list):
        return [_grid(one) for one in grid]
    if not isinstance(grid, dict):
        return grid
    return {name: [_tuples(value) for value in values] if isinstance(values, list) else values
            for name, values in grid.items()}  # fmt: skip


def _log(value: Any, folder: Path) -> list[str]:
    logs = []
    for text in _texts(value, folder):
        kind, _, where = text.partition(":")
        # The others are addresses and names.
        logs.append(f"{kind}:{folder / where}" if kind == "tensorboard" and where else text)
    return logs


# The keys, in the order of the file, and how their values are read.
KEYS: dict[str, Callable[[Any, Path], Any]] = {
    "data": _path,
    "language": _text,
    "descriptors": _path,
    "distractors": _path,
    "methods": _methods,
    "epochs": _whole,
    "audio_encoders": _texts,
    "lyrics_encoders": _texts,
    "tune": _tune,
    "folds": _whole,
    "seeds": _wholes,
    "components": _wholes,
    "control": _flag,
    "slow_after": _number,
    "output": _path,
    "save_runs": _flag,
    "save_scores": _flag,
    "log": _log,
    "jobs": _whole,
    "cluster": _text,
    "fresh": _flag,
}
# How the work is done, here and now: not written, as it changes no result.
NOT_WRITTEN = ("jobs", "cluster", "fresh")


def read_comparison_file(path: Path | str) -> dict[str, Any]:
    r"""Read the description of a comparison.

    Parameters
    ----------
    path : path
        A TOML file with some of `KEYS`.

    Returns
    -------
    dict of str to object
        The values of the keys that it has. Paths are joined to the file's folder; methods are a list of texts as for
        `alcca.experiments.methods.parse_methods`, or a mapping for `alcca.experiments.described_methods`.

    Raises
    ------
    UsageError
        The file cannot be read, a key is unknown (the nearest known one is named), or a value is of another type.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "comparison.toml")
    >>> _ = file.write_text("methods = ['cca:ridge=10', 'alcca']\nseeds = [0, 1]")
    >>> read_comparison_file(file)
    {'methods': ['cca:ridge=10', 'alcca'], 'seeds': [0, 1]}
    >>> _ = file.write_text("fold = 5")
    >>> read_comparison_file(file)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: ...comparison.toml: unknown key 'fold' (did you mean 'folds'?); the keys are data, ...
    """
    path = Path(path)
    try:
        # Editors of other systems begin a file with a mark, which TOML does not know.
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); give the path of a TOML file") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is not TOML ({error}); correct it") from error
    described: dict[str, Any] = {}
    for written, value in found.items():
        key = written.replace("-", "_")
        if key not in KEYS:
            raise UsageError(f"{path}: unknown key {written!r}{nearest(key, KEYS)}; the keys are {', '.join(KEYS)}")
        try:
            described[key] = KEYS[key](value, path.parent)
        except ValueError as error:
            raise UsageError(f"{path}: {written} = {value!r}: {error}") from error
    return described


def write_comparison(described: Mapping[str, Any], folder: Path | str, versions: Mapping[str, str]) -> str:
    """Write a description as the text of a TOML file in a folder, for `read_comparison_file`.

    Parameters
    ----------
    described : mapping of str to object
        Values of `KEYS`. None is left out, and so is what changes no result: jobs, cluster and fresh.
    folder : path
        The folder of the file, to which paths are relative; of an output in this folder it is ".".
    versions : mapping of str to str
        Of Python and packages, for a comment.

    Examples
    --------
    >>> text = write_comparison({"data": Path("songs.npz"), "methods": ["cca"], "epochs": None}, "report", {})
    >>> print(text.split("#")[-1].partition(chr(10))[2])
    <BLANKLINE>
    data = "../songs.npz"
    methods = [
        "cca",
    ]
    <BLANKLINE>
    """
    import tomli_w

    base = Path(folder).absolute()
    known = {key: described[key] for key in KEYS if described.get(key) is not None and key not in NOT_WRITTEN}
    written = _plain(known, base)
    if "log" in written:
        written["log"] = [_log_from(text, base) for text in written["log"]]
    made_with = ", ".join(f"{package} {version}" for package, version in versions.items())
    comment = f"# Run it again, here: alcca evaluate --config {NAME}; elsewhere: with -o FOLDER\n"
    comment += f"# Made with {made_with}\n" if made_with else ""
    return f"{comment}\n{tomli_w.dumps(written)}"


def _plain(value: Any, base: Path) -> Any:
    """A value in the types of TOML, with paths relative to a folder."""
    if isinstance(value, Path):
        return _relative(value, base)
    if isinstance(value, Mapping):
        return {str(key): _plain(own, base) for key, own in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(own, base) for own in value]
    return value.item() if hasattr(value, "item") else value


def _relative(path: Path, base: Path) -> str:
    try:
        return Path(os.path.relpath(path.absolute(), base)).as_posix()
    except ValueError:  # another drive of Windows
        return path.absolute().as_posix()


def _log_from(text: str, base: Path) -> str:
    kind, _, where = text.partition(":")
    return f"{kind}:{_relative(Path(where), base)}" if kind == "tensorboard" and where else text


def _tuples(value: Any) -> Any:
    """A value of TOML, which has no tuples, as settings expect it: pairs of ridges, widths of layers."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
