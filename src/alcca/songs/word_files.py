"""Files beside songs that hold their words, recognised by name: lyric files and tables."""

import os
from collections.abc import Callable
from pathlib import Path, PurePath
from stat import S_ISREG

from alcca.songs.hidden import is_hidden
from alcca.songs.kinds import kind_of
from alcca.texts.timed import LYRICS_SUFFIXES

__all__ = ["TABLE_NAMES", "TEXT_SUFFIXES", "find_lyric_files", "is_word_file"]

# In order of priority.
TABLE_NAMES = ("songs.csv", "songs.tsv", "metadata.csv", "metadata.tsv")
TEXT_SUFFIXES = LYRICS_SUFFIXES


def is_word_file(name: str) -> bool:
    """Whether a file of this name may contain words or tags of the songs beside it.

    Examples
    --------
    >>> is_word_file("Song.LRC"), is_word_file("Songs.csv"), is_word_file("cover.jpg")
    (True, True, False)
    """
    return PurePath(name).suffix.lower() in TEXT_SUFFIXES or name.lower() in TABLE_NAMES


def find_lyric_files(folder: Path, *, onerror: Callable[[str], object]) -> list[Path]:
    """Find the lyric files below a folder, in the order of their paths; hidden files and folders are left out.

    Parameters
    ----------
    folder : Path
    onerror : callable
        Called with a sentence for each folder and link that cannot be read, and for each pipe, socket or device with
        the name of a lyric file; these are skipped.
    """

    def unreadable(error: OSError) -> None:
        onerror(f"{error.filename}: cannot be read ({error.strerror}); check its permissions")

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not is_hidden(name)]
        for path in (Path(place, name) for name in sorted(names) if not is_hidden(name)):
            if path.suffix.lower() not in TEXT_SUFFIXES:
                continue
            try:
                mode = path.stat().st_mode
            except OSError as error:
                onerror(f"{path}: cannot be read ({error.strerror}) and was skipped")
                continue
            if S_ISREG(mode):
                found.append(path)
            else:
                onerror(f"{path}: is {kind_of(mode)}, not a file, and was skipped")
    return sorted(found)
