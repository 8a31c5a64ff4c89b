"""Plain text."""

from collections.abc import Iterable
from typing import Unpack

from alcca.texts.lines import TimedLine
from alcca.texts.writing.shown import Headers, one_line

__all__ = ["write_text"]


def write_text(lines: Iterable[TimedLine], **_: Unpack[Headers]) -> str:
    r"""All lines as they stand in the text, with and without times. It has no place for headers.

    Examples
    --------
    >>> write_text([TimedLine("Copper pots", 12.34), TimedLine(""), TimedLine("and pans")])
    'Copper pots\n\nand pans\n'
    """
    text = "\n".join(one_line(line.text) for line in lines).strip("\n")
    return f"{text}\n" if text else ""
