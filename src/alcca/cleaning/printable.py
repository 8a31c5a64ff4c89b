"""Unicode as lyrics need it: one kind of space, one kind of line break, nothing invisible."""

import unicodedata

__all__ = ["BREAK", "printable"]

# A break inside of a line: a text's own line breaks keep their number, so that times can be given back to lines.
BREAK = "\u2028"


class _Printable(dict[int, str | None]):
    """A translation table to one kind of space and of line break; invisible characters become spaces."""

    def __missing__(self, code: int) -> str | None:
        kind = unicodedata.category(chr(code))
        result = chr(code)
        if kind == "Zs":
            result = " "
        elif kind == "Zp":
            result = BREAK
        elif kind in ("Cc", "Cs", "Co", "Cn"):
            # A space, because such characters separate words: scores use a private-use character for an elision.
            result = " "
        self[code] = result
        return result


# The byte order mark, zero-width space, word joiner and soft hyphen have no meaning here; the joiners of Persian and
# Indic scripts do.
_PRINTABLE = _Printable({ord("\n"): "\n", 0xFEFF: None, 0x200B: None, 0x2060: None, 0xAD: None})


def printable(text: str) -> str:
    r"""A text in composed form, with ``\n`` and `BREAK` as its line breaks.

    Examples
    --------
    >>> printable("a\r\nb\xa0c\x00d")
    'a\nb c d'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_PRINTABLE)
    return unicodedata.normalize("NFC", text)
