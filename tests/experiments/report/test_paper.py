"""The paper's Table 1 against what its text says of it."""

from alcca.experiments.report.paper import TABLE_1, TABLE_1_COLUMNS
from alcca.experiments.report.tables import PAPER_COLUMNS


def test_the_columns_are_ours():
    assert list(TABLE_1_COLUMNS) == [name for name, *_ in PAPER_COLUMNS]
    assert list(TABLE_1) == list(range(10, 101, 10))
    assert {len(row) for row in TABLE_1.values()} == {8}


def test_each_column_rises_to_80_components_and_then_falls():
    for column in zip(*TABLE_1.values(), strict=True):
        values = [float(value) for value in column]
        assert values[:8] == sorted(values[:8])
        assert values[7:] == sorted(values[7:], reverse=True)


def test_its_sums_are_those_of_the_printed_table():
    # Added up from the paper's text by another program, as a guard against slips of the pen.
    sums = [round(sum(map(float, column)), 3) for column in zip(*TABLE_1.values(), strict=True)]
    assert sums == [3.587, 3.564, 4.399, 4.385, 2.845, 2.817, 4.314, 4.295]
    assert TABLE_1[80] == ("0.456", "0.452", "0.521", "0.519", "0.373", "0.370", "0.540", "0.536")
