"""The words of a text for exact search."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.matching.test_folding import LETTERS

from alcca.matching.exact_words import Term, count_terms, index_form, terms


@given(st.text(max_size=40) | LETTERS)
def test_a_text_contains_all_of_its_words(text):
    text = unicodedata.normalize("NFC", text)
    wanted = list(terms(text))
    words, compounds = index_form(text)
    assert set(" ".join(" ".join(term.tokens) for term in wanted).split()) == set(words.split())
    assert {term.compound for term in wanted if term.compound} <= set(compounds.split())
    found, first = count_terms(text, wanted)
    assert found == len(wanted)
    assert (first >= 0) == bool(wanted)


@pytest.mark.parametrize(
    ("one", "other"), [("Mädchen", "Maedchen"), ("ÜBER", "ueber"), ("Øresund", "oeresund"), ("Käsebrot", "KAESEBROT")]
)
def test_letters_and_their_digraphs_find_each_other(one, other):
    for text, query in ((one, other), (other, one), (one, one.replace("ä", "a")), (one, one)):
        wanted = list(terms(query))
        words, others = index_form(f"la {text}")
        assert {wanted[0].compound, " ".join(wanted[0].tokens)} & {*words.split(), *others.split()}
        assert count_terms(f"la {text}", wanted) == (1, 3)


def test_ae_is_no_a_by_itself():
    assert index_form("Käse-Brot")[1] == "kasebrot kaesebrot"
    assert count_terms("true blue", terms("tru")) == (1, 0)
    assert count_terms("true blue", terms("trü blu "), last_begins=False) == (1, 0)
    assert count_terms("tru", terms("true")) == (0, -1)


@pytest.mark.parametrize(
    ("text", "tokens", "compound"),
    [
        ("旧桥LOVE", ("旧", "桥", "love"), None),
        ("merry-go-round", ("merry", "go", "round"), "merrygoround"),
        ("R.E.M.", ("r", "e", "m"), "rem"),
        ("rockin'", ("rockin",), None),
        ("no...no", ("no", "no"), None),
        ("ac/dc", ("ac", "dc"), None),
        ("๑๒", ("12",), None),
        ("ﾊﾟﾝ", ("ぱ", "ん"), None),
    ],
)
def test_a_word_has_parts(text, tokens, compound):
    assert list(terms(text)) == [Term(tokens, compound)]


def test_a_chain_is_cut():
    assert [len(term.tokens) for term in terms("旧桥" * 5, longest=4)] == [4, 2]
    assert next(terms("a-" * 9 + "b", longest=8)).compound is None


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("Ich bin früh da", "FRUH", (1, 8)),
        ("I don’t know", "dont", (1, 2)),
        ("I dont know", "don't know", (2, 2)),
        ("the artist", "art", (1, 4)),
        ("my heart", "art", (0, -1)),
        ("ｶﾞﾗｽの靴", "ガラス 靴", (2, 0)),
        ("a b c", "", (0, -1)),
        ("", "a", (0, -1)),
    ],
)
def test_words_are_counted_where_they_are(text, words, found):
    assert count_terms(text, terms(words)) == found


def test_only_the_last_word_may_go_on():
    assert count_terms("artist", terms("art of")) == (0, -1)
    assert count_terms("artist", terms("art"), last_begins=False) == (0, -1)
