"""The words of an exact search as a query for SQLite's full-text index, and a limit to their number."""

import re
import unicodedata

from alcca.errors import UsageError

__all__ = ["MAX_WORDS", "phrases"]

# More different words than a song has. The time for words of one song grows with the square of their number.
MAX_WORDS = 500
# Hyphenated words such as merry-go-round are looked up as one phrase, a longer chain in pieces of this many words.
MAX_PHRASE = 8
# The tokens of SQLite's tokenizer unicode61: letters, numbers, private-use characters and combining accents.
TOKEN = re.compile("(?:[^\\W_]|[\u0300-\u036f\ue000-\uf8ff])+")


def phrases(text: str) -> list[str]:
    """The different words of a text, in the query language of FTS5.

    A repeated word adds only time to the search, and so does a word that differs only in accents, case or punctuation.

    Raises
    ------
    UsageError
        More different words than `MAX_WORDS`.

    Examples
    --------
    >>> phrases("Früh fruh, FRÜH! am merry-go-round OR *")
    ['"Früh"', '"am"', '"merry go round"', '"OR"']
    """
    phrase_of: dict[tuple[str, ...], str] = {}
    words = 0
    for word in text.split():
        tokens = TOKEN.findall(word)
        for start in range(0, len(tokens), MAX_PHRASE):
            phrase = tokens[start : start + MAX_PHRASE]
            plain = tuple(map(_plain, phrase))
            words += 0 if plain in phrase_of else len(phrase)
            if words > MAX_WORDS:
                raise UsageError(f"an exact search takes at most {MAX_WORDS} different words; give fewer of them")
            phrase_of.setdefault(plain, '"' + " ".join(phrase) + '"')
    return list(phrase_of.values())


def _plain(token: str) -> str:
    """A word in about the form in which the index stores it."""
    letters = unicodedata.normalize("NFD", token.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
