"""Tags at the end of a file: APEv2 (Monkey's Audio, Musepack, WavPack, also MP3) and Lyrics3.

References
----------
Hydrogenaudio Knowledgebase: APEv2 specification. id3.org: Lyrics3, Lyrics3 v2.00.
"""

from typing import BinaryIO

from alcca.metadata.tag_fields import TagFields

__all__ = ["read_trailing"]

APE, APE_SIZE = b"APETAGEX", 32
ID3V1_SIZE = 128
MAX_APE = 1 << 26
MAX_ITEMS = 10_000
LYRICS3_BEGIN, LYRICS3_END, LYRICS3_V2_END = b"LYRICSBEGIN", b"LYRICSEND", b"LYRICS200"
MAX_LYRICS3 = 5100
LYRICS3_FIELDS = {b"LYR": "lyrics", b"ETT": "title", b"EAR": "artist", b"EAL": "album"}


def read_trailing(file: BinaryIO, found: TagFields) -> None:
    """Put the fields of a file's APEv2 and Lyrics3 tags into ``found``; they stand at its end, before an ID3v1 tag.

    Raises
    ------
    ValueError
        Such a tag is damaged.
    """
    end = file.seek(0, 2)
    if _read(file, end - ID3V1_SIZE, 3) == b"TAG":
        end -= ID3V1_SIZE
    # Both may be there, in either order.
    for _ in range(2):
        footer, mark = _read(file, end - APE_SIZE, APE_SIZE), _read(file, end - 9, 9)
        if footer[:8] == APE:
            end = _read_ape(file, end, footer, found)
        elif mark == LYRICS3_V2_END:
            end = _read_lyrics3_v2(file, end, found)
        elif mark == LYRICS3_END:
            end = _read_lyrics3(file, end, found)
        else:
            break
    head = _read(file, 0, APE_SIZE)
    if head[:8] == APE and not found.values:
        _read_items(file, APE_SIZE, head, found)


def _read(file: BinaryIO, position: int, size: int) -> bytes:
    if position < 0:
        return b""
    file.seek(position)
    return file.read(size)


def _read_ape(file: BinaryIO, end: int, footer: bytes, found: TagFields) -> int:
    # The size counts the items and the footer, not the header.
    size, flags = int.from_bytes(footer[12:16], "little"), int.from_bytes(footer[20:24], "little")
    start = end - size
    _read_items(file, start, footer, found)
    return start - APE_SIZE if flags >> 31 else start


def _read_items(file: BinaryIO, start: int, about: bytes, found: TagFields) -> None:
    """Read the items that begin at ``start``; ``about`` is the header or footer of their tag."""
    size, count = (int.from_bytes(about[at : at + 4], "little") for at in (12, 16))
    if size < APE_SIZE or size > MAX_APE or start < 0 or count > MAX_ITEMS:
        raise ValueError(f"its APE tag claims {count:,} items in {size:,} bytes")
    data, position = _read(file, start, size - APE_SIZE), 0
    for number in range(count):
        size, flags = (int.from_bytes(data[position + at : position + at + 4], "little") for at in (0, 4))
        key_end = data.find(b"\0", position + 8, position + 8 + 256)
        if key_end <= position + 8:
            raise ValueError(f"its APE tag has {number} of {count} items")
        key = data[position + 8 : key_end].decode("latin-1")
        position = key_end + 1 + size
        if position > len(data):
            raise ValueError(f"the item {key!r} of its APE tag is cut off")
        # The others are pictures, and links to other files.
        if flags >> 1 & 3 == 0:
            found.put(key, _text(data[key_end + 1 : position]).split("\0"))


def _read_lyrics3_v2(file: BinaryIO, end: int, found: TagFields) -> int:
    digits = _read(file, end - 15, 6)
    size = int(digits) if digits.isdigit() else -1
    start = end - 15 - size
    data = _read(file, start, max(size, 0))
    if size < 0 or not data.startswith(LYRICS3_BEGIN):
        raise ValueError("its Lyrics3 tag has no beginning")
    position = len(LYRICS3_BEGIN)
    while position + 8 <= len(data):
        name, digits = data[position : position + 3], data[position + 3 : position + 8]
        if not digits.isdigit():
            raise ValueError("a field of its Lyrics3 tag has no size")
        begin, position = position + 8, position + 8 + int(digits)
        if name in LYRICS3_FIELDS:
            found.put(LYRICS3_FIELDS[name], [_text(data[begin:position])])
    return start


def _read_lyrics3(file: BinaryIO, end: int, found: TagFields) -> int:
    start = max(0, end - len(LYRICS3_END) - MAX_LYRICS3 - len(LYRICS3_BEGIN))
    data = _read(file, start, end - len(LYRICS3_END) - start)
    begin = data.rfind(LYRICS3_BEGIN)
    if begin < 0:
        raise ValueError("its Lyrics3 tag has no beginning")
    found.put("lyrics", [_text(data[begin + len(LYRICS3_BEGIN) :])])
    return start + begin


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
