"""Read a song's sound again from one of its files, if its content is still the one that was added."""

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from alcca.errors import AlccaError, DiskError, LibraryError
from alcca.persistence import disk_error
from alcca.songs.audio import content_hash
from alcca.songs.cut import Cut, file_of, split_content
from alcca.songs.remote import at_hand
from alcca.store.records import Song
from alcca.workers.pool import within_memory

__all__ = ["crash_reason", "read_again"]

T = TypeVar("T")


def read_again(song: Song, read: Callable[[str, Cut | None], T], reached: Callable[[], object] = lambda: None) -> T:
    """Return the result of ``read`` for the first of the song's files whose content has not changed since it was added.

    Parameters
    ----------
    song : Song
    read : function
        Gets a path, for a file at an address that of a copy; and the cut, if the song is a part of the file.
    reached : callable
        Called as bytes come, for a limit by progress.

    Raises
    ------
    LibraryError
        If there is none, or it cannot be read; the message is the reason.
    DiskError
        If a disk of this machine is full, which is not the file's fault.
    """
    if song.audio is None:
        raise LibraryError(str(song.audio_reason))
    reason = "the library knows no file of it"
    content, cut = split_content(song.hash)
    for path in map(file_of, song.paths):
        try:
            with at_hand(path, reached) as here:
                if content_hash(here, reached) == content:
                    with within_memory(here.name):
                        return read(str(here), cut)
            reason = f"{path}: has changed since it was added"
        except OSError as error:
            if said := disk_error(error, path):
                raise said from error
            reason = f"{path}: cannot be read ({error.strerror or error})"
        except DiskError:
            raise
        except AlccaError as error:
            reason = str(error)
    raise LibraryError(reason)


def crash_reason(paths: Iterable[str]) -> str:
    """The reason why a song cannot be used whose file, at one or more paths, has killed the process that read it."""
    names = ", ".join(os.path.basename(path) for path in paths)  # noqa: PTH119 - a text, not a file
    return f"{names}: the decoder crashed or hung on this file; convert it or remove it"
