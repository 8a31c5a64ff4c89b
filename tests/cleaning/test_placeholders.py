import pytest

from alcca.cleaning.lyrics import clean_lyrics, clean_query, placeholder_in

INSTRUMENTAL = [
    "Instrumental",
    "[Instrumental]",
    "(Instrumental)",
    "♪ Instrumental ♪",
    "Instrumental.",
    "This song is an instrumental",
    "纯音乐，请欣赏",
    "純音樂，請欣賞",
    "此歌曲为没有填词的纯音乐，请您欣赏",
    "[99:00.00]纯音乐，请欣赏",
    "[00:00.000] 作曲 : Someone\n[00:05.000]纯音乐，请欣赏",
    "インストゥルメンタル",
    "연주곡입니다.",
    "Инструментал",
    "Strumentale",
    "Tema instrumental",
    "Enstrümantal",
    "Instrumental break",
    "この曲はインストゥルメンタルです",
    "Cette chanson n'a pas de paroles",
    "Инструментальная композиция. Слов нет.",
    "[au: instrumental]",
    "Instrumental\n\n(Instrumental)",
    "纯音乐，请欣赏\n纯音乐，请您欣赏",
]
MISSING = [
    "No lyrics found",
    "No lyrics found.",
    "Lyrics not available",
    "Lyrics not found!",
    "not found",
    "404 Not Found",
    "nan",
    "NaN",
    "N/A",
    "NA",
    "None",
    "null",
    "TBD",
    "暂无歌词",
    "暫無歌詞",
    "暂无歌词，敬请期待",
    "歌詞なし",
    "가사 없음",
    "Текст песни не найден",
    "Paroles non disponibles",
    "Letra não disponível",
    "Kein Songtext vorhanden",
    "Brak tekstu piosenki.",
    "Şarkı sözü bulunamadı",
    "We are not in a position to display these lyrics due to licensing restrictions. Sorry for the inconvenience.",
    "Lyrics for this song have yet to be released. Please check back once the song has been released.",
    "Unfortunately, we are not licensed to display the full lyrics for this song at the moment. Hopefully we will be "
    "able to in the future. Until then... how about a random page?",
    "Sorry, we have no Nobody lyrics at the moment.",
    "We do not have the lyrics for Harbour yet.",
    "Looks like we don't have the lyrics for this song.",
    "[00:00.00]Lyrics not available",
    "You'll have to guess the lyrics for this one.",
    "Lyrics will be available after release",
    "Zu diesem Titel ist leider kein Songtext verfügbar",
    "歌詞が登録されていません",
    "가사가 등록되지 않았습니다.",
]


@pytest.mark.parametrize(
    ("text", "kind"), [*((t, "instrumental") for t in INSTRUMENTAL), *((t, "missing") for t in MISSING)]
)
def test_placeholders_are_no_lyrics(text, kind):
    assert clean_lyrics(text) == ""
    assert placeholder_in(text) == kind


@pytest.mark.parametrize("text", ["-", "?", "...", "♪", "♪♪♪", "[00:00.00]♪\n[00:10.00]♪", "***"])
def test_signs_are_no_lyrics(text):
    assert clean_lyrics(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "None of us",
        "Na na",
        "na",
        "Tequila",
        "No words can say",
        "instrumental music",
        "I have no lyrics, I have no song\nla la",
        "no",
        "Empty chairs",
    ],
)
def test_short_lyrics_stay(text):
    assert clean_lyrics(text) == text
    assert placeholder_in(text) is None


def test_a_placeholder_within_lyrics_is_a_line():
    text = "None\nof us\nNo lyrics found\nin me"
    assert clean_lyrics(text) == text


def test_a_query_is_no_placeholder():
    assert clean_query("none") == "none"
    assert clean_query("Written by Nobody") == "Written by Nobody"
    assert clean_query("[Chorus]\nCopper &amp; gold") == "Copper & gold"
