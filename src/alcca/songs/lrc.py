"""Lyrics with times, as in LRC files: when each line is sung."""

import itertools
import re

from alcca.songs.lyrics import LINE_STAMP, clean_lyrics

__all__ = ["TimedText", "read_lrc", "sung_text"]

TimedText = list[tuple[float | None, str]]

OFFSET = re.compile(r"^\s*\[offset\s*:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE | re.MULTILINE)


def read_lrc(text: str) -> TimedText:
    r"""The cleaned lines of an LRC file in the order in which they are sung, each with its start in seconds.

    A line with several stamps is repeated at each of them. Lines without a stamp follow the line above them, with None
    as their time. Headers and section marks are removed.

    Parameters
    ----------
    text : str
        The file's content. A positive ``[offset:]``, in milliseconds, makes all lines start earlier.

    Returns
    -------
    list of (float or None, str)
        All times are None if the text has no stamps; an empty line, or a mark, becomes "" and separates two verses.

    Examples
    --------
    >>> read_lrc("[offset:500]\n[00:09.00][00:01.50]Oh la\n[00:04]<00:04.10>Hello <00:05>you\n[Chorus]\nagain")
    [(1.0, 'Oh la'), (3.5, 'Hello you'), (None, ''), (None, 'again'), (8.5, 'Oh la')]
    """
    header = OFFSET.search(text)
    offset = int(header[1]) / 1000 if header else 0.0
    # For each line: the time to sort by, its own time, and the text.
    timed: list[tuple[float, float | None, str]] = []
    last = 0.0
    for line in text.splitlines():
        times, rest = _stamps(line)
        cleaned = clean_lyrics(rest).split("\n")
        begins = [max(time - offset, 0.0) for time in times]
        for begin in begins or [last]:
            timed += [(begin, begin if begins else None, cleaned[0]), *((begin, None, more) for more in cleaned[1:])]
        last = begins[0] if begins else last
    # The sort is stable, so a line without a stamp stays below the line above it.
    lines = ((own, line) for _, own, line in sorted(timed, key=lambda one: one[0]))
    return list(itertools.dropwhile(lambda one: not one[1], lines))


def sung_text(text: str) -> str:
    r"""Lyrics as they are sung, cleaned: a line with several stamps in an LRC file is repeated at each of them.

    Examples
    --------
    >>> sung_text("[00:09.00][00:01.50]Oh la\n[00:04.00]Hello")
    'Oh la\nHello\nOh la'
    >>> sung_text("[Verse 1: Ana]\nHello\n\nOh la")
    'Hello\n\nOh la'
    """
    if not any(len(_stamps(line)[0]) > 1 for line in text.splitlines()):
        return clean_lyrics(text)
    return clean_lyrics("\n".join(line for _, line in read_lrc(text)))


def _stamps(line: str) -> tuple[list[float], str]:
    """Seconds of the stamps at the beginning of a line, and what follows."""
    times: list[float] = []
    rest = line.lstrip("\ufeff \t")
    while stamp := LINE_STAMP.match(rest):
        times.append(_seconds(stamp[0]))
        rest = rest[stamp.end() :].lstrip()
    return times, rest


def _seconds(stamp: str) -> float:
    minutes, seconds, *fraction = re.findall(r"\d+", stamp)
    return 60 * int(minutes) + float(f"{int(seconds)}.{fraction[0] if fraction else 0}")
