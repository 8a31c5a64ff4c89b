"""Lyrics in ID3v2 tags: the frames USLT and SYLT, which libraries flatten or join, and text frames of other names.

References
----------
id3.org: ID3 tag version 2.2.0, 2.3.0, and 2.4.0 (main structure; native frames, sections 4.8 and 4.9).
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from alcca.metadata.tag_fields import TagFields
from alcca.texts.timed import lines_from_pieces

__all__ = ["read_id3"]

# Pictures make tags large; a lyrics frame behind so many bytes of them is not read.
MAX_TAG = 1 << 26
MAX_FRAME = 1 << 24
MAX_TAGS, MAX_CHUNKS = 8, 1000
USLT, SYLT, TXXX = ("USLT", "ULT"), ("SYLT", "SLT"), ("TXXX", "TXX")
# The content types of SYLT that are sung: lyrics, and a transcription. Others are chords, events, trivia and addresses.
SUNG_TYPES = (1, 2)
KINDS = {3: "movements", 4: "events", 5: "chords", 6: "trivia", 7: "web addresses", 8: "picture addresses"}
MILLISECONDS = 2
# A tag at the end has its head again behind it, by which it is found.
FOOTER, ID3V1_SIZE = b"3DI", 128


def read_id3(file: BinaryIO, found: TagFields) -> None:
    """Put the lyrics of ID3v2 tags into ``found``: at the beginning or end of a file, or in RIFF, AIFF, DSF and DSDIFF.

    Raises
    ------
    ValueError
        A frame runs beyond its tag.
    """
    for tag in _tags(file):
        for name, data in _frames(tag):
            if name in USLT:
                language, rest = data[1:4].decode("latin-1"), data[4:]
                found.put_lyrics([_split(rest, data[0])[1]], language)
            elif name in SYLT and len(data) > 6 and data[5] in SUNG_TYPES:
                found.put_lyrics([_synced(data)], data[1:4].decode("latin-1"))
            elif name in SYLT and len(data) > 6:
                kind = KINDS.get(data[5], "another kind")
                found.notes.append(f"its tags hold a synchronised text of {kind}, which is not sung")
            elif name in TXXX:
                description, value = _split(data[1:], data[0])
                found.put(description, value.split("\0"))


def _tags(file: BinaryIO) -> Iterator[bytes]:
    for start in _starts(file):
        for _ in range(MAX_TAGS):
            file.seek(start)
            head = file.read(10)
            if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4):
                break
            size = _synchsafe(head[6:10])
            yield head + file.read(min(size, MAX_TAG))
            start += 10 + size


def _starts(file: BinaryIO) -> Iterator[int]:
    """Where tags may begin."""
    file.seek(0)
    head = file.read(32)
    if head[:3] == b"ID3":
        yield 0
    elif head[:4] in (b"RIFF", b"RF64", b"BW64"):
        yield from _chunks(file, 12, "little", 4)
    elif head[:4] == b"FORM":
        yield from _chunks(file, 12, "big", 4)
    elif head[:4] == b"FRM8":
        yield from _chunks(file, 16, "big", 8)
    elif head[:4] == b"DSD ":
        yield int.from_bytes(head[20:28], "little")
    for behind in (0, ID3V1_SIZE):
        end = file.seek(0, 2) - behind
        file.seek(max(end - 10, 0))
        foot = file.read(10)
        if foot[:3] == FOOTER and (start := end - 20 - _synchsafe(foot[6:10])) > 0:
            yield start


def _chunks(file: BinaryIO, position: int, order: str, width: int) -> Iterator[int]:
    for _ in range(MAX_CHUNKS):
        file.seek(position)
        head = file.read(4 + width)
        if len(head) < 4 + width:
            return
        size = int.from_bytes(head[4:], "little" if order == "little" else "big")
        if head[:4].lower() == b"id3 ":
            yield position + len(head)
        position += len(head) + size + size % 2


class _Frame(NamedTuple):
    name: str
    data: bytes


def _frames(tag: bytes) -> Iterator[_Frame]:
    major, flags = tag[3], tag[5]
    body = tag[10:]
    if flags & 0x80 and major < 4:
        body = _resynchronised(body)
    position = 0
    if flags & 0x40 and major == 3:
        position = 4 + int.from_bytes(body[:4], "big")
    elif flags & 0x40 and major == 4:
        position = _synchsafe(body[:4])
    width = 6 if major == 2 else 10
    while position + width <= len(body):
        name = body[position : position + (3 if major == 2 else 4)]
        if not name.isalnum() or name[:1].isdigit():
            # Padding, or what follows a wrong size.
            return
        size = _frame_size(body, position, major)
        start, position = position + width, position + width + size
        if position > len(body):
            if len(tag) < MAX_TAG:
                raise ValueError(f"the frame {name.decode('latin-1')} of its ID3 tag is cut off")
            return
        data = body[start:position]
        frame_flags = body[start - 1] if major > 2 else 0
        if name.startswith((b"USLT", b"ULT", b"SYLT", b"SLT", b"TXX")) and (
            plain := _plain(data, frame_flags, major, unsynchronised=bool(flags & 0x80))
        ):
            yield _Frame(name.decode("latin-1"), plain)


def _frame_size(body: bytes, position: int, major: int) -> int:
    if major == 2:
        return int.from_bytes(body[position + 3 : position + 6], "big")
    written = body[position + 4 : position + 8]
    plain, safe = int.from_bytes(written, "big"), _synchsafe(written)
    if major == 3 or max(written) > 127:
        return plain
    # iTunes has written plain sizes into ID3v2.4: of two sizes, the right one leads to a frame, padding or the end.
    return (
        plain
        if plain != safe and not _may_begin(body, position + 10 + safe) and _may_begin(body, position + 10 + plain)
        else safe
    )


def _may_begin(body: bytes, position: int) -> bool:
    name = body[position : position + 4]
    return position == len(body) or (len(name) == 4 and (not any(name) or (name.isalnum() and name.isupper())))


def _plain(data: bytes, flags: int, major: int, *, unsynchronised: bool) -> bytes:
    """A frame's content without compression, grouping and unsynchronisation; empty if it is encrypted or too short."""
    compressed, encrypted, grouped, length = (
        (flags & 0x80, flags & 0x40, flags & 0x20, flags & 0x80)
        if major == 3
        else (flags & 0x08, flags & 0x04, flags & 0x40, flags & 0x01)
    )
    if encrypted:
        return b""
    if grouped:
        data = data[1:]
    if length:
        data = data[4:]
    if major == 4 and (unsynchronised or flags & 0x02):
        data = _resynchronised(data)
    if compressed:
        try:
            data = zlib.decompressobj().decompress(data, MAX_FRAME)
        except zlib.error:
            return b""
    return data if len(data) > 4 else b""


