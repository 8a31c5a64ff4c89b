"""LRC, as all editors write it: stamps before lines, between words and inside of them, headers, voices.

The grammar is in docs/lyrics.md.
"""

import json
import re
from dataclasses import dataclass, field
from itertools import pairwise

from alcca.texts.headers import MAX_HEADERS, header_of, is_known_header, split_headers
from alcca.texts.lines import Piece, TimedLine, TimedWord, line_of, lines_of, with_spaces
from alcca.texts.stamps import (
    CLOSE,
    COLON,
    OPEN,
    SPACE,
    STAMP,
    Clock,
    after_blank,
    candidate_lines,
    is_clock,
    leading_stamps,
)
from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["has_stamps", "read_lrc_file"]

# A line [12.34] has seconds alone if all lines have them, and so many.
MIN_BARE = 3
# [bg: …] are the words of a second voice, [tr:en] a translation and [tt] the times of LyricsX.
BACKGROUND = re.compile(rf"{OPEN}{SPACE}bg{SPACE}{COLON}(.*){CLOSE}{SPACE}$", re.IGNORECASE)
ATTACHED = re.compile(rf"{OPEN}(?:tt|tr|fu|trans|ro)(?::[\w-]{{0,12}})?{CLOSE}")
VOICE = re.compile(rf"(?:([FMD])|[Vv]\d{{1,2}}|bg){SPACE}{COLON}{SPACE}")
# A line of so many letters in all is not repeated more often: a refrain has a few hundred. It stops texts made to grow.
MAX_REPEATED = 100_000
# More than so many words or letters between two stamps of a line are lines that lost their breaks.
WORDS_OF_LINE = 2.5
LETTERS_OF_LINE = 8.0


@dataclass
class _Line:
    """A line of a file, taken apart."""

    times: list[float] = field(default_factory=list)
    text: str = ""
    pieces: list[Piece] = field(default_factory=list)
    end: float | None = None


def has_stamps(text: str) -> bool:
    """Whether a text has the times of LRC: a stamp at the beginning of a line, or one in angle brackets.

    Examples
    --------
    >>> has_stamps("[ 1:02,5 ]Hello"), has_stamps("He<00:01.00>llo"), has_stamps("at [7:30] again")
    (True, True, False)
    """
    return any(_begins(line) or _has_word_stamp(line) for line in candidate_lines(text)) or _is_bare(text)


def read_lrc_file(text: str) -> TimedLyrics:
    r"""The lines of an LRC file in the order in which they are sung.

    A line with several stamps is repeated at each of them. Lines without a stamp follow the line above them.

    Examples
    --------
    >>> lyrics = read_lrc_file("[ti:Harbour]\n[offset:+500]\n[00:12.00]<00:12.00>Cop<00:12.20>per <00:12.50>pots")
    >>> lyrics.lines[0].start, lyrics.lines[0].text, lyrics.lines[0].words[1]
    (11.5, 'Copper pots', TimedWord(start=12.0, text='pots'))
    """
    clock = Clock(text, bare=_is_bare(text))
    # A blank line at the end would follow the last line of the file, which is sung at several places.
    raw = [part for line in text.strip("\n").split("\n") for part in _unjoined(line, clock)]
    offset, kept = split_headers(raw, clock)
    lines = [parts for line in kept if (parts := _parts(line, clock)) is not None]
    _space_pieces(lines)
    _remove_voices(lines)
    placed: list[tuple[float, TimedLine]] = []
    last = 0.0
    for line in lines:
        found = _timed(line, offset)
        placed += [(last if one.start is None else one.start, one) for one in found]
        last = found[0].start if found and found[0].start is not None else last
    return TimedLyrics("lrc", lines_of(placed))


def _begins(line: str) -> bool:
    """Whether a line begins with a stamp, perhaps after headers."""
    rest = line[after_blank(line, 0) :]
    for _ in range(MAX_HEADERS):
        stamp = STAMP.match(rest)
        if stamp is not None and stamp[1] is not None and is_clock(stamp[1]):
            return True
        header = header_of(rest)
        if header is None or not header[2]:
            return False
        rest = header[2]
    return False


def _has_word_stamp(line: str) -> bool:
    return any(stamp[3] is not None and is_clock(stamp[3]) for stamp in STAMP.finditer(line))


