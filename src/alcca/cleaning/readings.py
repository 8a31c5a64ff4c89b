"""Ruby: the readings that stand above or behind the characters of Japanese and Chinese texts.

Three ways to write them: HTML's ``<ruby>`` (W3C), brackets behind the characters, as people type them, and the marks of
Aozora Bunko's files, ``運命《さだめ》``, with ``｜`` where the base begins.
"""

import re
from collections.abc import Callable

__all__ = ["read_aloud", "readings", "without_readings"]

RUBY = re.compile(r"<ruby\b[^<>\n]{0,200}>((?:(?!</?ruby\b)[^\n]){0,1000}?)</ruby\s*>", re.IGNORECASE)
# A reading needs no end tag (HTML, 4.5.10).
READING = re.compile(r"<rt\b[^<>\n]{0,200}>([^<>\n]{0,200})(?:</rt\s*>)?", re.IGNORECASE)
# Brackets around a reading, for browsers that know no ruby.
PARENTHESIS = re.compile(r"<rp\b[^<>\n]{0,200}>[^<>\n]{0,5}(?:</rp\s*>)?", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
HAN = "\u2e80-\u2fdf\u3005-\u3007\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d\u309e\u30a1-\u30ff\uff66-\uff9f"
BEHIND = rf"\([{KANA}]{{1,24}}\)|（[{KANA}]{{1,24}}）|《[{KANA}]{{1,24}}》"
# Kana in brackets directly behind Han. ヶ and ヵ stand between Han, in words such as 三ヶ月.
BRACKETS = re.compile(rf"([{HAN}](?:[{HAN}ヶヵ]{{0,11}}[{HAN}])?)({BEHIND})(?:{BEHIND})*")
AOZORA = re.compile(r"[｜|]([^｜|《》\n]{1,30})(《[^《》\n]{1,40}》)")
# In brackets too, and sung: (ラララ), (ああ), (ウォウォ), (フー), (ヘイ).
SOUNDS = re.compile(
    r"(?:(.)\1{2,}|([ァ-ヶ]{1,3})\2+|あぁ|ああ|うう|ええ|んん|イェイ|イエイ|ヘイ|ウォウ|[ぁ-ゖァ-ヶ])[ー〜っッ]+"
    r"|(.)\3{2,}|([ァ-ヶ]{1,3})\4+|あぁ|ああ|うう|ええ|んん|イェイ|イエイ|ヘイ|ウォウ"
)


def without_readings(text: str) -> str:
    """A text without its readings: the characters alone.

    Examples
    --------
    >>> without_readings("<ruby>銀河<rp>(</rp><rt>ぎんが</rt><rp>)</rp></ruby>の運命(さだめ)、君(ラララ)")
    '銀河の運命、君(ラララ)'
    """
    return _replaced(text, lambda base, _: base)


def read_aloud(text: str) -> str:
    """A text with each reading in the place of its characters, as it is sung.

    Examples
    --------
    >>> read_aloud("<ruby>銀河<rt>ぎんが</rt></ruby>の運命(さだめ)")
    'ぎんがのさだめ'
    """
    return _replaced(text, lambda _, reading: reading)


def readings(text: str) -> list[tuple[str, str]]:
    """The characters that have readings, and the readings.

    Parameters
    ----------
    text : str
        Lyrics before they are cleaned, which removes the readings.

    Returns
    -------
    list of (str, str)
        In the order of HTML, then of marks, then of brackets.

    Examples
    --------
    >>> readings("運命(さだめ)の夜（よる）")
    [('運命', 'さだめ'), ('夜', 'よる')]
    """
    found: list[tuple[str, str]] = []

    def note(base: str, reading: str) -> str:
        found.append((base, reading))
        return base

    _replaced(text, note)
    return found


def _replaced(text: str, choose: Callable[[str, str], str]) -> str:
    if "<r" in text or "<R" in text:
        text = RUBY.sub(lambda match: _element(match[1], choose), text)
        text = READING.sub("", PARENTHESIS.sub("", text))
    if "《" in text:
        text = AOZORA.sub(lambda match: choose(match[1], match[2][1:-1]), text)
    if "(" in text or "（" in text or "《" in text:
        text = BRACKETS.sub(lambda match: _bracket(match, choose), text)
    return text


def _element(inside: str, choose: Callable[[str, str], str]) -> str:
    *pairs, rest = READING.split(PARENTHESIS.sub("", inside))
    bases = (TAG.sub("", base) for base in pairs[::2])
    return "".join(map(choose, bases, pairs[1::2])) + rest


def _bracket(match: re.Match[str], choose: Callable[[str, str], str]) -> str:
    reading = match[2][1:-1]
    return match[0] if SOUNDS.fullmatch(reading) else choose(match[1], reading)
