"""Subtitles: SubRip (SRT) and WebVTT."""

import re
from collections.abc import Iterable
from typing import Unpack

from alcca.texts.lines import TimedLine
from alcca.texts.writing.shown import Cue, Headers, cues_of, one_line, pieces_of

__all__ = ["write_srt", "write_vtt"]

# SRT has no escapes for what players read as markup.
TAG = re.compile(r"<([^<>]*)>")


def write_srt(lines: Iterable[TimedLine], **headers: Unpack[Headers]) -> str:
    r"""Lines as an SRT file. It has no place for headers, and none for words.

    Examples
    --------
    >>> write_srt([TimedLine("Copper", 12.34, 14.0)])
    '1\n00:00:12,340 --> 00:00:14,000\nCopper\n'
    """
    return "\n".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_plain(cue)}\n"
        for number, cue in enumerate(cues_of(lines, headers.get("length")), 1)
    )


def write_vtt(lines: Iterable[TimedLine], **headers: Unpack[Headers]) -> str:
    r"""Lines as a WebVTT file, with a timestamp before each word whose time is known.

    Examples
    --------
    >>> from alcca.texts.lines import TimedWord
    >>> write_vtt([TimedLine("Copper & pots", 1.0, 2.0, (TimedWord(1.0, "Copper"), TimedWord(1.5, "pots")))])
    'WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nCopper &amp; <00:00:01.500>pots\n'
    """
    head = ["WEBVTT\n"]
    about = [one_line(value or "") for value in (headers.get("title"), headers.get("artist"), headers.get("album"))]
    if any(about):
        head.append(f"NOTE {' - '.join(filter(None, about)).replace('-->', '→')}\n")
    cues = (
        f"{_clock(cue.start)} --> {_clock(cue.end)}\n" + "\n".join(_with_words(line, cue) for line in cue.lines) + "\n"
        for cue in cues_of(lines, headers.get("length"))
    )
    return "\n".join([*head, *cues])


def _plain(cue: Cue) -> str:
    texts = (TAG.sub(r"‹\1›", line.text).replace("-->", "→").replace("{\\", "(\\") for line in cue.lines)
    return "\n".join(texts)


def _with_words(line: TimedLine, cue: Cue) -> str:
    written, last = "", cue.start
    for piece in pieces_of(line):
        # The standard wants timestamps behind the cue's start and before its end, each later than the one before.
        if piece.start is not None and _ticks(last) < _ticks(piece.start) < _ticks(cue.end):
            written += f"<{_clock(piece.start)}>"
            last = piece.start
        written += piece.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return written


def _ticks(time: float) -> int:
    return round(1000 * time)


def _clock(time: float, point: str = ".") -> str:
    whole, thousandths = divmod(_ticks(time), 1000)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{thousandths:03d}"