def _is_bare(text: str) -> bool:
    """Whether all lines begin with seconds such as [12.34], which never decrease."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if len(lines) < MIN_BARE:
        return False
    times: list[float] = []
    for line in lines:
        stamp = STAMP.match(line)
        if stamp is None or stamp[1] is None or re.fullmatch(r"\s*\d{1,4}[.,]\d{1,3}\s*", stamp[1]) is None:
            if header_of(line) is None:
                return False
            continue
        times.append(float(stamp[1].strip().replace(",", ".")))
    return len(times) >= MIN_BARE and times == sorted(times)


def _unjoined(line: str, clock: Clock) -> list[str]:
    """A line as it is, or several lines that stand on one because their breaks were lost."""
    times, rest = leading_stamps(line, clock)
    inner = [stamp for stamp in STAMP.finditer(rest) if stamp[1] is not None and clock.read(stamp[1]) is not None]
    if not times or not inner or (len(inner) == 1 and not rest[inner[0].end() :].strip()):
        return [line]
    bounds = [0, *(stamp.end() for stamp in inner)]
    texts = [
        STAMP.sub("", rest[start:stop]).strip()
        for start, stop in zip(bounds, [*(stamp.start() for stamp in inner), len(rest)], strict=True)
    ]
    filled = [text for text in texts if text]
    words = sum(len(text.split()) for text in filled) / max(len(filled), 1)
    letters = sum(map(len, filled)) / max(len(filled), 1)
    wide = sum(character >= "\u2e80" for text in filled for character in text) > sum(map(len, filled)) / 2
    if words < WORDS_OF_LINE and not (wide and letters >= LETTERS_OF_LINE):
        return [line]
    # Stamps side by side stay together: the line behind them is sung at each.
    starts = [
        stamp.start()
        for before, stamp in zip([None, *inner[:-1]], inner, strict=True)
        if before is None or rest[before.end() : stamp.start()].strip()
    ]
    head = line[: len(line) - len(rest)]
    cuts = [0, *(start for start in starts if start), len(rest)]
    return [(head if at == 0 else "") + rest[at:to] for at, to in pairwise(cuts)]


def _parts(line: str, clock: Clock) -> _Line | None:
    """Take a line apart: its stamps, and the pieces between the stamps inside of it; None if nothing of it is sung."""
    if line.lstrip().startswith('{"t":'):
        return _json_line(line)
    times, rest = leading_stamps(line, clock)
    most = max(1, MAX_REPEATED // (len(rest) + 1))
    result = _Line(
        [start for start, _ in times[:most]], end=next((end for _, end in reversed(times) if end is not None), None)
    )
    if times and is_known_header(rest):
        rest = ""
    if ATTACHED.match(rest) and times:
        # A translation, or times: the words stand on the line above.
        return None
    if (background := BACKGROUND.match(rest)) is not None:
        rest = background[1].strip()
    place, time, squares = 0, None, 0
    for stamp in STAMP.finditer(rest):
        start = clock.read(stamp[1] or stamp[3] or "")
        if start is None:
            continue
        squares += stamp[1] is not None
        result.pieces.append((time, rest[place : stamp.start()]))
        place, time = stamp.end(), start
    tail = rest[place:]
    if result.pieces:
        result.pieces.append((time, tail))
        if not tail.strip():
            result.end = time
        if not result.pieces[0][1].strip():
            result.pieces[0] = (None, "")
        # [00:12.00][00:12.00]Cop[00:12.20]per: the second stamp is the first syllable's.
        elif squares and len(result.times) > 1 and result.times == sorted(result.times):
            result.pieces[0] = (result.times[-1], result.pieces[0][1])
            result.times = result.times[:1]
        elif result.times and not VOICE.match(result.pieces[0][1]):
            result.pieces[0] = (result.times[0], result.pieces[0][1])
    result.text = "".join(piece for _, piece in result.pieces) if result.pieces else rest
    return result


def _json_line(line: str) -> _Line:
    """A line of NetEase's for credits: ``{"t":0,"c":[{"tx":"Lyrics: "},{"tx":"Somebody"}]}``."""
    try:
        content = json.loads(line)
        return _Line([int(content["t"]) / 1000], "".join(str(part["tx"]) for part in content["c"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return _Line(text=line)


def _space_pieces(lines: list[_Line]) -> None:
    """Put spaces between words where a file has stamps in place of them."""
    enhanced = [line for line in lines if line.pieces]
    inner = [[(time, piece) for time, piece in line.pieces if piece] for line in enhanced]
    for line, pieces in zip(enhanced, with_spaces(inner), strict=True):
        line.pieces = pieces
        line.text = "".join(piece for _, piece in pieces)


def _remove_voices(lines: list[_Line]) -> None:
    """Remove the names of voices before lines, such as F: and v1:, where a file has them for certain."""
    filled = [line for line in lines if line.times and line.text.strip()]
    voices = [VOICE.match(line.text.lstrip()) for line in filled]
    sexes = {voice[1] for voice in voices if voice is not None and voice[1]}
    enhanced = any(len(line.pieces) > 1 for line in lines)
    if not (enhanced or len(sexes) > 1 or (filled and all(voices))):
        return
    for line, voice in zip(filled, voices, strict=True):
        if voice is not None:
            _cut(line, len(line.text) - len(line.text.lstrip()) + voice.end())


def _cut(line: _Line, count: int) -> None:
    """Remove the first characters of a line."""
    line.text = line.text[count:]
    pieces: list[Piece] = []
    for time, piece in line.pieces:
        pieces.append((time, piece[count:]))
        count = max(0, count - len(piece))
    line.pieces = pieces


def _timed(line: _Line, offset: float) -> list[TimedLine]:
    """A line at each of its times."""
    if not line.pieces:
        text = line.text.strip()
        if not line.times:
            return [TimedLine(text)]
        return [TimedLine(text, _moved(time, offset), _end(line, offset)) for time in line.times]
    whole = line_of(line.pieces, end=line.end)
    first = whole.words[0].start if whole.words else None
    base = line.times or ([first] if first is not None else [])
    if not base:
        return [TimedLine(whole.text)]
    # Times of words are those of the place where the line begins with them.
    own = min(base, key=lambda time: abs(time - first)) if first is not None else base[0]
    return [
        TimedLine(
            whole.text,
            _moved(time, offset),
            None if line.end is None else _moved(line.end + time - own, offset),
            tuple(TimedWord(_moved((word.start or 0.0) + time - own, offset), word.text) for word in whole.words),
        )
        for time in base
    ]


def _end(line: _Line, offset: float) -> float | None:
    return None if line.end is None or len(line.times) > 1 else _moved(line.end, offset)


def _moved(time: float, offset: float) -> float:
    # Players show lines sooner for a positive offset. Rounded, for 12.34 - 0.5 has no end in binary.
    return round(max(time - offset, 0.0), 6)
