import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcca.errors import LyricsError
from alcca.songs.lyrics import clean_lyrics, decode_text, normalise_lyrics, read_lyrics_file, tokenize
from alcca.songs.sections import is_section_line, is_section_mark

# Pieces that cleaning knows, words, and anything: put together at random they make what scrapers never thought of.
PIECES = st.one_of(
    st.sampled_from(
        [
            "[00:12.34]",
            "<00:12.34>",
            "[ar:X]",
            "[Chorus]",
            "(x2)",
            "[Verse 2: Y]",
            "[",
            "]",
            "(",
            ")",
            "<",
            ">",
            "\n",
            "<br>",
            "<b>",
            "</b>",
            "<i class='x'>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "&amp;",
            "&lt;",
            "br&gt;",
            "12 ContributorsTitle Lyrics",
            "You might also like",
            "77Embed",
            "Chorus:",
            "Instrumental",
            "\r\n",
            "\r",
            "\ufeff",
            "\x00",
            "\xa0",
            " ",
            "oh",
            "yeah",
            "&#91;Chorus&#93;",
            "&",
            ";",
            "é",
            "é",
            "x",
            "2",
            "\u2028",
        ]
    ),
    st.text(max_size=4),
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("[ar:Someone]\n[ti: Song]\n[offset:+100]\n[00:01.00]One\n[00:02.50]Two", "One\nTwo"),
        ("[00:01.00][01:01.00]Again\n[1:02]and again", "Again\nand again"),
        ("[00:01.00]<00:01.00>Word <00:01.50>by <00:02.00>word", "Word by word"),
        ("[Verse 1: Someone & Another]\nline\n[Pre-Chorus]\nline\n[Chorus x2]\nline", "line\n\nline\n\nline"),
        ("[oh yeah]\n(oh yeah)\n[Drop it]", "[oh yeah]\n(oh yeah)\n[Drop it]"),
        ("Chorus:\nla la\nBridge over troubled water\nVerse 2\nla", "la la\nBridge over troubled water\n\nla"),
        ("chorus of angels\nThe verse: that I sing", "chorus of angels\nThe verse: that I sing"),
        ("(x2) again (bis) and again [repeat 3 times]", "again and again"),
        ("(bridge) over (Refrain) water", "(bridge) over water"),
        ("a<br>b<br/>c<p>d</p>e<div class='x'>f", "a\nb\nc\nd\ne\nf"),
        (
            '<b>bold</b> <a href="x">link</a> I <3 you <oh yeah> <i love you>',
            "bold link I <3 you <oh yeah> <i love you>",
        ),
        ("one<script>var x = 1 < 2;</script> two<style>p{}</style> three<!-- no -->", "one two three"),
        ("R&amp;B &quot;so&quot; &#39;n&#x27; rock&notroll AT&T", "R&B \"so\" 'n' rock&notroll AT&T"),
        ("&amp;amp;lt;3", "<3"),
        (
            "12 ContributorsSong Title Lyrics[Verse 1]\nfirst\nYou might also like[Chorus]\nlast line123Embed",
            "first\n\nlast line",
        ),
        ("first\nYou might also like\nSee Someone LiveGet tickets as low as $45\nlast\nEmbed", "first\nlast"),
        ("words\n******* This Lyrics is NOT for Commercial Use *******\n(1409618123456)", "words"),
        ("\ufeffa\r\n\r\n\r\n\r\nb\rc\0", "a\n\nb\nc"),
        ("  a \t b\xa0c\u2005d  \n e ", "a b c d\ne"),
        ("cafe\u0301", "café"),
        # Scores keep the mark of an elision in the private area: it stands between two words.
        ("humide\ue551éclair", "humide éclair"),
        ("[Instrumental]", ""),
        ("Instrumental", ""),
        ("This song is an instrumental.", ""),
        ("instrumental music", "instrumental music"),
        ("", ""),
        (" \n \n", ""),
    ],
)
def test_clean_lyrics(text, clean):
    assert clean_lyrics(text) == clean


@pytest.mark.parametrize(
    "mark",
    [
        "Chorus",
        "CHORUS",
        "Verse 12",
        "Pre-Chorus",
        "Post-Chorus",
        "Intro: Guitar Solo",
        "Outro",
        "Hook x2",
        "Bridge",
        "Couplet 3 : Nom",
        "Refrain",
        "Pré-Refrain",
        "Estribillo",
        "Puente",
        "Coro",
        "Verso 1",
        "Strophe 2",
        "Brücke",
        "Zwischenspiel",
        "Part I",
        "Strofa",
        "Ritornello",
        "Ponte",
        "Refrão",
        "Ponte 2",
        "Zwrotka 1",
        "Refren",
        "Przejście",
        "Куплет 2",
        "Припев",
        "Бридж",
        "Nakarat",
        "Köprü",
        "サビ",
        "Aメロ",
        "후렴",
        "副歌",
        "Instrumental Break",
        "Guitar Solo",
        "x2",
        "3x",
        "Repeat",
        'Letra de "Título"',
        "Текст песни «Имя»",
        "Songtext zu „Titel“",
        "Refräng",
        "Omkvæd",
        "Γέφυρα",
    ],
)
def test_section_marks_of_many_languages(mark):
    assert is_section_mark(mark)
    assert clean_lyrics(f"one\n[{mark}]\ntwo") == "one\n\ntwo"


