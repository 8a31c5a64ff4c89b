"""Formats beside LRC: recognised by content, whatever the file is called, each line with its time and whole words."""

import pytest

from alcca.texts.timed import LYRICS_SUFFIXES, TimedWord, damage_in, parse, sung_words

COPPER = (TimedWord(12.34, "Copper"), TimedWord(12.84, "pots"))
TTML = (
    '<?xml version="1.0" encoding="utf-16"?>\n<tt xmlns="http://www.w3.org/ns/ttml" '
    'xmlns:ttm="http://www.w3.org/ns/ttml#metadata"><head><metadata><ttm:title>Harbour</ttm:title></metadata></head>'
    "<body><div>{}</div></body></tt>"
)
ASS = "[Script Info]\nTitle: Harbour\n\n[V4+ Styles]\nFormat: Name\nStyle: D\n\n[Events]\nFormat: Start, End, Text\n{}"


def lines(text):
    return [(line.start, line.text) for line in parse(text).lines]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("krc", "[ti:x]\n[12340,2000]<0,500,0>Cop<200,300,0>per <500,300,0>pots"),
        ("qrc", "[ti:x]\n[12340,2000]Cop(12340,200)per (12540,300)pots(12840,300)"),
        ("yrc", "[12340,2000](12340,200,0)Cop(12540,300,0)per (12840,300,0)pots"),
        ("qrc", "[4]Cop(12340,200)per (12540,300)pots(12840,300)"),
        ("qrc", '<?xml version="1.0"?><QrcInfos><LyricInfo><Lyric_1 LyricType="1" LyricContent="[ti:x]\n'
                '[12340,2000]Cop(12340,200)per (12540,300)pots(12840,300)\n"/></LyricInfo></QrcInfos>'),
        ("ttml", TTML.format('<p begin="12.34" end="14"><span begin="12.34">Cop</span><span begin="12.54">per</span> '
                             '<span begin="12.84">pots</span></p>')),
        ("ass", ASS.format("Dialogue: 0:00:12.34,0:00:14.00,{\\k20}Cop{\\kf30}per {\\k30}pots")),
        ("vtt", "WEBVTT\n\n00:12.340 --> 00:14.000\n<00:00:12.340>Cop<00:12.540>per <00:12.840><c.red>pots</c>"),
        ("lrc", "[00:12.34]<00:12.34>Cop<00:12.54>per <00:12.84>pots"),
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_times_of_words(name, text):
    read = parse(text)
    (line,) = read.lines
    assert (read.format, line.text, line.start, line.words) == (name, "Copper pots", 12.34, COPPER)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_srt(newline):
    text = (
        "1\n00:00:12,340 --> 00:00:14,000\n<i>Copper</i> {\\an8}pots\nand pans\n\n2\n00:01:02.5 --> 00:01:04,000\n99\n"
    )
    read = parse(text.replace("\n", newline))
    assert read.format == "srt"
    assert [(line.start, line.end, line.text) for line in read.lines] == [
        (12.34, 14, "Copper pots"),
        (None, None, "and pans"),
        (62.5, 64, "99"),
    ]


def test_cues_without_blank_lines_between_them():
    text = "1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:03,000 --> 00:00:04,000\nB\n"
    assert lines(text) == [(1, "A"), (3, "B")]


def test_webvtt():
    text = (
        "WEBVTT - Harbour\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE by hand\nover two lines\n\nverse 1\n"
        "00:01.000 --> 00:02.000 align:start position:0%\n<v Ana>Salt &amp; rope</v>\n\nNOTE again\n\n"
        "00:00:03.000 --> 00:00:04.000\nTwo\n"
    )
    assert lines(text) == [(1, "Salt & rope"), (3, "Two")]
    assert parse(text).format == "vtt"


def test_captions_that_roll():
    text = (
        "WEBVTT\n\n00:01.000 --> 00:03.000\nHello<00:01.500><c> you</c>\n\n00:03.000 --> 00:03.010\nHello you\n\n"
        "00:03.010 --> 00:05.000\nHello you\nand<00:04.000><c> me</c>\n"
    )
    assert [text for _, text in lines(text)] == ["Hello you", "and me"]


