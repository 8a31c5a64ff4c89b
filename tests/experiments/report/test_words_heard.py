"""Methods that read what was heard: a block of their own, which leaves the paper's comparison as it is."""

import json

import pandas as pd
import pytest

from alcca.experiments.by_transcript import by_words, paper_part, words_part
from alcca.experiments.report import comparison_text, to_json, to_text, write_report
from alcca.experiments.report.comparison import CEILING, compared
from alcca.experiments.report.prose import heard_in_words
from alcca.experiments.report.tables import pool_text
from alcca.experiments.significance import pairwise

WHOLE = ("fused", "heard")
PAPER = {"alcca": 1, "cca": 1.5, "rcca": 1}


@pytest.fixture(scope="module")
def results(making):
    return making({"fused": 9, "heard": 7, **PAPER}, whole=WHOLE, silent=tuple(range(6)), n=80, notes=("A note.",))


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    return place, [path.name for path in write_report(results, place)]


def test_the_papers_files_are_what_they_are_without_words(results, written, tmp_path):
    place, names = written
    alone = write_report(paper_part(results), tmp_path)
    paper = [path for path in alone if path.name not in ("report.html", "by_words.csv", "seeds.csv")]
    assert len(paper) == 16
    for path in paper:
        assert path.read_bytes() == (place / path.name).read_bytes(), path.name
    own = ["by_words.csv", "words.csv", "words.md", "words.tex", "words_controls.csv", "words_measures.csv",
           "words_measures.md", "words_pairwise.csv"]  # fmt: skip
    assert sorted(names) == sorted({path.name for path in alone} | set(own))


def test_the_block_holds_the_spaces_that_are_fused_and_its_own_tests(results, written):
    place, _ = written
    rows = pd.read_csv(place / "words.csv")
    assert rows["method"].tolist()[:2] == ["fused", "heard"]
    assert set(rows["method"]) == {"fused", "heard", "alcca"}
    pairs = pd.read_csv(place / "words_pairwise.csv")
    assert len(pairs) == 3 * 4
    pd.testing.assert_frame_equal(pairs, pairwise(words_part(results)), check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_csv(place / "by_words.csv"), by_words(results), check_dtype=False)
    markdown, latex = (place / "words.md").read_text(), (place / "words.tex").read_text()
    for text in (markdown, latex):
        assert CEILING in text
        assert "0.925" in text
        assert "nan" not in text.lower()
    assert r"\label{tab:words}" in latex
    row = next(line for line in markdown.splitlines() if "| fused |" in line)
    assert row.split("|")[-4].strip() == "none"


def test_the_ceiling_stands_where_words_are_read_and_some_recordings_have_none(results, making):
    table = compared(words_part(results))
    assert table.with_words == pytest.approx(74 / 80)
    assert dict(table.references)[CEILING] == ["0.925", "0.925", "", "", "0.925", "0.925", "0.925", "0.925"]
    assert compared(paper_part(results)).with_words is None
    assert compared(making({"heard": 5}, whole=("heard",), silent=())).with_words is None


def test_the_page_has_a_section_for_them(results, written):
    text = (written[0] / "report.html").read_text(encoding="utf-8")
    section = text.split('id="words-heard"')[1].split("</section>\n")[0]
    assert "fused, without words" in section
    assert "heard, with words" in section
    assert f">{CEILING}</th>" in section
    assert "Words were heard in 74 of 80 recordings. So 92.5% is the most that words alone can find." in section
    for anchor in ("comparison", "table-1", "all", "figures"):
        part = text.split(f'id="{anchor}"')[1].split("<h2")[0]
        assert "heard" not in part, anchor
    assert "Ranked by a similarity of their own, without components: fused, heard." in text
    assert "word_methods" not in text
    assert "in the whole of their own space, without components" not in text


def test_the_terminal_shows_both_blocks_and_no_method_twice_in_one(results):
    text = comparison_text(results)
    first, second = text.split("Words heard in the recordings\n")
    assert "fused" not in first
    for method in PAPER:
        assert first.count(f"  {method} ") >= 1
    assert "rcca" not in second.split("Note: ")[0]
    assert "What to keep in mind" in first
    assert text.count("Note: A note.") == 1
    small = comparison_text(results.only(["fused", "heard", "alcca"]))
    assert small.startswith("Words heard in the recordings\n   method")
    assert "What was asked" not in small


def test_the_sentences_tell_fused_from_heard(making):
    results = making({"fused": 40, "heard": 2, "alcca": 0}, whole=WHOLE, silent=(1,), n=200)
    said = {heading: " ".join(sentences) for heading, sentences in heard_in_words(results, compared(results))}
    audio = said["Words heard, when audio asks for lyrics"]
    assert audio.startswith("fused has the highest MRR1")
    assert "It is significantly better than every other method." in audio
    assert "heard: significantly better than alcca; significantly worse than fused." in audio
    assert "MRR1 of heard: with words 0." in said["With and without words"]
    equal = making({"fused": 5, "heard": 5, "alcca": 0}, whole=WHOLE, n=60)
    said = {heading: " ".join(sentences) for heading, sentences in heard_in_words(equal, compared(equal))}
    assert "no significant difference from" in said["Words heard, when audio asks for lyrics"]
    assert "With and without words" not in said


def test_what_was_heard_alone_has_a_whole_report(making, tmp_path):
    results = making({"heard": 5}, whole=("heard",), silent=(3,))
    names = [path.name for path in write_report(results, tmp_path)]
    assert "words.csv" not in names
    assert not any(name.startswith("figure") for name in names)
    text = to_text(results)
    assert text.count("\nas a whole ") == 4
    assert text.count("\nshuffled  ") == 4
    assert "\nWhen audio asks for lyrics, MRR1 is " in text
    assert "0 components" not in text + (tmp_path / "report.html").read_text(encoding="utf-8")
    assert comparison_text(results).startswith("Words heard in the recordings")


def test_programs_are_told_the_split(results, making):
    told = json.loads(json.dumps(to_json(results)))
    assert len(told["by_words"]) == 5 * 2 * 2
    assert {row["songs"] for row in told["by_words"]} == {74, 6}
    assert to_json(making({"cca": 1}))["by_words"] == []


def test_distractors_are_told_wherever_the_pool_is(making):
    results = making({"heard": 5, "cca": 2}, whole=("heard",), silent=())
    settings = {**results.settings, "distractors": {"lyrics": 1733, "recordings": 2, "name": "songbook"}}
    results.settings.update(settings)
    said = "one test fold of 30 songs, plus 1,733 lyrics or 2 recordings (songbook) that match no song"
    assert pool_text(settings) == said
    assert said in to_text(results)
    assert said in " ".join(comparison_text(paper_part(results)).split())