@pytest.mark.parametrize(
    "sung", ["oh yeah", "hook me up", "the end of it all", "", "123", "drop the bass", "la la la", "x", "I"]
)
def test_words_in_brackets_stay(sung):
    assert not is_section_mark(sung)


@pytest.mark.parametrize(
    "line", ["Chorus:", "CHORUS :", "Verse 1", "*** Refrain ***", "Pre-Chorus:", "Coro：", "-- Strophe 3 --"]
)
def test_section_lines(line):
    assert is_section_line(line)


@pytest.mark.parametrize(
    "line",
    ["Chorus", "Refrain from it", "Bridge", "Break 2", "- the chorus of angels sings -", "Final countdown:", "2"],
)
def test_lines_that_may_be_sung(line):
    assert not is_section_line(line)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_cleaning_twice_is_cleaning_once(text):
    clean = clean_lyrics(text)
    assert clean_lyrics(clean) == clean
    assert "\r" not in clean
    assert "\n\n\n" not in clean
    assert clean == clean.strip()
    clean.encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "oh",
                "you",
                "and",
                "me",
                "love's",
                "night,",
                "don't",
                "go",
                "(away)",
                "-",
                "it",
                "is",
                "99",
                "balloons",
                "<3",
                "¿qué?",
            ]
        ),
        min_size=1,
    )
)
def test_words_without_marks_all_stay(words):
    assert clean_lyrics(" ".join(words)).split() == words


@pytest.mark.parametrize(
    "text", ["<!--" * 50_000, "<script" * 50_000, "<a " * 50_000, "<a" + " " * 200_000, "[" * 200_000]
)
def test_texts_made_to_take_for_ever(text):
    # Each would take hours if a pattern went back over it; the run itself is the check.
    clean_lyrics(text)


def test_cleaning_settles_on_deep_nesting():
    assert len(clean_lyrics("[" * 50 + "Chorus" + "]" * 50)) < 110
    assert clean_lyrics("&" + "amp;" * 10_000 + "lt;3") == "<3"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "cp1252", "latin-1"])
def test_decode_text(encoding):
    text = "Šťastný – “naïve” café\n" if encoding.startswith("utf") else "naïve café"
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding.endswith("bom") else text.encode(encoding)
    assert decode_text(data) == text


def test_bytes_that_no_encoding_has_are_still_text():
    assert decode_text(b"a\x81b\xe9") == "a\x81bé"
    assert isinstance(decode_text(b"\xff\xfea"), str)


def test_read_lyrics_file(tmp_path):
    path = tmp_path / "sóng.txt"
    path.write_bytes("crème".encode("cp1252"))
    assert read_lyrics_file(path) == "crème"
    with pytest.raises(LyricsError, match=r"none\.txt: no such file in "):
        read_lyrics_file(tmp_path / "none.txt")
    with pytest.raises(LyricsError, match="no such file"):
        read_lyrics_file(tmp_path)
    path.write_bytes(b"x" * 1_000_001)
    with pytest.raises(LyricsError, match=r"sóng\.txt: larger than 1,000,000 bytes, not lyrics"):
        read_lyrics_file(path)
    path.write_bytes(b"\0\1\2" * 100)
    with pytest.raises(LyricsError, match="not a text file"):
        read_lyrics_file(path)


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


@pytest.mark.data
def test_cleaning_keeps_every_word_of_real_lyrics(data_folder):
    files = [*(data_folder / "songbook" / "lyrics").glob("*.txt"), *(data_folder / "cc_songs" / "lyrics").glob("*.txt")]
    assert len(files) > 1000
    for file in files:
        raw = file.read_text(encoding="utf-8")
        assert tokenize(clean_lyrics(raw)) == tokenize(raw), file.name


@pytest.mark.data
def test_scraped_and_stamped_real_lyrics_come_back(data_folder):
    for file in sorted((data_folder / "cc_songs" / "lyrics").glob("*.txt")):
        lines = [line for line in clean_lyrics(file.read_text(encoding="utf-8")).split("\n") if line]
        plain = "\n".join(lines)
        stamped = "\n".join(f"[00:{i % 60:02d}.00]{line}" for i, line in enumerate(lines))
        assert clean_lyrics(f"[ar:Artist]\r\n{stamped}") == plain
        page = "<div class='lyrics'>" + "<br>\n".join(html.escape(line) for line in lines) + "</div>"
        assert re.sub("\n+", "\n", clean_lyrics(page)) == plain
