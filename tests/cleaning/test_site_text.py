import pytest

from alcca.cleaning.lyrics import clean_lyrics

WORDS = "Copper lanterns on the quay\nYou were singing out of key"
FIRST, SECOND = WORDS.split("\n")


@pytest.mark.parametrize(
    "text",
    [
        # Genius, as scrapers keep it.
        f"{FIRST}You might also like{SECOND}",
        f"{FIRST}\nYou might also like{SECOND}",
        f"{FIRST}You might also like\n{SECOND}",
        f"{FIRST}See Nobody LiveGet tickets as low as $55You might also like{SECOND}",
        f"{FIRST}\nSee Nobody LiveGet tickets as low as €1,055\n{SECOND}12KEmbed",
        f"12 ContributorsHarbour Lyrics{WORDS}123Embed",
        f"1 ContributorTranslationsTürkçeEspañolHarbour Lyrics[Verse 1]\n{WORDS}EmbedShare URLCopyEmbedCopy",
        f"12 ContributorsHarbour Lyrics“Harbour” is the first track.\n\nIt was recorded … Read More \n[Verse]\n{WORDS}",
        f"“Harbour” is the opening track of a record about a town by the sea. … Read More \n[Verse 1]\n{WORDS}",
        f"Harbour Lyrics\n{WORDS}",
        f"{WORDS}\n\nGenius Annotation\n1 Contributor\nMore on Genius",
        # beets, AZLyrics, MetroLyrics, LyricFind, Musixmatch, DarkLyrics.
        f"{WORDS}\n\nSource: https://lrclib.net/api/123456",
        f"{WORDS}\nSource: LRCLIB",
        f'"Harbour" lyrics\n{WORDS}\nSubmit Corrections\n[Thanks to Anna for these lyrics]',
        f"{WORDS}\n[ Thanks to a@b.org for correcting track #1 lyrics ]\n[Thanks to X, Y for submitting tracks #1, #2]",
        f"{WORDS}\nUsage of azlyrics.com content by any third-party lyrics provider is prohibited.",
        f"{WORDS}\nRead more: Nobody - Harbour Lyrics | MetroLyrics",
        f"{WORDS}\nLyrics licensed & provided by LyricFind\nLyrics © Universal Music\n© 2013 X. All rights reserved.",
        f"{WORDS}\n...\n\n******* This Lyrics is NOT for Commercial use *******\n(1409618123456)",
        f"{WORDS}\nFind more lyrics at www.lyrics.com\nLyrics from Musixmatch\nwww.azlyrics.com\nLyricsFreak.com",
        f'{WORDS}\nSend "Harbour" Ringtone to your Cell',
        # Sites of other languages.
        f"Tekst piosenki:\n{WORDS}\nPoznaj historię zmian tego tekstu",
        f"{WORDS}Poznaj historię zmian tego tekstu",
        f"{WORDS}\n\nDodaj interpretację do tego tekstu »\nHistoria edycji tekstu",
        f"Paroles de la chanson Harbour par Nobody\r\n{WORDS}",
        f"{WORDS}\nEnviada por Ana. Legendado por Bea.\nViu algum erro? Envie uma revisão.",
        f"{FIRST}\n更多更详尽歌词 在 ※ Mojim.com　魔镜歌词网\n{SECOND}",
        f"{FIRST}更多更詳盡歌詞 在 ※ Mojim.com　魔鏡歌詞網{SECOND}",
        # QQ Music and NetEase.
        f"以下歌词翻译由文曲大模型提供\n//\n{FIRST}\n//\n{SECOND}",
        f"QQ音乐享有本翻译作品的著作权\n【未经著作权人许可，不得翻唱、翻录或使用】\n{WORDS}",
        f"{WORDS}\n本歌曲来自〖云上工作室〗",
        # Editors of LRC files.
        f"{FIRST} by RentAnAdviser.com\n{SECOND}",
        f"LRC by Somebody\n{WORDS}\nLyrics synced by Somebody\nlrc 编辑：X\nwww.megalobiz.com/lrc/maker",
    ],
)
def test_what_sites_add_goes(text):
    assert [line for line in clean_lyrics(text).split("\n") if line] == [FIRST, SECOND]


@pytest.mark.parametrize(
    "line",
    [
        "You might also like the way I dance",
        "(You might also like it)",
        "Thanks to you",
        "Thanks to life, it gave me so much",
        "Thanks to you for sending me an angel",
        "Sent by an angel",
        "Embed me in your heart",
        "See the band live",
        "all the lyrics from the songs we knew",
        "Read more books",
        "Love.me",
        "www.memory",
        "www dot my heart",
        "Merci à toi pour tes paroles",
        "Source of my joy",
        "I see, see you",
        "99 contributors to my pain",
        "This is my copyright",
        "Letra da música que fiz pra você",
    ],
)
def test_sung_lines_that_look_like_sites(line):
    for text in (f"{line}\n{WORDS}", f"{WORDS}\n{line}"):
        assert clean_lyrics(text) == text


def test_only_what_is_glued_is_cut():
    sung = "I See the sun, See Nobody LiveGet tickets as low as $5You sang"
    assert clean_lyrics(sung) == "I See the sun,\nYou sang"
    assert clean_lyrics("We read on\n\nand on\n\n… Read More\nlast") == "We read on\n\nand on\n\n… Read More\nlast"


def test_titles_that_repeat_go_at_once():
    assert clean_lyrics("Harbour Lyrics\n" * 30 + WORDS) == WORDS
    assert clean_lyrics("1 ContributorX Lyrics" * 30 + WORDS + "Embed" * 30) == WORDS
