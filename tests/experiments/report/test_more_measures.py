"""The second table against the summary."""

import re
from html import escape

from alcca.experiments.report import to_json
from alcca.experiments.report.comparison import compared
from alcca.experiments.report.more_measures import (
    MORE_COLUMNS,
    map_lines,
    more_measures,
    more_measures_html,
    more_measures_markdown,
)


def test_the_numbers_are_those_of_the_summary_and_of_both_directions(results):
    table = more_measures(results)
    summary, both = results.summary(), results.both_directions()
    for row in table.to_dict("records"):
        for name, measure, direction, level in MORE_COLUMNS:
            source = both if direction == "both" else summary[summary["direction"] == direction]
            found = source[
                (source["method"] == row["method"]) & (source["components"] == row["components"])
                & (source["level"] == level)
            ]  # fmt: skip
            for kind in ("", "_chance", "_shuffled"):
                assert row[name + kind] == found.iloc[0][measure + kind]
            if measure != "hubness":
                assert row[name + "_low"] == found.iloc[0][measure + "_low"]


def test_every_format_has_the_methods_in_the_order_of_the_comparison(results):
    comparison = compared(results)
    order = list(comparison.rows["method"])
    row = more_measures(results).query("method == 'cca' and components == 80").iloc[0]
    cell = f"{row['mAP']:.3f} [{row['mAP_low']:.3f}, {row['mAP_high']:.3f}]"
    lines = map_lines(results, comparison)
    assert lines[1].split() == ["method", "mAP-A", "mAP-L", "mAP"]
    assert [line.split()[1] for line in lines[2:-1]] == order
    assert next(line for line in lines if line.split()[1:2] == ["cca"]).endswith(cell)
    assert lines[-1].split()[0] == "chance"
    markdown = more_measures_markdown(results, comparison)
    assert f"{cell} ○ {row['mAP_shuffled']:.3f}" in next(line for line in markdown.splitlines() if "| cca |" in line)
    html = more_measures_html(results, comparison)
    heads = re.findall(r'<th scope="row" class="name">(.*?)</th>', html)
    assert heads == [*map(escape, order), "chance"]
    assert f"[{row['nDCG-A_low']:.3f}, {row['nDCG-A_high']:.3f}]" in html
    assert f"{row['hubness-L']:.3f}" in html
    assert "nan" not in html


def test_without_labels_and_control_there_is_hubness_alone(making):
    results = making({"cca": 2, "rcca": 1}, labels=False, control=False)
    comparison = compared(results)
    assert map_lines(results, comparison) == []
    html = more_measures_html(results, comparison)
    assert "hubness-A" in html
    assert "mAP" not in html
    assert '<span class="marks">' not in html


def test_the_json_has_both_directions(results):
    rows = to_json(results)["both_directions"]
    assert len(rows) == len(results.both_directions())
    assert all("direction" not in row for row in rows)
    instance = next(row for row in rows if row["level"] == "instance")
    assert instance["mAP"] is None
    assert isinstance(instance["hubness"], float)
