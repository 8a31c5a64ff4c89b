import pytest

from alcca.songs.lyrics import normalise_lyrics, tokenize


def test_normalise_lyrics_tells_words_not_punctuation():
    assert (
        normalise_lyrics("Hello, World!\n\nI’m HERE")
        == normalise_lyrics("hello world im here")
        == "hello world im here"
    )
    assert normalise_lyrics("ﬁne Straße") == normalise_lyrics("FINE STRASSE")
    assert normalise_lyrics("one two") != normalise_lyrics("onetwo")
    assert normalise_lyrics("हिन्दी गीत!") == "हिन्दी गीत"
    assert normalise_lyrics("99") == "99"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't you—forget 'bout ME", ["don't", "you", "forget", "bout", "me"]),
        ("l’amour rock'n'roll", ["l'amour", "rock'n'roll"]),
        ("99 Luftballons 4ever", ["luftballons", "ever"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("Привет, мир!", ["привет", "мир"]),
        ("हिन्दी गीत", ["हिन्दी", "गीत"]),
        ("사랑해 너를", ["사랑해", "너를"]),
        ("恋の歌 love", ["恋", "の", "歌", "love"]),
        ("ラブ", ["ラ", "ブ"]),
        ("ＦＵＬＬ", ["full"]),
        ("", []),
        ("123 !?", []),
    ],
)
def test_tokenize(text, words):
    assert tokenize(text) == words
