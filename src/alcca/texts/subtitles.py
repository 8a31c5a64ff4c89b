"""Subtitles that hold lyrics: SubRip (SRT), WebVTT, SBV of YouTube, and ASS with its karaoke times."""

import html
import re
from collections.abc import Iterator
from itertools import pairwise

from alcca.texts.lines import Piece, TimedLine, line_of, lines_of, seconds
from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["is_ass", "is_cues", "read_ass", "read_cues"]

CLOCK = r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,6}))?"
ARROW = re.compile(rf"^\s*{CLOCK}\s*-->\s*{CLOCK}(?:\s.*)?$")
SBV = re.compile(rf"^\s*{CLOCK},{CLOCK}\s*$")
INNER = re.compile(rf"<{CLOCK}>")
# <c.colour>, <v Ana>, <i>, <font color="…">, {{\an8}}.
MARKUP = re.compile(r"</?(?:[cbiuv]|ruby|rt|lang|font)(?:[.\s][^<>\n]{0,200})?>|\{\\[^{}\n]{0,200}\}", re.IGNORECASE)
# Blocks of WebVTT that nothing of is shown.
SILENT = ("NOTE", "STYLE", "REGION")
ASS_TIME = re.compile(r"(\d{1,3}):(\d{1,2}):(\d{1,2})[.:](\d{1,3})")
OVERRIDES = re.compile(r"\{([^{}\n]{0,1000})\}")
KARAOKE = re.compile(r"\\[kK][fo]?(\d{1,6})")
# Start, End and Text where a file does not say its columns.
COLUMNS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")


def is_cues(text: str) -> bool:
    r"""Whether a text is in SRT, WebVTT or SBV.

    Examples
    --------
    >>> is_cues("1\n00:00:12,340 --> 00:00:14,000\nCopper"), is_cues("a --> b")
    (True, False)
    """
    if text.lstrip("\ufeff").startswith("WEBVTT"):
        return True
    if "-->" not in text and "," not in text:
        return False
    lines = text.split("\n")
    return any("-->" in line and ARROW.match(line) for line in lines) or any(
        line and (line[0].isdigit() and SBV.match(line)) for line in lines[:3]
    )


def read_cues(text: str) -> TimedLyrics:
    r"""The lines of an SRT, WebVTT or SBV file: the first line of each cue with its times, the others with none.

    Examples
    --------
    >>> read_cues("1\n00:00:12,340 --> 00:00:14,000\n<i>Copper</i>\nlanterns\n").lines[0]
    TimedLine(text='Copper', start=12.34, end=14.0, words=())
    """
    text = text.lstrip("\ufeff")
    name = "vtt" if text.startswith("WEBVTT") else "srt" if "-->" in text else "sbv"
    cues = list(_cues(text))
    if any(INNER.search(line) for *_, lines in cues for line in lines):
        cues = _without_rolling(cues)
    placed: list[tuple[float, TimedLine]] = []
    for start, end, lines in cues:
        for number, line in enumerate(lines):
            pieces = _cue_pieces(line, start)
            own = line_of(pieces, start=start if number == 0 else None, end=end if number == 0 else None)
            if len(pieces) == 1:
                own = TimedLine(own.text, start if number == 0 else None, own.end)
            if own.text:
                placed.append((start, own))
    return TimedLyrics(name, lines_of(placed))


Cue = tuple[float, float, list[str]]


def _cues(text: str) -> Iterator[Cue]:
    """Start, end and lines of each cue."""
    current: Cue | None = None
    silent = False
    lines = text.split("\n")
    for number, line in enumerate(lines):
        times = ARROW.match(line) or SBV.match(line)
        if times is not None:
            if current is not None:
                yield current
            current, silent = (_seconds(times.groups()[:4]), _seconds(times.groups()[4:]), []), False
        elif current is not None and line.strip():
            after_blank = not lines[number - 1].strip()
            silent = (silent and not after_blank) or (after_blank and line.startswith(SILENT))
            following = next((one for one in lines[number + 1 : number + 2]), "")
            # A number, or a name, above the times of the next cue.
            named = ARROW.match(following) is not None and (after_blank or line.strip().isdecimal())
            if not silent and not named:
                current[2].append(line.strip())
    if current is not None:
        yield current


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, whole, fraction = groups
    return seconds([hours or "0", minutes or "0", whole or "0"], fraction or "")


