"""How Japanese lyrics are read aloud, by SudachiPy's dictionary, if the extra ``japanese`` is installed.

Typed kana, and Latin letters, then find a song that is written with Han characters. Chinese lyrics need nothing like
it: each character has one reading in most words, which the folding gives it (`alcca.matching.folding`).
"""

import functools
import importlib.util
import re
from typing import Any

__all__ = ["has_dictionary", "in_kana"]

HAN = re.compile("[々\u3400-\u4dbf\u4e00-\u9fff]")
KANA = re.compile("[\u3041-\u30ff]")


def in_kana(text: str) -> str:
    """A text with its words in Han characters as they are read, in katakana; unchanged without kana or dictionary.

    Examples
    --------
    >>> in_kana("銀河の鉄道") in ("ギンガのテツドウ", "銀河の鉄道")
    True
    >>> in_kana("河水流过旧桥")
    '河水流过旧桥'
    """
    if not KANA.search(text) or not HAN.search(text) or not has_dictionary():
        return text
    return "\n".join(map(_line_in_kana, text.split("\n")))


@functools.cache
def has_dictionary() -> bool:
    """Whether the extra ``japanese`` is installed."""
    return all(importlib.util.find_spec(name) for name in ("sudachipy", "sudachidict_small"))


def _line_in_kana(line: str) -> str:
    # The tokenizer takes 49,149 bytes at most.
    if not HAN.search(line) or len(line) > 10_000:
        return line
    return "".join(
        word.reading_form() if HAN.search(word.surface()) else word.surface() for word in _tokenizer().tokenize(line)
    )


@functools.cache
def _tokenizer() -> Any:
    from sudachipy import Dictionary

    return Dictionary(dict="small").tokenizer()
