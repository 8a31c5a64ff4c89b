"""The formats of Chinese players with times of each character in milliseconds: KRC, QRC, YRC and LYS, decrypted."""

import html
import re

from alcca.texts.lines import Piece, TimedLine, line_of, lines_of
from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["is_karaoke", "read_karaoke"]

# [12340,2000]: start and length of a line. LYS has the number of its voice instead.
LINE = re.compile(r"^[^\S\n]*\[(\d{1,9}),(\d{1,9})\]", re.MULTILINE)
LYS_LINE = re.compile(r"^[^\S\n]*\[\d?\](?=.{0,200}\(\d{1,9},\d{1,9}\))", re.MULTILINE)
# KuGou: <0,200,0>word, from the line's start. NetEase: (12340,200,0)word. QQ: word(12340,200).
KRC = re.compile(r"<(\d{1,9}),(\d{1,9}),\d{1,9}>")
YRC = re.compile(r"\((\d{1,9}),(\d{1,9}),\d{1,9}\)")
QRC = re.compile(r"\((\d{1,9}),(\d{1,9})\)")
# The XML around QRC. Line breaks stand in the attribute as they are, which an XML parser would make spaces.
CONTENT = re.compile(r'LyricContent="([^"]{1,1000000})"')
OFFSET = re.compile(r"^\s*\[offset\s*:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE | re.MULTILINE)


def is_karaoke(text: str) -> bool:
    """Whether a text is in one of these formats.

    Examples
    --------
    >>> is_karaoke("[12340,2000]<0,200,0>Cop<200,300,0>per"), is_karaoke("[00:12.34]Copper")
    (True, False)
    """
    return LINE.search(text) is not None or LYS_LINE.search(text) is not None or CONTENT.search(text) is not None


def read_karaoke(text: str) -> TimedLyrics:
    """The lines of such a file.

    Examples
    --------
    >>> read_karaoke("[12340,2000](12340,200,0)Cop(12540,300,0)per (13000,500,0)pots").lines[0].words[1]
    TimedWord(start=13.0, text='pots')
    """
    if (content := CONTENT.search(text)) is not None:
        text = html.unescape(content[1])
    written = OFFSET.search(text)
    offset = int(written[1]) / 1000 if written else 0.0
    names = set()
    placed: list[tuple[float, TimedLine]] = []
    last = 0.0
    for line in text.split("\n"):
        head = LINE.match(line)
        if head is None and (head := LYS_LINE.match(line)) is None:
            if line.strip() and not line.lstrip().startswith(("[", "{", "<")):
                placed.append((last, TimedLine(line.strip())))
            continue
        rest = line[head.end() :].rstrip("\r")
        start = int(head[1]) / 1000 if head.re is LINE else None
        end = start + int(head[2]) / 1000 if start is not None else None
        name, pieces = _pieces(rest, start or 0.0)
        names.add(name)
        moved = [(None if time is None else max(time - offset, 0.0), piece) for time, piece in pieces]
        own = line_of(moved, start=None if start is None else max(start - offset, 0.0), end=end)
        last = own.start or last
        placed.append((last, own))
    return TimedLyrics(min(names, default="krc"), lines_of(placed))


def _pieces(line: str, start: float) -> tuple[str, list[Piece]]:
    """The format of a line, and its pieces."""
    for name, pattern, begins in (("krc", KRC, start), ("yrc", YRC, 0.0)):
        stamps = list(pattern.finditer(line))
        if stamps:
            ends = [*(stamp.start() for stamp in stamps[1:]), len(line)]
            timed: list[Piece] = [
                (round(begins + int(stamp[1]) / 1000, 6), line[stamp.end() : to])
                for stamp, to in zip(stamps, ends, strict=True)
            ]
            return name, [(None, line[: stamps[0].start()]), *timed]
    pieces: list[Piece] = []
    place = 0
    for stamp in QRC.finditer(line):
        pieces.append((int(stamp[1]) / 1000, line[place : stamp.start()]))
        place = stamp.end()
    return "qrc", [*pieces, (None, line[place:])]
