"""The house: every public name says what it is, and each room imports only from those below it."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import alcca

ROOT = Path(alcca.__file__).parent
MODULES = sorted(m.name for m in pkgutil.walk_packages([str(ROOT)], "alcca.") if m.name != "alcca.__main__")
# From the roof down; rooms of one floor do not know each other.
FLOORS = [
    {"cli"},
    {"app"},
    {"library"},
    {"experiments"},
    {"encoders"},
    {"features", "hearing"},
    {"songs", "models", "matching", "retrieval", "datasets"},
    {"cluster", "progress", "persistence", "transcripts", "workers"},
    {"errors"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in getattr(module, "__all__", []):
        thing = getattr(module, public)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        assert inspect.getdoc(thing), f"{name}.{public}"
        for method, value in vars(thing).items() if inspect.isclass(thing) else ():
            if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(getattr(thing, method)), f"{name}.{public}.{method}"


@pytest.mark.parametrize("name", alcca.__all__)
def test_every_name_of_the_package_can_be_imported(name):
    assert getattr(alcca, name) is not None


def test_rooms_import_only_from_below():
    wrong = []
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room in ("__init__", "__main__"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for other in (name.split(".")[1] for name in names if name.startswith("alcca.")):
                if other != room and FLOOR[other] <= FLOOR[room]:
                    wrong.append(f"{path.relative_to(ROOT)} imports alcca.{other}")
    assert wrong == []


def test_there_is_one_loky():
    """joblib brings its own; two in one process trip over each other's shared memory, with a traceback a fit."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert "loky" not in [name.split(".")[0] for name in names], path
