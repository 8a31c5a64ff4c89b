import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcca.cleaning.lyrics import clean_lines, clean_lyrics
from alcca.songs.lyrics import tokenize

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
            "作词 : X",
            "Written by X Y",
            "Music: X",
            "X - Y",
            "Source: https://x.org/1",
            "See X LiveGet tickets as low as $45",
            " Lyrics",
            "… Read More",
            "Am7",
            "G",
            "[F#m7]",
            "e|--0--2--|",
            "{title: X}",
            "{soc}",
            "{sot}",
            "{eot}",
            "#",
            "<ruby>",
            "</ruby>",
            "<rt>",
            "運命",
            "(さだめ)",
            "《さだめ》",
            "♪",
            "none",
            "[b]",
            "[/b]",
            "【",
            "】",
        ]
    ),
    st.text(max_size=4),
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("[ar:Someone]\n[ti: Song]\n[offset:+100]\n[00:01.00]One\n[00:02.50]Two", "One\nTwo"),
        ("[00:01.00][01:01.00]Again\n[1:02]and again", "Again\nAgain\nand again"),
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
    # A text of nothing but signs is a placeholder.
    assert clean_lyrics(" ".join(words)).split() == (words if set(words) != {"-"} else [])


@pytest.mark.parametrize(
    "text", ["<!--" * 50_000, "<script" * 50_000, "<a " * 50_000, "<a" + " " * 200_000, "[" * 200_000]
)
def test_texts_made_to_take_for_ever(text):
    # Each would take hours if a pattern went back over it; the run itself is the check.
    clean_lyrics(text)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "漢",
            "漢(",
            "運命(さだめ)",
            "《さだめ》",
            "<ruby>a",
            "<rt>a",
            "<rp>",
            "See ",
            "See X Live",
            "You might also like",
        ),
        *(
            "12 Contributors",
            "1 ContributorX Lyrics",
            "… Read More",
            "Embed",
            "1,1",
            "a.",
            "a@",
            "www.",
            "http://",
            "Thanks to ",
        ),
        *(
            "Lyrics\n",
            "Harbour Lyrics\n",
            "A\n",
            "A B\n",
            "Am7 G\n",
            "e|--",
            "作词 ",
            "制作人",
            "作词：X\n",
            "X：Y\n",
            "Music: x\n",
        ),
        *(
            "Written by ",
            "Written by X\n",
            "{sot}\n",
            "{title:",
            "#\n",
            "[b]",
            "[/b]",
            "&amp",
            "<a\n",
            "(c) ",
            "♪ ",
            "none\n",
        ),
        *("#BPM:300\n: 0 4 60 x\nB 1 2\n", "lyrics ", "P1\n", ": 1 2 3\n"),
    ],
)
def test_repeated_marks_take_no_longer(unit):
    clean_lyrics(unit * (40_000 // len(unit)))


def test_clean_lines_keeps_the_place_of_each_line():
    lines = ["词：A", "OP：B", "", "[Chorus]", "One<br>two", "[Am]three", "<b", "class='x'>four", "Am7  G", "five"]
    assert clean_lines(lines) == [[], [], [""], [""], ["One", "two"], ["three"], [""], ["four"], [], ["five"]]
    # A line that says "none" is a line among others; so it is alone, because times prove that it is sung.
    assert clean_lines(["none", "-"]) == [["none"], [""]]
    assert clean_lines([]) == []
    assert clean_lines(["Embed"]) == [[]]


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_cleaning_lines_twice_is_cleaning_them_once(lines):
    cleaned = clean_lines(lines)
    assert len(cleaned) == len(lines)
    flat = [line for several in cleaned for line in several]
    assert [line for several in clean_lines(flat) for line in several] == flat


def test_cleaning_settles_on_deep_nesting():
    assert len(clean_lyrics("[" * 50 + "Chorus" + "]" * 50)) < 110
    assert clean_lyrics("&" + "amp;" * 10_000 + "lt;3") == "<3"


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
        stamped = "\n".join(f"[{i // 60:02d}:{i % 60:02d}.00]{line}" for i, line in enumerate(lines))
        assert clean_lyrics(f"[ar:Artist]\r\n{stamped}") == plain
        page = "<div class='lyrics'>" + "<br>\n".join(html.escape(line) for line in lines) + "</div>"
        assert re.sub("\n+", "\n", clean_lyrics(page)) == plain
