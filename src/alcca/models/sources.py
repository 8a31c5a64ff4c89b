"""Where code comes from: which package in which version, and what the files say of code that is not installed.

What was fitted with a class says nothing of the class once that was edited, so a name of the class holds its source.
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

__all__ = ["Origins", "alcca_source"]

# The parts of alcca that change no rank.
WITHOUT = {"app", "cli.py", "cluster", "datasets", "hearing", "library", "report", "__main__.py"}
INSTALLED = {"site-packages", "dist-packages"}
CODE = (".py", ".so", ".pyd")
IMPORTS = re.compile(rb"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([\w., \t]+))", re.MULTILINE)
PYTHON = "python"

# What a file said when it was first read. Once it is edited, the code in memory is the old one, the new one or some of
# both: what that makes belongs to neither version alone.
_first: dict[Path, str] = {}


class _Package(NamedTuple):
    """A top-level package or module: what it is, and what it imports where it is not installed."""

    said: str
    installed: bool
    imports: frozenset[str] = frozenset()


class Origins:
    """Names the code of modules, as it is at one moment.

    Examples
    --------
    >>> import sklearn
    >>> Origins().of("sklearn.base") == f"sklearn {sklearn.__version__}"
    True
    """

    def __init__(self) -> None:
        self._known: dict[str, _Package] = {}

    def installed(self, module: str) -> bool:
        """Whether a module is Python's, alcca's or an installed package's, whose version says all of its code."""
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
            The package and its version. Of code that is not installed, a digest of all files of its top-level package,
            and of what these import.
        """
        if self._package(module).installed:
            return self._package(module).said
        reached, waiting = {}, {_top(module)}
        while waiting:
            top = waiting.pop()
            reached[top] = self._package(top)
            waiting |= reached[top].imports - reached.keys()
        return _digest(*(f"{top} {reached[top].said}" for top in sorted(reached)))

    def _package(self, module: str) -> _Package:
        top = _top(module)
        if top not in self._known:
            self._known[top] = _package(top)
        return self._known[top]


def has_file(module: str) -> bool:
    """Whether the source of a module lies in a file, and not in a notebook or at a prompt."""
    return bool(_places(_top(module)))


@cache
def alcca_source() -> str:
    """A name of all of alcca's own code that ranks depend on.

    Examples
    --------
    >>> len(alcca_source())
    16
    """
    root = Path(__file__).parents[1]
    files = (path for path in sorted(root.rglob("*.py")) if not WITHOUT & set(path.relative_to(root).parts))
    return _digest(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))[:16]


def _top(module: str) -> str:
    return module.partition(".")[0]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _package(top: str) -> _Package:
    if top == "alcca":
        return _Package(top, True)
    places = _places(top)
    if top in sys.builtin_module_names or (not places and top in sys.stdlib_module_names and top != "__main__"):
        return _Package(PYTHON, True)
    if places and all(INSTALLED & set(place.parts) for place in places):
        return _Package(f"{top} {_version(top)}", True)
    if places and all(any(place.is_relative_to(root) for root in _standard()) for place in places):
        return _Package(PYTHON, True)
    read = [_of_file(path) for path in _files(places)]
    imports = {name for _, names in read for name in names}
    # A module that is run by its name (python -m) may import the rest of its package without naming it.
    imports |= {_top(getattr(sys.modules.get(top), "__package__", None) or top)}
    return _Package(_digest(_version(top), *(said for said, _ in read)), False, frozenset(imports - {top}))


def _places(top: str) -> list[Path]:
    """The file of a top-level module, or the folders of a package; none where there is no file."""
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
        for folder, inside, names in os.walk(place):
            inside[:] = sorted(name for name in inside if name[0] != "." and name not in {*INSTALLED, "__pycache__"})
            yield from (Path(folder, name) for name in sorted(names) if name.endswith(CODE))


def _of_file(path: Path) -> tuple[str, frozenset[str]]:
    """What a file says, and the top-level packages that it imports."""
    try:
        content = path.read_bytes()
    except OSError:
        return f"{path.name} cannot be read", frozenset()
    said = hashlib.sha256(content).hexdigest()
    first = _first.setdefault(path, said)
    return said if first == said else f"{first} {said}", _imports(content) if path.suffix == ".py" else frozenset()


@cache
def _imports(content: bytes) -> frozenset[str]:
    parts = (part.split() for one, several in IMPORTS.findall(content) for part in (one or several).split(b","))
    return frozenset(_top(part[0].decode()) for part in parts if part and part[0].isascii()) - {""}


def _version(top: str) -> str:
    try:
        return version(top)
    except (PackageNotFoundError, ValueError):
        pass
    said = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(said, str):
        return said
    return ", ".join(sorted({f"{name} {version(name)}" for name in _distributions().get(top, ())}))


@cache
def _distributions() -> dict[str, list[str]]:
    return {top: list(names) for top, names in packages_distributions().items()}
