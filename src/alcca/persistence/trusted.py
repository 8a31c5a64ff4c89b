"""Whose code may run for a library: alcca's own, and what the user of this machine trusts.

A library or a model may come from anybody, and its files name classes and networks of others. What the user trusts
stands in ``trusted.json`` in the user's configuration, never in a library:

* packages, by the name that is imported, as ``cca_zoo``;
* models that another package loads, behind the encoder's name, as ``sentence:OWNER/MODEL`` or ``clap:/a/folder``.
"""

import json
import os
import sys
from pathlib import Path

from alcca.errors import UsageError
from alcca.persistence.files import replace_file

__all__ = ["is_trusted", "trust", "trusted_file"]


def trusted_file() -> Path:
    """Where it is remembered: in $ALCCA_CONFIG, else in the user's folder for settings."""
    return _config_folder() / "trusted.json"


def trust(name: str) -> bool:
    """Allow the code of a package, or of a model that an encoder loads, to run; remembered for this user.

    Parameters
    ----------
    name : str
        A package by the name that is imported, or ENCODER:MODEL with a model's folder or its name on the hub. To take
        it back, take it out of the file (`trusted_file`).

    Returns
    -------
    bool
        Whether it was not trusted before.

    Raises
    ------
    UsageError
        Something else; the file cannot be read or written.
    """
    from filelock import FileLock

    name = _whole(name.strip())
    encoder, _, model = name.partition(":")
    if not (name.isidentifier() or (encoder.replace("-", "_").isidentifier() and model)):
        raise UsageError(
            f"cannot trust {name!r}; expected a package by the name that is imported, such as cca_zoo, or "
            "ENCODER:MODEL, such as sentence:OWNER/MODEL"
        )
    if is_trusted(name):
        return False
    path = trusted_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            text = json.dumps({"trusted": sorted({*_names(), name})}, indent=2)
            replace_file(path, lambda part: part.write_text(text + "\n", encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot remember there that {name} is trusted ({error.strerror or error}); name another folder in "
            "$ALCCA_CONFIG"
        ) from error
    return True


def is_trusted(name: str) -> bool:
    """Whether the code of a package, or of a model, may run; `UsageError` where the user's file cannot be read.

    Examples
    --------
    >>> is_trusted("alcca")
    True
    """
    return name == "alcca" or _whole(name) in _names()


def _whole(name: str) -> str:
    """The name of a model's folder from wherever it is looked for: a folder goes before a name on the hub."""
    encoder, colon, model = name.partition(":")
    folder = Path(model).expanduser()
    return f"{encoder}:{folder.absolute()}" if colon and model and folder.is_dir() else name


def _names() -> list[str]:
    path = trusted_file()
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["trusted"]
        if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise TypeError("a list of names is missing")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path}: cannot be read ({error}); it lists what may run code, so repair it or delete it"
        ) from error
    return names


def _config_folder() -> Path:
    named = os.environ.get("ALCCA_CONFIG")
    if named:
        return Path(named).expanduser()
    try:
        home = Path.home()
    except RuntimeError as error:
        raise UsageError("there is no home folder to keep settings in; name a folder in $ALCCA_CONFIG") from error
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "alcca"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "alcca"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "alcca"
