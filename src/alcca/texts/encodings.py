"""Bytes to text: Unicode by its own signs, older encodings by detection, and an error where it stays unclear."""

import codecs
import re
from pathlib import Path

from alcca.errors import LyricsError, UsageError
from alcca.texts.detection import LARGER, detected_encoding, is_hardly_western
from alcca.texts.kinds import encrypted_or_binary
from alcca.texts.plausible import is_plausible, main_script

__all__ = ["AUTO", "checked_encoding", "decode_text", "is_garbled", "read_lyrics_file", "repair"]

# Far more than the longest opera libretto.
MAX_BYTES = 1_000_000
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    # Before UTF-16, whose mark is the first half of it.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# It is detected.
AUTO = "auto"
# Names of codecs that do not read letters.
NO_ENCODINGS = ("charmap", "idna", "mbcs", "oem", "punycode", "raw_unicode_escape", "undefined", "unicode_escape")
# A file of UTF-8 may hold a broken character now and then; GBK, read as UTF-8, has one good for five broken ones.
GOOD_FOR_BROKEN = 2
SURROGATE = b"\xed\xa0"
# So many are no damage, but lines in another encoding.
MANY_BROKEN = 3
ESCAPED = {"iso2022_jp_2": b"\x1b$", "iso2022_kr": b"\x1b$)C", "hz": b"~{"}
# UTF-8 that was read as Windows-1252, within other text: the first byte of a character, and those that follow it.
TWICE = re.compile(
    "[\u00c2-\u00f4](?:[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]){1,3}"
)
# Of the curly quotation marks and dashes, which texts have most of all.
QUOTE_TWICE = "â€"
ASCII = frozenset(map(chr, range(128)))
CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")


def checked_encoding(name: str | None) -> str | None:
    """The codec for an encoding as people name it, or ``"auto"``; None for None.

    Raises
    ------
    UsageError
        No encoding of text is called so.

    Examples
    --------
    >>> checked_encoding("GB2312"), checked_encoding("windows-1251"), checked_encoding("auto")
    ('gb18030', 'cp1251', 'auto')
    """
    if name is None or name.strip().lower() == AUTO:
        return name and AUTO
    try:
        codec = codecs.lookup(name.strip()).name
        b"a\0\0\0".decode(codec)
    except (LookupError, ValueError, TypeError):
        codec = NO_ENCODINGS[0]
    if codec.replace("-", "_") in NO_ENCODINGS:
        raise UsageError(
            f"encoding {name!r} is unknown; expected a name such as gbk, big5, shift_jis, euc_kr, cp1251 or koi8-r"
        )
    return LARGER.get(codec, codec)


def decode_text(data: bytes, *, encoding: str | None = None, language: str | None = None) -> str:
    r"""Decode a text of any encoding.

    Unicode is recognised by its byte order mark, by being valid UTF-8, or by the zeros of UTF-16 and UTF-32. UTF-8 with
    a few broken characters keeps the others, and has U+FFFD in their place. Everything else is left to chardet, and its
    answer is checked: words do not mix alphabets, and have no signs inside.

    Parameters
    ----------
    data : bytes
        A whole file.
    encoding : str, optional
        What the owner says that it is, as `checked_encoding` returns it; None or "auto" to detect it. It does not apply
        to texts in UTF-8, or with a byte order mark.
    language : str, optional
        The song's language, as a code or in English: a hint.

    Raises
    ------
    LyricsError
        The encoding is not known, or not the one that was given.

    Examples
    --------
    >>> decode_text("naïve".encode("cp1252")), decode_text("夜里的河水流过旧桥".encode("gbk"))
    ('naïve', '夜里的河水流过旧桥')
    >>> decode_text(b"\xc3\x9cber den D\xc3\xa4chern, M\xfcde")
    'Über den Dächern, M\ufffdde'
    """
    encoding = None if encoding == AUTO else encoding
    for mark, codec in MARKS:
        if data.startswith(mark):
            return data.decode(codec, errors="replace").lstrip("\ufeff")
    controls = len(data) - len(data.translate(None, CONTROL))
    if controls * 10 > len(data) and (text := _wide(data)) is not None:
        return text
    if data.isascii():
        return _escaped(data)
    text = data.decode("utf-8", errors="replace")
    broken = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    if broken and SURROGATE in data:
        # Characters beyond the first plane as Java and MySQL write them, in two halves.
        data = _joined(data)
        text = data.decode("utf-8", errors="replace")
        broken = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    good = len(text) - broken - sum(map(str.isascii, text))
    if not broken:
        return repair(text, language=language)
    if encoding is not None and good < GOOD_FOR_BROKEN * broken:
        return _as_given(data, encoding)
    if controls * 50 > len(data) and (wide := _wide(data)) is not None:
        return wide
    if good >= GOOD_FOR_BROKEN * broken and broken < MANY_BROKEN:
        return text
    if good >= broken:
        return _mixed(data, language)
    return data.decode(detected_encoding(data, language), errors="replace")


