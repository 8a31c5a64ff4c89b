"""Folding: letters of every script, each with its place in the text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcca.matching.folding import ALPHABET, VOICING, fold, fold_letters

# What people write in many ways: points, marks, joiners, kana of half width.
LETTERS = st.text(alphabet="שלםַ‎ֹּנהרَُّاأإىيةـカｶﾞﾟゃー々旧舊桥橋กำ่ক়ेीéйЙёßﬁİı'’-\u200c\u00ad a1", max_size=40)


@given(st.text(max_size=60) | LETTERS)
def test_each_letter_knows_its_place(text):
    folded = fold(text)
    assert set(folded.letters) <= set(ALPHABET)
    assert len(folded.letters) == len(folded.places) == len(folded.words)
    assert (folded.places[1:] >= folded.places[:-1]).all()
    # Folding a character alone gives the letters that it has in the text.
    if not any(mark in text for mark in VOICING):
        assert folded.letters == "".join(fold(text[place]).letters for place in dict.fromkeys(folded.places.tolist()))
    assert folded.letters == fold_letters(text)
    assert folded.words[:1].all()


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
        ("שָׁלוֹם לָךְ", "shlvmlkh"),
        ("\ufb2a\ufb4b", "shv"),
        ("نَهْرُ اللَّيْلِ", "nhrallyl"),
        ("حـبـيـبـي", "hbyby"),
        ("أَكْتُبُ إلى آل ٱلله", "aktbalyalallh"),
        ("\ufefb\ufe8d", "laa"),
        ("ｶﾞﾗｽ ﾊﾟﾚｰﾄﾞ", "garasuparedo"),
        ("か\u3099 カ\u3099 ガ", "gagaga"),
        ("國 国 氣 気 气", "guoguoqiqiqi"),
        ("й и\u0306 ё Ї", "iiei"),
        ("ὁ Οὐρανός", "ooyranos"),
        ("दिल क़ ज़िन्दगी ज़", "dilkjindgij"),
        ("แม่น้ำ ค่ำ", "aemnamkham"),
        ("ﬁ ſ ß Ø ł đ İ ı １ ①", "fisssoldii11"),
        ("𝓛𝓸𝓿𝓮 Ⓐ ㌔", "loveakiro"),
        ("I ❤️ 🌧 ™ ♪", "i"),
    ],
)
def test_letters_lose_case_accents_and_script(text, letters):
    assert fold(text).letters == letters


def test_kana_that_a_mark_voices_keep_their_places():
    folded = fold("ｶﾞﾗ a")
    assert (folded.letters, folded.places.tolist()) == ("garaa", [0, 0, 2, 2, 4])
    assert fold("ﾞﾞaﾞ").places.tolist() == [2]


@pytest.mark.parametrize(
    "text",
    ["נַהַר הַלַּיְלָה", "نَهْرُ اللَّيْلِ", "حـبـيـبـي يا", "दिल्ली की", "co\u00adop\u200bing la", "می‌خواهم در", "コーヒーの a"],
)
def test_points_and_joiners_are_inside_of_words(text):
    assert int(fold(text).words.sum()) == 2


@pytest.mark.parametrize(
    ("pointed", "plain"),
    [("שָׁלוֹם לָךְ אֲהוּבָתִי", "שלום לך אהובתי"), ("نَهْرُ اللَّيْلِ يَمُرُّ", "نهر الليل يمر"), ("ܫܠܵܡܵܐ", "ܫܠܡܐ")],
)
def test_pointed_and_unpointed_texts_are_the_same(pointed, plain):
    assert fold(pointed).letters == fold(plain).letters
    assert fold(pointed).words.tolist() == fold(plain).words.tolist()


@given(LETTERS)
def test_composed_and_decomposed_texts_have_the_same_letters(text):
    # But for Indic vowels in two parts, which every text has composed.
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert fold_letters(composed) == fold_letters(decomposed)


def test_a_word_with_an_apostrophe_is_one_word():
    folded = fold("I'm lovin' it, don't 'cross")
    assert "".join("|" * bool(word) + letter for letter, word in zip(folded.letters, folded.words, strict=True)) == (
        "|im|lovin|it|dont|cross"
    )
