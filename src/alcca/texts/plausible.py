"""Whether a decoded text can be what its author wrote, or is mojibake: bytes read in the wrong encoding."""

import re
import unicodedata
from collections import Counter
from functools import cache

__all__ = ["is_plausible", "main_script"]

# A share of impossible characters above this one is no matter of a typing error.
MAX_IMPOSSIBLE = 0.1
# Vietnamese has the most accents of all languages in Latin letters, on a third of its letters. Cyrillic, Greek or Thai
# read as Windows-1252 has them on nearly all.
MAX_ACCENTED = 0.5
MIN_ACCENTED = 4
# Between letters these are written: l’amour, l·l, aujourd´hui, rock–n–roll, wait…what, “so”it.
JOINING = frozenset("’‘ʼ´`·‐‑–—…“”•\xad・ー々〜～ªº") | {"\u200c", "\u200d"}
WORD = re.compile(r"[^\s\x00-\x26\x28-\x2c\x2e-\x40\x5b-\x60\x7b-\x7f]+")
# Scripts that one word mixes.
MIXED = (frozenset({"CJK", "HIRAGANA", "KATAKANA"}), frozenset({"CJK", "HANGUL"}))


def is_plausible(text: str) -> bool:
    """Whether few of a text's characters stand where no writer puts them.

    Impossible are characters without a meaning, lines of boxes, signs and capitals in the middle of a word, words of
    two alphabets, and Latin text with more accented letters than plain ones.

    Examples
    --------
    >>> is_plausible("Über den Dächern"), is_plausible("Ночная река")
    (True, True)
    >>> is_plausible("Ãœber den DÃ¤chern"), is_plausible("Íî÷íàÿ ðåêà")
    (False, False)
    """
    total = impossible = accented = plain = 0
    for word in WORD.findall(text):
        if word.isascii():
            plain += sum(map(str.isalpha, word))
            continue
        total += sum(character > "\x7f" for character in word)
        impossible += _impossible(word)
        for character in word:
            if _script(character) == "LATIN":
                accented += character > "\x7f"
                plain += character <= "\x7f"
    if not total:
        return True
    if accented >= MIN_ACCENTED and accented > MAX_ACCENTED * (accented + plain):
        return False
    return impossible <= MAX_IMPOSSIBLE * total


def main_script(text: str) -> tuple[str, float]:
    """The script of most of a text's letters beyond ASCII, and its share of them; ("LATIN", 1.0) without any.

    Japanese and Chinese characters count as one script.
    """
    scripts = Counter(
        "CJK" if script in MIXED[0] else script
        for character in text
        if character > "\x7f" and (script := _script(character))
    )
    if not scripts:
        return "LATIN", 1.0
    script, count = scripts.most_common(1)[0]
    return script, count / scripts.total()


def _impossible(word: str) -> int:
    """How many characters of a word cannot stand there."""
    bad = 0
    scripts: set[str] = set()
    before = ""
    for place, character in enumerate(word):
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cn", "Co", "Cs") or character == "\ufffd" or "\u2500" <= character <= "\u259f":
            bad += 1
        elif kind[0] in "SPN":
            # ¹ and ½ behind a letter are ą and ż of Windows-1250.
            inside = before.isalpha() and (kind == "No" or word[place + 1 : place + 2].isalpha())
            bad += inside and character > "\x7f" and character not in JOINING and not _is_wide(character)
        elif kind == "Lu" and unicodedata.category(before or " ") == "Ll":
            bad += character > "\x7f" or before > "\x7f"
        if script := _script(character):
            scripts.add(script)
        before = character
    if len(scripts) > 1 and not any(scripts <= mixed | {"LATIN"} for mixed in MIXED):
        bad += sum(character > "\x7f" for character in word)
    return bad


def _is_wide(character: str) -> bool:
    # 「」、。 stand between Chinese characters without spaces.
    return unicodedata.east_asian_width(character) in "WF"


@cache
def _script(character: str) -> str:
    # Thai's vowels are marks.
    if not character.isalpha() and unicodedata.category(character)[0] != "M":
        return ""
    name = unicodedata.name(character, "")
    return (
        ""
        if name.startswith(("MODIFIER", "FEMININE", "MASCULINE", "MICRO", "COMBINING", "VARIATION"))
        else name.partition(" ")[0]
    )
