"""The words of a text for exact search, folded as `alcca.matching.folding` folds, and the terms of a query.

Where spaces make words, a token is a folded word; in scripts without spaces, and in Hangul, it is one character, and a
run of characters is searched as a phrase. A compound (don't, merry-go-round, R.E.M.) is both its parts and one word.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from alcca.matching.characters import is_joined, is_spaceless, latin, variant
from alcca.matching.folding import APOSTROPHES, compose

__all__ = ["Term", "count_terms", "index_form", "terms"]

JOINT = "'"
# What joins the parts of a compound: apostrophes, hyphens, the full stops of an abbreviation, the Persian half-space.
JOINTS = frozenset(APOSTROPHES + "-‐‑־״.\u200c")
# Characters without a sound of their own that stand for one: they repeat the last character, or are a zero.
SIGNS = frozenset("々〆〇")


class _Spelling(dict[int, str | None]):
    """The spelling of each code point: letters, a token between spaces, a joint, a space, or None for nothing."""

    def __missing__(self, code: int) -> str | None:
        self[code] = _spelling(chr(code))
        return self[code]


def _spelling(character: str) -> str | None:
    if character in JOINTS:
        return JOINT
    wide = unicodedata.normalize("NFKC", character)
    if any(map(is_spaceless, wide)) and unicodedata.category(character) not in ("Nd", "So"):
        return "".join(f" {variant(one)} " for one in wide if latin(one) or one in SIGNS) or None
    return latin(character) or (None if is_joined(character) else " ")


SPELLING = _Spelling()
# German and Scandinavian letters, and how people write them who lack the key. Without accents they are a, o and u.
DIGRAPHS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
TO_DIGRAPHS = str.maketrans({**DIGRAPHS, **{letter.upper(): form for letter, form in DIGRAPHS.items()}})
# A token, and the place of its first character in the text.
_Placed: TypeAlias = tuple[str, int]


def _spelt(text: str) -> str:
    """Folded words and single characters between spaces, the parts of a compound with an apostrophe between them."""
    return unicodedata.normalize("NFC", compose(text)).translate(SPELLING)


def _in_digraphs(text: str) -> str:
    """The same with ae for ä; empty if the text has no such letters."""
    text = unicodedata.normalize("NFC", text)
    return (
        "" if text.isascii() or TO_DIGRAPHS.keys().isdisjoint(map(ord, text)) else _spelt(text.translate(TO_DIGRAPHS))
    )


def _wholes(spelt: str, in_digraphs: str) -> Iterator[list[str]]:
    """For each piece other forms as one word: of a compound, and with digraphs.

    Parts with more than one sign between them are no compound (well… hello).
    """
    pieces = spelt.split()
    for piece, other in zip(pieces, in_digraphs.split() or pieces, strict=True):
        inner = piece.strip(JOINT)
        forms = [inner.replace(JOINT, "")] if JOINT in inner and JOINT * 2 not in inner else []
        if other != piece and JOINT * 2 not in inner:
            forms.append(other.replace(JOINT, ""))
        yield forms


def index_form(text: str) -> tuple[str, str]:
    """The tokens of a text between spaces, and other forms: compounds as one word, ä as ae.

    Examples
    --------
    >>> words, others = index_form("Don’t cross the Øresund, 旧橋!")
    >>> words.split(), others
    (['don', 't', 'cross', 'the', 'oresund', '旧', '桥'], 'dont oeresund')
    """
    spelt = _spelt(text)
    return spelt.replace(JOINT, " "), " ".join(itertools.chain(*_wholes(spelt, _in_digraphs(text))))


class Term(NamedTuple):
    """A word of a query: tokens that stand together, or ``compound``, the same as one word, or with digraphs."""

    tokens: tuple[str, ...]
    compound: str | None = None

    @property
    def is_word(self) -> bool:
        """Whether its last token is a word of which more may follow, not a single character of a run."""
        return len(self.tokens[-1]) > 1 and self.tokens[-1].isascii()


def terms(text: str, longest: int = 8) -> Iterator[Term]:
    """The words of a query in their order, each once; a chain of more than ``longest`` tokens is cut.

    Examples
    --------
    >>> [term.tokens for term in terms("Früh fruh, 旧桥 DON'T ... *")]
    [('fruh',), ('旧', '桥'), ('don', 't')]
    >>> next(terms("DON'T"))
    Term(tokens=('don', 't'), compound='dont')
    """
    seen: set[tuple[str, ...]] = set()
    for word in text.split():
        for term in _terms_of(word, longest):
            if term.tokens not in seen:
                seen.add(term.tokens)
                yield term


def _terms_of(word: str, longest: int) -> Iterator[Term]:
    run: list[str] = []
    spelt = _spelt(word)
    for piece, wholes in (*zip(spelt.split(), _wholes(spelt, _in_digraphs(word)), strict=True), ("", [])):
        compound = wholes[0] if wholes else None
        parts = piece.replace(JOINT, " ").split()
        if compound is None and piece:
            run += parts
            continue
        yield from (Term(tuple(run[start : start + longest])) for start in range(0, len(run), longest))
        run = []
        for start in range(0, len(parts), longest):
            yield Term(tuple(parts[start : start + longest]), compound if len(parts) <= longest else None)


def count_terms(text: str, wanted: Iterable[Term], last_begins: bool = True) -> tuple[int, int]:
    """How many terms a text contains, and the place of the first one's character; (0, -1) for none.

    Parameters
    ----------
    text : str
        In composed form (NFC), as lyrics are kept.
    wanted : iterable of Term
    last_begins : bool
        The last term may be the beginning of a word.

    Examples
    --------
    >>> count_terms("夜里的河水流过旧桥", terms("旧桥"))
    (1, 7)
    >>> count_terms("My heart is an Øre", terms("art ore is"))
    (2, 9)
    """
    words, compounds = _placed(text)
    wanted = list(wanted)
    places = [
        _places(term, words, compounds, last_begins and number == len(wanted) - 1 and term.is_word)
        for number, term in enumerate(wanted)
    ]
    return sum(map(bool, places)), min((place for found in places for place in found), default=-1)


def _places(term: Term, words: list[_Placed], compounds: list[_Placed], begins: bool) -> list[int]:
    """Where a text has a term, as its parts or as one word."""
    *before, last = term.tokens
    size = len(before)
    found = [
        words[end - size][1]
        for end, (token, _) in enumerate(words)
        if end >= size
        and (token.startswith(last) if begins else token == last)
        and all(words[end - size + i][0] == part for i, part in enumerate(before))
    ]
    whole = term.compound or last
    if term.compound or not before:
        joined = (*words, *compounds) if term.compound else compounds
        found += (place for token, place in joined if (token.startswith(whole) if begins else token == whole))
    return found


def _placed(text: str) -> tuple[list[_Placed], list[_Placed]]:
    """The tokens of a text and its compounds, each with the place of its first character."""
    words: list[_Placed] = []
    compounds: list[_Placed] = []
    spelling = [SPELLING[ord(character)] or "" for character in compose(text)]
    starts = [place for place, one in enumerate(spelling) for _ in one]
    spelt = "".join(spelling)
    begin = 0
    for piece, wholes in zip(spelt.split(), _wholes(spelt, _in_digraphs(text)), strict=True):
        begin = spelt.index(piece, begin)
        compounds += ((whole, starts[begin]) for whole in wholes)
        within = begin
        for part in piece.replace(JOINT, " ").split():
            within = spelt.index(part, within)
            words.append((part, starts[within]))
            within += len(part)
        begin += len(piece)
    return words, compounds
