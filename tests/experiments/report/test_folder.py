"""The folder: what is in it, what is left alone, and that equal results are equal files."""

import pandas as pd
import pytest

from alcca.errors import UsageError
from alcca.experiments.report import folder as folder_module
from alcca.experiments.report import write_report
from alcca.experiments.significance import pairwise

TABLES = ["comparison.csv", "comparison.md", "comparison.tex", "controls.csv", "measures.csv", "measures.md",
          "pairwise.csv", "report.html", "seeds.csv",
          "table1.csv", "table1.md", "table1.tex"]  # fmt: skip


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    (place / "fits").mkdir()
    (place / "fits" / "kept").write_text("a fit")
    (place / "ranks.parquet").write_text("ranks")
    (place / "table1.md").write_text("an earlier report")
    return place, write_report(results, place)


def test_everything_is_written_and_nothing_else_touched(written):
    place, files = written
    figures = [f"{n}.{kind}" for n in ("ablations", "figure2", "figure3", "figure4") for kind in ("png", "svg")]
    assert [path.name for path in files] == sorted(TABLES + figures)
    assert sorted(path.name for path in place.iterdir()) == sorted([*TABLES, *figures, "fits", "ranks.parquet"])
    assert (place / "fits" / "kept").read_text() == "a fit"
    assert (place / "ranks.parquet").read_text() == "ranks"
    assert all(path.stat().st_size for path in files)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}


def test_the_files_hold_the_numbers(results, written):
    place, _ = written
    pairs = pd.read_csv(place / "pairwise.csv")
    pd.testing.assert_frame_equal(pairs, pairwise(results), check_dtype=False)
    table = pd.read_csv(place / "table1.csv").query("method == 'cca' and components == 80").iloc[0]
    row = results.summary().query("method == 'cca' and components == 80 and direction == 'audio'").iloc[0]
    assert table["I-MRR1-A"] == pytest.approx(row["MRR1"], rel=1e-12)
    html = (place / "report.html").read_text(encoding="utf-8")
    assert html.count("data:image/svg+xml;base64,") == 4


def test_equal_results_are_equal_files(results, written, tmp_path):
    place, files = written
    for path in write_report(results, tmp_path / "new" / "folder"):
        assert path.read_bytes() == (place / path.name).read_bytes(), path.name
    assert len(list((tmp_path / "new" / "folder").iterdir())) == len(files)


def test_one_method_without_labels_or_control_has_a_whole_report(making, tmp_path):
    results = making({"only": 2}, components=(5,), labels=False, control=False)
    names = [path.name for path in write_report(results, tmp_path)]
    assert names == sorted([*TABLES, "figure2.png", "figure2.svg", "figure4.png", "figure4.svg"])
    assert pd.read_csv(tmp_path / "pairwise.csv").empty


def test_a_file_that_cannot_be_written_leaves_the_earlier_one(making, tmp_path, monkeypatch):
    results = making({"only": 2}, components=(5,), labels=False, control=False)
    (tmp_path / "comparison.csv").write_text("earlier")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(folder_module.Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_report(results, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["comparison.csv"]
    assert (tmp_path / "comparison.csv").read_text() == "earlier"


def test_a_file_in_its_place_is_refused(results, tmp_path):
    (tmp_path / "r").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        write_report(results, tmp_path / "r")
    assert (tmp_path / "r").read_text() == "mine"
