"""Where the recordings begin that were joined in one file, and where sound begins after other data.

Ogg allows streams one after the other (RFC 3533, section 4), and MP3 and FLAC files are joined by joining their bytes;
recorded radio has all of them. Decoders stop after the first recording, or drop what has another rate.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

__all__ = ["joined_recordings", "sound_after_junk"]

CHUNK_BYTES = 1 << 20
# Reading through a larger file takes longer than decoding its slice.
MAX_BYTES = 1 << 31
# More recordings than a day of radio has songs: the rest counts to the last one.
MAX_RECORDINGS = 1_000
# Covers and text of streams before the first frame are shorter.
MAX_JUNK_BYTES = 16 << 20
OGG_FIRST_PAGE = b"OggS\0\2"
FLAC_MARK = b"fLaC"
# The header of the block of metadata that comes first, which may be the last one too.
FLAC_FIRST_BLOCKS = (b"\0\0\0\x22", b"\x80\0\0\x22")
TAG_HEADER = 10
# How the first packet of a stream of sound begins.
OGG_CODECS = (b"\1vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
# Frames in a row that tell MP3 from other bytes.
FRAMES_IN_A_ROW = 4
# Where to look for frames of another format, as parts of the file.
PLACES = 24
# An index that counts fewer bytes than follow, by so many, belongs to the first of several recordings.
BYTES_AFTER_INDEX = 8_192
# Kilobits a second by version and layer, and hertz by version (ISO/IEC 11172-3 and 13818-3; 2.5 is by Fraunhofer).
BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
HERTZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


# What stands for the version of MPEG audio in frames of AAC.
AAC = 4


class _Frame(NamedTuple):
    """The header of an MPEG audio frame."""

    size: int
    # Version, layer, rate, and whether it is mono.
    format: tuple[int, int, int, bool]
    # Where an encoder's index begins, if this frame is one.
    index_at: int


def joined_recordings(path: Path) -> list[range]:
    """The bytes of each recording of a file that consists of several; nothing for all other files.

    Of a file whose tag claims some of the sound, the bytes from the first sound on.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            begin = _after_tags(file, 0)
            starts = [_sound_in_tag(file, begin)] if begin else [0]
            head = _at(file, starts[0] or begin, 6)
            if size <= MAX_BYTES and head == OGG_FIRST_PAGE:
                starts = list(_ogg_links(file, starts[0] or begin))
            elif size <= MAX_BYTES and head.startswith(FLAC_MARK):
                starts = list(_flac_recordings(file, starts[0] or begin))
            elif size <= MAX_BYTES and _frame(head) and _may_be_joined(file, starts[0] or begin, size):
                starts = list(_mpeg_recordings(file, starts[0] or begin, size))
    except OSError:
        return []
    starts = starts[:MAX_RECORDINGS]
    whole = len(starts) == 1 and starts[0] in (0, begin)
    return [] if whole else [range(a, b) for a, b in zip(starts, [*starts[1:], size], strict=True)]