def read_lyrics_file(path: Path | str, *, encoding: str | None = None, language: str | None = None) -> str:
    """Read a file of lyrics without cleaning it; ``encoding`` and ``language`` as of `decode_text`.

    Raises
    ------
    LyricsError
        The file cannot be read, is too large for lyrics, is encrypted or binary, or its encoding is not known.
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
    if kind := encrypted_or_binary(data):
        raise LyricsError(f"{path.name}: is {kind}")
    try:
        text = decode_text(data, encoding=encoding, language=language)
    except LyricsError as error:
        raise LyricsError(f"{path.name}: {error}") from None
    if text.count("\0") > len(text) // 10:
        raise LyricsError(f"{path.name}: is not a text file, expected lyrics in UTF-8")
    return text


def repair(text: str, *, language: str | None = None, context: str = "") -> str:
    """Decode a text again that was read as Latin-1 or Windows-1252, but is something else; other texts are unchanged.

    Tags of the old kinds claim to be Latin-1 and hold the encoding of the computer that wrote them.

    Parameters
    ----------
    text : str
    language : str, optional
        As of `decode_text`.
    context : str
        Other texts of the same origin, such as all tags of the file: a title alone is short for a detector.

    Examples
    --------
    >>> repair("Ãœber den DÃ¤chern"), repair("Ò¹ÀïµÄºÓË®"), repair("Über den Dächern")
    ('Über den Dächern', '夜里的河水', 'Über den Dächern')
    """
    data = _bytes_of(text)
    if data is not None:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    if (QUOTE_TWICE in text or not is_plausible(text)) and is_plausible(mended := TWICE.sub(_once, text)):
        return mended
    if data is None:
        return text
    around = b"\n".join((data, _bytes_of(context) or b""))
    try:
        if is_plausible(text) and not is_hardly_western(around, language):
            return text
        found = data.decode(detected_encoding(around, language))
    except (LyricsError, UnicodeDecodeError):
        return text
    return found if is_plausible(found) else text


def is_garbled(text: str) -> bool:
    """Whether a text is mojibake that `repair` could not decode, and so no lyrics."""
    return _bytes_of(text) is not None and not is_plausible(text)


def _bytes_of(text: str) -> bytes | None:
    """The bytes of a text that was read in an encoding of one byte a letter; None if it was not, or is ASCII."""
    if text.isascii():
        return None
    data = bytearray()
    for character in text:
        try:
            # Where Windows-1252 has a hole, readers leave the byte.
            data += character.encode("latin-1" if character < "\u0100" else "cp1252")
        except UnicodeEncodeError:
            return None
    return bytes(data)


def _once(match: re.Match[str]) -> str:
    """The character that was decoded twice; the same if there is none."""
    try:
        return (_bytes_of(match[0]) or b"\xff").decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _joined(data: bytes) -> bytes:
    try:
        return data.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()
    except UnicodeDecodeError:
        return data


def _mixed(data: bytes, language: str | None) -> str:
    """Lines in UTF-8 among lines in another encoding, as programs write that append to a file."""
    lines = data.split(b"\n")
    # Where a line has characters of UTF-8, what is broken in it is damage.
    older = [number for number, line in enumerate(lines) if set(line.decode("utf-8", "replace")) - ASCII == {"\ufffd"}]
    try:
        codec = detected_encoding(b"\n".join(lines[number] for number in older), language)
    except LyricsError:
        codec = "utf-8"
    codecs_of = dict.fromkeys(older, codec)
    return "\n".join(line.decode(codecs_of.get(number, "utf-8"), "replace") for number, line in enumerate(lines))


def _as_given(data: bytes, encoding: str) -> str:
    text = data.decode(encoding, errors="replace")
    if text.count("\ufffd") * 10 > len(text) or not is_plausible(text):
        raise LyricsError(f"its encoding is not {encoding}; give another --encoding, or save it as UTF-8")
    return text


def _escaped(data: bytes) -> str:
    """ASCII, or an encoding of e-mail that writes Japanese, Korean or Chinese with ASCII's bytes."""
    for codec, sign in ESCAPED.items():
        if sign in data:
            try:
                text = data.decode(codec)
            except UnicodeDecodeError:
                continue
            if not text.isascii() and is_plausible(text):
                return text
    return data.decode("ascii")


def _wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, in either byte order; None if it is neither."""
    best, most = None, -1
    for codec in WIDE:
        unit = 4 if codec.startswith("utf-32") else 2
        # A byte may be missing at the end.
        text = data[: len(data) // unit * unit].decode(codec, errors="replace")
        if not text or text.count("\ufffd") * 20 > len(text) or "\0" in text.strip("\0"):
            continue
        usual = sum(character in "\n\r \t[]:.,0123456789" for character in text)
        share = main_script(text)[1]
        if is_plausible(text) and share > 0.8 and usual > most:
            best, most = text, usual
    return best
