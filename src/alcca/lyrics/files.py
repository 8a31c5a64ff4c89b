"""The files of lyrics beside recordings: which there are, which alcca wrote itself, and how new ones are written."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from alcca.lyrics.memory import Memory
from alcca.lyrics.wishes import writer_of
from alcca.persistence import create_file, disk_error, replace_file
from alcca.songs.cut import track_texts
from alcca.texts.headers import header_of, is_known_header
from alcca.texts.origin import is_transcribed
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.texts.writing import FORMATS

__all__ = [
    "Outcome",
    "content",
    "path_of",
    "replace_lyrics",
    "with_headers_of",
    "write_lyrics_file",
]

# What an older file says that is not so any more: its times are others, and another program has made them.
OUTDATED = {"offset", "length", "re", "ve", "version", "tool", "editor"}
# Of what a person made, so many copies are kept at most.
MOST_BACKUPS = 100


@dataclass(frozen=True)
class Outcome:
    """What became of a file: exactly one of these is given.

    Parameters
    ----------
    written, kept, failed : str or None
        The path that was written; the one that was there already and stays; why it could not be written.
    """

    written: str | None = None
    kept: str | None = None
    failed: str | None = None


def path_of(recording: str, format: str) -> Path:
    """The file of a recording's lyrics in a format.

    Examples
    --------
    >>> path_of("/m/song.flac", "lrc").name, path_of("/m/album.flac#02", "txt").name
    ('song.lrc', 'album.02.txt')
    """
    return track_texts(recording).with_suffix(FORMATS[writer_of(format)].suffix)


def content(lyrics: TimedLyrics, format: str, *, words: bool, **headers: str | float | None) -> bytes:
    """What is written of lyrics, in UTF-8."""
    name = "elrc" if format == "lrc" and words else writer_of(format)
    return lyrics.to(name, **headers).encode("utf-8", "replace")  # type: ignore[arg-type]  # the headers of a file


def with_headers_of(before: str, data: bytes) -> bytes:
    r"""An LRC file with the headers of the one that it replaces: who made the words, and what they are called.

    Examples
    --------
    >>> with_headers_of("[ti:Mine]\n[offset:90]\n[00:01.00]Copper\n", b"[ti:a]\n[re:alcca]\n[00:02.00]Copper\n")
    b'[ti:Mine]\n[re:alcca]\n[00:02.00]Copper\n'
    """
    if is_transcribed(before):
        return data
    lines = [line.strip(" \t\ufeff") for line in before.splitlines()]
    kept = {_header(line): line for line in lines if is_known_header(line) and _header(line) not in OUTDATED}
    new = data.decode("utf-8").splitlines(keepends=True)
    others = [line for line in new if not (is_known_header(line.strip()) and _header(line) in kept)]
    return ("".join(f"{line}\n" for line in kept.values()) + "".join(others)).encode("utf-8", "replace")


def _header(line: str) -> str:
    header = header_of(line)
    return "" if header is None else header[0]


def write_lyrics_file(path: Path, data: bytes, memory: Memory | None) -> Outcome:
    """Write a new file; nothing is ever replaced. Without a memory, nothing is written.

    Raises
    ------
    DiskError
        The disk is full.
    """
    if os.path.lexists(path):
        return Outcome(kept=str(path))
    if memory is None:
        return Outcome(written=str(path))
    try:
        # A program that reads half a file would take it for all of it.
        create_file(path, data)
    except FileExistsError:
        return Outcome(kept=str(path))
    except OSError as error:
        return _failed(path, error)
    memory.wrote(path, data)
    return Outcome(written=str(path))


def replace_lyrics(path: Path, data: bytes, memory: Memory | None) -> Outcome:
    """Write a file in the place of an older one, of which a copy is kept unless alcca wrote it and no one changed it.

    The copy is ``NAME.lrc.bak``, or has a number behind that. Without a memory, nothing is written.

    Raises
    ------
    DiskError
        The disk is full.
    """
    if memory is None:
        return Outcome(written=str(path))
    try:
        before = path.read_bytes()
        if not memory.has_written(path, before):
            _keep_copy(path, before)
        # A link stays one.
        replace_file(path.resolve(), lambda part: part.write_bytes(data))
    except OSError as error:
        return _failed(path, error)
    memory.wrote(path, data)
    return Outcome(written=str(path))


def _keep_copy(path: Path, data: bytes) -> None:
    for number in range(MOST_BACKUPS):
        copy = path.with_name(f"{path.name}.bak{number or ''}")
        try:
            if not os.path.lexists(copy):
                create_file(copy, data)
                return
            if copy.is_file() and copy.read_bytes() == data:
                return
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, f"there are {MOST_BACKUPS} copies already", str(path))


def _failed(path: Path, error: OSError) -> Outcome:
    full = disk_error(error, path)
    if full is not None and error.errno != errno.EROFS:
        raise full from error
    why = "the disk is read-only" if error.errno == errno.EROFS else error.strerror or str(error)
    return Outcome(failed=f"{path.name} was not written: {why}")