def test_repeated_lines_of_other_subtitles_stay():
    text = "1\n00:00:01,000 --> 00:00:02,000\nla la\n\n2\n00:00:02,000 --> 00:00:03,000\nla la\n"
    assert lines(text) == [(1, "la la"), (2, "la la")]


def test_sbv():
    assert lines("0:00:01.000,0:00:02.000\nOne\ntwo\n\n0:00:03.500,0:00:04.000\nThree\n") == [
        (1, "One"),
        (None, "two"),
        (3.5, "Three"),
    ]


def test_ass_shows_neither_comments_nor_drawings():
    text = ASS.format(
        "Comment: 0:00:01.00,0:00:02.00,no\nDialogue: 0:00:05.00,0:00:06.00,{\\b1}Two\\Nlines, here\n"
        "Dialogue: 0:00:01.00,0:00:02.00,One\nDialogue: 0:00:01.00,0:00:02.00,{\\p1}m 0 0 l 1 1"
    )
    assert lines(text) == [(1, "One"), (5, "Two"), (None, "lines, here")]


def test_ttml_of_apple():
    text = TTML.format(
        '<p begin="9.5" end="1:02.000"><span begin="9.5">Cop</span><span begin="10">per</span>\n '
        '<span begin="10.5">pots</span><span ttm:role="x-bg"><span begin="11.1">(oh</span> '
        '<span begin="11.3">yeah)</span></span><span ttm:role="x-translation" xml:lang="de">Kupfer</span>'
        '<span ttm:role="x-roman">kopa</span></p>'
        '<p begin="00:01:03.5">Plain &amp; simple<br/>two</p><p begin="70s"/>'
    )
    read = parse(text)
    assert [(line.start, line.end, line.text) for line in read.lines] == [
        (9.5, 62, "Copper pots"),
        (11.1, None, "(oh yeah)"),
        (63.5, None, "Plain & simple"),
        (None, None, "two"),
    ]
    assert read.problem is None


def test_times_of_spans_from_the_start_of_their_paragraph():
    text = TTML.format('<p begin="60s"><span begin="0s">Copper</span> <span begin="500ms">pots</span></p>')
    assert [word.start for word in parse(text).lines[0].words] == [60, 60.5]


def test_damaged_ttml_is_read_up_to_the_damage_and_told():
    text = TTML.format('<p begin="1s">One</p><p begin="2s">Two')
    assert lines(text) == [(1, "One")]
    assert damage_in(text).startswith("is damaged TTML (mismatched tag")
    assert damage_in("[00:01.00]One") is None


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE tt [<!ENTITY a "{}"><!ENTITY b "&a;&a;&a;&a;">]>'.format("x" * 1000),
        '<!DOCTYPE tt [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    ],
)
def test_ttml_with_entities_is_not_read(declared):
    text = f"{declared}<tt><body><p begin='1s'>&a;One</p></body></tt>"
    assert lines(text) == []
    assert damage_in(text) == "declares entities, which lyrics need not; it was not read"


def test_ultrastar():
    text = "#TITLE:Harbour\n#BPM:300\n#GAP:1000\n: 0 4 60 Cop\n: 4 4 60 per\n- 20\n: 40 4 62 pots\nE"
    assert parse(text).format == "ultrastar"
    assert lines(text) == [(1, "Copper"), (3, "pots")]


def test_an_offset_of_karaoke_formats():
    assert lines("[offset:340]\n[12340,2000](12340,200,0)Copper") == [(12, "Copper")]


def test_lines_of_karaoke_formats_without_words():
    assert lines("[1000,2000]Copper pots\n[4000,1000]\n[3000,1000]and (oh) pans") == [
        (1, "Copper pots"),
        (3, "and (oh) pans"),
        (4, ""),
    ]


def test_words_alone():
    assert sung_words(TTML.format('<p begin="1">One</p><p begin="2">two</p>')) == "One\ntwo"
    assert sung_words("Hello\n\n you ") == "Hello\n\n you "


def test_files_with_times_come_before_those_without():
    assert LYRICS_SUFFIXES[0] == ".lrc"
    assert LYRICS_SUFFIXES[-1] == ".txt"
