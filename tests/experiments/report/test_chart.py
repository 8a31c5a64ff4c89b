"""The chart: every method once, its numbers those of the comparisons, its bars those of the numbers."""

import re
from dataclasses import replace

import pytest

from alcca.experiments.by_transcript import paper_part, words_part
from alcca.experiments.rank_tables import Failure
from alcca.experiments.report.chart import chart
from alcca.experiments.report.comparison import compared

STRENGTH = {"alcca": 0.3, "cca": 2, "rcca": 0, "heard": 9, "fused": 12}


def rows_of(html):
    """Method -> the text of its cells, without the tags, the interval apart."""
    rows = {}
    for row in re.findall(r'<tr role="row".*?</tr>', html.split("<tbody")[1], re.DOTALL):
        head, *cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        texts = [re.sub(r"<[^>]+>", "", cell.replace('<span class="interval">', " ")) for cell in cells]
        rows[re.sub(r"<.*", "", head)] = texts
    return rows


@pytest.fixture(scope="module")
def mixed(making):
    return making(STRENGTH, n=80, whole=("heard", "fused"), silent=(1,))


@pytest.fixture(scope="module")
def parts(mixed):
    return compared(paper_part(mixed)), compared(words_part(mixed))


@pytest.fixture(scope="module")
def drawn(mixed, parts):
    return chart(mixed, *parts)


def test_every_method_stands_once_the_best_first_and_chance_last(mixed, drawn):
    summary = mixed.summary().query("level == 'instance' and components in (0, 80)")
    order = summary.groupby("method", observed=True)["MRR1"].mean().sort_values(ascending=False).index
    assert list(rows_of(drawn)) == [*order, "chance"]
    assert drawn.count('class="name"') == len(STRENGTH) + 2
    assert "80 components</span>" in drawn
    assert drawn.count("own similarity</span>") == 2


def test_the_cells_hold_the_numbers_of_the_summary_and_of_the_tests(mixed, parts, drawn):
    rows = rows_of(drawn)
    summary = mixed.summary().query("level == 'instance' and components in (0, 80)").set_index(["method", "direction"])
    for method in STRENGTH:
        comparison = parts[1] if method in ("heard", "fused") else parts[0]
        for direction, cells in zip(("audio", "lyrics"), (rows[method][:5], rows[method][5:]), strict=True):
            row = summary.loc[(method, direction)]
            test = comparison.test(method, "chance", direction, "instance")
            p = f"{test['p_holm']:.3f}" if test["p_holm"] >= 0.001 else "&lt; 0.001"
            assert cells == [
                f"{row['MRR1']:.3f} [{row['MRR1_low']:.3f}, {row['MRR1_high']:.3f}]",
                f"{row['MRR1_shuffled']:.3f}",
                f"{row['MRR1'] - row['MRR1_chance']:+.3f} [{test['low']:+.3f}, {test['high']:+.3f}]".replace("-", "−"),
                f"{test['d_z']:+.2f}".replace("-", "−"),
                p,
            ]
    assert rows["chance"][0] == f"{row['MRR1_chance']:.3f}"


def test_a_method_of_both_parts_has_the_tests_of_the_papers_comparison(mixed, parts, drawn):
    paper, words = (part.test("alcca", "chance", "audio", "instance")["p_holm"] for part in parts)
    assert f"{paper:.3f}" != f"{words:.3f}"
    assert rows_of(drawn)["alcca"][4] == f"{paper:.3f}"
    assert "those that read transcripts are corrected apart" in drawn
    assert "corrected apart" not in chart(mixed.only(["cca", "rcca"]), compared(mixed.only(["cca", "rcca"])))


def test_the_bars_are_as_long_as_the_numbers(mixed, drawn):
    summary = mixed.summary().query("level == 'instance' and components in (0, 80) and direction == 'lyrics'")
    row = summary.set_index("method").loc["fused"]
    bar = re.findall(r"<svg.*?</svg>", drawn.split(">fused<")[1])[1]
    assert "Bar: MRR1, from 0 to 1," in drawn
    at = {kind: f"{100 * row[f'MRR1{kind}']:.2f}%" for kind in ("", "_low", "_high", "_chance", "_shuffled")}
    assert f'width="{at[""]}"' in bar
    assert f'class="chance" x1="{at["_chance"]}" x2="{at["_chance"]}"' in bar
    assert f'class="interval" x1="{at["_low"]}" x2="{at["_high"]}"' in bar
    assert f'<circle cx="{at["_shuffled"]}"' in bar
    assert drawn.count("<svg") == drawn.count('<svg aria-hidden="true"') == 2 * (len(STRENGTH) + 1)


def test_bars_of_small_numbers_have_a_shorter_scale(making):
    results = making({"cca": 0, "rcca": 1}, n=200)
    html = chart(results, compared(results))
    row = results.summary().query("method == 'rcca' and components == 80 and level == 'instance'").iloc[0]
    assert row["direction"] == "audio"
    assert 0.2 < row["MRR1_high"] < 0.5
    assert "Bar: MRR1, from 0 to 0.5," in html
    assert f'width="{100 * row["MRR1"] / 0.5:.2f}%"' in html.split(">rcca<")[1].split("</svg>")[0]


def test_without_the_control_there_is_no_mark_for_it(making):
    results = making({"cca": 2, "rcca": 3}, control=False)
    html = chart(results, compared(results))
    assert "shuffled" not in html
    assert "<circle" not in html
    assert {len(cells) for cells in rows_of(html).values()} == {8}
    assert html.count('colspan="4"') == 2


def test_a_control_that_failed_and_a_method_that_failed_are_told(making):
    failures = [Failure("dcca", False, 0, 0, "NaN"), Failure("cca", True, 0, 0, "NaN")]
    results = making({"cca": 2, "rcca": 3}, failures=failures)
    ranks = results.ranks
    results = replace(results, ranks=ranks[(ranks["method"] != "cca") | ~ranks["control"]])
    html = chart(results, compared(results))
    rows = rows_of(html)
    assert [rows["cca"][1], rows["cca"][6]] == ["not measured"] * 2
    assert "not measured" not in rows["rcca"]
    assert "Not in the chart, because all its fits failed: dcca." in html


@pytest.mark.parametrize(("strength", "said"), [(-0.9, True), (3, False)])
def test_a_small_p_below_chance_is_explained(strength, said, making):
    results = making({"cca": strength}, n=200)
    assert ("so a small p below chance says little" in chart(results, compared(results))) == said
