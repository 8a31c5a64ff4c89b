"""What is written comes back: through our own reader, and through those of others."""

import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta

import pylrc
import pysubs2
import pytest
import srt
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from alcca.texts.lines import TimedLine, TimedWord
from alcca.texts.timed import parse
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.texts.writing import FORMATS
from alcca.texts.writing.shown import cues_of, one_line, shown

WITH_TIMES = [name for name in FORMATS if name != "text"]
WITH_WORDS = ["elrc", "vtt", "ttml"]
STEP = {"lrc": 0.01, "elrc": 0.01, "srt": 0.001, "vtt": 0.001, "ttml": 0.001}
WORDS = st.text(st.sampled_from("aéЖßm'-.,!?(){}&*#\"/:;あ川e\u0301🎵"), min_size=1, max_size=9)
# Signs that some format gives a meaning to.
HOSTILE = st.sampled_from(
    [
        *(
            "[Chorus]",
            "[00:12.00]",
            "<00:12.00>",
            "[ti:x]",
            "[bg:",
            "[12,34]",
            "[1:2:3]",
            "［00：12］",
            "{",
            "#TITLE:x",
        ),
        *("-->", "00:00:01,000 --> 00:00:02,000", "<b>", "</p>", "]]>", "<3", "&", "NOTE", "12", "WEBVTT", "{\\an8}"),
        *("\n", "\n\n", "\r", "\t", "\x00", "\x1b", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800", "\uffff"),
        *("|", "=", "\\N"),
    ]
)
TIMES = st.integers(0, 9_000_000).map(lambda ticks: ticks / 1000)


@st.composite
def lyrics(draw, words=WORDS):
    """Lines in singing order with words from which they are made, each later than the one before."""
    lines = []
    time = draw(TIMES)
    for number in range(draw(st.integers(1, 6))):
        begin = time
        timed = []
        for text in draw(st.lists(words, min_size=1, max_size=4)):
            stop = time + draw(st.integers(50, 3000)) / 1000
            timed.append(TimedWord(time, text, draw(st.sampled_from([None, stop]))))
            time = stop
        # A number tells lines of the same words apart: readers take those of one time for one.
        text = " ".join(word.text for word in timed) + f" {number}"
        lines.append(TimedLine(text, begin, draw(st.sampled_from([None, time])), tuple(timed)))
        time += draw(st.sampled_from([0.05, 1.0, 30.0]))
    return TimedLyrics("aligned", tuple(lines), language=draw(st.sampled_from([None, "de"])))


def near(one, other, step):
    return one == other or (one is not None and other is not None and abs(one - other) <= step)


@pytest.mark.parametrize("name", WITH_TIMES)
@given(given=lyrics())
@settings(max_examples=150, deadline=None)
def test_lines_come_back(name, given):
    read = [line for line in parse(given.to(name, title="Harbour", length=9999.0)).lines if line.text]
    assert [line.text for line in read] == [line.text for line in given.lines]
    assert all(near(one.start, line.start, STEP[name]) for one, line in zip(read, given.lines, strict=True))


@pytest.mark.parametrize("name", WITH_WORDS)
@given(given=lyrics(st.text(st.sampled_from("aéЖßm'e\u0301.,&<"), min_size=1, max_size=9)))
@settings(max_examples=150, deadline=None)
def test_words_come_back(name, given):
    read = [line for line in parse(given.to(name)).lines if line.text]
    for one, line in zip(read, given.lines, strict=True):
        if name == "vtt" and len(line.words) == 1:
            # The line begins with its only word.
            assert one.words == ()
            continue
        # The number at the end has no time of its own: it goes on from the word before.
        assert [word.text for word in one.words] == [word.text for word in line.words]
        assert all(near(word.start, was.start, STEP[name]) for word, was in zip(one.words, line.words, strict=True))


@pytest.mark.parametrize("name", WITH_TIMES)
@given(given=lyrics(WORDS | HOSTILE), header=HOSTILE)
@settings(max_examples=150, deadline=None)
def test_nothing_that_is_sung_can_change_the_times(name, given, header):
    """Signs may be replaced by their likes, but each line is one line at its time, and none is lost or added."""
    text = given.to(name, title=header, artist=header, album=header, by=header)
    text.encode()
    read = [line for line in parse(text).lines if line.text and line.start is not None]
    assert [round(line.start, 2) for line in read] == pytest.approx(
        [line.start for line in shown(given.lines)], abs=0.011
    )


@given(given=lyrics(WORDS | HOSTILE))
@settings(max_examples=150, deadline=None)
def test_vtt_and_ttml_have_escapes_for_everything(given):
    for name in ("vtt", "ttml"):
        read = [line for line in parse(given.to(name)).lines if line.text]
        # SRT's sign of a place on the screen is read in VTT too.
        texts = [one_line(line.text.replace("{\\an8}", "")) for line in given.lines]
        assert [one_line(line.text.replace("{\\an8}", "")) for line in read] == texts


@given(given=lyrics(WORDS | HOSTILE))
@settings(max_examples=100, deadline=None)
def test_ttml_is_well_formed(given):
    root = ET.fromstring(given.to_ttml(title="<&>\x00", artist='"'))
    paragraphs = root.findall(".//{http://www.w3.org/ns/ttml}p")
    assert ["".join(one.itertext()) for one in paragraphs] == [one_line(line.text) for line in given.lines]


# Readers of others


@given(given=lyrics())
@settings(max_examples=100, deadline=None)
def test_pylrc_reads_lrc(given):
    # It knows no more than an hour.
    early = tuple(replace(line, start=line.start % 3000, words=()) for line in given.lines)
    read = pylrc.parse(TimedLyrics("lrc", early).to_lrc(title="Harbour", artist="Ada", album="Quay", by="alcca"))
    assert (read.title, read.artist, read.album, read.lrc_creator) == ("Harbour", "Ada", "Quay", "alcca")
    wanted = sorted((round(line.start, 2), line.text) for line in early)
    assert sorted((one.time, one.text) for one in read if one.text) == [
        (pytest.approx(time, abs=0.011), text) for time, text in wanted
    ]


def expected(given):
    return [(round(1000 * cue.start), round(1000 * cue.end), cue.lines[0].text) for cue in cues_of(given.lines)]


@given(given=lyrics())
@settings(max_examples=100, deadline=None)
def test_srt_reads_srt(given):
    millisecond = timedelta(milliseconds=1)
    read = [(one.start // millisecond, one.end // millisecond, one.content) for one in srt.parse(given.to_srt())]
    assert read == expected(given)


@given(given=lyrics())
@settings(max_examples=100, deadline=None)
def test_pysubs2_reads_srt_and_vtt(given):
    for text, name in ((given.to_srt(), "srt"), (given.to_vtt(words=False), "vtt")):
        read = pysubs2.SSAFile.from_string(text, format_=name)
        wanted = [(begin, end, text) for begin, end, text in expected(given)]
        found = [(one.start, one.end, one.plaintext) for one in read]
        assert [one[:2] for one in found] == [one[:2] for one in wanted]


def test_pysubs2_reads_the_words():
    given = TimedLyrics("lrc", (TimedLine("Copper & <pots>", 12.0, 14.0), TimedLine("again", 15.0)))
    texts = [one.plaintext for one in pysubs2.SSAFile.from_string(given.to_srt(), format_="srt")]
    assert texts == ["Copper & ‹pots›", "again"]
    read = pysubs2.SSAFile.from_string(given.to_ttml(words=False), format_="ttml")
    assert [(one.start, one.end) for one in read] == [(12000, 14000), (15000, 25000)]


@given(given=lyrics())
@settings(max_examples=100, deadline=None)
def test_webvtt_py_reads_vtt(given):
    for words in (True, False):
        read = webvtt.from_buffer(io.StringIO(given.to_vtt(words=words)))
        found = [(one.start_in_seconds, one.text.replace("&amp;", "&")) for one in read]
        assert [text for _, text in found] == [text for *_, text in expected(given)]
        assert [int(start) for start, _ in found] == [begin // 1000 for begin, *_ in expected(given)]
