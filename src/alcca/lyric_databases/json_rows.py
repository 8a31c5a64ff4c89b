"""Rows of JSON: an object in each line (JSON lines), or one array of objects; read a piece at a time."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from alcca.errors import UsageError
from alcca.lyric_databases.columns import EXPECTED, known_as
from alcca.lyric_databases.row import FIELDS, MAX_LETTERS, Row, row_of
from alcca.lyric_databases.source import Source, unreadable

__all__ = ["JsonRows"]

# Longer objects are no songs: as JSON escapes it, a letter may take six bytes, and two texts may be in one.
MAX_BYTES = 20 * MAX_LETTERS
PIECE = 1 << 18
NO_OBJECT = "are no JSON objects and were left out"
TOO_LONG = "are longer than lyrics are and were left out"
UNFINISHED = "at the end of the file are cut off; download it again"
# So many first objects are looked at for columns of lyrics.
LOOKED_AT = 100


class JsonRows(Source):
    """The songs of a JSON file; positions are places in the file, in bytes.

    Raises
    ------
    UsageError
        The file cannot be read, or its first objects have no titles and lyrics.
    """

    format = "json"
    unit = "byte"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self.total = path.stat().st_size
            with path.open("rb") as file:
                self._sample = file.read(PIECE)
        except OSError as error:
            raise unreadable(path, error) from error
        self._fields: dict[str, tuple[str, int] | None] = {}
        begin = self._sample.removeprefix(b"\xef\xbb\xbf").lstrip()
        self._is_array = begin.startswith(b"[")
        names: dict[str, None] = {}
        for number, (_, value) in enumerate(self._values(0)):
            if isinstance(value, Mapping):
                names |= dict.fromkeys(value)
            if number == LOOKED_AT or {"title", "lyrics"} <= self._known(names):
                break
        self.left_out.clear()
        if "title" not in self._known(names) or not {"lyrics", "synced"} & self._known(names):
            shown = ", ".join(repr(name[:30]) for name in [*names][:12]) or "no objects"
            raise UsageError(
                f"{path}: no songs in JSON; expected an object in each line, or one array of objects, with {EXPECTED}; "
                f"found {shown}"
            )

    def rows(self, after: int = 0) -> Iterator[tuple[int, Row | None]]:
        """Each object."""
        for place, value in self._values(after):
            if not isinstance(value, Mapping):
                self.left_out[NO_OBJECT] += 1
                yield place, None
                continue
            best: dict[str, tuple[int, object]] = {}
            for name, one in value.items():
                known = self._field(name)
                if known and one not in (None, "") and (known[0] not in best or known[1] < best[known[0]][0]):
                    best[known[0]] = known[1], one
            yield place, row_of([best[field][1] if field in best else None for field in FIELDS])

    def sample(self) -> bytes:
        """The first objects."""
        return self._sample[: PIECE // 4]

    def _known(self, names: Mapping[str, None]) -> set[str]:
        return {known[0] for name in names if (known := self._field(name))}

    def _field(self, name: str) -> tuple[str, int] | None:
        # Objects of a stranger may have a new name each.
        if len(self._fields) > 10 * LOOKED_AT:
            self._fields.clear()
        if name not in self._fields:
            self._fields[name] = known_as(name[:100])
        return self._fields[name]

    def _values(self, after: int) -> Iterator[tuple[int, object]]:
        """Each value behind a place, with the place behind it; None for what is no JSON."""
        with self.path.open("rb") as file:
            file.seek(after)
            yield from self._in_array(file, after) if self._is_array else self._in_lines(file)

    def _in_lines(self, file: BinaryIO) -> Iterator[tuple[int, object]]:
        while line := file.readline(MAX_BYTES):
            if len(line) == MAX_BYTES and not line.endswith(b"\n"):
                while (rest := file.readline(MAX_BYTES)) and not rest.endswith(b"\n"):
                    pass
                self.left_out[TOO_LONG] += 1
            elif line.strip(b"\xef\xbb\xbf \t\r\n\0"):
                yield file.tell(), _parsed(line)

    def _in_array(self, file: BinaryIO, after: int) -> Iterator[tuple[int, object]]:
        """Each object of an array; other things in it are passed over."""
        held, place, ended = b"", after, False
        while True:
            # Whatever stands before an object: the beginning of the array, commas.
            start = held.find(b"{")
            end = _end_of_object(held, start) if start >= 0 else -1
            if end >= 0:
                place += end
                value, held = _parsed(held[start:end]), held[end:]
                yield place, value
                continue
            if ended:
                if start >= 0:
                    self.left_out[UNFINISHED] += 1
                return
            if len(held) > MAX_BYTES:
                # No end in sight: look for another object behind this one's beginning.
                self.left_out[TOO_LONG] += 1
                place, held = place + len(held), b""
            elif start < 0:
                place, held = place + len(held), b""
            more = file.read(max(PIECE, len(held)))
            ended = not more
            held += more


def _end_of_object(text: bytes, start: int) -> int:
    """Where the object that begins at a place ends; -1 if it does not end in the text."""
    depth, at = 0, start
    while True:
        quote, close = text.find(b'"', at), text.find(b"}", at)
        if close < 0:
            return -1
        upto = close + 1 if quote < 0 or close < quote else quote
        depth += text.count(b"{", at, upto) - text.count(b"}", at, upto)
        if upto == close + 1:
            if depth == 0:
                return upto
            at = upto
            continue
        at = quote + 1
        while True:
            at = text.find(b'"', at)
            if at < 0:
                return -1
            slashes = len(text[start:at]) - len(text[start:at].rstrip(b"\\")) if text[at - 1 : at] == b"\\" else 0
            at += 1
            if slashes % 2 == 0:
                break


def _parsed(text: bytes) -> object:
    try:
        value: object = json.loads(text.decode("utf-8-sig", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return value
