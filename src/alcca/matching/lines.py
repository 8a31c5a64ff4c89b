"""The line of lyrics that shows what an exact search has found."""

import itertools
from collections.abc import Sequence
from functools import lru_cache

from alcca.matching.exact_words import Term, count_terms, terms

__all__ = ["line_to_show"]

# Words of a pasted text that are used to choose a line.
MAX_WORDS = 64
# Fits beside a rank in a terminal, or into three lines on a phone.
MAX_LINE_CHARACTERS = 100


def line_to_show(lyrics: str, words: str = "", aloud: str | None = None) -> str:
    r"""Choose a line of lyrics: the one with most of ``words``, as an exact search finds them, else the first.

    ``aloud`` are the same lines as they are read aloud, in which words may be found too.

    Long lines are shortened around the first of the words, with "…" for omissions.

    Examples
    --------
    >>> line_to_show("Früh am Morgen", "fruh")
    'Früh am Morgen'
    >>> line_to_show("In the dark\nDon’t be afraid of the dark", "dark afraid dont")
    'Don’t be afraid of the dark'
    >>> len(line_to_show("la " * 100))
    100
    """
    lines, read = _lines(lyrics), _lines(aloud or "")
    number, at = _best(lines, _terms(words))
    if at < 0:
        number, at = _best(read if len(read) == len(lines) else [], _terms(words))[0], 0
    line = lines[number] if lines else ""
    if len(line) <= MAX_LINE_CHARACTERS:
        return line
    room = MAX_LINE_CHARACTERS - 2
    start = min(max(at - room // 3, 0), len(line) - room)
    end = start + room
    return ("…" if start else "") + line[start : end + (not start)] + ("…" if end < len(line) else "")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _best(lines: Sequence[str], wanted: tuple[Term, ...]) -> tuple[int, int]:
    """The number of the first line with most of the wanted terms, and where the first of them is in it; else 0, -1."""
    best, most, at = 0, 0, -1
    for number, line in enumerate(lines if wanted else ()):
        count, place = count_terms(line, wanted)
        if count > most:
            best, most, at = number, count, place
    return best, at


@lru_cache(maxsize=16)
def _terms(words: str) -> tuple[Term, ...]:
    """The first different words of a text; cached, as all songs of a search share the text."""
    return tuple(itertools.islice(terms(words), MAX_WORDS))
