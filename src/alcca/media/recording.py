"""Open the recording of a song: the file that was decoded when the song was added, and no other."""

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from alcca.songs.cut import file_of, split_content
from alcca.store.records import FileStamp, Song

__all__ = ["ServedFile", "open_recording"]

# Never waits for the other end of a pipe.
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
FOLDER = getattr(os, "O_DIRECTORY", 0)
# Recordings outside of the music folders whose bytes were compared since the server started.
MAX_COMPARED = 10_000


@dataclass(frozen=True)
class ServedFile:
    """An open recording.

    Parameters
    ----------
    path : Path
        Its path in the library.
    file : BufferedReader
        The file that was checked; closed by the one who sends it.
    """

    path: Path
    file: BufferedReader


def open_recording(song: Song, stamps: Sequence[FileStamp], places: Sequence[str]) -> ServedFile | None:
    """Open the first of a song's files that is still the one that was added; None if there is none.

    A path is resolved now, and each of its folders is opened by itself, so that a link which is put in its place
    meanwhile is refused. Below the music folders, the file must have the size and time that it had. A file elsewhere,
    to which a link leads, must have the very bytes that were decoded: this reads it once.

    Parameters
    ----------
    song : Song
    stamps : sequence of FileStamp
        Its files.
    places : sequence of str
        The music folders, without links.
    """
    if song.audio is None:
        return None
    content, _ = split_content(song.hash)
    for stamp in stamps:
        if stamp.unreadable:
            continue
        path = file_of(stamp.path)
        try:
            real = Path(os.path.realpath(path))
            descriptor = _open(real)
        except (OSError, ValueError):
            continue
        file = os.fdopen(descriptor, "rb")
        now = os.fstat(descriptor)
        same = stat.S_ISREG(now.st_mode) and (now.st_size, now.st_mtime_ns) == (stamp.size, stamp.modified)
        if same and (any(real.is_relative_to(place) for place in places) or _content(file, now) == content):
            return ServedFile(Path(path), file)
        file.close()
    return None


def _open(real: Path) -> int:
    """Open a file by a path without links; OSError if there is a link on the way by now."""
    if os.open not in os.supports_dir_fd:
        return os.open(real, FLAGS | NO_LINK)
    folder = os.open(real.anchor, FLAGS | FOLDER)
    try:
        for name in real.parts[1:-1]:
            inner = os.open(name, FLAGS | FOLDER | NO_LINK, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(real.name, FLAGS | NO_LINK, dir_fd=folder)
    finally:
        os.close(folder)


def _content(file: BufferedReader, now: os.stat_result) -> str:
    """The `alcca.songs.audio.content_hash` of an open file, kept until the file changes."""
    same = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
    if same not in _compared:
        if len(_compared) >= MAX_COMPARED:
            _compared.clear()
        _compared[same] = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        file.seek(0)
    return _compared[same]


_compared: dict[tuple[int, ...], str] = {}
