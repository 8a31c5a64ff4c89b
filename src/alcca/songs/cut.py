"""A part of a recording that is a song of its own, such as a track of an album that is one file, and how it is named.

The store knows such a song by the content of the file and the cut (``HASH#t=61.000,125.500``, as in W3C's Media
Fragments), and by the path of the file and the number of the track (``ALBUM.flac#02``). Neither can be a file's own:
the hash of a file has no ``#``, and a file whose name ends so has no audio suffix.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from alcca.songs.kinds import is_audio

__all__ = ["Cut", "cut_content", "file_of", "split_content", "track_number", "track_path", "track_texts"]

CONTENT = re.compile(r"(?P<whole>[^#]+)#t=(?P<start>\d{1,7}\.\d{3})(?:,(?P<end>\d{1,7}\.\d{3}))?")
PATH = re.compile(r"(?P<file>.*)#(?P<number>\d{2,})", re.DOTALL)


@dataclass(frozen=True)
class Cut:
    """Where a song begins and ends in a recording.

    Parameters
    ----------
    start : float
        In seconds.
    end : float or None
        In seconds; None for the end of the recording.
    """

    start: float
    end: float | None = None


def cut_content(content: str, cut: Cut) -> str:
    """The identity of a part of a file.

    Examples
    --------
    >>> cut_content("0f", Cut(61, 125.5)), cut_content("0f", Cut(125.5))
    ('0f#t=61.000,125.500', '0f#t=125.500')
    """
    return f"{content}#t={cut.start:.3f}" + ("" if cut.end is None else f",{cut.end:.3f}")


def split_content(content: str) -> tuple[str, Cut | None]:
    """The hash of the file and the cut in the identity of a song; None for the whole file.

    Examples
    --------
    >>> split_content("0f#t=61.000,125.500"), split_content("0f")
    (('0f', Cut(start=61.0, end=125.5)), ('0f', None))
    """
    match = CONTENT.fullmatch(content)
    if match is None:
        return content, None
    return match["whole"], Cut(float(match["start"]), None if match["end"] is None else float(match["end"]))


def track_path(file: str, number: int) -> str:
    """The path by which the store knows a track of a file.

    Examples
    --------
    >>> track_path("/music/album.flac", 2)
    '/music/album.flac#02'
    """
    return f"{file}#{number:02}"


def file_of(path: str) -> str:
    """The file that holds a song with a path of the store.

    Examples
    --------
    >>> file_of("/music/album.flac#02"), file_of("/music/Symphony #02.flac")
    ('/music/album.flac', '/music/Symphony #02.flac')
    """
    match = _match(path)
    return path if match is None else match["file"]


def track_number(path: str) -> int | None:
    """The number of a track in a path of the store; None for a song that is a file of its own."""
    match = _match(path)
    return None if match is None else int(match["number"])


def _match(path: str) -> re.Match[str] | None:
    # Most paths have no such sign.
    match = PATH.fullmatch(path) if "#" in path else None
    return match if match is not None and is_audio(match["file"]) else None


def track_texts(path: str) -> Path:
    """The path beside which the texts of a song stand by its name.

    Examples
    --------
    >>> track_texts("/music/album.flac#02").name, track_texts("/music/song.flac").name
    ('album.02.flac', 'song.flac')
    """
    number = track_number(path)
    if number is None:
        return Path(path)
    stem, suffix = os.path.splitext(file_of(path))  # noqa: PTH122 - perhaps an address
    return Path(f"{stem}.{number:02}{suffix}")
