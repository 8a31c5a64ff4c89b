"""Lyrics as plain text: comparison, and splitting into words."""

import unicodedata

__all__ = ["normalise_lyrics", "tokenize"]


def normalise_lyrics(text: str) -> str:
    r"""Reduce lyrics to a form for comparing the words of two songs, without case, punctuation and line breaks.

    Examples
    --------
    >>> normalise_lyrics("Don't stop —\nME now!") == normalise_lyrics("don’t stop me now")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_COMPARED).split())


def tokenize(text: str) -> list[str]:
    """Split a text into words of any script, casefolded, without digits.

    Apostrophes inside words are kept. In scripts without spaces between words (Han, kana, Thai and related ones) each
    character is a token.

    Examples
    --------
    >>> tokenize("Don’t go, 2 Hearts — 恋の歌")
    ["don't", 'go', 'hearts', '恋', 'の', '歌']
    """
    pieces = unicodedata.normalize("NFKC", text).casefold().translate(_SPLIT).split()
    return [word for piece in pieces if (word := piece.strip("'"))]


class _Characters(dict[int, str]):
    """A translation table that computes the replacement of a code point when it first occurs."""

    def __init__(self, special: dict[str, str], *, digits: bool, spaced: bool) -> None:
        super().__init__({ord(key): value for key, value in special.items()})
        self._digits, self._spaced = digits, spaced

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        if self._spaced and unicodedata.name(character, "").startswith(SPACELESS):
            result = f" {character} "
        elif kind[0] in "LM" or (self._digits and kind[0] == "N"):
            result = character
        else:
            result = " "
        self[code] = result
        return result


SPACELESS = ("CJK ", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "IDEOGRAPHIC")
APOSTROPHES = dict.fromkeys("'’‘ʼ＇`´", "'")
_SPLIT = _Characters(APOSTROPHES, digits=False, spaced=True)
_COMPARED = _Characters(dict.fromkeys(APOSTROPHES, ""), digits=True, spaced=False)
