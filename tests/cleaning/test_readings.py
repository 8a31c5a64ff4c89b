import pytest

from alcca.cleaning.lyrics import clean_lyrics
from alcca.cleaning.readings import read_aloud, readings, without_readings

RUBY = "<ruby>銀河<rp>(</rp><rt>ぎんが</rt><rp>)</rp></ruby>の<ruby>鉄道<rp>(</rp><rt>てつどう</rt><rp>)</rp></ruby>"


@pytest.mark.parametrize(
    ("text", "base", "aloud"),
    [
        (RUBY, "銀河の鉄道", "ぎんがのてつどう"),
        ("<ruby><rb>運命</rb><rt>さだめ</rt></ruby>", "運命", "さだめ"),
        ("<ruby>漢<rt>かん<rt></rt>字<rt>じ</ruby>", "漢字", "かんじ"),
        ("<RUBY class='x'>夜<RT>よる</RT></RUBY>へ", "夜へ", "よるへ"),
        ("運命(さだめ)の夜（よる）に走(はし)り出(だ)す", "運命の夜に走り出す", "さだめのよるにはしりだす"),
        ("運命《さだめ》と｜Love《あい》", "運命とLove", "さだめとあい"),
        (
            "三ヶ月(さんかげつ)、時々(ときどき)、母(はは)、珈琲(コーヒー)",
            "三ヶ月、時々、母、珈琲",
            "さんかげつ、ときどき、はは、コーヒー",
        ),
    ],
)
def test_readings_go_from_the_words_and_are_offered(text, base, aloud):
    assert without_readings(text) == base
    assert clean_lyrics(text) == base
    assert read_aloud(text) == aloud
    assert "".join(reading for _, reading in readings(text)) != ""


@pytest.mark.parametrize(
    "text",
    [
        "君(ラララ)",
        "夢(ああ)",
        "今（ウォウウォウ）",
        "風(フー)",
        "夢を見た(みた)",
        "きみ(あなた)",
        "我在读《红楼梦》",
        "愛 (love)",
        "愛(LOVE)",
        "海(あああ)",
    ],
)
def test_brackets_that_are_sung(text):
    assert clean_lyrics(text) == text
    assert readings(text) == []


def test_pairs():
    assert readings(RUBY) == [("銀河", "ぎんが"), ("鉄道", "てつどう")]
    assert without_readings("夜" + "(よる)" * 100) == "夜"
