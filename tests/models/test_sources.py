"""Which of alcca's own files a kept fit depends on."""

import pytest
from tests.test_house import Imports

from alcca.encoders import registry
from alcca.experiments import methods
from alcca.models.sources import ROOT, WITHOUT, alcca_source, rank_files


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
