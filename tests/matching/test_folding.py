"""Folding: letters of every script, each with its place in the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcca.matching.folding import ALPHABET, fold


@given(st.text(max_size=60))
def test_each_letter_knows_its_place(text):
    folded = fold(text)
    assert set(folded.letters) <= set(ALPHABET)
    assert len(folded.letters) == len(folded.places) == len(folded.words)
    assert (folded.places[1:] >= folded.places[:-1]).all()
    # Folding a character alone gives the letters that it has in the text.
    assert folded.letters == "".join(fold(text[place]).letters for place in dict.fromkeys(folded.places.tolist()))


@given(st.text(max_size=30), st.text(max_size=30))
def test_two_texts_fold_as_they_do_together(one, other):
    assert fold(one + " " + other).letters == fold(one).letters + fold(other).letters


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("Où est-elle ?", "ouestelle"),
        ("FRÜHLING, ß", "fruhlingss"),
        ("señor", "senor"),
        ("Привет", "privet"),
        ("e\u0301te\u0301", "ete"),
        ("", ""),
        ("… — !", ""),
    ],
)
def test_letters_lose_case_accents_and_script(text, letters):
    assert fold(text).letters == letters


def test_a_word_with_an_apostrophe_is_one_word():
    folded = fold("I'm lovin' it, don't 'cross")
    assert "".join("|" * bool(word) + letter for letter, word in zip(folded.letters, folded.words, strict=True)) == (
        "|im|lovin|it|dont|cross"
    )