def _without_rolling(cues: list[Cue]) -> list[Cue]:
    """YouTube's captions show each line again above the next one: keep it once.

    Other files repeat a line where it is sung again.
    """
    plain = [[INNER.sub("", MARKUP.sub("", line)).strip() for line in lines] for *_, lines in cues]
    counts = [
        max((n for n in range(len(now) + 1) if now[:n] == before[len(before) - n :]), default=0)
        for before, now in pairwise(plain)
    ]
    if not any(0 < count < len(now) for count, now in zip(counts, plain[1:], strict=True)):
        return cues
    return cues[:1] + [(start, end, lines[count:]) for count, (start, end, lines) in zip(counts, cues[1:], strict=True)]


def _cue_pieces(line: str, start: float) -> list[Piece]:
    parts: list[Piece] = []
    time, place = start, 0
    for stamp in INNER.finditer(line):
        parts.append((time, _plain(line[place : stamp.start()])))
        time, place = _seconds(stamp.groups()), stamp.end()
    return [*parts, (time, _plain(line[place:]))]


def _plain(text: str) -> str:
    return html.unescape(MARKUP.sub("", text)).replace("\n", " ")


def is_ass(text: str) -> bool:
    r"""Whether a text is in ASS or SSA.

    Examples
    --------
    >>> is_ass("[Script Info]\nTitle: x"), is_ass("Dialogue: between two")
    (True, False)
    """
    head = text.lstrip("\ufeff \n").lower()
    return head.startswith("[script info]") or ("dialogue:" in head and re.search(
        r"^dialogue:[^,\n]*,\s*\d{1,3}:\d\d:\d\d[.:]\d", head, re.MULTILINE) is not None)  # fmt: skip


def read_ass(text: str) -> TimedLyrics:
    r"""The lines of an ASS file; comments and drawings are not sung.

    Examples
    --------
    >>> read_ass("Dialogue: 0,0:00:12.34,0:00:14.00,Default,,0,0,0,,{\\k20}Cop{\\k30}per {\\k50}pots").lines[0].words
    (TimedWord(start=12.34, text='Copper'), TimedWord(start=12.84, text='pots'))
    """
    columns = list(COLUMNS)
    placed: list[tuple[float, TimedLine]] = []
    events = "[events]" not in text.lower()
    for line in text.split("\n"):
        kind, _, rest = line.partition(":")
        kind = kind.strip().lower()
        if line.strip().startswith("["):
            events = line.strip().lower() == "[events]"
        elif events and kind == "format":
            columns = [column.strip().lower() for column in rest.split(",")]
        elif events and kind == "dialogue":
            cells = dict(zip(columns, rest.split(",", len(columns) - 1), strict=False))
            start, end = ASS_TIME.search(cells.get("start", "")), ASS_TIME.search(cells.get("end", ""))
            if start is not None and end is not None and "\\p1" not in cells.get("text", ""):
                begin = seconds(start.groups()[:3], start[4])
                for number, pieces in enumerate(_ass_lines(cells.get("text", ""), begin)):
                    own = line_of(pieces, start=begin if number == 0 else None, end=seconds(end.groups()[:3], end[4]))
                    placed.append((begin, own if number == 0 else TimedLine(own.text, words=own.words)))
    return TimedLyrics("ass", lines_of(one for one in placed if one[1].text))


def _ass_lines(text: str, start: float) -> Iterator[list[Piece]]:
    """The pieces of each line of an event."""
    time, known = start, False
    for line in re.split(r"\\[nN]", text.replace("\\h", " ")):
        pieces: list[Piece] = []
        place = 0
        for override in OVERRIDES.finditer(line):
            pieces.append((time if known else None, line[place : override.start()]))
            place = override.end()
            # \k says how long what follows it takes, so it begins where the one before ends.
            for length in KARAOKE.findall(override[1]):
                time, known, start = start, True, start + int(length) / 100
        yield [
            (None if at is None else round(at, 6), piece)
            for at, piece in [*pieces, (time if known else None, line[place:])]
        ]
