"""Lines of lyrics with their times, whatever format they were written in."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = [
    "Piece",
    "TimedLine",
    "TimedWord",
    "line_of",
    "lines_from_pieces",
    "lines_of",
    "seconds",
    "with_spaces",
]

# A start in seconds, or None, and the text that is sung from then on.
Piece = tuple[float | None, str]

WORD = re.compile(r"\S+")
# A line of so many letters without any space, in as many pieces, is no single word.
LONG_WORD = 20
MANY_PIECES = 4


@dataclass(frozen=True)
class TimedWord:
    """A word, or a character of a script without spaces, and when it is sung.

    Parameters
    ----------
    start : float or None
        In seconds; None where it is not sung.
    text : str
    end : float or None
        In seconds; None where it is not known.
    confidence : float or None
        That it is sung at this time, in [0, 1]; None where nothing was heard of the recording.
    """

    start: float | None
    text: str
    end: float | None = field(default=None, repr=False)
    confidence: float | None = field(default=None, repr=False)


@dataclass(frozen=True)
class TimedLine:
    """A line of lyrics.

    Parameters
    ----------
    text : str
        As it stands in the file, without times.
    start, end : float or None
        In seconds; None where the file does not say it.
    words : tuple of TimedWord
        Those whose times the file has; all of them where the times were heard in a recording.
    confidence : float or None
        That it is sung at this time, in [0, 1]; None where nothing was heard of the recording.
    """

    text: str
    start: float | None = None
    end: float | None = None
    words: tuple[TimedWord, ...] = ()
    confidence: float | None = field(default=None, repr=False)


def seconds(numbers: Sequence[str], fraction: str = "") -> float:
    """Seconds of a time of day, from hours, minutes and seconds, or fewer, and the digits behind the point.

    Examples
    --------
    >>> seconds(["1", "02"], "5"), seconds(["1", "00", "07"])
    (62.5, 3607.0)
    """
    whole = 0
    for number in numbers:
        whole = 60 * whole + int(number)
    return whole + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)


def line_of(pieces: Sequence[Piece], *, end: float | None = None, start: float | None = None) -> TimedLine:
    """A line from its pieces: the words or syllables between two stamps, with the spaces as they stand in the file.

    Examples
    --------
    >>> line_of([(1.0, "Cop"), (1.5, "per "), (2.0, "lan"), (2.5, "terns")])
    TimedLine(text='Copper lanterns', start=1.0, end=None, words=(TimedWord(start=1.0, text='Copper'), \
TimedWord(start=2.0, text='lanterns')))
    """
    text = "".join(piece for _, piece in pieces)
    times: dict[int, float] = {}
    place = 0
    for time, piece in pieces:
        if time is not None and piece.strip():
            times[place + len(piece) - len(piece.lstrip())] = time
        place += len(piece)
    words: list[TimedWord] = []
    places = sorted(times)
    for word in WORD.finditer(text):
        # A syllable belongs to its word; in scripts without spaces each piece is a word.
        inside = places[bisect_left(places, word.start()) : bisect_left(places, word.end())]
        cuts = [at for at in inside if at == word.start() or _is_spaceless(text[at])]
        words += [TimedWord(times[at], text[at:to]) for at, to in pairwise([*cuts, word.end()])]
    first = min(times.values(), default=None) if start is None else start
    return TimedLine(" ".join(text.split()), first, end, tuple(words))


def with_spaces(lines: list[list[Piece]]) -> list[list[Piece]]:
    """The pieces of a file's lines, with spaces between them where the whole file has none: then each is a word."""
    inner = [piece for pieces in lines for _, piece in pieces[:-1]] + [
        piece for pieces in lines for _, piece in pieces[1:]
    ]
    if any(piece != piece.strip() or not piece for piece in inner):
        return lines
    return [_spaced(pieces) if _are_words(pieces) else pieces for pieces in lines]


def lines_from_pieces(pieces: Iterable[tuple[float, str]]) -> tuple[TimedLine, ...]:
    r"""Lines from texts with times, as in an ID3 frame ``SYLT``: a line break in a text begins a line.

    Where no text has one, each is a line.

    Examples
    --------
    >>> [line.text for line in lines_from_pieces([(1.0, "Cop"), (1.5, "per "), (2.0, "pot"), (3.0, "\nYou")])]
    ['Copper pot', 'You']
    """
    given = [(time, text.replace("\r\n", "\n").replace("\r", "\n")) for time, text in pieces]
    if not any("\n" in text for _, text in given):
        return tuple(line_of([piece]) for piece in given if piece[1].strip())
    lines: list[list[Piece]] = [[]]
    for time, text in given:
        first, *more = text.split("\n")
        lines[-1].append((time, first))
        lines += [[(time, part)] for part in more]
    return tuple(line_of(line) for line in lines if any(text.strip() for _, text in line))


def lines_of(starts: Iterable[tuple[float, TimedLine]]) -> tuple[TimedLine, ...]:
    """Lines in the order in which they are sung; those of the same time stay as they are, but each only once.

    Editors save a text behind itself, and karaoke files have a line on each of several layers.
    """
    kept: list[TimedLine] = []
    seen: set[tuple[float, str]] = set()
    for _, line in sorted(starts, key=lambda one: one[0]):
        if line.start is not None and line.text:
            if (line.start, line.text) in seen:
                continue
            seen.add((line.start, line.text))
        kept.append(line)
    return tuple(kept)


def _is_spaceless(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" and not unicodedata.name(character, "").startswith("HANGUL")


def _are_words(pieces: list[Piece]) -> bool:
    text = "".join(piece for _, piece in pieces)
    return (
        len(pieces) >= MANY_PIECES and len(text) > LONG_WORD and " " not in text and not any(map(_is_spaceless, text))
    )


def _spaced(pieces: list[Piece]) -> list[Piece]:
    return [(time, f"{piece} ") for time, piece in pieces]
