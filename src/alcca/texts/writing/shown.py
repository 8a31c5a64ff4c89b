"""What is shown of lines of lyrics, and when: the same for all formats."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby, pairwise
from typing import NamedTuple, TypedDict

from alcca.texts.lines import TimedLine

__all__ = ["Cue", "Headers", "Piece", "cues_of", "one_line", "pieces_of", "shown", "start_of"]

# Without a known end, a line stays for so long, or until the next one.
LONGEST = 10.0
# The smallest difference of two times in the formats that have milliseconds.
TICK = 0.001
# U+FEFF begins files, and is nothing inside of them; surrogates and U+FFFE and U+FFFF cannot be encoded.
UNWRITABLE = re.compile("[\ufeff\ufffe\uffff]")


class Headers(TypedDict, total=False):
    """What a file says about its song; a format without a place for some of it leaves that out.

    ``length`` is in seconds, ``language`` an ISO 639-1 code, ``by`` the one who made the times, ``program`` with what.
    """

    title: str | None
    artist: str | None
    album: str | None
    length: float | None
    by: str | None
    program: str | None
    language: str | None


class Piece(NamedTuple):
    """A part of a line's text, with the spaces behind it; its times are None where it goes on from the one before."""

    text: str
    start: float | None
    end: float | None


class Cue(NamedTuple):
    """Lines that are shown together, in seconds; the end is behind the start."""

    start: float
    end: float
    lines: tuple[TimedLine, ...]


def shown(lines: Iterable[TimedLine]) -> list[TimedLine]:
    """Lines in the order of their starts, which all have one: a line without follows the one above it.

    Those above the first line with a time are left out, and so are empty lines without one.

    Examples
    --------
    >>> [(line.start, line.text) for line in shown([TimedLine("Oh", 2.0), TimedLine("la"), TimedLine("And", 1.0)])]
    [(1.0, 'And'), (2.0, 'Oh'), (2.0, 'la')]
    """
    placed: list[TimedLine] = []
    last: float | None = None
    for line in lines:
        text = one_line(line.text)
        start = start_of(line)
        if start is None and text:
            start = last
        if start is None:
            continue
        last = start
        placed.append(replace(line, text=text, start=max(start, 0.0)))
    return sorted(placed, key=_thousandths)


def start_of(line: TimedLine) -> float | None:
    """When a line begins: its own start, or the one of its first word that has one."""
    if line.start is not None:
        return line.start
    return next((word.start for word in line.words if word.start is not None), None)


def cues_of(lines: Iterable[TimedLine], length: float | None = None) -> Iterator[Cue]:
    """Lines with words, those of one start together, each with an end: its own, or when the next one begins.

    Examples
    --------
    >>> [cue[:2] for cue in cues_of([TimedLine("Copper", 2.0, 3.5), TimedLine("pots", 4.0), TimedLine("", 6.0)])]
    [(2.0, 3.5), (4.0, 6.0)]
    """
    groups = [(start, tuple(group)) for start, group in groupby(shown(lines), key=_thousandths)]
    after = [*(start for start, _ in groups[1:]), length]
    # Without lines, the length follows none.
    for (start, group), following in zip(groups, after, strict=False):
        filled = tuple(line for line in group if line.text)
        ends = [line.end for line in filled if line.end is not None and line.end > start]
        latest = start + LONGEST
        end = max(ends) if ends else min(latest if following is None else following, latest)
        if filled:
            yield Cue(start, max(round(end, 3), start + TICK), filled)


def pieces_of(line: TimedLine) -> list[Piece]:
    """The text of a line, cut where its words begin; the whole of it where they are not all found in it.

    Starts never decrease.

    Examples
    --------
    >>> from alcca.texts.lines import TimedWord
    >>> pieces_of(TimedLine("Oh, copper pots", 1.0, words=(TimedWord(2.0, "copper", 2.4), TimedWord(3.0, "pots"))))
    [Piece(text='Oh, ', start=1.0, end=None), Piece(text='copper ', start=2.0, end=2.4), \
Piece(text='pots', start=3.0, end=None)]
    """
    starts: list[tuple[int, float, float | None]] = []
    place = 0
    time = line.start or 0.0
    for word in line.words:
        written = one_line(word.text)
        at = line.text.find(written, place)
        if at < 0 or not written:
            return [Piece(line.text, None, None)]
        place = at + len(written)
        if word.start is not None:
            time = max(time, word.start)
            starts.append((at, time, word.end if word.end is not None and word.end > time else None))
    if not starts:
        return [Piece(line.text, None, None)]
    # Readers take what stands before the first stamp for no part of the line.
    if starts[0][0] > 0:
        starts.insert(0, (0, min(line.start or 0.0, starts[0][1]), None))
    bounds = [at for at, *_ in starts] + [len(line.text)]
    return [
        Piece(line.text[at:to], start, end) for (_, start, end), (at, to) in zip(starts, pairwise(bounds), strict=True)
    ]


def one_line(text: str) -> str:
    r"""A text on one line, with single spaces, without the characters that files of text cannot hold.

    Examples
    --------
    >>> one_line("  Copper\x00\n pots\u2028 ")
    'Copper pots'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    kept = "".join(" " if unicodedata.category(one) == "Cc" else one for one in UNWRITABLE.sub("", text))
    return " ".join(kept.encode("utf-8", "replace").decode().split())


def _thousandths(line: TimedLine) -> float:
    return round(line.start or 0.0, 3)
