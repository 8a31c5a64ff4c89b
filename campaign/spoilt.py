"""Music, lyrics and tables, damaged in the ways in which people's files are."""

import csv
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from campaign.songs import FORMATS, encode, sound, words

__all__ = ["Spoilt", "spoilt"]

Way = Callable[[bytes, Random], bytes]
# Sounds that are damaged, of each format.
SOUNDS, SECONDS = 3, 1.5
TEXTS = ("txt", "lrc", "srt", "csv")


class Spoilt:
    """A damaged file, and the song beside it if it is no song itself.

    Parameters
    ----------
    path : path
        In the music folder.
    data : bytes
    way : str
        What was done to it.
    song : path or None
    """

    def __init__(self, path: Path, data: bytes, way: str, song: Path | None = None) -> None:
        self.path, self.data, self.way, self.song = path, data, way, song

    def write(self, folder: Path) -> None:
        """Write it, and a healthy song beside it if it needs one."""
        (folder / self.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / self.path).write_bytes(self.data)
        if self.song is not None:
            number = sum(map(ord, str(self.song)))
            encode(sound(number, 1.1, seed=len(self.data)), folder / self.song)


def spoilt(number: int, random: Random) -> Spoilt:
    """The damaged file with this number: of the formats in turn, and after those, a text."""
    kinds = [*FORMATS, *TEXTS]
    kind, place = kinds[number % len(kinds)], Path(f"spoilt {number:05d}")
    if kind in TEXTS:
        way = random.choice([*WAYS, *TEXT_WAYS])
        data = way(_text(kind, number), random)
        name = "songs.csv" if kind == "csv" else f"song.{kind}"
        return Spoilt(place / name, data, way.__name__, place / "song.wav")
    way = random.choice([*WAYS, *SOUND_WAYS])
    data = way(_whole(kind, random.randrange(SOUNDS)), random)
    suffix = random.choice([*FORMATS, "mp4", "au", "ape", "dsf", "bin", "MP3"]) if way is suffixed else kind
    # Each is another content, so that it is no duplicate of one before.
    return Spoilt(place / f"song.{suffix}", data + number.to_bytes(4), way.__name__)


@cache
def _whole(kind: str, number: int) -> bytes:
    with TemporaryDirectory() as folder:
        return encode(sound(number, SECONDS), Path(folder) / f"whole.{kind}").read_bytes()


def _text(kind: str, number: int) -> bytes:
    lines = words(number).splitlines()
    if kind == "csv":
        out = io.StringIO()
        csv.writer(out).writerows(
            [["file_name", "title", "artist", "lyrics"], ["song.wav", "A", "B", "\n".join(lines)]]
        )
        return out.getvalue().encode()
    if kind == "lrc":
        lines = [f"[00:{5 * place:02d}.00]{one}" for place, one in enumerate(lines)]
    elif kind == "srt":
        lines = [
            f"{place + 1}\n00:00:{place:02d},000 --> 00:00:{place + 1:02d},000\n{one}\n"
            for place, one in enumerate(lines)
        ]
    return "\n".join(lines).encode()


# What is done to bytes


def flipped(data: bytes, random: Random) -> bytes:
    """From one flipped bit to one in ten bytes; every fourth time in the header alone."""
    damaged = bytearray(data)
    end = min(len(data), 200) if random.random() < 0.25 else len(data)
    for _ in range(int(max(1, end / 10) ** random.random())):
        damaged[random.randrange(end)] ^= 1 << random.randrange(8)
    return bytes(damaged)


def cut(data: bytes, random: Random) -> bytes:
    """The end is missing, often nearly everything."""
    return data[: int(len(data) * random.random() ** 2)]


def headless(data: bytes, random: Random) -> bytes:
    """The beginning is missing."""
    return data[random.randrange(1, max(2, len(data) // 4)) :]


def zeros(data: bytes, random: Random) -> bytes:
    """A piece is zeros, as an unfinished download or a file system leaves it; at times all of it."""
    begin = random.choice([0, random.randrange(len(data))])
    end = random.choice([len(data), min(len(data), begin + random.choice([16, 512, 4096]))])
    return data[:begin] + bytes(end - begin) + data[end:]


def noise(data: bytes, random: Random) -> bytes:
    """A piece is random; at times all of it."""
    begin = random.choice([0, random.randrange(len(data))])
    end = random.choice([len(data), min(len(data), begin + random.choice([1, 16, 512, 4096]))])
    return data[:begin] + random.randbytes(end - begin) + data[end:]


def spliced(data: bytes, random: Random) -> bytes:
    """The begin of it and the end of another file, of any format."""
    other = _whole(random.choice(list(FORMATS)), random.randrange(SOUNDS))
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def twice(data: bytes, random: Random) -> bytes:
    """It comes twice."""
    return data + data


def before(data: bytes, random: Random) -> bytes:
    """Something comes before it."""
    junk = [bytes(random.choice([1, 100, 5000])), random.randbytes(random.choice([1, 100, 5000])), PAGE, b"ID3\x04\0\0"]
    return random.choice(junk) + data


def page(data: bytes, random: Random) -> bytes:
    """A page that a server sent instead."""
    return PAGE


def sizes(data: bytes, random: Random) -> bytes:
    """Sizes in headers, and other numbers of four bytes, are huge, negative or zero."""
    damaged = bytearray(data)
    for _ in range(random.choice([1, 1, 4])):
        at = random.randrange(max(1, min(len(data), random.choice([64, 64, 4096])) - 4))
        damaged[at : at + 4] = random.choice([b"\xff" * 4, b"\x7f" + b"\xff" * 3, bytes(4), b"\xff\xff\xff\x7f"])
    return bytes(damaged)


def suffixed(data: bytes, random: Random) -> bytes:
    """Whole, under another format's suffix."""
    return data


def utf16(data: bytes, random: Random) -> bytes:
    """UTF-16 with a byte missing."""
    encoded = data.decode(errors="replace").encode(random.choice(["utf-16", "utf-16-le", "utf-16-be"]))
    return encoded[: random.randrange(len(encoded))] + encoded[random.randrange(len(encoded)) :]


def quoted(data: bytes, random: Random) -> bytes:
    """Quotation marks, brackets, separators and null characters in all places."""
    for _ in range(random.choice([1, 5, 50])):
        at = random.randrange(len(data) + 1)
        data = data[:at] + random.choice([b'"', b"[", b"]", b"<", b"\0", b",", b";", b"\r", b"\xff"]) + data[at:]
    return data


def long(data: bytes, random: Random) -> bytes:
    """A line of a megabyte."""
    return data + random.choice([b"a", b"[00:01.00]", b"la ", b'"', b"<00:01.00>"]) * 100_000


PAGE = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>nginx</body></html>"
WAYS: list[Way] = [flipped, flipped, cut, headless, zeros, noise, spliced, twice, before, page]
SOUND_WAYS: list[Way] = [sizes, sizes, suffixed]
TEXT_WAYS: list[Way] = [utf16, quoted, long]
