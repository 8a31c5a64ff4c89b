"""Lyrics as plain text: decoding, removal of everything that is not sung, comparison, and splitting into words."""

import html
import re
import unicodedata
from pathlib import Path

from alcca.errors import LyricsError
from alcca.songs.sections import is_section_line, is_section_mark

__all__ = ["clean_lyrics", "decode_text", "normalise_lyrics", "read_lyrics_file", "tokenize"]

# Far more than the longest opera libretto.
MAX_BYTES = 1_000_000
# Each level of nested marks takes a pass; the bound is for malicious texts.
MAX_PASSES = 20

LINE_STAMP = re.compile(r"\[\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\]")
WORD_STAMP = re.compile(r"<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>")
# [ar:Artist], [offset:+200]: the header lines of an LRC file.
LRC_TAG = re.compile(
    r"^\s*\[(?:ar|al|ti|au|by|re|ve|la|id|length|offset|tool|encoding|lang|composer|artist|title|album|author"
    r"|kana|sign|hash|total|key)\s*:[^\]\n]*\]\s*$",
    re.IGNORECASE | re.MULTILINE,
)
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,11})(\s[^<>]{0,2000})?\s?/?>")
BREAKING_TAGS = frozenset(
    "br p div li tr td th ul ol table h1 h2 h3 h4 h5 h6 hr section article blockquote".split()  # noqa: SIM905 - legible
)
INLINE_TAGS = frozenset(
    """a abbr b big body button center cite code dd del dl dt em figure font footer form head header html i iframe
    img input ins label link main mark meta nav noscript pre q s script small span strike strong style sub sup
    svg tbody tfoot thead title tt u var video audio""".split()  # noqa: SIM905 - legible
)
# A tag with attributes is markup; <3 and <oh yeah> are words.
ATTRIBUTE = re.compile(r"[\w:-]\s*=")
# The semicolon is required: R&B and rock&notroll are words.
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
BRACKETED = re.compile(r"([\[({])([^\[\](){}\n]{1,200})([\])}])")
SPACES = re.compile(r"[^\S\n]+")
BLANK_LINES = re.compile(r"\n{3,}")

# Text that lyrics sites add, on lines of its own, or attached to the first or last line.
JUNK_LINE = re.compile(
    r"^(?:you might also like|\d*embed|see .{1,80} liveget tickets.{0,40}|get tickets as low as \$\d+"
    r"|\d+ contributors?|submit corrections|lyrics powered by .{1,40}|\(\d{10,}\)"
    r"|.{0,20}this lyrics is not for commercial use.{0,20})$",
    re.IGNORECASE,
)
JUNK_START = re.compile(r"^\s*\d+ Contributors?[^\n]{0,300}? Lyrics\b")
JUNK_GLUED = re.compile(r"You might also like(?=\[)")
JUNK_END = re.compile(r"(?:(?<=[^\d\s])\d*|\b\d+)Embed\s*\Z")
INSTRUMENTAL = re.compile(
    r"(?:this (?:song|track) is (?:an )?)?instrumental(?: track| song)?[.!]?|\(?no lyrics\)?[.!]?", re.IGNORECASE
)


def clean_lyrics(text: str) -> str:
    r"""Reduce a text to the words that are sung, one line per sung line, in Unicode's composed form.

    This removes LRC stamps and header tags, section marks such as ``[Chorus]`` or ``Verse 2:`` on its own line, HTML,
    additions of lyrics sites, repeated blank lines and control characters. Brackets with anything but known section
    words are kept: ``[oh yeah]`` is sung. Cleaning a clean text changes nothing.

    Returns
    -------
    str
        Empty if nothing is sung: ``clean_lyrics("[Instrumental]") == ""``.

    Examples
    --------
    >>> clean_lyrics("[00:01.50][00:09.00]Hello &amp; goodbye<br>[Chorus]<br>[oh yeah]")
    'Hello & goodbye\n\n[oh yeah]'
    """
    text = unicodedata.normalize("NFC", _printable(text))
    for _ in range(MAX_PASSES):
        cleaned = _clean_once(text)
        if cleaned == text:
            break
        text = cleaned
    return text


