"""The architecture: no circles of imports, each package imports only from below, and the docs say what is true."""

import ast
import graphlib
import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

import pytest

import alcca

ROOT = Path(alcca.__file__).parent
CONTRIBUTING = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
MODULES = sorted(m.name for m in pkgutil.walk_packages([str(ROOT)], "alcca.") if m.name != "alcca.__main__")
# Estimators and comparisons are many things of one kind.
LARGE = {"models", "experiments"}
MAX_LINES = 3500


class Imports:
    """Which module imports which, wherever the import stands: in a function, under TYPE_CHECKING, at the top.

    Parameters
    ----------
    root : path
        The folder of a package.
    """

    def __init__(self, root: Path) -> None:
        files = [path for path in root.rglob("*.py") if path.name != "__main__.py"]
        self.paths = {self._name(path, root): path for path in files}
        self.edges: dict[str, set[str]] = {}
        for name, path in self.paths.items():
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            tree = ast.parse(path.read_text(encoding="utf-8"))
            wanted = [wanted for node in ast.walk(tree) for wanted in self._wanted(node, package)]
            self.edges[name] = {self._module(full) for full in wanted} - {name, ""}

    @staticmethod
    def _name(path: Path, root: Path) -> str:
        parts = (root.name, *path.relative_to(root).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @staticmethod
    def _wanted(node: ast.AST, package: str) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            return [f"{start}.{alias.name}" for alias in node.names]
        return []

    def _module(self, name: str) -> str:
        """The module that a dotted name leads to: itself, or the nearest above."""
        while name and name not in self.paths:
            name = name.rpartition(".")[0]
        return name

    def circle(self) -> list[str]:
        """The modules of one circle of imports; none where there is no circle."""
        return _circle(self.edges)

    def between_packages(self) -> dict[str, set[str]]:
        """Which folder or file directly below the root imports which; ``__init__`` is the public face."""
        found: dict[str, set[str]] = defaultdict(set)
        for name, others in self.edges.items():
            found[_package(name)] |= {_package(other) for other in others} - {_package(name)}
        return dict(found)


def _package(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


def _circle(edges: dict[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture(scope="module")
def imports():
    return Imports(ROOT)


def made(root, files):
    for name, text in files.items():
        path = root / "made" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Imports(root / "made")


@pytest.mark.parametrize(
    ("files", "circle"),
    [
        ({"__init__": "", "a/x": "from made.a.y import Y", "a/y": "import made.b.z", "b/z": ""}, set()),
        # Inside of a package, one of them in a function.
        (
            {"a/x": "from made.a.y import Y", "a/y": "def f():\n    from made.a import x"},
            {"made.a.x", "made.a.y"},
        ),
        # Under TYPE_CHECKING, between packages.
        (
            {"a/x": "if TYPE_CHECKING:\n    from made.b.z import Z", "b/z": "from ..a import x"},
            {"made.a.x", "made.b.z"},
        ),
        # The public face, which something below imports.
        ({"__init__": "from made.a.x import X", "a/x": "import made"}, {"made", "made.a.x"}),
        # A package's own __init__.
        (
            {"__init__": "", "a/__init__": "from made.a.x import X", "a/x": "from made.a import X"},
            {"made.a", "made.a.x"},
        ),
    ],
)
def test_circles_are_seen_wherever_an_import_stands(tmp_path, files, circle):
    assert set(made(tmp_path, files).circle()) == circle


def test_circles_of_packages_without_a_circle_of_files_are_seen(tmp_path):
    there = made(tmp_path, {"a/x": "import made.b.z", "a/y": "", "b/z": "", "b/w": "from made.a import y"})
    assert there.circle() == []
    assert set(_circle(there.between_packages())) == {"a", "b"}


def test_there_is_no_circle_of_imports(imports):
    assert imports.circle() == []
    assert _circle(imports.between_packages()) == []


def test_nothing_imports_the_public_face(imports):
    assert [name for name, others in imports.edges.items() if "alcca" in others] == []


def test_no_package_outgrows_a_reading(imports):
    lines = defaultdict(int)
    for name, path in imports.paths.items():
        lines[_package(name)] += len(path.read_text(encoding="utf-8").splitlines())
    assert {name: count for name, count in lines.items() if count > MAX_LINES and name not in LARGE} == {}


@pytest.mark.parametrize("package", sorted(path.parent.name for path in ROOT.glob("*/__init__.py")))
def test_each_package_says_what_it_imports(imports, package):
    doc = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8")))
    (said,) = re.findall(r"^Imports from: (.*?)\.$", doc, re.MULTILINE | re.DOTALL)
    assert set(re.split(r",\s+", said)) == imports.between_packages()[package]


def test_every_folder_is_a_package():
    folders = {path.parent for path in ROOT.rglob("*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_diagram_of_layers_is_true(imports):
    between = imports.between_packages()
    (diagram,) = re.findall(r"```text\n(cli\n.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.DOTALL)
    layers = [line.split() for line in diagram.splitlines()]
    layer = {package: number for number, packages in enumerate(layers) for package in packages}
    assert set(layer) == {*between, *(other for others in between.values() for other in others)} - {"__init__"}
    wrong = [(one, other) for one in layer for other in between.get(one, ()) if layer[other] <= layer[one]]
    assert wrong == []


def table(heading):
    """The rows of the table below a heading of CONTRIBUTING, without its head."""
    text = CONTRIBUTING.read_text(encoding="utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_each_package_has_a_line():
    told = [row[0].strip("`").rstrip("/").removesuffix(".py") for row in table("Packages")]
    there = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")}
    assert sorted(told) == sorted(there - {"__init__", "__main__"})


def test_questions_lead_to_where_the_answer_stands():
    rows = table("Where is …")
    assert len(rows) >= 25
    for question, answer in rows:
        path, name = re.fullmatch(r"`([\w/.]+)`, `([\w.]+)`", answer).groups()
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        names = [
            node.name if isinstance(node, ast.ClassDef | ast.FunctionDef) else node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef | ast.FunctionDef)
            or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        ]
        assert set(name.split(".")) <= set(names), question


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


def test_there_is_one_loky():
    """joblib brings its own; two in one process trip over each other's shared memory, with a traceback a fit."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert "loky" not in [name.split(".")[0] for name in names], path