def sound_after_junk(path: Path) -> range | None:
    """The bytes from the first sound of MP3, AAC, Ogg or FLAC on; None if nothing is before it, or there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            begin = _first_sound(_at(file, 0, MAX_JUNK_BYTES))
    except OSError:
        return None
    return range(begin, size) if begin > 0 else None


def _sound_in_tag(file: BinaryIO, end: int) -> int:
    """Where sound begins in what a tag claims, because its size is wrong; 0 if there is none."""
    following = _at(file, end, 8)
    # Sound, zeros or another tag follow on a tag of the right size.
    if (
        _frame(following)
        or following[:4] in (b"OggS", b"fLaC", b"RIFF", b"ADIF", b"APET", b"FORM")
        or (following and not any(following))
    ):
        return 0
    found = _first_sound(_at(file, TAG_HEADER, min(end, MAX_JUNK_BYTES)))
    return TAG_HEADER + found if 0 <= found < end - TAG_HEADER else 0


def _first_sound(data: bytes) -> int:
    """Where MP3, AAC, Ogg or FLAC begin; -1 if nowhere."""
    flac = (data.find(FLAC_MARK + block) for block in FLAC_FIRST_BLOCKS)
    places = data.find(OGG_FIRST_PAGE), *flac, _first_frames(data)
    return min((place for place in places if place >= 0), default=-1)


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _after_tags(file: BinaryIO, place: int) -> int:
    """Where the ID3v2 tags end that begin at a place; the place itself if there are none."""
    while (head := _at(file, place, 10))[:3] == b"ID3" and len(head) == 10:
        sizes = head[6:10]
        if max(sizes) > 127:
            break
        place += 10 + sum(byte << shift for byte, shift in zip(sizes, (21, 14, 7, 0), strict=True))
        place += 10 if head[5] & 0x10 else 0
    return place


# Ogg


def _ogg_links(file: BinaryIO, begin: int) -> Iterator[int]:
    """Where streams of sound begin; those that begin together count once."""
    yield begin
    # The first pages of streams that play at the same time follow each other.
    place = begin
    while (head := _at(file, place, 27 + 255))[:6] == OGG_FIRST_PAGE:
        place += 27 + head[26] + sum(head[27 : 27 + head[26]])
    before = -1
    for found in _found(file, OGG_FIRST_PAGE, place):
        head = _at(file, found, 27 + 255 + 8)
        packet = head[27 + head[26] :] if len(head) > 27 else b""
        if found != before and packet.startswith(OGG_CODECS):
            yield found
        before = found + 27 + head[26] + sum(head[27 : 27 + head[26]]) if len(head) > 27 else -1


def _found(file: BinaryIO, what: bytes, place: int) -> Iterator[int]:
    """All places of some bytes in a file, from a place on."""
    while chunk := _at(file, place, CHUNK_BYTES):
        at = chunk.find(what)
        while at >= 0:
            yield place + at
            at = chunk.find(what, at + 1)
        if len(chunk) < CHUNK_BYTES:
            return
        place += len(chunk) - len(what) + 1


# FLAC


def _flac_recordings(file: BinaryIO, begin: int) -> Iterator[int]:
    """Where a mark is followed by the block of metadata that comes first (RFC 9639, section 8)."""
    yield begin
    for found in _found(file, FLAC_MARK, begin + len(FLAC_MARK)):
        if _at(file, found + len(FLAC_MARK), 4) in FLAC_FIRST_BLOCKS:
            yield found


# Frames of MPEG audio and of AAC


def _mpeg_frame(head: bytes) -> _Frame | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate, kind = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or rate in (0, 15) or kind == 3:
        return None
    hertz = HERTZ[version][kind]
    first = version == 3
    bits = 1_000 * BITRATES[1 if first else 2, layer if first else min(layer, 2)][rate - 1]
    padding = head[2] >> 1 & 1
    mono = head[3] >> 6 == 3
    if layer == 1:
        size = 4 * (12 * bits // hertz + padding)
    else:
        size = (72 if layer == 3 and not first else 144) * bits // hertz + padding
    index = 4 + ((17 if mono else 32) if first else (9 if mono else 17))
    return _Frame(size, (version, layer, hertz, mono), index)


def _adts_frame(head: bytes) -> _Frame | None:
    """The same for AAC in frames of its own, ADTS (ISO/IEC 13818-7)."""
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    channels = (head[2] & 1) << 2 | head[3] >> 6
    return _Frame(size, (AAC, 0, head[2] >> 2 & 15, channels == 1), 0) if size > 7 else None


def _frame(head: bytes) -> _Frame | None:
    return _mpeg_frame(head) or _adts_frame(head)


def _first_frames(data: bytes) -> int:
    """Where frames of one format follow each other; -1 if nowhere."""
    place = data.find(b"\xff")
    while place >= 0:
        at, row, first = place, 0, _frame(data[place : place + 6])
        while first and (frame := _frame(data[at : at + 6])) and frame.format[:3] == first.format[:3]:
            at, row = at + frame.size, row + 1
            if row == FRAMES_IN_A_ROW:
                return place
        place = data.find(b"\xff", place + 1)
    return -1


def _may_be_joined(file: BinaryIO, begin: int, size: int) -> bool:
    """Whether it is worth reading all frames, by the index of the first one and by some places in the file."""
    data = _at(file, begin, 2_048)
    first = _frame(data)
    if first is None:
        return False
    if data[first.index_at : first.index_at + 4] in (b"Xing", b"Info") and data[first.index_at + 7] & 2:
        counted = first.index_at + (12 if data[first.index_at + 7] & 1 else 8)
        if begin + int.from_bytes(data[counted : counted + 4]) + BYTES_AFTER_INDEX < size:
            return True
    for number in range(1, PLACES + 1):
        place = begin + (size - begin) * number // PLACES - (8_192 if number == PLACES else 0)
        data = _at(file, max(begin, place), 8_192)
        at = _first_frames(data)
        there = _frame(data[at : at + 6]) if at >= 0 else None
        if there is not None and there.format != first.format:
            return True
    return False


def _mpeg_recordings(file: BinaryIO, begin: int, size: int) -> Iterator[int]:
    """Where frames of another format begin, or an encoder's index; the tags before them belong to them."""
    yield begin
    place, current = begin, _frame(_at(file, begin, 6))
    tags: int | None = None
    while place + 4 <= size:
        head = _at(file, place, 48)
        frame = _frame(head)
        if frame is None:
            after = _after_tags(file, place)
            if after > place:
                tags, place = place, after
                continue
            lost = _first_frames(_at(file, place, CHUNK_BYTES))
            if lost < 0:
                place += CHUNK_BYTES - 4
                continue
            place += lost
            tags = None
            continue
        begins = place > begin and head[frame.index_at : frame.index_at + 4] in (b"Xing", b"Info")
        if not begins and current is not None and frame.format != current.format:
            following = _frame(_at(file, place + frame.size, 6))
            begins = following is not None and following.format == frame.format
        if begins:
            yield place if tags is None else tags
            current = frame
        tags = None
        place += frame.size
