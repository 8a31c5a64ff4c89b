"""Which of alcca's own files a kept fit depends on."""

import subprocess
import sys
from types import ModuleType

import pytest
from tests.test_house import Imports

from alcca.encoders import registry
from alcca.experiments import methods
from alcca.models.sources import ROOT, WITHOUT, Origins, alcca_source, rank_files


@pytest.fixture(scope="module")
def imports():
    return Imports(ROOT)


@pytest.mark.parametrize("part", WITHOUT)
def test_each_part_that_changes_no_rank_exists(part):
    assert (ROOT / part).exists()


@pytest.mark.parametrize(
    "file",
    [
        "encoders/tfidf.py",
        "experiments/folds.py",
        "experiments/text_features.py",
        "features/doc2vec.py",
        "library/search_method.py",
        "matching/background.txt",
        "matching/heard_words.py",
        "matching/bits.py",
        "models/cca.py",
        "models/fused.py",
        "models/training_loop.py",
        "retrieval/ranking.py",
        "songs/lyrics.py",
        "transcripts.py",
    ],
)
def test_files_that_ranks_depend_on_are_included(file):
    assert ROOT / file in rank_files()


def test_no_included_file_imports_one_that_is_left_out(imports):
    included = set(rank_files())
    names = {name for name, path in imports.paths.items() if path in included} - {"alcca"}
    assert {other for name in names for other in imports.edges[name]} - {"alcca"} <= names


def test_what_is_imported_by_name_is_included(imports):
    included = set(rank_files())
    classes = [path for path, _ in [*methods.METHODS.values(), *methods.OTHERS.values()]] + [*methods.AROUND.values()]
    modules = [path.rpartition(".")[0] for path in classes]
    modules += [path.partition(":")[0] for encoders in registry.BUILT_IN.values() for path in encoders.values()]
    assert [module for module in modules if imports.paths[module] not in included] == []


def test_a_list_that_is_read_is_included(tmp_path, monkeypatch):
    (tmp_path / "matching" / "__pycache__").mkdir(parents=True)
    for name in ("words.txt", "words.py", ".words.swp", "__pycache__/words.pyc"):
        (tmp_path / "matching" / name).write_text("x")
    monkeypatch.setattr("alcca.models.sources.ROOT", tmp_path)
    assert [path.name for path in rank_files()] == ["words.py", "words.txt"]


TOLD = """
from alcca.models.content import content
def helper(x):
    return x * {by}
class Mine:
    def fit(self, x):
        return helper(x)
print(content(Mine()))
"""


@pytest.mark.parametrize(("how", "known"), [("script", True), ("prompt after a script", False), ("typed", False)])
def test_only_what_is_in_a_file_can_be_told(how, known, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TOLD.format(by=2))
    run = {"script": [script], "prompt after a script": ["-i", script], "typed": ["-"]}[how]
    typed = script.read_text() if how == "typed" else ""
    done = subprocess.run([sys.executable, *run], input=typed, text=True, capture_output=True, check=True)
    assert (done.stdout.strip() != "None") == known


@pytest.fixture
def program(monkeypatch):
    """The program is a file, whoever runs the tests: those that run beside others are not."""
    main = ModuleType("__main__")
    main.__file__ = __file__
    monkeypatch.setitem(sys.modules, "__main__", main)


@pytest.mark.usefixtures("program")
def test_of_a_notebook_nothing_can_be_told(monkeypatch):
    assert Origins().of("__main__")
    monkeypatch.setattr(sys, "ps1", "In [1]: ", raising=False)
    with pytest.raises(LookupError, match="notebook or a prompt"):
        Origins().of("__main__")


@pytest.mark.usefixtures("program")
def test_a_program_is_told_with_what_was_put_into_it_from_elsewhere():
    """As where cells of a notebook run in the module of a program that has a file."""
    from alcca.models.content import content

    found = set()
    for by in (2, 3):
        cells = {"__name__": "__main__"}
        exec(compile(TOLD.format(by=by).replace("print", "str"), "/tmp/cells/1.py", "exec"), cells)
        found.add(content(cells["Mine"]()))
    assert len(found) == 2
    assert None not in found


def test_an_edit_changes_the_digest_only_where_it_can_change_a_rank(tmp_path, monkeypatch):
    for file in ("models/cca.py", "cli/main.py"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text("x = 1")
    monkeypatch.setattr("alcca.models.sources.ROOT", tmp_path)
    digests = [alcca_source.__wrapped__()]
    for file in ("cli/main.py", "models/cca.py"):
        (tmp_path / file).write_text("x = 2")
        digests.append(alcca_source.__wrapped__())
    assert digests[0] == digests[1] != digests[2]
