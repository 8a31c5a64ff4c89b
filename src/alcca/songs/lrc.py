"""Lyrics with times: which line is sung when, as LRC files write it."""

import itertools
import re

from alcca.songs.lyrics import LINE_STAMP, clean_lyrics

__all__ = ["TimedText", "read_lrc", "sung_text"]

TimedText = list[tuple[float | None, str]]

OFFSET = re.compile(r"^\s*\[offset\s*:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE | re.MULTILINE)


def read_lrc(text: str) -> TimedText:
    r"""The lines of an LRC file in the order in which they are sung, cleaned, each with the second at which it begins.

    A line with several stamps stands at each of them. Lines without a stamp follow the line that they stand below, with
    None for their time. Headers and section marks are left out.

    Parameters
    ----------
    text : str
        The file. A positive ``[offset:]``, in milliseconds, lets all lines come sooner.

    Returns
    -------
    list of (float or None, str)
        All times None where the text has no stamps; "" for an empty line, or a mark, which parts two verses.

    Examples
    --------
    >>> read_lrc("[offset:500]\n[00:09.00][00:01.50]Oh la\n[00:04]<00:04.10>Hello <00:05>you\n[Chorus]\nagain")
    [(1.0, 'Oh la'), (3.5, 'Hello you'), (None, ''), (None, 'again'), (8.5, 'Oh la')]
    """
    told = OFFSET.search(text)
    offset = int(told[1]) / 1000 if told else 0.0
    # Each line has the time by which it is put in order, and its own.
    found: list[tuple[float, float | None, str]] = []
    last = 0.0
    for line in text.splitlines():
        times, rest = _stamps(line)
        cleaned = clean_lyrics(rest).split("\n")
        begins = [max(time - offset, 0.0) for time in times]
        for begin in begins or [last]:
            found += [(begin, begin if begins else None, cleaned[0]), *((begin, None, more) for more in cleaned[1:])]
        last = begins[0] if begins else last
    # Stable: what has no stamp stays below its line.
    lines = ((own, line) for _, own, line in sorted(found, key=lambda one: one[0]))
    return list(itertools.dropwhile(lambda one: not one[1], lines))


def sung_text(text: str) -> str:
    r"""Lyrics as they are sung, cleaned: a line that an LRC file stamps several times stands at each of its places.

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
