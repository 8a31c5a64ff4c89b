"""The page: whole, self-contained, accessible, and nothing in it runs."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from alcca.experiments.rank_tables import Failure
from alcca.experiments.report.comparison import compared
from alcca.experiments.report.page import page
from alcca.experiments.report.paper import TABLE_1

VOID = {"meta", "img", "link", "br"}
PLANTED = "<script>alert('x')</script>"


class Reader(HTMLParser):
    """Elements with their attributes, the text, and whether every element is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.ok = [], [], [], True
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.ok &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(results, figures=None):
    text = page(results, compared(results), figures or {})
    return text, Reader(text)


@pytest.fixture(scope="module")
def whole(results):
    return read(results, {"figure2": b"<svg/>", "ablations": b"<svg/>"})


def test_the_page_is_well_formed_and_needs_nothing_else(whole):
    text, reader = whole
    assert reader.ok
    assert reader.open == []
    tags = [tag for tag, _ in reader.elements]
    assert not {"script", "link", "iframe", "object", "form"} & set(tags)
    assert not re.search(r"(src|href)=\"(?!data:image/svg\+xml;base64,|#)", text)
    assert "url(" not in text
    assert "@import" not in text


def test_the_page_can_be_read_without_eyes(whole):
    _, reader = whole
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("h1") == 1
    assert ("html", {"lang": "en"}) in reader.elements
    assert tags.count("table") == tags.count("caption") == tags.count("thead")
    assert all(a.get("scope") in ("row", "col", "colgroup") for tag, a in reader.elements if tag == "th")
    images = [a for tag, a in reader.elements if tag == "img"]
    assert len(images) == 2
    assert all(len(a["alt"]) > 40 for a in images)
    anchors = {a["href"][1:] for tag, a in reader.elements if tag == "a"}
    assert anchors <= {a.get("id") for _, a in reader.elements}
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(b <= a + 1 for a, b in pairwise(levels))


def test_the_chart_comes_before_all_prose(whole):
    text, reader = whole
    assert [a["id"] for tag, a in reader.elements if tag == "h2"][:2] == ["chart", "in-short"]
    before = text.split("<body>")[1].split("<table")[0]
    assert "<p" not in before
    assert "<h3" not in before


def test_every_table_scrolls_in_a_box_of_its_own(whole):
    text, _ = whole
    boxes = re.findall(r'(<div class="wide" tabindex="0" role="group" aria-label="[^"]+">)?<table', text)
    assert len(boxes) > 10
    assert all(boxes)
    assert ".wide { overflow-x: auto;" in text


def test_the_protocol_says_how_settings_were_chosen(whole):
    protocol = whole[0].split('id="protocol"')[1]
    assert "No setting is tuned on test songs. Each method has the settings that are listed below" in protocol
    assert "chosen on these songs at an earlier time, this report cannot know" in protocol
    assert protocol.index("No setting is tuned") < protocol.index("<h3>Methods</h3>") < protocol.index("Made(cca)")


def test_the_papers_table_stands_beside_ours(results, whole):
    text, _ = whole
    part = text.split('id="table-1"')[1].split("</section>")[0]
    for values in TABLE_1.values():
        assert "".join(f"<td>{value}</td>" for value in values) in part
    cell = results.summary().query("method == 'alcca' and components == 10 and level == 'instance'")
    row = cell[cell["direction"] == "audio"].iloc[0]
    assert f'<th scope="row" class="name">10</th><td>{row["MRR1"]:.3f}</td>' in part
    assert "cannot be compared directly" in part
    assert "not public" in part


def test_the_comparison_holds_every_method_with_its_numbers(results, whole):
    text, _ = whole
    part = text.split('id="comparison"')[1].split("</section>")[0].split("</table>")[0]
    for row in compared(results).rows.to_dict("records"):
        for column in ("I-MRR1-A", "R@5-L"):
            assert f"<td>{row[column]:.3f}<span" in part
    assert part.count('<tr><th scope="row"') == 7
    assert 'class="better"' in text
    assert 'class="worse"' in text


@pytest.mark.parametrize("where", ["method", "dataset", "failure", "note", "setting"])
def test_a_planted_script_is_only_text(making, where):
    results = making(
        {PLANTED if where == "method" else "alcca": 2, "cca": 3},
        dataset=PLANTED if where == "dataset" else "d",
        failures=[Failure("m", False, 0, 0, PLANTED), Failure(PLANTED, True, 0, 0, "r")] if where == "failure" else [],
        notes=[PLANTED] if where == "note" else [],
    )
    if where == "setting":
        results.settings["versions"][PLANTED] = PLANTED
        results.settings["methods"][PLANTED] = PLANTED
        results.settings[PLANTED] = [PLANTED]
    text, reader = read(results, {"figure2": b"<svg/>"})
    assert "script" not in {tag for tag, _ in reader.elements}
    assert reader.ok
    assert PLANTED not in text
    assert PLANTED in "".join(reader.text)


def test_failures_notes_seeds_and_versions_are_listed(making):
    failures = [Failure("rcca", True, 1, 4, "LinAlgError: singular")]
    text, _ = read(making({"cca": 3}, seeds=(0, 4), failures=failures, notes=["Nine songs lack words."]))
    notes = text.split('id="notes"')[1].split("</section>")[0]
    for words in ("rcca", "LinAlgError: singular", "<td>4</td><td>1</td>", "shuffled", "Nine songs lack words."):
        assert words in notes
    protocol = text.split('id="protocol"')[1]
    for words in ("<dt>seeds</dt><dd>0, 4</dd>", "Made(cca)", "<dt>alcca</dt>"):
        assert words in protocol
    assert "No fit failed." in read(making({"cca": 3}))[0]


def test_a_page_of_one_method_without_labels_and_control_is_whole(making):
    text, reader = read(making({"only": 2}, components=(5,), labels=False, control=False))
    assert reader.ok
    assert "nan" not in "".join(reader.text).lower().split()
    assert "C-MRR1-A" not in text.split('id="comparison"')[1].split("</section>")[0]
    assert "ALCCA was not among the methods" in text
    assert "5 components" in text


@pytest.mark.parametrize(("components", "said"), [((10, 30), True), ((30,), False)])
def test_the_page_says_that_components_are_those_of_one_fit(components, said, making):
    text, _ = read(making({"cca": 3, "dcca": 2}, components=components))
    assert "A method is fitted once in a fold, with 30 components." in text
    assert ("10 components of a network that was trained for 30, not a network trained for 10" in text) == said
    assert "at the category level also over labels" in text
