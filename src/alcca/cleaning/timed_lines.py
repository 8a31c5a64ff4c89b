"""Cleaned lyrics with times: when each line is sung."""

import itertools

from alcca.cleaning.lyrics import clean_lines, clean_lyrics
from alcca.texts.timed import TimedLine, parse

__all__ = ["TimedText", "timed_lines"]

TimedText = list[tuple[float | None, str]]


def timed_lines(text: str) -> TimedText:
    r"""The cleaned lines of lyrics in the order in which they are sung, each with its start in seconds.

    Parameters
    ----------
    text : str
        The content of a file in any format that `alcca.texts.timed.parse` reads. A line with several stamps is repeated
        at each of them; a positive ``[offset:]`` makes all lines start earlier.

    Returns
    -------
    list of (float or None, str)
        Lines without a time follow the line above them. All times are None if the text has none; an empty line, or a
        mark such as ``[Chorus]``, becomes "" and separates two verses.

    Examples
    --------
    >>> timed_lines("[offset:500]\n[00:09.00][00:01.50]Oh la\n[00:04]<00:04.10>Hel<00:05>lo\n[Chorus]\nagain")
    [(1.0, 'Oh la'), (3.5, 'Hello'), (None, ''), (None, 'again'), (8.5, 'Oh la')]
    """
    read = parse(text)
    if read.format == "text":
        return [(None, line) for line in clean_lyrics(text).split("\n")]
    cleaned = clean_lines([line.text for line in read.lines])
    lines = [one for line, kept in zip(read.lines, cleaned, strict=True) for one in _timed(line, kept)]
    return list(itertools.dropwhile(lambda one: not one[1], lines))


def _timed(line: TimedLine, kept: list[str]) -> TimedText:
    """What is left of a line; a break inside of it has no time of its own."""
    return [(None if number or not text else line.start, text) for number, text in enumerate(kept)]