def decode_text(data: bytes) -> str:
    """Decode a text file: UTF-8 or UTF-16 by its byte order mark, UTF-8 without one, else Windows-1252.

    Examples
    --------
    >>> decode_text("naïve".encode("cp1252"))
    'naïve'
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        # Five bytes are undefined in Windows-1252; every byte is defined in Latin-1.
        return data.decode("latin-1")


def read_lyrics_file(path: Path | str) -> str:
    """Read a ``.txt`` or ``.lrc`` file without cleaning it, and detect its encoding.

    Raises
    ------
    LyricsError
        The file cannot be read, is too large for lyrics, or is binary.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise LyricsError(f"{path.name}: no such file in {path.parent}")
        if not path.stat().st_size:
            # Some system files report size 0, and reading them never ends.
            return ""
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LyricsError(f"{path.name}: cannot be read ({error.strerror}); check its permissions") from error
    if len(data) > MAX_BYTES:
        raise LyricsError(f"{path.name}: larger than {MAX_BYTES:,} bytes, not lyrics; expected a text file")
    text = decode_text(data)
    # NUL bytes occur in UTF-16 without a byte order mark and in binary files.
    if text.count("\0") > len(text) // 10:
        raise LyricsError(f"{path.name}: is not a text file, expected lyrics in UTF-8")
    return text


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


def _clean_once(text: str) -> str:
    text = WORD_STAMP.sub(" ", LINE_STAMP.sub(" ", LRC_TAG.sub("", text)))
    text = JUNK_GLUED.sub("", JUNK_END.sub("", JUNK_START.sub("", text)))
    # A text that was escaped many times is unescaped in one pass instead of many.
    text = re.sub(r"&(?:amp;)+", "&amp;", _strip_html(text))
    text = ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = BRACKETED.sub(_without_section, _printable(text))
    lines = (SPACES.sub(" ", line).strip() for line in text.split("\n"))
    # The line of a mark becomes the blank line that separates the parts.
    kept = ("" if is_section_line(line) else line for line in lines if not JUNK_LINE.match(line))
    text = BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()
    return "" if INSTRUMENTAL.fullmatch(text) else unicodedata.normalize("NFC", text)


def _without_section(match: re.Match[str]) -> str:
    opening, inside, closing = match.groups()
    if opening + closing not in ("[]", "()", "{}"):
        return match[0]
    # Round brackets often enclose sung words: remove only marks that cannot be sung.
    return "" if is_section_mark(inside, certain=opening == "(") else match[0]


def _strip_html(text: str) -> str:
    if "<" not in text:
        return text
    for opening, closing in (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>")):
        text = _cut(text, opening, closing)
    return TAG.sub(_without_tag, text)


def _without_tag(match: re.Match[str]) -> str:
    name, attributes = match[2].lower(), match[3]
    if attributes and attributes.strip(" /") and not ATTRIBUTE.search(attributes):
        return match[0]
    if name in BREAKING_TAGS:
        return "\n"
    return "" if name in INLINE_TAGS else match[0]


def _cut(text: str, opening: str, closing: str) -> str:
    # Not a regular expression, which would be extremely slow on thousands of openings without a closing.
    lower = text.lower()
    # The lower-case form can be longer than the text (İ), so that positions would differ.
    if len(lower) != len(text):
        lower = text
    parts: list[str] = []
    position = 0
    while (begin := lower.find(opening, position)) >= 0 and (end := lower.find(closing, begin)) >= 0:
        parts.append(text[position:begin])
        position = end + len(closing)
    return "".join([*parts, text[position:]])


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


class _Printable(dict[int, str | None]):
    """A translation table to one kind of space and of line break; invisible characters become spaces."""

    def __missing__(self, code: int) -> str | None:
        kind = unicodedata.category(chr(code))
        result = chr(code)
        if kind == "Zs":
            result = " "
        elif kind in ("Zl", "Zp"):
            result = "\n"
        elif kind in ("Cc", "Cs", "Co", "Cn"):
            # A space, because such characters separate words: scores use a private-use character for an elision.
            result = " "
        self[code] = result
        return result


SPACELESS = ("CJK ", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "IDEOGRAPHIC")
APOSTROPHES = dict.fromkeys("'’‘ʼ＇`´", "'")
_SPLIT = _Characters(APOSTROPHES, digits=False, spaced=True)
_COMPARED = _Characters(dict.fromkeys(APOSTROPHES, ""), digits=True, spaced=False)
# The byte order mark, zero-width space, word joiner and soft hyphen have no meaning here; the joiners of Persian and
# Indic scripts do.
_PRINTABLE = _Printable({ord("\n"): "\n", 0xFEFF: None, 0x200B: None, 0x2060: None, 0xAD: None})


def _printable(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_PRINTABLE)
