"""Tags as bytes, built by hand from their specifications, and put into audio files."""

import zlib


def synchsafe(number):
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def text(value, encoding=3):
    return {0: value.encode("latin-1", "replace"), 1: b"\xff\xfe" + value.encode("utf-16-le"),
            2: value.encode("utf-16-be"), 3: value.encode()}[encoding]  # fmt: skip


def end(encoding):
    return b"\0\0" if encoding in (1, 2) else b"\0"


def uslt(value, language="eng", description="", encoding=3):
    return bytes([encoding]) + language.encode() + text(description, encoding) + end(encoding) + text(value, encoding)


def sylt(events, kind=1, encoding=3, language="eng", time_format=2):
    head = bytes([encoding]) + language.encode() + bytes([time_format, kind]) + text("", encoding) + end(encoding)
    pieces = [text(piece, encoding) + end(encoding) + time.to_bytes(4, "big") for time, piece in events]
    return head + b"".join(pieces)


def txxx(name, value, encoding=3):
    return bytes([encoding]) + text(name, encoding) + end(encoding) + text(value, encoding)


def frame(name, data, major=4, flags=0):
    if major == 2:
        return name.encode() + len(data).to_bytes(3, "big") + data
    size = synchsafe(len(data)) if major == 4 else len(data).to_bytes(4, "big")
    return name.encode() + size + bytes([0, flags]) + data


def id3(*frames, major=4, flags=0, padding=20):
    body = b"".join(frames) + bytes(padding)
    if flags & 0x80:
        body = body.replace(b"\xff\x00", b"\xff\x00\x00").replace(b"\xff\xfe", b"\xff\x00\xfe")
    return b"ID3" + bytes([major, 0, flags]) + synchsafe(len(body)) + body


def compressed(data):
    return len(data).to_bytes(4, "big") + zlib.compress(data)


def ape(items, *, header=True):
    body = b""
    for key, value in items.items():
        flags, value = (2, value) if isinstance(value, bytes) else (0, value.encode())
        body += len(value).to_bytes(4, "little") + flags.to_bytes(4, "little") + key.encode() + b"\0" + value

    def block(flags):
        size = (len(body) + 32).to_bytes(4, "little")
        return (
            b"APETAGEX"
            + (2000).to_bytes(4, "little")
            + size
            + len(items).to_bytes(4, "little")
            + flags.to_bytes(4, "little")
            + bytes(8)
        )

    return (block(0xA0000000) if header else b"") + body + block(0x80000000 if header else 0)


def id3v1(title="", artist=""):
    return (
        b"TAG"
        + title.encode("latin-1")[:30].ljust(30, b"\0")
        + artist.encode("latin-1")[:30].ljust(30, b"\0")
        + bytes(65)
    )


def lyrics3_v2(**fields):
    body = b"LYRICSBEGIN" + b"".join(
        name.encode() + f"{len(value):05}".encode() + value.encode("latin-1") for name, value in fields.items()
    )
    return body + f"{len(body):06}".encode() + b"LYRICS200"


def comment(*pairs):
    packed = [pair.encode() for pair in pairs]
    body = b"".join(len(pair).to_bytes(4, "little") + pair for pair in packed)
    return (4).to_bytes(4, "little") + b"test" + len(packed).to_bytes(4, "little") + body


def flac(*pairs):
    """The head of a FLAC file, up to its comment."""
    block = comment(*pairs)
    return b"fLaC" + bytes([0, 0, 0, 34]) + bytes(34) + bytes([0x84]) + len(block).to_bytes(3, "big") + block


def ogg(*pairs, kind="vorbis"):
    """The head of an Ogg file, up to its comment, in pages of 255 segments at most."""
    heads = {"vorbis": (b"\x01vorbis" + bytes(23), b"\x03vorbis"), "opus": (b"OpusHead" + bytes(11), b"OpusTags")}
    first, mark = heads[kind]
    pages = []
    for packet in (first, mark + comment(*pairs)):
        segments = [255] * (len(packet) // 255) + [len(packet) % 255]
        while segments:
            now, segments = segments[:255], segments[255:]
            size = sum(now)
            head = (
                b"OggS\0\0" + bytes(8) + b"abcd" + len(pages).to_bytes(4, "little") + bytes(4) + bytes([len(now), *now])
            )
            pages.append(head + packet[:size])
            packet = packet[size:]
    return b"".join(pages)


def riff(*chunks):
    body = b"WAVE" + b"".join(
        name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def aiff(*chunks):
    body = b"AIFF" + b"".join(
        name + len(data).to_bytes(4, "big") + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"FORM" + len(body).to_bytes(4, "big") + body
