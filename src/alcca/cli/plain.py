"""Output to a terminal, where titles and tags of strangers must not move the cursor or change its title."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["plain", "plain_output"]

# Control characters but line feed and tab, as Unicode's pictures of them; and marks that turn the direction of a line.
PICTURES = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)}
SHOWN = {
    **PICTURES,
    0x7F: 0x2421,
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], 0xFFFD),
}


def plain(text: str) -> str:
    r"""A text without control characters.

    Examples
    --------
    >>> plain("a\x1b[2Jb\tc")
    'a␛[2Jb\tc'
    """
    return text.translate(SHOWN)


class _Plain:
    """A stream that passes on everything but control characters."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        return int(self._stream.write(plain(text)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Show control characters in what is printed, instead of obeying them."""
    with contextlib.redirect_stdout(_Plain(sys.stdout)):
        yield
