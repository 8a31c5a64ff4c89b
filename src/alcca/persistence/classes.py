"""The class of a saved object, saved by name and found again without running untrusted code.

A file names the class by module and name. These names decide whether it may be imported, before anything is imported.
"""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from alcca.errors import AlccaError, LibraryError, UsageError
from alcca.persistence.files import read_checked, replace_folder, unreadable
from alcca.persistence.trusted import is_trusted

__all__ = ["check_findable", "is_ours", "keep_class", "kept_class", "making", "package_of"]

OURS = "alcca"


def package_of(kind: type) -> str:
    """The import name of the package of a class.

    Examples
    --------
    >>> package_of(Path)
    'pathlib'
    """
    return kind.__module__.partition(".")[0]


def is_ours(kind: type) -> bool:
    """Whether a class is defined in alcca."""
    return package_of(kind) == OURS


def check_findable(kind: type) -> None:
    """Raise UsageError if `kept_class` could not find a class again.

    Examples
    --------
    >>> check_findable(Path)
    """
    if kind.__module__ == "__main__" or not kind.__qualname__.isidentifier():
        raise UsageError(
            f"{kind.__qualname__} cannot be saved: define the class at the top level of a module that can be imported"
        )


def keep_class(
    folder: Path, file: str, key: str, kind: type, save: Callable[[Path], object], more: Mapping[str, Any] | None = None
) -> None:
    """Write a folder with a JSON file that names a class, and with everything that ``save`` writes into it."""

    def write(part: Path) -> None:
        save(part)
        about = {"module": kind.__module__, key: kind.__qualname__, **(more or {})}
        (part / file).write_text(json.dumps(about), encoding="utf-8")

    replace_folder(folder, write)


def kept_class(path: Path, key: str, what: str, rooms: tuple[str, ...]) -> tuple[type, dict[str, Any]]:
    """Read the name of a saved object's class, and import the class if its code may run.

    Parameters
    ----------
    path : Path
        A JSON file with the module, and under ``key`` the class.
    key : str
    what : str
        The name of the object in errors: "the model".
    rooms : tuple of str
        Packages of alcca, such as ``alcca.models``, that may define the class. Other packages are imported only if the
        user trusts them.

    Returns
    -------
    (class, dict)
        The class, which is defined in that module under that name, and the content of the file.

    Raises
    ------
    LibraryError
        The file is missing, damaged or names a class that may not run; or there is no such class.
    """
    try:
        about = json.loads(path.read_bytes())
        module, name = about["module"], about[key]
        if not all(_is_plain(part) for part in (*module.split("."), name)):
            raise ValueError(f"{module}.{name} is not the name of a class")
    except OSError as error:
        raise unreadable(error, path) or LibraryError(
            f"{path.parent}: {what} is missing or damaged; train again"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LibraryError(f"{path.parent}: {what} is missing or damaged ({error}); train again") from error
    package = module.partition(".")[0]
    if package == OURS and not module.startswith(tuple(f"{room}." for room in rooms)):
        raise LibraryError(
            f"{path.parent}: {what} is a {module}.{name}, expected a class of {' or '.join(rooms)}; train again"
        )
    if not is_trusted(package):
        raise LibraryError(
            f"{path.parent}: {what} is a {module}.{name}, and code of the package {package} runs only with your "
            f"permission; if you trust it, run the command again with --trust {package} (in Python: "
            f"alcca.trust({package!r})), or train again"
        )
    try:
        read_checked(path)
    except OSError as error:
        raise unreadable(error, path) or LibraryError(
            f"{path.parent}: {what} is missing or damaged; train again"
        ) from error
    try:
        # Without getattr, which could run code: a module may define __getattr__, and a class descriptors.
        kind = vars(import_module(module))[name]
    except Exception as error:
        # A package can raise anything when it is imported.
        reason = f"{module} has no {name}" if isinstance(error, KeyError) else error
        raise LibraryError(
            f"{path.parent}: the class of {what} cannot be imported ({reason}); install it, or train again"
        ) from error
    if not isinstance(kind, type) or (kind.__module__, kind.__qualname__) != (module, name):
        raise LibraryError(
            f"{path.parent}: {what} is a {module}.{name}, which is not a class defined there; train again"
        )
    return kind, about


def _is_plain(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and not (name.startswith("__") and name.endswith("__"))


def making(what: str, folder: Path, make: Callable[[], Any]) -> Any:
    """Call ``make``, which creates an object from a folder's files.

    Raises
    ------
    AlccaError
        As ``make``; or a `LibraryError` for any other exception, for example because a class does not take the
        settings or the arrays do not fit.
    """
    try:
        return make()
    except AlccaError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise LibraryError(
            f"{folder}: {what} is damaged, or has another version ({type(error).__name__}: {reason}); train again"
        ) from error
