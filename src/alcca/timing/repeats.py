"""Lines that are written once and sung again: what marks in the text ask for, and what was heard where no line is."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from alcca.cleaning.sections import is_section_mark
from alcca.matching.folding import fold_letters
from alcca.matching.timed_lyrics import left_letters, matching_part
from alcca.texts.timed import TimedLine
from alcca.timing.lyric_words import LyricLine
from alcca.transcripts import Segment, Transcript

__all__ = ["Turn", "asked_turns", "found_turns", "heard_turns"]

# Nobody sings a line more often in a row than this; a text may say anything.
MOST_TIMES = 8
TIMES = re.compile(r"(?:^|[\s(\[:,])(?:[x×] ?(\d{1,2})|(\d{1,2}) ?[x×]|bis)(?=$|[\s)\],.])", re.IGNORECASE)
# What of a heading is no name: whose voice follows, brackets, how often, and the call to repeat.
NOT_NAME = re.compile(r"[:：|].*|[\[\](){}【】［］（）]|\brepeat\b|\bthe\b", re.IGNORECASE)
# A gap between two lines is looked at if it is so long, and so many letters were heard in it.
GAP_SECONDS, GAP_LETTERS = 3.0, 16
# Transcripts time their segments to within this.
SECONDS_ABOUT = 1.0
# So much of what was heard has to be equal to letters of the text, and of each line that is taken for sung again.
SHARE_EQUAL, SHARE_OF_LINE = 0.5, 0.5


class Turn(NamedTuple):
    """A line in the order in which lines are sung.

    Parameters
    ----------
    line : int
        Its number in the text.
    again : bool
        Whether it is one more time than the text has.
    """

    line: int
    again: bool = False


def asked_turns(lines: Sequence[LyricLine]) -> list[Turn]:
    r"""All lines in the order of the text, and again where marks ask for them.

    Marks are the name of a section without lines of its own ("(Chorus)"), and how often something is sung ("Chorus x2",
    "(x3)", "bis"): the section behind such a heading, the line that ends with it, or what is above a line of it.

    Examples
    --------
    >>> from alcca.timing.lyric_words import lyric_lines
    >>> lines = lyric_lines("[Chorus]\nOh my\n\nHello (x2)\n\n(Chorus)")
    >>> ["+" * again + lines[line].text for line, again in asked_turns(lines)]
    ['[Chorus]', 'Oh my', 'Hello (x2)', '+Hello (x2)', '(Chorus)', '+Oh my']
    """
    sections = _sections(lines)
    turns: list[Turn] = []
    ends: dict[int, tuple[range, int]] = {}
    for number, line in enumerate(lines):
        turns.append(Turn(number))
        mark, times = _mark(line), _times(line)
        if _has_words(line):
            if mark and times > 1 and number in sections:
                # A heading before words of its section.
                ends[sections[number][-1]] = (sections[number], times - 1)
            elif times > 1:
                turns += [Turn(number, True)] * (times - 1)
        elif (own := sections.get(number)) is not None:
            if times > 1:
                ends[own[-1]] = (own, times - 1)
        elif _name(mark):
            turns += [Turn(other, True) for other in _named(mark, lines, sections)] * times
        elif times > 1:
            turns += [Turn(other, True) for other in _above(number, lines)] * (times - 1)
        if number in ends:
            section, more = ends[number]
            turns += [Turn(other, True) for other in section if _has_words(lines[other])] * more
    return turns


def found_turns(turns: Sequence[Turn], found: Sequence[bool]) -> list[Turn | None]:
    """The same turns, with None in the place of those that are not sung, if the line has another one.

    A line that was found only where it is sung again has that turn instead of its own.

    Examples
    --------
    >>> found_turns([Turn(0), Turn(1), Turn(0, True), Turn(1, True)], [False, True, True, False])
    [None, Turn(line=1, again=False), Turn(line=0, again=False), None]
    """
    own = {turn.line for turn, is_found in zip(turns, found, strict=True) if is_found and not turn.again}
    instead: dict[int, int] = {}
    for number, (turn, is_found) in enumerate(zip(turns, found, strict=True)):
        if is_found and turn.line not in own:
            instead.setdefault(turn.line, number)
    left: list[Turn | None] = []
    for number, (turn, is_found) in enumerate(zip(turns, found, strict=True)):
        if turn.again:
            left.append(Turn(turn.line, instead.get(turn.line) != number) if is_found else None)
        else:
            left.append(None if turn.line in instead else turn)
    return left


def heard_turns(
    turns: Sequence[Turn], timed: Sequence[TimedLine], lines: Sequence[LyricLine], heard: Transcript
) -> list[Turn]:
    """The same turns, and more of them where lines of the text were heard between two of them.

    Parameters
    ----------
    turns : sequence of Turn
    timed : sequence of TimedLine
        The line of each turn, as it was found.
    lines : sequence of LyricLine
        Those of the text.
    heard : Transcript
    """
    timed = [_together(line) for line in timed]
    found = [number for number, line in enumerate(timed) if line.start is not None and line.end is not None]
    known = sorted({turns[number].line for number in found})
    written = [fold_letters(lines[number].sung) for number in known]
    left = _left(heard, [(timed[number], fold_letters(lines[turns[number].line].sung)) for number in found])
    more: list[Turn] = []
    before, ended = -1, 0.0
    for number in [*found, len(turns)]:
        begun = timed[number].start if number < len(turns) else heard.start + heard.seconds
        assert begun is not None
        letters = _letters_between(heard, left, ended, begun) if begun - ended >= GAP_SECONDS else ""
        inside = list(turns[before + 1 : number])
        # Headings stay with the lines below them.
        kept = max((place + 1 for place, turn in enumerate(inside) if _has_words(lines[turn.line])), default=0)
        more += inside[:kept]
        more += [Turn(known[place], True) for place in _heard_lines(letters, written)]
        more += inside[kept:]
        if number < len(turns):
            more.append(turns[number])
            ended = max(ended, timed[number].end or 0.0)
        before = number
    return more


def _heard_lines(letters: str, written: Sequence[str]) -> list[int]:
    """The lines that were heard, in order, some perhaps several times."""
    if len(letters) < GAP_LETTERS:
        return []
    part = matching_part("".join(written), letters)
    if len(part.equal) < GAP_LETTERS / 2 or len(part.equal) < SHARE_EQUAL * (part.end - part.begin):
        return []
    bounds = np.cumsum([0, *map(len, written)])
    equal = np.histogram(part.equal, bounds)[0]
    sung = np.flatnonzero(equal >= SHARE_OF_LINE * np.diff(bounds).clip(min=1))
    if not len(sung):
        return []
    return [
        *_heard_lines(letters[: part.begin], written),
        *range(int(sung[0]), int(sung[-1]) + 1),
        *_heard_lines(letters[part.end :], written),
    ]


def _together(line: TimedLine) -> TimedLine:
    """The line from the first to the last of its words that stand together: a single one may be far off."""
    groups: list[list[tuple[float, float]]] = [[]]
    for word in line.words:
        if word.start is None or word.end is None:
            continue
        if groups[-1] and word.start - groups[-1][-1][1] >= GAP_SECONDS:
            groups.append([])
        groups[-1].append((word.start, word.end))
    most = max(groups, key=len)
    return replace(line, start=most[0][0], end=most[-1][1]) if most else line


def _left(heard: Transcript, timed: Sequence[tuple[TimedLine, str]]) -> list[str]:
    """The letters of each segment without those of the lines that are sung in it."""
    left = []
    for segment in heard.segments:
        inside = [letters for line, letters in timed if _overlap(line, segment)]
        left.append(left_letters(fold_letters(segment.text), "".join(inside)))
    return left


def _overlap(line: TimedLine, segment: Segment) -> bool:
    assert line.start is not None
    assert line.end is not None
    both = min(line.end, segment.end) - max(line.start, segment.start)
    return both >= min(SECONDS_ABOUT, (line.end - line.start) / 2)


def _letters_between(heard: Transcript, left: Sequence[str], begin: float, end: float) -> str:
    return "".join(
        letters
        for segment, letters in zip(heard.segments, left, strict=True)
        if begin <= (segment.start + segment.end) / 2 <= end
    )


def _has_words(line: LyricLine) -> bool:
    """Whether it is a line of the song: "Chorus" alone could be sung, but a text that says it means the section."""
    return line.is_sung and not is_section_mark(line.text, certain=True)


def _mark(line: LyricLine) -> str:
    """What stands before the words that are sung."""
    if not _has_words(line):
        return line.text
    words = []
    for word in line.words:
        if word.sung:
            break
        words.append(word.text)
    return " ".join(words)


def _times(line: LyricLine) -> int:
    """How often a line says that it, or what it names, is sung."""
    marks = " ".join(word.text for word in line.words if not word.sung)
    found = TIMES.search(marks if _has_words(line) else line.text) or TIMES.search(line.words[-1].text)
    if found is None:
        return 1
    return min(MOST_TIMES, int(found[1] or found[2] or 2))


def _name(mark: str) -> str:
    return fold_letters(NOT_NAME.sub(" ", TIMES.sub(" ", mark)))


def _sections(lines: Sequence[LyricLine]) -> dict[int, range]:
    """The lines of each section, by the number of its heading; none of a heading that refers to another one."""
    found: dict[int, range] = {}
    for number, line in enumerate(lines):
        mark = _mark(line)
        if not _name(mark):
            continue
        first = number if _has_words(line) else number + 1
        end = first
        while (
            end < len(lines)
            and _has_words(lines[end])
            and (end == first or (lines[end].stanza == lines[first].stanza and not _name(_mark(lines[end]))))
        ):
            end += 1
        if end > first:
            found[number] = range(first, end)
    names = {number: _name(_mark(lines[number])) for number in found}
    for number in list(found):
        # A heading with a blank line behind it refers to lines that stand directly below the same name elsewhere.
        apart = lines[found[number][0]].stanza > lines[number].stanza
        close = any(
            name == names[number] and lines[found[other][0]].stanza == lines[other].stanza
            for other, name in names.items()
            if other in found
        )
        if apart and close:
            del found[number]
    return found


def _named(mark: str, lines: Sequence[LyricLine], sections: dict[int, range]) -> list[int]:
    """The lines of the section that a mark refers to, or of one whose name differs only in its number."""
    name = _name(mark)
    plain = name.rstrip("0123456789")
    for wanted in (name, plain):
        for number, own in sections.items():
            other = _name(_mark(lines[number]))
            if wanted in (other, other.rstrip("0123456789")):
                return [line for line in own if _has_words(lines[line])]
    return []


def _above(number: int, lines: Sequence[LyricLine]) -> list[int]:
    """The lines above a mark, up to a blank line or a heading."""
    found: list[int] = []
    for other in range(number - 1, -1, -1):
        if not _has_words(lines[other]) or (found and lines[other].stanza != lines[found[-1]].stanza):
            break
        found.append(other)
    return found[::-1]
