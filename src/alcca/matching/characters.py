"""One character in its plainest form: without case, accents, points, width and variants.

Two forms. `latin` transliterates, for the comparison of whole texts; `variant` keeps the script, for single characters
of scripts without spaces, of which the transliteration would confuse too many.
"""

import functools
import unicodedata
from typing import Any

__all__ = ["is_joined", "is_spaceless", "latin", "variant"]

ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")

# Letters of Hebrew and Arabic that `anyascii` gives no letter, or the same as another common letter: without these
# "with" and "people" would be one word in Hebrew. Alef in all its forms, and the two letters that end as ya, are alike.
SEMITIC = {
    "א": "a", "ע": "e", "ש": "sh", "ח": "ch", "װ": "vv", "ױ": "vy", "ײ": "yy",
    "ا": "a", "ٱ": "a", "ع": "e", "ى": "y", "ی": "y",
}  # fmt: skip
# Their points are written in textbooks, prayers and songs for children, and nowhere else.
POINTED = ("HEBREW ", "ARABIC ", "SYRIAC ")
# Not part of a title or a line, although they have letters.
MARKS = frozenset("™℠©®℗")
# Canonical combining classes of marks that make another letter: none, and the voicing marks of kana.
LETTER_MARKS = (0, 8)

# Scripts without spaces between words, and Hangul, whose particles hang on words: inclusive ranges of code points.
SPACELESS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),  # 々〆〇
    (0x3040, 0x30FF),  # kana
    (0x3100, 0x31FF),  # Bopomofo, Hangul letters, small kana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA000, 0xA4CF),  # Yi
    (0xA960, 0xA97F),  # Hangul letters
    (0xA980, 0xA9FF),  # Javanese, more of Myanmar
    (0xAA60, 0xAADF),  # more of Myanmar, Tai Viet
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han
    (0x20000, 0x323AF),
)
# Katakana have the code points of hiragana, shifted.
KATAKANA = range(0x30A1, 0x30F7)
TO_HIRAGANA = 0x60


def latin(character: str) -> str:
    """A character in the letters a to z and the digits; empty for what is no letter and no digit.

    Examples
    --------
    >>> "".join(map(latin, "Ø ﬁ й ё Ω 旧 ا أ ى"))
    'ofiieojiuaay'
    >>> latin("😀"), latin("ְ"), latin("²")
    ('', '', '2')
    """
    from anyascii import anyascii

    parts = _parts(character)
    if parts != character:
        return "".join(map(latin, parts))
    if character in SEMITIC:
        return SEMITIC[character]
    kind = unicodedata.category(character)
    if character in MARKS or kind[0] == "S" or (kind == "Mn" and unicodedata.name(character, "").startswith(POINTED)):
        return ""
    return "".join(letter for letter in anyascii(variant(character)).lower() if letter in ALPHABET)


def variant(character: str) -> str:
    """A character in the form that stands for all its variants; the script stays.

    Han characters become simplified ones, also those of Japan; katakana become hiragana.

    Examples
    --------
    >>> "".join(map(variant, "國国氣気カか"))
    '国国气气かか'
    """
    code = ord(character)
    if code in KATAKANA:
        return chr(code - TO_HIRAGANA)
    if 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x323AF:
        japanese, traditional = _converters()
        simplified = str(traditional.convert(japanese.convert(character)))
        return simplified if len(simplified) == 1 else character
    return character


def is_spaceless(character: str) -> bool:
    """Whether a character is of a script that writes no spaces between words.

    Examples
    --------
    >>> is_spaceless("桥"), is_spaceless("물"), is_spaceless("é"), is_spaceless("。")
    (True, True, False, False)
    """
    code = ord(character)
    return any(first <= code <= last for first, last in SPACELESS) and unicodedata.category(character)[0] in "LMN"


def is_joined(character: str) -> bool:
    """Whether a character without a letter of its own stands inside of words: a point, a tatweel, a joiner.

    Examples
    --------
    >>> is_joined("ـ"), is_joined("\u200d"), is_joined(" "), is_joined("…")
    (True, True, False, False)
    """
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind == "Cf"


def _parts(character: str) -> str:
    """What a character is composed of, without accents; itself if it is a letter of its own."""
    parts = unicodedata.normalize("NFD", character)
    if len(parts) > 1 and any(unicodedata.combining(mark) in LETTER_MARKS for mark in parts[1:]):
        return character
    if parts == character and (
        unicodedata.category(character) == "So" or unicodedata.name(character, "").startswith(POINTED)
    ):
        # Letters in circles, and the presentation forms of Hebrew and Arabic.
        parts = unicodedata.normalize("NFKC", character)
    return character if character in MARKS else parts


@functools.cache
def _converters() -> tuple[Any, Any]:
    from opencc import OpenCC

    return OpenCC("jp2t"), OpenCC("t2s")
