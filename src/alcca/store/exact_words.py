"""The words of an exact search, as SQLite's full-text index is asked for them, in a number that can be looked up."""

import re
import unicodedata

from alcca.errors import UsageError

__all__ = ["MAX_WORDS", "phrases"]

# More than a song has that is not a play. The time grows with the square of the number, for words that are in a song.
MAX_WORDS = 500
# Words that hang together, as in merry-go-round, are looked up as one phrase, and a longer chain in pieces.
MAX_PHRASE = 8
# As the tokenizer unicode61 cuts: letters, numbers, private characters, and accents that stand on their own.
TOKEN = re.compile("(?:[^\\W_]|[\u0300-\u036f\ue000-\uf8ff])+")


def phrases(text: str) -> list[str]:
    """The different words of a text, in the query language of FTS5.

    The same word again adds nothing but time, of which FTS5 takes more and more for each; neither do other accents,
    another case or other signs about it.

    Raises
    ------
    UsageError
        More different words than `MAX_WORDS`.

    Examples
    --------
    >>> phrases("Früh fruh, FRÜH! am merry-go-round OR *")
    ['"Früh"', '"am"', '"merry go round"', '"OR"']
    """
    found: dict[tuple[str, ...], str] = {}
    words = 0
    for word in text.split():
        tokens = TOKEN.findall(word)
        for start in range(0, len(tokens), MAX_PHRASE):
            phrase = tokens[start : start + MAX_PHRASE]
            plain = tuple(map(_plain, phrase))
            words += 0 if plain in found else len(phrase)
            if words > MAX_WORDS:
                raise UsageError(f"an exact search takes at most {MAX_WORDS} different words; give fewer of them")
            found.setdefault(plain, '"' + " ".join(phrase) + '"')
    return list(found.values())


def _plain(token: str) -> str:
    """A word as the index knows it, or nearly so."""
    letters = unicodedata.normalize("NFD", token.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
