"""Tests of `alcca.texts.bare_stamps`: times that people type without brackets."""

import pytest

from alcca.texts.timed import parse

TIMED = [(12.0, "Copper"), (15.5, "lanterns"), (62.0, "on the quay")]


@pytest.mark.parametrize(
    "text",
    [
        "0:12 Copper\n0:15.5 lanterns\n1:02 on the quay",
        "(00:12.00)Copper\n(00:15.50)lanterns\n\n(01:02.00)on the quay",
        "{0:12}Copper\n{0:15.5} lanterns\n{1:02}on the quay",
        "00:12 - Copper\n00:15,50 - lanterns\n00:01:02 - on the quay",
        "0:12\nCopper\n0:15.5\nlanterns\n1:02\non the quay",
    ],
)
def test_times_without_square_brackets(text):
    assert [(line.start, line.text) for line in parse(text).lines] == TIMED


@pytest.mark.parametrize(
    "text",
    [
        "4:00 on the radio\n4:30 and I'm awake",
        "4:00 on the radio\n4:30 and I'm awake\n3:00 goes by",
        "4:00 on the radio\nand I'm awake\n4:30 and still\n5:00",
        "Waiting\n4:00\n4:30\n5:00",
        "3 4 5\n6 7 8\n9 10 11",
    ],
)
def test_times_that_may_be_sung(text):
    assert parse(text).format == "text"
