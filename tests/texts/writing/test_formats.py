"""Formats as players document them: headers, breaks, lines without a time, signs that a format cannot hold."""

import pytest

from alcca.errors import UsageError
from alcca.texts.lines import TimedLine, TimedWord
from alcca.texts.timed import parse
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.texts.writing import FORMATS

COPPER = TimedLine("Copper pots", 12.34, 14.0, (TimedWord(12.34, "Copper", 12.8), TimedWord(12.84, "pots", 13.9)))
HARBOUR = {"title": "Harbour", "artist": "Ada", "album": "Quay", "length": 205.4, "by": "Bela", "program": "alcca 1"}


def lrc(*lines, **headers):
    return TimedLyrics("aligned", lines).to_lrc(**headers)


def test_headers_of_lrc():
    lyrics = TimedLyrics("aligned", (COPPER,), language="en")
    head = "[ti:Harbour]\n[ar:Ada]\n[al:Quay]\n[length:03:25]\n[by:Bela]\n[re:alcca 1]\n[la:en]\n[lang:en]\n"
    assert lyrics.to_lrc(**HARBOUR) == f"{head}[00:12.34]Copper pots\n[00:14.00]\n"
    assert lrc(COPPER, length=3725.0).startswith("[length:1:02:05]\n")
    assert lrc(COPPER, title="Live [1999]\n[ar:x]", artist="") == "[ti:Live (1999) (ar:x)]\n[00:12.34]Copper pots\n"


@pytest.mark.parametrize(
    ("time", "stamp"),
    [(0.0, "00:00.00"), (59.996, "01:00.00"), (600.125, "10:00.12"), (6000.5, "100:00.50"), (-1.0, "00:00.00")],
)
def test_stamps(time, stamp):
    assert lrc(TimedLine("a", time)) == f"[{stamp}]a\n"


def test_an_empty_stamp_takes_a_line_away_before_a_break():
    assert lrc(COPPER, TimedLine("again", 19.5)) == "[00:12.34]Copper pots\n[00:14.00]\n[00:19.50]again\n"
    assert lrc(COPPER, TimedLine("again", 18.5)) == "[00:12.34]Copper pots\n[00:18.50]again\n"
    assert lrc(COPPER, length=16.0) == "[length:00:16]\n[00:12.34]Copper pots\n"
    # A file that has one already.
    assert lrc(COPPER, TimedLine("", 13.0), TimedLine("b", 40.0)) == (
        "[00:12.34]Copper pots\n[00:13.00]\n[00:40.00]b\n"
    )
    # An end before the start is none.
    assert lrc(TimedLine("a", 12.0, 3.0), TimedLine("b", 40.0)) == "[00:12.00]a\n[00:40.00]b\n"


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "text"])
def test_lines_that_are_not_sung_are_left_out_and_told(name):
    lyrics = TimedLyrics("aligned", (COPPER, TimedLine("(Chorus)"), TimedLine(""), TimedLine("again", 15.0)))
    assert "Chorus" not in lyrics.to(name)
    assert [line.text for line in lyrics.untimed] == ["(Chorus)"]
    assert lyrics.to_text() == "Copper pots\n(Chorus)\n\nagain\n"


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "text"])
def test_lines_of_a_file_without_a_time_are_shown_with_the_line_above(name):
    srt = parse("1\n00:00:12,340 --> 00:00:14,000\nCopper\npots\n\n2\n00:00:15,000 --> 00:00:16,000\nagain")
    assert srt.untimed == ()
    assert [line.text for line in parse(srt.to(name)).lines if line.text] == ["Copper", "pots", "again"]


def test_a_text_without_times_has_none_in_any_format():
    lyrics = TimedLyrics("text", (TimedLine("Copper"), TimedLine("pots")))
    assert lyrics.to_lrc() == lyrics.to_srt() == ""
    assert lyrics.untimed == lyrics.lines
    assert TimedLyrics("text", ()).to_text() == ""


