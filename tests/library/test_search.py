import numpy as np
import pytest

from alcca.matching.lines import line_to_show
from alcca.search.engines.exact import ExactIndex


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)


def test_neighbours_are_those_of_the_naive_cosine(vectors):
    query = np.random.default_rng(1).normal(size=8)
    cosine = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    expected = np.argsort(-cosine)[:5]
    hits = ExactIndex(range(100, 150), vectors).search(query, k=5)
    assert [number for number, _ in hits] == [100 + i for i in expected]
    np.testing.assert_allclose([score for _, score in hits], cosine[expected], rtol=1e-5)


def test_only_the_chosen_songs_are_searched(vectors):
    hits = ExactIndex(range(50), vectors).search(vectors[3], k=50, among=frozenset({4, 9, 77}))
    everywhere = dict(ExactIndex(range(50), vectors).search(vectors[3], k=50))
    assert {number for number, _ in hits} == {4, 9}
    assert hits[0][1] >= hits[1][1]
    assert dict(hits) == pytest.approx({number: everywhere[number] for number in (4, 9)})


def test_no_songs_no_hits(vectors):
    assert ExactIndex([], np.empty((0, 0), np.float32)).search(vectors[0], k=3) == []
    assert ExactIndex(range(50), vectors).search(vectors[0], k=3, among=frozenset()) == []


LONG = "one two three " * 20 + "the Lindenbaum stands here " + "four five six " * 20


@pytest.mark.parametrize("words", ["lindenbaum", "LINDENBAUM zzz"])
def test_a_long_line_is_shown_about_the_word(words):
    shown = line_to_show("short first line\n" + LONG, words)
    assert "Lindenbaum" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= 100


def test_a_word_at_either_end_of_a_long_line_is_shown():
    assert line_to_show("start " + LONG, "start").startswith("start ")
    assert line_to_show(LONG + "end", "end").endswith(" end")


def test_accents_and_case_do_not_matter():
    assert line_to_show("nothing\nFRÜH am Morgen", "fruh") == "FRÜH am Morgen"


def test_without_the_word_the_first_line_is_shown():
    assert line_to_show("\n  first \nsecond", "zzz") == "first"
    assert line_to_show("", "zzz") == ""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("dark dont", "Don’t be afraid of the dark"),
        ("art", "nothing"),
        ("旧桥", "夜里的河水流过舊橋"),
        ("שלום", "שָׁלוֹם לָךְ"),
        ("ラ", "ﾗﾗﾗ"),
    ],
)
def test_the_line_with_most_of_the_words_is_shown(words, line):
    lyrics = "nothing\n\nin the dark, heart\nDon’t be afraid of the dark\n夜里的河水流过舊橋\nשָׁלוֹם לָךְ\nﾗﾗﾗ"
    assert line_to_show(lyrics, words) == line


def test_a_line_that_is_found_as_it_is_read_aloud_is_shown_as_it_is_written():
    lyrics, aloud = "夜の\n\n銀河の\n走る", "よるの\n\nぎんがの\nはしる"
    assert line_to_show(lyrics, "ぎんが", aloud) == "銀河の"
    assert line_to_show(lyrics, "走る ぎんが", aloud) == "走る"
    assert line_to_show(lyrics, "ぎんが", "ぎんがの") == "夜の"
