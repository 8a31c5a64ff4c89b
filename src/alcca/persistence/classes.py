"""The class that something kept was of, found again without running a stranger's code.

A file names the class by module and name. Whether it may be imported is decided by these names, before anything is.
"""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from alcca.errors import AlccaError, LibraryError
from alcca.persistence.files import read_checked, replace_folder
from alcca.persistence.trusted import is_trusted

__all__ = ["check_findable", "is_ours", "keep_class", "kept_class", "making", "package_of"]

OURS = "alcca"


def package_of(kind: type) -> str:
    """The package that a class is of, by the name that is imported.

    Examples
    --------
    >>> package_of(Path)
    'pathlib'
    """
    return kind.__module__.partition(".")[0]


def is_ours(kind: type) -> bool:
    """Whether a class is alcca's own."""
    return package_of(kind) == OURS


def check_findable(kind: type) -> str | None:
    """Why `kept_class` could not find a class again; None where it could.

    Examples
    --------
    >>> check_findable(Path)
    """
    if kind.__module__ == "__main__" or not kind.__qualname__.isidentifier():
        return f"{kind.__qualname__} cannot be kept: put the class into a module that can be imported, at its top"
    return None


def keep_class(
    folder: Path, file: str, key: str, kind: type, save: Callable[[Path], object], more: Mapping[str, Any] | None = None
) -> None:
    """Write a folder that says in a JSON file which class something is of, beside what ``save`` writes into it."""

    def write(part: Path) -> None:
        save(part)
        about = {"module": kind.__module__, key: kind.__qualname__, **(more or {})}
        (part / file).write_text(json.dumps(about), encoding="utf-8")

    replace_folder(folder, write)


def kept_class(path: Path, key: str, what: str, rooms: tuple[str, ...]) -> tuple[type, dict[str, Any]]:
    """Read which class something is of, and import it if its code may run.

    Parameters
    ----------
    path : Path
        A JSON file that names the module, and under ``key`` the class.
    key : str
    what : str
        What it is called in an error: "the model".
    rooms : tuple of str
        Packages of alcca's, such as ``alcca.models``, whose classes it may be of. Of other packages only those that the
        user trusts are imported.

    Returns
    -------
    (class, dict)
        A class that was made in that module and has that name, and all that the file says.

    Raises
    ------
    LibraryError
        The file is missing, damaged or names what may not run; there is no such class.
    """
    try:
        about = json.loads(path.read_bytes())
        module, name = about["module"], about[key]
        if not all(_is_plain(part) for part in (*module.split("."), name)):
            raise ValueError(f"{module}.{name} is no class's name")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LibraryError(f"{path.parent}: {what} is missing or damaged ({error}); train again") from error
    package = module.partition(".")[0]
    if package == OURS and not module.startswith(tuple(f"{room}." for room in rooms)):
        raise LibraryError(f"{path.parent}: {what} is of {module}.{name}, which is none of alcca's; train again")
    if not is_trusted(package):
        raise LibraryError(
            f"{path.parent}: {what} is of {module}.{name}, and code of the package {package} runs only when you allow "
            f"it; if you trust it, give the command once more with --trust {package} (in Python: "
            f"alcca.trust({package!r})), or train again"
        )
    try:
        read_checked(path)
    except OSError as error:
        raise LibraryError(f"{path.parent}: {what} is missing or damaged ({error}); train again") from error
    try:
        # Looked up without getattr: a module may have one of its own, and a class descriptors.
        kind = vars(import_module(module))[name]
    except Exception as error:
        # Whatever a package raises when it is imported.
        reason = f"{module} has no {name}" if isinstance(error, KeyError) else error
        raise LibraryError(
            f"{path.parent}: {what}'s class is not there ({reason}); install it, or train again"
        ) from error
    if not isinstance(kind, type) or (kind.__module__, kind.__qualname__) != (module, name):
        raise LibraryError(f"{path.parent}: {what} is of {module}.{name}, which is no class made there; train again")
    return kind, about


def _is_plain(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and not (name.startswith("__") and name.endswith("__"))


def making(what: str, folder: Path, make: Callable[[], Any]) -> Any:
    """What ``make`` makes of a folder's files.

    Raises
    ------
    AlccaError
        As ``make``; a `LibraryError` for whatever else it raises: settings that a class does not take, arrays that do
        not fit.
    """
    try:
        return make()
    except AlccaError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise LibraryError(
            f"{folder}: {what} is damaged, or of another version ({type(error).__name__}: {reason}); train again"
        ) from error
