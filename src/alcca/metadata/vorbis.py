"""Vorbis comments in FLAC and Ogg, every value of a field in its order.

tinytag drops a value that another one equals, which in Quod Libet's lyrics is a line that is sung again.

References
----------
Xiph.org: Ogg Vorbis I format specification, comment field and header specification; RFC 9639 (FLAC), section 8.6;
RFC 3533 (Ogg); RFC 7845 (Opus in Ogg), section 5.2.
"""

import itertools
from collections.abc import Iterator
from typing import BinaryIO

from alcca.metadata.tag_fields import TagFields

__all__ = ["read_vorbis"]

COMMENT_BLOCK = 4
MAX_BLOCKS = 1000
MAX_COMMENT = 1 << 26
MAX_PAGES = 5000
HEADS = (b"\x03vorbis", b"OpusTags")


def read_vorbis(file: BinaryIO, found: TagFields) -> None:
    """Put the fields of the Vorbis comment into ``found``: of a FLAC file, also behind an ID3 tag, or of an Ogg stream.

    Raises
    ------
    ValueError
        The comment is cut off.
    """
    file.seek(0)
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(head[6:10])))
    file.seek(start)
    magic = file.read(4)
    comments = _flac_comments(file) if magic == b"fLaC" else _ogg_comments(file) if magic == b"OggS" else iter(())
    values: dict[str, list[str]] = {}
    try:
        for pair in itertools.chain.from_iterable(map(_pairs, comments)):
            name, equals, value = _text(pair).partition("=")
            if equals:
                values.setdefault(name.lower(), []).append(value)
    finally:
        for name, texts in values.items():
            found.put(name, texts)


def _flac_comments(file: BinaryIO) -> Iterator[bytes]:
    for _ in range(MAX_BLOCKS):
        head = file.read(4)
        if len(head) < 4:
            return
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == COMMENT_BLOCK:
            yield file.read(size)
        else:
            file.seek(size, 1)
        if head[0] & 0x80:
            return


def _ogg_comments(file: BinaryIO) -> Iterator[bytes]:
    """The second packet of the first stream: its comment, whatever the codec."""
    file.seek(-4, 1)
    serial, packet, number, size = None, bytearray(), 0, 0
    for _ in range(MAX_PAGES):
        head = file.read(27)
        if len(head) < 27 or head[:4] != b"OggS":
            return
        lacing = file.read(head[26])
        if serial not in (None, head[14:18]):
            file.seek(sum(lacing), 1)
            continue
        serial = head[14:18]
        for length in lacing:
            packet += file.read(length)
            size += length
            if length < 255:
                number += 1
                if number == 2:
                    yield _without_head(bytes(packet))
                    return
                packet.clear()
        if size > MAX_COMMENT:
            return


def _without_head(packet: bytes) -> bytes:
    for head in HEADS:
        if packet.startswith(head):
            return packet[len(head) :]
    # FLAC in Ogg has the block's header before it, Speex has nothing.
    return packet[4:] if packet[:1] in (b"\x04", b"\x84") else packet


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _pairs(comment: bytes) -> Iterator[bytes]:
    position = 4 + int.from_bytes(comment[:4], "little")
    count = int.from_bytes(comment[position : position + 4], "little")
    position += 4
    for _ in range(count):
        size = int.from_bytes(comment[position : position + 4], "little")
        position += 4
        if position + size > len(comment):
            raise ValueError("its Vorbis comment is cut off")
        yield comment[position : position + size]
        position += size
