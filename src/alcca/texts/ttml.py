"""TTML, as Apple Music and others write it: paragraphs are lines, spans are words or syllables."""

import re
import xml.etree.ElementTree as ET

from alcca.texts.lines import Piece, TimedLine, line_of, lines_of, seconds
from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["is_ttml", "read_ttml"]

ROOT = re.compile(r"<(?:[A-Za-z][\w.-]{0,20}:)?tt[\s>]")
TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,7})(?:[.,](\d{1,9}))?(h|m|s|ms|f|t)?(?::\d{1,3})?")
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
# Not sung, but shown with the line that is.
NOT_SUNG = frozenset({"x-translation", "x-roman", "x-romanization", "x-transliteration"})
SPACES = re.compile(r"\s+")


def is_ttml(text: str) -> bool:
    """Whether a text is TTML.

    Examples
    --------
    >>> is_ttml('<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml"><body/></tt>'), is_ttml("<3 you")
    (True, False)
    """
    head = text.lstrip("\ufeff \t\r\n")[:2000]
    return head.startswith("<") and ROOT.search(head) is not None


def read_ttml(text: str) -> TimedLyrics:
    """The lines of a TTML file; of a damaged one those before the damage. Documents that declare entities are not read.

    Examples
    --------
    >>> words = '<span begin="9.5">Cop</span><span begin="9.8">per</span>'
    >>> read_ttml(f'<tt><body><p begin="9.5">{words}</p></body></tt>').lines
    (TimedLine(text='Copper', start=9.5, end=None, words=(TimedWord(start=9.5, text='Copper'),)),)
    """
    document = _Document()
    parser = ET.XMLParser(target=document)
    problem = None
    try:
        # Up to the body, nothing is sung; its encoding was read before.
        parser.feed(re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text.lstrip("\ufeff")))
        parser.close()
    except _Declared:
        return TimedLyrics("ttml", (), "declares entities, which lyrics need not; it was not read")
    except ET.ParseError as error:
        problem = f"is damaged TTML ({error}); its lines before that were read"
    return TimedLyrics("ttml", lines_of(document.placed), problem)


class _Declared(Exception):  # noqa: N818 - it ends the parser
    """The document has a type declaration, in which entities could grow without end."""


class _Document:
    """Receives a document's elements one after the other, without a tree of them."""

    def __init__(self) -> None:
        self.placed: list[tuple[float, TimedLine]] = []
        self._pieces: list[Piece] = []
        # Of the paragraph.
        self._begin: float | None = None
        self._end: float | None = None
        # The same until its first line was read.
        self._begin_of_line: float | None = None
        # Names and begins of the elements around.
        self._around: list[tuple[str, float | None]] = []
        self._silent = 0
        self._last = 0.0
        # The parser cuts a text at its entities.
        self._goes_on = False

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse a document with a type declaration."""
        raise _Declared

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self._goes_on = False
        name = tag.rpartition("}")[2]
        about = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        begin, role = _time(about.get("begin")), about.get("role", "")
        if self._silent or role in NOT_SUNG or name == "metadata":
            self._silent += 1
        if name == "p":
            self._finish()
            self._begin = self._begin_of_line = begin
            self._end = _time(about.get("end"))
        # The words of a second voice are a line of their own.
        elif role == "x-bg" or (name == "br" and not self._silent):
            self._finish()
        self._around.append((role if role == "x-bg" else name, begin))

    def end(self, tag: str) -> None:
        """End an element."""
        self._goes_on = False
        name, _ = self._around.pop() if self._around else ("", None)
        if name in ("p", "x-bg"):
            self._finish()
        self._silent = max(0, self._silent - 1)

    def data(self, text: str) -> None:
        """Read text between elements: spaces between spans tell words from syllables."""
        if self._silent or not any(name == "p" for name, _ in self._around):
            return
        if self._goes_on:
            time, before = self._pieces.pop()
            self._pieces.append((time, SPACES.sub(" ", before + text)))
            return
        name, begin = self._around[-1]
        if begin is not None and begin < (self._begin or 0.0):
            # The standard counts from the paragraph's start, Apple from the song's.
            begin += self._begin or 0.0
        self._pieces.append((begin if name == "span" else None, SPACES.sub(" ", text)))
        self._goes_on = True

    def close(self) -> None:
        """End the document."""

    def _finish(self) -> None:
        """Keep the line that was read so far."""
        pieces, self._pieces = self._pieces, []
        if not any(piece.strip() for _, piece in pieces):
            return
        own = line_of(pieces)
        # The lines behind the first of a paragraph follow it.
        first, self._begin_of_line = self._begin_of_line, None
        start = own.start if first is None or self._is_background() else first
        end = self._end if first is not None else None
        self._last = start if start is not None else self._last
        self.placed.append((self._last, TimedLine(own.text, start, end, own.words)))

    def _is_background(self) -> bool:
        return any(name == "x-bg" for name, _ in self._around)


def _time(written: str | None) -> float | None:
    """Seconds of a time expression: a clock time, or a number with a unit; None for frames and ticks."""
    match = TIME.fullmatch((written or "").strip())
    if match is None:
        return None
    hours, minutes, whole, fraction, unit = match.groups()
    if unit in ("f", "t"):
        return None
    return round(seconds([hours or "0", minutes or "0", whole], fraction or "") * UNITS[unit or "s"], 6)
