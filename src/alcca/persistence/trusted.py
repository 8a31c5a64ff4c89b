"""The code that may run for a library: alcca's own, and what the user of this machine trusts.

A library or a model may come from anyone, and its files name classes and networks of other packages. What the user
trusts is listed in ``trusted.json`` in the user's configuration, never in a library:

* packages, by import name, such as ``cca_zoo``;
* models that another package loads, after the encoder's name, such as ``sentence:OWNER/MODEL`` or ``clap:/a/folder``;
* folders with the weights of a speech model, such as ``whisper:/a/folder``;
* addresses that a library's music is read from, such as ``s3://bucket/music``, and everything below them;
* what a comparison's file connects to (`alcca.experiments.described_trust`).
"""

import json
import os
import sys
from pathlib import Path

from alcca.errors import UsageError
from alcca.persistence.files import replace_file

__all__ = ["is_trusted", "is_trusted_address", "trust", "trusted_file"]


def trusted_file() -> Path:
    """The path of ``trusted.json``: in $ALCCA_CONFIG, else in the user's configuration folder."""
    return _config_folder() / "trusted.json"


def trust(name: str) -> bool:
    """Allow the code of a package, or of a model that an encoder loads, to run; stored for this user.

    Parameters
    ----------
    name : str
        A package by its import name, or ENCODER:MODEL with a model's folder or its name on the hub. To revoke the
        permission, delete the name from the file (`trusted_file`).

    Returns
    -------
    bool
        Whether it was not trusted before.

    Raises
    ------
    UsageError
        The name is invalid, or the file cannot be read or written.
    """
    from filelock import FileLock

    name = _whole(name.strip())
    encoder, _, model = name.partition(":")
    if not (name.isidentifier() or (encoder.replace("-", "_").isidentifier() and model)):
        raise UsageError(
            f"cannot trust {name!r}; expected a package by its import name, such as cca_zoo, or "
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
            f"{path}: cannot be written to trust {name} ({error.strerror or error}); set $ALCCA_CONFIG to another "
            "folder"
        ) from error
    return True


def is_trusted(name: str) -> bool:
    """Whether the code of a package, or of a model, may run; `UsageError` if the user's file cannot be read.

    Examples
    --------
    >>> is_trusted("alcca")
    True
    """
    return name == "alcca" or _whole(name) in _names()


def is_trusted_address(address: str) -> bool:
    """Whether music may be read from an address, because the user trusts it or an address above it."""
    return any(f"{address}/".startswith(f"{name.rstrip('/')}/") for name in _names() if "://" in name)


def _whole(name: str) -> str:
    """The name with the absolute path of a model's folder; a folder takes precedence over a name on the hub."""
    encoder, colon, model = name.partition(":")
    folder = Path(model).expanduser()
    is_address = model.startswith("//")
    return f"{encoder}:{folder.absolute()}" if colon and model and not is_address and folder.is_dir() else name


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
            f"{path}: cannot be read ({error}); it lists whose code may run, so repair it or delete it"
        ) from error
    return names


def _config_folder() -> Path:
    folder = os.environ.get("ALCCA_CONFIG")
    if folder:
        return Path(folder).expanduser()
    try:
        home = Path.home()
    except RuntimeError as error:
        raise UsageError("there is no home folder for settings; set $ALCCA_CONFIG to a folder") from error
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "alcca"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "alcca"
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "alcca"
