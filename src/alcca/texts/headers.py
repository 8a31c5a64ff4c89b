"""The headers of LRC: ``[ti:Title]``, ``[offset:+200]`` and any other name."""

import re
from collections.abc import Sequence

from alcca.texts.stamps import COLON, OPEN, SPACE, STAMP, Clock, after_blank, leading_stamps

__all__ = ["MAX_HEADERS", "header_of", "is_known_header", "split_headers", "without_headers"]

NAME = re.compile(rf"{OPEN}{SPACE}([^\[\]［］【】:：\n]{{1,30}}?){SPACE}{COLON}")
# Names of headers that files without any stamps have as well, and that nobody sings.
KNOWN = frozenset(
    """ar al ti au by re ve la id lr length offset tool encoding lang composer lyricist artist title album author kana
    sign hash total key language ver version # editor qq""".split()  # noqa: SIM905 - legible
)
OFFSET = re.compile(r"\s*([-+−]?)\s*(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s)?\s*", re.IGNORECASE)
# More on one line are no headers, but an attack.
MAX_HEADERS = 20


def without_headers(text: str) -> str:
    """A text without stamps, without the headers that some editors write into plain texts too; else unchanged."""
    if "[" not in text and "［" not in text and "【" not in text:
        return text
    return "\n".join(line for line in text.split("\n") if not is_known_header(line.strip()))


def header_of(line: str) -> tuple[str, str, str] | None:
    """Name and value of a header at the beginning of a line, and what follows; None if there is none."""
    name = NAME.match(line)
    if name is None or STAMP.match(line) is not None:
        return None
    depth = 0
    for place, character in enumerate(line):
        depth += (character in "[［【") - (character in "]］】")
        if depth == 0:
            return name[1].strip().casefold(), line[name.end() : place], line[place + 1 :].strip()
    # A bracket was never closed.
    return name[1].strip().casefold(), line[name.end() :].rstrip("]］】 "), ""


def is_known_header(line: str) -> bool:
    """Whether a whole line is a header of a usual name."""
    header = header_of(line)
    return header is not None and header[0] in KNOWN and not header[2]


def split_headers(lines: Sequence[str], clock: Clock) -> tuple[float, list[str]]:
    """The offset in seconds, and the lines that are no headers.

    Before the first stamp all of the form are headers, later those of known names: [oh: yeah] may be sung.
    """
    offset: float | None = None
    kept: list[str] = []
    above = True
    for line in lines:
        rest = line[after_blank(line, 0) :]
        found = False
        for _ in range(MAX_HEADERS):
            header = header_of(rest)
            if header is None or (header[0] not in KNOWN and (not above or header[0] == "bg")):
                break
            name, value, rest = header
            found = True
            if name == "offset" and offset is None and (number := OFFSET.fullmatch(value)):
                unit = 1.0 if (number[3] or "").lower() == "s" else 1000.0
                offset = float(number[2]) / unit * (1 if number[1] in ("", "+") else -1)
        if found and not rest:
            continue
        above = above and not leading_stamps(rest, clock)[0]
        kept.append(rest if found else line)
    return offset or 0.0, kept