def _resynchronised(data: bytes) -> bytes:
    return data.replace(b"\xff\x00", b"\xff")


def _synchsafe(data: bytes) -> int:
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _split(data: bytes, encoding: int) -> tuple[str, str]:
    """A description that ends with zero, and the text behind it; the text alone if there is no such zero."""
    wide = encoding in (1, 2)
    step = 2 if wide else 1
    end = data.find(b"\0" * step)
    while wide and end % 2 and end >= 0:
        end = data.find(b"\0\0", end + 1)
    if end < 0:
        return "", _text(data, encoding)
    head, rest = data[:end], data[end + step :]
    if encoding == 1 and rest[:2] not in (b"\xff\xfe", b"\xfe\xff") and head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        # The mark of the description holds for both.
        rest = head[:2] + rest
    return _text(head, encoding), _text(rest, encoding)


def _text(data: bytes, encoding: int) -> str:
    if encoding == 1:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le", "replace")
    elif encoding == 2:
        text = data.decode("utf-16-be", "replace")
    else:
        # Many a tagger calls the encoding of its computer Latin-1, and some UTF-8.
        try:
            text = data.decode("utf-8" if encoding == 3 else "latin-1")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\ufeff", "").strip("\0")


def _synced(data: bytes) -> str:
    """The events of a SYLT frame as lines with stamps."""
    encoding, timed = data[0], data[4] == MILLISECONDS
    wide = encoding in (1, 2)
    rest = data[6:]
    mark = rest[:2] if rest[:2] in (b"\xff\xfe", b"\xfe\xff") else b""
    events: list[tuple[int, str]] = []
    first = True
    while rest:
        end = rest.find(b"\0\0" if wide else b"\0")
        while wide and end % 2 and end >= 0:
            end = rest.find(b"\0\0", end + 1)
        if end < 0:
            break
        piece, rest = rest[:end], rest[end + (2 if wide else 1) :]
        if first:
            first = False
            continue
        own = piece[:2] in (b"\xff\xfe", b"\xfe\xff")
        events.append((int.from_bytes(rest[:4], "big"), _text(piece if own else mark + piece, encoding)))
        rest = rest[4:]
    if not any(set(text) & set("\r\n") for _, text in events) and _has_spaces(events):
        # Words or syllables without a mark of where lines begin.
        events[0] = (events[0][0], "\n" + events[0][1])
    lines = lines_from_pieces((time / 1000, text) for time, text in events)
    return "\n".join((_stamp(line.start) if timed and line.start is not None else "") + line.text for line in lines)


def _has_spaces(events: list[tuple[int, str]]) -> bool:
    """Whether some texts begin or end with a space, as words and syllables do and lines do not."""
    return sum(text != text.strip() for _, text in events if text.strip()) * 4 >= max(len(events), 1)


def _stamp(seconds: float) -> str:
    minutes, rest = divmod(round(1000 * seconds), 60_000)
    return f"[{minutes:02d}:{rest / 1000:06.3f}]"
