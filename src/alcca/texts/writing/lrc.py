"""LRC, of lines and of words."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Unpack

from alcca.texts.headers import KNOWN
from alcca.texts.lines import TimedLine
from alcca.texts.stamps import CLOSE, COLON, OPEN, SPACE, STAMP
from alcca.texts.writing.shown import Headers, one_line, pieces_of, shown

__all__ = ["write_elrc", "write_lrc"]

# A line stays until the next stamp. After it has ended, an empty one takes it away before a break of so many seconds.
BREAK = 5.0
# Brackets in words that readers would take for a header, or for the times or the translation of a line.
RESERVED = re.compile(
    rf"{OPEN}({SPACE}(?:(?:{'|'.join(map(re.escape, sorted(KNOWN)))}|bg){SPACE}{COLON}[^\[\]［］【】]*"
    rf"|(?:tt|tr|fu|trans|ro)(?::[\w-]*)?)){CLOSE}?",
    re.IGNORECASE,
)
BRACKETS = str.maketrans("[]", "()")


def write_lrc(lines: Iterable[TimedLine], **headers: Unpack[Headers]) -> str:
    r"""Lines as an LRC file: a stamp in hundredths of a second before each.

    The format has no escapes: brackets that would be read as a stamp or a header become round ones.

    Examples
    --------
    >>> write_lrc([TimedLine("Copper pots", 59.996, 62.0), TimedLine("again [1:02]", 70.0)], title="Harbour [Live]")
    '[ti:Harbour (Live)]\n[01:00.00]Copper pots\n[01:02.00]\n[01:10.00]again (1:02)\n'
    """
    return _written([(line, _safe(line.text)) for line in shown(lines)], headers)


def write_elrc(lines: Iterable[TimedLine], **headers: Unpack[Headers]) -> str:
    r"""The same with a stamp before each word whose time is known, and behind the last one (A2, enhanced LRC).

    Examples
    --------
    >>> from alcca.texts.lines import TimedWord
    >>> write_elrc([TimedLine("Copper pots", 1.0, 2.0, (TimedWord(1.0, "Copper"), TimedWord(1.5, "pots")))])
    '[00:01.00]<00:01.00>Copper <00:01.50>pots<00:02.00>\n'
    """
    return _written([(line, _with_words(line)) for line in shown(lines)], headers)


def _written(lines: list[tuple[TimedLine, str]], headers: Headers) -> str:
    length = headers.get("length")
    written = [f"[{name}:{value}]\n" for name, value in _headers(headers)]
    starts = [line.start or 0.0 for line, _ in lines]
    for (line, text), (start, following) in zip(lines, pairwise([*starts, length]), strict=True):
        written.append(f"[{_clock(start or 0.0)}]{text}\n")
        ended = text and line.end is not None and following is not None and line.end > (start or 0.0)
        if ended and line.end is not None and following is not None and following - line.end > BREAK:
            written.append(f"[{_clock(line.end)}]\n")
    return "".join(written)


def _headers(headers: Headers) -> list[tuple[str, str]]:
    length, language = headers.get("length"), headers.get("language")
    pairs = [
        ("ti", headers.get("title")),
        ("ar", headers.get("artist")),
        ("al", headers.get("album")),
        ("length", None if length is None else _length(length)),
        ("by", headers.get("by")),
        ("re", headers.get("program")),
        # The first is the older name, the second what Navidrome reads.
        ("la", language),
        ("lang", language),
    ]
    plain = ((name, one_line(value or "").translate(BRACKETS)) for name, value in pairs)
    return [(name, value) for name, value in plain if value]


def _with_words(line: TimedLine) -> str:
    pieces = pieces_of(line)
    stamped = "".join(
        _safe(piece.text) if piece.start is None else f"<{_clock(piece.start)}>{_safe(piece.text)}" for piece in pieces
    )
    last = pieces[-1]
    end = last.end if last.end is not None else line.end
    if last.start is None or end is None or end <= last.start:
        return stamped
    return f"{stamped}<{_clock(end)}>"


def _safe(text: str) -> str:
    """Words without anything that would be read as a stamp or a header."""
    if not any(sign in text for sign in "[［【<＜"):
        return text
    return RESERVED.sub(r"(\1)", STAMP.sub(lambda stamp: f"({stamp[0][1:-1]})", text))


def _clock(time: float) -> str:
    # Rounded first; otherwise 59.996 s would become 60 s of the same minute.
    minutes, rest = divmod(round(100 * time), 6000)
    return f"{minutes:02d}:{rest / 100:05.2f}"


def _length(time: float) -> str:
    minutes, rest = divmod(round(time), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
