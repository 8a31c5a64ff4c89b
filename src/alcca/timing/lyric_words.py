"""Lyrics as words to be timed: what of each word is sung, and which are marks that are not."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

from alcca.cleaning.lyrics import clean_lines
from alcca.matching.folding import fold_letters
from alcca.texts.timed import parse

__all__ = ["LyricLine", "LyricWord", "lyric_lines"]

# At the end of a line without brackets, as cleaning leaves it.
HOW_OFTEN = re.compile(r"(?:^|\s)(?:[x×]\s?\d{1,2}|\d{1,2}\s?[x×])$", re.IGNORECASE)


@dataclass(frozen=True)
class LyricWord:
    """A word of lyrics, as white space separates them.

    Parameters
    ----------
    text : str
        As it stands in the lyrics.
    sung : str
        What of it is sung: "" of marks such as "[Chorus]" and "(x2)", and where it holds no letters.
    """

    text: str
    sung: str


@dataclass(frozen=True)
class LyricLine:
    """A line of lyrics that holds letters.

    Parameters
    ----------
    text : str
    words : tuple of LyricWord
    stanza : int
        How many blank lines, one or more together, stand above it.
    """

    text: str
    words: tuple[LyricWord, ...]
    stanza: int = 0

    @property
    def sung(self) -> str:
        """The words that are sung, with spaces between them; "" of a mark."""
        return " ".join(word.sung for word in self.words if word.sung)

    @property
    def is_sung(self) -> bool:
        """Whether any of it is sung."""
        return any(word.sung for word in self.words)


def lyric_lines(lyrics: str) -> tuple[LyricLine, ...]:
    r"""The lines of lyrics that hold letters, of a text in any format, and what of each word is sung.

    Examples
    --------
    >>> [[(word.text, word.sung) for word in line.words] for line in lyric_lines("[Chorus]\n[Am]Oh la (x2)\n♪")]
    [[('[Chorus]', '')], [('[Am]Oh', 'Oh'), ('la', 'la'), ('(x2)', '')]]
    """
    lines = [" ".join(line.text.split()) for line in parse(lyrics).lines]
    cleaned = [" ".join(rows) for rows in clean_lines(lines)]
    blank = [not line for line in lines]
    stanzas = accumulate(above and not here for above, here in zip([False, *blank], blank, strict=False))
    return tuple(
        LyricLine(line, _words(line, HOW_OFTEN.sub("", sung)), stanza)
        for line, sung, stanza in zip(lines, cleaned, stanzas, strict=True)
        if fold_letters(line)
    )


def _words(line: str, cleaned: str) -> tuple[LyricWord, ...]:
    words, sung = line.split(), cleaned.split()
    if words == sung:
        return tuple(LyricWord(word, word if fold_letters(word) else "") for word in words)
    found = [""] * len(words)
    for kind, first, last, begin, end in SequenceMatcher(None, words, sung, autojunk=False).get_opcodes():
        if kind == "equal":
            found[first:last] = sung[begin:end]
        elif kind == "replace" and last - first == end - begin:
            # Of a word with something around it that is not sung: [Am]Oh.
            found[first:last] = sung[begin:end]
        elif kind == "replace":
            # What is sung of them comes at the end, behind marks.
            kept = min(last - first, end - begin)
            found[last - kept : last] = sung[end - kept : end]
    return tuple(LyricWord(word, part if fold_letters(part) else "") for word, part in zip(words, found, strict=True))
