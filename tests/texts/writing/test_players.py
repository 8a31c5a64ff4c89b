"""What players make of a file: their patterns, with which they read lines of LRC (Navidrome 0.58, Kodi's CU LRC)."""

import re

from hypothesis import given, settings
from tests.texts.writing.test_round_trips import lyrics

from alcca.texts.lines import TimedLine, TimedWord
from alcca.texts.timed_lyrics import TimedLyrics

# navidrome/navidrome, model/lyrics_lrc.go.
NAVIDROME_TIME = r"\[([0-9]{1,2}:)?([0-9]{1,2}):([0-9]{1,2})(\.[0-9]{1,3})?\]"
NAVIDROME_SYNCED = re.compile(rf"(^|\n)\s*{NAVIDROME_TIME}")
NAVIDROME_HEADER = re.compile(r"\[(ar|ti|offset|lang):([^]]+)]")
NAVIDROME_WORD = re.compile(r"<([0-9]{1,2}:)?([0-9]{1,2}):([0-9]{1,2})(\.[0-9]{1,3})?>")
# xbmc/repo-scripts, script.cu.lrclyrics/lib/gui.py.
KODI_TIME = re.compile(r"\[(\d+):(\d\d)[\.:](\d\d)\]")
# jacquesh/foo_openlyrics, src/parsers/lrc.cpp: one length of a stamp with hundredths.
OPENLYRICS_TIME = re.compile(r"\[\d\d:\d\d\.\d\d\]")
# The largest stamp of two digits.
BEYOND = 100 * 60 - 1


def navidrome(text):
    """Headers, and milliseconds, words and the pieces between their stamps of each line."""
    assert NAVIDROME_SYNCED.search(text)
    headers, read = {}, []
    for line in text.splitlines():
        if (header := NAVIDROME_HEADER.search(line)) is not None:
            headers[header[1]] = header[2]
            continue
        stamp = re.match(NAVIDROME_TIME, line)
        if stamp is None:
            continue
        rest = line[stamp.end() :]
        stamps = list(NAVIDROME_WORD.finditer(rest))
        ends = [*(one.start() for one in stamps[1:]), len(rest)][: len(stamps)]
        pieces = [(milliseconds(one), rest[one.end() : to]) for one, to in zip(stamps, ends, strict=True)]
        value = "".join(text for _, text in pieces) if stamps else rest
        read.append((milliseconds(stamp), value.strip(), [(at, text.strip()) for at, text in pieces if text.strip()]))
    return headers, read


def milliseconds(stamp):
    fraction = float(f"0{stamp[4]}") if stamp[4] else 0.0
    return round(1000 * (60 * int(stamp[2]) + int(stamp[3]) + fraction)) + 3_600_000 * int((stamp[1] or "0:")[:-1])


def early(given):
    return tuple(line for line in given.lines if line.words[-1].start < BEYOND)


@given(given=lyrics())
@settings(max_examples=150, deadline=None)
def test_navidrome_reads_lines_and_words(given):
    lines = early(given)
    for words in (False, True):
        text = TimedLyrics("aligned", lines, language="de").to_lrc(words=words, title="Harbour", artist="Ada")
        if not lines:
            continue
        headers, read = navidrome(text)
        assert headers == {"ti": "Harbour", "ar": "Ada", "lang": "de"}
        read = [one for one in read if one[1]]
        assert [value for _, value, _ in read] == [line.text for line in lines]
        assert all(abs(at - 1000 * line.start) <= 10 for (at, *_), line in zip(read, lines, strict=True))
        if words:
            assert [len(cues) for *_, cues in read] == [len(line.words) for line in lines]


@given(given=lyrics())
@settings(max_examples=150, deadline=None)
def test_every_line_begins_with_a_stamp_that_kodi_and_openlyrics_read(given):
    for words in (False, True):
        for line in TimedLyrics("aligned", early(given)).to_lrc(words=words).splitlines():
            assert KODI_TIME.match(line)
            assert OPENLYRICS_TIME.match(line)


def test_navidrome_keeps_what_stands_before_the_first_timed_word():
    line = TimedLine("Oh, copper", 1.0, None, (TimedWord(2.0, "copper"),))
    _, read = navidrome(TimedLyrics("aligned", (line,)).to_lrc(words=True))
    assert read == [(1000, "Oh, copper", [(1000, "Oh,"), (2000, "copper")])]


def test_navidrome_loses_no_line_to_what_looks_like_a_header():
    lyrics = TimedLyrics("aligned", (TimedLine("call [ar: you] now", 1.0), TimedLine("again", 2.0)))
    assert [value for _, value, _ in navidrome(lyrics.to_lrc())[1]] == ["call (ar: you) now", "again"]
