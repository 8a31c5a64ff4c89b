"""LRC as editors write it: whole words, no stamps and no headers, each line where it is sung."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcca.texts.timed import TimedWord, lines_from_pieces, parse, sung_words


def lines(text):
    return [(line.start, line.text) for line in parse(text).lines]


@pytest.mark.parametrize(
    ("stamp", "start"),
    [
        *(
            ("[00:12.34]", 12.34),
            ("[1:2.3]", 62.3),
            ("[00:12]", 12),
            ("[00:12.340]", 12.34),
            ("[00:12.345678]", 12.345678),
        ),
        *(
            ("[00:12:34]", 12.34),
            ("[00:12,34]", 12.34),
            ("[00.12.34]", 12.34),
            ("[00:00:12.34]", 12.34),
            ("[0:0:12,3]", 12.3),
        ),
        *(("[01:00:12.34]", 3612.34), ("[00:00:12:34]", 12.34), ("[100:00.00]", 6000), ("[00:99.00]", 99)),
        *(
            ("[-00:01.00]", 0),
            ("[+00:12.34]", 12.34),
            ("[ 00:12.34 ]", 12.34),
            ("[00 : 12 . 34]", 12.34),
            ("  [00:12.34]", 12.34),
        ),
        *(("[00：12.34]", 12.34), ("［00:12.34］", 12.34), ("【00：12．34】", 12.34), ("[００:１２.３４]", 12.34)),
        *(("\ufeff[00:12.34]", 12.34), ("\u3000[00:12.34]\u3000", 12.34), ("[00:12.34 --> 00:15.00]", 12.34)),
    ],
)
def test_stamps(stamp, start):
    assert lines(f"{stamp}Copper lanterns") == [(start, "Copper lanterns")]


@pytest.mark.parametrize(
    "text", ["at [7:30] again", "[oh yeah]", "[Chorus]", "I <3 you", "[12.34]", "[1]", "[2:345]x", "(00:12)", ""]
)
def test_texts_without_stamps_stay_as_they_are(text):
    assert parse(text).format == "text"
    assert sung_words(text) == text


def test_seconds_alone_count_where_all_lines_have_them():
    assert lines("[ti:x]\n[12.34]a\n[15.0]b\n\n[15.0]c") == [(12.34, "a"), (15, "b"), (None, ""), (15, "c")]
    for text in ("[12.34]a\n[15.0]b", "[12.34]a\n[15.0]b\nc\n[19.0]d", "[12.34]a\n[15.0]b\n[3.5]c"):
        assert parse(text).format == "text"


def test_two_colons_are_hours_where_the_song_would_be_over_in_no_time():
    assert lines("[00:00:12]a\n[00:00:17]b\n[00:03:40]c") == [(12, "a"), (17, "b"), (220, "c")]
    assert lines("[00:12:50]a\n[00:17:10]b\n[00:21:40]c") == [(12.5, "a"), (17.1, "b"), (21.4, "c")]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("[00:12.00]<00:12.00>Cop<00:12.20>per <00:12.50>lan<00:12.70>terns", "Copper lanterns"),
        ("[00:12.00]Cop[00:12.20]per [00:12.50]lan[00:12.70]terns", "Copper lanterns"),
        ("[00:12.00][00:12.00]Cop[00:12.20]per [00:12.50]lan[00:12.70]terns[00:13.00]", "Copper lanterns"),
        ("[00:12.00] <00:12.00> Copper <00:12.50> lanterns <00:13.00>", "Copper lanterns"),
        ("<00:12.00>Copper<00:12.50> lanterns", "Copper lanterns"),
        ("[00:12.00]＜00:12.00＞Cop＜00:12.20＞per lanterns", "Copper lanterns"),
        ("[00:12.00]v1: <00:12.00>Cop<00:12.20>per <00:12.50>lanterns", "Copper lanterns"),
        ("[bg: <00:12.00>Copper <00:12.50>lanterns]", "Copper lanterns"),
        ("[00:12.00]Copper lanterns[00:15.00]", "Copper lanterns"),
        ("[00:12.00]<00:12.00>夜<00:12.20>里<00:12.50>的河", "夜里的河"),
        # No space in the whole file, and too many letters for one word.
        (
            "[00:12.00]<00:12.00>Copper<00:12.50>lanterns<00:12.70>on<00:12.90>the<00:13.00>quay",
            "Copper lanterns on the quay",
        ),
    ],
)
def test_stamps_of_words_and_syllables_do_not_tear_words(line, text):
    (read,) = parse(line).lines
    assert (read.start, read.text) == (12, text)


def test_times_of_words_are_kept():
    (line,) = parse("[00:12.00]<00:12.00>Cop<00:12.20>per <00:12.50>lan<00:12.70>terns<00:13.00>").lines
    assert line.words == (TimedWord(12.0, "Copper"), TimedWord(12.5, "lanterns"))
    assert line.end == 13
    (line,) = parse("[00:12.00]夜[00:12.20]里[00:12.50]的").lines
    assert [word.text for word in line.words] == ["夜", "里", "的"]


def test_words_of_a_repeated_line_move_with_it():
    first, second = parse("[00:10.00][00:30.00]<00:10.00>Oh <00:11.00>la").lines
    assert [word.start for word in first.words] == [10, 11]
    assert [word.start for word in second.words] == [30, 31]


def test_a_line_stands_at_each_of_its_stamps():
    text = "[00:10.00] [00:30.00]Refrain\n[00:20.00]Verse\nand more\n[00:40.00]"
    assert lines(text) == [(10, "Refrain"), (20, "Verse"), (None, "and more"), (30, "Refrain"), (40, "")]


def test_a_break_at_the_end_is_no_line():
    assert lines("[00:10.00][00:30.00]a\n[00:20.00]b\n\n") == [(10, "a"), (20, "b"), (30, "a")]


def test_lines_of_one_time_stay_in_their_order():
    assert lines("[00:05.00]b\n[00:01.00]原文\n[00:01.00]original") == [(1, "原文"), (1, "original"), (5, "b")]


@pytest.mark.parametrize(
    "header",
    [
        *(
            "[ti:Harbour]",
            "[ti:Harbour [Live]]",
            "[ar：Nobody]",
            "[#:made by hand]",
            "[source:somewhere]",
            "[lr:A Poet]",
        ),
        *(
            "[ti: Harbour",
            "[ti:a][ar:b]",
            "[re:www.megalobiz.com/lrc/maker]",
            "[length: 03:12]",
            "[LENGTH:03:12]",
            "[x-y z:1]",
        ),
        *(
            "[ve: 1.0.0]",
            "[00:00.00][ti:x]",
            "[by:]",
            "［ti:x］",
            "【ti：x】",
            "  [ti:x]  ",
            "[ti:[a] [b]]",
            "[length:03:12.34]",
        ),
    ],
)
def test_headers_go(header):
    assert [text for _, text in lines(f"{header}\n[00:12.00]Copper") if text] == ["Copper"]


def test_headers_on_the_line_of_a_stamp():
    assert lines("[ti:x][ar:y][00:12.00]Copper") == [(12, "Copper")]


def test_what_may_be_sung_is_no_header():
    assert [text for _, text in lines("[00:01.00]a\n[oh: yeah]\n[00:02.00]b\n[by:me]")] == ["a", "[oh: yeah]", "b"]
    assert sung_words("[oh: yeah]\nla la") == "[oh: yeah]\nla la"
    assert sung_words("[ti:x]\nla [ar: x] la\n[by: me]") == "la [ar: x] la"


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("500", 1.5),
        ("+500", 1.5),
        ("-500", 2.5),
        ("−500", 2.5),
        (" + 500 ", 1.5),
        ("500 ms", 1.5),
        ("0.5s", 1.5),
        ("x", 2),
        ("9999", 0),
    ],
)
def test_a_positive_offset_lets_lines_come_sooner(written, start):
    assert lines(f"[offset:{written}]\n[00:02.00]a") == [(start, "a")]
    assert lines(f"[00:02.00]a\n[Offset：{written}]") == [(start, "a")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[00:01.00]F: Copper lanterns", "Copper lanterns"),
        ("[00:01.00]F: a\n[00:02.00]b\n[00:03.00]M:c\n[00:04.00]D： d", "a\nb\nc\nd"),
        ("[00:01.00]v1: <00:01.00>a\n[00:02.00]v2:<00:02.00>b", "a\nb"),
        ("[00:01.00]F: a\n[00:02.00]b", "F: a\nb"),
        ("[00:01.00]Say: hello\n[00:02.00]Or: goodbye", "Say: hello\nOr: goodbye"),
    ],
)
def test_voices(text, words):
    assert sung_words(text) == words


def test_lines_that_lost_their_breaks():
    assert lines("[00:01.00]A line of words[00:05.00]Another line of words[00:09.00][00:20.00]And so on") == [
        (1, "A line of words"),
        (5, "Another line of words"),
        (9, "And so on"),
        (20, "And so on"),
    ]
    assert lines(r"[00:01.00]Hello\n[00:05.00]you") == [(1, "Hello"), (5, "you")]


def test_credits_of_netease_and_attachments_of_lyricsx():
    text = '{"t":0,"c":[{"tx":"作词: "},{"tx":"X"}]}\n[00:01.00]夜里\n[00:01.00][tr:en]At night'
    text += "\n[00:01.00][tt]<0,0><210,1>"
    assert lines(text) == [(0, "作词: X"), (1, "夜里")]
    assert lines('{"t":"x"}\n[00:01.00]a')[-1] == (1, "a")


def test_syllables_of_tags():
    pieces = [(0, "\nCop"), (0.5, "per "), (1, "lan"), (1.5, "terns"), (2, "\nYou")]
    assert [(line.start, line.text) for line in lines_from_pieces(pieces)] == [(0, "Copper lanterns"), (2, "You")]
    assert [line.text for line in lines_from_pieces([(0, "A line"), (2, "and more"), (3, " ")])] == [
        "A line",
        "and more",
    ]
    assert [line.text for line in lines_from_pieces([(0, "One\r\n"), (2, "two\r\n")])] == ["One", "two"]


SUNG = st.text("abcdeé夜の ", min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
TIMED = st.lists(st.tuples(st.integers(0, 359_999), SUNG), min_size=1, max_size=8, unique_by=lambda one: one[0])


def _parts(hundredths):
    return hundredths // 6000, hundredths // 100 % 60, hundredths % 100


WRITERS = {
    "usual": "[{:02d}:{:02d}.{:02d}]",
    "comma": "[{:d}:{:02d},{:02d}]",
    "thousandths": "[{:02d}:{:02d}.{:02d}0]",
    "hours": "[00:{:02d}:{:02d}.{:02d}]",
    "wide": "［{:02d}：{:02d}．{:02d}］",
    "spaces": " [ {:02d}:{:02d}.{:02d} ] ",
    "dots": "[{:02d}.{:02d}.{:02d}]",
}


@settings(max_examples=150, deadline=None)
@given(TIMED, st.sampled_from(sorted(WRITERS)), st.sampled_from(["\n", "\r\n", "\r", "\n\n"]), st.randoms())
def test_what_is_written_is_read(songs, writer, newline, random):
    """Whatever the stamps look like, and in whatever order the lines stand."""
    shuffled = songs.copy()
    random.shuffle(shuffled)
    text = newline.join(WRITERS[writer].format(*_parts(time)) + line for time, line in shuffled)
    read = [(line.start, line.text) for line in parse(f"[ti:A [b]]{newline}{text}").lines if line.text]
    assert read == [(time / 100, line) for time, line in sorted(songs)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.text("abcdé", min_size=1, max_size=4), min_size=1, max_size=3), min_size=2, max_size=8),
    st.booleans(),
)
def test_syllables_are_joined_to_the_words_of_the_line(words, square):
    """Each word is a list of syllables; each syllable has its stamp."""
    opening, closing = "[]" if square else "<>"
    clock = iter(range(1000))
    timed = [[(next(clock), syllable) for syllable in word] for word in words]
    line = " ".join(
        "".join(f"{opening}00:{at // 10:02d}.{at % 10}{closing}{syllable}" for at, syllable in word) for word in timed
    )
    (read,) = parse(f"[00:00.00]{line}").lines
    assert read.text == " ".join("".join(word) for word in words)
    assert read.words == tuple(TimedWord(word[0][0] / 10, "".join(syllable for _, syllable in word)) for word in timed)


PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "[00:12.34]",
                "<00:12.34>",
                "[ti:x]",
                "[bg:",
                "[",
                "]",
                "<",
                ">",
                ":",
                "\n",
                "\r",
                "F: ",
                "v1: ",
                "[offset:500]",
            ),
            *(
                "[00:01.00 --> 00:02.00]",
                "00:00:01,000 --> 00:00:02,000\n",
                "WEBVTT\n\n",
                "[1,2]",
                "(1,2)",
                "<1,2,0>",
                "(1,2,0)",
            ),
            *(
                "<tt><body><p begin='1s'>",
                "</p></body></tt>",
                "[Script Info]\n",
                "Dialogue: 0,0:00:01.00,0:00:02.00,,,,,,,",
                "{\\k20}",
            ),
            *(
                '{"t":0}',
                "[tt]",
                "［",
                "：",
                "[12.34]",
                "oh",
                " ",
                "é",
                "夜",
                "#TITLE:x\n",
                ": 0 4 5 la\n",
                "[00:00:12]",
                "\\n",
            ),
        ]
    ),
    st.text(max_size=4),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join))
def test_any_text_is_read(text):
    read = parse(text)
    assert all(line.start is None or line.start >= 0 for line in read.lines)
    starts = [line.start for line in read.lines if line.start is not None]
    assert starts == sorted(starts)
    assert all("\n" not in line.text for line in read.lines) or read.format == "text"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "[" * 12_000,
            "[00:01" * 25_000,
            "[ti:" * 25_000,
            "[a:b]" * 25_000,
            "[00:01.00]" * 25_000,
            "<00:01.00>" * 25_000,
        ),
        *(
            "[00:01.00]a " * 12_000,
            "[00:01.00]" * 5_000 + "a" * 80_000,
            "<tt>" * 25_000,
            "<tt><body><p>" + "<span>" * 25_000,
        ),
        *("\n" * 100_000, "1\n00:00:01,000 --> 00:00:02,000\n" * 10_000, "[1,2]" * 25_000, "[1,2]" + "a(1,2)" * 25_000),
        *(
            "[ :" * 25_000,
            "[00:01.00][ti:" * 12_000,
            "Dialogue: 0," * 12_000,
            "WEBVTT\n\n" + "a\n" * 25_000,
            '{"t":' + "[" * 25_000,
        ),
        *("[00:01.00]<" + " " * 80_000 + ">", "[" + "1:" * 25_000, "\n".join(["[1.5]x"] * 12_000)),
    ],
    ids=lambda text: f"{text[:14]!r} {len(text)}",
)
def test_texts_made_to_take_for_ever(text):
    # Each would take minutes, or gigabytes, if the work grew faster than the text; the run itself is the check.
    read = parse(text)
    assert sum(len(line.text) for line in read.lines) < 2_000_000