def test_words():
    lyrics = TimedLyrics("aligned", (COPPER,))
    assert lyrics.to_lrc(words=True) == "[00:12.34]<00:12.34>Copper <00:12.84>pots<00:13.90>\n"
    assert lyrics.to_vtt().splitlines()[2:] == ["00:00:12.340 --> 00:00:14.000", "Copper <00:00:12.840>pots"]
    assert lyrics.to_vtt(words=False).splitlines()[-1] == "Copper pots"
    assert '<span begin="00:00:12.340" end="00:00:12.800">Copper</span> <span begin="00:00:12.840" ' in lyrics.to_ttml()
    assert 'itunes:timing="Word"' in lyrics.to_ttml()
    assert 'itunes:timing="Line"' in lyrics.to_ttml(words=False)


@pytest.mark.parametrize(
    ("words", "written"),
    [
        # Readers leave out what stands before the first stamp of a word.
        ((TimedWord(3.0, "pots"),), "<00:01.00>Oh, copper <00:03.00>pots"),
        # A word that is not sung goes on from the one before.
        (
            (TimedWord(1.0, "Oh,"), TimedWord(None, "copper"), TimedWord(3.0, "pots")),
            "<00:01.00>Oh, copper <00:03.00>pots",
        ),
        ((TimedWord(2.0, "Oh,"), TimedWord(1.0, "copper")), "<00:02.00>Oh, <00:02.00>copper pots"),
        ((TimedWord(1.0, "lanterns"),), "Oh, copper pots"),
        ((TimedWord(None, "Oh,"),), "Oh, copper pots"),
    ],
)
def test_words_that_are_not_all_timed(words, written):
    lyrics = TimedLyrics("aligned", (TimedLine("Oh, copper pots", 1.0, None, words),))
    assert lyrics.to_lrc(words=True) == f"[00:01.00]{written}\n"


def test_words_at_the_cues_start_or_end_have_no_timestamp():
    words = (TimedWord(1.0, "a"), TimedWord(1.0004, "b"), TimedWord(1.5, "c"), TimedWord(2.0, "d"))
    lyrics = TimedLyrics("aligned", (TimedLine("a b c d", 1.0, 2.0, words),))
    assert lyrics.to_vtt().splitlines()[-1] == "a b <00:00:01.500>c d"


def test_lines_of_one_time_are_one_cue():
    lyrics = TimedLyrics("aligned", (TimedLine("Copper", 1.0, 2.0), TimedLine("pots", 1.0, 3.0)))
    assert lyrics.to_srt() == "1\n00:00:01,000 --> 00:00:03,000\nCopper\npots\n"
    assert lyrics.to_lrc() == "[00:01.00]Copper\n[00:01.00]pots\n"


def test_a_line_without_an_end_stays_until_the_next_but_not_for_ever():
    lyrics = TimedLyrics("lrc", (TimedLine("a", 1.0), TimedLine("b", 3.0), TimedLine("c", 50.0)))
    ends = [line.end for line in parse(lyrics.to_srt(length=52.0)).lines]
    assert ends == [3.0, 13.0, 52.0]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("[Chorus] la", "[Chorus] la"),
        ("[oh: yeah]", "[oh: yeah]"),
        ("[00:12.00]la", "(00:12.00)la"),
        ("at <1:02> la", "at (1:02) la"),
        ("[ar: Ada] la", "(ar: Ada) la"),
        ("[tr]la", "(tr)la"),
        ("I <3 R&B", "I <3 R&B"),
    ],
)
def test_brackets_that_would_be_read_become_round(text, written):
    assert lrc(TimedLine(text, 1.0)) == f"[00:01.00]{written}\n"


def test_the_same_line_sung_twice_comes_back_twice():
    words = (TimedWord(1.0, "Oh"), TimedWord(1.5, "la"))
    again = tuple(TimedWord((word.start or 0) + 5, word.text) for word in words)
    lyrics = TimedLyrics("aligned", (TimedLine("Oh la", 1.0, 2.0, words), TimedLine("Oh la", 6.0, 7.0, again)))
    for name in FORMATS:
        assert len([line for line in parse(lyrics.to(name)).lines if line.text]) == 2, name


def test_an_unknown_format():
    with pytest.raises(UsageError, match="'doc'; choose one of lrc, elrc, srt, vtt, ttml, text"):
        TimedLyrics("aligned", (COPPER,)).to("doc")
