"""Every pair: its numbers are those of the tests, the better-placed method first."""

import re

from alcca.experiments.report.comparison import compared
from alcca.experiments.report.pairs import pair_tables


def rows_of(html):
    tables = html.split("<table")[1:]
    return [
        [re.sub(r"<[^>]+>", " ", cell).split() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>.*?</tr>", tables[1], re.DOTALL)[1:]
    ]


def test_the_rows_are_the_tests_turned_to_the_order_of_the_methods(making):
    results = making({"poor": 0, "cca": 6, "alcca": 3}, n=80)
    comparison = compared(results)
    order = list(comparison.rows["method"])
    assert order == ["cca", "alcca", "poor"]
    rows = rows_of(pair_tables(comparison))
    assert [row[0] for row in rows] == [["cca", "−", "alcca"], ["cca", "−", "poor"], ["alcca", "−", "poor"]]
    pairs = comparison.pairs.query("level == 'instance' and direction == 'audio'").set_index(["a", "b"])
    for (first, _, second), difference, effect, p, queries in rows:
        turned = (first, second) not in pairs.index
        test = pairs.loc[(second, first) if turned else (first, second)]
        sign = -1 if turned else 1
        low, high = sorted((sign * test["low"], sign * test["high"]))
        texts = [f"{sign * test['difference']:+.3f}", f"[{low:+.3f},", f"{high:+.3f}]"]
        assert difference == [text.replace("-", "−") for text in texts]
        assert effect == [f"{sign * test['d_z']:+.2f}".replace("-", "−")]
        assert p == [f"{test['p_holm']:.3f}"] if test["p_holm"] >= 0.001 else ["&lt;", "0.001"]
        assert queries == [str(test["queries"])]
    assert sum((first, second) not in pairs.index for (first, _, second), *_ in rows) == 2


def test_each_level_and_direction_has_its_matrix_and_its_table(making):
    html = pair_tables(compared(making({"cca": 6, "alcca": 3})))
    assert html.count("<details>") == 4
    assert html.count("<table") == 8
    assert pair_tables(compared(making({"cca": 6, "alcca": 3}, labels=False))).count("<details>") == 2
    assert pair_tables(compared(making({"cca": 6}))) == ""
