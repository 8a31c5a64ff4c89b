"""The comparison against the summary and the tests that it marks."""

import pytest

from alcca.experiments.report.comparison import compared, marks
from alcca.experiments.significance import against_controls, pairwise


@pytest.fixture(scope="module")
def comparison(results):
    return compared(results)


def test_one_row_a_method_at_the_fixed_number_of_components(results, comparison):
    rows = comparison.rows
    assert sorted(rows["method"]) == sorted(results.ranks["method"].unique())
    assert dict(zip(rows["method"], rows["components"], strict=True))["acmr"] == 200
    assert set(rows.loc[~rows["own_space"], "components"]) == {80}
    order = rows[["I-MRR1-A", "I-MRR1-L"]].mean(axis=1).tolist()
    assert order == sorted(order, reverse=True)
    summary = results.summary().query("method == 'cca' and components == 80").set_index(["direction", "level"])
    cca = rows.set_index("method").loc["cca"]
    assert cca["C-MRR1-L_low"] == summary.loc[("lyrics", "category"), "MRR1_low"]
    assert cca["R@5-A_shuffled"] == summary.loc[("audio", "instance"), "R@5_shuffled"]
    assert cca["seconds"] == 0.25
    assert dict(zip(rows["method"], rows["seeds"], strict=True)) == {
        "alcca": 2, "acmr": 2, "cca": 2, "rcca": 1, "alcca-no-imi": 2, "alcca-pair": 2, "x_y|z&<i>": 2,
    }  # fmt: skip


def test_marks_are_what_the_corrected_tests_say(results, comparison):
    table = pairwise(results).query("direction == 'audio' and level == 'instance' and significant")
    assert 0 < len(table) < 21
    better = {(r.a, r.b) if r.difference > 0 else (r.b, r.a) for r in table.itertuples()}
    mark = dict(zip(comparison.rows["method"], comparison.rows["mark"], strict=True))
    for row in comparison.rows.to_dict("records"):
        beaten = {b for a, b in better if a == row["method"]}
        assert row["I-MRR1-A_better_than"] == "".join(sorted(mark[b] for b in beaten))
        assert set(comparison.better_than(row["method"], "audio", "instance")) == beaten
        assert set(comparison.worse_than(row["method"], "audio", "instance")) == {
            a for a, b in better if b == row["method"]
        }


def test_stars_and_daggers_are_above_the_controls(results, comparison):
    table = against_controls(results).query("direction == 'lyrics' and level == 'category'")
    for row in table.to_dict("records"):
        said = comparison.above(row["a"], row["b"], "lyrics", "category")
        assert said == (row["significant"] and row["difference"] > 0)
    assert {comparison.above(m, "chance", "lyrics", "category") for m in comparison.rows["method"]} == {True, False}


def test_worse_than_chance_is_not_above_it(making):
    found = compared(making({"bad": -0.8}, n=200))
    chance = found.controls.query("b == 'chance'")
    assert chance["significant"].all()
    assert found.above("bad", "chance", "audio", "instance") is False
    assert "\\*" not in found.to_markdown().splitlines()[2]


def test_markdown_and_latex_show_values_intervals_and_marks(comparison):
    first = comparison.rows.to_dict("records")[0]
    cell = f"{first['I-MRR1-A']:.3f} [{first['I-MRR1-A_low']:.3f}, {first['I-MRR1-A_high']:.3f}]"
    marks = first["I-MRR1-A_better_than"]
    markdown, latex = comparison.to_markdown(), comparison.to_latex("R&B")
    assert f"| a | {first['method']} | {cell}<sup>\\*†{marks}</sup> |" in markdown
    assert rf"a & {first['method']} & {cell}\textsuperscript{{*\dag{{}}{marks}}} &" in latex
    assert "x\\_y\\|z&\\<i\\>" in markdown
    assert r"x\_y\textbar{}z\&\textless{}i\textgreater{}" in latex
    assert r"\caption{R\&B. " in latex
    assert "†" not in latex
    table = [line.replace("\\|", "") for line in markdown.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {14}
    assert {line.count(" & ") for line in latex.splitlines() if line.endswith(r"\\")} == {12}
    assert "| 61.0 |" in markdown
    assert f"| chance | {comparison.rows['I-MRR1-A_chance'].iloc[0]:.3f} |" in markdown


def test_without_labels_control_or_rivals_a_row_remains(making):
    found = compared(making({"only": 2}, components=(80,), labels=False, control=False))
    assert found.columns == ["I-MRR1-A", "I-MRR1-L", "R@1-A", "R@1-L", "R@5-A", "R@5-L"]
    assert found.above("only", "shuffled pairs", "audio", "instance") is None
    for text in (found.to_markdown(), found.to_latex("d")):
        assert "nan" not in text.lower()


def test_marks_go_on_after_z():
    assert marks(2) == ["a", "b"]
    assert marks(53)[25:28] == ["z", "aa", "ab"]
    assert len(set(marks(60))) == 60


def test_the_legend_says_which_fit_the_components_are_of_and_what_is_tested(comparison):
    for text in (comparison.to_markdown(), comparison.to_latex("R&B")):
        assert "first ones of one fit with the largest number that was asked for" in text
        assert "C: and over labels" in text
