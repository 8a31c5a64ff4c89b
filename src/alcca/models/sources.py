"""Names of code: package and version if it is installed, else a digest of its files.

A fit holds only for the code that computed it, so the name of a class includes its source.
"""

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

__all__ = ["Origins", "alcca_source", "has_file", "rank_files"]

ROOT = Path(__file__).parents[1]
# The parts of alcca that change no rank: no other part imports them.
WITHOUT = (
    "__main__.py",
    "cli",
    "datasets",
    "experiments/report",
    "library/evaluation.py",
    "library/library.py",
    "library/lyrics_proposals.py",
    "library/lyrics_run.py",
    "library/status.py",
    "lyric_databases",
    "lyrics",
    "media",
    "sandbox",
    "server",
    "subsonic",
    "timing",
)
INSTALLED = {"site-packages", "dist-packages"}
CODE = (".py", ".so", ".pyd")
IMPORTS = re.compile(rb"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([\w., \t]+))", re.MULTILINE)
PYTHON = "python"
MAIN = "__main__"

# The digest of each file when it was first read. After an edit, the code in memory may be the old version, the new one
# or a mix, so its results belong to neither version alone.
_first: dict[Path, str] = {}


class _Package(NamedTuple):
    """A top-level package or module: its name with its version or digest, and its imports if it is not installed."""

    name: str
    installed: bool
    imports: frozenset[str] = frozenset()


class Origins:
    """Names of the code of modules, at one moment.

    Examples
    --------
    >>> import sklearn
    >>> Origins().of("sklearn.base") == f"sklearn {sklearn.__version__}"
    True
    """

    def __init__(self) -> None:
        self._known: dict[str, _Package] = {}

    def installed(self, module: str) -> bool:
        """Whether a module is of Python, alcca or an installed package, whose code its version determines."""
        return self._package(module).installed

    def of(self, module: str) -> str:
        """Name the code of a module.

        Parameters
        ----------
        module : str
            Its dotted name.

        Returns
        -------
        str
            The package and its version. For code that is not installed, a digest of all files of its top-level package
            and of the packages that they import.

        Raises
        ------
        LookupError
            The module is a notebook or a prompt, in which anything may be edited without a trace.
        """
        if _top(module) == MAIN and _is_interactive():
            raise LookupError(f"{module} is a notebook or a prompt, whose source cannot be told")
        if self._package(module).installed:
            return self._package(module).name
        reached, waiting = {}, {_top(module)}
        while waiting:
            top = waiting.pop()
            reached[top] = self._package(top)
            waiting |= reached[top].imports - reached.keys()
        return _digest(*(f"{top} {reached[top].name}" for top in sorted(reached)))

    def _package(self, module: str) -> _Package:
        top = _top(module)
        if top not in self._known:
            self._known[top] = _package(top)
        return self._known[top]


def has_file(module: str) -> bool:
    """Whether the source of a module is in its file, and nowhere else.

    The module of a program (``__main__``) may also be filled from elsewhere, as a notebook does.

    Examples
    --------
    >>> has_file("sklearn.base"), has_file("__main__")
    (True, False)
    """
    return _top(module) != MAIN and bool(_places(_top(module)))


def rank_files() -> list[Path]:
    """List alcca's own files that ranks can depend on: its code, and the tables and lists that it reads.

    Examples
    --------
    >>> ROOT / "models" / "cca.py" in rank_files(), ROOT / "cli" / "main.py" in rank_files()
    (True, False)
    """
    without = [ROOT / part for part in WITHOUT]
    files = (path for path in sorted(ROOT.rglob("[!.]*")) if path.is_file() and path.suffix != ".pyc")
    return [path for path in files if not any(map(path.is_relative_to, without))]


@cache
def alcca_source() -> str:
    """Return a digest of `rank_files`.

    Examples
    --------
    >>> len(alcca_source())
    16
    """
    return _digest(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in rank_files()))[:16]


def _top(module: str) -> str:
    return module.partition(".")[0]


def _is_interactive() -> bool:
    """Whether the program is a notebook or a prompt, or was typed: its code is in no file, or not in one alone."""
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or not _places(MAIN)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _package(top: str) -> _Package:
    if top == "alcca":
        return _Package(top, True)
    places = _places(top)
    if top in sys.builtin_module_names or (not places and top in sys.stdlib_module_names and top != MAIN):
        return _Package(PYTHON, True)
    if places and all(INSTALLED & set(place.parts) for place in places):
        return _Package(f"{top} {_version(top)}", True)
    if places and all(any(place.is_relative_to(root) for root in _standard()) for place in places):
        return _Package(PYTHON, True)
    files = [_digest_and_imports(path) for path in _files(places)]
    imports = {name for _, names in files for name in names}
    # A module that is run by its name (python -m) may import the rest of its package without naming it.
    imports |= {_top(getattr(sys.modules.get(top), "__package__", None) or top)}
    return _Package(_digest(_version(top), *(digest for digest, _ in files)), False, frozenset(imports - {top}))


def _places(top: str) -> list[Path]:
    """The file of a top-level module, or the folders of a package; empty if there is no file."""
    module = sys.modules.get(top)
    if module is not None:
        file, folders = getattr(module, "__file__", None), list(getattr(module, "__path__", ()))
    else:
        try:
            spec = find_spec(top)
        except (ImportError, ValueError, AttributeError):
            spec = None
        file = spec.origin if spec is not None and spec.has_location else None
        folders = list((spec and spec.submodule_search_locations) or ())
    return [Path(place) for place in folders or ([file] if file else []) if Path(place).exists()]


@cache
def _standard() -> set[Path]:
    return {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}


def _files(places: list[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        for folder, folders, names in os.walk(place):
            folders[:] = sorted(name for name in folders if name[0] != "." and name not in {*INSTALLED, "__pycache__"})
            yield from (Path(folder, name) for name in sorted(names) if name.endswith(CODE))


def _digest_and_imports(path: Path) -> tuple[str, frozenset[str]]:
    """The digest of a file, and the top-level packages that it imports."""
    try:
        content = path.read_bytes()
    except OSError:
        return f"{path.name} cannot be read", frozenset()
    digest = hashlib.sha256(content).hexdigest()
    first = _first.setdefault(path, digest)
    imports = _imports(content) if path.suffix == ".py" else frozenset()
    return digest if first == digest else f"{first} {digest}", imports


@cache
def _imports(content: bytes) -> frozenset[str]:
    # "import numpy as np, torch" names several modules, "from numpy import array" one.
    names = (name.split() for one, several in IMPORTS.findall(content) for name in (one or several).split(b","))
    return frozenset(_top(name[0].decode()) for name in names if name and name[0].isascii()) - {""}


def _version(top: str) -> str:
    try:
        return version(top)
    except (PackageNotFoundError, ValueError):
        pass
    own_version = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(own_version, str):
        return own_version
    return ", ".join(sorted({f"{name} {version(name)}" for name in _distributions().get(top, ())}))


@cache
def _distributions() -> dict[str, list[str]]:
    return {top: list(names) for top, names in packages_distributions().items()}
