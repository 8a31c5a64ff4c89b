"""Table 1 against the summary."""

import math

import pytest

from alcca.experiments.report.table1 import own_space, table1, table1_latex, table1_markdown
from alcca.experiments.report.tables import PAPER_COLUMNS


def test_the_numbers_are_those_of_the_summary(results):
    summary, table = results.summary(), table1(results)
    assert len(table) == 6 * 2 + 1
    for row in table.to_dict("records"):
        found = summary[(summary["method"] == row["method"]) & (summary["components"] == row["components"])]
        for name, measure, direction, level in PAPER_COLUMNS:
            cell = found[(found["direction"] == direction) & (found["level"] == level)].iloc[0]
            for kind in ("", "_low", "_high", "_chance", "_shuffled"):
                assert row[name + kind] == cell[measure + kind]


def test_methods_keep_their_order_and_components_rise(making):
    table = table1(making({"z": 1, "a": 2}, components=(80, 10)))
    assert table[["method", "components"]].to_numpy().tolist() == [["z", 10], ["z", 80], ["a", 10], ["a", 80]]


def test_methods_in_their_own_space_are_known_and_said(results, making):
    assert own_space(results) == {"acmr"}
    assert own_space(making({"a": 1}, components=(80,))) == set()
    assert "| 200 (own space) |" in table1_markdown(table1(results))


def test_the_markdown_has_a_table_for_each_method(results):
    text = table1_markdown(table1(results))
    assert text.count("\n## ") == 7
    assert "## x\\_y\\|z&\\<i\\>" in text
    row = results.summary().query("method == 'cca' and components == 80 and direction == 'audio'").iloc[0]
    cells = text.split("## cca\n")[1].split("| 80 | ")[1]
    assert cells.startswith(f"{row['MRR1']:.3f} [{row['MRR1_low']:.3f}, {row['MRR1_high']:.3f}] | ")
    assert text.count("| chance | ") == text.count("| shuffled, ") == 7


def test_the_latex_escapes_names_and_has_no_intervals(results):
    text = table1_latex(table1(results), "50% & more")
    assert r"Cross-modal retrieval by x\_y\textbar{}z\&\textless{}i\textgreater{} on 50\% \& more." in text
    assert text.count(r"\begin{tabular}{lrrrrrrrr}") == 7
    assert len({line for line in text.splitlines() if line.startswith(r"\label")}) == 7
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.count(" & ") for line in rows} == {8}
    value = results.summary().query("method == 'alcca' and components == 10 and direction == 'audio'")["MRR1"].iloc[0]
    assert next(line for line in rows if line.startswith("10 &")).split(" & ")[1] == f"{value:.3f}"


def test_what_was_not_measured_is_left_out(making):
    table = table1(making({"a": 1}, components=(80,), labels=False, control=False))
    assert math.isnan(table["C-MRR1-A"].iloc[0])
    for text in (table1_markdown(table), table1_latex(table, "d")):
        assert "C-MRR1" not in text
        assert "shuffled" not in text
        assert "nan" not in text
        assert "I-MRR1-A" in text


@pytest.mark.parametrize("end", ["", "_low", "_high"])
def test_recall_at_5_is_at_least_that_at_1(results, end):
    table = table1(results)
    assert (table[f"R@5-A{end}"] >= table[f"R@1-A{end}"]).all()
