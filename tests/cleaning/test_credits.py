import pytest

from alcca.cleaning.credits import without_credits
from alcca.cleaning.lyrics import clean_lyrics

SUNG = ["Copper lanterns on the quay", "You were singing out of key", "Seven trains and none for me", "Across the sea"]
VERSE = "\n".join(SUNG)


@pytest.mark.parametrize(
    "credit",
    [
        # NetEase, QQ Music, Kugou, and their translations of roles.
        *(
            "作词 : A Poet",
            "作曲 : A Composer",
            "作詞：X",
            "词：不要再胖了",
            "曲:X",
            "詞曲：X",
            "编曲：A/B",
            "混音 / 母带：X",
        ),
        *("制作人：X", "联合出品：X", "弦乐编写 : X", "录音室：Studio 1", "OP：瑞辰文化", "SP : X", "吉他 Guitar：X"),
        *(
            "制作人 Producer : X",
            "Lyrics by：X",
            "Composed by：Y",
            "Mixing Engineer：W",
            "人声录音师：X",
            "ISRC：TW-A1",
        ),
        *("作词 Marina Diamandis/Rick Nowels", "作词　X", "作詞：A 作曲：B 編曲：C", "歌：X", "歌手：X"),
        # Korean, Japanese.
        *("작사 홍길동", "작곡 : 김철수", "편곡: X", "작사/작곡: X", "Lyrics/작사: X", "ボーカル：X"),
        # Apple Music, LyricFind, Musixmatch, Genius.
        *(
            "Written By: X, Y & Z",
            "Written by John Lennon & Paul McCartney",
            "Writer(s): X",
            "Songwriters: A. B. / C. D.",
        ),
        *(
            "Produced by Somebody",
            "Words and music by John Smith",
            "Executive Producer: X",
            "Publisher: X Songs",
            "(Music by X)",
        ),
        *(
            "Lyrics: X",
            "Composer: X",
            "Arranged by X Y",
            "Recorded at: Studio 1",
            "Album: X",
            "Artist: X",
            "Transcribed by X",
        ),
        # Songbooks and sites of other languages.
        *("Paroles: X", "Musique : X", "Paroles et musique : X", "Auteur(s) : X", "Compositeur : X", "Interprète : X"),
        *("Text und Musik: Hans Meier", "Text: X", "Musik: X", "Komponist: X", "Text von Max Müller", "Melodie: X"),
        *("Letra y música: Juan Pérez", "Letra: X", "Autor: X", "Compositor: X", "Intérprete: X", "Composição: X"),
        *(
            "Testo: X",
            "Musica: X",
            "Testo e musica di Gino Rossi",
            "Autori: X",
            "Słowa: X",
            "Muzyka: X",
            "sł. i muz.: X",
        ),
        *(
            "Tekst: X",
            "Muziek: X",
            "Text & musik: X",
            "Tekst og melodi: X",
            "Sanat: X",
            "Sävel: X",
            "Zene: X",
            "Szöveg: X",
        ),
        *("Hudba: X", "Versuri: X", "Слова: И. Иванов", "Музыка: X", "Слова и музыка: X", "Муз.: X", "Автор текста: X"),
        *("Söz: Ahmet", "Müzik: X", "Söz & Müzik: X", "Beste: X", "Στίχοι: Α. Β.", "Μουσική: X", "Πρώτη εκτέλεση: X"),
        *(
            "Sáng tác: X",
            "Nhạc sĩ: X",
            "Pencipta: X",
            "מילים: X",
            "לחן: X",
            "كلمات: X",
            "ألحان : X",
            "شعر: X",
            "خواننده: X",
        ),
        *("गीतकार: X", "संगीतकार: X", "คำร้อง : X", "ทำนอง : X", "เรียบเรียง: X"),
    ],
)
@pytest.mark.parametrize("where", ["above", "below"])
def test_credits_above_and_below_the_words(credit, where):
    assert clean_lyrics(f"{credit}\n{VERSE}" if where == "above" else f"{VERSE}\n\n{credit}") == VERSE


@pytest.mark.parametrize(
    "line",
    [
        "Written by the hand of time",
        "Composed of dust and light",
        "Produced by love",
        "Music by night",
        "Song By Song",
        "Music: it's all I have",
        "Music: It Is",
        "Music: It’s All I Have",
        "Words: they cut like a knife, they do",
        "Worte von Dir",
        "Paroles de l'amour",
        "他说：你好",
        "我对吉他说：你好",
        "女：我爱你",
        "合：啊",
        "作词家になりたい",
        "A Composer and a poet",
        "And I said: hello",
        "музыка: всё, что у меня осталось",
        "Sent by an angel",
        "Singer, sing for me",
    ],
)
def test_sung_lines_that_look_like_credits(line):
    for text in (f"{line}\n{VERSE}", f"{VERSE}\n{line}", f"{SUNG[0]}\n{line}\n{VERSE}"):
        assert clean_lyrics(text) == text


def test_credits_in_letters_stand_near_an_end_and_others_anywhere():
    middle = "\n".join([*SUNG, "Music: X", "作曲：X", *SUNG])
    assert clean_lyrics(middle) == "\n".join([*SUNG, "Music: X", *SUNG])


def test_parts_of_roles_alone_are_no_roles():
    for line in ("感谢：你", "人：我", "声音：你听"):
        assert clean_lyrics(f"{line}\n{VERSE}") == f"{line}\n{VERSE}"
    # 曲 alone is a role near an end only.
    assert clean_lyrics(f"{VERSE}\n曲：啊\n{VERSE}") == f"{VERSE}\n曲：啊\n{VERSE}"


def test_unknown_roles_between_known_ones():
    head = ["吉他：A", "尺八：B", "书法：C", "混音：D", "女：我爱你", "Copper lanterns"]
    assert without_credits(head) == [None, None, None, None, "女：我爱你", "Copper lanterns"]
    # With nothing known behind them, they could be sung.
    assert without_credits([head[0], head[1], head[5]]) == [None, "尺八：B", "Copper lanterns"]


def test_a_title_above_credits():
    assert clean_lyrics(f"等不来花开 - pro\n词：A\n编曲：B\n{VERSE}") == VERSE
    assert clean_lyrics(f"Again - and again\n{VERSE}") == f"Again - and again\n{VERSE}"


def test_a_role_alone_and_a_sentence():
    assert clean_lyrics(f"Music: it's all I have\nWritten by: X\n{VERSE}") == VERSE
    assert clean_lyrics("作词 : A\n作曲 : B") == ""
    assert clean_lyrics(f"Lyrics:\n{VERSE}") == VERSE
